"""Tests of arrays and their files."""
