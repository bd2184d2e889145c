"""Metrics of human contrast perception: Chen-Blum Q_CB and Chen-Varshney Q_CV."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from fusebench.errors import MetricError
from fusebench.metrics.filters import separable_same
from fusebench.metrics.histograms import stretched
from fusebench.metrics.images import Fusion, Image, Pixels
from fusebench.metrics.strips import joined, of_pixels, strips_of

BLOCK = 16


@lru_cache(maxsize=4)
def _frequencies(height: int, width: int, divisor: float, start: int, stop: int) -> Pixels:
    """Distance from frequency 0, for some rows of ``rfft2``; ``(stop - start, W // 2 + 1)``.

    The unit is 1 / ``divisor`` of the Nyquist count of each side.
    """
    rows = np.fft.fftfreq(height)[start:stop] * 2 * height / divisor
    columns = np.fft.rfftfreq(width) * 2 * width / divisor
    return np.asarray(np.hypot(rows[:, None], columns[None, :]))


def _filtered(image: Pixels, response: Callable[[Pixels], Pixels], divisor: float) -> Pixels:
    """Filter with a response to frequencies, which are counted with ``divisor``."""
    import scipy.fft

    height, width = image.shape
    spectrum = scipy.fft.rfft2(image)
    for rows, _, _ in strips_of(height, width):
        radius = _frequencies(height, width, divisor, rows.start, rows.stop)
        spectrum[rows] *= response(radius)
    return np.asarray(scipy.fft.irfft2(spectrum, s=image.shape))


def _blum_response(radius: Pixels) -> Pixels:
    """Contrast sensitivity of Chen and Blum: a difference of Gaussians."""
    return np.exp(-((radius / 15.3870) ** 2)) - 0.7622 * np.exp(-((radius / 1.3456) ** 2))


def _unnormalized_gaussian(sigma: float) -> Pixels:
    offsets = np.arange(-15.0, 16.0)
    return np.asarray(
        np.exp(-(offsets * offsets) / (2 * sigma * sigma)) / (np.sqrt(2 * np.pi) * sigma)
    )


def _masked_contrast(filtered: Image, offset: float) -> Pixels:
    """Masked contrast C^3 / (C^2 + 0.0001) between two Gaussian levels.

    C = |G2 / (G4 + offset) - 1|.
    """

    def of_strip(strip: Image) -> tuple[Pixels]:
        fine, coarse = (
            separable_same(strip.pixels, *(2 * [_unnormalized_gaussian(sigma)]))
            for sigma in (2.0, 4.0)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            contrast = np.abs(fine / (coarse + offset) - 1)
        return (contrast**3 / (contrast**2 + 0.0001),)

    return joined(filtered, of_strip, len(_unnormalized_gaussian(2.0)) // 2)[0]


def perceived_contrast(image: Image) -> Pixels:
    """Masked contrast of the stretched image after the contrast sensitivity filter."""
    filtered = _filtered(image.part(stretched), _blum_response, 30.0)
    return _masked_contrast(image.derive(filtered), 0.0)


def _kept(source: Pixels, fused: Pixels) -> Pixels:
    """Ratio of the smaller to the larger contrast; 1 where both are 0."""
    larger = np.maximum(source, fused)
    return np.divide(np.minimum(source, fused), larger, out=np.ones_like(larger), where=larger != 0)


def contrast_quality(fusion: Fusion) -> float:
    """Chen-Blum quality: Q_CB = mean of l_A Q_AF + l_B Q_BF; 0..1.

    Q is the ratio of masked contrasts, and the weights l are proportional to their squares. Images
    are stretched to 0..255 and filtered with a difference of Gaussians (15.387, 1.3456, 0.7622).
    Where neither source has contrast, both weigh the same.
    """
    a, b, fused = (image.part(perceived_contrast) for image in (*fusion.sources, fusion.fused))
    return float(of_pixels(_contrast_kept, a, b, fused).mean())


def _contrast_kept(a: Pixels, b: Pixels, fused: Pixels) -> Pixels:
    squares = a * a + b * b
    share = np.divide(a * a, squares, out=np.full_like(squares, 0.5), where=squares != 0)
    return np.asarray(share * _kept(a, fused) + (1 - share) * _kept(b, fused))


def unit_contrast(image: Image) -> Pixels:
    """Masked contrast as IVIF_ZOO computes it.

    The image is stretched to 0..1 without rounding, and frequencies are half as high.
    """
    low, high = image.extremes
    if low == high:
        raise MetricError(f"has no value: {image.name} is constant and cannot be stretched to 0..1")
    unit = of_pixels(lambda pixels: (pixels - low) / (high - low), image.pixels)
    return _masked_contrast(image.derive(_filtered(unit, _blum_response, 60.0)), 1e-10)


def contrast_quality_unit(fusion: Fusion) -> float:
    """Q_CB as IVIF_ZOO computes it.

    Images are stretched to 0..1, and frequencies are those of ``fftfreq`` (half of MATLAB's).
    """
    a, b, fused = (image.part(unit_contrast) for image in (*fusion.sources, fusion.fused))
    return float(of_pixels(_unit_contrast_kept, a, b, fused).mean())


def _unit_contrast_kept(a: Pixels, b: Pixels, fused: Pixels) -> Pixels:
    squares = a * a + b * b + 1e-10
    return np.asarray(a * a / squares * _kept(a, fused) + b * b / squares * _kept(b, fused))


def _block_sums(values: Pixels) -> Pixels:
    """Sums over blocks of 16 x 16 pixels, the last ones filled up with zeros."""
    rows, columns = (-side % BLOCK for side in values.shape)
    padded = np.pad(values, ((0, rows), (0, columns)))
    blocks = padded.reshape(padded.shape[0] // BLOCK, BLOCK, padded.shape[1] // BLOCK, BLOCK)
    return np.asarray(blocks.sum(axis=(1, 3)))


def block_saliency(image: Image) -> Pixels:
    """Sum of the fifth powers of the Sobel strength in each block of 16 x 16 pixels.

    The image is stretched first.
    """
    step, smooth = np.array([-1.0, 0.0, 1.0]), np.array([1.0, 2.0, 1.0])
    pixels = image.part(stretched)
    across, down = separable_same(pixels, step, smooth), separable_same(pixels, smooth, step)
    return _block_sums(of_pixels(_fifth_power, across, down))


def _fifth_power(across: Pixels, down: Pixels) -> Pixels:
    squared = across * across + down * down
    return np.asarray(squared * squared * np.sqrt(squared))


def _mannos_response(radius: Pixels) -> Pixels:
    """Contrast sensitivity of Mannos and Sakrison."""
    return 2.6 * (0.0192 + 0.144 * radius) * np.exp(-((0.144 * radius) ** 1.1))


def _seen_difference(fusion: Fusion, source: Image) -> Pixels:
    """Mean square, per block, of the filtered difference between a source and the fused image."""
    difference = source.part(stretched) - fusion.fused.part(stretched)
    filtered = _filtered(difference, _mannos_response, 8.0)
    filtered *= filtered
    return _block_sums(filtered) / BLOCK**2


def perceived_difference(fusion: Fusion) -> float:
    """Chen-Varshney quality: Q_CV = sum(l_A D_A + l_B D_B) / sum(l_A + l_B) over blocks; 0 is best.

    Blocks have 16 x 16 pixels. D is the mean squared difference to the source after the contrast
    sensitivity filter of Mannos and Sakrison. l is the sum of the fifth powers of the Sobel
    strength. Images are stretched to 0..255.
    """
    saliencies = [source.part(block_saliency) for source in fusion.sources]
    total = float(sum(saliency.sum() for saliency in saliencies))
    if total == 0:
        raise MetricError("has no value: neither source has an edge")
    differences = (_seen_difference(fusion, source) for source in fusion.sources)
    weighted = sum(
        (saliency * seen).sum() for saliency, seen in zip(saliencies, differences, strict=True)
    )
    return float(weighted) / total
