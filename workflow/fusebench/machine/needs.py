"""What a suite needs, and what of it is not here yet."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import EnvironmentMarker, Marker, SourceMarker
from fusebench.environments.definition import Environment, read_environment
from fusebench.environments.hardware import kernels_for
from fusebench.environments.interpreters import interpreter_here
from fusebench.environments.key import choose_variant
from fusebench.errors import EnvironmentFailed, UnreadableFile
from fusebench.fuse.devices import compute_capability, device_kind, gpus_of_this_machine
from fusebench.layout import DATASETS, ENVIRONMENTS, SOURCES, WEIGHTS
from fusebench.machine.offers import Finding
from fusebench.planning.selection import Selection, select
from fusebench.registry.loading import Registry
from fusebench.registry.methods import is_local, owner_and_name
from fusebench.texts import first_of

FETCHED = {
    SOURCES: "repositories",
    WEIGHTS: "downloaded weights",
    ENVIRONMENTS: "environments",
    DATASETS: "datasets",
}
MOST_NAMED = 3


def needs(registry: Registry) -> Iterator[Finding]:
    """Yield what the selected suites need, with the next command where it is not here."""
    suite = ",".join(one.name for one in registry.selected)
    selection = select(registry, device_kind(registry.config.device))
    yield Finding("suite", "ok", f"{suite}: {len(selection.cells)} cells")
    for folder, words in FETCHED.items():
        if finding := _fetched(registry.root, selection, folder, words, suite):
            yield finding
    yield from _environments(registry, selection)
    yield from _mirrors(registry, selection)


def _fetched(
    root: Path, selection: Selection, folder: str, words: str, suite: str
) -> Finding | None:
    wanted = {
        path: kind for path, kind in selection.fetched.items() if path.startswith(f"{folder}/")
    }
    if not wanted:
        return None
    missing = [path for path, kind in wanted.items() if not _is_ok(root / path, kind)]
    told = f"{len(wanted) - len(missing)} of {len(wanted)} here"
    if not missing:
        return Finding(words, "ok", told)
    environments = {key: job.env for key, job in selection.environments.items()}
    keys = [Path(path).stem for path in missing]
    named = first_of([environments.get(key, key) for key in keys], MOST_NAMED)
    command = "fusebench weights" if folder == WEIGHTS else f"fusebench fetch --suite {suite}"
    return Finding(words, "note", f"{told}; to be fetched or built: {named}", command)


def _is_ok(path: Path, kind: type[Marker]) -> bool:
    try:
        return read_stored(path, kind).is_ok
    except (FileNotFoundError, UnreadableFile):
        return False


def _environments(registry: Registry, selection: Selection) -> Iterator[Finding]:
    """Yield Python and CUDA of each environment, and what it lacks: lock, Octave, kernels."""
    for key, job in selection.environments.items():
        folder = registry.env_folder(
            next(one for one in registry.methods.values() if one.env == job.env)
        )
        try:
            environment = read_environment(folder, job.variant or choose_variant(folder))
        except EnvironmentFailed as error:
            yield Finding(f"env {job.env}", "lacks", str(error), f"fusebench lock {job.env}")
            continue
        if environment.octave and not environment.conda and shutil.which("octave-cli") is None:
            command = "apt install octave octave-image octave-signal octave-dev"
            yield Finding(f"env {job.env}", "lacks", "no octave-cli on PATH", command)
        if "unlocked" in key:
            yield Finding(f"env {job.env}", "lacks", "not locked", f"fusebench lock {job.env}")
        else:
            yield interpreter_finding(environment)
        yield from _kernels(registry.root / f"{ENVIRONMENTS}/{key}.json", job.env)


def interpreter_finding(environment: Environment) -> Finding:
    """Return which Python an environment has on this machine, and the CUDA that its lock brings."""
    what, cuda = f"env {environment.name}", cuda_of(environment.pip_lock.read_text("utf-8"))
    told = f"Python {environment.python}, {f'CUDA {cuda}' if cuda else 'no CUDA in its lock'}"
    if environment.conda:
        return Finding(what, "ok", f"{told}; its Python comes with it")
    found = interpreter_here(environment)
    if found:
        return Finding(what, "ok", f"{told}; found {found.version} ({found.origin})")
    command = f"uv python install {environment.minimum_python}"
    return Finding(what, "note", f"{told}; this machine has none, uv may install it", command)


def cuda_of(lock: str) -> str:
    """Return the version of CUDA that the packages of a lock are built for; empty for none.

    >>> cuda_of("nvidia-cuda-runtime==13.0.96"), cuda_of("torch==1.8.1+cu111")
    ('13.0', '11.1')
    """
    runtime = re.search(r"^nvidia-cuda-runtime(?:-cu\d+)?==(\d+\.\d+)", lock, re.MULTILINE)
    if runtime:
        return runtime[1]
    local = re.search(r"^[\w-]+==[^\s+]+\+cu(\d+)(\d)\b", lock, re.MULTILINE)
    return f"{local[1]}.{local[2]}" if local else ""


def _kernels(marker: Path, env: str) -> Iterator[Finding]:
    try:
        built = read_stored(marker, EnvironmentMarker)
    except (FileNotFoundError, UnreadableFile):
        return
    for gpu in gpus_of_this_machine() if built.cuda_architectures else ():
        capability = compute_capability(gpu)
        try:
            if capability:
                kernels_for(built, capability)
        except EnvironmentFailed as error:
            yield Finding(f"env {env}", "lacks", str(error), "another env, or --config device=cpu")


def _mirrors(registry: Registry, selection: Selection) -> Iterator[Finding]:
    mirror = registry.config.mirror
    if not mirror or "://" in mirror:
        return
    absent = []
    for key, job in selection.sources.items():
        owner, name = owner_and_name(job.code)
        place = Path(mirror.replace("{owner}", owner).replace("{name}", name))
        cloned = _is_ok(registry.root / f"{SOURCES}/{key}.json", SourceMarker)
        if not (is_local(job.code) or cloned or place.exists()):
            absent.append(str(place))
    if absent:
        told = f"not there: {first_of(absent, MOST_NAMED)}"
        yield Finding("mirrors", "lacks", told, "put clones there, or run without `mirror`")
    else:
        yield Finding("mirrors", "ok", mirror)
