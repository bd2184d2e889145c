"""Metrics of gray-level histograms: entropies, mutual information and what is built on them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fusebench.errors import MetricError
from fusebench.metrics.compiled import compiled
from fusebench.metrics.images import Fusion, Image, Pixels, SourcePair
from fusebench.metrics.strips import of_pixels

Counts = NDArray[np.int64]
Levels = NDArray[np.uint8]


def gray_levels(image: Image) -> Levels:
    """Pixels rounded to the 256 levels of 8 bit, uint8 ``(H * W,)``."""
    return np.rint(image.pixels).astype(np.uint8).ravel()


def histogram(image: Image) -> Counts:
    """Number of pixels at each of the 256 levels, int64 ``(256,)``."""
    return np.bincount(image.part(gray_levels), minlength=256)


@compiled
def _count_pairs(first: Levels, second: Levels) -> Counts:
    counts = np.zeros((256, 256), dtype=np.int64)
    for index in range(first.size):
        counts[first[index], second[index]] += 1
    return counts


def joint_histogram(fusion: Fusion, source: Image) -> Counts:
    """Number of pixels at each pair of levels (fused, source), int64 ``(256, 256)``."""
    return _count_pairs(fusion.fused.part(gray_levels), source.part(gray_levels))


def source_histogram(pair: SourcePair) -> Counts:
    """Number of pixels at each pair of levels (A, B) of the two sources, int64 ``(256, 256)``."""
    return _count_pairs(pair.a.part(gray_levels), pair.b.part(gray_levels))


def entropy_bits(counts: Counts) -> float:
    """Shannon entropy of a histogram, in bits."""
    probabilities = counts[counts > 0] / counts.sum()
    return float(-(probabilities * np.log2(probabilities)).sum())


def image_entropy(image: Image) -> float:
    """Entropy of the gray levels of one image, in bits."""
    return entropy_bits(image.part(histogram))


def shared_bits(fusion: Fusion, source: Image) -> float:
    """Mutual information of the fused image and one source, in bits.

    I(F;S) = H(F) + H(S) - H(F,S).
    """
    joint = entropy_bits(fusion.part(joint_histogram, source))
    return fusion.fused.part(image_entropy) + source.part(image_entropy) - joint


def entropy(fusion: Fusion) -> float:
    """Entropy of the fused image: EN = -sum p_i log2 p_i over its 256 gray levels; 0..8 bit."""
    return fusion.fused.part(image_entropy)


def mutual_information_bits(fusion: Fusion) -> float:
    """Mutual information in bits: I(F;A) + I(F;B) from 256 x 256 joint histograms."""
    return sum(fusion.part(shared_bits, source) for source in fusion.sources)


def mutual_information(fusion: Fusion) -> float:
    """Mutual information in nats: MI = I(F;A) + I(F;B).

    The joint histograms have 256 x 256 gray levels.
    """
    return mutual_information_bits(fusion) * math.log(2)


def mutual_information_merged(fusion: Fusion) -> float:
    """Mutual information in bits as Evaluation-for-Image-Fusion counts it.

    Levels 254 and 255 share a bin of the joint histogram (uint8 ``255 + 1`` saturates), but not of
    the marginal ones.
    """
    marginals = 2 * fusion.fused.part(image_entropy) + sum(
        source.part(image_entropy) for source in fusion.sources
    )
    return marginals - sum(
        _merged_entropy(fusion.part(joint_histogram, source)) for source in fusion.sources
    )


def _merged_entropy(joint: Counts) -> float:
    merged = joint.copy()
    merged[254] += merged[255]
    merged[:, 254] += merged[:, 255]
    return entropy_bits(merged[:255, :255])


def normalized_mutual_information(fusion: Fusion) -> float:
    """Normalized mutual information: the sum over both sources; 0..2.

    NMI = 2 (I(F;A) / (H(F) + H(A)) + I(F;B) / (H(F) + H(B))).
    """
    return sum(
        2 * fusion.part(shared_bits, source) / _both_entropies(fusion, source)
        for source in fusion.sources
    )


def _both_entropies(fusion: Fusion, source: Image) -> float:
    both = fusion.fused.part(image_entropy) + source.part(image_entropy)
    if both == 0:
        raise MetricError(f"has no value: {fusion.fused.name} and {source.name} are both constant")
    return both


def cross_entropy(fusion: Fusion) -> float:
    """Cross entropy: CE = (D(A, F) + D(B, F)) / 2.

    D(S, F) = sum p_S log2(p_S / p_F) over the levels that both images have.
    """
    return sum(_divergence(source, fusion.fused) for source in fusion.sources) / 2


def _divergence(source: Image, fused: Image) -> float:
    source_counts, fused_counts = source.part(histogram), fused.part(histogram)
    both = (source_counts > 0) & (fused_counts > 0)
    p, q = source_counts[both] / source.size, fused_counts[both] / fused.size
    return float((p * np.log2(p / q)).sum())


def nonlinear_information(fusion: Fusion) -> float:
    """Nonlinear correlation information entropy: QNCIE = 1 + sum r_i log2(r_i / 3) / 3 / 8.

    r_i are the eigenvalues of the 3 x 3 matrix of nonlinear correlations (mutual information / 8
    bit) of A, B and F.
    """
    sources = entropy_bits(fusion.pair.part(source_histogram))
    between = sum(source.part(image_entropy) for source in fusion.sources) - sources
    with_a, with_b = (fusion.part(shared_bits, source) for source in fusion.sources)
    return eigenvalue_information(between / 8, with_a / 8, with_b / 8)


def eigenvalue_information(between: float, with_a: float, with_b: float) -> float:
    """1 + sum r log2(r / 3) / 3 / 8 over the eigenvalues r of the correlation matrix.

    The matrix is that of A, B and F.
    """
    matrix = np.array([[1, between, with_a], [between, 1, with_b], [with_a, with_b, 1]])
    values = np.linalg.eigvalsh(matrix)
    values = values[values > 1e-12]
    return 1 + float((values * np.log2(values / 3)).sum()) / 3 / 8


NAVA_ORDER = 0.43137
CVEJIC_ORDER = 1.85


def stretched(image: Image) -> Pixels:
    """The image stretched to whole levels 0..255, ``(H, W)``.

    This is ``normalize1`` of imageFusionMetrics.

    Raises:
        MetricError: the image is constant, and not 0.
    """
    low, high = image.extremes
    if low == high:
        if low != 0:
            raise MetricError(
                f"has no value: {image.name} is constant and cannot be stretched to 0..255"
            )
        return image.pixels
    return of_pixels(
        lambda pixels: np.floor((pixels - low) / (high - low) * 255 + 0.5), image.pixels
    )


def stretched_levels(image: Image) -> Levels:
    """Levels of the stretched image, uint8 ``(H * W,)``."""
    return image.part(stretched).astype(np.uint8).ravel()


def tsallis_information(joint: Counts, order: float, *, swapped: bool = False) -> float:
    """Tsallis divergence of a joint histogram from the product of its marginals.

    Args:
        joint: counts ``(256, 256)``.
        order: the entropic index q, not 1.
        swapped: give each level the other image's marginal, as imageFusionMetrics does.
    """
    probabilities = joint / joint.sum()
    rows, columns = probabilities.sum(axis=1), probabilities.sum(axis=0)
    product = np.outer(columns, rows) if swapped else np.outer(rows, columns)
    used = (product > 0) & (probabilities > 0)
    total = float((probabilities[used] ** order / product[used] ** (order - 1)).sum())
    return (1 - total) / (1 - order)


def tsallis_entropy(fusion: Fusion) -> float:
    """Information by Tsallis entropy: TE = (T(A,F) + T(B,F)) / (H(A)^q + H(B)^q + T(A,B)).

    The order is q = 0.43137. T is the Tsallis divergence of the joint histogram from the product of
    the marginal ones. H is Shannon's entropy.
    """
    shared = sum(
        tsallis_information(fusion.part(joint_histogram, source), NAVA_ORDER)
        for source in fusion.sources
    )
    return shared / _nava_norm(
        fusion, tsallis_information(fusion.pair.part(source_histogram), NAVA_ORDER)
    )


def _nava_norm(fusion: Fusion, between: float) -> float:
    norm: float = between + sum(
        source.part(image_entropy) ** NAVA_ORDER for source in fusion.sources
    )
    if norm == 0:
        raise MetricError("has no value: both sources are constant")
    return norm


def _swapped_information(first: Image, second: Image, order: float) -> float:
    """Tsallis divergence with exchanged marginals.

    Unlike the correct divergence it depends on the stretched levels themselves.
    """
    joint = _count_pairs(first.part(stretched_levels), second.part(stretched_levels))
    return tsallis_information(joint, order, swapped=True)


def tsallis_entropy_swapped(fusion: Fusion) -> float:
    """TE as imageFusionMetrics computes it (q = 0.43137).

    The marginal distributions are exchanged inside the sum.
    """
    shared = sum(
        _swapped_information(source, fusion.fused, NAVA_ORDER) for source in fusion.sources
    )
    return shared / _nava_norm(fusion, _swapped_information(fusion.a, fusion.b, NAVA_ORDER))


def tsallis_cvejic_swapped(fusion: Fusion) -> float:
    """T(A,F) + T(B,F) of order q = 1.85 as imageFusionMetrics computes it.

    The marginal distributions are exchanged.
    """
    return sum(
        _swapped_information(source, fusion.fused, CVEJIC_ORDER) for source in fusion.sources
    )


def _offset_entropy(image: Image, offset: float) -> float:
    probabilities = image.part(histogram) / image.size
    return float(-(probabilities * np.log2(probabilities + offset)).sum())


def entropy_offset(fusion: Fusion) -> float:
    """Entropy as IVIF_ZOO computes it: -sum p_i log2(p_i + 1e-7)."""
    return _offset_entropy(fusion.fused, 1e-7)


def information_over_sources(fusion: Fusion) -> float:
    """NMI as IVIF_ZOO computes it: 2 (I(F;A) + I(F;B)) / (H(A) + H(B) + 1e-10).

    1e-10 is added inside each logarithm.
    """
    entropies = sum(_offset_entropy(source, 1e-10) for source in fusion.sources)
    return 2 * mutual_information_bits(fusion) / (entropies + 1e-10)


def entropy_difference(fusion: Fusion) -> float:
    """TE as IVIF_ZOO computes it: H(A) + H(B) - H(F) in bits, with 1e-10 inside each logarithm."""
    return sum(_offset_entropy(source, 1e-10) for source in fusion.sources) - _offset_entropy(
        fusion.fused, 1e-10
    )


def sigmoid_cross_entropy(fusion: Fusion) -> float:
    """CE as IVIF_ZOO computes it: binary cross entropy of the sigmoids of the gray levels 0..255.

    The arithmetic is float32. sigmoid(F) is clamped to 1e-7..1 - 1e-7 and compared with the mean of
    sigmoid(A) and sigmoid(B).
    """
    one, smallest = np.float32(1), np.float32(1e-7)
    sigmoid = (one / (one + np.exp(-np.arange(256, dtype=np.float32)))).astype(np.float32)
    predicted = np.clip(sigmoid, smallest, one - smallest)
    chance = (
        sigmoid[fusion.a.part(gray_levels)] + sigmoid[fusion.b.part(gray_levels)]
    ) / np.float32(2)
    chance = np.clip(chance, smallest, one - smallest)
    levels = fusion.fused.part(gray_levels)
    hit, miss = np.log(predicted)[levels], np.log(one - predicted)[levels]
    return float(-(chance * hit + (one - chance) * miss).mean(dtype=np.float64))
