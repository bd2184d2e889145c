"""Measure: the metrics of every run of a dataset, each pair's sources read once for all methods."""
