"""``fusebench try``: one method on the smallest pairs of a dataset, step by step, and its verdict.

It makes the same source, weights, environment and images as a run of Snakemake, and keeps them. Its
cells are ``results/try/<method>/...``; no table shows them.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from fusebench.authoring.proposals import proposals, proposed_path, told
from fusebench.contracts.files import from_parameter, read_stored
from fusebench.contracts.jobs.fusing import FuseJob
from fusebench.contracts.jobs.resources import DatasetJob, EnvironmentJob, SourceJob, WeightsJob
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import (
    EnvironmentMarker,
    Manifest,
    Marker,
    SourceMarker,
    WeightsMarker,
)
from fusebench.contracts.records import Record
from fusebench.errors import RegistryError, UnreadableFile
from fusebench.evidence.comparison import (
    DIFFERS,
    SIZE_DIFFERS,
    VERDICTS,
    compare_run,
    worst,
    worst_image,
)
from fusebench.evidence.exchange import REMEDY, exchanged
from fusebench.fuse.jobs import Attempt, fuse_cell
from fusebench.fuse.records import Cell, cells_of
from fusebench.hashes import sha256_of_json
from fusebench.layout import FUSED, committed_marker, dataset_marker
from fusebench.planning.attempts import marker_attempt
from fusebench.planning.cells import CellPlan, fuse_job, method_part
from fusebench.planning.grouping import Grouping
from fusebench.planning.selection import Selection
from fusebench.planning.session import begun_session
from fusebench.planning.steps import StepJobs
from fusebench.registry.datasets import Dataset
from fusebench.registry.loading import Registry
from fusebench.registry.methods import Method, with_fields
from fusebench.registry.selfchecks import Check, checks_of
from fusebench.sandbox.policy import policy_of
from fusebench.sources.named_files import missing_files
from fusebench.steps import datasets as dataset_steps
from fusebench.steps import evidence as evidence_steps
from fusebench.steps import resources as resource_steps
from fusebench.variables import put_python_first

ROOT = Path()
KEEP_SIZE: dict[str, object] = {"size": "crop-sources"}
"""Results of a self-check are compared as the script left them."""
FIELDS = {
    "source": "code, commit",
    "environment": "env",
    "weights": "weights",
    "images": "the dataset in datasets.yaml",
}
"""Step -> the fields of the entry that decide it."""

PLACES = ("`run.stage`", "`run.first_index`", "`run.make_folders`")
"""Fields of a known cause that what was seen of files says more precisely."""


@dataclass
class Verdict:
    """How a trial ended.

    Attributes:
        passed: whether the method has a result, and its self-check does not differ.
        line: the last line that is printed.
    """

    passed: bool
    line: str


class Stopped(Exception):
    """A step of the trial failed; the message is the last line."""


@dataclass(frozen=True)
class Trial:
    """One trial.

    Attributes:
        registry: of the project; the trial runs in its folder.
        method: to be tried.
        dataset: whose pairs are taken.
        pairs: how many.
        say: prints a line.
    """

    registry: Registry
    method: Method
    dataset: Dataset
    pairs: int
    say: Callable[[str], None]

    @cached_property
    def session(self) -> Session:
        """The session of the trial."""
        return begun_session(self.registry.config, on_cluster=False)

    @cached_property
    def selection(self) -> Selection:
        """What the trial needs: the method and nothing else."""
        return Selection(self.registry, self.session.device)

    def run(self) -> Verdict:
        """Run all steps; each is told as it goes."""
        put_python_first()
        try:
            self._prepare()
            record = self._fuse()
            checked = [self._check(check) for check in checks_of(self.method)]
        except Stopped as stopped:
            return Verdict(False, f"FAILED: {stopped}")
        differing = [words for words, fine in checked if not fine]
        told_checks = "".join(f"; {words}" for words, _ in checked)
        head = f"{self.method.name} on {len(record.images)} pair(s) of {self.dataset.name}"
        if not record.is_ok:
            return Verdict(False, f"SUSPICIOUS: {head}: {record.reason}{told_checks}")
        if differing:
            return Verdict(False, f"FAILED: {head} has results, but {'; '.join(differing)}")
        return Verdict(True, f"OK: {head} has results{told_checks}")

    def _prepare(self) -> None:
        markers = self.selection.markers_of(self.method.name)
        source = self.selection.sources[Path(markers["source"]).name.removesuffix(".json")]
        self._resource("source", markers["source"], SourceMarker, self._clone(source))
        self._refuse_missing_files(read_stored(ROOT / markers["source"], SourceMarker))
        key = Path(markers["environment"]).stem
        job = self.selection.environments[key]
        self._resource(
            "environment", markers["environment"], EnvironmentMarker, _built(job), f" {job.env}"
        )
        if "weights" in markers:
            weights = self.selection.weights[self.method.name]
            self._resource("weights", markers["weights"], WeightsMarker, _fetched(weights))
        marker = dataset_marker(self.dataset.name)
        self._resource("images", marker, Manifest, self._images, f" {self.dataset.name}")

    def _refuse_missing_files(self, source: SourceMarker) -> None:
        """Stop where the entry names files that the clone has not got."""
        run = self.method.run_for(self.dataset.name, self.dataset.task)
        folder = ROOT / source.path
        for field, told_of in missing_files(folder, run, self.method.weights, source.absent):
            raise Stopped(f"{self.method.name} ended at the step `source`: `{field}` {told_of}")

    def _clone(self, job: SourceJob) -> Callable[[int, Path], None]:
        return lambda attempt, marker: resource_steps.source(job, self.session, attempt, marker)

    def _images(self, attempt: int, marker: Path) -> None:
        steps = StepJobs(self.selection, Grouping(self.selection, False))
        job = from_parameter(steps.dataset(self.dataset.name), DatasetJob)
        dataset_steps.dataset(job, self.session, attempt, marker, {})

    def _resource(
        self,
        step: str,
        marker: str,
        kind: type[Marker],
        make: Callable[[int, Path], None],
        name: str = "",
    ) -> None:
        """Make what a step makes, unless it is there; stop where it fails."""
        path = ROOT / marker
        if _is_there(path, kind):
            self.say(f"{step}{name}: is there ({path.with_suffix('')})")
            return
        self.say(f"{step}{name}: ...")
        began = time.monotonic()
        path.parent.mkdir(parents=True, exist_ok=True)
        with redirect_stderr(StringIO()):
            make(marker_attempt(ROOT, marker, kind, self.session), path)
        found = read_stored(path, kind)
        if not found.is_ok:
            raise Stopped(
                f"{self.method.name} ended at the step `{step}`: {found.state}: {found.reason};"
                f" change `{FIELDS[step]}` of the entry"
                if step != "images"
                else f"{self.dataset.name}: {found.state}: {found.reason}; name another dataset"
            )
        self.say(f"{step}{name}: ok after {time.monotonic() - began:.0f} s")

    def _fuse(self) -> Record:
        """Run the script on the smallest pairs; stop where it has no result."""
        name = self.dataset.name
        marker = dataset_marker(name)
        images = self.dataset.images
        run = self.method.run_for(name, images.task)
        plan = CellPlan(f"try/{name}", images, marker, run)
        record, cell = self._run_cell(plan, f"{self.pairs} pair(s) of {name}")
        if not record.has_results:
            self._explain(record, cell)
        return record

    def _run_cell(self, plan: CellPlan, what: str, turn: bool = False) -> tuple[Record, Cell]:
        """Run the script on the smallest pairs of some images."""
        markers = self.selection.markers_of(self.method.name)
        config = self.registry.config
        part = method_part(self.method, markers, config, self.session.device)
        cell = self._cell(fuse_job(part, [plan]), turn)
        self.say(f"script on {what}: ... (log: {cell.log})")
        attempt = Attempt(self.session, Path(), False, lambda: self.method.entry)
        cell.folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with redirect_stderr(StringIO()):
            fuse_cell(cell, 0, attempt)
        record = read_stored(cell.record, Record)
        self.say(f"script on {what}: {record.state} after {time.monotonic() - began:.0f} s")
        return record, cell

    def _cell(self, job: FuseJob, turn: bool) -> Cell:
        cell = cells_of(job, ROOT, trial=True, policy=policy_of(self.session))[0]
        manifest = smallest(cell.manifest, self.pairs)
        return dataclasses.replace(cell, manifest=exchanged(manifest) if turn else manifest)

    def _explain(self, record: Record, cell: Cell) -> None:
        """Say what was seen of a run without a result, and stop."""
        self.say(f"  reason: {' '.join(record.reason.split())}")
        path = proposed_path(record.reason, self._clone_folder, cell.spec.run.cwd)
        remedy = "" if path else record.remedy or ""
        if path:
            self.say(
                "  likely cause: the module is the repository's own, and is not looked for there"
            )
        elif remedy:
            self.say(f"  likely cause, and what to change: {remedy}")
        offered = [path] if path else []
        if record.files:
            for line in told(record.files):
                self.say(f"  {line}")
            names = [pair.name for pair in cell.manifest.pairs]
            offered += proposals(record.files, names, cell.spec.run, cell.spec.modalities)
        for proposal in offered:
            self.say(f"  proposal: {proposal}")
        field = remedy.split(":")[0] if remedy else _field_of(record)
        if offered and field in ("`run`", *PLACES):
            field = f"`run.{offered[0].field}`"
        raise Stopped(
            f"{self.method.name} on {self.dataset.name} ended at the step `script`:"
            f" {record.state}: {_first_line(record.reason)}; change {field} of the entry"
        )

    @property
    def _clone_folder(self) -> Path:
        """The folder of the clone."""
        marker = self.selection.markers_of(self.method.name)["source"]
        return ROOT / read_stored(ROOT / marker, SourceMarker).path

    def _check(self, check: Check) -> tuple[str, bool]:
        """Run a self-check on its smallest pairs; return what it found, and whether it is fine."""
        marker = committed_marker(self.method.name, check.name)
        source = ROOT / self.selection.markers_of(self.method.name)["source"]
        what = f"self-check {check.name}"

        def copy(attempt: int, path: Path) -> None:
            evidence_steps.committed_images(check.job, attempt, source, path)

        path = ROOT / marker
        path.parent.mkdir(parents=True, exist_ok=True)
        with redirect_stderr(StringIO()):
            copy(marker_attempt(ROOT, marker, Manifest, self.session), path)
        found = read_stored(path, Manifest)
        if not found.is_ok:
            self.say(f"{what}: {found.reason}")
            return f"{what}: {found.reason}; change `selfcheck`", False
        run = with_fields(
            self.method.run_for(check.name, check.task), KEEP_SIZE, check.entry.run or {}
        )
        plan = CellPlan(f"try/{check.name}-images", check.images, marker, run)
        record, cell = self._run_cell(plan, what)
        verdict = self._compared(record, cell.manifest, cell, check)
        if verdict != DIFFERS:
            return f"{what}: {verdict or record.reason}", verdict not in ("", SIZE_DIFFERS)
        turned = dataclasses.replace(plan, name=f"{plan.name}-exchanged")
        other, other_cell = self._run_cell(turned, f"{what} with A and B exchanged", turn=True)
        again = self._compared(other, cell.manifest, other_cell, check)
        better = again and VERDICTS.index(again) < VERDICTS.index(DIFFERS)
        return f"{what}: {verdict}" + (f"; exchanged it is {again}: {REMEDY}" if better else ""), (
            False
        )

    def _compared(self, record: Record, manifest: Manifest, cell: Cell, check: Check) -> Any:
        if not record.has_results:
            return ""
        images = compare_run(manifest, record, cell.folder / FUSED, check.tolerance)
        far = worst_image(images)
        if far and far.verdict == DIFFERS:
            self.say(
                f"  {far.name} differs most: by {far.mean_abs:.1f} gray levels in the mean,"
                f" {far.max_abs} at most"
            )
        return worst([image.verdict for image in images])


def _built(job: EnvironmentJob) -> Callable[[int, Path], None]:
    return lambda attempt, marker: resource_steps.environment(job, attempt, marker)


def _fetched(job: WeightsJob) -> Callable[[int, Path], None]:
    return lambda attempt, marker: resource_steps.weights(job, attempt, marker)


def smallest(manifest: Manifest, count: int) -> Manifest:
    """Return the smallest pairs of a manifest by pixels, in their order; its hash is another."""
    by_size = sorted(manifest.pairs, key=lambda pair: pair.size[0] * pair.size[1])[:count]
    names = {pair.name for pair in by_size}
    pairs = [pair for pair in manifest.pairs if pair.name in names]
    return replace(
        manifest, pairs=pairs, sha256=sha256_of_json(["try", manifest.sha256, sorted(names)])
    )


def _is_there(marker: Path, kind: type[Marker]) -> bool:
    """Say whether a step has been done, and what it made is still there."""
    try:
        found = read_stored(marker, kind)
    except (FileNotFoundError, UnreadableFile):
        return False
    return found.is_ok and marker.with_suffix("").is_dir()


def _field_of(record: Record) -> str:
    if record.state == "weights-missing":
        return "`weights`"
    return "`run`" if record.state in ("crashed", "bad-output", "timeout") else "`resources`"


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "no reason was given"


def chosen_dataset(registry: Registry, method: Method, name: str | None) -> Dataset:
    """Return the dataset of a trial: the one named, else one of the method's tasks.

    Prepared ones come first, then generated ones, which need no network.

    Raises:
        RegistryError: no dataset is of a task of the method.
    """
    if name:
        return registry.datasets[name]
    fitting = [one for one in registry.datasets.values() if one.task in method.tasks]
    if not fitting:
        raise RegistryError(
            f"no dataset of datasets.yaml is of the tasks of {method.name}"
            f" ({', '.join(method.tasks)}): add one, or name one: fusebench try {method.name} NAME"
        )
    return min(fitting, key=lambda one: list(_order(registry, method, one)))


def _order(registry: Registry, method: Method, dataset: Dataset) -> Iterator[int]:
    yield method.tasks.index(dataset.task)
    yield not _is_there(registry.root / dataset_marker(dataset.name), Manifest)
    yield dataset.kind != "generated"
