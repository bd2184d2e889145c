"""``fusebench measure`` of folders: pairing by stems, means, several methods, CSV, refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from statistics import fmean
from typing import Any

import cv2
import numpy as np
import pytest
from fusebench.command import main
from fusebench.measure.runs import COLUMNS

from tests.metrics.conftest import make_scene

NAMES = ("01", "02", "03")
SIDES = ("IR", "VIS", "ours")


def put(path: Path, pixels: Any) -> None:
    """Write one image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels.astype(np.uint8))


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``TNO/IR``, ``TNO/VIS`` and ``TNO/ours`` with three scenes, in three file formats."""
    for seed, name in enumerate(NAMES):
        scene = make_scene(40, 48, seed)
        for side, suffix, pixels in zip(SIDES, (".png", ".bmp", ".tif"), scene, strict=True):
            put(tmp_path / "TNO" / side / f"{name}{suffix}", pixels)
    monkeypatch.chdir(tmp_path / "TNO")
    return tmp_path / "TNO"


def measured(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """Return what is printed as JSON."""
    assert main(["measure", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def alone(capsys: pytest.CaptureFixture[str], name: str, fused: str = "ours") -> Any:
    """Return the values of one scene, measured as three files."""
    files = [f"IR/{name}.png", f"VIS/{name}.bmp", f"{fused}/{name}.tif"]
    return measured(capsys, *files, "--metrics", "EN", "SSIM")


def test_folders_give_the_means_of_their_images(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files are paired by their stems; each mean is that of the values of single images."""
    assert main(["measure", "IR/", "VIS/", "ours/", "--metrics", "EN", "SSIM"]) == 0
    shown = capsys.readouterr()
    title, heads, rule, row = shown.out.splitlines()
    assert title == "mean over 3 images" and set(rule) == {"-"}
    assert heads.split() == ["method", "EN↑", "SSIM↑"]
    values = [alone(capsys, name) for name in NAMES]
    expected = [f"{fmean(value[metric] for value in values):.4f}" for metric in ("EN", "SSIM")]
    assert row.split() == ["ours", *expected]
    assert shown.err == ""
    found = measured(capsys, "IR", "VIS", "ours", "--metrics", "EN", "SSIM")
    mean = fmean(value["SSIM"] for value in values)
    assert found["ours"]["SSIM"] == {"mean": pytest.approx(mean), "images": 3}


def test_several_folders_of_results_are_several_methods(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is a row with the folder's name, in the order given; several cores change nothing."""
    for name in NAMES:
        put(folders / "average" / f"{name}.png", np.full((40, 48), int(name)))
    words = ["IR", "VIS", "average", "ours", "--metrics", "EN", "SSIM"]
    assert main(["measure", *words]) == 0
    table = capsys.readouterr().out
    assert [line.split()[0] for line in table.splitlines()[3:]] == ["average", "ours"]
    assert main(["measure", *words, "--cores", "2"]) == 0
    assert capsys.readouterr().out == table
    assert main(["measure", "--metrics", "EN", "SSIM", "IR", "VIS", "average", "ours"]) == 0
    assert capsys.readouterr().out == table


def test_the_csv_has_the_form_of_measures_csv(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row for each method, image and metric; the dataset is the folder that holds A and B."""
    words = ["IR", "VIS", "ours", "--metrics", "EN", "SSIM@cddfuse", "--csv", "new/values.csv"]
    assert main(["measure", *words]) == 0
    with Path("new/values.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert [row["image"] for row in rows] == ["01", "01", "02", "02", "03", "03"]
    assert {(row["method"], row["dataset"]) for row in rows} == {("ours", "TNO")}
    assert {(row["metric"], row["definition"]) for row in rows} == {
        ("EN", "canonical"),
        ("SSIM", "cddfuse"),
    }
    capsys.readouterr()
    assert float(rows[0]["value"]) == alone(capsys, "01")["EN"]


def test_images_without_a_partner_are_told(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are left out of every method, so that all means are over the same images."""
    for name in NAMES[:2]:
        put(folders / "other" / f"{name}.png", make_scene(40, 48, 9)[2])
    put(folders / "ours" / "99.png", np.zeros((40, 48)))
    (folders / "ours" / "notes.txt").write_text("no image")
    (folders / "ours" / "._01.png").write_text("of another system")
    assert main(["measure", "IR", "VIS", "ours", "other", "--metrics", "EN"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("mean over 2 images\n")
    why = "left out, because another folder has no image of this name"
    assert shown.err.splitlines() == [
        f"fusebench measure: IR: {why}: 1 image (03)",
        f"fusebench measure: VIS: {why}: 1 image (03)",
        f"fusebench measure: ours: {why}: 2 images (03, 99)",
    ]


def test_no_name_in_common_is_refused(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message shows what the names in each folder look like."""
    put(folders / "other" / "fused_01.png", np.zeros((40, 48)))
    assert main(["measure", "IR", "VIS", "other"]) == 1
    told = capsys.readouterr().err
    assert "must have one name in every folder, without the suffix" in told
    assert "IR has 3 images (01, 02, 03)" in told and "other has 1 image (fused_01)" in told


def test_two_images_of_one_name_are_refused(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody knows which of them is meant."""
    put(folders / "ours" / "01.png", np.zeros((40, 48)))
    assert main(["measure", "IR", "VIS", "ours"]) == 1
    told = "ours: must have one image of each name; found 01.png and 01.tif"
    assert told in capsys.readouterr().err


def test_every_image_that_cannot_be_used_is_named(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is measured then: a mean without them would be another number."""
    cut = folders / "IR" / "01.png"
    cut.write_bytes(cut.read_bytes()[:300])
    (folders / "VIS" / "02.bmp").write_text("text")
    put(folders / "ours" / "03.tif", np.zeros((20, 48)))
    assert main(["measure", "IR", "VIS", "ours", "--csv", "values.csv"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and not Path("values.csv").exists()
    lines = shown.err.splitlines()
    assert lines[0] == "fusebench measure: nothing was measured"
    assert lines[1].startswith("  IR/01.png: must be a whole image; found a damaged file")
    assert lines[2].startswith("  VIS/02.bmp: must be a whole image; found a damaged file")
    assert lines[3] == (
        "  IR/03.png and ours/03.tif must have the same size (height x width), found 40 x 48 and"
        " 20 x 48"
    )


def test_conversions_are_counted(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each folder and kind of conversion, not one for each image."""
    for name in NAMES[1:]:
        cv2.imwrite(f"IR/{name}.png", np.dstack([make_scene(40, 48, 1)[0].astype(np.uint8)] * 4))
    assert main(["measure", "IR", "VIS", "ours", "--metrics", "EN"]) == 0
    assert capsys.readouterr().err == (
        "fusebench measure: A: alpha channel dropped (2 of 3 images, first: 02)\n"
    )


def test_images_without_a_value_are_told(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table says over how many images the mean is; without any value there is a dash."""
    put(folders / "ours" / "02.tif", np.full((40, 48), 9))
    assert main(["measure", "IR", "VIS", "ours", "--metrics", "EN", "CC"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[3].endswith(" (2 of 3)")
    told = "ours: CC: 2 of 3 images have a value; the first without one is 02: has no value"
    assert told in shown.err
    for name in NAMES:
        put(folders / "ours" / f"{name}.tif", np.full((40, 48), 9))
    assert main(["measure", "IR", "VIS", "ours", "--metrics", "CC"]) == 1
    assert capsys.readouterr().out.splitlines()[3].split() == ["ours", "-"]


def test_a_folder_of_ground_truths(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its images are paired like the others."""
    words = ["--metrics", "SSIM-GT", "--reference"]
    found = measured(capsys, "IR", "VIS", "ours", *words, "VIS")
    values = [
        measured(capsys, f"IR/{n}.png", f"VIS/{n}.bmp", f"ours/{n}.tif", *words, f"VIS/{n}.bmp")
        for n in NAMES
    ]
    expected = fmean(value["SSIM-GT"] for value in values)
    assert found["ours"]["SSIM-GT"]["mean"] == pytest.approx(expected)


def test_folders_of_one_name_are_called_by_their_paths(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So is a folder with the name of a side, which stays another one; twice one is refused."""
    for path in ("x/out", "y/out", "A"):
        for name in NAMES:
            put(folders / path / f"{name}.png", make_scene(40, 48, 7)[2])
    found = measured(capsys, "IR", "VIS", "x/out", "y/out", "A", "--metrics", "SSIM")
    assert list(found) == ["x/out", "y/out", str(folders / "A")]
    assert len({value["SSIM"]["mean"] for value in found.values()}) == 1
    assert main(["measure", "IR", "VIS", "ours", "ours"]) == 1
    assert "must be different ones; found one of them twice" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["IR", "VIS", "IR/01.png"], "IR/01.png: must be a folder, as A and B are; found a file"),
        (["IR", "VIS", "none"], "none: must be a folder, as A and B are; found nothing there"),
        (["IR", "VIS/01.bmp", "ours"], "IR: must be an image file; found a folder"),
        (["IR", "VIS", "ours", "--explain", "EN=7.1"], "--explain must have images"),
        (["IR/01.png", "VIS/01.bmp", "ours/01.tif", "ours/02.tif"], "A and B must be folders"),
        (["IR/01.png", "VIS/01.bmp", "ours/01.tif", "--csv", "x"], "--csv is for folders"),
    ],
)
def test_files_and_folders_are_not_mixed(
    folders: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """The message names the one that is of the wrong kind."""
    assert main(["measure", *words, "--metrics", "EN"]) == 1
    assert told in capsys.readouterr().err
