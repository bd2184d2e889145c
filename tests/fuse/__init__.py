"""Tests of what brings a record about."""
