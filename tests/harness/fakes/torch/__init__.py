"""Enough of torch to test redirection and timing.

A tensor knows its device, and CUDA raises the errors of the real one.

``FAKE_CUDA_DEVICES`` is the number of GPUs, none of which is seen where ``CUDA_VISIBLE_DEVICES`` is
empty; without it this is a build for the CPU. ``LOG`` lists what CUDA was asked.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

__version__ = "2.6.0+fake"
HIDDEN = os.environ.get("CUDA_VISIBLE_DEVICES") == ""
COUNT = 0 if HIDDEN else int(os.environ.get("FAKE_CUDA_DEVICES", "0"))
CUDA_IS_A_STAND_IN = True
LOG: list[str] = []
version = SimpleNamespace(cuda=None)
backends = SimpleNamespace(
    cudnn=SimpleNamespace(version=lambda: None, allow_tf32=True),
    cuda=SimpleNamespace(matmul=SimpleNamespace(allow_tf32=False)),
)


class device:  # noqa: N801 - the name in torch
    """``torch.device("cuda", 1)`` or ``torch.device("cuda:1")``."""

    def __init__(self, type: str | device, index: int | None = None) -> None:
        name, _, number = str(type).partition(":")
        self.type = name
        self.index = int(number) if number else index

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


def check(where: Any) -> device:
    """The device, or the error that torch raises where it does not exist."""
    place = device("cuda", where) if isinstance(where, int) else device(where)
    if place.type == "cuda" and COUNT == 0:
        raise AssertionError("Torch not compiled with CUDA enabled")
    if place.type == "cuda" and (place.index or 0) >= COUNT:
        raise RuntimeError("CUDA error: invalid device ordinal")
    if place.type == "cuda" and "no memory" in LOG:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 MiB")
    return place


class Tensor:
    """A list of numbers on a device."""

    def __init__(self, data: list[float], device: Any = "cpu") -> None:
        self.data = data
        self.device = check(device)

    def clone(self) -> Tensor:
        """A plain tensor with a copy of the numbers."""
        return Tensor(list(self.data), self.device)

    def numel(self) -> int:
        """How many numbers."""
        return len(self.data)

    def to(self, *args: Any, device: Any = None) -> Tensor:
        """The tensor on another device; itself when it is there already."""
        place = check(args[0] if args else device)
        return self if place == self.device else Tensor(list(self.data), place)

    def cuda(self, device: Any = None) -> Tensor:
        """The tensor on a GPU."""
        return self.to(torch_device() if device is None else device)

    def pin_memory(self) -> Tensor:
        """Needs CUDA."""
        check("cuda")
        return self

    def type(self, dtype: Any = None) -> Any:
        """The name of the type, or a tensor of another type."""
        if dtype is None:
            return "torch.FloatTensor"
        if "cuda" in str(dtype):
            check("cuda")
        return self.clone()


FloatTensor = Tensor


def torch_device() -> device:
    """The current GPU."""
    return device("cuda", 0)


def zeros(size: int, device: Any = "cpu") -> Tensor:
    """A factory with a device."""
    return Tensor([0.0] * size, check(device))


def load(f: str, map_location: Any = None, weights_only: bool | None = None) -> Any:
    """Load a "checkpoint": a text file that holds the device it was saved on."""
    LOG.append(f"weights_only {weights_only}")
    saved = Path(f).read_text().strip()
    if callable(map_location):
        return map_location("storage", saved)
    if isinstance(map_location, dict):
        map_location = map_location.get(saved, saved)
    return Tensor([1.0], check(map_location if map_location is not None else saved))


def manual_seed(seed: int) -> None:
    """Remember the seed."""
    LOG.append(f"seed {seed}")


def set_num_threads(count: int) -> None:
    """Remember the number of threads."""
    LOG.append(f"threads {count}")


from . import cuda, nn, serialization  # noqa: E402

__all__ = ["cuda", "nn", "serialization"]
