"""Tests of datasets: generated, found and pinned."""
