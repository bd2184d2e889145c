"""The scratch copy of a repository, with source images where the script looks for them."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.markers import Pair
from fusebench.contracts.methods import Convert, Stage
from fusebench.errors import Crashed
from fusebench.fuse.staging import clear_folders, copy_repository, resolve_below, stage_pairs
from fusebench.images import in_mode, read_image, write_png
from msgspec.structs import replace
from numpy.typing import NDArray

from tests.fuse.made import RUN, pair

RGB = np.random.default_rng(1).integers(0, 256, (4, 6, 3), dtype=np.uint8)
GRAY = np.random.default_rng(2).integers(0, 256, (4, 6), dtype=np.uint8)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A clone with history, caches, a link and an executable script."""
    files = {
        "test.py": "print('cuda')\n",
        "options/test.yaml": "gpu: 0\n",
        ".git/HEAD": "x",
        "pkg/__pycache__/a.pyc": "x",
        "pkg/.gitkeep": "",
    }
    for name, content in files.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "source" / "link").symlink_to("options/test.yaml")
    (tmp_path / "source" / "test.py").chmod(0o755)
    return tmp_path / "source"


def files_of(folder: Path) -> list[str]:
    """Return the files below a folder."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()
    )


def test_the_copy_has_the_files_and_no_history(source: Path, tmp_path: Path) -> None:
    """Links and permissions stay; writing into the copy does not change the clone."""
    work = tmp_path / "work"
    copy_repository(source, work, [], {})
    assert files_of(work) == ["link", "options/test.yaml", "pkg/.gitkeep", "test.py"]
    assert (work / "link").is_symlink() and os.access(work / "test.py", os.X_OK)
    (work / "test.py").write_text("changed")
    assert (source / "test.py").read_text() == "print('cuda')\n"


def test_edits_of_data_files_are_made_and_those_of_code_are_left(
    source: Path, tmp_path: Path
) -> None:
    """Edits are made one after the other, at every occurrence of the text.

    The launcher edits Python files when it compiles them.
    """
    (source / "options/test.yaml").write_bytes(b"gpu: 0\nx: gpu\n# caf\xe9\n")
    edit = {
        "options/test.yaml": [("gpu", "cpu"), ("cpu: 0", "cpu: 1")],
        "test.py": [("cuda", "cpu")],
    }
    copy_repository(source, tmp_path / "work", [], edit)
    assert (tmp_path / "work/options/test.yaml").read_bytes() == b"cpu: 1\nx: cpu\n# caf\xe9\n"
    assert (tmp_path / "work/test.py").read_text() == "print('cuda')\n"


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (
            {"options/test.yml": [("a", "b")]},
            "edit: options/test.yml must be a file of the repository; found none",
        ),
        (
            {"options/test.yaml": [("gpus", "b")]},
            "edit: options/test.yaml must hold the text 'gpus'; it does not at this commit",
        ),
        (
            {"options/test.yaml": [("gpu", "cpu"), ("gpu", "x")]},
            "edit: options/test.yaml must hold the text 'gpu'; it does not at this commit",
        ),
    ],
)
def test_an_edit_that_does_not_fit_is_told(
    source: Path, tmp_path: Path, edit: dict[str, Any], told: str
) -> None:
    """The file or the text does not exist, or an earlier edit removed the text."""
    with pytest.raises(Crashed) as caught:
        copy_repository(source, tmp_path / "work", [], edit)
    assert str(caught.value) == told


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz"])
def test_archives_are_unpacked_where_they_lie(source: Path, tmp_path: Path, suffix: str) -> None:
    """Edits find the files of the archive."""
    inner = tmp_path / "inner.yaml"
    inner.write_text("gpu: 0\n")
    archive = source / "options" / f"data.{suffix}"
    if suffix == "zip":
        with zipfile.ZipFile(archive, "w") as packed:
            packed.write(inner, "deep/inner.yaml")
    else:
        with tarfile.open(archive, "w:gz" if suffix == "tar.gz" else "w") as packed_tar:
            packed_tar.add(inner, "deep/inner.yaml")
    edit = {"options/deep/inner.yaml": [("gpu", "cpu")]}
    copy_repository(source, tmp_path / "work", [f"options/data.{suffix}"], edit)
    assert (tmp_path / "work/options/deep/inner.yaml").read_text() == "cpu: 0\n"


@pytest.mark.parametrize("name", ["data.zip", "data.tar", "data.tar.gz", "data.rar", "none.zip"])
def test_an_archive_that_is_none_is_told(source: Path, tmp_path: Path, name: str) -> None:
    """A damaged, unknown or missing archive is named by its path in the repository."""
    if not name.startswith("none"):
        (source / name).write_text("no archive")
    with pytest.raises(Crashed, match=f"unpack {name}: must be a whole zip or tar archive"):
        copy_repository(source, tmp_path / "work", [name], {})


@pytest.mark.parametrize("suffix", ["zip", "tar.gz"])
def test_an_archive_that_is_cut_off_is_told(source: Path, tmp_path: Path, suffix: str) -> None:
    """The cell ends with a reason, whatever error the kind of archive gives; the job goes on."""
    shutil.make_archive(
        str(source / "data"), "zip" if suffix == "zip" else "gztar", source / "options"
    )
    archive = source / f"data.{suffix}"
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(Crashed, match=f"unpack data.{suffix}: must be a whole zip or tar archive"):
        copy_repository(source, tmp_path / "work", [f"data.{suffix}"], {})


def test_a_full_disk_is_no_bad_archive(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the folder and passes on, so that the cell says that the disk is full."""
    shutil.make_archive(str(source / "data"), "zip", source / "options")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        copy_repository(source, tmp_path / "work", ["data.zip"], {})
    assert caught.value.filename == str(tmp_path / "work")


def test_an_archive_cannot_write_outside_the_copy(source: Path, tmp_path: Path) -> None:
    """A tar archive with paths outside its folder is refused."""
    inner = tmp_path / "inner"
    inner.write_text("x")
    with tarfile.open(source / "data.tar", "w") as packed:
        packed.add(inner, "../../outside")
    with pytest.raises(Crashed, match=r"unpack data\.tar: must be"):
        copy_repository(source, tmp_path / "work", ["data.tar"], {})
    assert not (tmp_path / "outside").exists()


VALUES = {"modality_a": "ir", "modality_b": "vi"}


def values(work: Path) -> dict[str, Any]:
    """Return the placeholders that are the same for every pair."""
    return {"work": work, "out": work.parent / "out", "count": 2, "device": "cpu", **VALUES}


def test_the_authors_own_samples_and_results_are_cleared(tmp_path: Path) -> None:
    """Images where sources are staged, at any depth, and files of results are removed.

    Nothing else is removed.
    """
    work = tmp_path / "work"
    gone = ["in/a/1.png", "in/a/x/2.JPG", "in/b/1.png", "res/fused_1.png", "res/fused_x.png"]
    stay = ["in/a/list.txt", "in/c/1.png", "res/other.png", "test.png"]
    for file in gone + stay:
        (work / file).parent.mkdir(parents=True, exist_ok=True)
        (work / file).touch()
    run = replace(RUN, collect="res/fused_{name}.png")
    clear_folders(run, work, values(work))
    assert files_of(work) == sorted(stay)


@pytest.mark.parametrize(
    ("stage", "collect", "gone"),
    [
        ("in/{modality_a}/{name}.png", "{out}/{name}.png", ["in/ir/1.png"]),
        ("in/{name}/a.png", "{out}/x.png", ["in/ir/1.png", "in/vi/1.png"]),
        ("{name}.png", "r_{index:04d}.png", ["r_0001.png", "r_x.png"]),
        ("in/vi/{index}.png", "{out}/x.png", ["in/vi/1.png"]),
        ("{name}/a.png", "in/*/1.png", ["in/ir/1.png", "in/vi/1.png"]),
    ],
)
def test_what_is_cleared_follows_the_patterns(
    tmp_path: Path, stage: str, collect: str, gone: list[str]
) -> None:
    """Sources are cleared in the deepest folder that all pairs share, but not at the top.

    Results are cleared for every number, however it is written.
    """
    work = tmp_path / "work"
    files = ["in/ir/1.png", "in/vi/1.png", "r_0001.png", "r_x.png", "top.png"]
    for file in files:
        (work / file).parent.mkdir(parents=True, exist_ok=True)
        (work / file).touch()
    run = replace(RUN, stage=Stage(a=stage, b=stage), collect=collect)
    clear_folders(run, work, values(work))
    assert files_of(work) == sorted({*files} - {*gone})


def test_a_path_is_below_the_copy_or_absolute(tmp_path: Path) -> None:
    """Paths for {out} and {work} are already absolute."""
    assert resolve_below(tmp_path, "a/b") == tmp_path / "a/b"
    assert resolve_below(tmp_path, "/out/b") == Path("/out/b")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A prepared dataset: colour images A, gray images B."""
    for name in ("p2", "p10", "x y"):
        write_png(tmp_path / "dataset" / "a" / f"{name}.png", RGB)
        write_png(tmp_path / "dataset" / "b" / f"{name}.png", GRAY)
    return tmp_path / "dataset"


PAIRS = [pair("x y"), pair("p2"), pair("p10")]
PLAIN = replace(RUN, convert=Convert())


def staged_run(tmp_path: Path, dataset: Path, run: Run, pairs: list[Pair] = PAIRS) -> Any:
    """Stage some pairs and return them by name."""
    work = tmp_path / "work"
    found = stage_pairs(pairs, dataset, run, work, values(work))
    return {one.name: one for one in found}


def test_sources_are_staged_byte_for_byte_under_their_names(dataset: Path, tmp_path: Path) -> None:
    """Sources are copied byte for byte where nothing has to be converted.

    Under the name of a JPEG there is a PNG, which is lossless; the folder of results exists.
    """
    run = replace(PLAIN, stage=Stage(a="in/{modality_a}/{name}.jpg", b="in/b/{name}.png"))
    found = staged_run(tmp_path, dataset, run)
    one = found["x y"]
    assert one.a == tmp_path / "work/in/ir/x y.jpg" and one.b == tmp_path / "work/in/b/x y.png"
    assert one.result == tmp_path / "out" / "x y.png" and one.result.parent.is_dir()
    assert one.a.read_bytes() == (dataset / "a/x y.png").read_bytes()
    assert one.b.read_bytes() == (dataset / "b/x y.png").read_bytes()
    assert {other.notes for other in found.values()} == {()}


def test_a_script_may_insist_on_making_its_own_folders(dataset: Path, tmp_path: Path) -> None:
    """With ``make_folders: false`` the script makes the folders of the results."""
    staged_run(tmp_path, dataset, replace(PLAIN, make_folders=False))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", [".bmp", ".tif", ".tiff", ".ppm", ".webp"])
def test_some_formats_are_written_as_such(dataset: Path, tmp_path: Path, suffix: str) -> None:
    """These formats are written without loss and with the right order of channels."""
    run = replace(PLAIN, stage=Stage(a=f"a/{{name}}{suffix}", b="b/{name}.png"))
    one = staged_run(tmp_path, dataset, run)["p2"]
    pixels, _ = read_image(one.a)
    assert (pixels == RGB).all() and one.a.read_bytes()[:4] != b"\x89PNG"
    assert one.notes == ()


@pytest.mark.parametrize(
    ("convert", "suffix", "a", "b", "notes"),
    [
        (Convert(a="gray"), ".png", in_mode(RGB, "gray"), GRAY, ("A converted to gray",)),
        (Convert(b="rgb"), ".png", RGB, in_mode(GRAY, "rgb"), ("B converted to rgb",)),
        (Convert(a="rgb", b="gray"), ".png", RGB, GRAY, ()),
        (Convert(a="keep"), ".png", RGB, GRAY, ()),
        (
            Convert(a="gray", b="rgb"),
            ".bmp",
            in_mode(RGB, "gray"),
            in_mode(GRAY, "rgb"),
            ("A converted to gray", "B converted to rgb"),
        ),
    ],
)
def test_sources_are_converted_where_the_entry_says_so(
    dataset: Path,
    tmp_path: Path,
    convert: Convert,
    suffix: str,
    a: NDArray[np.uint8],
    b: NDArray[np.uint8],
    notes: tuple[str, ...],
) -> None:
    """A note says so, but only where an image really had another mode."""
    stage = Stage(a=f"a/{{name}}{suffix}", b=f"b/{{name}}{suffix}")
    one = staged_run(tmp_path, dataset, replace(RUN, stage=stage, convert=convert))["p2"]
    for path, expected in ((one.a, a), (one.b, b)):
        written = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert written is not None
        shown = written if written.ndim == 2 else written[:, :, ::-1]
        assert shown.shape == expected.shape and (shown == expected).all()
    assert one.notes == notes


@pytest.mark.parametrize(
    ("stage", "numbers"),
    [
        ("in/{name}.png", {"p10": 5, "p2": 6, "x y": 7}),
        ("in/{name}_ir.png", {"p10": 5, "p2": 6, "x y": 7}),
        ("in/{index:03d}.png", {"x y": 5, "p2": 6, "p10": 7}),
        ("in/{name}/{index}.png", {"x y": 5, "p2": 6, "p10": 7}),
        ("in/x{name}/a.png", {"x y": 5, "p2": 6, "p10": 7}),
    ],
)
def test_results_are_numbered_as_a_listing_meets_their_sources(
    dataset: Path, tmp_path: Path, stage: str, numbers: dict[str, int]
) -> None:
    """Numbers follow the sorted names of the staged files, from ``first_index`` on.

    A script that gets numbered sources has the order of the manifest.
    """
    run = replace(
        PLAIN,
        stage=Stage(a=stage, b="b/{name}.png"),
        collect="{out}/{index:02d}.png",
        first_index=5,
    )
    found = staged_run(tmp_path, dataset, run)
    assert {name: one.result.name for name, one in found.items()} == {
        name: f"{number:02d}.png" for name, number in numbers.items()
    }


def test_names_of_files_and_not_of_pairs_are_sorted(dataset: Path, tmp_path: Path) -> None:
    """``p10_vi.png`` comes before ``p1_vi.png`` although pair p1 comes before p10.

    A listing of the folder has the same order.
    """
    for side, pixels in (("a", RGB), ("b", GRAY)):
        write_png(dataset / side / "p1.png", pixels)
    run = replace(
        PLAIN, stage=Stage(a="in/{name}_vi.png", b="b/{name}.png"), collect="{out}/{index}.png"
    )
    found = staged_run(tmp_path, dataset, run, [pair("p1"), pair("p10")])
    assert {name: one.result.name for name, one in found.items()} == {
        "p10": "1.png",
        "p1": "2.png",
    }
    assert sorted(path.name for path in (tmp_path / "work/in").iterdir()) == [
        "p10_vi.png",
        "p1_vi.png",
    ]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"stage": Stage(a="in/{name:.1}.png", b="in/b/{name}.png")},
            "`stage.a` of pair 'p2' and `stage.a` of pair 'p10' must be two files; found in/p.png"
            " for both; correct the placeholders of `run.stage.a`",
        ),
        (
            {"stage": Stage(a="{modality_a}/{name}.png", b="ir/{name}.png")},
            "`stage.a` of pair 'p10' and `stage.b` of pair 'p10' must be two files; found"
            " ir/p10.png for both",
        ),
        (
            {"collect": "in/b/../b/{name}.png"},
            "`stage.b` of pair 'p10' and `collect` of pair 'p10' must be two files",
        ),
    ],
)
def test_two_images_at_one_path_are_refused(
    dataset: Path, tmp_path: Path, fields: dict[str, Any], told: str
) -> None:
    """Placeholders may stand for the same text, which shows only with the names of the pairs."""
    run = replace(PLAIN, stage=Stage(a="in/a/{name}.png", b="in/b/{name}.png"))
    with pytest.raises(Crashed, match=re.escape(f"run: {told}")):
        staged_run(tmp_path, dataset, replace(run, **fields))
