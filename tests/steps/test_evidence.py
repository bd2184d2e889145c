"""The steps of the evidence as their rules call them, in the folder of a project."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from fusebench.contracts.evidence import ClaimResults, SelfcheckResult, SpreadResult
from fusebench.contracts.files import FORMAT, as_parameter, read_stored, write_stored
from fusebench.contracts.jobs.evidence import (
    ClaimedImages,
    ClaimsJob,
    CommittedJob,
    SelfcheckJob,
    SpreadJob,
)
from fusebench.contracts.markers import Attempts, Manifest, SourceMarker
from fusebench.contracts.methods import ClaimEntry
from fusebench.images import write_png
from fusebench.registry.claims import COLUMNS
from fusebench.states import State
from fusebench.steps.__main__ import main

from tests.evidence.makers import Pixels, written_manifest, written_run
from tests.registry.small import METHOD, SmallProject

COMMITTED = CommittedJob(
    a="in/a/{name}.*", b="in/b/{name}.*", expect="out/{name}.*", pairs=None, unpack=[]
)
MARKER = Path("resources/committed/one/committed.json")


def image(level: int) -> Pixels:
    """Return an image of two levels, whose standard deviation is half of ``level``."""
    return np.tile(np.array([0, level], np.uint8), (8, 4))


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, which is the working folder as that of every job."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(path: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def clone(state: State = "ok", reason: str = "") -> None:
    """Write a clone of one pair with its output, and its marker."""
    for side, level in (("in/a", 10), ("in/b", 20), ("out", 30)):
        write_png(Path("clone") / side / "p.png", image(level))
    write_stored(
        Path("clone.json"),
        SourceMarker(state=state, reason=reason, path="clone", code="https://example.org/o/m"),
    )


def copied(job: CommittedJob, attempt: int = 0) -> int:
    """Run the step that copies committed images."""
    return main(
        [
            *("committed-images", "--job", as_parameter(job), "--attempt", str(attempt)),
            *("--source", "clone.json", "--marker", str(MARKER)),
        ]
    )


def test_committed_images_lie_beside_their_marker() -> None:
    """The images are in a folder with the marker's name; the marker lists them."""
    clone()
    assert copied(COMMITTED) == 0
    manifest = read_stored(MARKER, Manifest)
    assert manifest.is_ok and manifest.path == "resources/committed/one/committed"
    assert [pair.name for pair in manifest.pairs] == ["p"]
    assert (Path(manifest.path) / "expect/p.png").is_file()
    assert not Path("resources/failures").exists()


def test_images_that_cannot_be_had_are_a_state(capsys: pytest.CaptureFixture[str]) -> None:
    """The job ends well, its marker has the reason, and the failure is counted."""
    clone()
    job = CommittedJob(a="nowhere/{name}.*", b="in/b/{name}.*", expect=None, pairs=None, unpack=[])
    assert copied(job, attempt=2) == 0
    manifest = read_stored(MARKER, Manifest)
    assert manifest.state == "skipped" and manifest.pairs == []
    assert "no pair of committed inputs was found" in manifest.reason
    assert "committed: skipped: https://example.org/o/m: no pair" in capsys.readouterr().err
    counted = read_stored(Path("resources/failures/committed/one/committed.json"), Attempts)
    assert (counted.attempts, counted.failed) == (3, True)
    assert copied(COMMITTED, attempt=3) == 0
    again = read_stored(Path("resources/failures/committed/one/committed.json"), Attempts)
    assert (again.attempts, again.failed) == (3, False)


def test_the_state_of_the_clone_is_that_of_its_images() -> None:
    """A repository that cannot be fetched leaves nothing to copy."""
    clone("source-unavailable", "gone")
    assert copied(COMMITTED) == 0
    manifest = read_stored(MARKER, Manifest)
    assert (manifest.state, manifest.reason) == ("source-unavailable", "gone")


def test_a_damaged_marker_ends_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status is 1, because nothing is known about the images."""
    Path("clone.json").write_text("{", encoding="utf-8")
    assert copied(COMMITTED) == 1
    told = capsys.readouterr().err
    assert told.startswith("fusebench: clone.json: must be a whole JSON file")
    assert not MARKER.exists()


def test_a_self_check_is_judged() -> None:
    """Its runs are compared with the committed output, the first run first."""
    marker = written_manifest(Path("images"), {"p": (image(10), image(20))}, {"p": image(30)})
    records = [
        written_run(Path("runs") / str(number), {"p": image(level)})
        for number, level in enumerate((30, 40), start=1)
    ]
    job = SelfcheckJob(code="", method="one", check="committed", tolerance=1, metrics=["SD"])
    words = ["--job", as_parameter(job), "--images", str(marker), "--output", "out/check.json"]
    assert main(["selfcheck", *words, "--records", *map(str, records)]) == 0
    result = read_stored(Path("out/check.json"), SelfcheckResult)
    assert (result.verdict, result.determinism.verdict) == ("exact", "not-deterministic")
    assert result.determinism.metrics["SD"].range == pytest.approx(5.0)
    assert result.files.fused == "runs/1/fused"


def test_a_spread_is_told() -> None:
    """The spread of runs on a dataset is written with method and dataset."""
    marker = written_manifest(Path("images"), {"p": (image(10), image(20))})
    records = [written_run(Path("runs") / str(number), {"p": image(30)}) for number in (1, 2)]
    job = SpreadJob(code="", method="one", dataset="pairs", metrics=["SD"])
    words = ["--job", as_parameter(job), "--images", str(marker), "--output", "out/spread.json"]
    assert main(["spread", *words, "--records", *map(str, records)]) == 0
    result = read_stored(Path("out/spread.json"), SpreadResult)
    assert (result.method, result.dataset) == ("one", "pairs")
    assert result.determinism.metrics["SD"].mean == pytest.approx(15.0)
    assert main(["spread-table", "--spreads", "out/spread.json", "--output", "spread.csv"]) == 0
    (row,) = rows("spread.csv")
    assert (row["metric"], row["mean"], row["verdict"]) == ("SD", "15.0", "deterministic")
    assert "± 0.0000" in Path("spread.md").read_text(encoding="utf-8")


def claims_job(reason: str = "", **images: ClaimedImages) -> ClaimsJob:
    """Return a job that judges two claims of an entry and those of a file."""
    Path("claims.csv").write_text(
        f"{','.join(COLUMNS)}\none,pairs,p,SD,canonical,16,0,T\nother,pairs,,SD,canonical,1,0,T\n",
        encoding="utf-8",
    )
    claims = [
        ClaimEntry(dataset="pairs", metric="SD", value="15.0", where="Table 1"),
        ClaimEntry(images="TNO", metric="SD", value="15.0", where="Table 2"),
        ClaimEntry(file="claims.csv"),
    ]
    return ClaimsJob(code="", method="one", claims=claims, files={}, images=images, reason=reason)


def judged(job: ClaimsJob) -> dict[str, tuple[str, str]]:
    """Run the step and return place of each claim -> verdict and reason."""
    assert main(["claims", "--job", as_parameter(job), "--output", "out/claims.json"]) == 0
    found = read_stored(Path("out/claims.json"), ClaimResults).claims
    return {claim.where: (claim.verdict, claim.reason) for claim in found}


def test_claims_are_judged_on_their_own_images() -> None:
    """Each group is judged on the runs of its dataset; the rest say which images they are of."""
    marker = written_manifest(Path("images"), {"p": (image(10), image(20))})
    record = written_run(Path("run"), {"p": image(30)})
    pairs = ClaimedImages(manifest=str(marker), records=[str(record)])
    found = judged(claims_job(pairs=pairs))
    assert found["Table 1"] == ("reproduced", "")
    assert found["Table 2"] == ("not-comparable", "other images: TNO")
    assert found["T (claims.csv)"][0] == "not-reproduced"
    assert len(found) == 3


def test_claims_of_a_method_that_cannot_be_run_have_its_reason() -> None:
    """No file is looked for on disk."""
    found = judged(claims_job(reason="no-weights: gone"))
    assert found["Table 1"] == ("not-comparable", "no-weights: gone")
    assert found["Table 2"] == ("not-comparable", "other images: TNO")


def test_claims_of_several_methods_are_one_table() -> None:
    """The table has the order of the files; without any file it has its heads alone."""
    for name, reason in (("x", "no-code: a"), ("y", "no-code: b")):
        main(["claims", "--job", as_parameter(claims_job(reason)), "--output", f"{name}.json"])
    assert main(["claims-table", "--claims", "y.json", "x.json", "--output", "claims.csv"]) == 0
    reasons = [row["reason"] for row in rows("claims.csv") if row["where"] == "Table 1"]
    assert reasons == ["no-code: b", "no-code: a"]
    assert main(["claims-table", "--claims", "--output", "claims.csv"]) == 0
    assert rows("claims.csv") == []


def test_tables_and_pages_are_made_from_what_was_judged(project: Path) -> None:
    """There is a line for each check, a page for each method named, and the summary beside them."""
    small = SmallProject(project)
    small.methods["two"] = {**METHOD, "code": "https://example.org/lab/two", "title": "Two"}
    small.write()
    marker = written_manifest(Path("images"), {"p": (image(10), image(20))}, {"p": image(30)})
    record = written_run(Path("run"), {"p": image(31)})
    job = SelfcheckJob(code="", method="one", check="committed", tolerance=1, metrics=[])
    words = ["--job", as_parameter(job), "--images", str(marker), "--output", "check.json"]
    main(["selfcheck", *words, "--records", str(record)])
    main(["claims", "--job", as_parameter(claims_job("x: y")), "--output", "claims.json"])
    assert main(["selfcheck-table", "--checks", "check.json", "--output", "selfcheck.csv"]) == 0
    assert [row["verdict"] for row in rows("selfcheck.csv")] == ["within-tolerance"]
    told = ["--checks", "check.json", "--claims", "claims.json", "--output", "pages/summary.md"]
    assert main(["evidence-pages", "--methods", "two", "one", *told]) == 0
    page = Path("pages/one.md").read_text(encoding="utf-8")
    assert "### committed: within-tolerance" in page and "not-comparable" in page
    assert Path("pages/two.md").read_text(encoding="utf-8").startswith("# two\n\nTwo\n")
    assert [row["method"] for row in rows("pages/summary.csv")] == ["two", "one"]
    assert Path("pages/images/one-committed.png").is_file()


def test_a_verdict_of_an_older_version_is_judged_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The table refuses it, because the rules of judgement may have changed."""
    Path("old.json").write_text('{"method": "one", "dataset": "d"}', encoding="utf-8")
    assert main(["spread-table", "--spreads", "old.json", "--output", "spread.csv"]) == 1
    assert f"old.json: version must be {FORMAT} or more; found 1" in capsys.readouterr().err
