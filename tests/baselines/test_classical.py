"""The classical methods give the right results for images with known answers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from classical import (
    METHODS,
    Image,
    guided_filtering,
    laplacian_pyramid,
    multiresolution_svd,
    two_scale,
    wavelet,
)

SIZES = [(1, 1), (1, 7), (2, 2), (3, 5), (17, 31), (64, 48), (101, 120)]
COPIES = {"copy-a", "copy-b"}


def texture(shape: tuple[int, ...], seed: int = 0) -> Image:
    """Return a random image, smooth enough to look real."""
    noise = np.random.RandomState(seed).randint(0, 256, shape).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (3, 3), 0), np.uint8).reshape(shape)


def difference(a: Image, b: Image) -> int:
    """Return the largest difference of two images."""
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("method", METHODS)
def test_identical_images_come_back(method: str, size: tuple[int, int]) -> None:
    """Fusing an image with itself returns it, within rounding, at any size."""
    image = texture(size)
    assert difference(METHODS[method](image, image), image) <= 1


@pytest.mark.parametrize("method", METHODS)
def test_identical_colour_images_come_back(method: str) -> None:
    """Fusing an RGB image with itself returns it, within rounding."""
    image = texture((33, 40, 3))
    assert difference(METHODS[method](image, image), image) <= 1


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("method", METHODS)
def test_flat_images_give_flat_results(method: str, value: int) -> None:
    """Flat black or white images have nothing to choose from; there is no division by zero."""
    image = np.full((20, 30), value, np.uint8)
    assert difference(METHODS[method](image, image), image) <= 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("method", METHODS)
def test_result_has_the_size_of_the_sources(method: str, size: tuple[int, int]) -> None:
    """Different sources of any size give an 8-bit result of that size."""
    fused = METHODS[method](texture(size, 1), texture(size, 2))
    assert fused.shape == size
    assert fused.dtype == np.uint8


@pytest.mark.parametrize("method", METHODS)
def test_is_deterministic(method: str) -> None:
    """The same sources give the same bytes."""
    a, b = texture((60, 81), 1), texture((60, 81), 2)
    assert METHODS[method](a, b).tobytes() == METHODS[method](a, b).tobytes()


@pytest.mark.parametrize("method", METHODS)
def test_leaves_the_sources_alone(method: str) -> None:
    """A method does not write into its inputs."""
    a, b = texture((20, 20, 3), 1), texture((20, 20), 2)
    before = a.copy(), b.copy()
    METHODS[method](a, b)
    assert (a == before[0]).all() and (b == before[1]).all()


def test_copies_are_exact() -> None:
    """The copy controls return the source itself, gray or RGB."""
    a, b = texture((20, 30), 1), texture((20, 30, 3), 2)
    assert (METHODS["copy-a"](a, b) == a).all()
    assert (METHODS["copy-b"](a, b) == b).all()


def test_mean_and_maximum_of_known_pixels() -> None:
    """Mean rounds halves up, as MATLAB does; maximum takes the brighter."""
    a, b = np.array([[0, 10, 255]], np.uint8), np.array([[1, 20, 0]], np.uint8)
    assert METHODS["mean"](a, b).tolist() == [[1, 15, 128]]
    assert METHODS["maximum"](a, b).tolist() == [[1, 20, 255]]


@pytest.mark.parametrize("method", ["laplacian-pyramid", "wavelet", "guided-filtering"])
def test_sharp_side_is_taken(method: str) -> None:
    """Of two images, each blurred on one half, the result is close to the sharp halves of both."""
    sharp = texture((96, 128), 3)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 4)
    a, b = sharp.copy(), sharp.copy()
    a[:, 64:], b[:, :64] = blurred[:, 64:], blurred[:, :64]
    fused = METHODS[method](a, b).astype(float)
    inside = np.r_[8:48, 80:120]
    error = np.abs(fused - sharp)[:, inside].mean()
    assert error < 0.15 * np.abs(blurred.astype(float) - sharp)[:, inside].mean()


def test_pyramid_is_inverted_exactly() -> None:
    """Composing a Laplacian pyramid gives back the image it was made from."""
    image = texture((37, 50)).astype(float)
    np.testing.assert_allclose(
        laplacian_pyramid.compose(laplacian_pyramid.decompose(image)), image, rtol=0, atol=1e-10
    )


def test_pyramid_kernel_has_equal_contribution() -> None:
    """The kernel meets the constraints of Burt and Adelson.

    It is normalised, and every sample contributes equally to the next level.
    """
    kernel = laplacian_pyramid.KERNEL
    assert kernel.sum() == pytest.approx(1)
    assert kernel[0::2].sum() == pytest.approx(kernel[1::2].sum())


def test_reduced_flat_image_is_flat() -> None:
    """REDUCE and EXPAND keep a constant, also at the borders of odd sizes."""
    image = np.full((7, 10), 9.0)
    reduced = laplacian_pyramid.reduce(image)
    assert reduced.shape == (4, 5)
    np.testing.assert_allclose(laplacian_pyramid.expand(reduced, (7, 10)), image)


def test_consistency_verification_overrules_a_minority() -> None:
    """Where A is the more active but most neighbours are B's, the coefficient is B's."""
    a, b = np.zeros((9, 9)), np.ones((9, 9))
    a[4, 4] = 6.0
    selected = wavelet.select(a, b)
    # A's window covers rows and columns 3 to 5; its corners have 4 of 9 neighbours of A, its sides
    # 6 of 9.
    assert selected[3:6, 3:6].tolist() == [[1, 0, 1], [0, 6, 0], [1, 0, 1]]


def test_activity_is_that_of_the_window_not_the_pixel() -> None:
    """Zeros inside the more active source's texture come from that source."""
    a, b = np.zeros((9, 9)), np.full((9, 9), 1.0)
    a[::2, ::2] = 5.0
    assert wavelet.select(a, b)[5, 5] == 0.0


def test_guided_filter_keeps_an_edge_of_its_guide() -> None:
    """With a small eps the filter of an image by itself is the image.

    With a large eps the image is smoothed.
    """
    image = texture((40, 40)).astype(float) / 255
    kept = guided_filtering.guided_filter(image, image, 7, 1e-9)
    smoothed = guided_filtering.guided_filter(image, image, 7, 10.0)
    assert np.abs(kept - image).max() < 1e-5
    assert smoothed.std() < 0.2 * image.std()


def test_two_scale_weights_follow_saliency() -> None:
    """Detail comes from the salient source.

    A bright blob on a flat scene stays when it is fused with a flat image.
    """
    a, b = np.full((80, 80), 40, np.uint8), np.full((80, 80), 40, np.uint8)
    a[36:44, 36:44] = 240
    fused = METHODS["two-scale"](a, b)
    assert fused[40, 40] > 220
    assert two_scale.base_layer(np.full((5, 5), 7.0)) == pytest.approx(np.full((5, 5), 7.0))


def test_singular_vectors_are_orthonormal_and_ordered() -> None:
    """U is orthogonal, and the first band carries the most energy."""
    blocks = multiresolution_svd.to_blocks(texture((40, 60)).astype(float))
    vectors = multiresolution_svd.left_singular_vectors(blocks)
    energy = np.square(vectors.T @ blocks).sum(axis=1)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(4), atol=1e-12)
    assert (np.diff(energy) <= 0).all()


def test_signs_of_singular_vectors_do_not_matter() -> None:
    """Vectors that differ in sign only are aligned, so that their mean does not cancel."""
    vectors = np.linalg.qr(np.random.RandomState(0).rand(4, 4))[0]
    flipped = vectors * np.array([1.0, -1.0, -1.0, 1.0])
    np.testing.assert_array_equal(multiresolution_svd.align(flipped, vectors), vectors)


@pytest.mark.parametrize("method", sorted(METHODS.keys() - COPIES))
def test_chroma_of_the_one_colour_source_is_kept(method: str) -> None:
    """Infrared gray with visible colour gives colour.

    The differences between channels are those of the visible image.
    """
    gray = np.full((30, 30), 100, np.uint8)
    colour = np.full((30, 30, 3), (120, 90, 100), np.uint8)
    fused = METHODS[method](gray, colour).astype(int)
    assert np.abs(fused[..., 0] - fused[..., 1] - 30).max() <= 1
    assert np.abs(fused[..., 2] - fused[..., 1] - 10).max() <= 1


def test_fused_luma_does_not_depend_on_chroma() -> None:
    """The luma of the result is the result of the lumas."""
    a, b = texture((40, 50), 1), texture((40, 50), 2) // 2 + 64
    tinted = np.stack([b, b, b], axis=2)
    fused = METHODS["laplacian-pyramid"](a, tinted)
    assert difference(fused[..., 1], METHODS["laplacian-pyramid"](a, b)) <= 1
