"""Start the authors' script through the harness, in its environment, and read the report."""

from __future__ import annotations

import os
import re
import signal
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from fusebench.causes import TRACEBACK, cause_of
from fusebench.contracts.files import explained
from fusebench.contracts.harness import HarnessJob, LaunchReport
from fusebench.errors import Crashed, EnvironmentFailed, OutOfMemory, StepError
from fusebench.folders import remove_folder
from fusebench.sandbox.starting import (
    DEFAULT_POLICY,
    Ended,
    Policy,
    Program,
    own_folder,
    run_program,
)
from fusebench.texts import plain

LAUNCHER = Path(__file__).resolve().parents[2] / "harness" / "launch.py"
ADAPTERS = Path(__file__).resolve().parents[2] / "adapters"

PASSED_ON = re.compile(
    r"^(LANG|LC_ALL|TZ|LD_LIBRARY_PATH|CUDA_HOME|CUDA_PATH|NVIDIA_.*|NUMBER_OF_PROCESSORS)$"
)
"""Variables that a script may see; all others (home, tokens, agents) are withheld."""

OUT_OF_MEMORY = re.compile(
    r"CUDA out of memory|OutOfMemoryError|CUDA error: out of memory|^MemoryError"
    r"|CU(BLAS|DNN|SOLVER|SPARSE)_STATUS_ALLOC_FAILED|CUFFT_ALLOC_FAILED|OOM when allocating tensor"
    r"|DefaultCPUAllocator: (can't|not enough)|^error: out of memory or dimension too large",
    re.MULTILINE,
)
"""What torch, CUDA's libraries, TensorFlow, Python and Octave print when memory runs out."""

NO_KERNELS = re.compile(r"no kernel image is available for execution on the device")
"""What CUDA says of a library without kernels for this GPU.

Most are refused before the script starts (``environments.hardware``); this is left for GPUs whose
driver does not tell what they are, and for libraries other than torch.
"""
LARGEST_REPORT = 100_000_000
"""In bytes. A report has some hundred bytes for each image."""


KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
"""How a script ends that the kernel kills, or one of whose programs the kernel kills."""


@dataclass(frozen=True)
class Launch:
    """How one process of the script ended, and what was seen of it.

    Attributes:
        status: the exit status; negative for a signal.
        printed: what it printed.
        report: what the launcher inside the process tells.
        ended: how it ended as this process saw it; None in tests.
    """

    status: int
    printed: str
    report: LaunchReport
    ended: Ended | None = None

    @property
    def complaint(self) -> str:
        """The last line of the last traceback, else the last line printed."""
        lines = [line for line in self.printed.splitlines() if line.strip()]
        if TRACEBACK not in self.printed:
            return lines[-1].strip() if lines else "nothing was printed"
        after = lines[max(i for i, line in enumerate(lines) if TRACEBACK in line) + 1 :]
        return next(
            (line.strip() for line in after if not line.startswith(" ")),
            after[-1].strip() if after else "",
        )

    @property
    def printed_traceback(self) -> bool:
        """Whether the script printed a traceback, whatever its exit status."""
        return TRACEBACK in self.printed

    def failure(self) -> StepError:
        """Return the error that says how the process ended, with the remedy of a known cause."""
        error = self._failure()
        error.remedy = str(cause_of(self.printed) or "")
        return error

    def _failure(self) -> StepError:
        if self.ended and self.ended.excess:
            return self._stopped(self.ended.excess)
        if self.status in KILLED or OUT_OF_MEMORY.search(self.printed):
            return OutOfMemory(f"the script ran out of memory: {self.complaint}")
        if NO_KERNELS.search(self.printed):
            return EnvironmentFailed(
                f"the script needs a library that has kernels for this GPU: {self.complaint}"
            )
        how = f"signal {-self.status}" if self.status < 0 else f"exit status {self.status}"
        return Crashed(f"the script ended with {how}: {self.complaint}")

    def _stopped(self, excess: str) -> StepError:
        if "memory" in excess:
            return OutOfMemory(f"{excess}; raise `resources.mem_mb` of the entry")
        return Crashed(excess)


def launch(
    job: HarnessJob,
    python: Path,
    scratch: Path,
    log: IO[str],
    seconds: float,
    environ: Mapping[str, str],
    policy: Policy = DEFAULT_POLICY,
    project: Path = Path(),
) -> Launch:
    """Run one job of the harness in a sandbox.

    Args:
        job: what to run.
        python: the interpreter of the method's environment.
        scratch: a folder for the two JSON files, the script's home and its temporary files.
        log: receives everything that the script prints.
        seconds: the time limit.
        environ: variables that the device and the entry ask for.
        policy: in which sandboxes the script may run, and what it may use.
        project: the folder of which the script sees nothing but its environment.

    Raises:
        TimedOut: the limit was reached; the script and its children are ended.
        Crashed: the launcher's report cannot be read.
        EnvironmentFailed: no sandbox that the policy allows works here.
    """
    told = scratch / "job.json"
    scratch.chmod(0o700)
    for path in (told, Path(job.report)):
        _clear(path)
    told.write_bytes(msgspec.json.encode(job))
    log.flush()
    start = os.fstat(log.fileno()).st_size
    program = Program(
        words=[str(python), str(LAUNCHER), str(told)],
        python=python,
        cwd=job.cwd,
        scratch=scratch,
        reads=(str(LAUNCHER.parent), str(ADAPTERS)),
        project=project,
        environ={**_environment(python, job.threads, scratch), **environ},
    )
    ended = run_program(program, log, seconds, policy)
    printed = _printed_since(log, start)
    return Launch(ended.status, printed, _read_report(Path(job.report)), ended)


def _clear(path: Path) -> None:
    """Remove what an earlier process of the script may have put in the place of a file."""
    if path.is_dir() and not path.is_symlink():
        remove_folder(path)
    path.unlink(missing_ok=True)


def _read_report(path: Path) -> LaunchReport:
    """Return what the launcher saw; nothing where the process ended before it wrote a report."""
    content = _read_own_file(path)
    if content is None:
        return LaunchReport()
    try:
        return msgspec.json.decode(content, type=LaunchReport)
    except msgspec.ValidationError as error:
        told = explained(error, msgspec.json.decode(content))
    except msgspec.DecodeError as error:
        told = f"must be a whole JSON file: {error}"
    raise Crashed(f"the launcher's report {path.name} cannot be read: {told}")


def _read_own_file(path: Path) -> bytes | None:
    """Read a file that the launcher wrote; None where it is not there.

    Raises:
        Crashed: it is a link, no file, or too large: the script has put it there.
    """
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Crashed(f"the launcher's report {path.name} cannot be read: {error}") from error
    try:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_REPORT:
            raise Crashed(
                f"the launcher's report {path.name} cannot be read: must be a file of at most"
                f" {LARGEST_REPORT} bytes"
            )
        with os.fdopen(opened, "rb", closefd=False) as stream:
            return stream.read()
    finally:
        os.close(opened)


def _printed_since(log: IO[str], start: int) -> str:
    """Read what was printed, from the open file, without colours and control characters.

    The file may have no name any more if the job was started again in the meantime.
    """
    log.flush()
    printed = os.pread(log.fileno(), os.fstat(log.fileno()).st_size - start, start)
    return plain(printed.decode("utf-8", errors="replace"))


def _environment(python: Path, threads: int, scratch: Path) -> dict[str, str]:
    """Return the variables that the script sees: none of the user's own, fixed threads."""
    home, temporary = scratch / "home", scratch / "tmp"
    own_folder(home)
    own_folder(temporary)
    return {
        **{name: value for name, value in os.environ.items() if PASSED_ON.match(name)},
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LOGNAME": "fusebench",  # libraries ask for it; a sandbox has no directory of users
        "USER": "fusebench",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "MPLBACKEND": "Agg",
        **dict.fromkeys(
            ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
            str(threads),
        ),
    }
