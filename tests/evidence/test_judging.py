"""Claims judged: digits, spread, other definitions, and what cannot be compared."""

from __future__ import annotations

import numpy as np
import pytest
from fusebench.evidence.colour import colour_deviation
from fusebench.evidence.judging import MeasuredHere, Values, judge, mean_of, verdict_of
from fusebench.registry.claims import decimals_of, definitions_tried, formula_of
from msgspec.structs import replace

from tests.evidence.makers import claim as make_claim

CLAIM = make_claim(metric="VIF", definition="cddfuse", value=0.52, where="Table 1")
VIFF = replace(CLAIM, metric="VIFF")


def values(**means: float) -> dict[str, dict[str, float | None]]:
    """Return the values of two images, given the mean of each metric; ``_at_`` stands for ``@``."""
    return {
        name.replace("_at_", "@"): {"x": mean - 0.01, "y": mean + 0.01}
        for name, mean in means.items()
    }


def test_half_a_unit_of_the_last_digit_is_reproduced() -> None:
    """0.5249 rounds to the claimed 0.52, 0.5251 does not."""
    assert judge(VIFF, MeasuredHere(runs=(values(VIFF_at_cddfuse=0.5249),))).verdict == "reproduced"
    assert judge(VIFF, MeasuredHere(runs=(values(VIFF_at_cddfuse=0.5251),))).verdict == "close"
    assert (
        judge(VIFF, MeasuredHere(runs=(values(VIFF_at_cddfuse=0.60),))).verdict == "not-reproduced"
    )


def test_the_measured_spread_widens_the_tolerance() -> None:
    """A method that gives 0.53 once and 0.55 the next time has not failed to give 0.52."""
    runs = (values(VIFF_at_cddfuse=0.53), values(VIFF_at_cddfuse=0.55))
    row = judge(VIFF, MeasuredHere(runs=runs))
    assert row.verdict == "reproduced"
    assert row.spread == pytest.approx(0.02)
    assert row.tolerance == pytest.approx(0.025)


def test_the_definition_that_gives_the_claim_is_named() -> None:
    """Where the claimed formula gives another value, the one that gives the claimed digits is told."""
    row = judge(
        VIFF, MeasuredHere(runs=(values(VIFF_at_cddfuse=1.04, VIF=1.04, VIF_at_tang=0.521),))
    )
    assert row.verdict == "not-reproduced"
    assert row.reason == "0.52 is VIF@tang; the claim is entered as VIFF@cddfuse"


def test_a_definition_that_comes_close_is_named() -> None:
    """Where none gives the digits, the nearest within 2 % is told, with its value."""
    row = judge(
        VIFF, MeasuredHere(runs=(values(VIFF_at_cddfuse=1.04, VIF_at_tang=0.529, VIF=0.6),))
    )
    assert row.reason == "VIF@tang comes close (0.53); the claim is entered as VIFF@cddfuse"


def test_a_formula_that_only_a_claim_has() -> None:
    """There is no other definition to try."""
    claim = replace(VIFF, metric="colour-deviation", definition="fcdfusion", value=0.01, decimals=3)
    row = judge(claim, MeasuredHere(runs=({formula_of(claim): {"x": 0.02}},)))
    assert (row.verdict, row.reason) == ("not-reproduced", "the metric has one definition")


def test_gray_levels_are_tried_on_images_from_0_to_1() -> None:
    """A spatial frequency of 0.05 is that of an image whose values were divided by 255."""
    claim = replace(VIFF, metric="SF", definition="tang", value=0.05)
    row = judge(claim, MeasuredHere(runs=(values(SF_at_tang=12.75),)))
    assert row.verdict == "not-reproduced"
    assert row.reason == "0.05 is SF@tang of values from 0 to 1; the claim is entered as SF@tang"


def test_percent_is_named() -> None:
    """A table that prints 52.1 where the metric is 0.521 prints percent."""
    claim = replace(VIFF, value=52.1, decimals=1)
    row = judge(claim, MeasuredHere(runs=(values(VIFF_at_cddfuse=0.521),)))
    assert row.verdict == "not-reproduced"
    assert row.reason == "52.1 is VIFF@cddfuse in percent; the claim is entered as VIFF@cddfuse"


def test_why_there_is_no_number() -> None:
    """An image that is no pair, a ground truth that is lacking, and values that a metric does not have."""
    unknown = judge(replace(VIFF, image="z"), MeasuredHere(runs=(values(VIFF_at_cddfuse=0.5),)))
    assert unknown.reason == "no pair of these images is named 'z'"
    runs: tuple[Values, ...] = ({"SSIM-GT": {"x": None}, "EN": {"x": 1.0, "y": None}},)
    reference = replace(CLAIM, metric="SSIM-GT", definition="canonical")
    assert "needs a ground truth" in judge(reference, MeasuredHere(runs=runs)).reason
    some = replace(CLAIM, metric="EN", definition="canonical")
    assert judge(some, MeasuredHere(runs=runs)).reason == "EN has no value on 1 of 2 images"


def test_no_definition_gives_the_claim() -> None:
    """That all other definitions were tried is told with their number."""
    row = judge(VIFF, MeasuredHere(runs=(values(VIFF_at_cddfuse=1.04, VIF=1.04),)))
    tried = len(definitions_tried(VIFF)) - 1
    assert row.reason == f"none of the {tried} other definitions gives the claimed value"


def test_the_note_of_a_claim_stands_beside_what_was_not_reproduced() -> None:
    """A reader sees what the entry has to say about the difference, and nothing where there is none."""
    noted = replace(VIFF, note="in colour")
    assert judge(noted, MeasuredHere(runs=(values(VIFF_at_cddfuse=1.04),))).reason.endswith(
        "; in colour"
    )
    assert judge(noted, MeasuredHere(runs=(values(VIFF_at_cddfuse=0.52),))).reason == ""


def test_an_unknown_definition_is_not_comparable_but_tried() -> None:
    """A source that names no formula is not accused; what would give its value is told."""
    row = judge(
        replace(CLAIM, definition="unknown"),
        MeasuredHere(runs=(values(VIF=0.9, VIF_at_tang=0.52),)),
    )
    assert row.verdict == "not-comparable"
    assert "VIF@tang would give it" in row.reason


def test_other_images_are_not_comparable() -> None:
    """A claim on images that the registry lacks says which they were."""
    row = judge(replace(CLAIM, dataset="", images="NSLSR"), MeasuredHere())
    assert (row.verdict, row.reason) == ("not-comparable", "other images: NSLSR")


def test_a_run_without_result_is_not_comparable() -> None:
    """The state of the run is the reason."""
    row = judge(CLAIM, MeasuredHere("weights-missing: model.pth is absent"))
    assert (row.verdict, row.reason) == (
        "not-comparable",
        "weights-missing: model.pth is absent",
    )


def test_a_mean_of_only_some_images_is_no_mean() -> None:
    """An image on which the metric has no value leaves the claim without a number."""
    assert mean_of({"EN": {"x": 1.0, "y": None}}, "EN", "") is None
    assert mean_of({"EN": {"x": 1.0, "y": None}}, "EN", "x") == 1.0
    assert mean_of({"EN": {"x": 1.0, "y": 3.0}}, "EN", "") == 2.0
    assert mean_of({}, "EN", "") is None


def test_two_percent_is_close() -> None:
    """Both sides of the stated limit, and a claim of zero."""
    assert verdict_of(0.0199, 0.001, 1.0) == "close"
    assert verdict_of(-0.0201, 0.001, 1.0) == "not-reproduced"
    assert verdict_of(0.01, 0.001, 0.0) == "not-reproduced"


@pytest.mark.parametrize(
    ("text", "decimals"), [("1.030", 3), ("46", 0), ("1.5e-3", 4), ("-0.27", 2)]
)
def test_decimals_are_those_that_were_printed(text: str, decimals: int) -> None:
    """Zeros at the end count, and so does an exponent."""
    assert decimals_of(text) == decimals


def test_colour_deviation_is_the_mean_angle() -> None:
    """Red beside green is a right angle, black counts as none, and brightness does not matter."""
    visible = np.array([[[200, 0, 0], [0, 0, 0], [10, 20, 30], [50, 50, 50]]], np.uint8)
    fused = np.array([[[0, 90, 0], [9, 9, 9], [20, 40, 60], [250, 250, 250]]], np.uint8)
    assert colour_deviation(visible, fused) == pytest.approx(np.pi / 2 / 4, abs=1e-3)
