"""Metrics of gray-level histograms: entropy and mutual information."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fusebench.metrics.compiled import compiled
from fusebench.metrics.images import Fusion, Image

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


def entropy_bits(counts: Counts) -> float:
    """Shannon entropy of a histogram, in bits."""
    probabilities = counts[counts > 0] / counts.sum()
    return float(-(probabilities * np.log2(probabilities)).sum())


def image_entropy(image: Image) -> float:
    """Entropy of the gray levels of one image, in bits."""
    return entropy_bits(image.part(histogram))


def shared_bits(fusion: Fusion, source: Image) -> float:
    """Mutual information of the fused image and one source: I(F;S) = H(F) + H(S) - H(F,S), in bits."""
    joint = entropy_bits(fusion.part(joint_histogram, source))
    return fusion.fused.part(image_entropy) + source.part(image_entropy) - joint


def entropy(fusion: Fusion) -> float:
    """Entropy of the fused image: EN = -sum p_i log2 p_i over its 256 gray levels; 0..8 bit."""
    return fusion.fused.part(image_entropy)


def mutual_information_bits(fusion: Fusion) -> float:
    """Mutual information in bits: I(F;A) + I(F;B) from 256 x 256 joint histograms."""
    return sum(fusion.part(shared_bits, source) for source in fusion.sources)


def mutual_information(fusion: Fusion) -> float:
    """Mutual information in nats: MI = I(F;A) + I(F;B) from 256 x 256 joint histograms of gray levels."""
    return mutual_information_bits(fusion) * math.log(2)
