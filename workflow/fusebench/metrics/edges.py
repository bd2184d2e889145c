"""Metrics of preserved source edges: strength and orientation of Sobel gradients."""

from __future__ import annotations

import math

import numpy as np

from fusebench.errors import MetricError
from fusebench.metrics.compiled import compiled_sums, inner_sums
from fusebench.metrics.elementary import bounded_exponential, quotient_angle
from fusebench.metrics.images import Fusion, Image, Pixels, SourcePair
from fusebench.metrics.strips import cut


@inner_sums
def _sobel_row(x: Pixels, row: int, scratch: Pixels, across: Pixels, down: Pixels) -> None:
    """One row of the Sobel gradient (right minus left, lower minus upper).

    Pixels outside the image are 0.

    Args:
        x: the image ``(H, W)``.
        row: which row.
        scratch: ``(2, W + 2)``, its first and last column 0.
        across, down: the row, ``(W,)`` each.
    """
    height, width = x.shape
    smooth, step, middle = scratch[0], scratch[1], x[row]
    above, below = x[max(row - 1, 0)], x[min(row + 1, height - 1)]
    has_above, has_below = 1.0 if row > 0 else 0.0, 1.0 if row < height - 1 else 0.0
    for column in range(width):
        upper, lower = has_above * above[column], has_below * below[column]
        smooth[column + 1] = upper + 2 * middle[column] + lower
        step[column + 1] = lower - upper
    for column in range(width):
        across[column] = smooth[column + 2] - smooth[column]
        down[column] = step[column] + 2 * step[column + 1] + step[column + 2]


@compiled_sums
def _sobel(x: Pixels) -> tuple[Pixels, Pixels]:
    across, down = np.empty_like(x), np.empty_like(x)
    scratch = np.zeros((2, x.shape[1] + 2))
    for row in range(x.shape[0]):
        _sobel_row(x, row, scratch, across[row], down[row])
    return across, down


def sobel_zero_padded(image: Image) -> tuple[Pixels, Pixels]:
    """Sobel gradient of one image: horizontal and vertical part, ``(H, W)`` each.

    Pixels outside the image are 0.
    """
    return _sobel(image.pixels)


@inner_sums
def _polar_row(across: Pixels, down: Pixels, strength: Pixels, angle: Pixels) -> None:
    """Strength and orientation of one row of gradients.

    As in the original codes, downward y counts as negative.
    """
    for column in range(across.size):
        x, y = across[column], down[column]
        strength[column] = math.sqrt(x * x + y * y)
        angle[column] = quotient_angle(-y, x)


@compiled_sums
def _sobel_edges(x: Pixels) -> tuple[Pixels, Pixels]:
    strength, angle = np.empty_like(x), np.empty_like(x)
    scratch, gradient = np.zeros((2, x.shape[1] + 2)), np.empty((2, x.shape[1]))
    for row in range(x.shape[0]):
        _sobel_row(x, row, scratch, gradient[0], gradient[1])
        _polar_row(gradient[0], gradient[1], strength[row], angle[row])
    return strength, angle


def sobel_edges(image: Image) -> tuple[Pixels, Pixels]:
    """Edge strength and edge orientation (-pi/2..pi/2) of one image, ``(H, W)`` each.

    Pixels outside the image are 0.
    """
    return _sobel_edges(image.pixels)


@inner_sums
def _preserved_row(
    strength_s: Pixels, angle_s: Pixels, strength_f: Pixels, angle_f: Pixels
) -> tuple[float, float]:
    """Weighted sum of the edge preservation over one row, and sum of the weights.

    The weights are the strengths of the source.
    """
    preserved, weights = 0.0, 0.0
    for column in range(strength_s.size):
        source, fused = strength_s[column], strength_f[column]
        larger = max(source, fused)
        ratio = min(source, fused) / (larger if larger > 0 else 1.0)
        ratio = fused if source == fused else ratio
        turn = 1 - abs(angle_s[column] - angle_f[column]) * (2 / math.pi)
        lost_strength = 1 + bounded_exponential(-15 * (ratio - 0.5))
        lost_angle = 1 + bounded_exponential(-22 * (turn - 0.8))
        preserved += source * (0.9994 * 0.9879) / (lost_strength * lost_angle)
        weights += source
    return preserved, weights


@compiled_sums
def _preserved(
    fused: Pixels, strengths: tuple[Pixels, ...], angles: tuple[Pixels, ...]
) -> tuple[float, float]:
    """Weighted sum of the edge preservation of all sources, and sum of the weights.

    Only one row of the fused edges is in memory at a time.
    """
    preserved, weights, width = 0.0, 0.0, fused.shape[1]
    scratch, gradient, edge = np.zeros((2, width + 2)), np.empty((2, width)), np.empty((2, width))
    for row in range(fused.shape[0]):
        _sobel_row(fused, row, scratch, gradient[0], gradient[1])
        _polar_row(gradient[0], gradient[1], edge[0], edge[1])
        for index in range(len(strengths)):
            kept, weight = _preserved_row(
                strengths[index][row], angles[index][row], edge[0], edge[1]
            )
            preserved += kept
            weights += weight
    return preserved, weights


def edge_preservation(fusion: Fusion) -> float:
    """Edge preservation: Qabf = sum(Q_AF g_A + Q_BF g_B) / sum(g_A + g_B); 0..1.

    g is the Sobel strength of the source. Q is the product of two sigmoids: of the ratio of
    strengths (0.9994, -15, 0.5) and of 1 - |difference of orientations| / (pi / 2) (0.9879, -22,
    0.8). Equal strengths count as their value, as in the code of Evaluation-for-Image-Fusion and
    MMIF-CDDFuse.
    """
    edges = [source.part(sobel_edges) for source in fusion.sources]
    strengths, angles = tuple(strength for strength, _ in edges), tuple(angle for _, angle in edges)
    preserved, weights = _preserved(fusion.fused.pixels, strengths, angles)
    if weights == 0:
        raise MetricError("has no value: neither source has an edge")
    return preserved / weights


@inner_sums
def _liu_quality(
    x_s: float, y_s: float, x_f: float, y_f: float, fused_floor: float
) -> tuple[float, float]:
    """Edge preservation of one pixel with Liu's constants, and its weight.

    ``fused_floor`` replaces a fused strength of 0.
    """
    source, fused = math.sqrt(x_s * x_s + y_s * y_s), math.sqrt(x_f * x_f + y_f * y_f)
    weight = source if source != 0 else 1e-5
    safe_fused = fused if fused != 0 else 1e-5
    kept = fused if fused != 0 else fused_floor
    ratio = kept / weight if source > fused else weight / safe_fused
    turn = quotient_angle(y_s, x_s if x_s != 0 else 1e-5) - quotient_angle(
        y_f, x_f if x_f != 0 else 1e-5
    )
    aligned = abs(abs(turn) - math.pi / 2) * 2 / math.pi
    lost_strength = 1 + bounded_exponential(-10 * (ratio - 0.5))
    return 1 / (lost_strength * (1 + bounded_exponential(-20 * (aligned - 0.75)))), weight


@compiled_sums
def _liu_sum(
    total: float, ax: Pixels, ay: Pixels, bx: Pixels, by: Pixels, fx: Pixels, fy: Pixels
) -> float:
    """Sum of the qualities of all pixels, added to the total of the rows above."""
    for row in range(fx.shape[0]):
        for column in range(fx.shape[1]):
            x, y = fx[row, column], fy[row, column]
            # the fused strength of 0 has become 1e-5 by the time the second source is compared
            quality_a, weight_a = _liu_quality(ax[row, column], ay[row, column], x, y, 0.0)
            quality_b, weight_b = _liu_quality(bx[row, column], by[row, column], x, y, 1e-5)
            total += (quality_a * weight_a + quality_b * weight_b) / (weight_a + weight_b)
    return total


def gradient_quality(fusion: Fusion) -> float:
    """Gradient-based quality: Q_G = mean over pixels of (Q_AF g_A + Q_BF g_B) / (g_A + g_B); 0..1.

    As in imageFusionMetrics, with the constants 1, -10, 0.5 for the strength and 1, -20, 0.75 for
    the wrapped orientation.
    """
    total = 0.0
    for strip, rows in cut(fusion, 1):
        images = (*strip.sources, strip.fused)
        gradients = [part[rows] for image in images for part in image.part(sobel_zero_padded)]
        total = _liu_sum(total, *gradients)
    return total / fusion.fused.size


def sobel_mirrored(image: Image) -> tuple[Pixels, Pixels]:
    """Sobel gradient / 8 of one image, ``(H, W)`` each.

    Pixels outside are mirrored at the border without repeating it.
    """
    across, down = _sobel(np.pad(image.pixels, 1, mode="reflect"))
    return across[1:-1, 1:-1] / 8, down[1:-1, 1:-1] / 8


@inner_sums
def _line_angle(x: float, y: float) -> float:
    """atan(x / y) as MATLAB divides: a gradient along one axis only is +-pi/2, none is 0."""
    angle = quotient_angle(x, y)
    angle = -angle if y == 0 and x < 0 else angle
    return 0.0 if x == 0 else angle


@inner_sums
def _kumar_loss(
    x_s: float, y_s: float, strength_s: float, strength_f: float, angle_f: float
) -> float:
    """1 - Q of one source at a pixel where the fused edge is the strongest."""
    ratio = strength_s / strength_f
    aligned = abs(abs(_line_angle(x_s, y_s) - angle_f) - math.pi / 2) * 2 / math.pi
    lost_strength = 1 + bounded_exponential(-19 * (ratio - 0.5))
    lost_angle = 1 + bounded_exponential(-22 * (aligned - 0.5))
    return 1 - math.sqrt(0.9999 * 0.9995 / (lost_strength * lost_angle))


@compiled_sums
def _kumar_artifacts(
    least_weight: float,
    artifacts: float,
    weights: float,
    ax: Pixels,
    ay: Pixels,
    bx: Pixels,
    by: Pixels,
    fx: Pixels,
    fy: Pixels,
) -> tuple[float, float]:
    """Artifacts and weights of all pixels, added to those of the rows above."""
    for row in range(fx.shape[0]):
        for column in range(fx.shape[1]):
            x_a, y_a, x_b, y_b = ax[row, column], ay[row, column], bx[row, column], by[row, column]
            strength_a, strength_b = (
                math.sqrt(x_a * x_a + y_a * y_a),
                math.sqrt(x_b * x_b + y_b * y_b),
            )
            weight_a = strength_a * math.sqrt(strength_a) if strength_a >= 2 else least_weight
            weight_b = strength_b * math.sqrt(strength_b) if strength_b >= 2 else least_weight
            weights += weight_a + weight_b
            x, y = fx[row, column], fy[row, column]
            strength = math.sqrt(x * x + y * y)
            if strength > strength_a and strength > strength_b:
                angle = _line_angle(x, y)
                artifacts += _kumar_loss(x_a, y_a, strength_a, strength, angle) * weight_a
                artifacts += _kumar_loss(x_b, y_b, strength_b, strength, angle) * weight_b
    return artifacts, weights


def _artifacts(fusion: Fusion, least_weight: float) -> float:
    artifacts, weights = 0.0, 0.0
    for strip, rows in cut(fusion, 1):
        images = (*strip.sources, strip.fused)
        gradients = [part[rows] for image in images for part in image.part(sobel_mirrored)]
        artifacts, weights = _kumar_artifacts(least_weight, artifacts, weights, *gradients)
    if weights == 0:
        raise MetricError("has no value: no source has an edge of strength 2 or more")
    return artifacts / weights


def fusion_artifacts(fusion: Fusion) -> float:
    """Fusion artifacts: Nabf = sum of (1 - Q_SF) w_S / sum w_S; 0..1.

    The first sum is over the pixels where the fused edge is the strongest. This is Kumar's
    modification of Petrovic's measure. Gradients are Sobel / 8. Weights are g^1.5 where g >= 2 and
    0.001 elsewhere.
    """
    fusion.require_size(2)
    return _artifacts(fusion, 0.001)


def fusion_artifacts_as_called(fusion: Fusion) -> float:
    """Nabf as the driver of Evaluation-for-Image-Fusion calls it.

    A takes the place of F, and B and F take the places of the sources.
    """
    fusion.require_size(2)
    turned = Fusion.of(fusion.a, SourcePair.of(fusion.b, fusion.fused))
    return _artifacts(turned, 0.001)


def fusion_artifacts_strong(fusion: Fusion) -> float:
    """Nabf as IVIF_ZOO computes it: edges weaker than 2 have no weight at all."""
    fusion.require_size(2)
    return _artifacts(fusion, 0.0)
