"""Start a program in the sandbox that a plan describes, and end as the program ends."""

from __future__ import annotations

import os
import struct
from _signal import SIG_DFL, signal  # `signal` imports `enum`, which is slow

from fusebench.sandbox.inside.landlock import restrict
from fusebench.sandbox.inside.namespaces import build_view, leave_namespaces
from fusebench.sandbox.inside.plan import Plan
from fusebench.sandbox.inside.rights import be_killed_first, die_with, give_up_rights, limit_files
from fusebench.sandbox.inside.system_calls import (
    PR_SET_CHILD_SUBREAPER,
    PR_SET_PDEATHSIG,
    SIGKILL,
    SIGPIPE,
    SIGTERM,
    SIGXFSZ,
    prctl,
)
from fusebench.sandbox.tree import kill_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, NoReturn

NOT_STARTED = 125
"""The exit status where the sandbox could not be made; the program was not started."""
COMPLAINT = "fusebench: no sandbox: "
"""How the reason begins."""


def main(**plan: Any) -> NoReturn:
    """Carry out the plan that the command line holds."""
    try:
        _start(Plan(**plan))
    except OSError as error:
        _complain(error)
    os._exit(NOT_STARTED)


def _start(plan: Plan) -> NoReturn:
    limit_files(plan.file_mb)
    be_killed_first()
    if plan.level == "userns":
        _start_in_namespaces(plan)
    if plan.level == "env-only":
        _start_here(plan)
    die_with(plan.parent)
    _execute(plan)


def _start_in_namespaces(plan: Plan) -> NoReturn:
    """Start the program below the first process of new namespaces, and end as it ends.

    With the first process, the kernel ends all others of the namespaces.
    """
    leave_namespaces()
    die_with(plan.parent)
    reading, writing = os.pipe()
    first = os.fork()
    if first == 0:
        os.close(reading)
        _be_first(plan, writing)
    os.close(writing)
    signal(SIGTERM, lambda number, _: os.kill(first, number))
    told = os.read(reading, 4)
    os.waitpid(first, 0)
    if not told:  # it has said why there is no sandbox, or was killed
        os._exit(NOT_STARTED)
    _end_as(struct.unpack("i", told)[0])


def _be_first(plan: Plan, writing: int) -> NoReturn:
    """Make the view, start the program, and take in all that ends."""
    try:
        prctl(PR_SET_PDEATHSIG, SIGKILL)
        os.setsid()
        build_view(plan)
        give_up_rights()
        os.write(writing, struct.pack("i", _run(plan)))
    except OSError as error:
        _complain(error)
    os._exit(0)


def _start_here(plan: Plan) -> NoReturn:
    """Start the program among the other processes of the machine, and end as it ends.

    This process inherits what the program leaves running, and ends it.
    """
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_PDEATHSIG, SIGTERM)
    give_up_rights()
    if plan.landlock:
        restrict(plan.steps)
    status = _run(plan)
    kill_below(os.getpid())
    _end_as(status)


def _run(plan: Plan) -> int:
    """Run the program in a session of its own; return its status as the kernel gives it.

    SIGTERM is passed on to the program. At level ``env-only`` it also tells that fusebench has
    ended; then all is ended.
    """
    program = os.fork()
    if program == 0:
        _become(plan)

    def pass_on(number: int, _: FrameType | None) -> None:
        if plan.level == "env-only" and os.getppid() != plan.parent:
            kill_below(os.getpid())
            os._exit(128 + number)
        try:
            os.killpg(program, number)
        except ProcessLookupError:
            pass

    signal(SIGTERM, pass_on)
    if plan.level == "env-only" and os.getppid() != plan.parent:
        os.kill(os.getpid(), SIGTERM)
    while True:
        ended, status = os.wait()
        if ended == program:
            return status


def _become(plan: Plan) -> NoReturn:
    """Become the program."""
    try:
        prctl(PR_SET_PDEATHSIG, SIGKILL)
        os.setsid()
        _execute(plan)
    except OSError as error:
        _complain(error)
    os._exit(NOT_STARTED)


def _execute(plan: Plan) -> NoReturn:
    os.chdir(plan.cwd)
    for number in (SIGPIPE, SIGXFSZ):  # Python ignores them
        signal(number, SIG_DFL)
    os.execvp(plan.command[0], plan.command)


def _end_as(status: int) -> NoReturn:
    """End this process with the exit status or the signal of another one."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != SIGKILL:
            signal(number, SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def _complain(error: OSError) -> None:
    os.write(2, f"{COMPLAINT}{error}\n".encode(errors="replace"))
