"""What a program in a sandbox sees of the machine."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fusebench.sandbox.needs import interpreter_needs, library_folders, without_links
from fusebench.sandbox.plan import Step

SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/run/opengl-driver",
    "/run/current-system",
    "/sys",
)
"""The programs and libraries of the machine."""
SETTINGS = tuple(
    f"/etc/{name}"
    for name in (
        "alternatives",
        "ca-certificates",
        "crypto-policies",
        "fonts",
        "glvnd",
        "group",
        "host.conf",
        "hosts",
        "ld.so.cache",
        "ld.so.conf",
        "ld.so.conf.d",
        "localtime",
        "machine-id",
        "mime.types",
        "nsswitch.conf",
        "nvidia",
        "OpenCL",
        "os-release",
        "passwd",
        "pki/ca-trust",
        "pki/tls/certs",
        "protocols",
        "services",
        "ssl/certs",
        "ssl/openssl.cnf",
        "timezone",
        "vulkan",
    )
)
"""The settings of the machine that libraries read; none of them is secret."""
PLAIN_DEVICES = ("/dev/full", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero")
"""Devices without side effects."""
GPUS = ("nvidia*", "dri", "kfd", "dxg")
"""The devices in /dev of GPUs of NVIDIA, Intel and AMD, and of WSL."""
EVERYBODY_S = ("/tmp", "/var/tmp", "/run", "/dev/shm")


@dataclass(frozen=True)
class Wanted:
    """What one program needs.

    Attributes:
        python: its interpreter.
        reads: other files and folders of the machine that it reads.
        scratch: its folder, the only one that it can change.
        temporary: a folder of ``scratch`` that it sees as ``/tmp``.
        private: folders of which it sees nothing but what else is listed: the project, and folders
            of other runs.
    """

    python: Path
    reads: tuple[str, ...]
    scratch: Path
    temporary: Path
    private: tuple[str, ...]


def steps_of(wanted: Wanted, environ: Mapping[str, str]) -> list[Step]:
    """Return what a program sees, parents before what lies in them.

    Args:
        wanted: what it needs beside the system.
        environ: its variables.

    Raises:
        EnvironmentFailed: its interpreter does not start.
    """
    hidden = _real({*wanted.private, *homes()})
    own = {*interpreter_needs(wanted.python, environ.get("LD_LIBRARY_PATH", ""))}
    own |= set(library_folders(environ))
    paths = {*SYSTEM, *SETTINGS, *(path for path in own if not _is_too_wide(path, hidden))}
    real, links = without_links({*paths, *wanted.reads, str(wanted.scratch)})
    scratch = os.path.realpath(wanted.scratch)
    read = _without_covered(real - {scratch}, hidden)
    steps = {path: Step(path, "read", path) for path in read}
    steps |= {path: Step(path, "empty") for path in hidden if _is_below(path, read)}
    links = {path: target for path, target in links.items() if not _is_below(path, read)}
    steps |= {path: Step(path, "link", target) for path, target in links.items()}
    steps |= {path: Step(path, "device", path) for path in _devices()}
    temporary = os.path.realpath(wanted.temporary)
    steps["/tmp"] = Step("/tmp", "write", temporary)
    steps["/var/tmp"] = Step("/var/tmp", "write", temporary)
    steps[scratch] = Step(scratch, "write", scratch)
    return [steps[path] for path in sorted(steps)]


def homes() -> set[str]:
    """Return the user's home, by the variable and by the system's list of users."""
    found = {os.environ.get("HOME", "")}
    with suppress(KeyError):  # a user of a container may not be listed
        found.add(pwd.getpwuid(os.getuid()).pw_dir)
    return {home for home in found if home.startswith("/") and home != "/"}


def _real(paths: Iterable[str]) -> set[str]:
    return {os.path.realpath(path) for path in paths if Path(path).is_dir()}


def _is_too_wide(path: str, hidden: Iterable[str]) -> bool:
    """Say whether a folder holds what is hidden, or what belongs to everybody."""
    real = os.path.realpath(path)
    return any(
        real == private or _is_below(private, [real]) for private in (*hidden, *EVERYBODY_S, "/etc")
    )


def _without_covered(paths: set[str], hidden: Iterable[str]) -> set[str]:
    """Leave out paths that lie in another one; those behind what is hidden there stay."""
    kept: set[str] = set()
    for path in sorted(paths):
        above = [folder for folder in kept if _is_below(path, [folder])]
        behind = any(_is_below(path, [one]) and _is_below(one, above) for one in hidden)
        if not above or behind:
            kept.add(path)
    return kept


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder.rstrip('/')}/") for folder in folders)


def _devices() -> list[str]:
    gpus = (str(path) for name in GPUS for path in Path("/dev").glob(name))
    return [path for path in (*PLAIN_DEVICES, *gpus) if Path(path).exists()]


def private_folders(project: Path) -> tuple[str, ...]:
    """Return the folders that no program sees as a whole: the project, and the temporary folder."""
    return (str(project.resolve()), tempfile.gettempdir())
