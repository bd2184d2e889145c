"""The lock of the conda side: ``conda-lock.yml`` in conda-lock's own format (version 1)."""

from __future__ import annotations

from dataclasses import dataclass

from fusebench.environments.definition import Environment


@dataclass(frozen=True)
class CondaPackage:
    """One package of a conda lock: where it comes from and the sha256 of its archive."""

    name: str
    version: str
    url: str
    sha256: str


def read_conda_lock(environment: Environment) -> tuple[CondaPackage, ...]:
    """Read the conda lock; empty where the environment has no conda packages."""
    if not environment.conda:
        return ()
    raise NotImplementedError
