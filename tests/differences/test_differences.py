"""``fusebench diff``: which cells differ between two results, by how much, and why."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path
from typing import Any

import pytest
from fusebench.command import main
from fusebench.contracts.files import write_stored
from fusebench.contracts.records import (
    EnvironmentFacts,
    FusedImage,
    Hardware,
    Inputs,
    Record,
    SourceFacts,
)
from fusebench.differences.comparing import SAME_IMAGES, UNTOLD, difference
from fusebench.differences.results import results_of
from fusebench.layout import record_path


def hardware(gpu: str | None) -> Hardware:
    """A processor, and a GPU or none."""
    return Hardware(cpu="a processor", gpu=gpu, driver=None, threads=2)


FIRST: dict[str, Any] = {
    "method": "one",
    "dataset": "pairs",
    "spec": "spec",
    "state": "ok",
    "reason": "",
    "device": "cpu",
    "seed": 0,
    "source": SourceFacts(commit="a" * 40),
    "environment": EnvironmentFacts(env="torch", key="key"),
    "versions": {"torch": "2.1", "numpy": "1.26"},
    "weights": {"x.pth": "w" * 64},
    "inputs": Inputs(dataset="d" * 64, pairs=2),
    "hardware": hardware(None),
}
HEAD = "method,dataset,image,metric,definition,value\n"


def images(*hashes: str) -> list[FusedImage]:
    """Fused images i0, i1, ... with these hashes."""
    return [
        FusedImage(name=f"i{number}", size=(4, 4), fused=f"i{number}.png", mode="gray", sha256=one)
        for number, one in enumerate(hashes)
    ]


def write(root: Path, *records: dict[str, Any], values: tuple[float, ...] = (1.0, 3.0)) -> Path:
    """Write a project's results: a record for each set of fields, and EN of its images."""
    lines = [HEAD]
    for fields in records:
        record = Record(**(FIRST | {"images": images("h0", "h1")} | fields))
        write_stored(root / record_path(record.method, record.dataset), record)
        lines += [
            f"{record.method},{record.dataset},i{number},EN,canonical,{value}\n"
            for number, value in enumerate(values)
        ]
    (root / "results" / "measures.csv").write_text("".join(lines))
    return root


def changed(tmp_path: Path, new: dict[str, Any], **options: Any) -> Any:
    """The cell that differs between the first results and those with ``new`` fields."""
    old_root, new_root = write(tmp_path / "old", {}), write(tmp_path / "new", new, **options)
    with results_of(old_root) as old, results_of(new_root) as after:
        (cell,) = difference(old, after).changed
    return cell


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"source": SourceFacts(commit="b" * 40)}, "source: aaaaaaaaaaaa -> bbbbbbbbbbbb"),
        (
            {
                "environment": EnvironmentFacts(env="torch", key="other"),
                "versions": {"torch": "2.13", "numpy": "1.26"},
            },
            "environment: torch 2.1 -> 2.13",
        ),
        (
            {"environment": EnvironmentFacts(env="torch", key="other")},
            "environment: torch key -> other",
        ),
        ({"inputs": Inputs(dataset="e" * 64)}, "source images: dddddddddddd -> eeeeeeeeeeee"),
        ({"weights": {"x.pth": "v" * 64}}, "weights: x.pth"),
        ({"hardware": hardware("H100"), "device": "cuda"}, "device: cpu -> H100"),
        ({"seed": 7}, "seed: 0 -> 7"),
        ({"compat": ["numpy-aliases"]}, "shims: none -> numpy-aliases"),
        ({"spec": "other"}, "entry: its arguments, staging or another field of `run`"),
        ({}, UNTOLD),
    ],
)
def test_the_cause_of_other_images_is_named(
    tmp_path: Path, fields: dict[str, Any], cause: str
) -> None:
    """Each thing that decides a result is told with what it was and what it is."""
    cell = changed(tmp_path, {"images": images("h0", "other"), **fields})
    assert cell.causes == [cause]
    assert (cell.images, cell.compared) == (1, 2)


def test_the_same_images_with_other_values_are_the_metrics(tmp_path: Path) -> None:
    """The mean is over the images of both; a value without an image in the other is left out."""
    cell = changed(tmp_path, {}, values=(1.0, 5.0, 100.0))
    assert cell.causes == [SAME_IMAGES] and cell.images == 0
    (mean,) = cell.means
    assert (mean.metric, mean.old, mean.new) == ("EN", 2.0, 3.0)


def test_another_state_is_a_difference(tmp_path: Path) -> None:
    """A run that failed has no images to compare."""
    cell = changed(tmp_path, {"state": "crashed", "reason": "x", "images": []}, values=())
    assert cell.states == ("ok", "crashed") and cell.compared == 0


def test_noise_and_times_are_none(tmp_path: Path) -> None:
    """Sums of another order and other seconds are no difference."""
    old_root = write(tmp_path / "old", {"seconds": 1.0})
    new_root = write(tmp_path / "new", {"seconds": 9.0}, values=(1.0, 3.0 + 1e-12))
    with results_of(old_root) as old, results_of(new_root) as new:
        found = difference(old, new)
    assert (found.changed, found.same) == ([], 1)


def test_the_command_prints_cells_causes_and_means(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cells of one side only come first; the exit status tells a difference where it is asked."""
    old = write(tmp_path / "old", {}, {"method": "gone"})
    new = write(tmp_path / "new", {"seed": 7, "images": images("h0", "x")}, values=(1.0, 4.0))
    assert main(["diff", str(old), str(new)]) == 0
    assert capsys.readouterr().out == (
        f"only in {old}: gone on pairs\n"
        "one on pairs: ok\n"
        "  seed: 0 -> 7\n"
        "  images: 1 of 2 differ\n"
        "  EN: 2 -> 2.5 (20.0%)\n"
        "1 cell changed, 0 the same\n"
    )
    assert main(["diff", str(old), str(new), "--exit-code"]) == 3
    assert main(["diff", str(old), str(old), "--exit-code"]) == 0


@pytest.mark.parametrize("zipped", [False, True])
def test_an_archive_is_read_like_a_folder(tmp_path: Path, zipped: bool) -> None:
    """Records and values are taken out of it, also where the values are compressed."""
    root = write(tmp_path / "project", {})
    if zipped:
        values = root / "results" / "measures.csv"
        with gzip.open(f"{values}.gz", "wt") as file:
            file.write(values.read_text())
        values.unlink()
    packed = tmp_path / "archive.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(root, "fusebench-results")
    with results_of(packed) as old, results_of(root / "results") as new:
        assert old.records == new.records and old.values == new.values
        assert list(old.values["one", "pairs"].values()) == [1.0, 3.0]


def test_a_place_without_results_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what must be there, and what to do."""
    assert main(["diff", str(tmp_path), str(tmp_path)]) == 1
    assert "found no record in results/runs; run `snakemake` there" in capsys.readouterr().err
    (tmp_path / "x.tar.gz").write_bytes(b"no archive")
    assert main(["diff", str(tmp_path / "x.tar.gz"), str(tmp_path)]) == 1
    assert "must be an archive of results" in capsys.readouterr().err
