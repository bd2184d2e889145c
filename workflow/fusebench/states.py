"""The states in which a step or a cell can end: the words of ``status.csv`` and of every table."""

from __future__ import annotations

from typing import Final, Literal

State = Literal[
    "ok",
    "suspicious",
    "skipped",
    "source-unavailable",
    "weights-missing",
    "env-failed",
    "crashed",
    "out-of-memory",
    "timeout",
    "interrupted",
    "bad-output",
]
"""Each state but ``ok`` has an error in ``errors.py`` that leads to it; README.md lists them."""

OK: Final = "ok"
SUSPICIOUS: Final = "suspicious"
"""There are results, but they cannot be right: shown with the reason, and not ranked."""
SKIPPED: Final = "skipped"
