"""Files of weights that were opened are known by their access times, whoever opened them."""

from __future__ import annotations

import mmap
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fusebench.fuse import access_times
from fusebench.fuse.access_times import ScratchCopy
from fusebench.fuse.weights_opened import WEIGHT_NAME, watch_weights


def write(folder: Path, *names: str) -> None:
    """Write files of a scratch copy."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("weights")


def mapped(path: Path) -> None:
    """Map a file into memory, as safetensors does."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) as content:
        assert content[:1] == b"w"


@pytest.mark.parametrize(
    "read",
    [Path.read_bytes, mapped, lambda path: subprocess.run(["wc", path], check=True)],
    ids=["python", "memory map", "child process"],
)
def test_every_way_of_reading_is_seen(tmp_path: Path, read: Callable[[Path], object]) -> None:
    """Python, a memory map, and another process."""
    work = tmp_path / "work"
    write(work, "a.pth", "b.pth", "c/d.pkl", "e.pt")
    watched = watch_weights(ScratchCopy.of(work), ["a.pth", "b.pth"])
    assert watched.opened == set()
    read(work / "a.pth")
    read(work / "c/d.pkl")
    assert watched.opened == {"a.pth", "c/d.pkl"}
    assert watched.notes(watched.opened) == [
        "weights that the script never opened: b.pth; correct the arguments that name them, or"
        " `weights` of the entry",
        "opened, but not declared: c/d.pkl; add to `weights` of the entry what is trained",
    ]
    assert watched.notes({"a.pth", "b.pth"}) == []


def test_looking_at_a_file_is_no_reading(tmp_path: Path) -> None:
    """A script may list its folder, ask for sizes, or move a file away."""
    work = tmp_path / "work"
    write(work, "a.pth", "b.pth")
    watched = watch_weights(ScratchCopy.of(work), ["a.pth", "b.pth"])
    assert sorted(path.stat().st_size for path in work.iterdir()) == [7, 7]
    (work / "b.pth").rename(work / "c.pth")
    assert watched.opened == set()


def test_many_files_are_counted(tmp_path: Path) -> None:
    """A note names five files at most."""
    work = tmp_path / "work"
    names = [f"{number}.pt" for number in range(8)]
    write(work, *names)
    (note,) = watch_weights(ScratchCopy.of(work), names).notes([])
    assert "0.pt, 1.pt, 2.pt, 3.pt, 4.pt and 3 more; correct" in note


def test_a_link_is_the_file_that_it_leads_to(tmp_path: Path) -> None:
    """A declared link counts as opened with its file, which is not told a second time."""
    work = tmp_path / "work"
    write(work, "real.pth")
    (work / "link.pth").symlink_to("real.pth")
    watched = watch_weights(ScratchCopy.of(work), ["link.pth"])
    (work / "link.pth").read_text()
    assert watched.opened == {"link.pth"} and watched.notes(watched.opened) == []


def test_nothing_is_said_without_access_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a mount with ``noatime``, no reading is no evidence."""
    work = tmp_path / "work"
    write(work, "a.pth")
    monkeypatch.setattr(access_times, "keeps_access_times", lambda folder: False)
    watched = watch_weights(ScratchCopy.of(work), ["a.pth"])
    assert watched.opened == set() and watched.notes([]) == []


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *((name, True) for name in ("m.pth", "m.PT", "m.pth.tar", "m.ckpt-9.data-00000-of-00001")),
        *((name, False) for name in ("m.py", "pth", "m.ptx", "test.npy", "model/m.txt")),
    ],
)
def test_weights_are_known_by_their_names(name: str, is_one: bool) -> None:
    """The names that the libraries of the field give them."""
    assert bool(WEIGHT_NAME.search(Path(name).name)) == is_one
