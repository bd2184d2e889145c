"""Calling uv with the package sources of this machine."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from uv import find_uv_bin

from fusebench.environments.definition import Environment
from fusebench.environments.package_sources import package_sources

_OF_THE_MACHINE = re.compile(
    r"UV_((DEFAULT_|EXTRA_)?INDEX(_.*)?|FIND_LINKS|CACHE_DIR|KEYRING_PROVIDER|CREDENTIALS_DIR|"
    r"NATIVE_TLS|SYSTEM_CERTS|INSECURE_HOST|OFFLINE|HTTP_.*|REQUEST_TIMEOUT|LOCK_TIMEOUT|"
    r"CONCURRENT_.*|PYTHON_(INSTALL_.*|DOWNLOADS|CACHE_DIR)|NO_PROGRESS)"
)


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

    ``local_indexes=False`` leaves out the ``file://`` indexes of this machine's pip configuration:
    a partial copy of the registry lists only some of a release's files, and a lock made against it
    would lack the others' hashes.

    Raises:
        UvFailed: uv ended with an error, or ran longer than ``timeout`` seconds.
    """
    inherited = {name: value for name, value in os.environ.items() if _may_reach_uv(name)}
    environ = {**inherited, **package_sources(local_indexes), **(extra_environ or {})}
    command = [
        os.fsdecode(find_uv_bin()),
        "--no-config",
        "--no-progress",
        "--color",
        "never",
        *arguments,
    ]
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=environ,
            timeout=timeout,
            capture_output=True,
            text=True,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise UvFailed(error.stderr.strip()) from error
    except subprocess.TimeoutExpired as error:
        raise UvFailed(f"uv {arguments[0]} ran longer than {timeout} s") from error


def _may_reach_uv(name: str) -> bool:
    """Say whether uv may see a variable.

    It may see settings of where packages and interpreters come from. Other settings of a user would
    change the lock.
    """
    return (not name.startswith("UV_") and name != "VIRTUAL_ENV") or bool(
        _OF_THE_MACHINE.fullmatch(name)
    )


def cache_beside(stage: Path) -> dict[str, str]:
    """Variables that give uv a cache on the disk of ``stage``, where hard links are possible.

    It is the user's own cache if that is on the same disk, else ``resources/cache/uv``.
    """
    if "UV_CACHE_DIR" in os.environ:
        return {}
    cache = uv_cache()
    existing = next(parent for parent in (cache, *cache.parents) if parent.exists())
    if existing.stat().st_dev == stage.stat().st_dev:
        return {}
    return {"UV_CACHE_DIR": str(stage.parents[2] / "cache" / "uv")}


def uv_cache() -> Path:
    """Folder of uv's own cache on this machine."""
    return Path(run_uv(["cache", "dir"]).stdout.strip())


def only_binary(packages: Iterable[str]) -> list[str]:
    """Options that forbid uv to build these packages from source archives."""
    return [option for name in packages for option in ("--only-binary", name)]


def exclude_newer(environment: Environment) -> list[str]:
    """Options that show uv the registry as it was at the end of the environment's day, UTC.

    uv would take a bare date as the end of that day in the machine's time zone.
    """
    if not environment.exclude_newer:
        return []
    end = date.fromisoformat(environment.exclude_newer) + timedelta(days=1)
    return ["--exclude-newer", f"{end.isoformat()}T00:00:00Z"]
