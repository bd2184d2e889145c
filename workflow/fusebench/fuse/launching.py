"""Start the authors' script through the harness, in its environment, and read the report."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from fusebench.contracts.files import explained
from fusebench.contracts.harness import HarnessJob, LaunchReport
from fusebench.errors import Crashed, EnvironmentFailed, OutOfMemory, StepError, TimedOut
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
    r"|DefaultCPUAllocator: (can't|not enough)",
    re.MULTILINE,
)
"""What torch, CUDA's libraries, TensorFlow and Python print when memory runs out."""

NO_KERNELS = re.compile(r"no kernel image is available for execution on the device")
"""What CUDA says of a library without kernels for this GPU.

Most are refused before the script starts (``environments.hardware``); this is left for GPUs whose
driver does not tell what they are, and for libraries other than torch.
"""
TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Launch:
    """How one process of the script ended: exit status, printed text and launcher's report."""

    status: int
    printed: str
    report: LaunchReport

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
        """Return the error that says how the process ended."""
        if self.status == -signal.SIGKILL or OUT_OF_MEMORY.search(self.printed):
            return OutOfMemory(f"the script ran out of memory: {self.complaint}")
        if NO_KERNELS.search(self.printed):
            return EnvironmentFailed(
                f"the script needs a library that has kernels for this GPU: {self.complaint}"
            )
        how = f"signal {-self.status}" if self.status < 0 else f"exit status {self.status}"
        return Crashed(f"the script ended with {how}: {self.complaint}")


def launch(
    job: HarnessJob,
    python: Path,
    scratch: Path,
    log: IO[str],
    seconds: float,
    environ: Mapping[str, str],
) -> Launch:
    """Run one job of the harness.

    Args:
        job: what to run.
        python: the interpreter of the method's environment.
        scratch: a folder for the two JSON files, the script's home and its temporary files.
        log: receives everything that the script prints.
        seconds: the time limit.
        environ: variables that the device and the entry ask for.

    Raises:
        TimedOut: the limit was reached; the script and its children are ended.
        Crashed: the launcher's report cannot be read.
    """
    (scratch / "job.json").write_bytes(msgspec.json.encode(job))
    Path(job.report).unlink(missing_ok=True)
    log.flush()
    start = os.fstat(log.fileno()).st_size
    process = subprocess.Popen(
        [str(python), str(LAUNCHER), str(scratch / "job.json")],
        cwd=job.cwd,
        env={**_environment(python, job.threads, scratch), **environ},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        status = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise TimedOut("the script ran past its time limit") from error
    finally:
        _end_group(process)
    return Launch(status, _printed_since(log, start), _read_report(Path(job.report)))


def _read_report(path: Path) -> LaunchReport:
    """Return what the launcher saw; nothing where the process ended before it wrote a report."""
    if not path.exists():
        return LaunchReport()
    content = path.read_bytes()
    try:
        return msgspec.json.decode(content, type=LaunchReport)
    except msgspec.ValidationError as error:
        told = explained(error, msgspec.json.decode(content))
    except msgspec.DecodeError as error:
        told = f"must be a whole JSON file: {error}"
    raise Crashed(f"the launcher's report {path.name} cannot be read: {told}")


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the script and all that it left running."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, ending)
            process.wait(timeout=10)
        except (ProcessLookupError, PermissionError):
            return
        except subprocess.TimeoutExpired:
            continue


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
    home.mkdir(exist_ok=True)
    temporary.mkdir(exist_ok=True)
    return {
        **{name: value for name, value in os.environ.items() if PASSED_ON.match(name)},
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(temporary),
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
