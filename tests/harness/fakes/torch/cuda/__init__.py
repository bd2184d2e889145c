"""``torch.cuda`` of the fake: without a GPU everything but questions raises."""

from __future__ import annotations

from typing import Any

from .. import COUNT, LOG, check


class FloatTensor:
    """Exists in every build, works with CUDA only."""

    def __init__(self, *args: Any) -> None:
        """Needs CUDA."""
        check("cuda")


class Event:
    """A moment on a GPU."""

    def __init__(self, enable_timing: bool = False) -> None:
        """Needs CUDA."""
        check("cuda")


class device:  # noqa: N801 - the name in torch
    """Context of a device."""

    def __init__(self, device: Any) -> None:
        """Needs that device."""
        self.device = check(device)

    def __enter__(self) -> None:
        """Choose the device."""
        LOG.append(f"enter {self.device}")

    def __exit__(self, *_: object) -> None:
        """Choose the one before."""
        LOG.append("leave")


def is_available() -> bool:
    """Whether there is a GPU."""
    return COUNT > 0


def is_initialized() -> bool:
    """Whether a GPU was used."""
    return COUNT > 0


def device_count() -> int:
    """How many GPUs."""
    return COUNT


def synchronize(device: Any = None) -> None:
    """Wait."""
    check("cuda" if device is None else device)
    LOG.append("synchronize")


def set_device(device: Any) -> None:
    """Choose a GPU."""
    LOG.append(f"set_device {check(device)}")


def get_device_name(device: Any = None) -> str:
    """Its name."""
    return f"Fake {check('cuda' if device is None else device)}"


def max_memory_allocated() -> int:
    """Peak memory."""
    return 4096


def get_device_properties(device: Any = None) -> Any:
    """Unused."""
    check("cuda")


def set_per_process_memory_fraction(fraction: float, device: Any = None) -> None:
    """Leave no memory: whatever is placed from now on does not fit."""
    LOG.append("no memory")
