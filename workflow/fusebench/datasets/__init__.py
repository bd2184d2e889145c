"""Datasets: generated, from a repository, or the user's own, in one normal form with a manifest."""
