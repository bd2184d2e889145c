"""Which of the files that a training script wrote are the trained weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fusebench.errors import BadOutput
from fusebench.train.checkpoints import chosen_files, is_torn, known_files, matching

PATTERN = {"model/best.pth": "runs/**/epoch_*.pth"}


def write(work: Path, *names: str) -> None:
    """Write small files below a scratch copy."""
    for name in names:
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_the_last_in_natural_order_is_chosen(tmp_path: Path) -> None:
    """Epoch 10 comes after epoch 9."""
    write(tmp_path, "runs/a/epoch_9.pth", "runs/a/epoch_10.pth")
    chosen = chosen_files(PATTERN, tmp_path, {})
    assert chosen == {"model/best.pth": tmp_path / "runs/a/epoch_10.pth"}


def test_a_committed_file_is_no_checkpoint(tmp_path: Path) -> None:
    """What lay there before counts only if the script wrote it again."""
    write(tmp_path, "runs/a/epoch_9.pth")
    before = known_files(tmp_path, PATTERN.values())
    with pytest.raises(BadOutput, match=r"must have written runs/\*\*/epoch_\*.pth; found a"):
        chosen_files(PATTERN, tmp_path, before)
    (tmp_path / "runs/a/epoch_9.pth").write_text("trained")
    assert chosen_files(PATTERN, tmp_path, before)


def test_a_file_that_was_cut_off_is_torn(tmp_path: Path) -> None:
    """The directory of a zip file comes last; an empty file is no checkpoint either."""
    whole, cut, empty = (tmp_path / f"{name}.npz" for name in ("whole", "cut", "empty"))
    with whole.open("wb") as stream:
        np.savez(stream, weights=np.arange(1000))
    cut.write_bytes(whole.read_bytes()[:-100])
    empty.touch()
    assert [is_torn(path) for path in (whole, cut, empty, tmp_path / "none")] == [
        False,
        True,
        True,
        True,
    ]


def test_links_out_of_the_copy_are_no_checkpoints(tmp_path: Path) -> None:
    """A script could link to any file of the user."""
    work, secret = tmp_path / "work", tmp_path / "secret.pth"
    secret.write_text("secret")
    (work / "runs").mkdir(parents=True)
    (work / "runs/epoch_1.pth").symlink_to(secret)
    assert matching(work, "runs/*.pth") == []
