"""Tests of the page, the data package and the archive."""
