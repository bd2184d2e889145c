"""Datasets: generated, from a repository, or the user's own, all in one normal form with a manifest."""
