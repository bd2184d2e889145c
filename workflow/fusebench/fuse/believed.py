"""What the launcher tells of times, held against what is seen from outside.

The launcher runs in the process of the script, so a script can change what it tells.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from fusebench.contracts.harness import ImageTimes
from fusebench.fuse.launching import Launch
from fusebench.fuse.staging import StagedPair

SLACK_SECONDS = 1.0
"""Clocks of file systems are coarse, and the launcher writes its report between two images."""


def disbelief(launched: Launch, staged: Sequence[StagedPair]) -> str:
    """Say why the times of images cannot be right, as a note; ``""`` where they can.

    Args:
        launched: how the process ended.
        staged: the pairs whose results are there.
    """
    told = [launched.report.images.get(pair.name, ImageTimes()).seconds for pair in staged]
    known = [seconds for seconds in told if seconds is not None]
    if any(seconds < 0 or not math.isfinite(seconds) for seconds in known):
        return _note("a time is negative, or no number")
    total = sum(known) + max(0.0, launched.report.startup_seconds or 0.0)
    if launched.ended and total > launched.ended.seconds + SLACK_SECONDS:
        return _note(
            f"they are {total:.1f} s in all, and it ran for {launched.ended.seconds:.1f} s"
        )
    written = [pair.result.stat().st_ctime for pair in staged]
    if len(known) < len(told) or len(written) < 2:
        return ""
    between = max(written) - min(written)
    after_first = sum(known) - known[written.index(min(written))]
    if between > 2 * after_first + SLACK_SECONDS:
        return _note(
            f"they are {after_first:.1f} s for all images after the first, and these were written"
            f" within {between:.1f} s"
        )
    return ""


def _note(why: str) -> str:
    return f"the times that the script's process told cannot be right: {why}; they are left out"
