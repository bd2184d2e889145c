"""Names GPUs that the job was not given, in every way that published scripts do; fuses by a mean.

Each way is tried alone, and prints whether it works. ``--data`` has ``a/`` and ``b/``.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import nn


def checkpoint_of(index: int) -> io.BytesIO:
    """Return a checkpoint as it would be saved on another GPU."""
    saved, changed = io.BytesIO(), io.BytesIO()
    torch.save({"w": torch.ones(3, device="cuda:0")}, saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"cuda:0", b"cuda:%d" % index))
    changed.seek(0)
    return changed


def with_context() -> Any:
    """Name a GPU by the context of a device."""
    with torch.cuda.device(2):
        return torch.ones(2, device="cuda")


def with_device() -> Any:
    """Name a GPU by the context of factories."""
    with torch.device("cuda:3"):
        return torch.ones(2)


def parallel() -> Any:
    """Spread a network over four GPUs."""
    return nn.DataParallel(nn.Conv2d(1, 1, 3).cuda(), device_ids=[0, 1, 2, 3])(
        torch.ones(1, 1, 5, 5).cuda()
    )


def with_autocast() -> Any:
    """Compute with half the digits."""
    with torch.autocast("cuda"):
        return torch.ones(2, 2, device="cuda:1") @ torch.ones(2, 2, device="cuda:1")


WAYS: dict[str, Callable[[], Any]] = {
    "Tensor.cuda(3)": lambda: torch.ones(2).cuda(3),
    "Tensor.to('cuda:1')": lambda: torch.ones(2).to("cuda:1"),
    "Tensor.to(device)": lambda: torch.ones(2).to(torch.device("cuda", 2)),
    "torch.zeros(device=)": lambda: torch.zeros(2, device="cuda:5"),
    "Tensor.new_zeros(device=)": lambda: torch.ones(2).new_zeros(2, device="cuda:1"),
    "Module.to": lambda: next(nn.Conv2d(1, 1, 1).to("cuda:1").parameters()),
    "Module.cuda(2)": lambda: next(nn.Conv2d(1, 1, 1).cuda(2).parameters()),
    "DataParallel": parallel,
    "set_device(3)": lambda: (torch.cuda.set_device(3), torch.ones(2, device="cuda"))[1],
    "with torch.cuda.device(2)": with_context,
    "with torch.device('cuda:3')": with_device,
    "torch.load of cuda:3": lambda: torch.load(checkpoint_of(3))["w"],
    "torch.load(map_location='cuda:2')": lambda: torch.load(
        checkpoint_of(0), map_location="cuda:2"
    )["w"],
    "torch.load(map_location={})": lambda: torch.load(
        checkpoint_of(0), map_location={"cuda:0": "cuda:1"}
    )["w"],
    "Generator(device=)": lambda: torch.randn(
        2, generator=torch.Generator(device="cuda:1"), device="cuda:1"
    ),
    "torch.autocast": with_autocast,
}


def attempt(name: str) -> None:
    """Print whether a way of naming a GPU works, and where its tensor lies."""
    try:
        print(f"{name}: ok on {WAYS[name]().device}")
    except Exception as error:
        print(f"{name}: FAILED: {type(error).__name__}: {str(error).splitlines()[:1]}")


def fuse(data: Path, out: Path) -> None:
    """Write the mean of each pair, computed on a GPU that does not exist."""
    for path in sorted((data / "a").iterdir()):
        a, b = (cv2.imread(str(data / side / path.name), 0) for side in "ab")
        both = torch.stack([torch.from_numpy(a), torch.from_numpy(b)]).float().to("cuda:7")
        cv2.imwrite(str(out / path.name), both.mean(0).round().byte().cpu().numpy())


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--data", type=Path)
    asked.add_argument("--out", type=Path)
    told = asked.parse_args()
    for way in WAYS:
        attempt(way)
    fuse(told.data, told.out)
