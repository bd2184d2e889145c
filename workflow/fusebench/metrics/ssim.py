"""Structural similarity as each evaluator computes it, and the indices built on it."""

from __future__ import annotations

import numpy as np

from fusebench.errors import MetricError
from fusebench.metrics.compiled import compiled_sums
from fusebench.metrics.filters import (
    box_sums_valid,
    gaussian,
    halve,
    image_row,
    ordered_gaussian,
    ordered_valid,
    product_row,
    separable_same,
    separable_valid,
)
from fusebench.metrics.images import Fusion, Image, Parts, Pixels, SourcePair
from fusebench.metrics.strips import joined, joined_windows, of_pixels

WANG = (11, 1.5)
"""Size and sigma of the Gaussian window of Wang et al. 2004."""

YANG = (7, 1.5)
"""Size and sigma of the Gaussian window of Yang et al. 2008 and Cvejic et al. 2006."""

Maps = tuple[Pixels, Pixels, Pixels, Pixels, Pixels]


def constants(dynamic_range: float) -> tuple[float, float]:
    """C1 = (0.01 L)^2 and C2 = (0.03 L)^2."""
    return (0.01 * dynamic_range) ** 2, (0.03 * dynamic_range) ** 2


def local_mean(image: Image, size: int, sigma: float) -> Pixels:
    """Gaussian-weighted mean around each pixel where the window fits."""
    return separable_valid(image.pixels, gaussian(size, sigma))


def local_square(image: Image, size: int, sigma: float) -> Pixels:
    """Gaussian-weighted mean of squares around each pixel where the window fits."""
    return separable_valid(image.pixels * image.pixels, gaussian(size, sigma))


def local_product(holder: Parts, x: Image, y: Image, size: int, sigma: float) -> Pixels:
    """Gaussian-weighted mean of products around each pixel where the window fits.

    ``holder`` caches it.
    """
    return separable_valid(x.pixels * y.pixels, gaussian(size, sigma))


def window_maps(holder: Parts, x: Image, y: Image, window: tuple[int, float]) -> Maps:
    """Local means of x, y, x^2, y^2 and xy."""
    return (
        x.part(local_mean, *window),
        y.part(local_mean, *window),
        x.part(local_square, *window),
        y.part(local_square, *window),
        holder.part(local_product, x, y, *window),
    )


@compiled_sums
def _mean_similarity(
    mean_x: Pixels,
    mean_y: Pixels,
    square_x: Pixels,
    square_y: Pixels,
    product: Pixels,
    c1: float,
    c2: float,
) -> tuple[float, float]:
    """Mean of SSIM and mean of its contrast-structure part."""
    similarity, structure = 0.0, 0.0
    for row in range(mean_x.shape[0]):
        for column in range(mean_x.shape[1]):
            x, y = mean_x[row, column], mean_y[row, column]
            both, xx, yy = x * y, x * x, y * y
            variances = square_x[row, column] - xx + square_y[row, column] - yy
            part = (2 * (product[row, column] - both) + c2) / (variances + c2)
            structure += part
            similarity += (2 * both + c1) / (xx + yy + c1) * part
    return similarity / mean_x.size, structure / mean_x.size


@compiled_sums
def _row_similarity(
    statistics: Pixels, mean_s: Pixels, square_s: Pixels, product: Pixels, c1: float, c2: float
) -> float:
    """Sum of SSIM over one row of windows.

    ``statistics`` are the means of F and of F^2, ``(2, width)``.
    """
    total = 0.0
    mean_f, square_f = statistics[0], statistics[1]
    for column in range(mean_s.size):
        x, y = mean_f[column], mean_s[column]
        both, squares = x * y, x * x + y * y
        top = (2 * both + c1) * (2 * (product[column] - both) + c2)
        total += top / ((squares + c1) * (square_f[column] + square_s[column] - squares + c2))
    return total


@compiled_sums
def _similarity_of_all(
    fused: Pixels,
    taps: Pixels,
    sources: tuple[Pixels, ...],
    means: tuple[Pixels, ...],
    squares: tuple[Pixels, ...],
    c1: float,
    c2: float,
) -> Pixels:
    """Mean SSIM of the fused image with each source.

    It works row by row, so that only a few rows of the fused image's statistics are in memory.
    """
    sums = np.zeros(len(sources))
    height, width = fused.shape[0] - taps.size + 1, fused.shape[1] - taps.size + 1
    scratch, statistics, product = np.empty(fused.shape[1]), np.empty((2, width)), np.empty(width)
    for row in range(height):
        image_row(fused, row, taps, scratch, statistics[0])
        product_row(fused, fused, row, taps, scratch, statistics[1])
        for index in range(len(sources)):
            product_row(fused, sources[index], row, taps, scratch, product)
            sums[index] += _row_similarity(
                statistics, means[index][row], squares[index][row], product, c1, c2
            )
    return np.asarray(sums / (height * width))


def similarities(
    fusion: Fusion, sources: tuple[Image, ...], dynamic_range: float
) -> tuple[float, ...]:
    """Mean SSIM of the fused image and each of some images in Wang's window, where it fits."""
    fusion.require_size(WANG[0])
    means = tuple(source.part(local_mean, *WANG) for source in sources)
    squares = tuple(source.part(local_square, *WANG) for source in sources)
    pixels = tuple(source.pixels for source in sources)
    taps, (c1, c2) = gaussian(*WANG), constants(dynamic_range)
    return tuple(
        _similarity_of_all(fusion.fused.pixels, taps, pixels, means, squares, c1, c2).tolist()
    )


def structural_similarity(fusion: Fusion) -> float:
    """Structural similarity: SSIM = (SSIM(A, F) + SSIM(B, F)) / 2.

    The window is Wang's (Gaussian 11 x 11, sigma 1.5), and L = 255. SSIM(x, y) = mean of
    (2 m_x m_y + C1)(2 s_xy + C2) / ((m_x^2 + m_y^2 + C1)(s_x^2 + s_y^2 + C2)), where the window
    fits.
    """
    return structural_similarity_sum(fusion) / 2


def structural_similarity_sum(fusion: Fusion) -> float:
    """SSIM as VIFB computes it: the sum, not the mean, over both sources; -2..2.

    The window is Wang's, and L = 255.
    """
    return sum(fusion.part(similarities, fusion.sources, 255.0))


def structural_similarity_unscaled(fusion: Fusion) -> float:
    """SSIM as IVIF_ZOO computes it: the sum over both sources.

    Gray levels are 0..255, but the constants are those of L = 1.
    """
    return sum(fusion.part(similarities, fusion.sources, 1.0))


def reference_similarity(fusion: Fusion) -> float:
    """SSIM against the ground truth in Wang's window, L = 255."""
    return fusion.part(similarities, (fusion.reference,), 255.0)[0]


def box_sum(image: Image) -> Pixels:
    """Sums over 7 x 7 pixels."""
    return box_sums_valid(image.pixels, 7)


def box_square(image: Image) -> Pixels:
    """Sums of squares over 7 x 7 pixels."""
    return box_sums_valid(image.pixels * image.pixels, 7)


@compiled_sums
def _mean_box_similarity(
    sum_x: Pixels,
    sum_y: Pixels,
    square_x: Pixels,
    square_y: Pixels,
    product: Pixels,
    c1: float,
    c2: float,
) -> float:
    total = 0.0
    for row in range(sum_x.shape[0]):
        for column in range(sum_x.shape[1]):
            x, y = sum_x[row, column] / 49, sum_y[row, column] / 49
            variance_x = (square_x[row, column] - 49 * x * x) / 48
            variance_y = (square_y[row, column] - 49 * y * y) / 48
            covariance = (product[row, column] - 49 * x * y) / 48
            top = (2 * x * y + c1) * (2 * covariance + c2)
            total += top / ((x * x + y * y + c1) * (variance_x + variance_y + c2))
    return total / sum_x.size


def box_similarity(fusion: Fusion, source: Image) -> float:
    """Mean SSIM in a 7 x 7 box with sample covariances and L = 2.

    These are scikit-image's defaults for float images.
    """
    fusion.require_size(7)
    fused = fusion.fused
    product = box_sums_valid(fused.pixels * source.pixels, 7)
    sums = (
        fused.part(box_sum),
        source.part(box_sum),
        fused.part(box_square),
        source.part(box_square),
    )
    return _mean_box_similarity(*sums, product, *constants(2))


def structural_similarity_box(fusion: Fusion) -> float:
    """SSIM as MMIF-CDDFuse computes it: the sum over both sources.

    The window is a 7 x 7 box, covariances are those of a sample, and gray levels of 0..255 have
    L = 2.
    """
    return sum(fusion.part(box_similarity, source) for source in fusion.sources)


def _replicated(image: Pixels) -> Pixels:
    taps = gaussian(*WANG)
    return separable_same(image, taps, taps, replicate=True)


def replicated_mean(image: Image) -> Pixels:
    """Gaussian-weighted mean around every pixel, the border being repeated."""
    return _replicated(image.pixels)


def replicated_square(image: Image) -> Pixels:
    """Gaussian-weighted mean of squares around every pixel, the border being repeated."""
    return _replicated(image.pixels * image.pixels)


def replicated_similarity(fusion: Fusion, source: Image) -> float:
    """Mean SSIM over every pixel, L = 1: MATLAB's ``ssim`` for double images.

    The border is repeated.
    """
    fused = fusion.fused
    means = (fused.part(replicated_mean), source.part(replicated_mean))
    squares = (fused.part(replicated_square), source.part(replicated_square))
    return _mean_similarity(
        *means, *squares, _replicated(fused.pixels * source.pixels), *constants(1)
    )[0]


def structural_similarity_double(fusion: Fusion) -> float:
    """SSIM as Evaluation-for-Image-Fusion computes it: the mean of MATLAB's ``ssim``.

    Gray levels are 0..255, but L = 1.
    """
    return sum(fusion.part(replicated_similarity, source) for source in fusion.sources) / 2


SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales of MS-SSIM, Wang et al. 2003."""


def halved(image: Image) -> Image:
    """The image at half size, each pixel the mean of 2 x 2."""
    return image.derive(halve(image.pixels))


def pooled(image: Image) -> Image:
    """The image at half size as torch's ``avg_pool2d`` makes it.

    An odd side is first padded with zeros.
    """
    height, width = image.shape
    padded = np.pad(image.pixels, ((height % 2, height % 2), (width % 2, width % 2)))
    rows, columns = padded.shape[0] // 2 * 2, padded.shape[1] // 2 * 2
    blocks = padded[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2)
    return image.derive(blocks.mean(axis=(1, 3)))


def _scales(fusion: Fusion, source: Image, dynamic_range: float, *, pool: bool) -> float:
    """Product over five scales of the structure part, and of SSIM at the last scale.

    Each factor is clamped at 0 and raised to the exponent of its scale.
    """
    fused, value = fusion.fused, 1.0
    for scale, weight in enumerate(SCALE_WEIGHTS):
        maps = window_maps(fusion, fused, source, WANG)
        similarity_here, structure = _mean_similarity(*maps, *constants(dynamic_range))
        last = scale == len(SCALE_WEIGHTS) - 1
        value *= max(similarity_here if last else structure, 0.0) ** weight
        fused, source = (
            fused.part(pooled if pool else halved),
            source.part(pooled if pool else halved),
        )
    return value


def multi_scale_similarity(fusion: Fusion) -> float:
    """Multi-scale SSIM: mean over both sources of prod_j cs_j^w_j * SSIM_5^w_5; 0..1.

    There are five scales, and L = 255. As in Wang's code, a side must have 11 x 16 pixels.
    """
    fusion.require_size(WANG[0] * 16)
    return sum(_scales(fusion, source, 255, pool=False) for source in fusion.sources) / 2


def multi_scale_similarity_unscaled(fusion: Fusion) -> float:
    """MS-SSIM as IVIF_ZOO computes it: the sum over both sources.

    Gray levels are 0..255, but L = 1. Scales are made with torch's pooling, which rounds up: a side
    must have more than 10 x 16 pixels.
    """
    fusion.require_size((WANG[0] - 1) * 16 + 1)
    return sum(_scales(fusion, source, 1, pool=True) for source in fusion.sources)


def _similarity_map(maps: Maps, c1: float, c2: float) -> Pixels:
    mean_x, mean_y, square_x, square_y, product = maps
    both = mean_x * mean_y
    squares = mean_x * mean_x + mean_y * mean_y
    top = (2 * both + c1) * (2 * (product - both) + c2)
    return np.asarray(top / ((squares + c1) * (square_x + square_y - squares + c2)))


def _variance(image: Image, window: tuple[int, float]) -> Pixels:
    return image.part(local_square, *window) - image.part(local_mean, *window) ** 2


def _share(variance_a: Pixels, variance_b: Pixels) -> Pixels:
    """Share of A in the local variance of both sources; 1/2 where both are 0."""
    both = variance_a + variance_b
    return np.divide(variance_a, both, out=np.full_like(both, 0.5), where=both != 0)


def _saliency(a: Image, b: Image) -> tuple[Pixels, Pixels]:
    """Share of A in the local variance of both sources, and the larger variance (Piella)."""
    variance_a, variance_b = (_flattened(_variance(source, WANG)) for source in (a, b))
    return _share(variance_a, variance_b), np.maximum(variance_a, variance_b)


def _pair_saliency(pair: SourcePair) -> tuple[Pixels, Pixels]:
    return _saliency(pair.a, pair.b)


def source_saliency(pair: SourcePair) -> tuple[Pixels, Pixels]:
    """Share of A in the local variance of both sources, and the larger variance."""
    return joined_windows(pair, _pair_saliency, WANG[0] // 2)


def _similarity_maps(fusion: Fusion) -> tuple[Pixels, Pixels]:
    c1, c2 = constants(255)
    a, b = fusion.sources
    return (
        _similarity_map(window_maps(fusion, fusion.fused, a, WANG), c1, c2),
        _similarity_map(window_maps(fusion, fusion.fused, b, WANG), c1, c2),
    )


def _wang_maps(fusion: Fusion) -> tuple[Pixels, Pixels]:
    """SSIM maps of the fused image with A and with B in Wang's window, L = 255."""
    fusion.require_size(WANG[0])
    return joined_windows(fusion, _similarity_maps, WANG[0] // 2)


def _shared(share: Pixels, with_a: Pixels, with_b: Pixels) -> Pixels:
    """Quality of each window, where A has a share of it."""
    return share * with_a + (1 - share) * with_b


def _piella_map(fusion: Fusion) -> Pixels:
    """SSIM with both sources, weighted by the share of each in the local variance."""
    with_a, with_b = fusion.part(_wang_maps)
    share = fusion.pair.part(source_saliency)[0]
    return of_pixels(_shared, share, with_a, with_b)


def fusion_quality(fusion: Fusion) -> float:
    """Piella's fusion quality index: Q_S = mean of l SSIM(A, F) + (1 - l) SSIM(B, F).

    l = s_A^2 / (s_A^2 + s_B^2).
    """
    return float(fusion.part(_piella_map).mean())


def weighted_quality(fusion: Fusion) -> float:
    """Piella's weighted fusion quality index: Q_W = sum c (l SSIM(A, F) + (1 - l) SSIM(B, F)).

    The weight c is proportional to max(s_A^2, s_B^2).
    """
    return _weighted_mean(fusion.part(_piella_map), fusion.pair.part(source_saliency)[1])


def _weighted_mean(values: Pixels, weights: Pixels) -> float:
    total = float(weights.sum())
    if total == 0:
        raise MetricError("has no value: both sources are flat in every window")
    return float((weights * values).sum()) / total


def prewitt_strength(image: Image) -> Image:
    """Strength of the Prewitt gradient as an image of its own (up to 1082).

    Pixels outside are 0.
    """
    return image.derive(joined(image, _prewitt, 1)[0], f"edges of {image.name}")


def _prewitt(image: Image) -> tuple[Pixels]:
    column, step = np.ones(3), np.array([-1.0, 0.0, 1.0])
    across, down = (
        separable_same(image.pixels, step, column),
        separable_same(image.pixels, column, step),
    )
    return (np.sqrt(across * across + down * down),)


def _edges(fusion: Fusion) -> Fusion:
    return Fusion.of(fusion.fused.part(prewitt_strength), fusion.pair.part(_source_edges))


def _source_edges(pair: SourcePair) -> SourcePair:
    return SourcePair.of(pair.a.part(prewitt_strength), pair.b.part(prewitt_strength))


def edge_weighted_quality(fusion: Fusion) -> float:
    """Q_W of the edge images alone, which MEFB prints under the name Qw."""
    fusion.require_size(WANG[0])
    edges = fusion.part(_edges)
    return _weighted_mean(_piella_map(edges), edges.pair.part(source_saliency)[1])


def edge_quality(fusion: Fusion) -> float:
    """Piella's edge-dependent fusion quality index: Q_E = Q_W(A, B, F) Q_W(A', B', F').

    X' is the Prewitt strength of X. In imageFusionMetrics Q_E stops with an error, because its
    first factor is not computed; here it is.
    """
    return weighted_quality(fusion) * fusion.part(edge_weighted_quality)


NEXT_TO_NOTHING = (2e-16, 2e-16)
"""C1 and C2 of Q_Y and Q_C in imageFusionMetrics."""

FLAT = 1e-8
"""Local variance below which a window counts as flat.

It is far below that of any image of whole levels, and far above rounding errors.
"""


def _flattened(variance: Pixels) -> Pixels:
    return np.where(variance < FLAT, 0.0, variance)


def yang_variance(image: Image) -> Pixels:
    """Local variance in Yang's window, exactly 0 where the window is flat."""
    return _flattened(_variance(image, YANG))


def yang_maps(holder: Parts, x: Image, y: Image) -> tuple[Pixels, Pixels]:
    """SSIM of two images in Yang's window with constants next to 0, and their covariance.

    Where a window is flat in one image, the covariance is exactly 0. Where it is flat in both
    images, their SSIM is that of the means. In the original, rounding errors decide these windows.
    """
    mean_x, mean_y = x.part(local_mean, *YANG), y.part(local_mean, *YANG)
    variance_x, variance_y = x.part(yang_variance), y.part(yang_variance)
    both = mean_x * mean_y
    covariance = np.where(
        variance_x * variance_y == 0, 0.0, holder.part(local_product, x, y, *YANG) - both
    )
    c1, c2 = NEXT_TO_NOTHING
    top = (2 * both + c1) * (2 * covariance + c2)
    return top / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)), covariance


def _source_map(pair: SourcePair) -> tuple[Pixels, Pixels]:
    """SSIM of the two sources in Yang's window, and the share of A in their variance.

    The share is 1/2 where both are flat.
    """
    share = _share(pair.a.part(yang_variance), pair.b.part(yang_variance))
    return yang_maps(pair, pair.a, pair.b)[0], share


def yang_quality(fusion: Fusion) -> float:
    """Yang's similarity quality: Q_Y = mean of l SSIM(A, F) + (1 - l) SSIM(B, F).

    That holds where SSIM(A, B) >= 0.75; elsewhere the larger of the two SSIM counts. Gaussian
    window 7 x 7, sigma 1.5, C1 = C2 = 2e-16, l = s_A^2 / (s_A^2 + s_B^2). Windows that are flat are
    treated as such; in imageFusionMetrics rounding errors decide them.
    """
    fusion.require_size(WANG[0])
    return float(joined_windows(fusion, _yang_qualities, YANG[0] // 2)[0].mean())


def _yang_qualities(fusion: Fusion) -> tuple[Pixels]:
    with_a, with_b = (fusion.part(yang_maps, fusion.fused, source)[0] for source in fusion.sources)
    return (_yang_map(with_a, with_b, *fusion.pair.part(_source_map)),)


def _yang_map(with_a: Pixels, with_b: Pixels, sources: Pixels, share: Pixels) -> Pixels:
    """Quality of each window: where the sources differ, the better similarity alone counts."""
    return np.where(sources >= 0.75, _shared(share, with_a, with_b), np.maximum(with_a, with_b))


def cvejic_quality(fusion: Fusion) -> float:
    """Cvejic's similarity quality: Q_C = mean of s SSIM(A, F) + (1 - s) SSIM(B, F).

    s = s_AF / (s_AF + s_BF). Gaussian window 7 x 7, sigma 1.5. A window counts 0 where s < 0 and 1
    where s > 1, as in imageFusionMetrics. Where both covariances are 0, s = 1/2; there the original
    has no value.
    """
    fusion.require_size(WANG[0])
    return float(joined_windows(fusion, _cvejic_qualities, YANG[0] // 2)[0].mean())


def _cvejic_qualities(fusion: Fusion) -> tuple[Pixels]:
    maps = (fusion.part(yang_maps, fusion.fused, source) for source in fusion.sources)
    (with_a, covariance_a), (with_b, covariance_b) = maps
    share = _quotient(covariance_a, covariance_a + covariance_b)
    return (_cvejic_map(with_a, with_b, np.where(np.isnan(share), 0.5, share)),)


def _quotient(top: Pixels, bottom: Pixels) -> Pixels:
    """Quotient by the rules of IEEE 754: x / 0 is infinite and 0 / 0 is nan, without a warning."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return top / bottom


def _cvejic_map(with_a: Pixels, with_b: Pixels, share: Pixels) -> Pixels:
    """Quality of each window: 0 where the share of A is below 0, and 1 where it is above 1."""
    with np.errstate(invalid="ignore"):
        quality = _shared(share, with_a, with_b)
    return np.where(share < 0, 0.0, np.where(share > 1, 1.0, quality))


def ordered_mean(image: Image, size: int, sigma: float) -> Pixels:
    """Local mean, added up in the order of the original."""
    return ordered_valid(image.pixels, ordered_gaussian(size, sigma))


def ordered_variance(image: Image, size: int, sigma: float) -> Pixels:
    """Local variance, added up in the order of the original."""
    square = ordered_valid(image.pixels * image.pixels, ordered_gaussian(size, sigma))
    return square - image.part(ordered_mean, size, sigma) ** 2


def ordered_maps(holder: Parts, x: Image, y: Image) -> tuple[Pixels, Pixels]:
    """SSIM of two images in Yang's window, and their covariance, as in imageFusionMetrics."""
    mean_x, mean_y = x.part(ordered_mean, *YANG), y.part(ordered_mean, *YANG)
    both, squares = mean_x * mean_y, mean_x * mean_x + mean_y * mean_y
    covariance = ordered_valid(x.pixels * y.pixels, ordered_gaussian(*YANG)) - both
    variances = x.part(ordered_variance, *YANG) + y.part(ordered_variance, *YANG)
    c1, c2 = NEXT_TO_NOTHING
    return ((2 * both + c1) * (2 * covariance + c2)) / (
        (squares + c1) * (variances + c2)
    ), covariance


def yang_quality_original(fusion: Fusion) -> float:
    """Q_Y as imageFusionMetrics computes it: rounding errors decide flat windows.

    Sums are added up in its order. There is no value when a window has no variance in either
    source.
    """
    fusion.require_size(WANG[0])
    return float(joined_windows(fusion, _original_yang_qualities, YANG[0] // 2)[0].mean())


def _original_yang_qualities(fusion: Fusion) -> tuple[Pixels]:
    a, b = fusion.sources
    with_a, with_b = (fusion.part(ordered_maps, source, fusion.fused)[0] for source in (a, b))
    sources, _ = fusion.pair.part(ordered_maps, a, b)
    variance_a, variance_b = a.part(ordered_variance, *YANG), b.part(ordered_variance, *YANG)
    share = _quotient(variance_a, variance_a + variance_b)
    return (_yang_map(with_a, with_b, sources, share),)


def cvejic_quality_original(fusion: Fusion) -> float:
    """Q_C as imageFusionMetrics computes it: rounding errors decide flat windows.

    Sums are added up in its order. There is no value as soon as one window has no covariance at
    all.
    """
    fusion.require_size(WANG[0])
    return float(joined_windows(fusion, _original_cvejic_qualities, YANG[0] // 2)[0].mean())


def _original_cvejic_qualities(fusion: Fusion) -> tuple[Pixels]:
    maps = (fusion.part(ordered_maps, source, fusion.fused) for source in fusion.sources)
    (with_a, covariance_a), (with_b, covariance_b) = maps
    share = _quotient(covariance_a, covariance_a + covariance_b)
    return (_cvejic_map(with_a, with_b, share),)


def fusion_quality_original(fusion: Fusion) -> float:
    """Q_S as imageFusionMetrics computes it: rounding errors share the weight in flat windows.

    Sums are added up in its order.
    """
    with_a, with_b = fusion.part(_wang_maps)
    share = fusion.pair.part(ordered_share)
    return float(of_pixels(_shared, share, with_a, with_b).mean())


def ordered_share(pair: SourcePair) -> Pixels:
    """Share of A in the local variance of both sources, added up in the order of the original."""
    return joined_windows(pair, _share_of_strip, WANG[0] // 2)[0]


def _share_of_strip(pair: SourcePair) -> tuple[Pixels]:
    return (_share(*(source.part(ordered_variance, *WANG) for source in (pair.a, pair.b))),)


STRIPES = np.exp(-((np.arange(7) - 3.0) ** 2) / (2 * 1.5**2))
"""Horizontal taps of the window of Q_Y in IVIF_ZOO.

Vertically the window is all ones, so that its sum is 7.
"""


def _striped(image: Pixels) -> Pixels:
    return separable_same(image, STRIPES / STRIPES.sum(), np.ones(7))


def _striped_similarity(x: Image, y: Image) -> tuple[Pixels, Pixels, Pixels]:
    """SSIM map in the striped window, and the variances of x and of y in it."""
    c1, c2 = constants(1)
    mean_x, mean_y = x.part(_striped_mean), y.part(_striped_mean)
    variance_x, variance_y = x.part(_striped_variance), y.part(_striped_variance)
    both = mean_x * mean_y
    covariance = _striped(x.pixels * y.pixels) - both
    top = (2 * both + c1) * (2 * covariance + c2)
    similarity_map = top / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))
    return similarity_map, variance_x, variance_y


def _striped_mean(image: Image) -> Pixels:
    return _striped(image.pixels)


def _striped_variance(image: Image) -> Pixels:
    return _striped(image.pixels * image.pixels) - image.part(_striped_mean) ** 2


def yang_quality_striped(fusion: Fusion) -> float:
    """Q_Y as IVIF_ZOO computes it, with a striped window of sum 7.

    The window is Gaussian along rows and constant along columns.
    """
    return float(joined(fusion, _striped_qualities, len(STRIPES) // 2)[0].mean())


def _striped_qualities(fusion: Fusion) -> tuple[Pixels]:
    sources, variance_a, variance_b = _striped_similarity(fusion.a, fusion.b)
    with_a, with_b = (_striped_similarity(source, fusion.fused)[0] for source in fusion.sources)
    share = variance_a / (variance_a + variance_b + 1e-10)
    return (_yang_map(with_a, with_b, sources, share),)
