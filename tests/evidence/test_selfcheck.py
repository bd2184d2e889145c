"""A self-check is judged from the files of its jobs: worst image, reasons and proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fusebench.contracts.evidence import SelfcheckResult
from fusebench.contracts.files import FORMAT, read_stored, write_stored
from fusebench.contracts.jobs.evidence import SelfcheckJob
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import EnvironmentFacts, SourceFacts
from fusebench.errors import OutdatedFile, UnreadableFile
from fusebench.evidence.selfcheck import judge_selfcheck
from fusebench.images import pixel_sha256

from tests.evidence.makers import Pixels, written_manifest, written_run

JOB = SelfcheckJob(code="", method="m", check="committed", tolerance=1.0, metrics=["EN"])
SOURCES = (np.full((8, 8), 10, np.uint8), np.full((8, 8), 20, np.uint8))


def image(level: int = 100) -> Pixels:
    """Return an image that is no constant."""
    pixels = np.full((8, 8), level, np.uint8)
    pixels[0, 0] = 7
    return pixels


def judged(
    folder: Path,
    ours: dict[str, Pixels],
    theirs: dict[str, Pixels],
    further: tuple[Pixels, ...] = (),
    record: dict[str, Any] | None = None,
    **manifest: Any,
) -> SelfcheckResult:
    """Judge a check whose pairs are those of our images; further runs have the first pair only."""
    marker = written_manifest(folder / "images", dict.fromkeys(ours, SOURCES), theirs, **manifest)
    records = [written_run(folder / "1", ours, **(record or {}))]
    for number, pixels in enumerate(further, start=2):
        records.append(written_run(folder / str(number), {next(iter(ours)): pixels}))
    return judge_selfcheck(JOB, marker, records)


def test_the_check_is_as_good_as_its_worst_image(tmp_path: Path) -> None:
    """Verdicts are counted from the best to the worst, and every image keeps its own."""
    near = image()
    near[1, 1] += 1
    ours = {"a": image(), "b": image(), "c": image(), "d": image()}
    result = judged(tmp_path, ours, {"a": image(), "b": near, "c": image(50)})
    assert result.verdict == "differs"
    assert list(result.counts.items()) == [
        *(("exact", 1), ("within-tolerance", 1)),
        *(("differs", 1), ("nothing-to-compare", 1)),
    ]
    assert [found.verdict for found in result.images] == [
        *("exact", "within-tolerance", "differs", "nothing-to-compare")
    ]
    assert result.reason == "d: no committed output"
    assert (result.method, result.check, result.tolerance) == ("m", "committed", 1.0)


def test_the_tolerance_is_that_of_the_entry(tmp_path: Path) -> None:
    """Two gray levels are beyond 1 and within 2."""
    near = image()
    near[:4] += 2
    marker = written_manifest(tmp_path / "images", {"p": SOURCES}, {"p": near})
    record = written_run(tmp_path / "1", {"p": image()})
    found = [
        judge_selfcheck(
            SelfcheckJob(code="", method="m", check="c", tolerance=tolerance, metrics=[]),
            marker,
            [record],
        ).verdict
        for tolerance in (1, 2)
    ]
    assert found == ["close", "within-tolerance"]


def test_authors_who_committed_no_output(tmp_path: Path) -> None:
    """The reason says so once, not for each image."""
    result = judged(tmp_path, {"p": image(), "q": image()}, {})
    assert (result.verdict, result.reason) == (
        "nothing-to-compare",
        "the authors committed no output for these inputs",
    )
    assert result.counts == {"nothing-to-compare": 2}


def test_reasons_are_of_single_images(tmp_path: Path) -> None:
    """Each reason has the name of its image; images without a reason are not mentioned."""
    ours = {"p": image(), "q": image(), "r": image()}
    result = judged(tmp_path, ours, {"p": image()[:6], "q": image(), "r": image()[:, :7]})
    assert result.verdict == "size-differs"
    assert result.reason == "p: theirs is 8x6, ours 8x8; r: theirs is 7x8, ours 8x8"


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (1, "0"),
        (5, "0, 1, 2, 3, 4"),
        (6, "0, 1, 2, 3, 4 and 1 more"),
        (40, "0, 1, 2, 3, 4 and 35 more"),
    ],
)
def test_outputs_without_inputs_are_told(tmp_path: Path, count: int, told: str) -> None:
    """At most five of them are named in the reason; all of them are kept."""
    names = [str(number) for number in range(count)]
    result = judged(tmp_path, {"p": image()}, {"p": image()}, unpaired=names)
    assert result.reason == f"committed outputs without inputs: {told}"
    assert result.unpaired == names and result.verdict == "exact"


def test_a_run_that_failed_is_told_with_what_was_left_over(tmp_path: Path) -> None:
    """No image is compared, even if the run left some."""
    failed = {"state": "crashed", "reason": "no such layer"}
    result = judged(tmp_path, {"p": image()}, {"p": image()}, record=failed, unpaired=["x"])
    assert (result.verdict, result.images, result.counts) == ("nothing-to-compare", [], {})
    assert result.reason == ("crashed: no such layer; committed outputs without inputs: x")
    assert (result.record.state, result.record.reason) == ("crashed", "no such layer")
    assert result.determinism.reason == "run 1: crashed: no such layer"


def test_images_that_could_not_be_had(tmp_path: Path) -> None:
    """The record says so; no file is read from a folder that was not made."""
    marker = tmp_path / "images.json"
    write_stored(marker, Manifest(state="source-unavailable", reason="gone"))
    record = written_run(tmp_path / "1", {}, state="source-unavailable", reason="gone")
    result = judge_selfcheck(JOB, marker, [record])
    assert (result.verdict, result.reason) == ("nothing-to-compare", "source-unavailable: gone")
    assert result.proof.inputs is None


def test_further_runs_are_compared_with_the_first(tmp_path: Path) -> None:
    """Only the first one is compared with the committed outputs."""
    result = judged(tmp_path, {"p": image()}, {"p": image()}, further=(image(90), image()))
    assert result.verdict == "exact"
    assert result.determinism.verdict == "not-deterministic"
    assert result.determinism.images[0].max_abs == 10
    assert result.determinism.metrics["EN"].range >= 0
    assert len(result.determinism.runs) == 3


def test_the_verdict_carries_what_it_rests_on(tmp_path: Path) -> None:
    """The proof has source, environment and weights of the record.

    It also has hashes of the inputs and of each output.
    """
    facts = {
        "source": SourceFacts(code="https://example.org/o/m", commit="c" * 40, tree="t"),
        "environment": EnvironmentFacts(env="e", key="k"),
        "weights": {"w.pth": "w"},
        "seed": 3,
        "hash_seed": 4,
        "threads": 5,
    }
    result = judged(tmp_path, {"p": image()}, {"p": image()}, record=facts, sha256="in")
    proof = result.proof
    assert (proof.inputs, proof.outputs) == ("in", {"p": pixel_sha256(image())})
    assert (proof.code, proof.commit, proof.tree) == ("https://example.org/o/m", "c" * 40, "t")
    assert (proof.environment.key, proof.weights) == ("k", {"w.pth": "w"})
    assert (proof.device, proof.seed, proof.hash_seed, proof.threads) == ("cpu", 3, 4, 5)


def test_the_page_finds_the_run_and_its_images(tmp_path: Path) -> None:
    """Shims, edits, deviations and the place of the images are kept beside the verdict."""
    facts = {
        "seconds": 2.5,
        "versions": {"torch": "2.0"},
        "deviations": ["torch: declared 1.7"],
        "shims": {"np-int": 3},
        "compat": ["np-int"],
        "edits": {"a.py": [("x", "y")]},
        "notes": ["slow"],
        "log": "logs/x.log",
    }
    result = judged(tmp_path, {"p": image()}, {"p": image()}, record=facts)
    for name, expected in facts.items():
        assert getattr(result.record, name) == expected
    assert result.files.marker == str(tmp_path / "images.json")
    assert result.files.fused == str(tmp_path / "1" / "fused")


def test_the_result_is_a_file_of_this_version(tmp_path: Path) -> None:
    """It is read as it was written.

    A result of an older version is judged again, because the rules may have changed.
    """
    result = judged(tmp_path, {"p": image(), "q": image()}, {"p": image(90)})
    path = tmp_path / "result.json"
    write_stored(path, result)
    assert read_stored(path, SelfcheckResult) == result
    text = path.read_text(encoding="utf-8")
    assert '"max_abs": 10' in text and '"psnr": null' in text
    path.write_text(text.replace(f'"version": {FORMAT}', '"version": 1'), encoding="utf-8")
    with pytest.raises(
        OutdatedFile, match=f"version must be {FORMAT} or more; found 1, of an older"
    ):
        read_stored(path, SelfcheckResult)


@pytest.mark.parametrize("damaged", ["images.json", "1/record.json"])
def test_a_damaged_file_is_named(tmp_path: Path, damaged: str) -> None:
    """No content is guessed for a marker or a record."""
    judged(tmp_path, {"p": image()}, {"p": image()})
    (tmp_path / damaged).write_text("{", encoding="utf-8")
    with pytest.raises(UnreadableFile, match=f"{damaged}: must be a whole JSON file"):
        judge_selfcheck(JOB, tmp_path / "images.json", [tmp_path / "1" / "record.json"])
