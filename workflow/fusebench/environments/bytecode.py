"""Compiled bytecode: shared between environments with the same sources, compiled where not.

Compiling takes longer than all the rest of a build (17 of 20 s for the modern torch environment on
two cores), and without it every job would compile again what it imports, because the files are
read-only to it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from fusebench.environments.donors import Donor
from fusebench.environments.installed_files import hash_files


def compile_bytecode(
    stage: Path, python: str, sources: Iterable[str], donors: Iterable[Donor]
) -> None:
    """Make the ``.pyc`` files of ``sources`` below ``stage`` for ``python`` (such as ``3.11.7``).

    Two kinds of sources get none: the packages' own tests, a fifth of all sources, which no method
    imports; and sources that cannot be compiled (Python 2 files that packages carry as templates).
    """
    tag = "cpython-" + "".join(python.split(".")[:2])
    compiled: set[str] = set()
    for donor in donors:
        compiled |= _link_bytecode(stage, donor, tag)
    left = [path for path in sources if _is_wanted(path) and path not in compiled]
    workers = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(workers) as pool:
        list(
            pool.map(
                lambda share: _compile(stage, share),
                (left[first::workers] for first in range(workers)),
            )
        )


def _compile(stage: Path, sources: list[str]) -> None:
    """Compile a list of files; compileall's own workers serve whole folders only."""
    command = [str(stage / "bin" / "python"), "-m", "compileall", "-qq", "-i", "-"]
    subprocess.run(
        command, cwd=stage, input="\n".join(sources), text=True, capture_output=True, check=False
    )


def _is_wanted(path: str) -> bool:
    return path.endswith(".py") and "/tests/" not in path and "/test/" not in path


def _link_bytecode(stage: Path, donor: Donor, tag: str) -> set[str]:
    """Hard-link the donor's bytecode for sources that both share, and return these sources.

    They share a source by hard links to one file in uv's cache. Being the same file, it has the
    same time, by which Python decides whether bytecode is up to date. Bytecode that was touched
    since the donor was sealed is checked against the donor's manifest.
    """
    linked = []
    for path in (path for path in donor.inodes if path.endswith(f".{tag}.pyc")):
        with suppress(OSError):
            if os.lstat(f"{stage}/{_source(path)}").st_ino == donor.inodes.get(_source(path)):
                _link(f"{donor.folder}/{path}", f"{stage}/{path}")
                linked.append(path)
    digests = hash_files(stage, (path for path in linked if path not in donor.untouched))
    damaged = [path for path, digest in digests.items() if digest != donor.digests[path]]
    for path in damaged:
        (stage / path).unlink()
    return {_source(path) for path in linked} - {_source(path) for path in damaged}


def _source(compiled: str) -> str:
    """``a/__pycache__/b.cpython-311.pyc`` -> ``a/b.py``."""
    folder, name = compiled.split("/__pycache__/")
    return f"{folder}/{name.split('.')[0]}.py"


def _link(existing: str, new: str) -> None:
    try:
        os.link(existing, new)
    except FileNotFoundError:
        Path(new).parent.mkdir(exist_ok=True)
        os.link(existing, new)
