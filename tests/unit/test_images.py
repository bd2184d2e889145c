"""Reading images: 8 bits a channel, whatever the file holds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from fusebench.images import read_image, read_own


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
