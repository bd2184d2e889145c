"""Environments: locked with hashes, built once, shared by all, verified against their locks."""

from __future__ import annotations

from fusebench.environments.key import choose_variant, environment_key

__all__ = ["choose_variant", "environment_key"]
