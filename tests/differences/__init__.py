"""Tests of what changed between two results."""
