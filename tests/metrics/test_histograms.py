"""Metrics of gray-level histograms: values worked out by hand, bounds, and invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fusebench.metrics import SourcePair, resolve
from fusebench.metrics.histograms import (
    CVEJIC_ORDER,
    NAVA_ORDER,
    Counts,
    eigenvalue_information,
    entropy_bits,
    gray_levels,
    histogram,
    joint_histogram,
    stretched,
    stretched_levels,
    tsallis_information,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.measuring import (
    CHANGES,
    Pixels,
    assert_changed,
    assert_unchanged,
    examples,
    flat,
    fusion_of,
    image_of,
    images,
    ordinary_scene,
    refusal,
    rows,
    value,
)

EVERY_LEVEL = np.arange(256.0).reshape(16, 16)
STRIPES = np.tile(rows([0, 200]), (2, 1))
"""Black and white columns, 2 x 2."""

SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("counts", "bits"),
    [
        ([4], 0),
        ([1, 1], 1),
        ([2, 1, 1], 1.5),
        ([4, 2, 1, 1], 1.75),
        ([1] * 256, 8),
        ([0, 3, 0, 1], 2 - 0.75 * math.log2(3)),
    ],
)
def test_entropy_of_known_counts(counts: list[int], bits: float) -> None:
    """Levels without a pixel add nothing."""
    assert entropy_bits(np.array(counts)) == pytest.approx(bits)


def test_histograms_are_of_rounded_levels() -> None:
    """Fractions go to the nearest level, halves to the even one; all 256 levels are counted."""
    image = image_of(rows([0.4, 0.6, 1.5], [2.5, 254.7, 255]))
    assert gray_levels(image).tolist() == [0, 1, 2, 2, 255, 255]
    counts = histogram(image)
    assert len(counts) == 256 and counts.sum() == 6
    assert [counts[level] for level in (0, 1, 2, 255)] == [1, 1, 2, 2]


def test_joint_histograms_have_the_fused_image_first() -> None:
    """Rows are levels of the fused image, columns those of the source."""
    fusion = fusion_of(rows([5, 5, 6]), rows([7, 7, 7]), rows([1, 2, 2]))
    counts = joint_histogram(fusion, fusion.a)
    assert (counts[1, 5], counts[2, 5], counts[2, 6], counts.sum()) == (1, 1, 1, 3)


@pytest.mark.parametrize(
    ("fused", "bits"), [(flat(9, 4, 4), 0), (STRIPES, 1), (EVERY_LEVEL, 8), (rows([0, 1, 2, 3]), 2)]
)
def test_en_of_known_images(fused: Pixels, bits: float) -> None:
    """EN is 0 for a flat image, 1 bit for two equal halves, 8 bit for every level once."""
    assert value("EN", fused, fused, fused) == pytest.approx(bits, abs=1e-12)


@pytest.mark.parametrize("name", ["EN", "EN@ivif-zoo"])
def test_entropy_knows_only_how_often_levels_occur(name: str) -> None:
    """EN depends neither on positions, nor on the levels themselves, nor on the sources."""
    for change in ("shuffled", "transposed", "brighter", "inverted"):
        assert_unchanged(name, change)
    a, b, fused = ordinary_scene()
    assert value(name, b, fused, fused) == value(name, a, b, fused)


@pytest.mark.parametrize("name", ["MI", "NMI", "QNCIE", "TE", "CE", "MI@tang"])
def test_information_does_not_depend_on_the_names_of_the_levels(name: str) -> None:
    """A permutation of the gray levels of all images changes nothing.

    The levels are at most 253, because Tang's code merges 254 and 255.
    """
    a, b, fused = (np.clip(image, 0, 253) for image in ordinary_scene())
    others = np.random.RandomState(1).permutation(254).astype(float)
    renamed = [others[image.astype(int)] for image in (a, b, fused)]
    assert value(name, *renamed) == pytest.approx(value(name, a, b, fused), rel=1e-12)


@pytest.mark.parametrize("name", ["MI", "NMI", "QNCIE", "TE", "CE", "NMI@ivif-zoo", "TE@ivif-zoo"])
def test_information_does_not_depend_on_places(name: str) -> None:
    """Pixels of all images may be shuffled in the same way; the sources may be exchanged."""
    assert_unchanged(name, "shuffled")
    a, b, fused = ordinary_scene()
    assert value(name, b, a, fused) == pytest.approx(value(name, a, b, fused), rel=1e-12)


def test_information_of_an_image_about_itself_is_its_entropy() -> None:
    """MI is I(F;A) + I(F;B) in nats, ``MI@ivif-zoo`` the same in bits."""
    assert value("MI", EVERY_LEVEL, EVERY_LEVEL, EVERY_LEVEL) == pytest.approx(16 * math.log(2))
    assert value("MI@ivif-zoo", EVERY_LEVEL, EVERY_LEVEL, EVERY_LEVEL) == pytest.approx(16)


def test_independent_images_tell_nothing_of_each_other() -> None:
    """Images of columns and of rows share no information in any of the formulas."""
    for name in ("MI", "NMI", "MI@tang", "NMI@ivif-zoo"):
        assert value(name, STRIPES, STRIPES, STRIPES.T) == pytest.approx(0, abs=1e-9)
    assert value("MI", STRIPES.T, STRIPES, STRIPES.T) == pytest.approx(math.log(2))


@examples
@given(images(6, 7, count=3))
def test_information_is_bounded_by_entropies(drawn: Pixels) -> None:
    """0 <= MI <= 2 H(F), and NMI lies on 0..2."""
    a, b, fused = drawn
    mutual = value("MI@ivif-zoo", a, b, fused)
    assert -1e-9 <= mutual <= 2 * value("EN", a, b, fused) + 1e-9
    if not (np.ptp(fused) == np.ptp(a) == 0 or np.ptp(fused) == np.ptp(b) == 0):
        assert -1e-9 <= value("NMI", a, b, fused) <= 2 + 1e-9


def test_tang_merges_the_two_brightest_levels() -> None:
    """254 and 255 share a bin of the joint histogram only, so their difference counts twice."""
    brightest, next_to_it = rows([254, 255]), rows([253, 254])
    assert value("MI@ivif-zoo", brightest, brightest, brightest) == pytest.approx(2)
    assert value("MI@tang", brightest, brightest, brightest) == pytest.approx(4)
    assert value("MI@tang", next_to_it, next_to_it, next_to_it) == pytest.approx(2)


def test_normalized_information_of_known_images() -> None:
    """NMI is 2 where all images are the same.

    It is 1 where one source is the fused image and the other is independent of it.
    """
    assert value("NMI", STRIPES, STRIPES, STRIPES) == pytest.approx(2)
    assert value("NMI", STRIPES, STRIPES.T, STRIPES) == pytest.approx(1)
    assert value("NMI@ivif-zoo", STRIPES, STRIPES, STRIPES) == pytest.approx(2)
    assert value("NMI@ivif-zoo", STRIPES, STRIPES.T, STRIPES) == pytest.approx(1)


def test_two_constant_images_have_no_normalized_information() -> None:
    """The message names the source; one constant image of the two still gives a value."""
    told = "has no value: the fused image and source B are both constant"
    assert refusal("NMI", STRIPES, flat(3, 2, 2), flat(4, 2, 2)) == told
    assert value("NMI", STRIPES, STRIPES, flat(4, 2, 2)) == 0


@pytest.mark.parametrize(
    ("source", "fused", "bits"),
    [
        (rows([0, 0, 0, 1]), rows([0, 1, 1, 1]), 0.5 * math.log2(3)),
        (rows([0, 0, 0, 1]), rows([0, 0, 0, 1]), 0),
        (rows([0, 0, 0, 0]), rows([0, 0, 1, 1]), 1),
        (rows([0, 1, 2, 3]), rows([0, 0, 0, 0]), -0.5),
        (rows([0, 0, 1, 1]), rows([2, 2, 3, 3]), 0),
    ],
)
def test_cross_entropy_counts_levels_that_both_images_have(
    source: Pixels, fused: Pixels, bits: float
) -> None:
    """Levels that are left out make it negative, or 0 without a common level: it is no distance."""
    assert value("CE", source, source, fused) == pytest.approx(bits)


def test_cross_entropy_is_the_mean_over_both_sources() -> None:
    """Each source has its own divergence from the fused image, in that direction."""
    one, other = rows([0, 0, 0, 1]), rows([0, 0, 1, 1])
    divergence = 0.5 * math.log2(3)
    assert value("CE", one, rows([0, 1, 1, 1]), rows([0, 1, 1, 1])) == pytest.approx(divergence / 2)
    assert value("CE", one, one, other) != pytest.approx(value("CE", other, other, one))


@pytest.mark.parametrize(
    ("between", "with_a", "with_b", "information"),
    [
        (0, 0, 0, 1 - math.log2(3) / 8),
        (1, 1, 1, 1),
        (0, 1, 0, 1 - (2 / 3 * math.log2(3 / 2) + math.log2(3) / 3) / 8),
        (1, 0, 0, 1 - (2 / 3 * math.log2(3 / 2) + math.log2(3) / 3) / 8),
    ],
)
def test_eigenvalue_information_of_known_correlations(
    between: float, with_a: float, with_b: float, information: float
) -> None:
    """Known correlations have the information of their eigenvalues.

    These are 1, 1, 1 without correlation, 3 with full correlation, and 2 and 1 where two of the
    three images are the same.
    """
    assert eigenvalue_information(between, with_a, with_b) == pytest.approx(information)


@examples
@given(SHARES, SHARES, SHARES)
def test_eigenvalue_information_has_no_order(one: float, two: float, three: float) -> None:
    """The order of the correlations does not matter.

    For a valid matrix, the value lies between that of no and that of full correlation.
    """
    found = eigenvalue_information(one, two, three)
    assert eigenvalue_information(two, three, one) == pytest.approx(found)
    assert eigenvalue_information(three, two, one) == pytest.approx(found)
    if 1 + 2 * one * two * three >= one * one + two * two + three * three:
        assert 1 - math.log2(3) / 8 - 1e-9 <= found <= 1 + 1e-9


def test_nonlinear_information_of_identical_images_with_every_level() -> None:
    """Mutual information of 8 bits is full correlation."""
    assert value("QNCIE", EVERY_LEVEL, EVERY_LEVEL, EVERY_LEVEL) == pytest.approx(1)
    assert value("QNCIE", flat(1), flat(2), flat(3)) == pytest.approx(1 - math.log2(3) / 8)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (rows([10, 20, 60]), [[0, 51, 255]]),
        (rows([0, 255]), [[0, 255]]),
        (rows([3, 3.5, 4]), [[0, 128, 255]]),
        (rows([0, 0]), [[0, 0]]),
    ],
)
def test_stretching_reaches_both_ends(image: Pixels, expected: list[list[float]]) -> None:
    """The darkest pixel becomes 0 and the brightest 255; halves are rounded up.

    An image of zeros stays as it is.
    """
    assert stretched(image_of(image)).tolist() == expected
    assert [stretched_levels(image_of(image)).tolist()] == expected


@pytest.mark.parametrize("name", ["QTE_nava@zliu", "TE_cvejic@zliu", "Q_CB", "Q_CV"])
def test_a_constant_image_cannot_be_stretched(name: str) -> None:
    """The message names the image.

    An image of zeros is accepted here; contrast metrics then have their own reason.
    """
    a, b, _ = ordinary_scene()
    told = "has no value: the fused image is constant and cannot be stretched to 0..255"
    assert refusal(name, a, b, np.full_like(a, 9.0)) == told
    values, refusals = SourcePair(a, b).attempt(np.zeros_like(a), resolve([name]))
    assert math.isfinite(values.get(name, math.inf)) != (name == "Q_CB")
    assert refusals.get(name, "is nan").startswith("is nan")


def diagonal(size: int) -> Counts:
    """Return the joint histogram of an image of equally frequent levels with itself."""
    counts = np.zeros((256, 256), dtype=np.int64)
    counts[np.arange(size), np.arange(size)] = 1
    return counts


@pytest.mark.parametrize("order", [NAVA_ORDER, CVEJIC_ORDER, 2.0])
@pytest.mark.parametrize("size", [1, 2, 16])
def test_tsallis_information_of_identical_images(order: float, size: int) -> None:
    """n equally frequent levels have (1 - n^(q - 1)) / (1 - q).

    Exchanged marginals are the same ones here.
    """
    expected = (1 - size ** (order - 1)) / (1 - order)
    assert tsallis_information(diagonal(size), order) == pytest.approx(expected)
    assert tsallis_information(diagonal(size), order, swapped=True) == pytest.approx(expected)


@pytest.mark.parametrize("order", [NAVA_ORDER, CVEJIC_ORDER])
def test_tsallis_information_of_independent_images_is_zero(order: float) -> None:
    """A joint histogram that is the product of its marginals has no information.

    With exchanged marginals it seems to have some.
    """
    counts = np.zeros((256, 256), dtype=np.int64)
    counts[:2, :3] = np.outer([1, 3], [2, 1, 1])
    assert tsallis_information(counts, order) == pytest.approx(0, abs=1e-12)
    assert abs(tsallis_information(counts, order, swapped=True)) > 0.01


def test_tsallis_information_of_order_next_to_one_is_shannons() -> None:
    """In the limit q -> 1 it is the mutual information in nats."""
    fusion = fusion_of(*(image[:40, :40] for image in ordinary_scene()))
    found = tsallis_information(joint_histogram(fusion, fusion.a), 1 + 1e-7)
    both = (entropy_bits(histogram(image)) for image in (fusion.fused, fusion.a))
    joint = entropy_bits(joint_histogram(fusion, fusion.a))
    assert found == pytest.approx((sum(both) - joint) * math.log(2), rel=1e-5)


def test_te_of_two_levels() -> None:
    """Identical images of two equal halves have 2 T / (1 + 1 + T).

    T = (1 - 2^(q - 1)) / (1 - q).
    """
    shared = (1 - 2 ** (NAVA_ORDER - 1)) / (1 - NAVA_ORDER)
    expected = 2 * shared / (2 + shared)
    assert value("TE", STRIPES, STRIPES, STRIPES) == pytest.approx(expected)
    assert value("QTE_nava@zliu", STRIPES, STRIPES, STRIPES) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["TE", "QTE_nava@zliu"])
def test_te_of_constant_sources_has_no_value(name: str) -> None:
    """Constant sources have no information that could be kept."""
    assert refusal(name, flat(0), flat(0), flat(0)) == "has no value: both sources are constant"


def test_exchanged_marginals_see_which_levels_are_bright() -> None:
    """TE of imageFusionMetrics changes where all images are inverted; the correct TE does not."""
    assert_unchanged("TE", "inverted")
    for name in ("QTE_nava@zliu", "TE_cvejic@zliu"):
        assert_changed(name, "inverted", 1e-3)
        assert_unchanged(name, "brighter")


def test_offsets_inside_the_logarithm_lower_the_entropy() -> None:
    """EN of IVIF_ZOO is slightly smaller, and below 0 for a flat image."""
    a, b, fused = ordinary_scene()
    exact, offset = value("EN", a, b, fused), value("EN@ivif-zoo", a, b, fused)
    assert exact - 1e-4 < offset < exact
    assert value("EN@ivif-zoo", flat(3), flat(3), flat(3)) == pytest.approx(-math.log2(1 + 1e-7))


def test_te_of_ivif_zoo_rewards_an_empty_image() -> None:
    """H(A) + H(B) - H(F) is largest where the fused image is empty."""
    a, b, fused = ordinary_scene()
    entropies = value("EN", a, b, a) + value("EN", a, b, b)
    assert value("TE@ivif-zoo", a, b, np.zeros_like(a)) == pytest.approx(entropies, abs=1e-6)
    assert value("TE@ivif-zoo", a, b, fused) < entropies


@pytest.mark.parametrize(
    ("source", "fused", "expected"),
    [(0, 0, math.log(2)), (0, 255, 0.5 * 16.118), (255, 0, math.log(2)), (255, 255, 0)],
)
def test_ce_of_ivif_zoo_is_of_sigmoids(source: float, fused: float, expected: float) -> None:
    """Black has the chance 1/2, white almost 1 (1 - 2^-23 in float32); the value is in nats."""
    found = value("CE@ivif-zoo", flat(source, 4, 4), flat(source, 4, 4), flat(fused, 4, 4))
    assert found == pytest.approx(expected, abs=0.1 if fused == 255 else 1e-6)


def test_ce_of_ivif_zoo_sees_only_dark_pixels() -> None:
    """Above about 20 gray levels every sigmoid is 1, so most images have the same value."""
    a, b, fused = ordinary_scene()
    same = value("CE@ivif-zoo", a, b, fused)
    assert value("CE@ivif-zoo", b, fused, CHANGES["inverted"](a)) == same


@pytest.mark.parametrize(
    "name", ["MI", "NMI", "CE", "QNCIE", "MI@tang", "NMI@ivif-zoo", "TE", "EN", "TE@ivif-zoo"]
)
def test_halved_levels_lose_information(name: str) -> None:
    """Half the contrast loses information where it rounds two levels to one."""
    assert_changed(name, "half contrast", 1e-4)
