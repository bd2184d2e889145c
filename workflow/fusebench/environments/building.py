"""Building an environment: staging, installing, verifying, one rename.

One rename of a staging folder that holds everything, the receipt included, makes the folder
``resources/envs/<key>``. Hence the folder is whole wherever it exists, even if a builder was killed
or several builders ran. A builder holds a lock on a file beside its staging folder; without that
lock, the staging folder belongs to a dead builder.
"""

from __future__ import annotations

import os
import platform
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from msgspec import UNSET
from msgspec.structs import replace

from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.markers import EnvironmentMarker, PythonFacts
from fusebench.environments.bytecode import compile_bytecode
from fusebench.environments.conda_install import check_conda, install_conda, missing_conda
from fusebench.environments.conda_lock import read_conda_lock
from fusebench.environments.conda_meta import conda_packages
from fusebench.environments.definition import Environment, read_environment
from fusebench.environments.disk import no_room
from fusebench.environments.donors import donors_for, known_digests, write_stamps
from fusebench.environments.hardware import cuda_architectures
from fusebench.environments.installed_files import (
    MANIFEST,
    RECEIPT,
    files_of,
    hash_files,
    installed_packages,
    normalised,
    one_a_line,
)
from fusebench.environments.interpreters import make_python
from fusebench.environments.key import locked_key
from fusebench.environments.octave import install_octave, require_same_octave
from fusebench.environments.pip_install import install_pip
from fusebench.environments.pip_lock import read_pip_lock, require_platform
from fusebench.errors import EnvironmentFailed, UnreadableFile
from fusebench.folders import NO_SPACE, staging_folder
from fusebench.hashes import sha256_of_file


def build(env_folder: Path, variant: str, resources: Path) -> EnvironmentMarker:
    """Make ``resources/envs/<key>`` unless it is there whole, and return its receipt.

    The receipt is the marker of the step.

    Raises:
        EnvironmentFailed: it is not locked, or cannot be built; the message says why and what to
            do.
    """
    environment = read_environment(env_folder, variant)
    key = locked_key(environment)
    final = resources.absolute() / "envs" / key
    if (receipt := read_receipt(final)) is not None:
        return _require_interpreter(receipt)
    with disk_errors_told(environment, final), staging_folder(final) as stage:
        if (receipt := read_receipt(final)) is not None:
            return receipt
        return _build(environment, key, stage, final)


def _require_interpreter(receipt: EnvironmentMarker) -> EnvironmentMarker:
    """Refuse an environment whose interpreter is not on this machine.

    It is not built again: on a cluster, jobs on other machines may be using it.
    """
    if os.access(Path(receipt.path) / "bin" / "python", os.X_OK):
        if receipt.octave:
            require_same_octave(receipt.octave, receipt.env, Path(receipt.path))
        return receipt
    python = receipt.python
    made = f"{python.executable} (Python {python.version})" if python else "an interpreter"
    raise EnvironmentFailed(
        f"{receipt.env}: {receipt.path} was built with {made}, which is not on {platform.node()};"
        " make it available on every machine that shares this folder, or remove the folder, and it"
        " is built with an interpreter of this one"
    )


def read_receipt(folder: Path) -> EnvironmentMarker | None:
    """Return the receipt of a built environment; None if there is none that a build wrote."""
    try:
        receipt = read_stored(folder / RECEIPT, EnvironmentMarker)
    except (OSError, UnreadableFile):
        return None
    return replace(receipt, path=str(folder)) if receipt.key and receipt.manifest else None


@contextmanager
def disk_errors_told(environment: Environment, final: Path) -> Iterator[None]:
    """Turn file system errors into a message with environment, folder and free space."""
    try:
        yield
    except OSError as error:
        full = error.errno in NO_SPACE
        advice = no_room(final) if full else "make it writable and run again"
        raise EnvironmentFailed(
            f"{environment.name}: cannot write {final.parent}: {error.strerror or error}; {advice}"
        ) from error


def _build(environment: Environment, key: str, stage: Path, final: Path) -> EnvironmentMarker:
    """Install into the staging folder, verify, write the receipt, rename."""
    start = time.monotonic()
    lock = read_pip_lock(environment)
    require_platform(environment, lock)
    wanted = [(normalised(one.name), one.version) for one in lock.packages]
    with ThreadPoolExecutor(1) as pool:  # while interpreters are asked for their version
        asked = pool.submit(donors_for, final.parent, wanted)
        python = _install_python(environment, stage, final)
        donors = asked.result()
    known = known_digests(donors)
    notes, digests = install_pip(environment, lock, stage, final, known)
    _require_conda(environment, stage, digests)
    octave = install_octave(environment, stage, final)
    packages, conda = installed_packages(stage), conda_packages(stage)
    with ThreadPoolExecutor(1) as pool:  # while the processes that compile are waited for
        compiling = pool.submit(compile_bytecode, stage, python.version, digests, donors)
        sealed = {
            path: _make_read_only(f"{stage}/{path}")
            for path in digests
            if not path.endswith(".pyc")
        }
        compiling.result()
    receipt = EnvironmentMarker(
        key=key,
        env=environment.name,
        variant=environment.variant,
        lock=environment.pip_lock.name,
        path=str(final),
        python=python,
        octave=octave or UNSET,
        packages=packages,
        conda_packages=conda,
        cuda_architectures=cuda_architectures(stage, conda | packages),
        notes=notes,
    )
    receipt = _sealed(receipt, stage, digests, known, sealed)
    receipt = replace(receipt, seconds=round(time.monotonic() - start, 2))
    write_stored(stage / RECEIPT, receipt)
    return _publish(environment, stage, final, receipt)


def _install_python(environment: Environment, stage: Path, final: Path) -> PythonFacts:
    """Install Python and the conda packages if there are any, else make a virtual environment."""
    if not environment.conda:
        return make_python(environment, stage)
    install_conda(environment, read_conda_lock(environment), stage, final)
    return PythonFacts(
        version=conda_packages(stage)["python"],
        executable=str(final / "bin" / "python"),
        origin="conda",
    )


def _require_conda(environment: Environment, stage: Path, digests: dict[str, str]) -> None:
    """Check conda packages against the lock, and their files against the packages' own records.

    pip may have overwritten one of the files.
    """
    differences = [
        *missing_conda(read_conda_lock(environment), stage),
        *check_conda(stage, digests),
    ]
    if differences:
        raise EnvironmentFailed(
            f"{environment.name}: {differences[0]}, and {len(differences) - 1} more; no package may"
            f" be both in the conda and the pip part of {environment.file}: correct it and run:"
            f" fusebench lock {environment.name}"
        )


def _sealed(
    receipt: EnvironmentMarker,
    stage: Path,
    digests: dict[str, str],
    known: dict[int, str],
    sealed: dict[str, os.stat_result],
) -> EnvironmentMarker:
    """Write the manifest, make all files read-only, and return the receipt with size and counts.

    The manifest lists every file with its sha256. ``digests`` are known already, ``known`` by
    inode; ``sealed`` are read-only already. Only files become read-only: its owner could not remove
    a read-only folder with a plain ``rm -r``.
    """
    left = [path for path in files_of(stage) if path not in sealed]
    manifest = {path: digests[path] for path in sealed} | hash_files(stage, left, known)
    (stage / MANIFEST).write_text(one_a_line(manifest), encoding="utf-8")
    sealed |= {path: _make_read_only(f"{stage}/{path}") for path in left}
    write_stamps(stage, sealed)
    size = sum(status.st_size for status in sealed.values() if stat.S_ISREG(status.st_mode))
    digest = sha256_of_file(stage / MANIFEST)
    return replace(receipt, bytes=size, files=len(sealed), manifest=digest)


def _make_read_only(path: str) -> os.stat_result:
    """Make a file read-only and return its new ``lstat``; a link is left alone."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode) or not status.st_mode & 0o222:
        return status
    os.chmod(path, stat.S_IMODE(status.st_mode) & ~0o222)  # noqa: PTH101 - 40 000 times
    return os.lstat(path)


def _publish(
    environment: Environment, stage: Path, final: Path, receipt: EnvironmentMarker
) -> EnvironmentMarker:
    """Rename the stage to its final name; if another builder was faster, take its environment."""
    if final.exists() and read_receipt(final) is None:
        final.rename(stage.with_name(f"{stage.name}.broken"))
    try:
        stage.rename(final)
    except OSError:
        theirs = read_receipt(final)
        if theirs is None:
            raise
        return theirs
    return receipt
