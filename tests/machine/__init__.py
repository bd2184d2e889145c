"""Tests of what a machine offers and a suite needs."""
