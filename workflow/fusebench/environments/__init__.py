"""Environments: locked with hashes, built once, shared by all, verified against their locks."""
