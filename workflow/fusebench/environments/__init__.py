"""Environments: locked with hashes, built once, shared by all, verified against their locks."""

from __future__ import annotations

from fusebench.environments.building import build
from fusebench.environments.hardware import kernels_for
from fusebench.environments.key import choose_variant, environment_key
from fusebench.environments.table import environments_table

__all__ = ["build", "choose_variant", "environment_key", "environments_table", "kernels_for"]
