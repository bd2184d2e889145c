"""Contexts of a device; like that of torch 2, this module is loaded at its first use."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch


class DeviceContext:
    """``with torch.device(...)``: factories called in it make tensors on that device."""

    def __init__(self, device: Any) -> None:
        """Needs that device."""
        self.device = torch.check(device)

    def make(self, factory: Callable[..., Any], *args: Any) -> Any:
        """Call a factory in the context; one that is not in the table does what it always does."""
        known = factory in _device_constructors()
        return factory(*args, device=self.device) if known else factory(*args)


@cache
def _device_constructors() -> frozenset[Any]:
    """The factories, as they are when this is first called."""
    return frozenset({torch.zeros})
