"""What a record holds of a run, and how the run of a record is identified."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.harness import LaunchReport
from fusebench.contracts.jobs.fusing import CellPart, FuseJob, MethodPart, WeightRef
from fusebench.contracts.markers import Manifest, WeightsMarker
from fusebench.contracts.methods import Stage
from fusebench.contracts.records import EnvironmentFacts, Inputs, Record, SourceFacts
from fusebench.contracts.tables import CellList, SkippedCell
from fusebench.contracts.weights import WeightFacts
from fusebench.errors import OutOfMemory, UnreadableFile
from fusebench.fuse.devices import Device
from fusebench.fuse.launching import Launch
from fusebench.fuse.records import (
    Outcome,
    cells_of,
    deviations,
    hash_seed,
    identity,
    read_records,
    record_of,
    spec_of,
)
from fusebench.layout import record_path
from msgspec import UNSET
from msgspec.structs import replace

from tests.fuse.made import ENVIRONMENT, MANIFEST, RUN, SOURCE, SPEC, WEIGHTS, cell, image


@pytest.mark.parametrize(
    ("declared", "ran", "told"),
    [
        ("3.8", "3.8.18", False),
        ("1.7.0+cu110", "1.7.0", False),
        ("1.7.0+cu110", "2.13.0+cpu", True),
        ("3.1", "3.11.7", True),
        ("==1.21.5", "1.21.5", False),
    ],
)
def test_other_versions_than_declared_are_told(declared: str, ran: str, told: bool) -> None:
    """A version that is neither the declared one nor a patch of it is a deviation."""
    assert bool(deviations({"torch": declared}, {"torch": ran})) == told


def test_what_was_not_imported_is_no_deviation() -> None:
    """A declared package that the script never imported cannot deviate."""
    assert deviations({"deepspeed": "0.9"}, {"python": "3.11.7"}) == []


def test_deviations_are_told_in_the_order_of_the_entry() -> None:
    """A library without a version deviates from any declared version."""
    declared = {"torch": "1.7", "mmcv": "1.0", "python": "3.8"}
    assert deviations(declared, {"python": "3.11", "mmcv": None, "torch": "1.7.1"}) == [
        "mmcv: declared 1.0, ran with None",
        "python: declared 3.8, ran with 3.11",
    ]


KNOWN: list[tuple[dict[str, Any], str, str]] = [
    (
        {},
        "effc6b1818a909a8c53cbcb6073764531f82975a02eae4976146d1f006165ade",
        "b84b897d23f4a6ac1fc7a808fde07d53a60ecfeee9a0a2e7ab6a7e187e2031a9",
    ),
    (
        {"weights": None},
        "effc6b1818a909a8c53cbcb6073764531f82975a02eae4976146d1f006165ade",
        "25c1ddfab8aa6519542b2c6ccef1985a2a715e42f99cecebb51679526599caad",
    ),
    (
        {"weights": WeightsMarker(state="weights-missing", reason="w.pth: gone")},
        "effc6b1818a909a8c53cbcb6073764531f82975a02eae4976146d1f006165ade",
        "c2dc94691d518a93981ee28d2bf791f49e00e094e074e23b995d8c664d478895",
    ),
    (
        {"source": replace(SOURCE, commit=None)},
        "effc6b1818a909a8c53cbcb6073764531f82975a02eae4976146d1f006165ade",
        "d8fdca8c73ca98d877caa76c61b32010f615c014d063c2591edfa420d6f09762",
    ),
    (
        {
            "spec": replace(
                SPEC,
                device="cuda",
                gpus=2,
                exclusive=True,
                minutes=5,
                run=replace(RUN, hash_seed=9, pairs_per_process=1),
            )
        },
        "0498ad8cf6d41675456f4684f8e5d3530a60a830419c38233376de8b3c24ef6b",
        "335317c52a2cdadf3654e20422c432c60b2cca13ed4a5d376dba4c45c96d8888",
    ),
]
"""Hashes in the records of fusebench 0.1: its records of these cells must be found again."""


@pytest.mark.parametrize(("fields", "spec", "whole"), KNOWN)
def test_the_identity_of_a_cell_is_that_of_earlier_versions(
    fields: dict[str, Any], spec: str, whole: str
) -> None:
    """Other hashes would make every finished run unknown, and rerun all of them."""
    found = identity(cell(**fields))
    assert (found.method, found.dataset, found.spec, found.cell) == ("one", "pairs", spec, whole)


def test_a_record_of_fusebench_0_1_is_read() -> None:
    """The record is read as it was written, without a version, and keeps its values."""
    record = read_stored(Path(__file__).with_name("record-of-0.1.json"), Record)
    assert record.is_ok and [one.name for one in record.images] == ["p0", "p1"]
    assert record.images[0].warmup and record.images[0].size == (48, 40)
    assert record.timing is not None and record.timing.repeats == 1
    assert record.deviations == ["python: declared 3.8, ran with 3.11.7"]


OTHERS: list[dict[str, Any]] = [
    {"spec": replace(SPEC, run=replace(RUN, args="--in {work}"))},
    {"spec": replace(SPEC, run=replace(RUN, seed=4))},
    {"spec": replace(SPEC, run=replace(RUN, hash_seed=0))},
    {"spec": replace(SPEC, run=replace(RUN, edit={}))},
    {"spec": replace(SPEC, run=replace(RUN, stage=Stage(a="a", b="b")))},
    {"spec": replace(SPEC, weights=[])},
    {"spec": replace(SPEC, weights=[WeightRef(path="w.pth", sha256="1" * 64)])},
    {"spec": replace(SPEC, modalities=("visible", "infrared"))},
    {"spec": replace(SPEC, threads=1)},
    {"spec": replace(SPEC, minutes=61.0)},
    {"spec": replace(SPEC, device="cuda")},
    {"source": replace(SOURCE, commit="5" * 40)},
    {"source": replace(SOURCE, tree="5" * 40)},
    {"environment": replace(ENVIRONMENT, key="5")},
    {"manifest": replace(MANIFEST, sha256="5" * 64)},
    {"weights": replace(WEIGHTS, sha256={"w.pth": "5" * 64})},
    {"weights": None},
]
SAME: list[dict[str, Any]] = [
    {"source": replace(SOURCE, origin="/elsewhere", absent=["a.zip"], submodules={"x": "y"})},
    {"environment": replace(ENVIRONMENT, notes=["repaired"], seconds=3.5, bytes=7, python=None)},
    {"manifest": replace(MANIFEST, pairs=[], unpaired=["x"])},
    {"root": Path("/elsewhere")},
    {"trial": True, "on_cluster": True},
    {"name": "repeats/pairs/2"},
]


def test_whatever_decides_a_result_makes_another_cell() -> None:
    """Every field of the run and every result of an earlier step changes the identity.

    No two changes give the same identity.
    """
    hashes = [identity(cell(**fields)).cell for fields in [{}, *OTHERS]]
    assert len({*hashes}) == len(hashes)


@pytest.mark.parametrize("fields", SAME)
def test_whatever_does_not_decide_a_result_leaves_the_cell_as_it_was(
    fields: dict[str, Any],
) -> None:
    """The origin of a clone, the time of a build and the project's folder do not matter."""
    assert identity(cell(**fields)) == identity(cell())


def test_an_identity_recognises_the_records_of_its_cell() -> None:
    """All four parts of the identity must be equal to those of the record."""
    record = record_of(cell(), Outcome(), None)
    assert identity(cell()).is_of(record)
    for field in ("method", "dataset", "spec", "cell"):
        assert not identity(cell()).is_of(replace(record, **{field: "other"}))


def test_the_hash_seed_is_the_seed_unless_a_run_has_its_own() -> None:
    """Further runs have their own hash seed; 0 is one, too."""
    assert hash_seed(RUN) == 3
    assert hash_seed(replace(RUN, hash_seed=0)) == 0


def test_a_run_that_never_started_has_a_record_all_the_same() -> None:
    """The record has the known facts of the cell, and none of a run that did not happen."""
    record = record_of(cell(), Outcome(), OutOfMemory("too large"))
    assert (record.state, record.reason, record.is_ok) == ("out-of-memory", "too large", False)
    assert (record.started, record.seconds, record.device, record.images) == (None, None, None, [])
    assert (record.seed, record.hash_seed, record.threads) == (3, 3, 2)
    assert (record.compat, record.edits) == (["numpy-aliases"], {"test.py": [("cuda", "cpu")]})
    assert record.source == SourceFacts(
        code=SOURCE.code,
        origin=SOURCE.origin,
        commit=SOURCE.commit,
        tree=SOURCE.tree,
        absent=[],
        submodules={},
    )
    assert record.environment == EnvironmentFacts(
        env="small",
        key=ENVIRONMENT.key,
        variant="",
        python=ENVIRONMENT.python,
        path=ENVIRONMENT.path,
    )
    assert record.inputs == Inputs(dataset="4" * 64, pairs=2)
    assert record.log == "logs/fuse/one/pairs.log"


def test_a_run_of_several_processes_is_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes are joined, shims added up, and weights that any process read are listed.

    Versions, parameters and clock are those of the first process.
    """
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    reports = [
        LaunchReport(
            startup_seconds=2.0,
            parameters=10,
            flops=20,
            versions={"python": "3.8"},
            shims={"x": 1, "y": 2},
            weights_read=["w.pth"],
            notes=["fi\x1b[1mrst"],
            device_name="A processor",
        ),
        LaunchReport(
            startup_seconds=3.0,
            parameters=11,
            versions={"python": "3.9"},
            shims={"y": 5},
            weights_read=["v.pth", "w.pth"],
            notes=["second"],
        ),
    ]
    outcome = Outcome(
        started=datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC),
        seconds=9.5,
        images=[
            image("p1", seconds=8.0, model_seconds=7.0, warmup=True),
            image("p2", seconds=2.0, model_seconds=1.0, warmup=False),
        ],
        launches=[Launch(0, "", report) for report in reports],
        weights={"w.pth": "3" * 64},
        device=Device("cpu"),
        load=0.5,
        notes=["own"],
        reached_weights=True,
    )
    facts = WeightFacts(origin="by hand", source="by hand", pinned=False)
    brought = replace(WEIGHTS, facts={"w.pth": facts, "unused.pth": facts})
    record = record_of(cell(weights=brought), outcome, None)
    assert record.weights_from == {"w.pth": facts}
    assert (record.state, record.reason, record.started) == ("ok", "", "2026-02-03T04:05:06+00:00")
    assert (record.seconds, record.seconds_per_image, record.model_seconds) == (9.5, 2.0, 1.0)
    assert (record.device, record.parameters, record.flops) == ("cpu", 10, 20)
    assert (record.versions, record.shims) == ({"python": "3.8"}, {"x": 1, "y": 7})
    assert record.notes == ["own", "first", "second"]
    assert record.weights_read == ["v.pth", "w.pth"] and record.reached_weights
    assert record.clock is not None and record.clock.device_name == "A processor"
    assert record.timing is not None and record.timing.startup_seconds == 3.0
    assert record.host is not None and record.host.slurm_job == "77"
    assert record.host.load_per_cpu[0] == 0.5 and len(record.host.load_per_cpu) == 2


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """A record without any facts of its run is read, too."""
    for outcome in (Outcome(), Outcome(images=[image("p1", result_size=(3, 3))])):
        record = record_of(cell(), outcome, None)
        write_stored(tmp_path / "record.json", record)
        assert read_stored(tmp_path / "record.json", Record) == record


@pytest.mark.parametrize(
    ("name", "folder", "log"),
    [
        ("pairs", "results/runs/one/pairs", "logs/fuse/one/pairs.log"),
        ("selfcheck/x/1", "results/selfcheck/one/x/1", "logs/fuse/one/selfcheck/x/1.log"),
        ("repeats/pairs/2", "results/repeats/one/pairs/2", "logs/fuse/one/repeats/pairs/2.log"),
    ],
)
def test_a_cell_lies_in_its_project_s_folder(name: str, folder: str, log: str) -> None:
    """The folder has the name of the cell within its method, whatever images it is run on."""
    root = Path("/project")
    found = cell(root, name)
    assert (found.folder, found.record) == (root / folder, root / folder / "record.json")
    assert found.log == root / log


JOB = FuseJob(
    method=MethodPart(
        name="one",
        source="source.json",
        environment="environment.json",
        fetched="weights.json",
        weights=SPEC.weights,
        threads=2,
        minutes=60.0,
        device="cpu",
        gpus=0,
    ),
    runs=[RUN, replace(RUN, seed=9)],
    cells=[
        CellPart(
            name="pairs",
            images="pairs",
            manifest="pairs.json",
            run=0,
            modalities=("infrared", "visible"),
        ),
        CellPart(
            name="repeats/more/2", images="more", manifest="more.json", run=1, modalities=("a", "b")
        ),
    ],
)


def test_the_cells_of_a_job_have_their_own_fields_and_share_its_method() -> None:
    """The spec of each cell is what the entry says of its run."""
    first, second = (spec_of(JOB, part) for part in JOB.cells)
    assert first == SPEC
    assert (second.dataset, second.run.seed, second.modalities) == ("more", 9, ("a", "b"))


@pytest.mark.parametrize(("gpus", "told"), [(0, UNSET), (1, UNSET), (4, 4)])
def test_one_gpu_goes_without_saying(gpus: int, told: Any) -> None:
    """The number of GPUs is part of a cell only if it is above one."""
    job = replace(JOB, method=replace(JOB.method, gpus=gpus))
    assert spec_of(job, job.cells[0]).gpus == told


def test_a_job_reads_what_the_steps_before_it_left(tmp_path: Path) -> None:
    """Markers of source, environment and weights are read once, the manifest for each cell."""
    more = Manifest(state="skipped", reason="gone")
    for name, marker in (
        ("source", SOURCE),
        ("environment", ENVIRONMENT),
        ("weights", WEIGHTS),
        ("pairs", MANIFEST),
        ("more", more),
    ):
        write_stored(tmp_path / f"{name}.json", marker)
    first, second = cells_of(JOB, tmp_path, trial=True, on_cluster=True)
    assert first == cell(tmp_path, trial=True, on_cluster=True)
    assert (second.name, second.manifest, second.source) == ("repeats/more/2", more, SOURCE)
    without = replace(JOB, method=replace(JOB.method, fetched=None))
    assert [one.weights for one in cells_of(without, tmp_path)] == [None, None]
    pinned = replace(JOB, method=replace(JOB.method, commit="0" * 40))
    assert [one.commit for one in cells_of(pinned, tmp_path)] == ["0" * 40] * 2
    (tmp_path / "environment.json").write_text("{")
    with pytest.raises(UnreadableFile, match=r"environment\.json: must be a whole JSON file"):
        cells_of(JOB, tmp_path)


def test_records_of_what_ran_and_of_what_cannot_run(tmp_path: Path) -> None:
    """Records are sorted as datasets and methods are listed.

    A skipped cell has a record that says why, and no file.
    """
    for method in ("one", "two"):
        record = Record(method=method, dataset="d", state="ok", reason="")
        write_stored(tmp_path / record_path(method, "d"), record)
    skipped = [SkippedCell(method="three", dataset="d", reason="no-code: gone")]
    found = read_records(CellList(runs={"d": ["two", "one"]}, skipped=skipped), tmp_path)
    assert [(one.method, one.state, one.reason) for one in found] == [
        ("two", "ok", ""),
        ("one", "ok", ""),
        ("three", "skipped", "no-code: gone"),
    ]
    with pytest.raises(FileNotFoundError):
        read_records(CellList(runs={"e": ["one"]}, skipped=[]), tmp_path)
