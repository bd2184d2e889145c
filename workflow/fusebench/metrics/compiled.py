"""How numba compiles the pixel loops of this package.

Compiled code is cached on disk, and a loop starts no threads of its own.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def sources_digest() -> str:
    """First digits of the sha256 over the code of this package.

    numba checks only the file of the loop itself: if a loop calls one of another file and that file
    changes, numba would use the outdated code. Therefore each state of the package has a cache of
    its own.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _cache_folders() -> list[Path]:
    """Where compiled code may be cached, best first."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    user_cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - never raises
    user = os.getuid() if hasattr(os, "getuid") else 0
    return [
        *([Path(chosen)] if chosen else []),
        Path(__file__).parent / "__pycache__",
        Path(user_cache) / "fusebench",
        Path(tempfile.gettempdir()) / f"fusebench-{user}",
    ]


def cache_folder() -> str:
    """First cache folder that can be written; empty when there is none.

    The folder of ``NUMBA_CACHE_DIR`` comes first where that is set.

    numba's own fallback needs a home folder, which a cluster node may not have, and fails the
    import otherwise.
    """
    folders = (folder / f"numba-{sources_digest()}" for folder in _cache_folders())
    return str(next((folder for folder in folders if _is_writable(folder)), ""))


numba.config.CACHE_DIR = cache_folder()  # type: ignore[attr-defined]


ANY_ORDER = {"reassoc", "contract", "nsz", "arcp"}
"""What a sum may do to be vectorised: it moves by a few units in the last place; infinities and nan
keep their meaning."""


def compiled(function: FunctionT) -> FunctionT:
    """Compile a pixel loop, strictly: operations stay in the order in which they are written."""
    return _compiled(function)


def compiled_sums(function: FunctionT) -> FunctionT:
    """Compile a pixel loop whose sums may be taken in any order, so that they can be vectorised."""
    return _compiled(function, fastmath=ANY_ORDER)


def inner_sums(function: FunctionT) -> FunctionT:
    """Compile a part of other compiled loops, whose sums may be taken in any order.

    It becomes a piece of each loop that calls it. As a function of its own it would be there twice:
    compiled by itself, which a process takes that compiles, and with the loop, which a process
    takes that reads the cache. The two may differ in the last digit of a sum.
    """
    return _compiled(function, forceinline=True, fastmath=ANY_ORDER)


def _compiled(function: FunctionT, **options: Any) -> FunctionT:
    return cast(
        FunctionT, numba.njit(cache=True, nogil=True, error_model="numpy", **options)(function)
    )
