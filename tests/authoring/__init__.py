"""Tests of what helps to add a method."""
