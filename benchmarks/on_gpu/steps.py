"""Steps with a budget: each is guarded, and the report is written again after each."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from fusebench.files import write_text
from msgspec.structs import replace

from on_gpu.contents import GpuRun, MethodResult, Step

PATIENCE = 4.0
"""A step is ended when it takes this many times as long as planned, and a minute more."""


@dataclass
class Report:
    """The result of the run as it is so far, and the file that holds it."""

    path: Path
    run: GpuRun

    def change(self, **fields: Any) -> None:
        """Replace fields of the run and write the file."""
        self.run = replace(self.run, **fields)
        write_text(self.path, msgspec.json.format(msgspec.json.encode(self.run)).decode() + "\n")

    def method(self, name: str) -> MethodResult:
        """Return what is known of a method."""
        return next(one for one in self.run.methods if one.name == name)

    def change_method(self, name: str, **fields: Any) -> None:
        """Replace fields of a method and write the file."""
        changed = replace(self.method(name), **fields)
        self.change(methods=[changed if one.name == name else one for one in self.run.methods])


@dataclass(frozen=True)
class Action:
    """A step of the run.

    Attributes:
        name: for the report.
        seconds: how long it is planned to take; it is skipped where less is left.
        do: does it, until a moment of ``time.monotonic`` at the latest.
        obstacle: why it cannot be done; empty where it can.
    """

    name: str
    seconds: float
    do: Callable[[float], None]
    obstacle: str = ""


def perform(
    actions: Iterable[Action], report: Report, until: float, patience: float = PATIENCE
) -> None:
    """Do the steps in their order as far as the time reaches; none that fails stops the others.

    Args:
        actions: the most valuable first.
        report: receives how each ended.
        until: the end of the budget, by ``time.monotonic``.
        patience: how many times as long as planned a step may take, before a minute more.
    """
    for action in actions:
        began = time.monotonic()
        ended = _performed(action, until, patience)
        seconds = round(time.monotonic() - began, 1)
        step = replace(ended, seconds=seconds, planned_seconds=action.seconds)
        print(f"{step.name}: {step.state} {seconds} s {step.reason}".rstrip(), flush=True)
        report.change(steps=[*report.run.steps, step])


def _performed(action: Action, until: float, patience: float) -> Step:
    now = time.monotonic()
    if action.obstacle:
        return Step(name=action.name, state="skipped", reason=action.obstacle)
    if until - now < action.seconds:
        left = max(0.0, until - now)
        reason = f"planned to take {action.seconds:g} s, and {left:.0f} s were left"
        return Step(name=action.name, state="skipped", reason=reason)
    try:
        action.do(min(until, now + patience * action.seconds + 60))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        reason = f"{type(error).__name__}: {error} ({where})"
        return Step(name=action.name, state="failed", reason=reason)
    return Step(name=action.name, state="ok")
