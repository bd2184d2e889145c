"""What an interpreter needs of the machine: its folders, libraries and links."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from fusebench.errors import EnvironmentFailed

SECONDS = 60
MOST_LINKS = 40
"""The kernel follows no more links than these."""
_ASK = """
import json, sys
with open("/proc/self/maps") as maps:
    files = sorted({line.split(None, 5)[5].strip() for line in maps if "/" in line})
print(json.dumps([sys.executable, sys.prefix, sys.exec_prefix, sys.path, files]))
"""
_LIBRARY_FOLDERS = ("LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH")


@cache
def interpreter_needs(python: Path, library_path: str = "") -> frozenset[str]:
    """Return the files and folders that an interpreter reads; those of its environment included.

    Args:
        python: the interpreter of an environment.
        library_path: the LD_LIBRARY_PATH with which it is started.

    Raises:
        EnvironmentFailed: the interpreter does not start.
    """
    answer = subprocess.run(
        [str(python), "-I", "-S", "-c", _ASK],
        env={"LD_LIBRARY_PATH": library_path} if library_path else {},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if answer.returncode != 0:
        raise EnvironmentFailed(
            f"{python} must start; it ended with exit status {answer.returncode}:"
            f" {answer.stderr.strip()[-300:]}; delete {python.parents[1]}.json and run again"
        )
    executable, prefix, exec_prefix, path, files = json.loads(answer.stdout)
    own = Path(executable).parents[1]
    found = {str(python.parents[1]), executable, prefix, exec_prefix, *path, *files}
    if (own / "pyvenv.cfg").exists():
        found.add(str(own))
    return frozenset(name for name in found if name.startswith("/") and os.path.lexists(name))


def library_folders(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the folders that variables name where libraries are looked for."""
    for name in _LIBRARY_FOLDERS:
        yield from (part for part in environ.get(name, "").split(":") if part.startswith("/"))


def without_links(paths: Iterable[str]) -> tuple[set[str], dict[str, str]]:
    """Return the real paths of some paths, and the links that lead there: path -> its target."""
    real: set[str] = set()
    links: dict[str, str] = {}
    for path in paths:
        found, passed = _followed(path)
        links.update(passed)
        if found.exists():
            real.add(str(found))
    return real, links


def _followed(path: str) -> tuple[Path, dict[str, str]]:
    """Follow a path link by link; return where it ends, and the links that were passed."""
    passed: dict[str, str] = {}
    reached, waiting, left = Path("/"), list(Path(path).parts[1:]), MOST_LINKS
    while waiting:
        name = waiting.pop(0)
        at = reached.parent if name == ".." else reached / name
        if at.is_symlink():
            left -= 1
            if left < 0:
                return Path(path), passed
            target = at.readlink()
            passed[str(at)] = str(target)
            reached = Path("/") if target.is_absolute() else reached
            waiting = [*target.parts[target.is_absolute() :], *waiting]
        else:
            reached = at
    return reached, passed
