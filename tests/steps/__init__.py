"""Tests of what the rules call."""
