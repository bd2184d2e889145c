"""Compiled bytecode: shared between environments where their sources are the same, compiled where not.

Compiling takes longer than all the rest of a build (17 of 20 s for the modern torch environment on two cores), and
without it every job would compile again what it imports, because the files are read-only to it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from fusebench.environments.installed_files import MANIFEST, files_of, hash_files


def compile_bytecode(stage: Path, python: str, donors: Iterable[Path]) -> dict[str, str]:
    """Give every source file below ``stage`` its ``.pyc`` for ``python`` (a version such as ``3.11.7``).

    Left without are the packages' own tests, a fifth of all sources that no method imports, and sources that cannot be
    compiled (Python 2 files that packages carry as templates). Returns the sha256 of the files that came from ``donors``.
    """
    tag = "cpython-" + "".join(python.split(".")[:2])
    linked: dict[str, str] = {}
    for donor in donors:
        with suppress(FileNotFoundError):  # somebody removed it
            linked |= _link_bytecode(stage, donor, tag)
    compiled = {_source(path) for path in linked}
    sources = [path for path in files_of(stage) if _is_wanted(path) and path not in compiled]
    workers = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(workers) as pool:
        list(
            pool.map(
                lambda share: _compile(stage, share), (sources[first::workers] for first in range(workers))
            )
        )
    return linked


def _compile(stage: Path, sources: list[str]) -> None:
    """Compile a list of files; compileall's own workers serve whole folders only."""
    command = [str(stage / "bin" / "python"), "-m", "compileall", "-qq", "-i", "-"]
    subprocess.run(command, cwd=stage, input="\n".join(sources), text=True, capture_output=True, check=False)


def _is_wanted(path: str) -> bool:
    return path.endswith(".py") and "/tests/" not in path and "/test/" not in path


def donors_for(envs: Path, packages: dict[str, str]) -> list[Path]:
    """Sort the built environments of ``envs`` by how many packages they share; those that share none are left out."""
    shared: dict[Path, int] = {}
    for manifest in envs.glob(f"*/{MANIFEST}"):
        with suppress(OSError, ValueError):
            receipt = json.loads(manifest.with_name("fusebench-receipt.json").read_text(encoding="utf-8"))
            shared[manifest.parent] = len(receipt["packages"].items() & packages.items())
    return sorted((donor for donor, count in shared.items() if count), key=lambda donor: -shared[donor])[:3]


def _link_bytecode(stage: Path, donor: Path, tag: str) -> dict[str, str]:
    """Hard-link the donor's bytecode for files that the two environments share with uv's cache.

    Being the same file, they have the same time, which is what Python holds bytecode against; the donor's bytecode is
    held against its manifest. Returns the links and their sha256.
    """
    known = json.loads((donor / MANIFEST).read_text(encoding="utf-8"))
    linked = []
    for path in (path for path in known if path.endswith(f".{tag}.pyc")):
        with suppress(OSError, ValueError):
            if _same_source(f"{stage}/{path}", f"{donor}/{path}"):
                _link(f"{donor}/{path}", f"{stage}/{path}")
                linked.append(path)
    digests = hash_files(stage, linked)
    for path in (path for path in linked if digests[path] != known[path]):
        (stage / path).unlink()
        del digests[path]
    return digests


def _same_source(compiled: str, donated: str) -> bool:
    return os.path.samefile(_source(compiled), _source(donated))  # noqa: PTH121 - 20 000 times


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
