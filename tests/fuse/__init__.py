"""Tests of the modules that run cells and write their records."""
