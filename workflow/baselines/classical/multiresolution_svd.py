"""Multi-resolution SVD fusion (MSVD).

V. P. S. Naidu, Image fusion technique using multi-resolution singular value decomposition, Defence
Science Journal 61(5), 479-484, 2011, one level, as in the author's MATLAB code. Each 2 x 2 block of
the image is one column of a ``4 x HW/4`` matrix X::

    X = U S V^T,  T = U^T X         rows of T: approximation, then three details
    fused T: mean of the approximations, the detail of larger magnitude;  fused U = (U_1 + U_2) / 2
    fused X = U T

A singular vector is only defined up to its sign, and two vectors of opposite sign would cancel in
the mean: each column of U_2 is given the sign that points along that of U_1. An odd size is made
even by repeating the last row or column.
"""

from __future__ import annotations

import numpy as np

from .colour import Gray


def to_blocks(image: Gray) -> Gray:
    """``(H, W)`` with even sizes to ``(4, H/2 * W/2)``, each block read down its columns."""
    height, width = image.shape
    return image.reshape(height // 2, 2, width // 2, 2).transpose(3, 1, 0, 2).reshape(4, -1)


def from_blocks(blocks: Gray, shape: tuple[int, ...]) -> Gray:
    """The inverse of ``to_blocks``."""
    height, width = shape
    return (
        blocks.reshape(2, 2, height // 2, width // 2).transpose(2, 1, 3, 0).reshape(height, width)
    )


def left_singular_vectors(blocks: Gray) -> Gray:
    """U of the SVD, ``(4, 4)``, largest singular value first: the eigenvectors of X X^T."""
    _, vectors = np.linalg.eigh(blocks @ blocks.T)
    return vectors[:, ::-1]


def align(vectors: Gray, reference: Gray) -> Gray:
    """``vectors`` with each column's sign chosen to point along that of ``reference``."""
    return vectors * np.where((vectors * reference).sum(axis=0) < 0, -1.0, 1.0)


def fuse(a: Gray, b: Gray) -> Gray:
    """Fuse two ``(H, W)`` planes."""
    odd = [(0, size % 2) for size in a.shape]
    padded_a, padded_b = np.pad(a, odd, mode="edge"), np.pad(b, odd, mode="edge")
    blocks_a, blocks_b = to_blocks(padded_a), to_blocks(padded_b)
    vectors_a = left_singular_vectors(blocks_a)
    vectors_b = align(left_singular_vectors(blocks_b), vectors_a)
    bands_a, bands_b = vectors_a.T @ blocks_a, vectors_b.T @ blocks_b
    bands = np.where(np.abs(bands_a) >= np.abs(bands_b), bands_a, bands_b)
    bands[0] = (bands_a[0] + bands_b[0]) / 2
    fused = from_blocks((vectors_a + vectors_b) / 2 @ bands, padded_a.shape)
    return fused[: a.shape[0], : a.shape[1]]
