"""Reading images: 8 bits a channel, whatever the file holds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from fusebench.images import UnreadableImageError, read_image, read_own


def test_16_bits_are_scaled_wherever_they_are_read(tmp_path: Path) -> None:
    """A 12-bit camera's values are divided by 257 and rounded, never cut to their lower byte."""
    values = np.linspace(0, 4095, 24, dtype=np.uint16).reshape(4, 6) * 16
    cv2.imwrite(str(tmp_path / "x.png"), values)
    assert (read_own(tmp_path / "x.png") == np.rint(values / 257)).all()
    assert (read_own(tmp_path / "x.png") == read_image(tmp_path / "x.png")[0]).all()


def test_an_alpha_channel_is_dropped_wherever_it_is_read(tmp_path: Path) -> None:
    """RGBA is read as RGB."""
    pixels = np.random.default_rng(1).integers(0, 256, (4, 6, 4)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "x.png"), pixels)
    assert (read_own(tmp_path / "x.png") == pixels[:, :, 2::-1]).all()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.999])
def test_a_truncated_image_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    """However much of a file is there, it is whole or no image; OpenCV alone would fill it up with gray."""
    path = tmp_path / f"x{suffix}"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 256, (60, 80, 3)).astype(np.uint8))
    assert read_image(path)[0].shape == (60, 80, 3)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UnreadableImageError, match=r"must be (a whole|an) image; found a"):
        read_image(path)


def test_a_changed_byte_of_a_png_is_noticed(tmp_path: Path) -> None:
    """Its checksums tell, wherever the byte is, before any pixel of it is believed."""
    path = tmp_path / "x.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 256, (60, 80)).astype(np.uint8))
    content = path.read_bytes()
    for place in range(60, len(content) - 12, 397):
        path.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
        with pytest.raises(UnreadableImageError):
            read_image(path)


def test_a_png_with_a_wrong_checksum_behind_its_pixels_is_read(tmp_path: Path) -> None:
    """A comment that some program wrote wrongly takes nothing from the image."""
    path = tmp_path / "x.png"
    pixels = np.random.default_rng(1).integers(0, 256, (60, 80)).astype(np.uint8)
    cv2.imwrite(str(path), pixels)
    content = path.read_bytes()
    path.write_bytes(
        content[:-12] + b"\x00\x00\x00\x03tEXta\x00b" + b"\x00\x00\x00\x00" + content[-12:]
    )
    assert (read_image(path)[0] == pixels).all()
