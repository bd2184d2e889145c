"""What every program in a sandbox gives up, at each level."""

from __future__ import annotations

import os
import resource

from fusebench.sandbox.inside.system_calls import (
    PR_CAPBSET_DROP,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    SIGKILL,
    leave_keyring,
    prctl,
)

CHOWN, DAC_OVERRIDE, FOWNER, FSETID = 0, 1, 3, 4
KEPT = frozenset({CHOWN, DAC_OVERRIDE, FOWNER, FSETID})
"""Rights of root over files, which root keeps: a project may belong to another user."""
LAST_RIGHT = 63
"""The kernel knows fewer; it refuses the others."""
MB = 1_000_000


def die_with(parent: int) -> None:
    """End this process when ``parent``, which has started it, ends."""
    prctl(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != parent:
        os._exit(128 + SIGKILL)


def limit_files(file_mb: int | None) -> None:
    """Limit the size of a file that is written; leave no dumps of memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if file_mb is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = file_mb * MB if hard == resource.RLIM_INFINITY else min(file_mb * MB, hard)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def be_killed_first() -> None:
    """Have the kernel end this process before others where the machine's memory runs out."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("500")
    except OSError:
        pass


def give_up_rights() -> None:
    """Give up the user's keyring and, as root, all rights but those over files.

    No program can win them back, also not one that belongs to root.
    """
    leave_keyring()
    for right in set(range(LAST_RIGHT + 1)) - KEPT:
        try:
            prctl(PR_CAPBSET_DROP, right)
        except OSError:  # a user who is not root has none to give up
            continue
    prctl(PR_SET_NO_NEW_PRIVS, 1)
