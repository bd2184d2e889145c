"""Claims are judged: digits, spread, other definitions, and what cannot be compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fusebench.contracts.evidence import Proof
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import Record
from fusebench.evidence.colour import colour_deviation
from fusebench.evidence.judging import (
    OTHER_SCALES,
    VERDICTS,
    MeasuredHere,
    Values,
    alternatives,
    judge,
    mean_of,
    measured_on,
    proof_of,
    verdict_of,
)
from fusebench.hashes import sha256_of_json
from fusebench.images import pixel_sha256
from fusebench.registry.claims import decimals_of, definitions_tried, formula_of
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.evidence.makers import Pixels, written_manifest, written_run
from tests.evidence.makers import claim as make_claim
from tests.metrics.measuring import examples

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
    """A method that gives 0.53 in one run and 0.55 in the next may still give 0.52."""
    runs = (values(VIFF_at_cddfuse=0.53), values(VIFF_at_cddfuse=0.55))
    row = judge(VIFF, MeasuredHere(runs=runs))
    assert row.verdict == "reproduced"
    assert row.spread == pytest.approx(0.02)
    assert row.tolerance == pytest.approx(0.025)


def test_the_definition_that_gives_the_claim_is_named() -> None:
    """If the claimed formula gives another value, the formula that gives the digits is named."""
    row = judge(
        VIFF, MeasuredHere(runs=(values(VIFF_at_cddfuse=1.04, VIF=1.04, VIF_at_tang=0.521),))
    )
    assert row.verdict == "not-reproduced"
    assert row.reason == "0.52 is VIF@tang; the claim is entered as VIFF@cddfuse"


def test_a_definition_that_comes_close_is_named() -> None:
    """If no formula gives the digits, the nearest within 2 % is named with its value."""
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
    """An image is no pair, a ground truth is missing, or a metric has no value."""
    unknown = judge(replace(VIFF, image="z"), MeasuredHere(runs=(values(VIFF_at_cddfuse=0.5),)))
    assert unknown.reason == "no pair of these images is named 'z'"
    runs: tuple[Values, ...] = ({"SSIM-GT": {"x": None}, "EN": {"x": 1.0, "y": None}},)
    reference = replace(CLAIM, metric="SSIM-GT", definition="canonical")
    assert "needs a ground truth" in judge(reference, MeasuredHere(runs=runs)).reason
    some = replace(CLAIM, metric="EN", definition="canonical")
    assert judge(some, MeasuredHere(runs=runs)).reason == "EN has no value on 1 of 2 images"


def test_no_definition_gives_the_claim() -> None:
    """The reason says how many other definitions were tried."""
    row = judge(VIFF, MeasuredHere(runs=(values(VIFF_at_cddfuse=1.04, VIF=1.04),)))
    tried = len(definitions_tried(VIFF)) - 1
    assert row.reason == f"none of the {tried} other definitions gives the claimed value"


def test_the_note_of_a_claim_stands_beside_what_was_not_reproduced() -> None:
    """A reader sees the entry's note on the difference, and no note where there is none."""
    noted = replace(VIFF, note="in colour")
    assert judge(noted, MeasuredHere(runs=(values(VIFF_at_cddfuse=1.04),))).reason.endswith(
        "; in colour"
    )
    assert judge(noted, MeasuredHere(runs=(values(VIFF_at_cddfuse=0.52),))).reason == ""


def test_an_unknown_definition_is_not_comparable_but_tried() -> None:
    """A source that names no formula is not called wrong; formulas that fit are named."""
    row = judge(
        replace(CLAIM, definition="unknown"),
        MeasuredHere(runs=(values(VIF=0.9, VIF_at_tang=0.52),)),
    )
    assert row.verdict == "not-comparable"
    assert "VIF@tang would give it" in row.reason


def test_other_images_are_not_comparable() -> None:
    """A claim on images that the registry lacks says which images they were."""
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
    """If the metric has no value on one image, there is no number for the claim."""
    assert mean_of({"EN": {"x": 1.0, "y": None}}, "EN", "") is None
    assert mean_of({"EN": {"x": 1.0, "y": None}}, "EN", "x") == 1.0
    assert mean_of({"EN": {"x": 1.0, "y": 3.0}}, "EN", "") == 2.0
    assert mean_of({}, "EN", "") is None


def test_two_percent_is_close() -> None:
    """Both sides of the limit are tested, and a claim of zero."""
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


@examples
@given(st.floats(-1e3, 1e3), st.floats(0, 10), st.floats(-1e3, 1e3))
def test_verdicts_know_no_sign(difference: float, tolerance: float, claimed: float) -> None:
    """Too much is as bad as too little, for negative numbers as for positive ones.

    A wider tolerance is never worse.
    """
    found = verdict_of(difference, tolerance, claimed)
    assert verdict_of(-difference, tolerance, claimed) == found
    assert verdict_of(difference, tolerance, -claimed) == found
    order = VERDICTS.index
    assert order(verdict_of(difference, 2 * tolerance, claimed)) <= order(found)
    assert order(verdict_of(difference / 2, tolerance, claimed)) <= order(found)


def test_exactly_half_a_unit_is_reproduced() -> None:
    """Rounding of binary fractions does not matter: 0.525 rounds to 0.52 or 0.53."""
    assert judge(VIFF, MeasuredHere(runs=(values(VIFF_at_cddfuse=0.525),))).verdict == "reproduced"
    assert judge(VIFF, MeasuredHere(runs=(values(VIFF_at_cddfuse=0.515),))).verdict == "reproduced"


def test_a_claim_keeps_its_fields_beside_what_was_measured() -> None:
    """The difference is measured minus claimed; one run has the tolerance of the printed digits."""
    noted = replace(VIFF, note="n", source="s", images="")
    row = judge(noted, MeasuredHere(runs=(values(VIFF_at_cddfuse=0.5249),)))
    assert (row.method, row.dataset, row.where, row.source, row.note) == (
        *("m", "d", "Table 1", "s", "n"),
    )
    assert row.id == "VIFF@cddfuse" and row.value == 0.52
    assert row.measured == pytest.approx(0.5249)
    assert row.difference == pytest.approx(0.0049)
    assert (row.tolerance, row.spread) == (0.005, None)


def test_a_claim_on_one_image_is_held_against_that_image() -> None:
    """It is not compared with the mean.

    The proof has the hash of that image, or one over all images.
    """
    proof = Proof(outputs={"x": "1", "y": "2"})
    measured = MeasuredHere(runs=(values(VIFF_at_cddfuse=0.53),), proof=proof)
    one, both = judge(replace(VIFF, image="x"), measured), judge(VIFF, measured)
    assert one.measured == pytest.approx(0.52) and one.verdict == "reproduced"
    assert both.measured == pytest.approx(0.53) and both.verdict == "close"
    assert one.proof and both.proof
    assert one.proof.outputs == "1"
    assert both.proof.outputs == sha256_of_json({"x": "1", "y": "2"})
    assert judge(VIFF, MeasuredHere(runs=measured.runs)).proof is None


def test_the_spread_is_over_all_runs() -> None:
    """The measured value is that of the first run; the range over all runs widens the tolerance."""
    runs = tuple(values(VIFF_at_cddfuse=mean) for mean in (0.6, 0.55, 0.7))
    row = judge(VIFF, MeasuredHere(runs=runs))
    assert row.measured == pytest.approx(0.6)
    assert row.spread == pytest.approx(0.15)
    assert row.verdict == "reproduced"


def test_a_run_without_a_value_leaves_no_number() -> None:
    """This holds even if the first run has a value."""
    runs: tuple[Values, ...] = (
        values(VIFF_at_cddfuse=0.52),
        {"VIFF@cddfuse": {"x": 0.5, "y": None}},
    )
    row = judge(VIFF, MeasuredHere(runs=runs))
    assert (row.verdict, row.measured) == ("not-comparable", None)
    assert row.reason == "VIFF@cddfuse has no value on 1 of 2 images"


def test_what_was_run_is_proved_also_where_nothing_can_be_compared() -> None:
    """A reader sees which run failed."""
    proof = Proof(commit="c", outputs={})
    row = judge(VIFF, MeasuredHere("crashed: boom", proof=proof))
    assert row.proof and row.proof.commit == "c"


def test_two_definitions_that_give_the_claim_are_both_named() -> None:
    """Neither of them is preferred."""
    runs = (values(VIFF_at_cddfuse=1.04, VIF=0.52, VIF_at_tang=0.52),)
    row = judge(VIFF, MeasuredHere(runs=runs))
    assert row.reason == "0.52 is VIF or VIF@tang; the claim is entered as VIFF@cddfuse"


def test_a_definition_that_comes_close_is_no_news_where_the_claimed_one_does() -> None:
    """If two definitions are within 2 %, the one of the entry is kept."""
    row = judge(VIFF, MeasuredHere(runs=(values(VIFF_at_cddfuse=0.529, VIF=0.5265),)))
    assert row.verdict == "close" and row.reason.startswith("none of the ")


def test_the_only_other_definition_is_counted() -> None:
    """A metric with two definitions has one other."""
    claim = replace(CLAIM, metric="Q_S", definition="canonical")
    assert len(definitions_tried(claim)) == 2
    row = judge(claim, MeasuredHere(runs=(values(Q_S=0.9),)))
    assert row.reason == "none of the 1 other definitions gives the claimed value"


def test_other_scales_are_tried_for_units_that_have_one() -> None:
    """Gray levels of 0..1, their squares, and percent of plain numbers are tried.

    Bits and decibels have no other scale.
    """
    scales = {"SD": "gray level", "MSE": "squared gray level", "SSIM": "1", "EN": "bit"}
    for metric, unit in scales.items():
        claim = replace(VIFF, metric=metric, definition="canonical")
        found = alternatives(claim, MeasuredHere(runs=(values(**{metric: 0.5}),)))
        other = OTHER_SCALES.get(unit)
        assert found == pytest.approx(
            {metric: 0.5, **({f"{metric} {other[0]}": 0.5 * other[1]} if other else {})}
        )


def test_an_unknown_definition_that_nothing_gives() -> None:
    """The reason says that all definitions were tried."""
    claim = replace(CLAIM, definition="unknown")
    row = judge(claim, MeasuredHere(runs=(values(VIF=0.9),)))
    assert row.reason == (
        "the source does not say which formula it used; none of the definitions known here gives it"
    )


def stripes(level: int) -> Pixels:
    """Return an image of two levels, whose standard deviation is half of ``level``."""
    return np.tile(np.array([0, level], np.uint8), (8, 4))


def test_values_of_claims_are_measured_on_every_run(tmp_path: Path) -> None:
    """Values are measured under all definitions that are tried for any of the claims.

    The proof is that of the first run.
    """
    marker = written_manifest(tmp_path / "images", {"p": (stripes(4), stripes(6))}, sha256="in")
    records = [
        written_run(tmp_path / str(number), {"p": stripes(level)}, seed=number)
        for number, level in enumerate((10, 20))
    ]
    claims = [replace(CLAIM, metric="SD", definition="tang"), replace(CLAIM, metric="EN")]
    found = measured_on(claims, marker, records)
    assert found.reason == ""
    assert [run["SD@tang"]["p"] for run in found.runs] == pytest.approx([5.0, 10.0])
    tried = {one.id for claim in claims for one in definitions_tried(claim)}
    assert set(found.runs[0]) == tried >= {"SD", "SD@sample", "EN", "EN@ivif-zoo"}
    assert found.proof and (found.proof.seed, found.proof.inputs) == (0, "in")
    assert found.proof.outputs == {"p": pixel_sha256(stripes(10))}


@pytest.mark.parametrize("metric", ["Variance", "SD", "SD+rgb-mean"])
def test_a_formula_is_measured_under_every_name_that_a_claim_may_give_it(
    tmp_path: Path, metric: str
) -> None:
    """The names are the evaluator's column, the metric's own name, and another protocol."""
    marker = written_manifest(tmp_path / "images", {"p": (stripes(4), stripes(6))})
    record = written_run(tmp_path / "run", {"p": stripes(10)})
    definition = "canonical" if "+" in metric else "vifb"
    claim = replace(CLAIM, metric=metric, definition=definition, value=5.0)
    row = judge(claim, measured_on([claim], marker, [record]))
    assert (row.verdict, row.measured) == ("reproduced", 5.0)


def test_colours_are_compared_with_the_visible_source(tmp_path: Path) -> None:
    """The visible source is the second one; a gray result has the colour of gray.

    A result larger than its source has no value.
    """
    red = np.zeros((8, 8, 3), np.uint8)
    red[:, :, 0] = 200
    gray = np.full((8, 8), 90, np.uint8)
    marker = written_manifest(tmp_path / "images", {"p": (gray, red)})
    claim = replace(CLAIM, metric="colour-deviation", definition="fcdfusion")
    expected = {"red": 0, "gray": np.arccos(1 / np.sqrt(3)), "small": 0, "larger": None}
    made = {"red": red, "gray": gray, "small": red[:5, :3], "larger": np.repeat(red, 2, axis=0)}
    for name, pixels in made.items():
        record = written_run(tmp_path / name, {"p": pixels})
        (run,) = measured_on([claim], marker, [record]).runs
        found = run["colour-deviation@fcdfusion"]["p"]
        wanted = expected[name]
        assert found is None if wanted is None else found == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("failing", ["images", "first", "second"])
def test_the_first_that_failed_is_the_reason(tmp_path: Path, failing: str) -> None:
    """Images come before runs, and runs keep their order; nothing is measured."""
    bad: dict[str, Any] = {"state": "bad-output", "reason": failing}
    fields = bad if failing == "images" else {}
    marker = written_manifest(tmp_path / "images", {"p": (stripes(4), stripes(6))}, **fields)
    records = [
        written_run(tmp_path / name, {"p": stripes(9)}, **(bad if name == failing else {}))
        for name in ("first", "second")
    ]
    found = measured_on([replace(CLAIM, metric="EN", definition="canonical")], marker, records)
    assert (found.reason, found.runs) == (f"bad-output: {failing}", ())
    assert found.proof is not None


def test_a_proof_is_taken_from_record_and_manifest() -> None:
    """A manifest that was never made has no hash of inputs."""
    record = Record(
        method="m", dataset="d", state="ok", reason="", weights={"w": "1"}, threads=3, hash_seed=13
    )
    proof = proof_of(record, Manifest())
    assert (proof.inputs, proof.outputs, proof.weights) == (None, {}, {"w": "1"})
    assert (proof.threads, proof.hash_seed, proof.commit) == (3, 13, None)
