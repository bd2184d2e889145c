"""A script is started through the harness, and the end of its process is reported."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest
from fusebench.contracts.harness import HarnessJob, LaunchReport
from fusebench.errors import Crashed, EnvironmentFailed, OutOfMemory, StepError, TimedOut
from fusebench.fuse.launching import Launch, launch
from fusebench.sandbox import starting
from fusebench.sandbox.plan import Limits
from fusebench.sandbox.starting import Policy

PYTHON = Path(sys.executable)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[IO[str]]:
    """The log of a cell, opened as a cell opens it."""
    with (tmp_path / "cell.log").open("w+", encoding="utf-8", buffering=1) as stream:
        yield stream


def job(folder: Path, text: str) -> HarnessJob:
    """Return the job of a script with this text."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    (work / "test.py").write_text(text)
    return HarnessJob(
        script="test.py",
        cwd=str(work),
        root=str(work),
        report=str(folder / "launch.json"),
        threads=3,
    )


def launched(folder: Path, log: IO[str], text: str, seconds: float = 60.0) -> Launch:
    """Run a script and return how it ended."""
    return launch(job(folder, text), PYTHON, folder, log, seconds, {"OF_THE_ENTRY": "yes"})


def test_a_script_is_run_and_reported(tmp_path: Path, log: IO[str]) -> None:
    """Exit status, printed text of both streams, and the launcher's report are returned."""
    text = "import sys; print('out ü'); print('err', file=sys.stderr); sys.exit(3)"
    ended = launched(tmp_path, log, text)
    assert (ended.status, ended.printed_traceback) == (3, False)
    assert sorted(ended.printed.splitlines()) == ["err", "out ü"]
    assert (ended.report.state, ended.report.exit_status) == ("exit", 3)
    assert ended.report.versions["python"]
    assert (tmp_path / "cell.log").read_text(encoding="utf-8") == ended.printed


def test_each_process_of_a_cell_has_its_own_words_and_report(tmp_path: Path, log: IO[str]) -> None:
    """The log is continued; the second process is reported with its own output only."""
    log.write("before\n")
    assert launched(tmp_path, log, "print('one')").printed == "one\n"
    assert (
        launched(tmp_path, log, "print('two'); raise ValueError('x')").complaint == "ValueError: x"
    )
    assert (tmp_path / "cell.log").read_text().startswith("before\none\ntwo\nTraceback")


def test_a_log_that_was_removed_meanwhile_is_read_all_the_same(
    tmp_path: Path, log: IO[str]
) -> None:
    """A job that is started again writes a new file of the same name."""
    text = f"import os; os.unlink({str(tmp_path / 'cell.log')!r}); print('words')"
    assert launched(tmp_path, log, text).printed == "words\n"


def test_a_script_sees_none_of_the_user_s_variables(
    tmp_path: Path, log: IO[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script sees neither tokens nor settings of Python.

    It has its own home and temporary folder, and the threads of the job.
    """
    for name in ("SECRET_TOKEN", "PYTHONPATH", "FUSEBENCH_SESSION", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "leaked")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/kept")
    text = "import os, json; print(json.dumps(dict(os.environ)))"
    seen = json.loads(launched(tmp_path, log, text).printed)
    assert "leaked" not in seen.values()
    assert (seen["LD_LIBRARY_PATH"], seen["OF_THE_ENTRY"]) == ("/kept", "yes")
    assert (seen["OMP_NUM_THREADS"], seen["MKL_NUM_THREADS"]) == ("3", "3")
    assert seen["HOME"] == str(tmp_path / "home") and Path(seen["HOME"]).is_dir()
    assert seen["TMPDIR"] == str(tmp_path / "tmp") and Path(seen["TMPDIR"]).is_dir()
    assert seen["PATH"].split(":")[0] == str(PYTHON.parent)
    assert (seen["USER"], seen["LOGNAME"]) == ("fusebench", "fusebench")


def test_what_the_entry_sets_wins(tmp_path: Path, log: IO[str]) -> None:
    """Variables of the entry replace those that every script gets."""
    known = job(tmp_path, "import os; print(os.environ['MPLBACKEND'])")
    assert launch(known, PYTHON, tmp_path, log, 60, {"MPLBACKEND": "x"}).printed == "x\n"


CHILD = """
import os, subprocess, sys
child = [sys.executable, '-c', 'import time; time.sleep(600)', os.environ['HOME']]
subprocess.Popen(child, start_new_session={own_session})
"""
"""A script that starts a process, which knows its home: no other process on the machine has it."""


def ended_within(folder: Path, seconds: float) -> bool:
    """Wait until no process of a script is left, for a limited number of seconds."""
    deadline = time.monotonic() + seconds
    while living(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not living(folder)


def living(folder: Path) -> list[int]:
    """Return the processes whose command names the home of a script."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if str(folder / "home") in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def test_a_script_past_its_limit_is_ended_with_all_it_started(
    tmp_path: Path, log: IO[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ignores SIGTERM is killed."""
    text = CHILD.format(own_session=False)
    text += "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    text += "print('started', flush=True)\ntime.sleep(600)"
    monkeypatch.setattr(starting, "SECONDS_TO_END", 1.0)
    with pytest.raises(TimedOut, match="the script ran past its time limit"):
        launched(tmp_path, log, text, seconds=8)
    assert (tmp_path / "cell.log").read_text() == "started\n"
    assert ended_within(tmp_path, 10)


@pytest.mark.parametrize("own_session", [False, True])
def test_what_a_script_left_running_is_ended(
    tmp_path: Path, log: IO[str], own_session: bool
) -> None:
    """A script that succeeds leaves no process behind, also none in a session of its own."""
    ended = launched(tmp_path, log, CHILD.format(own_session=own_session))
    assert ended.status == 0 and ended_within(tmp_path, 15)


def test_a_process_that_is_killed_before_it_reports_has_an_empty_report(
    tmp_path: Path, log: IO[str]
) -> None:
    """It does not have the report of the process before; the kernel kills if memory runs out."""
    launched(tmp_path, log, "print('one')")
    ended = launched(tmp_path, log, "import os; os.kill(os.getpid(), 9)")
    assert ended.status == -signal.SIGKILL and ended.report.state == "running"
    assert str(ended.failure()) == "the script ran out of memory: nothing was printed"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "launch.json cannot be read: must be a whole JSON file: "),
        (
            '{"parameters": "many"}',
            'launch.json cannot be read: parameters: must be `int | null`; found "many"',
        ),
        ('{"state": "gone"}', "launch.json cannot be read: state: invalid enum value 'gone'"),
        ('{"unknown": 1}', "launch.json cannot be read: the file: object contains unknown field"),
    ],
)
def test_a_report_that_no_launcher_writes_is_told(
    tmp_path: Path, log: IO[str], content: str, told: str
) -> None:
    """A script that overwrites the report crashes the cell; the reason has field and value."""
    text = f"import os, sys\nopen({str(tmp_path / 'launch.json')!r}, 'w').write({content!r})\n"
    text += "os.kill(os.getpid(), 9)"
    with pytest.raises(Crashed, match=re.escape(told)):
        launched(tmp_path, log, text)


def test_what_an_earlier_process_left_in_place_of_a_file_is_not_followed(
    tmp_path: Path, log: IO[str]
) -> None:
    """A script for the first pairs cannot have the next process write through its links."""
    private = tmp_path.parent / f"{tmp_path.name}.private"
    private.write_text("private")
    text = "import os, shutil\nos.chdir('..')\n"
    for name in ("job.json", "launch.json"):
        text += f"os.path.exists({name!r}) and os.remove({name!r})\n"
        text += f"os.symlink({str(private)!r}, {name!r})\n"
    text += "for name in ('home', 'tmp'):\n    shutil.rmtree(name)\n    os.symlink('/', name)\n"
    text += "os.kill(os.getpid(), 9)"
    with pytest.raises(Crashed, match=r"launch\.json cannot be read: .*symbolic links"):
        launched(tmp_path, log, text)
    assert launched(tmp_path, log, "print('fine')").printed == "fine\n"
    assert private.read_text() == "private"
    assert not (tmp_path / "home").is_symlink()


@pytest.mark.parametrize("make", ["os.mkfifo('launch.json')", "os.mkdir('launch.json')"])
def test_a_report_that_is_no_file_is_told(tmp_path: Path, log: IO[str], make: str) -> None:
    """It is not waited for, and the next process of the script has a report again."""
    text = f"import os\nos.chdir('..')\nos.remove('launch.json')\n{make}\nos.kill(os.getpid(), 9)"
    with pytest.raises(Crashed, match="cannot be read: must be a file of at most"):
        launched(tmp_path, log, text)
    assert launched(tmp_path, log, "print('fine')").report.state == "exit"


def test_a_script_that_uses_too_much_memory_is_ended(tmp_path: Path, log: IO[str]) -> None:
    """The reason has what it used, its limit, and the field of the entry to raise."""
    text = "import time\nkept = [b'x' * 10_000_000 for _ in range(30)]\ntime.sleep(60)"
    policy = Policy(limits=Limits(memory_mb=150))
    found = launch(job(tmp_path, text), PYTHON, tmp_path, log, 60, {}, policy).failure()
    told = r"used \d+ MB of memory; its limit is 150 MB; raise `resources.mem_mb` of the entry$"
    assert isinstance(found, OutOfMemory) and re.search(told, str(found))


def test_no_sandbox_that_is_strong_enough_ends_the_cell(tmp_path: Path, log: IO[str]) -> None:
    """Nothing of the script is run then."""
    policy = Policy("apptainer", "apptainer")
    with pytest.raises(
        EnvironmentFailed, match=r"of level apptainer or stronger \(`min_sandbox`\)"
    ):
        launch(job(tmp_path, "print('run')"), PYTHON, tmp_path, log, 60, {}, policy)
    assert (tmp_path / "cell.log").read_text() == ""


def ended(status: int, printed: str) -> Launch:
    """Return how a process ended."""
    return Launch(status, printed, LaunchReport())


TRACE = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    x\n'


@pytest.mark.parametrize(
    ("printed", "complaint"),
    [
        ("", "nothing was printed"),
        ("\n  \n", "nothing was printed"),
        ("a\n  b \n\n", "b"),
        (f"{TRACE}NameError: x\n", "NameError: x"),
        (f"{TRACE}NameError: x\ncleaning up\n", "NameError: x"),
        (
            f"{TRACE}KeyError: 1\n\nDuring handling:\n\n{TRACE}ValueError: 2\nmore\n",
            "ValueError: 2",
        ),
        (f"{TRACE}  ", "x"),
        ("Traceback (most recent call last)", ""),
    ],
)
def test_the_complaint_is_the_last_error_or_the_last_line(printed: str, complaint: str) -> None:
    """Of several tracebacks it is the last one, without text printed after its error."""
    assert ended(1, printed).complaint == complaint
    assert ended(1, printed).printed_traceback == ("Traceback" in printed)


def test_colours_hide_no_error(tmp_path: Path, log: IO[str]) -> None:
    """A coloured traceback is understood as a plain one, and the log keeps its colours."""
    trace = (
        "\\x1b[1mTraceback (most recent call last):\\x1b[0m\\n"
        "\\x1b[35m  File \\x1b[0m'a.py'\\n"
        "\\x1b[1;31mMemoryError\\x1b[0m\\nlast words\\n"
    )
    ended = launched(tmp_path, log, f'print("{trace}"); raise SystemExit(1)')
    assert ended.complaint == "MemoryError" and isinstance(ended.failure(), OutOfMemory)
    assert "\x1b[1;31m" in Path(log.name).read_text()


@pytest.mark.parametrize(
    ("status", "printed", "kind", "told"),
    [
        (-9, "", OutOfMemory, "ran out of memory: nothing was printed"),
        (137, "Killed\n", OutOfMemory, "ran out of memory: Killed"),
        (1, "RuntimeError: CUDA out of memory. Tried\n", OutOfMemory, "ran out of memory: Runtime"),
        (1, f"{TRACE}MemoryError\n", OutOfMemory, "ran out of memory: MemoryError"),
        (1, "torch.cuda.OutOfMemoryError: CUDA\n", OutOfMemory, "ran out of memory: torch"),
        (
            1,
            "[enforce fail] DefaultCPUAllocator: can't allocate memory\n",
            OutOfMemory,
            "ran out of memory: [enforce fail]",
        ),
        (
            1,
            f"{TRACE}RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"
            " `cublasCreate(handle)`\n",
            OutOfMemory,
            "ran out of memory: RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED",
        ),
        (
            1,
            f"{TRACE}RuntimeError: cuDNN error: CUDNN_STATUS_ALLOC_FAILED\n",
            OutOfMemory,
            "ran out of memory: RuntimeError: cuDNN",
        ),
        (
            1,
            f"{TRACE}torch.AcceleratorError: CUDA error: out of memory\n",
            OutOfMemory,
            "ran out of memory: torch.AcceleratorError",
        ),
        (
            1,
            f"{TRACE}tensorflow.ResourceExhaustedError: OOM when allocating tensor with shape[9]\n",
            OutOfMemory,
            "ran out of memory: tensorflow",
        ),
        (
            1,
            f"{TRACE}RuntimeError: CUDA error: no kernel image is available for execution on the"
            " device\n",
            EnvironmentFailed,
            "needs a library that has kernels for this GPU: RuntimeError: CUDA error",
        ),
        (1, "no MemoryError here\n", Crashed, "ended with exit status 1: no MemoryError here"),
        (-11, "", Crashed, "ended with signal 11: nothing was printed"),
        (-15, "bye\n", Crashed, "ended with signal 15: bye"),
        (2, f"{TRACE}NameError: x\n", Crashed, "ended with exit status 2: NameError: x"),
    ],
)
def test_the_way_it_ended_says_what_failed(
    status: int, printed: str, kind: type[StepError], told: str
) -> None:
    """Lack of memory is recognised by the kernel's signal or the messages of the libraries."""
    error = ended(status, printed).failure()
    assert type(error) is kind and str(error).startswith(f"the script {told}")


def test_a_script_has_a_process_group_of_its_own(tmp_path: Path, log: IO[str]) -> None:
    """Ctrl-C at the terminal reaches the job, which ends its scripts itself."""
    ended = launched(tmp_path, log, "import os; print(os.getpgid(0) == os.getpid(), os.getsid(0))")
    own, session = ended.printed.split()
    assert own == "True" and int(session) != os.getsid(0)
