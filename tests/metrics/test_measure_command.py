"""The command ``fusebench measure``."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from fusebench.command import main
from fusebench.metrics.catalogue import EVALUATOR_COLUMNS

from tests.metrics.conftest import make_scene


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Source A, source B and fused image as files."""
    paths = [tmp_path / f"{name}.png" for name in ("a", "b", "fused")]
    for path, image in zip(paths, make_scene(197, 181, 5), strict=True):
        cv2.imwrite(str(path), image.astype(np.uint8))
    return [str(path) for path in paths]


def test_whole_set_of_an_evaluator_in_its_own_names(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """``all@EVALUATOR`` prints a JSON object with exactly the evaluator's columns."""
    for evaluator, columns in EVALUATOR_COLUMNS.items():
        assert main(["measure", *files, "--metrics", f"all@{evaluator}", "--json"]) == 0
        values = json.loads(capsys.readouterr().out)
        assert list(values) == [f"{column}@{evaluator}" for column in columns]


def test_table_names_the_unit_and_the_direction(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --json each line holds id, value, unit and direction."""
    assert main(["measure", *files, "--metrics", "MI", "MI@tang", "CE"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["MI", "MI@tang", "CE"]
    assert [line.split()[2] for line in lines] == ["nat", "bit", "bit"]
    assert lines[2].endswith("lower is better")


def test_metric_without_a_value_is_null(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A metric without a value is null, with its reason on stderr; other values stay."""
    same = [files[0]] * 3
    assert main(["measure", *same, "--metrics", "EN", "PSNR", "--json"]) == 0
    printed = capsys.readouterr()
    values = json.loads(printed.out)
    assert values["EN"] > 0
    assert values["PSNR"] is None
    assert "PSNR: is infinite: the images are identical" in printed.err
    assert main(["measure", *same, "--metrics", "PSNR"]) == 1
    assert capsys.readouterr().out.split()[:2] == ["PSNR", "-"]


def test_ground_truth_from_a_file(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """--reference gives the ground truth.

    Without it, metrics that need one are refused before any file is read.
    """
    assert main(["measure", *files, "--metrics", "SSIM-GT", "--reference", files[2], "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"SSIM-GT": pytest.approx(1)}
    assert main(["measure", "no", "such", "files", "--metrics", "SSIM-GT"]) == 1
    assert "SSIM-GT: needs a ground truth; give it with --reference" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "fused.png: must be an image file; found nothing there"),
        (
            lambda path: path.write_text("not an image"),
            "fused.png: must be a whole image; found a damaged file",
        ),
        (
            lambda path: path.write_bytes(path.read_bytes()[:9000]),
            "fused.png: must be a whole image; found a damaged file",
        ),
        (
            lambda path: path.write_bytes(b""),
            "fused.png: must be a whole image; found a damaged file",
        ),
        (
            lambda path: cv2.imwrite(str(path), np.zeros((20, 30), np.uint8)),
            "same size (height x width), found",
        ),
    ],
)
def test_files_that_cannot_be_measured(
    files: list[str], capsys: pytest.CaptureFixture[str], spoil: object, message: str
) -> None:
    """A missing, foreign, truncated or empty file, and another size, exit with status 1.

    There is one message for each.
    """
    assert callable(spoil)
    spoil(Path(files[2]))
    assert main(["measure", *files]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_colour_and_alpha_are_read_as_rgb(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A red image has the luma of red, with or without an alpha channel."""
    for channels in (3, 4):
        red = np.zeros((197, 181, channels), np.uint8)
        red[:, :, 2:] = 255
        red[0, 0, 2] = 0
        cv2.imwrite(files[2], red)
        assert main(["measure", *files, "--metrics", "SD", "--json"]) == 0
        expected = np.full(197 * 181, 76.0)
        expected[0] = 0
        assert json.loads(capsys.readouterr().out)["SD"] == pytest.approx(expected.std())


def test_explain_finds_the_definition_of_a_claim(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """--explain marks the definitions that give a claimed value, up to the digits claimed."""
    main(["measure", *files, "--metrics", "SSIM@cddfuse", "--json"])
    value = json.loads(capsys.readouterr().out)["SSIM@cddfuse"]
    assert main(["measure", *files, "--explain", f"SSIM={value:.4f}"]) == 0
    found = [
        line.split()[0]
        for line in capsys.readouterr().out.splitlines()
        if "gives the claim" in line
    ]
    assert found == ["SSIM@cddfuse"]
    assert main(["measure", *files, "--explain", "SSIM=0.1234", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert {row["id"] for row in answer["definitions"]} >= {
        "SSIM",
        "SSIM@cddfuse",
        "SSIM@tang",
        "Ssim@vifb",
    }
    assert not any(row["matches"] for row in answer["definitions"])


def test_explain_tries_the_protocols_of_colour_images(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """For a colour image a claim may hold under another protocol than the luma."""
    colour = cv2.imread(files[2], cv2.IMREAD_COLOR)
    assert colour is not None
    colour[:, :, 0] = colour[:, :, 0] // 2
    cv2.imwrite(files[2], colour)
    main(["measure", *files, "--metrics", "AG+rgb-mean", "--json"])
    value = json.loads(capsys.readouterr().out)["AG+rgb-mean"]
    assert main(["measure", *files, "--explain", f"AG={value:.5f}"]) == 0
    found = [
        line.split()[0]
        for line in capsys.readouterr().out.splitlines()
        if "gives the claim" in line
    ]
    assert "AG+rgb-mean" in found
    assert "AG" not in found


def test_bad_claims_and_names(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A claim without a number, and unknown names, are refused with the near names."""
    for arguments, message in {
        ("--explain", "SSIM"): "must be METRIC=VALUE with a number",
        ("--explain", "SIMM=1"): "unknown metric 'SIMM'; near names: SSIM",
        ("--metrics", "SSIM@cdfuse"): "near names: SSIM@cddfuse",
        ("--metrics", "all@vfib"): "near names: all@vifb",
        ("--metrics", "SSIM+gbr"): "unknown protocol 'gbr'",
    }.items():
        assert main(["measure", *files, *arguments]) == 1
        assert message in capsys.readouterr().err
