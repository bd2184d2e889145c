"""Runs at the start of a Python of the GPU run: adds what was carried, and makes one change.

``settings.json`` beside this file says where the carried packages lie and which change is made.
Packages of the machine come first; those that were carried fill in what it lacks.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def never_wait(torch: Any) -> None:
    """Let no call wait for the device: this is what a clock sees that does not synchronise."""
    torch.cuda.synchronize = lambda device=None: None


def little_memory(torch: Any) -> None:
    """Allow almost no memory on the GPU: the first tensor does not fit."""
    if torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(1e-7)


CHANGES: dict[str, Callable[[Any], None]] = {
    "never-wait": never_wait,
    "little-memory": little_memory,
}
"""What is done with torch once it is loaded, before the launcher's own hooks."""


def after_torch(change: Callable[[Any], None]) -> None:
    """Call a function with torch once it is loaded.

    The launcher asks ``PathFinder`` itself, so a finder of ours would hide its hooks, or be hidden.
    """
    find_spec = PathFinder.find_spec

    def find(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = find_spec(name, path, target)
        if name == "torch" and spec is not None and spec.loader is not None:
            _change_when_loaded(spec.loader, change)
        return spec

    PathFinder.find_spec = find  # type: ignore[method-assign,assignment]


def _change_when_loaded(loader: Any, change: Callable[[Any], None]) -> None:
    execute = loader.exec_module

    def exec_module(module: Any) -> None:
        execute(module)
        change(sys.modules.get("torch", module))

    loader.exec_module = exec_module


def run_next() -> None:
    """Run the ``sitecustomize`` of the machine, which this one hides."""
    places = [Path(one or ".").resolve() for one in sys.path]
    spec = PathFinder.find_spec("sitecustomize", sys.path[places.index(HERE) + 1 :])
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def main() -> None:
    """Do what ``settings.json`` says."""
    settings = json.loads((HERE / "settings.json").read_text(encoding="utf-8"))
    if settings["change"] == "hidden-gpus":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    run_next()
    sys.path.append(settings["packages"])
    if settings["change"] in CHANGES:
        after_torch(CHANGES[settings["change"]])


main()
