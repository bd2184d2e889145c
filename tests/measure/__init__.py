"""Tests of the measuring of runs."""
