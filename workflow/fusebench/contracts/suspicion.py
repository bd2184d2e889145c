"""What makes the results of a run suspicious: the names of the rules."""

from __future__ import annotations

from typing import Annotated, Literal

from fusebench.contracts.base import says

Suspicion = Annotated[
    Literal[
        "flat",
        "copy",
        "identical",
        "other-pair",
        "turned",
        "mixed",
        "unlike",
        "negative",
        "noise",
        "untrained",
        "trained-on",
    ],
    says("the name of a rule, see docs/noticed.md"),
]
