"""``fuse.py`` as the pipeline starts it: one process, two input folders, one output folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import fuse
import numpy as np
import pytest
from numpy.typing import NDArray

SCRIPT = Path(fuse.__file__)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Folders ``a`` (gray) and ``b`` (RGB) with the pairs ``one`` and ``two``."""
    random = np.random.RandomState(0)
    for name in ("one", "two"):
        save(tmp_path / "a" / f"{name}.png", random.randint(0, 256, (21, 30)).astype(np.uint8))
        save(tmp_path / "b" / f"{name}.png", random.randint(0, 256, (21, 30, 3)).astype(np.uint8))
    return tmp_path


def save(path: Path, image: NDArray[np.integer[Any]]) -> None:
    """Write an image, and make its folder if needed."""
    path.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(path), image)


def run(folder: Path, method: str) -> int:
    """Run the command on the folders ``a`` and ``b``."""
    places = [
        "--a",
        str(folder / "a"),
        "--b",
        str(folder / "b"),
        "--out",
        str(folder / "out" / "fused"),
    ]
    return fuse.main(["--method", method, *places])


def test_writes_one_png_per_pair(folders: Path) -> None:
    """Started from another folder, the script writes a PNG for each pair and exits with 0."""
    places = ["--a", str(folders / "a"), "--b", str(folders / "b"), "--out", str(folders / "out")]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--method", "mean", *places],
        cwd=folders,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in (folders / "out").iterdir()) == ["one.png", "two.png"]


def test_copies_are_exact_on_disk(folders: Path) -> None:
    """Colour channels are not swapped when files are read and written."""
    assert run(folders, "copy-b") == 0
    written = cv2.imread(str(folders / "out" / "fused" / "one.png"), cv2.IMREAD_UNCHANGED)
    source = cv2.imread(str(folders / "b" / "one.png"), cv2.IMREAD_UNCHANGED)
    assert written is not None and source is not None
    assert (written == source).all()


def test_missing_partner_is_named(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An image without its partner ends the run before any fusion; the message names it."""
    (folders / "b" / "two.png").unlink()
    assert run(folders, "mean") == 1
    assert "only in one: two" in capsys.readouterr().err
    assert not list((folders / "out" / "fused").iterdir())


def test_empty_and_absent_folders_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that does not exist or holds no image is named."""
    assert run(tmp_path, "mean") == 1
    assert f"{tmp_path / 'a'}: must be a folder of images" in capsys.readouterr().err
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert run(tmp_path, "mean") == 1
    assert "holds none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((21, 30), np.uint16), "must be 8-bit gray or RGB, and is uint16"),
        (np.zeros((21, 30, 4), np.uint8), "shape (21, 30, 4)"),
        (np.zeros((20, 30), np.uint8), "must be of one size, and are (20, 30) and (21, 30)"),
    ],
)
def test_unusable_images_are_refused(
    folders: Path, capsys: pytest.CaptureFixture[str], image: NDArray[np.integer[Any]], message: str
) -> None:
    """16-bit, RGBA and images of different sizes end the run.

    The message has the file, what must be and what was found.
    """
    save(folders / "a" / "one.png", image)
    assert run(folders, "mean") == 1
    assert message in capsys.readouterr().err


def test_corrupt_file_is_refused(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no image is named."""
    (folders / "a" / "one.png").write_bytes(b"no image")
    assert run(folders, "mean") == 1
    assert "one.png: must be an image" in capsys.readouterr().err


def test_unknown_method_lists_the_known(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A method that does not exist is refused, with the list of methods."""
    with pytest.raises(SystemExit):
        run(folders, "median")
    assert "laplacian-pyramid" in capsys.readouterr().err
