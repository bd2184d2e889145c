"""Images on disk: which two files belong together, and reading and writing them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from classical import Image

SUFFIXES = {".png", ".bmp", ".tif", ".tiff", ".jpg", ".jpeg"}


class UnusableImageError(Exception):
    """A file or folder cannot be fused; the message names it and what it must be."""


def images_of(folder: Path) -> dict[str, Path]:
    """The image files of a folder by name without suffix, sorted."""
    if not folder.is_dir():
        raise UnusableImageError(f"{folder}: must be a folder of images, and is none")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return {path.stem: path for path in files}


def pairs(folder_a: Path, folder_b: Path) -> dict[str, tuple[Path, Path]]:
    """The same-named images of two folders.

    Raises:
        UnusableImageError: there is none, or an image of one folder has no partner in the other.
    """
    a, b = images_of(folder_a), images_of(folder_b)
    alone = sorted(a.keys() ^ b.keys())
    if alone:
        raise UnusableImageError(
            f"every image must be in {folder_a} and in {folder_b}; only in one: {', '.join(alone)}"
        )
    if not a:
        raise UnusableImageError(
            f"{folder_a}: must hold images ({', '.join(sorted(SUFFIXES))}), and holds none"
        )
    return {name: (a[name], b[name]) for name in a}


def read(path: Path) -> Image:
    """An 8-bit image, gray ``(H, W)`` or RGB ``(H, W, 3)``.

    Raises:
        UnusableImageError: the file is no image, not 8-bit, or neither gray nor RGB.
    """
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise UnusableImageError(f"{path}: must be an image, and cannot be read as one")
    if image.dtype != np.uint8 or (image.ndim == 3 and image.shape[2] != 3):
        raise UnusableImageError(
            f"{path}: must be 8-bit gray or RGB, and is {image.dtype} of shape {image.shape}"
        )
    return np.asarray(
        image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8
    )


def read_pair(path_a: Path, path_b: Path) -> tuple[Image, Image]:
    """Two images of one height and width.

    Raises:
        UnusableImageError: one of them cannot be used, or they differ in size.
    """
    a, b = read(path_a), read(path_b)
    if a.shape[:2] != b.shape[:2]:
        raise UnusableImageError(
            f"{path_a} and {path_b} must be of one size, and are {a.shape[:2]} and {b.shape[:2]}"
        )
    return a, b


def write(path: Path, image: Image) -> None:
    """Write a gray or RGB image as PNG.

    Raises:
        UnusableImageError: the file cannot be written.
    """
    pixels = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    if not cv2.imwrite(str(path), pixels):
        raise UnusableImageError(f"{path}: cannot be written")
