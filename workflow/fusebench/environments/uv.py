"""Calling uv with the package sources of this machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from uv import find_uv_bin

from fusebench.environments.definition import Environment
from fusebench.environments.package_sources import package_sources


class UvFailed(Exception):
    """uv ended with an error; ``str()`` is what it wrote."""


def run_uv(
    arguments: list[str],
    *,
    cwd: Path | None = None,
    local_indexes: bool = True,
    extra_environ: dict[str, str] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run uv and return what it wrote; uv's own configuration files are not read.

    ``local_indexes=False`` leaves out the ``file://`` indexes of this machine's pip configuration: a partial copy of
    the registry lists only some of a release's files, and a lock made against it would lack the others' hashes.

    Raises:
        UvFailed: uv ended with an error, or ran longer than ``timeout`` seconds.
    """
    environ = {**os.environ, **package_sources(local_indexes), **(extra_environ or {})}
    environ.pop("VIRTUAL_ENV", None)
    command = [os.fsdecode(find_uv_bin()), "--no-config", "--no-progress", "--color", "never", *arguments]
    try:
        return subprocess.run(
            command, cwd=cwd, env=environ, timeout=timeout, capture_output=True, text=True, check=True
        )
    except subprocess.CalledProcessError as error:
        raise UvFailed(error.stderr.strip()) from error
    except subprocess.TimeoutExpired as error:
        raise UvFailed(f"uv {arguments[0]} ran longer than {timeout} s") from error


def cache_beside(stage: Path) -> dict[str, str]:
    """Variables that give uv a cache on the disk of ``stage``, where hard links are possible.

    The user's own cache serves where it lies on that disk; else one is kept in ``resources/cache/uv``.
    """
    if "UV_CACHE_DIR" in os.environ:
        return {}
    cache = Path(run_uv(["cache", "dir"]).stdout.strip())
    existing = next(parent for parent in (cache, *cache.parents) if parent.exists())
    if existing.stat().st_dev == stage.stat().st_dev:
        return {}
    return {"UV_CACHE_DIR": str(stage.parents[2] / "cache" / "uv")}


def only_binary(packages: Iterable[str]) -> list[str]:
    """Options that forbid uv to build these packages from source archives."""
    return [option for name in packages for option in ("--only-binary", name)]


def exclude_newer(environment: Environment) -> list[str]:
    """Options that show uv the registry as it was on the environment's day."""
    return ["--exclude-newer", environment.exclude_newer] if environment.exclude_newer else []
