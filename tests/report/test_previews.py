"""Previews are made once for equal pixels; they are small and have the colours of the original."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from fusebench.contracts.markers import ImageFile, Manifest, Pair
from fusebench.images import read_image, write_png
from fusebench.report.previews import CHUNK, Preview, make_previews, wanted

from tests.compare.made import record


def preview(root: Path, name: str, size: tuple[int, int] = (100, 50), sha256: str = "") -> Preview:
    """Return an image of some shade, and its preview."""
    write_png(root / f"{name}.png", np.full(size[::-1], 100, np.uint8))
    return Preview(
        f"d/{name}/0", Path(f"{name}.png"), sha256 or hashlib.sha256(name.encode()).hexdigest()
    )


def test_sources_come_first_then_every_fused_image() -> None:
    """Keys hold the number of the pair; a failed run has none."""
    pairs = [
        Pair(
            name=name,
            size=(4, 4),
            a=ImageFile(file=f"a/{name}.png", mode="gray", sha256=f"a{name}"),
            b=ImageFile(file=f"b/{name}.png", mode="gray", sha256=f"b{name}"),
        )
        for name in ("02", "01")
    ]
    manifest = Manifest(path="resources/datasets/d", pairs=pairs)
    records = [record("m", "d"), record("x", "d", state="crashed", reason="x")]
    found = list(wanted(manifest, "d", records))
    assert [(one.key, one.original.as_posix()) for one in found] == [
        ("d/a/0", "resources/datasets/d/a/02.png"),
        ("d/b/0", "resources/datasets/d/b/02.png"),
        ("d/a/1", "resources/datasets/d/a/01.png"),
        ("d/b/1", "resources/datasets/d/b/01.png"),
        ("d/m/1", "results/runs/m/d/fused/01.png"),
        ("d/m/0", "results/runs/m/d/fused/02.png"),
    ]
    assert [one.sha256 for one in found[:2]] == ["a02", "b02"]


def test_a_dataset_that_could_not_be_prepared_has_no_previews() -> None:
    """Its runs were skipped and have no previews either."""
    manifest = Manifest(state="skipped", reason="x")
    assert list(wanted(manifest, "d", [record("m", "d", state="skipped", reason="x")])) == []


@pytest.mark.parametrize(
    ("size", "pixels", "shown"),
    [
        ((100, 50), 64, (64, 32)),
        ((50, 100), 64, (32, 64)),
        ((100, 50), 100, (100, 50)),
        ((20, 10), 64, (20, 10)),
    ],
)
def test_the_longer_side_is_shortened(
    tmp_path: Path, size: tuple[int, int], pixels: int, shown: tuple[int, int]
) -> None:
    """A smaller image keeps its size."""
    (path,) = make_previews([preview(tmp_path, "m", size)], tmp_path, tmp_path / "cache", pixels, 1)
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None and image.shape[1::-1] == shown


def test_colours_are_those_of_the_original(tmp_path: Path) -> None:
    """Red stays red, gray stays gray."""
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    write_png(tmp_path / "red.png", red)
    previews = [Preview("d/red/0", Path("red.png"), "r" * 64), preview(tmp_path, "gray")]
    shown = [
        read_image(path)[0].reshape(-1, 3).mean(axis=0)
        for path in make_previews(previews, tmp_path, tmp_path / "cache", 64, 1)
    ]
    assert shown[0] == pytest.approx([200, 0, 0], abs=6)
    assert shown[1] == pytest.approx([100, 100, 100], abs=6)


def test_the_same_pixels_have_one_preview(tmp_path: Path) -> None:
    """Names do not matter; another size has another preview."""
    previews = [preview(tmp_path, name, sha256="s" * 64) for name in ("one", "two")]
    one, two = make_previews(previews, tmp_path, tmp_path / "cache", 64, 1)
    assert one == two == tmp_path / "cache" / "ss" / f"{'s' * 32}-64.webp"
    (larger,) = make_previews(previews[:1], tmp_path, tmp_path / "cache", 80, 1)
    assert larger != one and len(list((tmp_path / "cache").rglob("*.webp"))) == 2


def test_a_preview_is_kept(tmp_path: Path) -> None:
    """The next page uses the preview without the original; nothing else is left in the folder."""
    wanted_here = [preview(tmp_path, "m")]
    (path,) = make_previews(wanted_here, tmp_path, tmp_path / "cache", 64, 1)
    content = path.read_bytes()
    (tmp_path / "m.png").unlink()
    assert make_previews(wanted_here, tmp_path, tmp_path / "cache", 64, 1) == [path]
    assert path.read_bytes() == content
    assert [file for file in (tmp_path / "cache").rglob("*") if file.is_file()] == [path]


def test_several_processes_make_the_same(tmp_path: Path) -> None:
    """Each of many images has its own preview, in the order asked for."""
    previews = [preview(tmp_path, f"m{number}", (8, 8)) for number in range(CHUNK + 6)]
    one = make_previews(previews, tmp_path, tmp_path / "one", 64, 1)
    two = make_previews(previews, tmp_path, tmp_path / "two", 64, 2)
    assert len(set(one)) == len(previews)
    assert [path.name for path in one] == [path.name for path in two]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(one, two, strict=True))
