"""A method is run on a dataset, and every outcome ends in a record."""

from __future__ import annotations

import dataclasses
import errno
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fusebench.contracts.files import write_stored
from fusebench.contracts.jobs.fusing import CellSpec, Run, WeightRef
from fusebench.contracts.markers import EnvironmentMarker, Manifest, SourceMarker, WeightsMarker
from fusebench.contracts.methods import Convert, Stage
from fusebench.datasets.preparation import prepare_dataset
from fusebench.errors import EnvironmentFailed
from fusebench.fuse import cells
from fusebench.fuse.cells import run_cell
from fusebench.fuse.jobs import finished_record
from fusebench.fuse.records import Cell
from fusebench.images import pixel_sha256, read_image, write_png
from fusebench.sources.repositories import obtain_source
from msgspec.structs import replace

from tests.datasets.made import LOCAL, pixels
from tests.sources.made import commit_files

SCRIPT = """
import argparse, glob, os
import cv2
asked = argparse.ArgumentParser()
for name in ("data", "out", "index"):
    asked.add_argument("--" + name)
asked = asked.parse_args()
for place, path in enumerate(sorted(glob.glob(asked.data + "/ir/*")), 1):
    a, b = cv2.imread(path, 0), cv2.imread(path.replace("/ir/", "/vi/"), 0)
    name = os.path.basename(path) if asked.index is None else "%03d.png" % place
    cv2.imwrite(os.path.join(asked.out, name), (a // 2 + b // 2))
    print("fused", os.path.basename(path))
"""
RUN = Run(
    script="test.py",
    args="--data {work}/in --out {out}",
    stage=Stage(a="in/ir/{name}.png", b="in/vi/{name}.png"),
    collect="{out}/{name}.png",
)
SPEC = CellSpec(
    method="one",
    dataset="d",
    run=RUN,
    weights=[],
    modalities=("infrared", "visible"),
    threads=1,
    minutes=1,
    device="cpu",
)
NAMES = ["p1", "p2", "p3"]


@pytest.fixture(autouse=True)
def _own_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put scratch folders where a test can see that they are removed."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))


@pytest.fixture
def dataset(tmp_path: Path) -> Manifest:
    """Three pairs of gray images."""
    for seed, name in enumerate(NAMES):
        for side in "ab":
            path = tmp_path / "images" / side / f"{name}.png"
            write_png(path, pixels(seed if side == "a" else seed + 9, 40, 48))
    return prepare_dataset("d", LOCAL, tmp_path / "resources/datasets/d", tmp_path)


def cell(root: Path, dataset: Manifest, script: str = SCRIPT, **run: Any) -> Cell:
    """Return the cell of a repository with this script; ``run`` replaces fields of its run."""
    code = root / "code"
    code.mkdir(parents=True, exist_ok=True)
    (code / "test.py").write_text(script)
    source = obtain_source("code", None, root / "resources/sources/code", root)
    python = root / "resources" / "envs" / "e" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    environment = EnvironmentMarker(path=str(python.parents[1]), key="e", env="e")
    spec = replace(SPEC, run=replace(RUN, **run))
    return Cell("d", spec, source, environment, dataset, None, root)


def fused(known: Cell) -> list[str]:
    """Return the names of the fused images of a cell; its scratch folder must be gone."""
    [room] = (known.root / "scratch").iterdir()
    assert list(room.iterdir()) == []
    folder = known.folder / "fused"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_method_fuses_a_dataset(tmp_path: Path, dataset: Manifest) -> None:
    """Fused images are beside the record, in the order of the pairs, with pixel hashes."""
    known = cell(tmp_path, dataset)
    record = run_cell(known)
    assert (record.state, record.reason) == ("ok", "")
    assert [image.name for image in record.images] == NAMES
    assert fused(known) == ["p1.png", "p2.png", "p3.png"]
    for seed, image in enumerate(record.images):
        written, _ = read_image(known.folder / "fused" / image.fused)
        assert pixel_sha256(written) == image.sha256
        assert (written == pixels(seed, 40, 48) // 2 + pixels(seed + 9, 40, 48) // 2).all()
        assert image.seconds is not None
    assert [image.warmup for image in record.images] == [True, False, False]
    assert (record.device, record.seed, record.hash_seed) == ("cpu", 0, 0)
    assert record.started and record.seconds and record.versions["cv2"]
    assert known.log.read_text().splitlines() == [f"fused {name}.png" for name in NAMES]
    assert not known.record.exists()


def test_fused_images_of_an_earlier_run_are_replaced(tmp_path: Path, dataset: Manifest) -> None:
    """Images that a new run does not make are removed; a failed run removes none."""
    known = cell(tmp_path, dataset)
    write_png(known.folder / "fused" / "old.png", pixels(1))
    assert run_cell(known).is_ok and fused(known) == ["p1.png", "p2.png", "p3.png"]
    failing = replace(known.spec, run=replace(known.spec.run, args="--nonsense"))
    assert run_cell(with_spec(known, failing)).state == "crashed"
    assert fused(known) == ["p1.png", "p2.png", "p3.png"]


def with_spec(known: Cell, spec: CellSpec) -> Cell:
    """Return a cell with another spec."""
    return dataclasses.replace(known, spec=spec)


@pytest.mark.parametrize(("size", "processes"), [(1, 3), (2, 2), (3, 1), (5, 1)])
def test_pairs_are_fused_so_many_at_a_time(
    tmp_path: Path, dataset: Manifest, size: int, processes: int
) -> None:
    """The last process is filled up with copies of its last pair; their results are not kept."""
    known = cell(tmp_path, dataset, pairs_per_process=size)
    record = run_cell(known)
    assert [image.name for image in record.images] == NAMES and record.is_ok
    assert fused(known) == ["p1.png", "p2.png", "p3.png"]
    printed = known.log.read_text().splitlines()
    assert len(printed) == size * processes
    assert [line for line in printed if "filler" not in line] == [f"fused {n}.png" for n in NAMES]


def test_a_process_for_one_pair_knows_its_name(tmp_path: Path, dataset: Manifest) -> None:
    """The arguments may hold {name} and {index}; the folder {out} is empty for each process."""
    script = SCRIPT + "\nprint(asked.index, os.listdir(asked.out))\n"
    known = cell(
        tmp_path,
        dataset,
        script.replace('"%03d.png" % place', "os.path.basename(path)"),
        pairs_per_process=1,
        args="--data {work}/in --out {out} --index {name}-{index}",
        first_index=7,
    )
    assert run_cell(known).is_ok
    assert known.log.read_text().splitlines()[1::2] == [f"{n}-7 ['{n}.png']" for n in NAMES]


def test_results_in_another_order_are_refused(tmp_path: Path, dataset: Manifest) -> None:
    """Results numbered backwards are refused: each pair would get the image of another pair."""
    args = {"args": "--data {work}/in --out {out} --index 1", "collect": "{out}/{index:03d}.png"}
    assert run_cell(cell(tmp_path, dataset, **args)).is_ok
    (tmp_path / "code").rename(tmp_path / "forwards")
    record = run_cell(
        cell(
            tmp_path / "again",
            prepared_again(tmp_path),
            SCRIPT.replace('"%03d.png" % place', '"%03d.png" % (4 - place)'),
            **args,
        )
    )
    assert record.state == "bad-output"
    assert "pair 'p1'" in record.reason and "to 'p3' 1.00" in record.reason


def prepared_again(root: Path) -> Manifest:
    """Prepare the dataset of a project in another one."""
    return prepare_dataset("d", LOCAL, root / "again/resources/datasets/d", root)


FAILURES: list[tuple[str, str, str]] = [
    (
        "raise ValueError('broken')",
        "crashed",
        "ended with exit status 1: ValueError: broken (0 of 3",
    ),
    ("import os; os.kill(os.getpid(), 9)", "out-of-memory", "ran out of memory: nothing was print"),
    (
        "raise MemoryError",
        "out-of-memory",
        "ran out of memory: MemoryError (0 of 3 results written)",
    ),
    ("print('nothing done')", "bad-output", "the script left no result; expected first for pair"),
    (
        SCRIPT.replace("    print", "    if place == 2: raise SystemExit(3)\n    print"),
        "crashed",
        "ended with exit status 3: fused p1.png (2 of 3 results written)",
    ),
    (
        SCRIPT.replace("a // 2 + b // 2", "a * 0"),
        "bad-output",
        "pair 'p1': a fused image must hold more than one value; found 0 everywhere",
    ),
    (
        SCRIPT.replace("a // 2 + b // 2", "a[:20]"),
        "bad-output",
        "pair 'p1': a result must have the size 48x40 of its sources; found 48x20",
    ),
]


@pytest.mark.parametrize(("script", "state", "told"), FAILURES)
def test_a_failure_of_the_script_is_a_state(
    tmp_path: Path, dataset: Manifest, script: str, state: str, told: str
) -> None:
    """The reason says what was printed and how far the script got; the log ends with it."""
    known = cell(tmp_path, dataset, script)
    record = run_cell(known)
    assert record.state == state and told in record.reason and record.images == []
    assert known.log.read_text().endswith(f"\nfusebench: {state}: {record.reason}\n")
    assert fused(known) == []


def test_a_script_past_its_limit_is_told_how_to_get_more(tmp_path: Path, dataset: Manifest) -> None:
    """The limit holds for all processes of the cell together."""
    known = cell(tmp_path, dataset, SCRIPT + "\nimport time; time.sleep(60)\n", pairs_per_process=1)
    record = run_cell(with_spec(known, replace(known.spec, minutes=0.05)))
    assert (record.state, record.reason) == (
        "timeout",
        "the script ran past its time limit of 0.05 minutes (1 of 3 results written); raise"
        " `resources.runtime` of the entry",
    )


@pytest.mark.parametrize(
    ("end", "note"),
    [
        (
            "raise ValueError('late')",
            "exit status 1 after every result was written: ValueError: late",
        ),
        (
            "import traceback\ntry: x\nexcept NameError: traceback.print_exc()",
            "a traceback was printed although every result was written: NameError: name 'x'",
        ),
    ],
)
def test_an_unhappy_end_after_the_last_result_is_noted(
    tmp_path: Path, dataset: Manifest, end: str, note: str
) -> None:
    """A failure after the last result is only a note: all images are there and whole."""
    record = run_cell(cell(tmp_path, dataset, f"{SCRIPT}\n{end}\n"))
    assert record.is_ok and len(record.images) == 3
    assert record.notes[0].startswith(note)


@pytest.mark.parametrize(
    ("step", "marker", "state"),
    [
        ("manifest", Manifest(state="skipped", reason="gone"), "skipped"),
        ("source", SourceMarker(state="source-unavailable", reason="gone"), "source-unavailable"),
        ("environment", EnvironmentMarker(state="env-failed", reason="gone"), "env-failed"),
        ("weights", WeightsMarker(state="weights-missing", reason="gone"), "weights-missing"),
    ],
)
def test_the_state_of_a_step_that_failed_is_taken_over(
    tmp_path: Path, dataset: Manifest, step: str, marker: Any, state: str
) -> None:
    """The record has the state and the reason of the failed step, and nothing is run."""
    known = cell(tmp_path, dataset)
    steps: dict[str, Any] = {
        name: getattr(known, name) for name in ("source", "environment", "manifest", "weights")
    }
    record = run_cell(Cell("d", known.spec, **{**steps, step: marker}, root=tmp_path))
    assert (record.state, record.reason, record.versions) == (state, "gone", {})


def test_what_a_step_left_and_somebody_removed_is_told(tmp_path: Path, dataset: Manifest) -> None:
    """The reason names the marker to delete, so that the step is run again."""
    known = cell(tmp_path, dataset)
    python = Path(known.environment.path, "bin", "python")
    python.unlink()
    record = run_cell(known)
    assert (
        record.state == "env-failed" and f"found none: delete {python.parents[1]}" in record.reason
    )
    python.touch()
    Path(known.source.path).rename(tmp_path / "moved")
    record = run_cell(known)
    assert record.state == "source-unavailable"
    assert (
        record.reason
        == f"{known.source.path} is gone: delete {known.source.path}.json and run again"
    )


def test_a_full_disk_is_a_state_of_its_own(
    tmp_path: Path, dataset: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason names the file; any other error of the operating system was not expected."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "results/x.png")

    known = cell(tmp_path, dataset)
    monkeypatch.setattr(cells, "copy_repository", full)
    record = run_cell(known)
    assert (record.state, record.reason) == (
        "crashed",
        "results/x.png is full (No space left on device): free space and run again",
    )

    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(cells, "copy_repository", broken)
    record = run_cell(known)
    assert record.state == "crashed" and "fusebench did not expect this" in record.reason
    assert "Input/output error" in record.reason


LOADS = "open('w.pth').read()\n" + SCRIPT


@pytest.mark.parametrize(
    ("script", "trial", "told", "reached"),
    [
        (LOADS, False, "found neither", False),
        (
            LOADS,
            True,
            "found neither; tried without it, the script starts, imports what it needs and asks for"
            " its weights",
            True,
        ),
        (
            "import nonsense\n" + LOADS,
            True,
            "found neither; tried without it, the script ends before it asks for its weights:"
            " ModuleNotFoundError: No module named 'nonsense'",
            False,
        ),
        (
            "print('resume: w.pth')\nimport urllib.request\n"
            "urllib.request.urlopen('https://nowhere.invalid/resnet.pth')\n" + LOADS,
            True,
            "name the file under `weights:` of the entry, or stage it>",
            False,
        ),
        (
            "print('Downloading: https://nowhere.invalid/w.pth to w.pth')\nimport urllib.request\n"
            "urllib.request.urlopen('https://nowhere.invalid/w.pth')\n" + LOADS,
            True,
            "imports what it needs and asks for its weights",
            True,
        ),
    ],
)
def test_a_method_without_its_weights_says_how_far_it_gets(
    tmp_path: Path, dataset: Manifest, script: str, trial: bool, told: str, reached: bool
) -> None:
    """The trial runs only if it was asked for; the state stays weights-missing.

    A script that printed its options and was then refused another download has not asked; one that
    was refused the download of its weights has.
    """
    known = cell(tmp_path, dataset, script)
    spec = replace(known.spec, weights=[WeightRef(path="w.pth")])
    steps = (known.source, known.environment, known.manifest)
    record = run_cell(Cell("d", spec, *steps, None, tmp_path, trial))
    assert record.state == "weights-missing" and record.reason.endswith(told)
    assert record.reached_weights == reached and fused(known) == []


def test_weights_are_placed_and_those_read_are_told(tmp_path: Path, dataset: Manifest) -> None:
    """Fetched weights are put where the script opens them."""
    known = cell(tmp_path, dataset, LOADS)
    fetched = tmp_path / "resources" / "weights" / "one"
    fetched.mkdir(parents=True)
    (fetched / "w.pth").write_text("trained")
    spec = replace(known.spec, weights=[WeightRef(path="w.pth")])
    steps = (known.source, known.environment, known.manifest)
    weights = WeightsMarker(path=str(fetched))
    record = run_cell(Cell("d", spec, *steps, weights, tmp_path))
    assert record.is_ok and record.weights_read == ["w.pth"] and [*record.weights] == ["w.pth"]


def test_weights_are_held_against_those_declared(tmp_path: Path, dataset: Manifest) -> None:
    """Record and log tell a declared file that was never opened, and one opened without a word."""
    known = cell(tmp_path, dataset, "import cv2\ncv2.FileStorage('used.pth', 0)\n" + SCRIPT)
    for name in ("declared.pth", "used.pth", "spare.pth"):
        Path(known.source.path, name).write_text("%YAML:1.0\n---\na: 1\n")
        (tmp_path / "code" / name).write_text("%YAML:1.0\n---\na: 1\n")
    source = obtain_source("code", None, tmp_path / "resources/sources/code", tmp_path)
    spec = replace(known.spec, weights=[WeightRef(path="declared.pth")])
    steps = (source, known.environment, known.manifest)
    record = run_cell(Cell("d", spec, *steps, None, tmp_path))
    assert record.is_ok and record.weights_read == []
    assert record.notes == [
        "weights that the script never opened: declared.pth; correct the arguments that name them,"
        " or `weights` of the entry",
        "opened, but not declared: used.pth; add to `weights` of the entry what is trained",
    ]
    log = known.log.read_text(encoding="utf-8")
    assert all(f"fusebench: note: {note}\n" in log for note in record.notes)


def test_edits_are_made_in_code_and_data(tmp_path: Path, dataset: Manifest) -> None:
    """The new text of an edit may hold placeholders; the clone stays as it was committed."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "options.txt").write_text("in=/home/me/data\n")
    script = (
        "import sys\nsys.argv += ['--data', open('options.txt').read().strip()[3:], '--out', OUT]\n"
    )
    known = cell(
        tmp_path,
        dataset,
        script + SCRIPT,
        args="",
        edit={"options.txt": [("/home/me/data", "{work}/in")], "test.py": [("OUT", "'{out}'")]},
    )
    record = run_cell(known)
    assert record.is_ok, record.reason
    assert record.edits == known.spec.run.edit
    assert Path(known.source.path, "options.txt").read_text() == "in=/home/me/data\n"


def test_what_was_done_to_images_is_noted_for_each(tmp_path: Path, dataset: Manifest) -> None:
    """Each image has notes on converted sources and on results that were cropped."""
    script = SCRIPT.replace("a // 2 + b // 2", "(a // 2 + b // 2)[:20]")
    record = run_cell(
        cell(tmp_path, dataset, script, size="crop-sources", convert=Convert(b="rgb"))
    )
    assert record.is_ok and {image.size for image in record.images} == {(48, 20)}
    assert [image.notes for image in record.images] == [
        ["B converted to rgb", "measured against the top left 48x20 of its 48x40 sources"]
    ] * 3
    assert np.shape(read_image(tmp_path / "results/runs/one/d/fused/p1.png")[0]) == (20, 48)
    log = (tmp_path / "logs/fuse/one/d.log").read_text(encoding="utf-8")
    assert "fusebench: note: 3 of 3 results smaller than their sources" in log


def test_a_source_of_another_commit_is_refused(tmp_path: Path, dataset: Manifest) -> None:
    """The marker of a clone may be of a commit whose first digits are those of the entry's.

    Nothing is run, and the record of an earlier run is not taken for one of the entry's commit.
    """
    known = cell(tmp_path, dataset)
    pin = commit_files(tmp_path / "code", {})
    source = obtain_source("code", pin, tmp_path / "resources/sources/clone", tmp_path)
    pinned = dataclasses.replace(known, source=source, commit=pin)
    record = run_cell(pinned)
    write_stored(pinned.record, record)
    assert record.is_ok and finished_record(pinned) == record
    other = pin[:-1] + ("1" if pin[-1] == "0" else "0")
    mistyped = dataclasses.replace(pinned, commit=other)
    assert finished_record(mistyped) is None
    record = run_cell(mistyped)
    assert (record.state, record.reason) == (
        "source-unavailable",
        f"code: must be at the commit of the entry, {other}; found {source.path} at"
        f" {pin}: correct `commit` of the entry, or delete {source.path}.json and run"
        " again",
    )


LINKING = """
import atexit, os, shutil
def plant():
    room = os.path.dirname(asked.out)
    os.makedirs(os.path.join(room, "fused"), exist_ok=True)
    shutil.rmtree(asked.out) if {replaces} else None
    os.symlink({target!r}, os.path.join(room, {at!r}))
atexit.register(plant)
"""


@pytest.mark.parametrize("at", ["out", "out/p1.png", "fused/p2.png"])
def test_links_of_a_script_lead_no_step_out_of_its_scratch_folder(
    at: str, tmp_path: Path, dataset: Manifest
) -> None:
    """It replaces its own folder, a result, or a result that is collected next, by a link."""
    private = tmp_path / "user" / "p1.png"
    write_png(private, pixels(77, 40, 48))
    private.parent.chmod(0o700)
    before = (private.read_bytes(), private.stat().st_mtime_ns)
    target = private.parent if at == "out" else private
    planted = LINKING.format(replaces=at == "out", target=str(target), at=at)
    script = SCRIPT.replace("cv2.imwrite(", "name != 'p1.png' and cv2.imwrite(")
    known = cell(
        tmp_path, dataset, (script if at == "out/p1.png" else SCRIPT) + planted, pairs_per_process=1
    )
    record = run_cell(known)
    assert (private.read_bytes(), private.stat().st_mtime_ns) == before
    assert private.parent.stat().st_mode & 0o777 == 0o700
    private_pixels = pixel_sha256(pixels(77, 40, 48))
    assert private_pixels not in {image.sha256 for image in record.images}
    assert record.state == ("ok" if at == "fused/p2.png" else "bad-output")


def test_links_out_of_a_repository_are_left_out_and_told(tmp_path: Path, dataset: Manifest) -> None:
    """The record has a note with the links; the images are staged in the copy."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "code" / "in").mkdir(parents=True)
    (tmp_path / "code" / "in" / "ir").symlink_to(tmp_path / "pictures")
    known = cell(tmp_path, dataset)
    pin = commit_files(tmp_path / "code", {})
    source = obtain_source("code", pin, tmp_path / "resources/sources/clone", tmp_path)
    record = run_cell(dataclasses.replace(known, source=source))
    assert record.is_ok and list((tmp_path / "pictures").iterdir()) == []
    note = f"links that lead out of the repository were left out: in/ir -> {tmp_path}/pictures"
    assert note in record.notes


def test_a_prepared_image_that_is_gone_stops_no_other_cell(
    tmp_path: Path, dataset: Manifest
) -> None:
    """What fusebench did not expect is a state of this cell alone; the log has the exception."""
    known = cell(tmp_path, dataset)
    Path(dataset.path, "a", "p2.png").unlink()
    record = run_cell(known)
    assert not record.is_ok and "a/p2.png" in record.reason


@pytest.mark.parametrize(
    "error", [KeyError("x"), PermissionError(13, "denied", "f"), MemoryError()]
)
def test_an_unexpected_exception_is_the_state_of_its_cell(
    error: Exception, tmp_path: Path, dataset: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the job would die, be tried three times, and end without a reason."""

    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr("fusebench.fuse.cells.copy_repository", broken)
    known = cell(tmp_path, dataset)
    record = run_cell(known)
    assert record.state == ("out-of-memory" if isinstance(error, MemoryError) else "crashed")
    assert type(error).__name__ in known.log.read_text() and "Traceback" in known.log.read_text()


def test_a_script_in_a_damaged_environment_is_not_blamed(
    tmp_path: Path, dataset: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that is gone is a state of the environment; the reason quotes the script too."""

    def damaged(_: object) -> None:
        raise EnvironmentFailed("classical: 1 file(s) of the environment must be as they were")

    monkeypatch.setattr("fusebench.fuse.cells.refuse_damaged", damaged)
    record = run_cell(cell(tmp_path, dataset, "import no_such_module"))
    assert record.state == "env-failed"
    assert "1 file(s) of the environment" in record.reason and "no_such_module" in record.reason
    assert run_cell(cell(tmp_path / "other", dataset)).is_ok


GARBAGE = {
    "garbage.npy": b"\x93NUMPY\x01\x00garbage",
    "object.npy": b"\x93NUMPY\x01\x00F\x00"
    b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }            \n",
    "garbage.mat": b"MATLAB 5.0 MAT-file" + b"\xff" * 200,
    "empty.mat": b"x",
    "garbage.png": b"\x89PNG\r\n\x1a\ngarbage",
    "garbage.tif": b"II*\x00\xff\xff\xff\xff",
    "garbage.webp": b"RIFF\xff\xff\xff\xffWEBPVP8 ",
    "garbage.gif": b"GIF89a\xff\xff\xff\xff",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_as_a_result_is_a_bad_output(name: str, tmp_path: Path, dataset: Manifest) -> None:
    """Whatever a script leaves under the name of a result, its cell has a record with a state."""
    content, suffix = GARBAGE[name], Path(name).suffix
    write = f"open(os.path.join(asked.out, name[:-4] + {suffix!r}), 'wb').write({content!r}); ()"
    script = SCRIPT.replace("cv2.imwrite(os.path.join(asked.out, name), (a // 2 + b // 2))", write)
    record = run_cell(cell(tmp_path, dataset, script, collect="{out}/{name}" + suffix))
    assert record.state == "bad-output", record.reason
