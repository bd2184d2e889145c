"""What a script read and wrote is told by the times of the files, whoever read or wrote them."""

from __future__ import annotations

import dataclasses
import mmap
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from fusebench.contracts.markers import Manifest
from fusebench.contracts.methods import Stage
from fusebench.errors import BadOutput
from fusebench.fuse import access_times
from fusebench.fuse.access_times import ScratchCopy, keeps_access_times
from fusebench.fuse.cells import run_cell
from fusebench.fuse.staging import StagedPair
from fusebench.fuse.traces import NONE_SEEN, UNSEEN, Traces
from fusebench.images import write_png
from PIL import Image

from tests.datasets.made import pixels
from tests.fuse.test_cells import NAMES, SCRIPT, cell, dataset

__all__ = ["dataset"]

Reading = Callable[[Path], object]


def mapped(path: Path) -> bytes:
    """Read a file through a memory map, as readers of large arrays do."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as content:
        return content[:]


def linked(path: Path) -> bytes:
    """Read a file under another name."""
    os.link(path, path.with_name("hard"))
    path.with_name("soft").symlink_to(path.with_name("hard"))
    return path.with_name("soft").read_bytes()


READINGS: list[Reading] = [
    Path.read_bytes,
    lambda path: cv2.imread(str(path)),
    lambda path: Image.open(path).size,
    lambda path: subprocess.run(["cat", path], capture_output=True, check=True),
    lambda path: shutil.copyfile(path, path.with_name("copy")),
    lambda path: path.rename(path.with_name("moved")),
    Path.unlink,
    mapped,
    linked,
]
NO_READINGS: list[Reading] = [Path.stat, lambda path: [*path.parent.iterdir()], Path.resolve]


@pytest.fixture(autouse=True)
def _access_times(tmp_path: Path) -> None:
    """Skip the tests where the temporary folder keeps no access times."""
    if not keeps_access_times(tmp_path):
        pytest.skip("needs a file system that keeps access times")


@pytest.fixture
def pair(tmp_path: Path) -> StagedPair:
    """One pair beside a committed image, none of them marked."""
    work = tmp_path / "work"
    for name in ("a/p.png", "b/p.png", "samples/1.png"):
        write_png(work / name, pixels(1))
    return StagedPair("p", work / "a/p.png", work / "b/p.png", work / "f/p.png", ())


@pytest.fixture
def traces(pair: StagedPair) -> Traces:
    """The traces of a script that has done nothing yet."""
    found = Traces(ScratchCopy.of(pair.a.parents[1]))
    found.mark_staged([pair])
    return found


@pytest.mark.parametrize("reading", READINGS)
def test_every_way_of_reading_is_seen(pair: StagedPair, traces: Traces, reading: Reading) -> None:
    """A library of C, a child process, a memory map and another name of the file all count.

    A file that was moved or removed counts as read: nothing more can be known of it.
    """
    reading(pair.a)
    pair.b.read_bytes()
    assert traces.unread([pair]) == ""


@pytest.mark.parametrize("looking", NO_READINGS)
def test_looking_at_a_name_is_no_reading(
    pair: StagedPair, traces: Traces, looking: Reading
) -> None:
    """Listing a folder or asking for a size opens nothing."""
    looking(pair.a)
    pair.b.read_bytes()
    assert traces.unread([pair]) == (
        "the script never read 1 of 2 staged source images, first a/p.png (source image A of pair"
        " 'p'): correct `run.stage`"
    )


def test_images_of_the_repository_that_were_read_instead_are_named(
    pair: StagedPair, traces: Traces
) -> None:
    """Those that were not read, and those that lie where an image was staged, are not named."""
    (traces.work / "samples" / "1.png").read_bytes()
    assert "; it read samples/1.png of the repository: correct" in traces.unread([pair])
    pair.b.read_bytes()
    assert "; it read samples/1.png of the repository: correct" in traces.unread([pair])


def test_times_of_writing_stay(pair: StagedPair) -> None:
    """A script may sort its inputs by the time of writing."""
    before = pair.a.stat().st_mtime_ns
    Traces(ScratchCopy.of(pair.a.parents[1]))
    assert pair.a.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "bringing",
    [
        lambda source, result: result.symlink_to(source),
        os.link,
        lambda source, result: source.rename(result),
    ],
)
@pytest.mark.parametrize("source", ["a/p.png", "samples/1.png"])
def test_a_file_that_was_there_before_is_no_result(
    pair: StagedPair, traces: Traces, source: str, bringing: Callable[[Path, Path], None]
) -> None:
    """A staged image, or an image of the repository, that was moved or linked is refused."""
    pair.result.parent.mkdir()
    bringing(traces.work / source, pair.result)
    with pytest.raises(BadOutput) as caught:
        traces.refuse_unwritten([pair])
    assert str(caught.value) == (
        f"pair 'p': a result must be written by the script; found {source}, which was there before"
        " it started, at f/p.png: correct `run.collect`"
    )


def test_a_file_that_was_written_over_is_a_result(pair: StagedPair, traces: Traces) -> None:
    """Whether it is new, or was there before, does not matter."""
    write_png(pair.result, pixels(1))
    traces.refuse_unwritten([pair])
    over = dataclasses.replace(pair, result=traces.work / "samples" / "1.png")
    write_png(over.result, pixels(2))
    traces.refuse_unwritten([over])


def test_without_access_times_nothing_counts_as_unread(
    pair: StagedPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the probe shows that reading leaves no trace, no script is accused."""
    monkeypatch.setattr(access_times, "_read", lambda stream: stream.fileno())
    assert not keeps_access_times(pair.a.parent)
    traces = Traces(ScratchCopy.of(pair.a.parents[1]))
    traces.mark_staged([pair])
    assert not traces.sees_reads and traces.unread([pair]) == ""
    assert not list(traces.work.parent.glob("probe"))


def committed(root: Path) -> None:
    """Commit the authors' samples under the names of the pairs."""
    for name in NAMES:
        for side in ("ir", "vi"):
            write_png(root / "code" / "samples" / side / f"{name}.png", pixels(7, 40, 48))


@pytest.mark.parametrize("size", [2, 3])
def test_a_run_on_the_authors_samples_is_bad_output(
    tmp_path: Path, dataset: Manifest, size: int
) -> None:
    """The images were staged elsewhere than where the script looks; the samples are named."""
    committed(tmp_path)
    record = run_cell(
        cell(tmp_path, dataset, args="--data samples --out {out}", pairs_per_process=size)
    )
    count = 2 * size
    assert (record.state, record.reason) == (
        "bad-output",
        f"the script never read {count} of {count} staged source images, first in/ir/p1.png (source"
        " image A of pair 'p1'); it read samples/ir/p1.png, samples/ir/p2.png, samples/ir/p3.png of"
        " the repository: correct `run.stage`",
    )


def test_missing_results_of_images_that_were_not_read_say_so(
    tmp_path: Path, dataset: Manifest
) -> None:
    """The script found nothing, because the images are not where it looks."""
    record = run_cell(cell(tmp_path, dataset, args="--data elsewhere --out {out}"))
    assert record.state == "bad-output"
    assert record.reason.startswith("the script left no result; ")
    assert "; the script never read 6 of 6 staged source images, first in/ir/" in record.reason


FIRST_COPY = """
    first = path.replace("-filler0", "")
    a, b = cv2.imread(first"""


@pytest.mark.parametrize("size", [1, 2])
def test_a_script_that_is_given_some_pairs_at_a_time_is_right(
    tmp_path: Path, dataset: Manifest, size: int
) -> None:
    """Pairs of other processes are not held against it, nor are copies that fill the last one."""
    script = SCRIPT.replace("    a, b = cv2.imread(path", FIRST_COPY)
    record = run_cell(cell(tmp_path, dataset, script, pairs_per_process=size))
    assert (record.state, record.notes) == ("ok", [])


def test_one_side_that_is_not_read_is_bad_output(tmp_path: Path, dataset: Manifest) -> None:
    """The other side alone gives a result, but no fused one."""
    script = SCRIPT.replace('path.replace("/ir/", "/vi/")', "path")
    record = run_cell(cell(tmp_path, dataset, script))
    assert record.reason.startswith(
        "the script never read 3 of 6 staged source images, first in/vi/p1.png (source image B"
    )


def test_a_staged_image_as_result_is_bad_output(tmp_path: Path, dataset: Manifest) -> None:
    """The script links its input into the folder of results."""
    script = SCRIPT + "    os.remove(os.path.join(asked.out, name))\n"
    script += "    os.symlink(path, os.path.join(asked.out, name))\n"
    record = run_cell(cell(tmp_path, dataset, script))
    assert (record.state, record.reason) == (
        "bad-output",
        "pair 'p1': a result must be written by the script; found in/ir/p1.png, which was there"
        " before it started, at ../out/p1.png: correct `run.collect`",
    )


def test_the_record_says_where_reads_cannot_be_seen(
    tmp_path: Path, dataset: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for all processes; the run itself is as good as any.

    The launcher sees what the script itself opens, and its word is passed on.
    """
    monkeypatch.setattr("fusebench.fuse.access_times.keeps_access_times", lambda _: False)
    committed(tmp_path)
    record = run_cell(cell(tmp_path, dataset, pairs_per_process=1))
    assert (record.state, record.notes) == ("ok", [UNSEEN])
    record = run_cell(cell(tmp_path, dataset, args="--data samples --out {out}"))
    assert (record.state, record.notes) == ("suspicious", [NONE_SEEN])


def test_other_places_of_staged_images_are_seen_too(tmp_path: Path, dataset: Manifest) -> None:
    """Images may be staged at the top of the copy, and in another format."""
    script = SCRIPT.replace('asked.data + "/ir/*"', '"ir_*"').replace("/ir/", "ir_")
    script = script.replace('"/vi/"', '"vi_"')
    stage = Stage(a="ir_{name}.bmp", b="vi_{name}.bmp")
    record = run_cell(cell(tmp_path, dataset, script, stage=stage, collect="{out}/ir_{name}.bmp"))
    assert (record.state, record.reason) == ("ok", "")
