"""Guided filtering fusion (GFF).

S. Li, X. Kang, J. Hu, Image fusion with guided filtering, IEEE Transactions on Image Processing
22(7), 2864-2875, 2013, with the parameters and the border rules of the authors' MATLAB code. With
images in 0..1::

    B_n = I_n * Z,  D_n = I_n - B_n     Z: mean over 31 x 31
    S_n = |I_n * L| * g                 L: 3 x 3 Laplacian, g: 11 x 11 Gaussian, sigma 5
    P_n = 1 where S_n is the largest, else 0
    W_n^B = G(P_n, I_n; r = 45, eps = 0.3),  W_n^D = G(P_n, I_n; r = 7, eps = 1e-6)
    F = sum_n W_n^B B_n + sum_n W_n^D D_n

G is the guided filter (He, Sun, Tang, ECCV 2010). As in the authors' code the weights are clipped
to 0..1 and rounded to 8 bits before they are divided by their sum.
"""

from __future__ import annotations

import cv2
import numpy as np

from .colour import Gray

LAPLACIAN = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
AVERAGE_SIZE = 31
GAUSSIAN_SIZE, GAUSSIAN_SIGMA = 11, 5
BASE_RADIUS, BASE_EPS = 45, 0.3
DETAIL_RADIUS, DETAIL_EPS = 7, 1e-6


def box_sum(image: Gray, radius: int) -> Gray:
    """Sum over the part of the window of ``2 radius + 1`` that lies inside the image."""
    size = (2 * radius + 1, 2 * radius + 1)
    total = cv2.boxFilter(image, cv2.CV_64F, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(total, np.float64)


def guided_filter(guide: Gray, image: Gray, radius: int, eps: float) -> Gray:
    """Guided filter of ``image`` by ``guide``, both ``(H, W)``.

    Eqs. (5), (6) and (8) of He, Sun and Tang.
    """
    count = box_sum(np.ones_like(guide), radius)

    def mean(values: Gray) -> Gray:
        return box_sum(values, radius) / count

    mean_guide, mean_image = mean(guide), mean(image)
    covariance = mean(guide * image) - mean_guide * mean_image
    variance = mean(guide * guide) - mean_guide * mean_guide
    slope = covariance / (variance + eps)
    offset = mean_image - slope * mean_guide
    return mean(slope) * guide + mean(offset)


def saliency(image: Gray) -> Gray:
    """Local average of the magnitude of the Laplacian."""
    edges = np.abs(cv2.filter2D(image, cv2.CV_64F, LAPLACIAN, borderType=cv2.BORDER_REPLICATE))
    size = (GAUSSIAN_SIZE, GAUSSIAN_SIZE)
    average = cv2.GaussianBlur(edges, size, GAUSSIAN_SIGMA, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(average, np.float64)


def weights(images: tuple[Gray, Gray], chosen: Gray, radius: int, eps: float) -> tuple[Gray, Gray]:
    """Weight of each source; ``chosen`` is 1 where A is the more salient, else 0. They sum to 1."""
    refined = [
        guided_filter(image, mask, radius, eps)
        for image, mask in zip(images, (chosen, 1 - chosen), strict=True)
    ]
    weight_a, weight_b = (np.floor(np.clip(w, 0, 1) * 255 + 0.5) / 255 + 1e-12 for w in refined)
    total = weight_a + weight_b
    return weight_a / total, weight_b / total


def fuse(a: Gray, b: Gray) -> Gray:
    """Fuse two ``(H, W)`` planes in 0..255."""
    images = (a / 255, b / 255)
    size = (AVERAGE_SIZE, AVERAGE_SIZE)
    bases = [cv2.blur(image, size, borderType=cv2.BORDER_REPLICATE) for image in images]
    chosen = (saliency(images[0]) >= saliency(images[1])).astype(np.float64)
    base_a, base_b = weights(images, chosen, BASE_RADIUS, BASE_EPS)
    detail_a, detail_b = weights(images, chosen, DETAIL_RADIUS, DETAIL_EPS)
    base = base_a * bases[0] + base_b * bases[1]
    detail = detail_a * (images[0] - bases[0]) + detail_b * (images[1] - bases[1])
    return 255 * (base + detail)
