"""Locking, building and verifying environments."""
