"""A self-check that differs is tried with A and B exchanged, and the result says what came out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fusebench.contracts.evidence import SelfcheckResult
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.jobs.evidence import SelfcheckJob
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import FusedImage, Record
from fusebench.errors import Crashed
from fusebench.evidence.exchange import REMEDY, exchanged, try_exchanged
from fusebench.evidence.selfcheck import judge_selfcheck
from fusebench.fuse import jobs
from fusebench.fuse.jobs import Attempt, fuse_cell
from fusebench.fuse.records import Cell, Outcome, record_of
from fusebench.images import pixel_sha256, read_own, write_png
from msgspec.structs import replace

from tests.evidence.makers import Pixels, written_manifest
from tests.fuse.made import SPEC, cell

ATTEMPT = Attempt(Session(id="s", device="cpu"), Path("jobs.json"), False, lambda: None)
JOB = SelfcheckJob(code="", method="one", check="c", tolerance=1.0, metrics=["EN"])


def texture(seed: int) -> Pixels:
    """Return noise."""
    return np.random.default_rng(seed).integers(0, 256, (8, 8)).astype(np.uint8)


A, B = texture(1), texture(2)


def take_a(a: Pixels, b: Pixels) -> Pixels:
    """A method whose result is A."""
    return a


class Runs:
    """Stands for ``run_cell``: applies a method, and remembers which cells ran."""

    def __init__(self, method: Callable[[Pixels, Pixels], Pixels], seconds: float = 1.0) -> None:
        """Start with a method and the seconds that it takes."""
        self.method, self.seconds, self.ran = method, seconds, list[str]()

    def __call__(self, known: Cell) -> Record:
        """Run a cell."""
        self.ran.append(known.name)
        (pair,) = known.manifest.pairs
        folder = Path(known.manifest.path)
        outcome = Outcome(seconds=self.seconds)
        try:
            pixels = self.method(read_own(folder / pair.a.file), read_own(folder / pair.b.file))
        except Crashed as error:
            return record_of(known, outcome, error)
        write_png(known.folder / "fused" / "p.png", pixels)
        digest = pixel_sha256(pixels)
        outcome.images = [
            FusedImage(name="p", size=pair.size, fused="p.png", mode="gray", sha256=digest)
        ]
        return record_of(known, outcome, None)


def check_of(root: Path, expected: Pixels) -> Cell:
    """Return the first run of a check with one pair."""
    marker = written_manifest(root / "images", {"p": (A, B)}, {"p": expected})
    return cell(root, "selfcheck/c/1", manifest=read_stored(marker, Manifest))


def judged(
    root: Path, monkeypatch: pytest.MonkeyPatch, runs: Runs, expected: Pixels
) -> SelfcheckResult:
    """Run a check as its job does, and judge it."""
    monkeypatch.setattr(jobs, "run_cell", runs)
    known = check_of(root, expected)
    fuse_cell(known, 0, ATTEMPT)
    try_exchanged(known, ATTEMPT)
    return judge_selfcheck(JOB, root / "images.json", [known.record])


def test_exchanged_sources_are_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict stays, and its reason says that the other order gives the committed image."""
    runs = Runs(take_a)
    found = judged(tmp_path, monkeypatch, runs, B)
    assert runs.ran == ["selfcheck/c/1", "selfcheck/c/exchanged"]
    assert found.verdict == "differs"
    assert found.reason == f"with A and B exchanged it would be exact: {REMEDY}"
    assert judged(tmp_path, monkeypatch, runs, B) == found
    assert len(runs.ran) == 2, "finished runs are used again"


def test_a_check_that_differs_in_both_orders_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader need not try the exchange."""
    found = judged(tmp_path, monkeypatch, Runs(take_a), texture(3))
    assert found.reason == "with A and B exchanged it differs, too"


def test_a_crash_with_exchanged_sources_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job succeeds, and the reason has the state."""

    def refuse_b(a: Pixels, b: Pixels) -> Pixels:
        if (a == B).all():
            raise Crashed("no")
        return a

    found = judged(tmp_path, monkeypatch, Runs(refuse_b), B)
    assert found.reason == "with A and B exchanged, the run ends as crashed"


def test_no_run_is_made_without_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that agrees is run once; so is one whose second run would pass the time limit."""
    exact, slow = Runs(take_a), Runs(take_a, seconds=31 * SPEC.minutes)
    assert judged(tmp_path / "exact", monkeypatch, exact, A).reason == ""
    assert judged(tmp_path / "slow", monkeypatch, slow, B).reason == ""
    assert len(exact.ran) == len(slow.ran) == 1


@pytest.mark.parametrize("name", ["pairs", "selfcheck/c/2", "repeats/pairs/1"])
def test_only_the_first_run_of_a_check_is_exchanged(tmp_path: Path, name: str) -> None:
    """Other cells are left alone: their record is not even read."""
    try_exchanged(cell(tmp_path, name), ATTEMPT)


def test_a_run_of_an_older_entry_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exchanged run must be of the method that the first run is of."""
    judged(tmp_path, monkeypatch, Runs(take_a), B)
    known = check_of(tmp_path, B)
    first = read_stored(known.record, Record)
    write_stored(known.record, replace(first, spec="of another entry"))
    assert judge_selfcheck(JOB, tmp_path / "images.json", [known.record]).reason == ""


def test_exchanged_images_are_another_set() -> None:
    """Their hash differs; exchanged twice, the pairs are the first ones."""
    manifest = cell().manifest
    assert exchanged(manifest).sha256 != manifest.sha256
    assert exchanged(exchanged(manifest)).pairs == manifest.pairs
