"""A cell of MATLAB code: it runs in the sandbox, and its record says with which Octave."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.markers import EnvironmentMarker, Manifest, OctaveFacts
from fusebench.contracts.methods import Stage
from fusebench.fuse.cells import run_cell
from fusebench.fuse.records import Cell, identity
from msgspec.structs import replace

from tests.fuse.test_cells import NAMES, cell, dataset

__all__ = ["dataset"]

FUNCTION = "function img = run_X(imgVI, imgIR, visualization)\nimg = imread(imgVI.img);\nend\n"


@pytest.fixture(autouse=True)
def _own_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))


def matlab_cell(root: Path, images: Manifest, octave: Path | None, **run: object) -> Cell:
    """Return the cell of a function in an environment with this program for Octave."""
    function = root / "code" / "m" / "run_X.m"
    function.parent.mkdir(parents=True, exist_ok=True)
    function.write_text(FUNCTION)
    known = cell(root, images)
    stage = Stage(a="in/ir/{name}.png", b="in/vi/{name}.png")
    fields = {"function": "m/run_X.m", "cwd": "m", "collect": "{out}/{name}.png", **run}
    spec = replace(known.spec, run=Run(stage=stage, **fields))  # type: ignore[arg-type]
    environment = known.environment
    if octave:
        link = Path(environment.path) / "bin" / "octave-cli"
        link.symlink_to(octave)
        facts = OctaveFacts(
            version="7.3.0",
            executable=str(octave),
            origin="the machine",
            packages={"image": "2.14.0"},
        )
        environment = replace(environment, octave=facts)
    return dataclasses.replace(known, spec=spec, environment=environment)


def test_a_function_fuses_a_dataset(tmp_path: Path, dataset: Manifest, octave: Path) -> None:
    """Each pair has its result and its time; the record has Octave and its packages."""
    record = run_cell(matlab_cell(tmp_path, dataset, octave))
    assert [image.name for image in record.images] == NAMES, record.reason
    assert all(image.seconds is not None for image in record.images)
    assert record.environment.octave and record.environment.octave.packages == {"image": "2.14.0"}
    assert record.versions["octave"] == "7.3.0"


def test_another_octave_is_another_cell(tmp_path: Path, dataset: Manifest, octave: Path) -> None:
    """Results of two versions of Octave are not taken for each other."""
    known = matlab_cell(tmp_path, dataset, octave)
    assert known.environment.octave
    newer = replace(known.environment.octave, version="8.4.0")
    environment: EnvironmentMarker = replace(known.environment, octave=newer)
    assert identity(known) != identity(dataclasses.replace(known, environment=environment))


def test_an_edit_changes_the_code(tmp_path: Path, dataset: Manifest, octave: Path) -> None:
    """Texts of .m files are replaced in the scratch copy, before the code is started."""
    edit = {"m/run_X.m": [("imread(imgVI.img)", "error('edited')")]}
    record = run_cell(matlab_cell(tmp_path, dataset, octave, edit=edit))
    assert record.state == "crashed" and "error: 'ftrans2' undefined" in record.reason


def test_an_environment_without_octave_is_refused(tmp_path: Path, dataset: Manifest) -> None:
    """The message names the environment, before anything is started."""
    record = run_cell(matlab_cell(tmp_path, dataset, None))
    assert record.state == "env-failed"
    assert record.reason == (
        "MATLAB code needs an environment with `octave`; found e, which has none: name another"
        " `env` in the entry, such as octave"
    )
