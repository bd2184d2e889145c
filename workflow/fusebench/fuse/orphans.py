"""A job ends with the Snakemake that started it, also where that one was killed."""

from __future__ import annotations

import os
import select
import signal
import threading

from fusebench.sandbox.tree import parent_of


def starter_of(session: str) -> int | None:
    """Return the process of the Snakemake that started this one; None where it is no ancestor.

    Args:
        session: the name of the run of Snakemake, which begins with the number of its process.
    """
    told = session.partition("-")[0]
    process = os.getppid()
    while process > 1:
        if str(process) == told:
            return process
        process = parent_of(process)
    return None


def end_with(process: int | None) -> None:
    """Have this process get SIGTERM when another one has ended; None for no other one.

    It then ends as if Snakemake had cancelled it: its script is ended, and its scratch folder is
    removed. Nothing happens on a kernel before 5.3, which cannot tell it.
    """
    if process is None or not hasattr(os, "pidfd_open"):
        return
    try:
        watched = os.pidfd_open(process)
    except OSError:
        return
    threading.Thread(target=_wait_for, args=(watched,), daemon=True).start()


def _wait_for(watched: int) -> None:
    select.select([watched], [], [])
    os.kill(os.getpid(), signal.SIGTERM)
