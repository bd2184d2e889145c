"""Weights from outside: what a run says of them, and what it does when a file is exchanged."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import pytest
from fusebench.command import main

from tests.flow.projects import MiniProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS

PAGE = "https://pan.example.org/s/1"
RECORD = "results/runs/far/pairs/record.json"
READS = f"open('m/a.pth', 'rb').read()\n{ARGPARSE}"


def _model(number: int) -> bytes:
    return pickle.dumps({"layer": [number]}, protocol=2)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def far(project: MiniProject) -> MiniProject:
    """A project with a method whose weights only a person can download."""
    weights = [{"path": "m/a.pth", "page": PAGE, "password": "abcd"}]
    project.add_method("far", {"test.py": READS}, BY_OPTIONS, weights=weights)
    return project


def test_a_person_brings_the_weights_of_a_method(far: MiniProject, tmp_path: Path) -> None:
    """The run ends with page, code and command; then the file is placed, pinned and told of."""
    done = far.snakemake(RECORD)
    told = done.stdout + done.stderr
    assert done.returncode != 0 and far.record("far")["state"] == "weights-missing"
    assert f"m/a.pth: must be downloaded by hand from {PAGE} (code abcd)" in told
    assert "then run `fusebench weights far a.pth`" in told and "Traceback" not in told
    file = tmp_path / "from the browser"
    file.write_bytes(_model(1))
    assert main(["weights", "far", str(file), "--project", str(far.root)]) == 0
    done = far.snakemake(write=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told_of = {"m/a.pth": {"origin": "by hand", "source": "by hand", "pinned": True}}
    assert far.record("far")["weights_from"] == told_of
    table = (far.root / "results/tables/mini/pairs.md").read_text(encoding="utf-8")
    assert f"weights by hand: m/a.pth (sha256 {_sha256(_model(1))[:12]})" in table
    assert not {"fetch_weights", "fuse"} & far.jobs(far.snakemake(write=False)).keys()


def test_an_exchanged_file_is_noticed(far: MiniProject) -> None:
    """Unpinned, the method runs again with the new file; pinned, the new file is refused.

    To pin the file that was used runs nothing again: the record says that it is pinned now.
    """
    file = far.root / "resources/weights/far/m/a.pth"
    file.parent.mkdir(parents=True)
    file.write_bytes(_model(1))
    assert far.snakemake(RECORD).returncode == 0
    assert not far.record("far")["weights_from"]["m/a.pth"]["pinned"]
    file.write_bytes(_model(2))
    assert far.snakemake(RECORD).returncode == 0
    assert far.record("far")["weights"] == {"m/a.pth": _sha256(_model(2))}
    before = far.record("far")
    assert main(["pin", "far", "--project", str(far.root)]) == 0
    assert far.snakemake(RECORD, write=False).returncode == 0
    after = far.record("far")
    assert after["weights_from"]["m/a.pth"]["pinned"]
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"cell", "spec", "weights_from"}
    file.write_bytes(_model(3))
    assert far.snakemake(RECORD, write=False).returncode != 0
    assert far.record("far")["state"] == "weights-missing"
    assert f"must have the sha256 {_sha256(_model(2))}" in far.record("far")["reason"]


def test_a_method_that_cannot_be_run_is_told_in_one_line(project: MiniProject) -> None:
    """Asked for by its record, it gives its state, its links and the next step: no traceback."""
    project.add_method("far", {"test.py": ARGPARSE}, BY_OPTIONS)
    del project.methods["far"]["run"], project.methods["far"]["env"]
    project.methods["far"] |= {"status": "weights-external", "reason": "far", "links": [PAGE]}
    done = project.snakemake(RECORD)
    assert done.returncode != 0
    assert f"far cannot be run: weights-external: far; see {PAGE}; its entry must" in done.stderr
    assert "Nothing was run." in done.stderr and "Traceback" not in done.stderr
