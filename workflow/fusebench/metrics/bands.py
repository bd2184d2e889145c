"""Metrics of multi-band arrays: pansharpening and hyperspectral-multispectral fusion.

All follow DLPan-Toolbox (Vivone et al. 2021), blocks of 32 x 32 pixels included.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusebench.errors import MetricError
from fusebench.metrics.filters import box_sums_valid
from fusebench.metrics.images import Measurable, Parts, Pixels
from fusebench.simulation.enlargement import enlarged, is_enlargeable
from fusebench.simulation.reduction import reduce_bicubic
from fusebench.simulation.transfer import filtered, gains_of, transfer_filter

BLOCK = 32
SSIM_WINDOW = 11
EPSILON = float(np.finfo(np.float64).eps)


class BandPair(Measurable):
    """A panchromatic (or multispectral) and a multi-band source, and optionally the ground truth.

    Attributes:
        bands: the low-resolution multi-band source ``(h, w, N)``, or None when only reference
            metrics are wanted.
        pan: the high-resolution panchromatic source ``(H, W)``, or None.
        reference: the ground truth ``(H, W, N)``, or None.
        ratio: H / h, a power of 2 or 3 times one.
        sensor: a key of ``simulation.transfer.NYQUIST_GAINS``; any other name stands for a gain of
            0.3 in all bands.
    """

    kind = "bands"

    def __init__(
        self,
        bands: NDArray[Any] | None = None,
        pan: NDArray[Any] | None = None,
        reference: NDArray[Any] | None = None,
        *,
        ratio: int = 4,
        sensor: str = "none",
    ) -> None:
        """Take the sources, all in the same digital numbers.

        Raises:
            MetricError: a shape does not fit the ratio or the others, or an array holds nan.
        """
        super().__init__()
        if ratio < 2 or not is_enlargeable(ratio):
            raise MetricError(
                f"the ratio of resolutions must be a power of 2, or 3 times one; found {ratio}"
            )
        self.ratio, self.sensor = ratio, sensor
        self.bands = None if bands is None else _array(bands, "the multi-band source", 3)
        self.pan = None if pan is None else _array(pan, "the panchromatic source", 2)
        self.reference = None if reference is None else _array(reference, "the reference", 3)
        if self.bands is not None and self.pan is not None:
            height, width = (side * ratio for side in self.bands.shape[:2])
            if self.pan.shape != (height, width):
                raise MetricError(
                    f"the panchromatic source must be {height} x {width}, found {self.pan.shape}"
                )

    def fusion(self, fused: NDArray[Any]) -> BandFusion:
        """Join a fused array ``(H, W, N)`` with these sources.

        Raises:
            MetricError: its shape does not fit them, or it holds nan.
        """
        return BandFusion(fused, self)


class BandFusion(Parts):
    """A fused multi-band array with its sources."""

    def __init__(self, fused: NDArray[Any], pair: BandPair) -> None:
        """Check the fused array against the shapes of the sources."""
        super().__init__()
        self.fused = _array(fused, "the fused image", 3)
        self.pair = pair
        for expected in (
            _fused_shape(pair),
            None if pair.reference is None else pair.reference.shape,
        ):
            if expected is not None and self.fused.shape != expected:
                raise MetricError(
                    f"the fused image must have shape {expected}, found {self.fused.shape}"
                )

    @property
    def reference(self) -> Pixels:
        """The ground truth.

        Raises:
            MetricError: there is none.
        """
        if self.pair.reference is None:
            raise MetricError("needs a ground truth, and these sources have none")
        return self.pair.reference

    @property
    def sources(self) -> tuple[Pixels, Pixels]:
        """The multi-band and the panchromatic source.

        Raises:
            MetricError: one of them was not given.
        """
        if self.pair.bands is None or self.pair.pan is None:
            raise MetricError("needs the multi-band and the panchromatic source; give both")
        return self.pair.bands, self.pair.pan


def _fused_shape(pair: BandPair) -> tuple[int, ...] | None:
    if pair.bands is None:
        return None
    height, width, count = pair.bands.shape
    return height * pair.ratio, width * pair.ratio, count


def _array(values: NDArray[Any], name: str, dimensions: int) -> Pixels:
    """Return the values as contiguous float64, or refuse what no metric could give a number for."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise MetricError(
            f"{name} must have a value in every pixel; it is masked, crop it or fill it first"
        )
    values = np.ascontiguousarray(values, dtype=np.float64)
    if values.ndim != dimensions or values.size == 0:
        form = "(H, W, bands)" if dimensions == 3 else "(H, W)"
        raise MetricError(f"{name} must have shape {form}, found {values.shape}")
    if not np.isfinite(values).all():
        raise MetricError(f"{name} must hold numbers only; some of its values are nan or infinite")
    return values


def spectral_angle(fusion: BandFusion) -> float:
    """Spectral angle mapper: SAM = mean over pixels of arccos(R . F / (|R| |F|)), in degrees.

    Pixels of length 0 are left out.
    """
    angles = angle_map(fusion.reference, fusion.fused)
    used = np.isfinite(angles)
    if not used.any():
        raise MetricError("has no value: one of the images is 0 everywhere")
    return float(np.degrees(angles[used].mean()))


def angle_map(reference: Pixels, fused: Pixels) -> Pixels:
    """Return the spectral angle of each pixel ``(H, W)`` in radians; nan for a length of 0."""
    product = np.einsum("hwn,hwn->hw", reference, fused)
    lengths = np.sqrt(
        np.einsum("hwn,hwn->hw", reference, reference) * np.einsum("hwn,hwn->hw", fused, fused)
    )
    used = lengths > 0
    angles = np.full(lengths.shape, np.nan)
    angles[used] = np.arccos(np.clip(product[used] / lengths[used], -1, 1))
    return angles


def root_mean_square_error(fusion: BandFusion) -> float:
    """Root mean square error: RMSE over all pixels and bands, in the numbers of the dataset."""
    return float(np.sqrt(((fusion.reference - fusion.fused) ** 2).mean()))


def mean_peak_ratio(fusion: BandFusion) -> float:
    """Peak signal-to-noise ratio: mean over bands of 10 log10(max(R_n)^2 / MSE_n), in dB.

    The peak of a band is its largest value in the ground truth.
    """
    errors = ((fusion.reference - fusion.fused) ** 2).mean(axis=(0, 1))
    peaks = fusion.reference.max(axis=(0, 1))
    if (errors == 0).any() or (peaks == 0).any():
        raise MetricError("has no value: a band is equal to the ground truth, or is 0 everywhere")
    return float((10 * np.log10(peaks**2 / errors)).mean())


def mean_similarity(fusion: BandFusion) -> float:
    """Structural similarity: mean over bands of SSIM, Gaussian windows of sigma 1.5; -1..1.

    The range of values of a band is its largest value in the ground truth (scikit-image).
    """
    from skimage.metrics import structural_similarity

    if min(fusion.fused.shape[:2]) < SSIM_WINDOW:
        raise MetricError(f"needs images of at least {SSIM_WINDOW} x {SSIM_WINDOW} pixels")
    bands = zip(np.moveaxis(fusion.reference, 2, 0), np.moveaxis(fusion.fused, 2, 0), strict=True)
    values = [
        structural_similarity(  # type: ignore[no-untyped-call]
            one,
            other,
            data_range=max(float(one.max()), EPSILON),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for one, other in bands
    ]
    return float(np.mean(values))


def relative_error(fusion: BandFusion) -> float:
    """Relative global error: ERGAS = 100 / ratio * sqrt(mean over bands of MSE_n / mean(R_n)^2).

    The best value is 0.
    """
    errors = ((fusion.reference - fusion.fused) ** 2).mean(axis=(0, 1))
    means = fusion.reference.mean(axis=(0, 1))
    if (means == 0).any():
        raise MetricError("has no value: a band of the reference has mean 0")
    return float(100 / fusion.pair.ratio * np.sqrt((errors / means**2).mean()))


def _inner_edges(values: Pixels) -> Pixels:
    """Sobel strength of each band without its border pixels, zero-padded."""
    inner = np.pad(values[1:-1, 1:-1], ((1, 1), (1, 1), (0, 0)))
    rows = inner[:, :-2] + 2 * inner[:, 1:-1] + inner[:, 2:]
    columns = inner[:-2] + 2 * inner[1:-1] + inner[2:]
    return np.asarray(np.hypot(rows[:-2] - rows[2:], columns[:, :-2] - columns[:, 2:]))


def spatial_correlation(fusion: BandFusion) -> float:
    """Spatial correlation: SCC = sum E_R E_F / sqrt(sum E_R^2 sum E_F^2); 0..1.

    E is the Sobel strength of all bands.
    """
    reference, fused = _inner_edges(fusion.reference), _inner_edges(fusion.fused)
    norm = np.sqrt((reference**2).sum() * (fused**2).sum())
    if norm == 0:
        raise MetricError("has no value: one of the images has no edge")
    return float((reference * fused).sum() / norm)


def universal_quality(fusion: BandFusion) -> float:
    """Universal image quality index: Q = mean over bands and over all windows of 32 x 32; -1..1.

    Q = 4 s_xy m_x m_y / ((s_x^2 + s_y^2)(m_x^2 + m_y^2)); windows that are flat in both images
    count 2 m_x m_y / (m_x^2 + m_y^2).
    """
    if min(fusion.fused.shape[:2]) < BLOCK:
        raise MetricError(
            f"needs images of at least {BLOCK} x {BLOCK} pixels, found {fusion.fused.shape[:2]}"
        )
    count = fusion.fused.shape[2]
    bands = (
        _universal_index(fusion.reference[:, :, n], fusion.fused[:, :, n]) for n in range(count)
    )
    return sum(bands) / float(count)


def _universal_index(x: Pixels, y: Pixels) -> float:
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
    count = BLOCK * BLOCK
    sum_x, sum_y = box_sums_valid(x, BLOCK), box_sums_valid(y, BLOCK)
    squares = box_sums_valid(x * x, BLOCK) + box_sums_valid(y * y, BLOCK)
    both, means = sum_x * sum_y, sum_x * sum_x + sum_y * sum_y
    spread = count * squares - means
    quality = np.ones_like(spread)
    np.divide(2 * both, means, out=quality, where=(spread == 0) & (means != 0))
    top = 4 * (count * box_sums_valid(x * y, BLOCK) - both) * both
    np.divide(top, spread * means, out=quality, where=spread * means != 0)
    return float(quality.mean())


@cache
def unit_signs(size: int) -> Pixels:
    """Signs of the products of the units of the hypercomplex numbers of ``size`` parts.

    ``e_a e_b`` is ``S[k, a] e_k`` with k = a xor b; built by halves as ``_onion_product``.
    """
    signs = np.ones((1, 1))
    while len(signs) < size:
        half = len(signs)
        conjugate = np.where(np.arange(half) == 0, 1.0, -1.0)
        places = np.arange(half)
        partners = places[:, None] ^ places[None, :]  # [k, a] -> b with a xor b = k
        swapped = np.take_along_axis(signs, partners, axis=1)  # sign of e_b e_a
        top = np.concatenate([signs, -swapped * conjugate[partners]], axis=1)
        left = signs * conjugate[places] * conjugate[partners]
        bottom = np.concatenate([left, swapped * conjugate[places]], axis=1)
        signs = np.concatenate([top, bottom])
    return signs


def _conjugate(values: Pixels) -> Pixels:
    return np.concatenate([values[:1], -values[1:]])


def _onion_product(x: Pixels, y: Pixels) -> Pixels:
    """Product of two hypercomplex numbers, by halves (Cayley-Dickson as in ``onion_mult``)."""
    if len(x) == 1:
        return x * y
    half = len(x) // 2
    a, b, c, d = x[:half], _conjugate(x[half:]), y[:half], _conjugate(y[half:])
    if half == 1:
        return np.concatenate([a * c - d * b, a * d + c * b])
    real = _onion_product(a, c) - _onion_product(d, _conjugate(b))
    return np.concatenate([real, _onion_product(_conjugate(a), d) + _onion_product(c, b)])


def _integers(values: Pixels) -> Pixels:
    """MATLAB's ``uint16``: rounded, within 0..65535."""
    return np.clip(np.floor(values + 0.5), 0, 65535)


def _block_rows(values: Pixels, size: int) -> Pixels:
    """Mirror the array up to whole blocks and fill the bands up to ``size`` with zeros.

    The result has the shape ``(rows of blocks, blocks, size, 32 * 32)``.
    """
    height, width, count = values.shape
    padded = np.pad(values, ((0, -height % BLOCK), (0, -width % BLOCK), (0, 0)), mode="symmetric")
    rows, columns = padded.shape[0] // BLOCK, padded.shape[1] // BLOCK
    blocks = np.zeros((rows, columns, size, BLOCK * BLOCK))
    cut = _integers(padded).reshape(rows, BLOCK, columns, BLOCK, count).transpose(0, 2, 4, 1, 3)
    blocks[:, :, :count] = cut.reshape(rows, columns, count, BLOCK * BLOCK)
    return blocks


def _block_quality(x: Pixels, y: Pixels) -> Pixels:
    """Modulus of the hypercomplex quality of each block.

    ``x`` and ``y`` have the shape ``(blocks, parts, 32 * 32)``.
    """
    parts, pixels = x.shape[1:]
    mean, deviation = x.mean(axis=2, keepdims=True), x.std(axis=2, ddof=1, keepdims=True)
    deviation[deviation == 0] = EPSILON
    scale = np.where(mean == 0, 1.0, deviation)
    x, y = (x - mean) / deviation + 1, (y - mean) / scale + 1
    y[:, 1:] *= -1
    mean_x, mean_y = x.mean(axis=2), y.mean(axis=2)
    modulus_x, modulus_y = (mean_x**2).sum(axis=1), (mean_y**2).sum(axis=1)
    sample = pixels / (pixels - 1)
    energy = (x * x).sum(axis=1).mean(axis=1) + (y * y).sum(axis=1).mean(axis=1)
    spread = sample * (energy - modulus_x - modulus_y)
    bias = 2 * np.sqrt(modulus_x * modulus_y) / (modulus_x + modulus_y)
    products = x @ y.transpose(0, 2, 1) / pixels - mean_x[:, :, None] * mean_y[:, None, :]
    places, signs = np.arange(parts), unit_signs(parts)
    parts_of = [products[:, places, places ^ k] @ signs[k] for k in range(parts)]
    covariance = sample * np.stack(parts_of, axis=1)
    modulus = np.sqrt((covariance**2).sum(axis=1)) * bias * 2
    return np.asarray(np.divide(modulus, np.abs(spread), out=bias.copy(), where=spread != 0))


def hypercomplex_index(reference: Pixels, fused: Pixels) -> float:
    """Q2n of two arrays ``(H, W, N)`` in digital numbers: the mean over blocks of 32 x 32.

    The images are mirrored to whole blocks.

    Raises:
        MetricError: the values look like fractions; the original rounds them to integers.
    """
    if reference.max() <= 1:
        raise MetricError(
            "needs digital numbers, and these do not exceed 1; multiply them by their scale first"
        )
    if min(reference.shape[:2]) < BLOCK:
        raise MetricError(
            f"needs images of at least {BLOCK} x {BLOCK} pixels, found {reference.shape[:2]}"
        )
    size = 1 << (reference.shape[2] - 1).bit_length()
    rows = zip(_block_rows(reference, size), _block_rows(fused, size), strict=True)
    return float(np.concatenate([_block_quality(x, y) for x, y in rows]).mean())


def hypercomplex_quality(fusion: BandFusion) -> float:
    """Hypercomplex quality index: Q2n = mean over blocks of the modulus of the quality; 0..1.

    Blocks have 32 x 32 pixels. The quality of a block is a hypercomplex number of 2^n parts.
    """
    return hypercomplex_index(fusion.reference, fusion.fused)


def _blocks(values: Pixels) -> Pixels:
    """Blocks of 32 x 32 of one band, ``(blocks, 32 * 32)``.

    Raises:
        MetricError: a side is not a multiple of 32.
    """
    height, width = values.shape
    if height % BLOCK or width % BLOCK:
        raise MetricError(
            f"needs sides that are multiples of {BLOCK}, found {height} x {width}; crop the images"
        )
    cut = values.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(0, 2, 1, 3)
    return cut.reshape(-1, BLOCK * BLOCK)


def _mean_quality(x: Pixels, y: Pixels) -> float:
    """Mean universal quality index of the blocks of two bands."""
    x, y = _blocks(x), _blocks(y)
    mean_x, mean_y = x.mean(axis=1), y.mean(axis=1)
    covariance = ((x - mean_x[:, None]) * (y - mean_y[:, None])).sum(axis=1)
    variances = ((x - mean_x[:, None]) ** 2).sum(axis=1) + ((y - mean_y[:, None]) ** 2).sum(axis=1)
    bottom = variances * (mean_x**2 + mean_y**2)
    if (bottom == 0).any():
        raise MetricError("has no value: a block of 32 x 32 pixels is flat in both bands")
    return float((4 * covariance * mean_x * mean_y / bottom).mean())


def enlarged_bands(pair: BandPair) -> Pixels:
    """The multi-band source interpolated to the panchromatic resolution, ``(H, W, N)``."""
    assert pair.bands is not None
    return enlarged(pair.bands, pair.ratio)


def spectral_distortion(fusion: BandFusion) -> float:
    """Spectral distortion: D_lambda = mean over pairs of bands of the change of Q; 0..1.

    The change is |Q(F_i, F_j) - Q(M_i, M_j)|. M is the interpolated multi-band source. Q is the
    mean universal quality index over blocks of 32 x 32 pixels.
    """
    _ = fusion.sources
    enlarged, fused = fusion.pair.part(enlarged_bands), fusion.fused
    pairs = [(i, j) for i in range(fused.shape[2]) for j in range(i + 1, fused.shape[2])]
    if not pairs:
        raise MetricError("needs at least two bands")
    changes = (_band_change(fused, enlarged, i, j) for i, j in pairs)
    return sum(changes) / len(pairs)


def _band_change(fused: Pixels, enlarged: Pixels, i: int, j: int) -> float:
    return abs(
        _mean_quality(fused[:, :, i], fused[:, :, j])
        - _mean_quality(enlarged[:, :, i], enlarged[:, :, j])
    )


def smoothed_pan(pair: BandPair) -> Pixels:
    """The panchromatic source reduced to the resolution of the bands and interpolated back.

    The result has the shape ``(H, W)``.
    """
    assert pair.pan is not None
    return enlarged(reduce_bicubic(pair.pan, pair.ratio)[:, :, np.newaxis], pair.ratio)[:, :, 0]


def spatial_distortion(fusion: BandFusion) -> float:
    """Spatial distortion: D_s = mean over bands of |Q(F_n, P) - Q(M_n, P')|; 0..1.

    P is the panchromatic source. P' is P at the resolution of the bands. M is the interpolated
    multi-band source.
    """
    _, pan = fusion.sources
    enlarged, smooth, fused = (
        fusion.pair.part(enlarged_bands),
        fusion.pair.part(smoothed_pan),
        fusion.fused,
    )
    count = fused.shape[2]
    changes = (
        abs(_mean_quality(fused[..., n], pan) - _mean_quality(enlarged[..., n], smooth))
        for n in range(count)
    )
    return sum(changes) / float(count)


def quality_without_reference(fusion: BandFusion) -> float:
    """Quality without reference: QNR = (1 - D_lambda)(1 - D_s); 0..1."""
    return (1 - fusion.part(spectral_distortion)) * (1 - fusion.part(spatial_distortion))


def spectral_distortion_filtered(fusion: BandFusion) -> float:
    """Khan's spectral distortion: 1 - Q2n(M, MTF(F)).

    MTF(F) are the fused bands degraded by the modulation transfer function of the sensor.
    """
    _ = fusion.sources
    count = fusion.fused.shape[2]
    gains = gains_of(fusion.pair.sensor, count)
    if len(gains) < count:
        raise MetricError(
            f"needs {count} gains, and sensor {fusion.pair.sensor} has {len(gains)} bands"
        )
    filters = [transfer_filter(gain, fusion.pair.ratio) for gain in gains]
    degraded = filtered(fusion.fused, filters)
    return 1 - hypercomplex_index(fusion.pair.part(enlarged_bands), degraded)


def hybrid_quality(fusion: BandFusion) -> float:
    """Hybrid quality without reference: HQNR = (1 - D_lambda_K)(1 - D_s); 0..1.

    D_lambda_K = 1 - Q2n(M, MTF(F)).
    """
    return (1 - spectral_distortion_filtered(fusion)) * (1 - fusion.part(spatial_distortion))
