"""``fusebench try`` on miniature projects: its steps, its verdict and its exit status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fusebench.authoring.trial import smallest
from fusebench.command import main
from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import Record
from fusebench.layout import dataset_marker
from numpy.typing import NDArray

from tests.flow.projects import MiniProject, image
from tests.flow.test_wiring import MEAN, READ

SCRIPT = (
    READ
    + MEAN
    + """
for name in os.listdir('test/ir'):
    save(os.path.join('results', name), read('test/ir/' + name), read('test/vi/' + name))
"""
)
RUN = {
    "script": "test.py",
    "stage": {"a": "test/ir/{name}.png", "b": "test/vi/{name}.png"},
    "collect": "results/{name}.png",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> MiniProject:
    """A project whose suite has no method: `try` needs none."""
    root = tmp_path_factory.mktemp("trial") / "project"
    made = MiniProject.create(root, environments)
    made.config["suites"]["mini"]["methods"] = "multi-focus"
    return made


def tried(
    project: MiniProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    run: dict[str, Any],
    files: dict[str, bytes] | None = None,
    **entry: Any,
) -> tuple[int, list[str]]:
    """Try a method with this ``run``; return the exit status and the lines printed."""
    project.config["suites"]["mini"]["methods"] = []
    project.methods.clear()
    content: dict[str, str | bytes] = {"test.py": SCRIPT, **(files or {})}
    project.add_method("one", content, {**RUN, **run}, **entry)
    project.config["suites"]["mini"]["methods"] = "multi-focus"
    project.write()
    monkeypatch.chdir(project.root)
    mirror = f"{project.root}/mirrors/{{owner}}+{{name}}"
    status = main(["try", "one", "pairs", "--mirror", mirror])
    return status, capsys.readouterr().out.splitlines()


def test_a_right_entry(
    project: MiniProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each step is told, the last line is the verdict, and two pairs have results."""
    status, lines = tried(project, monkeypatch, capsys, {})
    assert (status, lines[-1]) == (0, "OK: one on 2 pair(s) of pairs has results"), lines
    assert [line for line in lines if line.startswith("environment classical")]
    record = read_stored(Path("results/try/one/pairs/record.json"), Record)
    assert record.is_ok and len(record.images) == 2
    assert not Path("results/runs").exists()


def test_wrong_folders(
    project: MiniProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict names the step and the field, and the lines above the value that would fit."""
    stage = {"a": "data/ir/{name}.png", "b": "data/vi/{name}.png"}
    status, lines = tried(project, monkeypatch, capsys, {"stage": stage})
    assert status == 1
    assert '  proposal: run.stage.a: "test/ir/{name}.png"' in lines
    assert "step `script`: crashed" in lines[-1] and "`run.stage" in lines[-1]


def test_wrong_results(
    project: MiniProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the script wrote its results is proposed for `collect`."""
    status, lines = tried(project, monkeypatch, capsys, {"collect": "fused/{name}.png"})
    assert status == 1
    assert '  proposal: run.collect: "results/{name}.png"' in lines or "results" in lines[-1]


def test_a_step_before_the_script(
    project: MiniProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A commit that the repository has not got ends at the first step."""
    status, lines = tried(project, monkeypatch, capsys, {}, commit="0" * 40)
    assert status == 1 and "the step `source`: source-unavailable" in lines[-1]
    assert lines[-1].endswith("change `code, commit` of the entry")


def test_the_smallest_pairs_are_taken(project: MiniProject) -> None:
    """They stay in the order of the dataset, and the hash is not that of the whole dataset."""
    whole = read_stored(project.root / dataset_marker("pairs"), Manifest)
    few = smallest(whole, 2)
    assert [pair.name for pair in few.pairs] == ["p1", "p2"] and few.sha256 != whole.sha256


def test_an_unknown_method(
    project: MiniProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that no entry has is refused with the near ones."""
    monkeypatch.chdir(project.root)
    assert main(["try", "onee"]) == 1
    assert "did you mean 'one'" in capsys.readouterr().err


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Return an image as the bytes of a PNG file."""
    return bytes(cv2.imencode(".png", pixels)[1])


def test_a_self_check(
    project: MiniProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its verdict stands in the last line, and one that differs is a failure."""
    a, b = image(1), image(2)
    mean = np.rint((a.astype(float) + b) / 2).astype(np.uint8)
    files = {"own/ir/s.png": png(a), "own/vi/s.png": png(b)}
    check = {"inputs": {"a": "own/ir", "b": "own/vi"}, "expect": "own/fused"}
    right = {**files, "own/fused/s.png": png(mean)}
    status, lines = tried(project, monkeypatch, capsys, {}, right, selfcheck=check)
    assert (status, lines[-1].partition("; ")[2]) == (0, "self-check committed: exact"), lines
    wrong = {**files, "own/fused/s.png": png(np.flipud(mean).copy())}
    status, lines = tried(project, monkeypatch, capsys, {}, wrong, selfcheck=check)
    assert status == 1 and "has results, but self-check committed: differs" in lines[-1]
    assert any(line.startswith("  s differs most: by ") for line in lines), lines
