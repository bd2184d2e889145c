"""A ``file://`` conda channel with small real packages, among them the tests' own Python."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import re
import shutil
import sys
import sysconfig
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

PLACEHOLDER = "/placeholder_of_the_prefix_" + "x" * 100
_LEFT_OUT = {
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "turtledemo",
    "lib2to3",
    "ensurepip",
    "pydoc_data",
}
# What compiles slowly, and neither pip's packages nor uv's questions need.
_LEFT_OUT |= {
    *("asyncio", "email", "html", "http", "multiprocessing", "xml"),
    *("_pydecimal.py", "_pyio.py", "doctest.py", "imaplib.py", "mailbox.py", "nntplib.py"),
    *("pdb.py", "pickletools.py", "pydoc.py", "smtplib.py", "statistics.py", "turtle.py"),
}
_LEFT_OUT |= {
    "site-packages",
    "dist-packages",
    "__pycache__",
    "unittest",
    "wsgiref",
    "xmlrpc",
    "curses",
    "sqlite3",
}


@dataclass
class CondaPackage:
    """One package: the files of its archive by path, and what its index says."""

    name: str
    version: str
    depends: list[str] = field(default_factory=list)
    noarch: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    executable: set[str] = field(default_factory=set)


def make_channel(folder: Path, packages: list[CondaPackage]) -> str:
    """Write the archives and the index of a channel, and return its address."""
    for package in packages:
        write_package(folder, package)
    index(folder)
    return folder.as_uri()


def index(folder: Path) -> None:
    """Write ``repodata.json`` for the archives of a channel."""
    from rattler.index import index_fs

    asyncio.run(index_fs(folder, write_zst=False, write_shards=False, force=True))


def write_package(folder: Path, package: CondaPackage) -> Path:
    """Write one ``.conda`` archive as conda-build does.

    It has the files, ``info/index.json`` and ``info/paths.json``.
    """
    from conda_package_streaming.create import conda_builder  # type: ignore[import-untyped]

    subdir = folder / ("noarch" if package.noarch else "linux-64")
    subdir.mkdir(parents=True, exist_ok=True)
    stem = f"{package.name}-{package.version}-0"
    description = {
        "name": package.name,
        "version": package.version,
        "build": "0",
        "build_number": 0,
    }
    description |= {"depends": package.depends, "subdir": subdir.name, "timestamp": 1500000000000}
    description |= {"noarch": package.noarch} if package.noarch else {}
    paths = {
        "paths": [_path_entry(path, content) for path, content in package.files.items()],
        "paths_version": 1,
    }
    info = {"info/index.json": description, "info/paths.json": paths}
    members = package.files | {path: json.dumps(content).encode() for path, content in info.items()}
    members["info/files"] = "\n".join(package.files).encode() + b"\n"
    with conda_builder(stem, subdir, compression_level=1) as tar:
        for path, content in members.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), 0o755 if path in package.executable else 0o644
            tar.addfile(member, io.BytesIO(content))
    return subdir / f"{stem}.conda"


def _path_entry(path: str, content: bytes) -> dict[str, object]:
    entry: dict[str, object] = {
        "_path": path,
        "path_type": "hardlink",
        "size_in_bytes": len(content),
    }
    entry["sha256"] = hashlib.sha256(content).hexdigest()
    if PLACEHOLDER.encode() in content:
        entry |= {"prefix_placeholder": PLACEHOLDER, "file_mode": "text"}
    return entry


def python_package() -> CondaPackage:
    """Repackage the interpreter that runs the tests.

    The package has the executable, the shared library if there is one, and the standard library.
    """
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix)
    executable = shutil.which(f"python{minor}", path=str(base / "bin"))
    assert executable, f"no python{minor} in {base}"
    files = {f"bin/python{minor}": _self_contained(Path(executable).read_bytes(), base)}
    files["bin/python"] = files[f"bin/python{minor}"]
    for library in base.glob(f"lib/libpython{minor}.so.1.0"):
        files[f"lib/{library.name}"] = library.read_bytes()
    stdlib = Path(sysconfig.get_path("stdlib"))
    for file in stdlib.rglob("*"):
        inside = file.relative_to(stdlib)
        if file.is_file() and not any(
            part in _LEFT_OUT or part.startswith("config-") for part in inside.parts
        ):
            files[f"lib/python{minor}/{inside}"] = file.read_bytes()
    version = ".".join(str(part) for part in sys.version_info[:3])
    return CondaPackage(
        "python", version, files=files, executable={"bin/python", f"bin/python{minor}"}
    )


def _self_contained(binary: bytes, base: Path) -> bytes:
    """Replace the library folder in an executable by one relative to it, padded to the length."""
    runpath = re.compile(re.escape(str(base / "lib").encode()) + rb"(?=\0)")
    return runpath.sub(lambda match: b"$ORIGIN/../lib".ljust(len(match[0]), b"\0"), binary)


def greeting_package() -> CondaPackage:
    """A small pure Python package with a data file that names the folder it is installed in."""
    files = {
        "site-packages/greeting.py": b"def greet() -> str:\n    return 'from conda'\n",
        "share/greeting/where.txt": PLACEHOLDER.encode() + b"/share/greeting\n",
    }
    return CondaPackage("greeting", "1.2.0", ["python"], noarch="python", files=files)
