"""Has a real torch without a GPU pretend that it has one: what asks for CUDA runs on the CPU.

The redirection of the harness does the work, before the launcher puts its own on top. Results are
those of the CPU. Memory is taken from this process when ``mem_get_info`` was called in another
one that still lives, so that a full GPU can be tested.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import os
import sys
import types
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
HARNESS = HERE.parents[2] / "workflow" / "harness"
MEMORY = Path(os.environ["CUDA_STAND_IN_MEMORY"]).open("a")  # noqa: SIM115
BYTES = 1 << 22


def pretend(torch: Any) -> None:
    """Give torch a GPU that is the CPU."""
    package = types.ModuleType("_cuda_stand_in")
    package.__path__ = [str(HARNESS)]
    sys.modules[package.__name__] = package
    from _cuda_stand_in import devices  # type: ignore[import-not-found]

    devices.wrap = unmarked(devices.wrap)

    class StandIn(devices.ToCpu):  # type: ignore[misc]
        """Refuses to place anything once the memory is used up."""

        used = 0
        full = False
        holds_all = False

        def place(self, where: Any, name: str) -> Any:
            new = super().place(where, name)
            if new is not where:
                self.take()
            return new

        def _fired(self, name: str) -> None:
            super()._fired(name)
            if not name.startswith("torch.cuda."):
                self.take()

        def take(self) -> None:
            if self.full or not (self.holds_all or lock(fcntl.LOCK_SH)):
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB.")
            StandIn.used += 1024

    stand_in = StandIn(torch, Counts(), True)
    stand_in.install()
    cuda, restore = torch.cuda, torch.serialization.default_restore_location
    torch.CUDA_IS_A_STAND_IN = True
    torch.serialization.default_restore_location = lambda storage, place: restore(storage, "cpu")
    torch.accelerator.is_available = lambda: False  # no thread that pins memory
    cuda.device = Context
    cuda.get_device_name = lambda device=None: "Stand-in"
    cuda.get_device_capability = lambda device=None: (9, 0)
    cuda.max_memory_allocated = lambda device=None: stand_in.used
    cuda.set_per_process_memory_fraction = lambda *_: setattr(StandIn, "full", True)

    def mem_get_info(device: Any = None) -> tuple[int, int]:
        StandIn.holds_all = lock(fcntl.LOCK_EX)
        return (BYTES if StandIn.holds_all else 0, BYTES)

    cuda.mem_get_info = mem_get_info


class Context:
    """``torch.cuda.device``: a class, for torch asks whether something is one."""

    def __init__(self, device: Any) -> None:
        """Take any device."""

    def __enter__(self) -> None:
        """Nothing to choose."""

    def __exit__(self, *_: object) -> None:
        """Nothing to choose."""


def unmarked(wrap: Any) -> Any:
    """Return ``wrap`` without its mark, so that the launcher's own redirection goes on top."""

    def replace(owner: Any, name: str, make: Any) -> None:
        wrap(owner, name, make)
        with suppress(AttributeError):
            del getattr(owner, name)._fusebench

    return replace


class Counts:
    """Takes the counts of redirections; nobody reads them."""

    def count(self, name: str) -> None:
        """Forget it."""


def lock(kind: int) -> bool:
    """Say whether this process has the memory, alone or together with others that share it."""
    try:
        fcntl.flock(MEMORY, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def after_torch() -> None:
    """Call ``pretend`` once torch is loaded, where it is to see a GPU."""
    find_spec = PathFinder.find_spec

    def find(name: str, path: Any = None, target: Any = None) -> Any:
        spec = find_spec(name, path, target)
        if name == "torch" and spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def exec_module(module: Any) -> None:
                execute(module)
                if os.environ.get("CUDA_VISIBLE_DEVICES", "") not in ("", "-1"):
                    pretend(sys.modules["torch"])

            loader.exec_module = exec_module
        return spec

    PathFinder.find_spec = find  # type: ignore[method-assign,assignment]


def hide_the_build() -> None:
    """Tell no version ``+cpu``: fusebench would refuse the environment on a GPU."""
    version = importlib.metadata.Distribution.version.fget  # type: ignore[attr-defined]
    importlib.metadata.Distribution.version = property(  # type: ignore[assignment,method-assign]
        lambda self: version(self).replace("+cpu", "")
    )


def main() -> None:
    """Pretend once torch is loaded, and run the next ``sitecustomize``, which may hide the GPU."""
    places = [Path(one or ".").resolve() for one in sys.path]
    others = sys.path[places.index(HERE) + 1 :]
    hide_the_build()
    after_torch()
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


main()
