"""Tests of the metrics, held against the values of the original evaluators."""
