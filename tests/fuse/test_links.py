"""No step follows a link out of the scratch folder of a run, for reading or for writing."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fusebench.contracts.jobs.fusing import Run, WeightRef
from fusebench.contracts.methods import Stage
from fusebench.errors import BadOutput, Crashed, WeightsMissing
from fusebench.folders import remove_folder
from fusebench.fuse.collecting import refuse_links_out
from fusebench.fuse.staging import StagedPair, clear_folders, copy_repository, stage_pairs
from fusebench.images import write_png
from fusebench.links import links_out_of, place_for
from fusebench.sources.weights import place_weights
from msgspec.structs import replace

from tests.fuse.made import RUN, pair

IMAGE = np.arange(24, dtype=np.uint8).reshape(4, 6)
IN_REPOSITORY = replace(RUN, collect="results/{name}.png")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder of the user, with pictures and a private file."""
    folder = tmp_path / "user"
    for name in ("a/p1.png", "results/p1.png", "holiday.png"):
        write_png(folder / name, IMAGE)
    (folder / "secret.txt").write_text("gpu: 0")
    (folder / "weights.pth").write_text("the user's own")
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Return a prepared dataset of one pair."""
    for side in "ab":
        write_png(tmp_path / "dataset" / side / "p1.png", IMAGE)
    return tmp_path / "dataset"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return the clone of a repository without any link."""
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / "test.py").write_text("1")
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return the place of the scratch copy, in a scratch folder of its own."""
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch" / "work"


def snapshot(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Return all files of a folder: content, mode and time of writing."""
    return {
        str(path): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def run_steps(source: Path, work: Path, dataset: Path, run: Run) -> list[StagedPair]:
    """Copy a repository, clear its folders and stage a pair."""
    values = {"work": work, "out": work.parent / "out", "count": 1}
    copy_repository(source, work, run.unpack, {})
    clear_folders(run, work, values)
    return stage_pairs([pair("p1")], dataset, run, work, values)


LINKS: dict[str, tuple[str, str]] = {
    "the folder of A": ("in/a", "a"),
    "the folder above it": ("in", ""),
    "the staged file": ("in/a/p1.png", "holiday.png"),
    "the folder of results": ("results", "results"),
    "a result": ("results/p1.png", "holiday.png"),
    "a folder that is not there": ("in/a", "absent/folder"),
}


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize("kind", LINKS)
def test_images_are_staged_in_the_scratch_copy_alone(
    kind: str, absolute: bool, source: Path, work: Path, dataset: Path, outside: Path
) -> None:
    """A committed link to the user's pictures is left out; no picture is removed or replaced."""
    at, to = LINKS[kind]
    link, target = source / at, outside / to
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target if absolute else os.path.relpath(target, link.parent))
    before = snapshot(outside)
    (staged,) = run_steps(source, work, dataset, IN_REPOSITORY)
    assert snapshot(outside) == before
    assert not list(links_out_of(work))
    for path in (staged.a, staged.b, staged.result.parent):
        assert path.exists() and path.resolve().is_relative_to(work)


@pytest.mark.parametrize("kind", LINKS)
def test_links_that_a_script_made_are_removed_before_the_next_process(
    kind: str, source: Path, work: Path, dataset: Path, outside: Path
) -> None:
    """With `pairs_per_process` a script has run when the next pairs are staged."""
    run_steps(source, work, dataset, IN_REPOSITORY)
    at, to = LINKS[kind]
    remove_folder(work / at) if (work / at).is_dir() else (work / at).unlink(missing_ok=True)
    (work / at).symlink_to(outside / to)
    before, values = snapshot(outside), {"work": work, "out": work.parent / "out", "count": 1}
    clear_folders(IN_REPOSITORY, work, values)
    stage_pairs([pair("p1")], dataset, IN_REPOSITORY, work, values)
    assert snapshot(outside) == before


def test_links_inside_the_repository_stay(source: Path, work: Path, dataset: Path) -> None:
    """A repository may link its own folders; the names that are left out are returned."""
    (source / "data" / "ir").mkdir(parents=True)
    (source / "in").mkdir()
    (source / "in" / "a").symlink_to("../data/ir")
    (source / "home").symlink_to("/home")
    assert copy_repository(source, work, [], {}) == ["home -> /home"]
    values = {"work": work, "out": work.parent / "out", "count": 1}
    stage_pairs([pair("p1")], dataset, RUN, work, values)
    assert (work / "data" / "ir" / "p1.png").exists()


def test_two_paths_that_a_link_makes_one_are_refused(
    source: Path, work: Path, dataset: Path
) -> None:
    """Otherwise each pair would be one image twice."""
    (source / "in" / "a").mkdir(parents=True)
    (source / "in" / "b").symlink_to("a")
    with pytest.raises(Crashed, match=r"must be two files; found in/a/p1\.png for both"):
        run_steps(source, work, dataset, RUN)


@pytest.mark.parametrize("pattern", ["{user}/a/{name}.png", "../../user/a/{name}.png"])
def test_a_path_outside_the_scratch_folder_is_refused(
    pattern: str, source: Path, work: Path, dataset: Path, outside: Path
) -> None:
    """Whether it is staged or collected: nothing is removed, nothing is written."""
    before, path = snapshot(outside), pattern.replace("{user}", str(outside))
    for run in (
        replace(RUN, stage=Stage(a=path, b="in/b/{name}.png")),
        replace(RUN, collect=path),
    ):
        with pytest.raises(Crashed, match="must lie in the scratch folder"):
            run_steps(source, work, dataset, run)
        remove_folder(work)
    assert snapshot(outside) == before


def test_an_edit_is_not_made_through_a_link(source: Path, work: Path, outside: Path) -> None:
    """A committed link to a file of the user is no file of the repository."""
    (source / "options.yaml").symlink_to(outside / "secret.txt")
    before = snapshot(outside)
    with pytest.raises(Crashed, match=r"edit: options\.yaml must be a file of the repository"):
        copy_repository(source, work, [], {"options.yaml": [("gpu", "cpu")]})
    assert snapshot(outside) == before


def write_zip(archive: Path, names: list[str]) -> None:
    """Write a zip archive of files."""
    with zipfile.ZipFile(archive, "w") as stream:
        for name in names:
            stream.writestr(name, "x")


def write_tar(archive: Path, names: list[str]) -> None:
    """Write a tar archive whose first name is a link to the user's folder."""
    with tarfile.open(archive, "w:gz") as stream:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../user"
        stream.addfile(link)
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 1
            stream.addfile(member, io.BytesIO(b"x"))


ARCHIVES: dict[str, Callable[[Path, list[str]], None]] = {
    "data.zip": write_zip,
    "data.tar.gz": write_tar,
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_is_not_unpacked_through_a_link(
    name: str, source: Path, work: Path, outside: Path
) -> None:
    """Neither through a committed link nor through one in the archive."""
    (source / "link").symlink_to(outside)
    ARCHIVES[name](source / name, ["link/holiday.png", "link/new.png", "ok.png"])
    before = snapshot(outside)
    copy_repository(source, work, [name], {})
    assert snapshot(outside) == before and (work / "ok.png").exists()
    assert not list(links_out_of(work))


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08garbage", b"PK\x03\x04garbage"])
@pytest.mark.parametrize("name", ["data.zip", "data.tar.gz", "data.tar.xz", "data.tar"])
def test_a_damaged_archive_is_told(name: str, content: bytes, source: Path, work: Path) -> None:
    """Truncated or garbage: the state is `crashed`, and the message has the archive."""
    (source / name).write_bytes(content)
    if name == "data.tar" and not content:
        pytest.skip("an empty file is a whole tar archive")
    with pytest.raises(Crashed, match=f"unpack {name}: must be a whole zip or tar archive"):
        copy_repository(source, work, [name], {})


def test_weights_are_not_placed_through_a_link(work: Path, outside: Path, tmp_path: Path) -> None:
    """Fetched weights replace the link, not the file behind it."""
    (tmp_path / "fetched").mkdir()
    (tmp_path / "fetched" / "w.pth").write_text("fetched")
    before = snapshot(outside)
    for at, to in (("w.pth", "weights.pth"), ("net", ".")):
        remove_folder(work)
        work.mkdir()
        (work / at).symlink_to(outside / to)
        (tmp_path / "fetched" / "net").mkdir(exist_ok=True)
        (tmp_path / "fetched" / "net" / "weights.pth").write_text("fetched")
        name = "w.pth" if at == "w.pth" else "net/weights.pth"
        place_weights([WeightRef(path=name)], tmp_path / "fetched", work, [])
        assert snapshot(outside) == before and (work / name).read_text() == "fetched"


def test_weights_are_not_read_through_a_link(work: Path, outside: Path) -> None:
    """A committed link to a file of the user is no weights of the repository."""
    work.mkdir()
    (work / "w.pth").symlink_to(outside / "weights.pth")
    with pytest.raises(WeightsMissing, match=r"w\.pth: must be in the repository"):
        place_weights([WeightRef(path="w.pth")], None, work, [])


def test_a_result_that_links_to_a_private_image_is_a_bad_output(work: Path, outside: Path) -> None:
    """It would be published on the page of results."""
    out = work.parent / "out"
    out.mkdir()
    (out / "p1.png").symlink_to(outside / "holiday.png")
    staged = StagedPair("p1", work / "a.png", work / "b.png", out / "p1.png", ())
    with pytest.raises(BadOutput, match="pair 'p1': a result must be a file that the script wrote"):
        refuse_links_out([staged], work.parent)
    (out / "p1.png").unlink()
    out.rmdir()
    out.symlink_to(outside)
    staged = StagedPair("p1", work / "a.png", work / "b.png", out / "holiday.png", ())
    with pytest.raises(BadOutput, match="found a link that leads out"):
        refuse_links_out([staged], work.parent)


def test_a_folder_that_became_a_link_is_removed_alone(tmp_path: Path, outside: Path) -> None:
    """Neither the files behind the link nor their permissions change."""
    outside.chmod(0o700)
    before = snapshot(outside)
    (tmp_path / "out").symlink_to(outside)
    remove_folder(tmp_path / "out")
    assert not (tmp_path / "out").is_symlink()
    assert snapshot(outside) == before and outside.stat().st_mode & 0o777 == 0o700


def test_a_place_is_made_inside_only(tmp_path: Path, outside: Path) -> None:
    """Links inside are followed, a link at the end is removed, others are replaced."""
    room = tmp_path / "room"
    (room / "real").mkdir(parents=True)
    (room / "inner").symlink_to("real")
    (room / "outer").symlink_to(outside)
    (room / "real" / "end.png").symlink_to(outside / "holiday.png")
    for name, real in (
        ("inner/x.png", "real/x.png"),
        ("outer/x.png", "outer/x.png"),
        ("inner/end.png", "real/end.png"),
    ):
        place_for(room / name, room).write_text("x")
        assert (room / real).read_text() == "x"
    assert sorted(path.name for path in outside.iterdir()) == [
        "a",
        "holiday.png",
        "results",
        "secret.txt",
        "weights.pth",
    ]


def test_a_folder_with_the_name_of_an_image_is_left(
    source: Path, work: Path, dataset: Path
) -> None:
    """A committed folder ``x.png`` is no sample of the authors."""
    (source / "in" / "a" / "x.png").mkdir(parents=True)
    (source / "in" / "a" / "x.png" / "old.png").touch()
    run_steps(source, work, dataset, RUN)
    left = sorted(path.relative_to(work / "in/a").as_posix() for path in (work / "in/a").rglob("*"))
    assert left == ["p1.png", "x.png"]
