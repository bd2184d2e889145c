"""Tests of the known causes."""
