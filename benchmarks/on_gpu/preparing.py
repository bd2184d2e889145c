"""``gpu.py prepare``: one folder with everything that a run on the GPU machine needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import msgspec
from fusebench.contracts.base import DeviceKind
from fusebench.contracts.files import write_stored
from fusebench.contracts.jobs.fusing import FuseJob
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.markers import Manifest, Pair, SourceMarker
from fusebench.datasets.preparation import prepare_dataset
from fusebench.errors import RegistryError
from fusebench.generated import FOLDER as GENERATORS
from fusebench.hashes import IGNORED_FOLDERS, folder_digest, sha256_of_file, source_files
from fusebench.layout import SOURCES, dataset_marker
from fusebench.metrics import default_metrics
from fusebench.planning.cells import CellPlan, fuse_job, method_part
from fusebench.registry.datasets import Dataset, speed_datasets
from fusebench.registry.loading import Registry, load_registry
from fusebench.registry.methods import Method
from fusebench.registry.pairing import dataset_job
from fusebench.sources import source_key
from fusebench.sources.repositories import obtain_source
from msgspec.structs import replace

from on_gpu.contents import Plan, PlannedMethod
from on_gpu.environments import HOOKS, OWN
from on_gpu.packages import carry_packages
from on_gpu.running import PLAN, PROBE, PROBE_SOURCE

LEFT_OUT = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".pdf", ".mp4"}
    | {".zip", ".rar", ".o", ".egg", ".so", ".pyc"}
)
"""Suffixes of what no script of these methods reads: samples, figures, compiled files."""

PACKAGE = ("fusebench", "harness")
COMPRESSION = 9


@dataclass(frozen=True)
class Carrying:
    """Where things come from and where they go.

    Attributes:
        project: the folder with the registry.
        mirror: a path with ``{owner}`` and ``{name}`` that replaces the network; empty for it.
        into: the folder that is made.
        whole_bytes: a repository of at most this size is carried whole.
    """

    project: Path
    mirror: str
    into: Path
    whole_bytes: int


def prepare(
    carrying: Carrying, methods: Sequence[str], datasets: Sequence[str], python: str
) -> Plan:
    """Make the folder and return its plan.

    Args:
        carrying: where from, and where to.
        methods: the names of the methods.
        datasets: as ``WHOLE:PART``; a method takes the first that is of one of its tasks.
        python: the version of the machine's Python, such as ``3.12``; empty for no packages.

    Raises:
        RegistryError: a method or dataset is not known, or a method cannot be carried.
        SourceUnavailable: a repository cannot be cloned.
        DatasetUnavailable: a dataset cannot be prepared.
    """
    carrying.into.mkdir(parents=True)
    registry = load_registry(carrying.project)
    pairs = [_pair(registry, words) for words in datasets]
    for dataset in {one.name: one for pair in pairs for one in pair}.values():
        _carry_dataset(carrying, dataset)
    planned = [_carry_method(carrying, registry, name, pairs) for name in methods]
    _carry_programs(carrying)
    if python:
        carry_packages(carrying.into / "packages", python)
    plan = Plan(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_commit(),
        methods=planned,
        generated=_generated([whole for whole, _ in pairs]),
    )
    (carrying.into / PLAN).write_bytes(msgspec.json.encode(plan))
    return plan


def _pair(registry: Registry, words: str) -> tuple[Dataset, Dataset]:
    whole, _, part = words.partition(":")
    return registry.datasets[whole], registry.datasets[part or whole]


def _carry_dataset(carrying: Carrying, dataset: Dataset) -> None:
    """Prepare a dataset as the pipeline does, with its PNG files compressed as far as they can."""
    marker = Path(dataset_marker(dataset.name))
    job = dataset_job(dataset.entry, carrying.project)
    made = prepare_dataset(
        dataset.name, job, carrying.into / marker.with_suffix(""), carrying.project, carrying.mirror
    )
    for path in Path(made.path).rglob("*.png"):
        pixels: Any = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(path), pixels, [cv2.IMWRITE_PNG_COMPRESSION, COMPRESSION])
    pairs = [_of_smaller_files(pair, Path(made.path)) for pair in made.pairs]
    manifest: Manifest = replace(made, path=str(marker.with_suffix("")), pairs=pairs)
    write_stored(carrying.into / marker, manifest)


def _of_smaller_files(pair: Pair, folder: Path) -> Pair:
    """Return a pair whose images have the hashes of their files as they are carried."""
    sides = {
        side: replace(image, file_sha256=sha256_of_file(folder / image.file))
        for side, image in pair.sides.items()
    }
    return replace(pair, **sides)


def _carry_method(
    carrying: Carrying,
    registry: Registry,
    name: str,
    pairs: Sequence[tuple[Dataset, Dataset]],
) -> PlannedMethod:
    method = registry.methods[name]
    whole, part = _dataset_of(method, pairs)
    if any(item.url or item.page for item in method.weights):
        raise RegistryError(
            f"{name}: its weights must lie in its repository to be carried; they are fetched:"
            " name another method"
        )
    source, left_out = _carry_source(carrying, method)
    timed = speed_datasets([whole], exclusive=False)

    def job(device: DeviceKind, *images: Dataset) -> FuseJob:
        return _job(registry, method, source, device, images)

    return PlannedMethod(
        name=name,
        label=method.label,
        whole=whole.name,
        part=part.name,
        metrics=list(default_metrics(whole.task)),
        on_gpu=job("cuda", whole),
        on_cpu=job("cpu", part),
        speed=job("cuda", *timed),
        left_out=left_out,
    )


def _dataset_of(
    method: Method, pairs: Sequence[tuple[Dataset, Dataset]]
) -> tuple[Dataset, Dataset]:
    for task in method.tasks:
        for whole, part in pairs:
            if whole.task == task:
                return whole, part
    raise RegistryError(
        f"{method.name}: must have a dataset of its task ({', '.join(method.tasks)}); found"
        f" {', '.join(whole.name for whole, _ in pairs)}: name one with --dataset WHOLE:PART"
    )


def _job(
    registry: Registry,
    method: Method,
    source: str,
    device: DeviceKind,
    datasets: Iterable[Dataset],
) -> FuseJob:
    """Return the job that the pipeline would make, in the environment of the machine's Python."""
    markers = {"source": source, "environment": OWN.path}
    cells = [
        CellPlan(one.name, one.images, dataset_marker(one.name), method.run_for(one.name, one.task))
        for one in datasets
    ]
    part = method_part(method, markers, registry.config, device)
    return fuse_job(part, cells, bool(method.resources.exclusive))


def _carry_source(carrying: Carrying, method: Method) -> tuple[str, int]:
    """Carry a repository at its commit, without its history.

    Returns its marker, and the number of its files that are left out.
    """
    key = source_key(method.code, method.commit, carrying.project)
    marker = f"{SOURCES}/{key}"
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch, key)
        made = obtain_source(method.code, method.commit, tree, carrying.project, carrying.mirror)
        left_out = _copy_tree(tree, carrying.into / marker, carrying.whole_bytes)
    known: SourceMarker = replace(
        made,
        path=marker,
        origin=method.code,
        absent=sorted([*made.absent, *left_out]),
        carried=folder_digest(carrying.into / marker),
    )
    write_stored(carrying.into / f"{marker}.json", known)
    return f"{marker}.json", len(left_out)


def _copy_tree(tree: Path, target: Path, whole_bytes: int) -> list[str]:
    """Copy a work tree; return the files that are left out where it is too large to be whole."""
    files = list(source_files(tree))
    whole = sum(path.lstat().st_size for path in files) <= whole_bytes
    left_out = []
    for path in files:
        name = path.relative_to(tree)
        if not whole and path.suffix.lower() in LEFT_OUT:
            left_out.append(name.as_posix())
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target / name, follow_symlinks=False)
    return left_out


def _generated(datasets: Iterable[Dataset]) -> dict[str, DatasetJob]:
    """Return the jobs of the datasets that methods are timed on, by their markers."""
    code = folder_digest(GENERATORS)
    return {
        dataset_marker(one.name): replace(dataset_job(one.entry, Path()), generator_code=code)
        for one in speed_datasets(datasets, exclusive=False)
    }


def _carry_programs(carrying: Carrying) -> None:
    """Carry fusebench, its harness, this program, and the script that names other GPUs."""
    home = HOOKS.parents[2]
    ignore = shutil.ignore_patterns(*IGNORED_FOLDERS)
    for name in PACKAGE:
        target = carrying.into / "workflow" / name
        shutil.copytree(home / "workflow" / name, target, ignore=ignore)
    shutil.copytree(HOOKS.parent, carrying.into / "benchmarks" / "on_gpu", ignore=ignore)
    shutil.copyfile(HOOKS.parents[1] / "gpu.py", carrying.into / "benchmarks" / "gpu.py")
    shutil.copyfile(carrying.project / "methods.yaml", carrying.into / "methods.yaml")
    probe = carrying.into / PROBE_SOURCE
    probe.mkdir(parents=True)
    shutil.copyfile(HOOKS / f"{PROBE}.py", probe / f"{PROBE}.py")
    marker = SourceMarker(path=PROBE_SOURCE, code=PROBE, origin=PROBE, tree=folder_digest(probe))
    write_stored(carrying.into / f"{PROBE_SOURCE}.json", marker)


def _commit() -> str:
    """Return the commit of fusebench, with ``+`` where files differ from it."""
    git = ["git", "-C", str(HOOKS)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if head.returncode:
        return "unknown"
    changed = subprocess.run(
        [*git, "status", "--porcelain", "--untracked-files=no"],
        capture_output=True,
        text=True,
        check=False,
    )
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def size_of(folder: Path) -> dict[str, int]:
    """Return the bytes of each part of the folder, by its name."""
    sizes: dict[str, int] = {}
    for parent, _, files in os.walk(folder):
        for name in files:
            path = Path(parent, name)
            parts = path.relative_to(folder).parts
            part = "/".join(parts[:2]) if parts[0] == "resources" else parts[0]
            sizes[part] = sizes.get(part, 0) + path.lstat().st_size
    return dict(sorted(sizes.items()))
