"""The job that runs cells: nothing is run twice, and everything ends in a record."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import Attempts, FusedCell, FusedCells, Holder
from fusebench.contracts.methods import MethodEntry, Verified
from fusebench.contracts.records import Record
from fusebench.errors import BadOutput, StepError
from fusebench.fuse import jobs
from fusebench.fuse.jobs import NEVER_STARTED, Attempt, finished_record, fuse_cell, fuse_cells
from fusebench.fuse.leases import holder
from fusebench.fuse.records import Cell, Outcome, identity, record_of
from fusebench.fuse.verified import OTHER_IMAGES
from fusebench.hashes import sha256_of_file
from fusebench.layout import cell_attempts
from msgspec.structs import replace

from tests.fuse.made import MANIFEST, SPEC, cell, image
from tests.registry.small import method

THIS = Session(id="this run", device="cpu")
OUTPUT = Path("results/jobs/one/pairs.json")


class Script:
    """Stands for ``run_cell``: fuses both pairs, or fails, and counts its calls."""

    def __init__(self) -> None:
        """Start with a script that succeeds."""
        self.ran: list[str] = []
        self.error: StepError | None = None
        self.versions: dict[str, str | int | None] = {"python": "3.11.7"}
        self.device: str | None = None
        self.before: Callable[[Cell], None] = lambda cell: None

    def __call__(self, cell: Cell) -> Record:
        """Run a cell, as ``run_cell`` does."""
        self.ran.append(cell.name)
        self.before(cell)
        images = [] if self.error else [image(pair.name) for pair in cell.manifest.pairs]
        for one in images:
            path = cell.folder / "fused" / one.fused
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"run {len(self.ran)}")
        record = record_of(cell, Outcome(images=images, notes=["of the run"]), self.error)
        return replace(record, versions=self.versions, device=self.device)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Script:
    """The script of the cells of a test; the test runs in the folder of its project."""
    monkeypatch.chdir(tmp_path)
    made = Script()
    monkeypatch.setattr(jobs, "run_cell", made)
    return made


@pytest.fixture(autouse=True)
def _signals_stay() -> Iterator[None]:
    """Restore the signal handlers: a job catches SIGTERM for the rest of its process."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def attempt(entry: MethodEntry | None = None, *, is_final: bool = False) -> Attempt:
    """Return the facts that a job needs beside its cells."""
    return Attempt(THIS, OUTPUT, is_final, lambda: entry)


def counted(known: Cell) -> Attempts | None:
    """Return the counters of a cell; None where there is no file."""
    path = known.root / cell_attempts(known.spec.method, known.name)
    return read_stored(path, Attempts) if path.exists() else None


def record_in(known: Cell) -> Record:
    """Return the record of a cell."""
    return read_stored(known.record, Record)


def test_a_cell_is_run_once(script: Script) -> None:
    """The record is written; the next job of exactly the same cell uses it again."""
    known = cell()
    first = fuse_cell(known, 0, attempt())
    assert first == FusedCell(state="ok", record=sha256_of_file(known.record))
    before = known.record.stat()
    assert fuse_cell(known, 0, attempt()) == first
    assert known.record.stat() == before and script.ran == ["pairs"]
    assert counted(known) is None


def test_what_authors_declare_is_asked_for_where_something_is_run(script: Script) -> None:
    """The record of a run has deviations.

    The registry is not read for a record that is used again.
    """

    def refuse() -> MethodEntry:
        raise AssertionError("the registry was read")

    known = cell()
    fuse_cell(known, 0, attempt(method(declares={"python": "3.8"}).entry))
    assert record_in(known).deviations == ["python: declared 3.8, ran with 3.11.7"]
    fuse_cell(known, 0, Attempt(THIS, OUTPUT, False, refuse))
    assert len(script.ran) == 1


def test_images_that_are_not_the_verified_ones_have_a_note(script: Script) -> None:
    """What `verified` says decides nothing else: the record counts as before."""
    known = cell()
    verified = Verified(
        date="2026-01-02", device="cpu", dataset=known.name, outputs_sha256="0" * 64
    )
    script.device = "cpu"
    told = fuse_cell(known, 0, attempt(replace(method().entry, verified=verified)))
    assert told.state == "ok"
    assert record_in(known).notes[-1].startswith(f"{OTHER_IMAGES} ({known.name}, 2026-01-02")


def lose_image(known: Cell) -> None:
    """Remove a fused image."""
    (known.folder / "fused" / "p2.png").unlink()


def lose_record(known: Cell) -> None:
    """Remove the record."""
    known.record.unlink()


def cut_off(known: Cell) -> None:
    """Leave only half of the record."""
    known.record.write_bytes(known.record.read_bytes()[:100])


def newer(known: Cell) -> None:
    """Leave a record of a future version of fusebench."""
    known.record.write_text('{"version": 99}')


def fail(known: Cell) -> None:
    """Leave a record that says that the run failed."""
    write_stored(known.record, replace(record_in(known), state="crashed", reason="boom"))


def of_another_spec(known: Cell) -> None:
    """Leave the record of a run with another seed."""
    write_stored(known.record, replace(record_in(known), spec="0" * 64))


def of_another_source(known: Cell) -> None:
    """Leave the record of a run of another commit."""
    write_stored(known.record, replace(record_in(known), cell="0" * 64))


@pytest.mark.parametrize(
    "damage",
    [lose_image, lose_record, cut_off, newer, fail, of_another_spec, of_another_source],
)
def test_what_is_not_what_was_asked_for_is_run_again(
    script: Script, damage: Callable[[Cell], None]
) -> None:
    """A cell is rerun if its record is gone, damaged, failed, of another run, or lacks an image."""
    known = cell()
    whole = fuse_cell(known, 0, attempt())
    damage(known)
    assert finished_record(known) is None
    again = fuse_cell(known, 0, attempt())
    assert script.ran == ["pairs", "pairs"] and again.state == whole.state == "ok"
    assert identity(known).is_of(record_in(known)) and finished_record(known) is not None


def test_a_damaged_record_is_told(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged record is reported; a missing one is not."""
    known = cell()
    assert finished_record(known) is None and capsys.readouterr().err == ""
    fuse_cell(known, 0, attempt())
    cut_off(known)
    assert finished_record(known) is None
    assert "record.json: must be a whole JSON file; found 100 bytes" in capsys.readouterr().err


def test_a_forced_cell_is_run_whatever_its_record_says(script: Script) -> None:
    """A number of the attempt above that of the last ended attempt forces a rerun.

    The same number does not force it a second time.
    """
    known = cell()
    fuse_cell(known, 0, attempt())
    forced = fuse_cell(known, 1, attempt())
    assert len(script.ran) == 2 and counted(known) == Attempts(attempts=1, failed=False)
    assert fuse_cell(known, 1, attempt()) == forced and len(script.ran) == 2


def test_a_failure_is_counted_and_told(script: Script, capsys: pytest.CaptureFixture[str]) -> None:
    """The next run has another number; the reason is on the terminal and in the record."""
    script.error = BadOutput("no result")
    known = cell()
    ended = fuse_cell(known, 0, attempt())
    assert ended.state == record_in(known).state == "bad-output"
    assert counted(known) == Attempts(attempts=1, failed=True)
    assert capsys.readouterr().err == "one on pairs: bad-output: no result\n"
    script.error = None
    assert fuse_cell(known, 1, attempt()).state == "ok"
    assert counted(known) == Attempts(attempts=1, failed=False)


def test_a_failed_cell_is_tried_again_by_a_job_of_the_same_number(script: Script) -> None:
    """A job that runs again for other reasons retries a failed cell."""
    script.error = BadOutput("no result")
    fuse_cell(cell(), 0, attempt())
    script.error = None
    assert fuse_cell(cell(), 0, attempt()).state == "ok"
    assert counted(cell()) == Attempts(attempts=0, failed=False)


def test_a_killed_job_leaves_no_record_that_could_be_taken_for_its_own(script: Script) -> None:
    """The old record is deleted before a cell is run again, so that a killed job counts as lost."""
    known = cell()
    fuse_cell(known, 0, attempt())

    def die(known: Cell) -> None:
        assert not known.record.exists()
        raise KeyboardInterrupt

    script.before = die
    with pytest.raises(KeyboardInterrupt):
        fuse_cell(known, 1, attempt())
    assert not known.record.exists() and counted(known) is None
    script.before = lambda known: None
    assert fuse_cell(known, 1, attempt()).state == "ok" and len(script.ran) == 3


def test_the_job_holds_the_lease_of_a_cell_while_it_is_run(script: Script) -> None:
    """Another job of the same cell waits; the last holder stays known."""
    held: list[Holder | None] = []
    script.before = lambda known: held.append(holder(known.folder))
    fuse_cell(cell(), 0, attempt())
    for known in (held[0], holder(cell().folder)):
        assert known is not None and (known.pid, known.session) == (os.getpid(), "this run")


def test_notes_of_the_lease_come_before_those_of_the_run(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system without locks the record says so."""

    def refuse(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", refuse)
    fuse_cell(cell(), 0, attempt())
    assert record_in(cell()).notes == ["the file system of results/ has no locks", "of the run"]


def held_before(session: str, slurm_job: str | None = None) -> None:
    """Leave the lease of a job that died."""
    write_stored(
        cell().folder / ".lease",
        Holder(host="node7", pid=4242, slurm_job=slurm_job, session=session, since="2026-02-03"),
    )


def refused(output: Path) -> None:
    """Leave a log of Snakemake that says that the job of an output was refused."""
    log = Path(".snakemake", "log", "2026-01-01.snakemake.log")
    log.parent.mkdir(parents=True)
    log.write_text(
        "Error in rule fuse:\n"
        "    message: SLURM sbatch failed. The error message was"
        " 'sbatch: error: no such partition'.\n"
        "    jobid: 5\n"
        f"    output: {output}\n"
    )


@pytest.mark.parametrize(
    ("session", "told"),
    [
        ("", NEVER_STARTED),
        ("an earlier run", NEVER_STARTED),
        ("this run", "process 4242 on node7 ended without a record"),
    ],
)
def test_the_final_attempt_records_how_the_others_died(
    script: Script, session: str, told: str
) -> None:
    """The record describes the last job of this run of Snakemake that held the cell.

    Nothing is run, and the failure is counted.
    """
    if session:
        held_before(session)
    ended = fuse_cell(cell(), 0, attempt(is_final=True))
    record = record_in(cell())
    assert (ended.state, record.state, record.reason) == ("crashed", "crashed", told)
    assert script.ran == [] and counted(cell()) == Attempts(attempts=1, failed=True)


def test_the_final_attempt_asks_the_scheduler(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record of a Slurm job has its state and text from Slurm."""
    program = tmp_path / "bin" / "scontrol"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        "echo JobId=$3 JobState=TIMEOUT ExitCode=0:0 Reason=TimeLimit NodeList=node7 StdOut=/none\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    held_before("this run", slurm_job="99")
    fuse_cell(cell(), 0, attempt(is_final=True))
    record = record_in(cell())
    assert record.state == "timeout"
    assert "Slurm job 99 ended as TIMEOUT" in record.reason and "node node7" in record.reason


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (
            OUTPUT,
            "the scheduler refused the job (`resources` of the entry and the profile say what",
        ),
        (Path("results/jobs/one/others.json"), NEVER_STARTED),
    ],
)
def test_the_final_attempt_finds_the_refusal_of_its_own_job(
    script: Script, output: Path, told: str
) -> None:
    """It finds the refusal by the output of the job, in the newest log of Snakemake."""
    refused(output)
    fuse_cell(cell(), 0, attempt(is_final=True))
    reason = record_in(cell()).reason
    assert reason.startswith(told)
    assert ("sbatch: error: no such partition" in reason) == (output == OUTPUT)


def test_the_final_attempt_takes_over_what_is_finished(script: Script) -> None:
    """A cell that was done before its job died is not lost."""
    whole = fuse_cell(cell(), 0, attempt())
    assert fuse_cell(cell(), 0, attempt(is_final=True)) == whole and len(script.ran) == 1


def test_a_job_says_at_its_end_what_became_of_each_cell(script: Script) -> None:
    """Each cell has the hash of its record.

    This holds if it was run or used again, and if it succeeded or failed.
    """
    first, second = cell(), cell(name="repeats/pairs/2", manifest=replace(MANIFEST, pairs=[]))
    fuse_cell(first, 0, attempt())
    script.error = BadOutput("no result")
    fuse_cells([(first, 0), (second, 3)], attempt())
    told = read_stored(OUTPUT, FusedCells).cells
    assert {name: one.state for name, one in told.items()} == {
        "pairs": "ok",
        "repeats/pairs/2": "bad-output",
    }
    assert [one.record for one in told.values()] == [
        sha256_of_file(known.record) for known in (first, second)
    ]
    assert script.ran == ["pairs", "repeats/pairs/2"]
    assert counted(second) == Attempts(attempts=4, failed=True)


def test_a_job_that_is_ended_leaves_what_is_done(script: Script) -> None:
    """SIGTERM ends the job as Python exits.

    The first cell has its record, the second none, and there is no output.
    """

    def end(known: Cell) -> None:
        if known.name != "pairs":
            os.kill(os.getpid(), signal.SIGTERM)

    script.before = end
    second = cell(name="repeats/pairs/2")
    with pytest.raises(SystemExit) as caught:
        fuse_cells([(cell(), 0), (second, 0)], attempt())
    assert caught.value.code == 128 + signal.SIGTERM
    assert cell().record.exists() and not second.record.exists() and not OUTPUT.exists()


def test_a_cell_lies_below_the_project_it_is_of(script: Script, tmp_path: Path) -> None:
    """Record, images and counter are in the project, wherever the job is started."""
    known = cell(tmp_path / "project", spec=replace(SPEC, method="two"))
    script.error = BadOutput("no result")
    fuse_cell(known, 0, attempt())
    assert (tmp_path / "project/results/runs/two/pairs/record.json").is_file()
    assert (tmp_path / "project/results/failures/two/pairs.json").is_file()
    assert socket.gethostname() in (tmp_path / "project/results/runs/two/pairs/.lease").read_text()
