"""Tests of clones and weights."""
