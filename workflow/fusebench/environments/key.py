"""The key of an environment: which folder of ``resources/envs`` holds it.

It is cheap, because it is computed at every start of the pipeline.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from fusebench.environments.conda_lock import read_conda_lock
from fusebench.environments.definition import Environment, read_environment, variants_of
from fusebench.environments.hardware import gpu_visible
from fusebench.environments.pip_lock import read_pip_lock

KEY_LENGTH = 16


def environment_key(env_folder: Path, variant: str) -> str:
    """Return the key (16 hex digits) of an environment's variant, from its locked content only.

    A comment, the order of lines or a mirror's address changes nothing.

    Raises:
        EnvironmentFailed: the environment is unknown, not locked, or its lock is stale or edited by
            hand.
    """
    return locked_key(read_environment(env_folder, variant))


def locked_key(environment: Environment) -> str:
    """Return the key of an environment that was read; raises as :func:`environment_key`."""
    lock = read_pip_lock(environment)
    conda = [
        [package.name, package.version, package.sha256] for package in read_conda_lock(environment)
    ]
    parts: list[object] = [
        lock.python,
        lock.platform,
        [package.plain for package in lock.packages],
        conda,
    ]
    if wanted := environment.octave:
        parts.append([wanted.version, sorted(wanted.packages.items())])
        parts += [[name, archive.sha256] for name, archive in sorted(wanted.archives.items())]
    content = json.dumps(parts)
    return hashlib.sha256(content.encode()).hexdigest()[:KEY_LENGTH]


def choose_variant(env_folder: Path, device: str = "auto") -> str:
    """Return the variant for jobs on ``device`` (``cuda``, ``cpu``, or ``auto``).

    ``auto`` is the device that this machine has. The variant is ``cuda`` for jobs on a GPU if that
    lock exists, else ``cpu``. If the environment has no variants, one lock serves both, and the
    answer does not matter.

    Raises:
        EnvironmentFailed: ``environment.yml`` is absent or wrong.
    """
    wanted = device == "cuda" or (device == "auto" and gpu_visible())
    if not wanted or "cuda" not in variants_of(env_folder):
        return "cpu"
    return "cuda" if read_environment(env_folder, "cuda").pip_lock.is_file() else "cpu"
