"""Control: the mean of the two sources, ``F = (A + B) / 2``."""

from __future__ import annotations

from .colour import Gray


def fuse(a: Gray, b: Gray) -> Gray:
    """Mean of two ``(H, W)`` planes."""
    return (a + b) / 2
