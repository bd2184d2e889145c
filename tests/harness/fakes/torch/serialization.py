"""How a storage finds its device."""

from __future__ import annotations

from . import Tensor, check


def default_restore_location(storage: str, location: str) -> Tensor:
    """Put it where it was saved."""
    return Tensor([1.0], check(location))
