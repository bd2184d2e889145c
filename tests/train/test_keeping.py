"""What is kept of a training that has not ended."""

from __future__ import annotations

import os
from pathlib import Path

from fusebench.contracts.receipts import TrainingProgress
from fusebench.train.keeping import Keeper, begun_stretch, read_progress

PATTERNS = ("ckpt/*.pth",)


def keeper(tmp_path: Path, progress: TrainingProgress | None = None) -> Keeper:
    """Return a keeper of a scratch copy with a folder of checkpoints."""
    work = tmp_path / "work"
    (work / "ckpt").mkdir(parents=True, exist_ok=True)
    known = progress or TrainingProgress(identity="one")
    return Keeper(tmp_path / "seed1.part", work, PATTERNS, known, begun_stretch("cpu"))


def test_checkpoints_are_kept_and_put_back(tmp_path: Path) -> None:
    """The next stretch finds them where the script wrote them, and the time that was spent."""
    first = keeper(tmp_path)
    (first.work / "ckpt/1.pth").write_text("weights")
    first.keep(ended="its time was over")
    (first.work / "ckpt/1.pth").unlink()
    progress = read_progress(first.folder, "one")
    assert progress.stretches[0].ended == "its time was over"
    second = keeper(tmp_path, progress)
    assert second.put_back() == [second.work / "ckpt/1.pth"]
    assert (second.work / "ckpt/1.pth").read_text() == "weights"
    assert len(second.keep(ended="complete").stretches) == 2


def test_a_file_that_is_still_written_waits(tmp_path: Path) -> None:
    """While the script runs, only files at rest are copied; a torn one never is."""
    one = keeper(tmp_path)
    path = one.work / "ckpt/1.pth"
    path.write_bytes(b"PK\x03\x04 not the whole of it")
    one.keep(at_rest=0)
    assert not read_progress(one.folder, "one").kept
    path.write_text("weights")
    one.keep(at_rest=3600)
    assert not read_progress(one.folder, "one").kept
    os.utime(path, (0, 0))
    one.keep(at_rest=3600)
    assert list(read_progress(one.folder, "one").kept) == ["ckpt/1.pth"]


def test_a_later_checkpoint_replaces_an_earlier_one(tmp_path: Path) -> None:
    """A script that overwrites its last checkpoint is kept up with."""
    one = keeper(tmp_path)
    path = one.work / "ckpt/last.pth"
    for content in ("first", "second"):
        path.write_text(content)
        one.keep()
    assert (one.folder / "files/ckpt/last.pth").read_text() == "second"


def test_a_damaged_kept_file_is_not_put_back(tmp_path: Path) -> None:
    """The training then goes on from what is right, or from the beginning."""
    one = keeper(tmp_path)
    (one.work / "ckpt/1.pth").write_text("weights")
    one.keep()
    (one.folder / "files/ckpt/1.pth").write_text("damaged")
    assert keeper(tmp_path, read_progress(one.folder, "one")).put_back() == []


def test_progress_of_another_training_is_removed(tmp_path: Path) -> None:
    """Other data or another commit is another training."""
    one = keeper(tmp_path)
    (one.work / "ckpt/1.pth").write_text("weights")
    one.keep()
    assert read_progress(one.folder, "two") == TrainingProgress(identity="two")
    assert not one.folder.exists()
