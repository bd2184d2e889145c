"""Finding a Python of a wanted version on this machine.

It may be on PATH, in pyenv, one of uv's own, or the one that runs fusebench.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fusebench.contracts.markers import PythonFacts
from fusebench.environments.definition import Environment
from fusebench.environments.disk import disk_is_full, no_room
from fusebench.environments.uv import UvFailed, run_uv
from fusebench.errors import EnvironmentFailed

_PROBE = (
    "import json, sys\n"
    "base = getattr(sys, '_base_executable', None) or sys.executable\n"
    "print(json.dumps([list(sys.version_info[:3]), sys.implementation.name, base]))"
)
_NEWEST_MINOR = 20


@dataclass(frozen=True)
class Interpreter:
    """A Python that was found.

    Attributes:
        executable: its file.
        version: the full version, such as ``3.8.18``.
        origin: where it was found.
    """

    executable: Path
    version: str
    origin: str


def find_interpreter(environment: Environment) -> Interpreter:
    """Return the first CPython of the environment's version.

    Where the machine has none, uv may install one.

    Raises:
        EnvironmentFailed: there is none; the message says where it was looked for.
    """
    if found := interpreter_here(environment):
        return found
    installed = _install(environment.minimum_python)
    if installed:
        return installed
    raise EnvironmentFailed(
        f"{environment.name}: needs Python {environment.python}, found none on PATH, in"
        f" {_pyenv_versions()} and among uv's own; install one: pyenv install"
        f" {environment.minimum_python}, or uv python install {environment.minimum_python}, or the"
        " machine's package manager"
    )


def interpreter_here(environment: Environment) -> Interpreter | None:
    """Return the first CPython of the environment's version that this machine has; None without."""
    found = (_probe(executable, origin) for origin, executable in _candidates(environment))
    return next((one for one in found if one and _serves(one, environment)), None)


def make_python(environment: Environment, stage: Path) -> PythonFacts:
    """Make a virtual environment in ``stage`` and return the facts of its interpreter.

    The facts are version, executable and origin. The environment is relocatable, because its
    folder gets its final name at the end.

    Raises:
        EnvironmentFailed: there is no such interpreter, or uv cannot make an environment of it.
    """
    found = find_interpreter(environment)
    arguments = [
        "venv",
        "--relocatable",
        "--no-project",
        "--allow-existing",
        "--python",
        str(found.executable),
    ]
    try:
        run_uv([*arguments, str(stage)])
    except UvFailed as error:
        advice = no_room(stage) if disk_is_full(str(error)) else "check that this interpreter works"
        raise EnvironmentFailed(
            f"{environment.name}: no virtual environment with {found.executable}: {error}; {advice}"
        ) from error
    return PythonFacts(version=found.version, executable=str(found.executable), origin=found.origin)


def _candidates(environment: Environment) -> Iterator[tuple[str, Path]]:
    """Yield where the interpreter may be.

    Where any newer version will do, the interpreter that runs fusebench comes first.
    """
    if environment.universal:
        yield "the Python of fusebench", Path(sys.executable)
    major, minor = (int(part) for part in environment.minimum_python.split("."))
    for wanted in range(minor, _NEWEST_MINOR if environment.universal else minor + 1):
        yield from _of_minor(f"{major}.{wanted}")


def _of_minor(version: str) -> Iterator[tuple[str, Path]]:
    for folder in os.get_exec_path():
        yield "PATH", Path(folder) / f"python{version}"
    for folder in os.get_exec_path():
        yield "PATH", Path(folder) / "python3"
    for home in sorted(_pyenv_versions().glob(f"{version}.*")):
        yield "pyenv", home / "bin" / "python"
    for home in sorted(_uv_pythons().glob(f"cpython-{version}.*")):
        yield "uv", home / "bin" / f"python{version}"


def _pyenv_versions() -> Path:
    return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"


def _uv_pythons() -> Path:
    try:
        return Path(run_uv(["python", "dir"]).stdout.strip())
    except UvFailed:
        return Path.home() / ".local" / "share" / "uv" / "python"


def _probe(executable: Path, origin: str) -> Interpreter | None:
    """Ask an executable what it is: a pyenv shim may exist and still run nothing."""
    if not shutil.which(executable):
        return None
    try:
        answer = subprocess.run(
            [executable, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=60, check=True
        ).stdout
        version, implementation, base = json.loads(answer)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if implementation != "cpython":
        return None
    return Interpreter(Path(base).resolve(), ".".join(str(part) for part in version), origin)


def _serves(found: Interpreter, environment: Environment) -> bool:
    version = tuple(int(part) for part in found.version.split(".")[:2])
    wanted = tuple(int(part) for part in environment.minimum_python.split("."))
    return version >= wanted if environment.universal else version == wanted


def _install(version: str) -> Interpreter | None:
    """Let uv install its own build; None if that fails, for example without a network."""
    try:
        run_uv(["python", "install", "--no-bin", version], timeout=300)
    except UvFailed:
        return None
    homes = sorted(_uv_pythons().glob(f"cpython-{version}.*"))
    return _probe(homes[-1] / "bin" / f"python{version}", "uv") if homes else None
