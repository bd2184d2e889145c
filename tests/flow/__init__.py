"""Tests that run whole miniature projects through the real workflow."""
