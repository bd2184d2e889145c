"""Tests of the tables of suites and of papers."""
