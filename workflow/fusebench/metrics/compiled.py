"""How the pixel loops of this package are compiled: by numba, cached on disk, without threads of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _cache_folders() -> list[Path]:
    """Where compiled code may be kept, best first; the last one always exists on a working machine."""
    user_cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - never raises
    user = os.getuid() if hasattr(os, "getuid") else 0
    return [
        Path(__file__).parent / "__pycache__",
        Path(user_cache) / "fusebench" / "numba",
        Path(tempfile.gettempdir()) / f"fusebench-numba-{user}",
    ]


def choose_cache_folder() -> None:
    """Point numba at the first folder that can be written, unless ``NUMBA_CACHE_DIR`` is already set.

    numba's own fallback needs a home folder, which a cluster node may not have, and fails the import otherwise.
    """
    if "NUMBA_CACHE_DIR" in os.environ or _is_writable(_cache_folders()[0]):
        return
    folder = next((folder for folder in _cache_folders()[1:] if _is_writable(folder)), None)
    if folder is not None:
        os.environ["NUMBA_CACHE_DIR"] = str(folder)


choose_cache_folder()

import numba  # noqa: E402 - reads NUMBA_CACHE_DIR when it is imported


def compiled(function: FunctionT) -> FunctionT:
    """Compile a pixel loop, strictly: operations stay in the order in which they are written."""
    return cast(FunctionT, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def compiled_sums(function: FunctionT) -> FunctionT:
    """Compile a pixel loop whose sums may be taken in any order, so that they can be vectorised.

    The reordering moves a sum by a few units in the last place; infinities and nan keep their meaning.
    """
    options = {"reassoc", "contract", "nsz", "arcp"}
    return cast(
        FunctionT, numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=options)(function)
    )
