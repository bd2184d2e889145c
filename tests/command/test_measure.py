"""``fusebench measure``: its table, its JSON, missing values, and claims.

A claim is compared with every definition of its metric. Files that cannot be measured and whole
sets of evaluators are in ``tests/metrics/test_measure_command.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fusebench.command import main
from fusebench.command.measure import Claimed, claim_of
from fusebench.metrics import default_metrics

from tests.metrics.conftest import make_scene


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Source A, source B and fused image as files."""
    paths = [tmp_path / f"{name}.png" for name in ("a", "b", "fused")]
    for path, image in zip(paths, make_scene(64, 72, 5), strict=True):
        cv2.imwrite(str(path), image.astype(np.uint8))
    return [str(path) for path in paths]


def measured(files: list[str], capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """Return what is printed as JSON."""
    main(["measure", *files, *words, "--json"])
    return json.loads(capsys.readouterr().out)


def test_the_defaults_are_those_of_infrared_and_visible(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without ``--metrics`` the default metrics of infrared-visible fusion are measured."""
    assert list(measured(files, capsys)) == default_metrics("infrared-visible")


def test_a_table_has_a_line_for_each_metric(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A line has name, value, unit and which direction is better.

    Columns are aligned, and no line ends with blanks.
    """
    assert main(["measure", *files, "--metrics", "SF@vifb", "MSE", "QSF", "EN"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["SF@vifb", "MSE", "QSF", "EN"]
    assert lines[0].endswith("  gray level          higher is better")
    assert lines[1].endswith("  squared gray level  lower is better")
    assert lines[2].split()[2:] == ["1"]
    assert all(line == line.rstrip() for line in lines)
    assert len({line.index(line.split()[1]) + len(line.split()[1]) for line in lines}) == 1
    values = measured(files, capsys, "--metrics", "EN")
    assert float(lines[3].split()[1]) == pytest.approx(values["EN"], rel=1e-7)


def test_a_metric_without_a_value_has_a_reason(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a dash in the table and null in JSON, with the reason on stderr.

    The other metrics are measured all the same.
    """
    cv2.imwrite(files[2], np.full((64, 72), 9, np.uint8))
    assert main(["measure", *files, "--metrics", "EN", "CC"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1].split()[:2] == ["CC", "-"]
    assert shown.err == (
        "fusebench measure: CC: has no value: the fused image is constant, so nothing correlates"
        " with it\n"
    )
    assert measured(files, capsys, "--metrics", "EN", "CC") == {"EN": 0.0, "CC": None}


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_no_value_at_all_is_status_1(
    files: list[str], capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """The metrics that were asked for are printed without values."""
    cv2.imwrite(files[2], np.full((64, 72), 9, np.uint8))
    assert main(["measure", *files, "--metrics", "CC", *words]) == 1
    assert "CC" in capsys.readouterr().out


def test_a_ground_truth_is_given_by_its_option(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it the metrics that need one are named before any image is read."""
    names = ["--metrics", "SSIM-GT", "EN", "PSNR-GT"]
    found = measured(files, capsys, *names, "--reference", files[1])
    assert 0 < found["SSIM-GT"] < 1 and found["PSNR-GT"] > 0
    missing = ["none.png", "none.png", "none.png"]
    assert main(["measure", *missing, *names]) == 1
    assert capsys.readouterr().err == (
        "fusebench measure: SSIM-GT, PSNR-GT: needs a ground truth; give it with --reference\n"
    )
    assert main(["measure", *files, *names, "--reference", "none.png"]) == 1
    assert "none.png: must be an image file; found nothing there" in capsys.readouterr().err


def test_multi_band_metrics_have_no_value_on_images(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """They are measured on arrays with bands, which image files do not hold."""
    assert main(["measure", *files, "--metrics", "QNR"]) == 1
    assert "QNR: is defined for bands images, these are gray images" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "decimals", "given"),
    [
        (1.03, 2, (1.0251, 1.0349)),
        (1.0, 1, (0.951, 1.049)),
        (1.0, 0, (0.51, 1.49)),
        (0.00001, 5, (0.0000051, 0.0000149)),
        (-0.5, 2, (-0.5049, -0.4951)),
        (1234.0, 0, (1233.6, 1234.4)),
    ],
)
def test_a_claim_is_given_by_what_rounds_to_it(
    value: float, decimals: int, given: tuple[float, float]
) -> None:
    """A value may differ by half a unit of the last printed digit on both sides, and no more."""
    claimed = Claimed(value, decimals)
    assert all(map(claimed.is_given_by, (value, *given)))
    unit = 10.0**-decimals
    assert not claimed.is_given_by(value + 0.51 * unit)
    assert not claimed.is_given_by(value - 0.51 * unit)


@pytest.mark.parametrize("number", ["", "x", "1,03", "nan", "inf", "1e400", "1_0", "=1", "0x1"])
def test_a_claim_is_a_number_with_a_point(
    files: list[str], capsys: pytest.CaptureFixture[str], number: str
) -> None:
    """The message says what a claim must be, with an example."""
    assert main(["measure", *files, "--explain", f"EN={number}"]) == 1
    told = "--explain must be METRIC=VALUE with a number, such as SSIM=1.03; found"
    assert f"{told} 'EN={number}'" in capsys.readouterr().err


@pytest.mark.parametrize(("written", "status"), [("{:.6f}", 0), ("{:.2e}", 0), ("{:.1f}0000", 1)])
def test_printed_digits_decide(
    files: list[str], capsys: pytest.CaptureFixture[str], written: str, status: int
) -> None:
    """Zeros at the end are digits, and an exponent is not: 6.50000 is another claim than 6.5."""
    value = measured(files, capsys, "--metrics", "EN")["EN"]
    assert main(["measure", *files, "--explain", f"EN={written.format(value)}"]) == status


@pytest.mark.parametrize(
    ("written", "given", "not_given"),
    [
        ("0.70", (0.695, 0.7, 0.705), (0.6876, 0.7061, 0.71339)),
        ("0.7", (0.6876, 0.71339), (0.649, 0.751)),
        ("1e-05", (0.000005, 0.000015), (0.0000049, 0.00002, 0.0001)),
        ("1e-12", (5e-13, 1.5e-12), (0.0, 2e-12, 1e-10)),
        ("33", (32.5, 33.0, 33.5), (32.4, 33.6)),
        ("33.0", (32.95, 33.05), (32.9, 33.1)),
    ],
)
def test_the_digits_that_were_typed_are_the_claim(
    written: str, given: tuple[float, ...], not_given: tuple[float, ...]
) -> None:
    """0.70 is another claim than 0.7, an exponent moves the last digit, and 33 has none."""
    _, claimed = claim_of(f"SSIM={written}")
    assert all(map(claimed.is_given_by, given))
    assert not any(map(claimed.is_given_by, not_given))


def test_an_explanation_begins_with_the_nearest(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each definition has its value and its distance from the claim, the nearest first.

    The status is 0 where one gives the claimed value.
    """
    value = measured(files, capsys, "--metrics", "MSE@tang")["MSE@tang"]
    assert main(["measure", *files, "--explain", f"MSE={value:.6f}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"claimed: {value:.6f} (to within 5e-07, half a unit of its last digit)"
    assert lines[1].split()[0] in ("MSE@tang", "MSE@ivif-zoo")
    assert lines[1].endswith("gives the claim")
    farthest, shown, difference = lines[-1].split()
    assert farthest in ("MSE", "MSE@cddfuse")
    assert float(difference) == pytest.approx(float(shown) - value, rel=1e-4)
    assert main(["measure", *files, "--explain", "MSE=123456.7"]) == 1
    assert "gives the claim" not in capsys.readouterr().out


def test_definitions_without_a_value_are_explained_too(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """They stand below the others, with a dash and the reason; in JSON they are separate."""
    cv2.imwrite(files[1], np.zeros((64, 72), np.uint8))
    main(["measure", *files, "--explain", "VIF=1.00"])
    last = capsys.readouterr().out.splitlines()[-1]
    assert " -   has no value: source B is constant and carries no information" in last
    found = measured(files, capsys, "--explain", "VIF=1.00")
    assert "VIF" in found["without_value"]
    assert "VIFF@cddfuse" in [row["id"] for row in found["definitions"]]
    assert found["claimed"] == 1.0


def test_an_explanation_leaves_out_what_needs_a_ground_truth(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With a ground truth such a definition is tried too.

    A metric that has no other definition has nothing to print.
    """
    assert main(["measure", *files, "--explain", "SSIM-GT=0.5"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "claimed: 0.5 (to within 0.05, half a unit of its last digit)"
    ]
    words = ["--explain", "SSIM-GT=0.5", "--reference", files[0]]
    assert [row["id"] for row in measured(files, capsys, *words)["definitions"]] == ["SSIM-GT"]


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
@pytest.mark.parametrize("side", [0, 1, 2])
def test_a_truncated_jpeg_is_not_measured(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], share: float, side: int
) -> None:
    """The file is named and the status is 1; OpenCV alone would fill it up with gray."""
    path = tmp_path / "cut.jpg"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 256, (64, 72)).astype(np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    files[side] = str(path)
    assert main(["measure", *files, "--metrics", "EN"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{path}: must be a whole image; found a damaged file" in shown.err


def test_what_was_done_to_an_image_is_told(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each conversion is a line on stderr with the path of the image; the values are printed."""
    dark = np.linspace(7000, 8020, 64 * 72).reshape(64, 72).astype(np.uint16)
    cv2.imwrite(files[0], dark)
    assert main(["measure", *files, "--metrics", "EN"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("EN ")
    assert shown.err == (
        f"fusebench measure: {files[0]}: 16-bit values fill only 7001 to 8018 of 0 to 65535: 5 of"
        " 256 gray levels are left\n"
    )


def test_images_of_different_size_are_named(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The message has the paths of both files, not only their roles."""
    cv2.imwrite(files[1], np.zeros((20, 30), np.uint8))
    assert main(["measure", *files]) == 1
    assert capsys.readouterr().err == (
        f"fusebench measure: {files[0]} and {files[1]} must have the same size (height x width),"
        " found 64 x 72 and 20 x 30\n"
    )


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_metrics_do_not_swallow_the_images(
    files: list[str], capsys: pytest.CaptureFixture[str], before: int
) -> None:
    """Images may stand behind ``--metrics``, all of them or some; so may folders."""
    given = [*files[:before], "--metrics", "EN", "SD", *files[before:]]
    assert main(["measure", *given]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["EN", "SD"]


def test_an_image_behind_the_metrics_may_have_the_name_of_a_metric(
    files: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word that is a metric stays one, even where a file has its name; ``./SD`` is the file."""
    monkeypatch.chdir(Path(files[0]).parent)
    Path(files[2]).rename("SD")
    assert main(["measure", "--metrics", "EN", "SD", "a.png", "b.png", "./SD"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["EN", "SD"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], "found none of them"),
        (["x.png"], "found x.png"),
        (["--metrics", "EN", "x.png", "y.png"], "found x.png y.png"),
    ],
)
def test_too_few_images_are_a_wrong_call(
    capsys: pytest.CaptureFixture[str], words: list[str], found: str
) -> None:
    """The usage is printed, and the status is 2, as for every wrong call."""
    with pytest.raises(SystemExit) as end:
        main(["measure", *words])
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert "usage: fusebench measure" in told and found in told


def test_a_misspelt_metric_is_still_one(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not taken for an image."""
    assert main(["measure", "--metrics", "EN", "SIMM", *files]) == 1
    assert "unknown metric 'SIMM'" in capsys.readouterr().err
