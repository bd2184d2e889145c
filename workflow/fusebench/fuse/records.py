"""What is known of a cell: the inputs of its job, the outcome of its run, and its record."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from fusebench.contracts.files import read_stored
from fusebench.contracts.harness import LaunchReport
from fusebench.contracts.jobs.fusing import CellPart, CellSpec, FuseJob, Run, WeightRef
from fusebench.contracts.markers import (
    EnvironmentMarker,
    Manifest,
    SourceMarker,
    WeightsMarker,
)
from fusebench.contracts.records import (
    Clock,
    EnvironmentFacts,
    FilesSeen,
    FusedImage,
    Host,
    Inputs,
    Record,
    SandboxFacts,
    Seen,
    SourceFacts,
)
from fusebench.contracts.tables import CellList
from fusebench.contracts.weights import WeightFacts
from fusebench.errors import StepError
from fusebench.fuse.devices import Device
from fusebench.fuse.launching import Launch
from fusebench.fuse.timing import hardware, load_per_cpu, timing
from fusebench.hashes import sha256_of_json
from fusebench.layout import cell_folder, cell_log, record_path
from fusebench.sandbox.starting import DEFAULT_POLICY, Policy
from fusebench.states import OK, SKIPPED
from fusebench.texts import plain

Facts = TypeVar("Facts", bound=msgspec.Struct)


@dataclass(frozen=True)
class Cell:
    """A method on a dataset, with all that its run needs.

    Attributes:
        name: among the cells of its method: a dataset, ``selfcheck/CHECK/RUN`` or
            ``repeats/DATASET/RUN``.
        spec: what the entry says of the run.
        source: the marker of the source.
        environment: the marker of the environment.
        manifest: the marker of the images.
        weights: the marker of the fetched weights; None for an entry without any.
        root: the project's folder.
        trial: whether a method without its weights is run as far as it goes.
        on_cluster: whether a scheduler has given the job its GPUs.
        commit: the commit of the entry; None for a local folder.
        policy: in which sandboxes the script may run, and what it may use.
    """

    name: str
    spec: CellSpec
    source: SourceMarker
    environment: EnvironmentMarker
    manifest: Manifest
    weights: WeightsMarker | None
    root: Path = Path()
    trial: bool = False
    on_cluster: bool = False
    commit: str | None = None
    policy: Policy = DEFAULT_POLICY

    @property
    def is_of_its_commit(self) -> bool:
        """Whether the source is at the commit of the entry, not at one with a similar hash."""
        return self.commit in (None, self.source.commit)

    @property
    def folder(self) -> Path:
        """The folder that holds its record and its fused images."""
        return self.root / cell_folder(self.spec.method, self.name)

    @property
    def record(self) -> Path:
        """Its record."""
        return self.root / record_path(self.spec.method, self.name)

    @property
    def log(self) -> Path:
        """The file that receives everything that the script prints."""
        return self.root / cell_log(self.spec.method, self.name)


@dataclass
class Outcome:
    """What is known of a run so far; it goes into the record even if the run fails half way."""

    started: datetime | None = None
    seconds: float | None = None
    images: list[FusedImage] = field(default_factory=list)
    launches: list[Launch] = field(default_factory=list)
    weights: dict[str, str] = field(default_factory=dict)
    device: Device | None = None
    load: float | None = None
    notes: list[str] = field(default_factory=list)
    reached_weights: bool = False
    weights_read: set[str] = field(default_factory=set)

    @property
    def reports(self) -> list[LaunchReport]:
        """The launcher's report of each process."""
        return [launched.report for launched in self.launches]

    @property
    def all_notes(self) -> list[str]:
        """What a reader should know of the run, as fusebench and the launcher saw it."""
        return [*self.notes, *(plain(note) for report in self.reports for note in report.notes)]

    @property
    def all_weights_read(self) -> set[str]:
        """The declared weights that were opened, by access times and by what Python opened."""
        return self.weights_read.union(*(report.weights_read for report in self.reports))


def spec_of(job: FuseJob, cell: CellPart) -> CellSpec:
    """Return what the entry says of the run of one cell of a job."""
    method = job.method
    return CellSpec(
        method=method.name,
        dataset=cell.images,
        run=job.runs[cell.run],
        weights=method.weights,
        modalities=cell.modalities,
        threads=method.threads,
        minutes=method.minutes,
        device=method.device,
        gpus=method.gpus if method.gpus > 1 else msgspec.UNSET,
        exclusive=cell.exclusive or msgspec.UNSET,
        accept=method.accept,
    )


def cells_of(
    job: FuseJob,
    root: Path = Path(),
    *,
    trial: bool = False,
    on_cluster: bool = False,
    policy: Policy = DEFAULT_POLICY,
) -> list[Cell]:
    """Return the cells of a job, with the markers that the steps before it left.

    The other arguments are as for ``Cell``.

    Raises:
        UnreadableFile: a marker is damaged, or of another version.
    """
    method = job.method
    source = read_stored(root / method.source, SourceMarker)
    environment = read_stored(root / method.environment, EnvironmentMarker)
    weights = read_stored(root / method.fetched, WeightsMarker) if method.fetched else None
    return [
        Cell(
            cell.name,
            spec_of(job, cell),
            source,
            environment,
            read_stored(root / cell.manifest, Manifest),
            weights,
            root,
            trial,
            on_cluster,
            method.commit or None,
            policy,
        )
        for cell in job.cells
    ]


def read_records(cells: CellList, root: Path = Path()) -> list[Record]:
    """Return the records of some cells, and for those that cannot be run a record that says why.

    Raises:
        UnreadableFile: a record is damaged, or of another version.
    """
    runs = [(method, dataset) for dataset, methods in cells.runs.items() for method in methods]
    records = [read_stored(root / record_path(*run), Record) for run in runs]
    skipped = [
        Record(method=cell.method, dataset=cell.dataset, state=SKIPPED, reason=cell.reason)
        for cell in cells.skipped
    ]
    return records + skipped


@dataclass(frozen=True)
class Identity:
    """What identifies a cell: two runs with equal identities are runs of the same cell.

    Attributes:
        method: the name of the method.
        dataset: the name of the dataset.
        spec: the sha256 of what its job was told.
        cell: the sha256 of all that decides its result.
    """

    method: str
    dataset: str
    spec: str
    cell: str

    def is_of(self, record: Record) -> bool:
        """Say whether a record is of this cell."""
        return self == Identity(record.method, record.dataset, record.spec, record.cell)


def identity(cell: Cell) -> Identity:
    """Return the identity of a cell.

    The form of what is hashed must not change: existing records would not be found any more.
    """
    spec = msgspec.to_builtins(cell.spec)
    steps = [
        [cell.source.path, cell.source.commit, cell.source.tree],
        _environment_facts(cell.environment),
        [cell.manifest.path, cell.manifest.sha256],
        _fetched(cell.weights),
    ]
    return Identity(
        cell.spec.method,
        cell.spec.dataset,
        sha256_of_json(spec),
        sha256_of_json([spec, *steps]),
    )


def _environment_facts(environment: EnvironmentMarker) -> list[object]:
    """Return what identifies an environment; a key does not hold the version of Octave found."""
    octave = environment.octave
    found = [[octave.version, dict(octave.packages)]] if octave else []
    return [environment.path, environment.key, *found]


def _fetched(weights: WeightsMarker | None) -> dict[str, object] | None:
    if weights is None:
        return None
    if not weights.is_ok:
        return {"state": weights.state, "reason": weights.reason}
    return {"state": weights.state, "path": weights.path, "sha256": weights.sha256}


def pinned_since(cell: Cell, record: Record) -> Record | None:
    """Return the record of a run whose weights were pinned after it, as a record of this cell.

    To write down the hash of a file is no reason to run a method again.

    Args:
        cell: with its weights pinned.
        record: of an earlier run.

    Returns:
        None where anything else differs, or other files were pinned.
    """
    loose = {path for path, facts in record.weights_from.items() if not facts.pinned}
    weights = [
        WeightRef(path=item.path) if item.path in loose else item for item in cell.spec.weights
    ]
    right = all(
        item.sha256 in {msgspec.UNSET, record.weights.get(item.path)} for item in cell.spec.weights
    )
    before = replace(cell, spec=msgspec.structs.replace(cell.spec, weights=weights))
    if not (loose and right and identity(before).is_of(record)):
        return None
    same = identity(cell)
    return msgspec.structs.replace(
        record,
        spec=same.spec,
        cell=same.cell,
        weights_from=_origins(cell.weights, record.weights),
    )


def hash_seed(run: Run) -> int:
    """Return the PYTHONHASHSEED of a run: its own ``hash_seed`` if it has one, else its seed."""
    return run.seed if run.hash_seed is msgspec.UNSET else run.hash_seed


def record_of(cell: Cell, outcome: Outcome, error: StepError | None) -> Record:
    """Return everything about a run that a reader, or a second run, needs to know."""
    reports = outcome.reports
    first = reports[0] if reports else LaunchReport()
    run, same = cell.spec.run, identity(cell)
    seen = _seen(outcome.launches)
    peak = seen.peak_rss_bytes if seen else None
    times = timing(outcome.images, reports, bool(cell.spec.exclusive), peak)
    gpus = outcome.device.visible if outcome.device else ""
    return Record(
        method=same.method,
        dataset=same.dataset,
        spec=same.spec,
        cell=same.cell,
        state=error.state if error else OK,
        reason=str(error) if error else "",
        remedy=(error.remedy if error else "") or msgspec.UNSET,
        started=outcome.started.isoformat(timespec="seconds") if outcome.started else None,
        seconds=outcome.seconds,
        images=outcome.images,
        model_seconds=times.model_seconds.median if times.model_seconds else None,
        seconds_per_image=times.seconds.median if times.seconds else None,
        timing=times,
        hardware=hardware(gpus, reports, cell.spec.threads),
        parameters=first.parameters,
        flops=first.flops,
        device=outcome.device.kind if outcome.device else None,
        threads=cell.spec.threads,
        clock=same_fields(first, Clock),
        seen=seen,
        sandbox=_sandbox(outcome.launches),
        versions=first.versions,
        shims=_summed(report.shims for report in reports),
        compat=run.compat,
        edits=run.edit,
        seed=run.seed,
        hash_seed=hash_seed(run),
        notes=outcome.all_notes,
        source=same_fields(cell.source, SourceFacts),
        environment=same_fields(cell.environment, EnvironmentFacts),
        files=_files_seen(reports) if error else msgspec.UNSET,
        weights=outcome.weights,
        weights_from=_origins(cell.weights, outcome.weights),
        training=cell.weights.training if cell.weights and outcome.weights else msgspec.UNSET,
        weights_read=sorted(outcome.all_weights_read),
        reached_weights=outcome.reached_weights,
        inputs=Inputs(dataset=cell.manifest.sha256, pairs=len(cell.manifest.pairs)),
        host=_host(outcome.load),
        log=str(cell.log),
    )


def _files_seen(reports: Iterable[LaunchReport]) -> FilesSeen | msgspec.UnsetType:
    """Return where the scripts of a run looked and wrote; unset where nothing was seen."""
    told = list(reports)
    seen = FilesSeen(
        missing=[path for one in told for path in one.files_missing],
        written=[path for one in told for path in one.files_written],
        listed=[path for one in told for path in one.folders_listed],
    )
    return seen if seen != FilesSeen() else msgspec.UNSET


def _origins(fetched: WeightsMarker | None, placed: Mapping[str, str]) -> dict[str, WeightFacts]:
    """Return where those placed weights came from that are not in the repository."""
    facts = fetched.facts if fetched else {}
    return {path: told for path, told in facts.items() if path in placed}


def same_fields(source: msgspec.Struct, kind: type[Facts]) -> Facts:
    """Return the fields that a structure shares with another one, as that one."""
    return kind(**{name: getattr(source, name) for name in kind.__struct_fields__})


def deviations(declared: Mapping[str, str], versions: Mapping[str, object]) -> list[str]:
    """Return how a run's versions differ from those that the authors declare.

    >>> ran = {"torch": "2.13.0+cpu", "python": "3.8.18"}
    >>> deviations({"torch": "1.7.0+cu110", "python": "3.8"}, ran)
    ['torch: declared 1.7.0+cu110, ran with 2.13.0+cpu']
    """
    return [
        f"{name}: declared {wanted}, ran with {versions[name]}"
        for name, wanted in declared.items()
        if name in versions
        and not f"{versions[name]}.".startswith(f"{wanted.partition('+')[0].strip('=')}.")
    ]


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(total)


def _seen(launches: Sequence[Launch]) -> Seen | None:
    """Return what was seen of the processes of a run from outside."""
    ends = [launched.ended for launched in launches if launched.ended]
    if not ends:
        return None
    peaks = [ended.peak_rss_bytes for ended in ends if ended.peak_rss_bytes]
    return Seen(
        seconds=round(sum(ended.seconds for ended in ends), 3),
        peak_rss_bytes=max(peaks, default=None),
    )


def _sandbox(launches: Sequence[Launch]) -> SandboxFacts | None:
    used = next((launched.ended.sandbox for launched in launches if launched.ended), None)
    if used is None:
        return None
    return SandboxFacts(level=used.level, landlock=used.landlock, refused=list(used.refused))


def _host(load_before: float | None) -> Host:
    return Host(
        node=platform.node(),
        system=platform.platform(),
        cpus=os.cpu_count(),
        slurm_job=os.environ.get("SLURM_JOB_ID"),
        load_per_cpu=[load_before, load_per_cpu()],
    )
