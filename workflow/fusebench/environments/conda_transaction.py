"""One installation by py-rattler, in its own process: its threads can crash a Python that ends.

Called as ``python -m fusebench.environments.conda_transaction LOCK PLATFORM STAGE FINAL CACHE``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from pathlib import Path


async def install_locked(lock: Path, platform: str, stage: Path, final: Path, cache: Path) -> None:
    """Link the packages of ``lock`` for ``platform`` into ``stage``.

    Files that name their folder name ``final``. Every file of the cache is checked against its
    package before it is used, and a damaged package is fetched again.
    """
    from rattler import LockFile, PackageCache, PackageCacheLayer, ValidationMode, install

    environment = LockFile.from_path(lock).default_environment()
    assert environment is not None, f"{lock} holds no environment"
    [wanted] = [one for one in environment.platforms() if str(one.name) == platform]
    records = environment.conda_repodata_records_for_platform(wanted)
    cache.mkdir(parents=True, exist_ok=True)
    layer = PackageCacheLayer(cache).with_validation_mode(ValidationMode.full())
    await install(
        records or [],
        target_prefix=stage,
        alternative_target_prefix=final,
        package_cache=PackageCache.from_layers([layer]),
        show_progress=False,
        execute_link_scripts=False,
    )


def main(arguments: list[str]) -> None:
    """Install, and end the process with 0, or with 1 and the reason on standard error."""
    lock, platform, stage, final, cache = arguments
    status = 0
    try:
        asyncio.run(install_locked(Path(lock), platform, Path(stage), Path(final), Path(cache)))
    except Exception:  # rattler has one exception for each cause and no common base
        sys.stderr.write(traceback.format_exc(limit=0))
        sys.stderr.flush()
        status = 1
    os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1:])
