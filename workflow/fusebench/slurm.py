"""What fusebench asks Slurm, in addition to what Snakemake's plugin does.

It cancels orphaned jobs, and finds out how a job ended or why Slurm refused one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fusebench.errors import Crashed, OutOfMemory, StepError, TimedOut

SECONDS_TO_END = 120.0
"""How long cancelled jobs may take to leave their nodes: twice Slurm's usual KillWait of 30 s."""

OURS = re.compile(r"rule_\w+")
"""What Snakemake's plugin writes into the comment of each job."""

MEMORY = re.compile(r".*(exceeded memory limit|oom.?kill|Out Of Memory).*", re.IGNORECASE)
"""What Slurm writes into a job's log when it kills a part of the job for its memory.

The job itself may then have the state of an ordinary failure.
"""

REFUSED = (
    re.compile(r"SLURM sbatch failed\. The error message was '(.*?)'\.$", re.MULTILINE | re.DOTALL),
    re.compile(
        r"Job submission failed with exception: (.*?)(?:For further error details|$)", re.DOTALL
    ),
)
"""How Snakemake's log says that sbatch, or Snakemake's plugin, refused a job.

The account may be unknown, or the name of the GPU model.
"""

FAILED_JOB = re.compile(
    r"^Error in rule \w+:\n(?P<words>(?s:.*?))"
    r"^    jobid: .*\n(?:    .*\n)*?    output: (?P<output>.*?)(?: \(update\))?$",
    re.MULTILINE,
)
"""What Snakemake's log says of a job that failed, or that was never submitted.

Flags of the output, such as ``update``, stand behind its name.
"""

NEEDED_PROGRAMS = ("sbatch", "squeue")
"""What Snakemake's plugin calls for every job."""

PLACEHOLDER = re.compile(r"<[^<>]*>")
"""A value of the profile that is still a placeholder: ``<account>``."""

HINT = (
    "Slurm refused jobs; nothing of them was run. Partition, account, QoS and GPU model stand at"
    " the top of the profile (slurm/config.yaml; slurm/README.md says how to fill it in), memory,"
    " minutes and GPUs of a method in its `resources`."
)


def absent_programs() -> str:
    """Return what to do where no Slurm answers on this machine; empty where one does."""
    missing = [name for name in NEEDED_PROGRAMS if shutil.which(name) is None]
    found = f"no {' and no '.join(missing)} on PATH" if missing else _silence()
    if not found:
        return ""
    return (
        f"a profile for Slurm needs a cluster that answers; found {found}: type this on a login"
        " node (`module load slurm` where it is a module), or run without a cluster: snakemake"
        " --cores 2"
    )


def _silence() -> str:
    """Say how Slurm refuses a simple question; empty where it answers."""
    question = ["sinfo", "--noheader", "--format=%P"]
    try:
        done = subprocess.run(question, capture_output=True, text=True, check=False, timeout=20)
    except subprocess.TimeoutExpired:
        return "that its controller does not answer within 20 s"
    lines = done.stderr.strip().splitlines()
    return (lines[-1] if lines else "that sinfo fails") if done.returncode else ""


def cancel_orphans(folder: Path) -> list[str]:
    """Cancel the Slurm jobs that an earlier Snakemake of this folder left, and wait for their end.

    It is called only where no other run of this folder lives. So a job of this folder that is still
    there belongs to a Snakemake that was killed.

    Returns:
        The ids of the jobs that were cancelled.
    """
    orphans = jobs_of(folder)
    if orphans:
        subprocess.run(["scancel", *orphans], check=False)
    deadline = time.monotonic() + SECONDS_TO_END
    while orphans and set(orphans) & set(jobs_of(folder)) and time.monotonic() < deadline:
        time.sleep(1.0)
    return orphans


def jobs_of(folder: Path) -> list[str]:
    """Return the ids of this user's jobs that Snakemake submitted from a folder.

    Only jobs that wait or run.
    """
    listing = _asked(["squeue", "--me", "--noheader", "--format=%i|%Z|%k"])
    jobs = [line.split("|", 2) for line in listing.splitlines() if line.count("|") >= 2]
    own = folder.resolve()
    return [
        job
        for job, directory, comment in jobs
        if Path(directory).resolve() == own and OURS.match(comment)
    ]


def gpus_in_cluster() -> bool:
    """Say whether any node of the cluster has a GPU."""
    return "gpu" in _asked(["sinfo", "--noheader", "--format=%G"])


def ending(job: str) -> StepError:
    """Return how a job ended that wrote no record, in Slurm's own words."""
    state, words, log = _state(job)
    memory = (
        MEMORY.search(log.read_text(encoding="utf-8", errors="replace")) if log.is_file() else None
    )
    message = f"Slurm job {job} ended as {words}" + (f": {memory[0].strip()}" if memory else "")
    if state.startswith("TIMEOUT"):
        return TimedOut(f"{message}: raise `resources.runtime` of the entry")
    if state.startswith("OUT_OF_ME") or memory:
        return OutOfMemory(f"{message}: raise `resources.mem_mb` of the entry")
    return Crashed(message)


def _state(job: str) -> tuple[str, str, Path]:
    """Return the state of a job, Slurm's words for it, and the job's log.

    They come from the controller, or from the accounting where the controller has forgotten the
    job.
    """
    shown = dict(re.findall(r"(\w+)=(\S*)", _asked(["scontrol", "show", "job", job])))
    if "JobState" in shown:
        parts = [
            shown["JobState"],
            f"exit code {shown.get('ExitCode')}",
            f"reason {shown.get('Reason')}",
        ]
        words = ", ".join([*parts, f"node {shown.get('NodeList')}"])
        return shown["JobState"], words, Path(shown.get("StdOut", ""))
    accounted = _asked(
        ["sacct", "-X", "-n", "-P", "-j", job, "--format=State,ExitCode,NodeList"]
    ).strip()
    if accounted:
        state, code, node = accounted.splitlines()[0].split("|")
        return state, f"{state}, exit code {code}, node {node}", Path()
    return "UNKNOWN", "unknown: Slurm has forgotten it (see MinJobAge of its configuration)", Path()


def refusals(logs: Iterable[str]) -> str:
    """Return Slurm's own words about jobs that it refused, and what to do.

    Returns an empty text where all jobs were accepted.

    Args:
        logs: paths of Snakemake's logs of the run.
    """
    texts = [Path(log).read_text(encoding="utf-8", errors="replace") for log in logs]
    lines = dict.fromkeys(line for text in texts for line in _refused(text))
    return "\n".join([HINT, *(f"  {line}" for line in lines)]) if lines else ""


def refusal_of(output: Path, folder: Path) -> str:
    """Return why the last job for an output was refused.

    Returns an empty text where no job was refused, or the reason is not known.

    Args:
        output: as the rule names it.
        folder: of Snakemake's logs; the newest log is that of the current run.
    """
    log = max(folder.glob("*.snakemake.log"), default=None)
    text = log.read_text(encoding="utf-8", errors="replace") if log else ""
    failed = [
        match["words"] for match in FAILED_JOB.finditer(text) if match["output"] == str(output)
    ]
    return "; ".join(_refused(failed[-1])) if failed else ""


def _refused(text: str) -> list[str]:
    """Return the lines in which Snakemake's log quotes why a job was refused."""
    words = [word for pattern in REFUSED for word in pattern.findall(text)]
    return [line.strip() for word in words for line in word.splitlines()]


def placeholders(resources: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what to do about values of the profile that were not filled in.

    Returns an empty text where there are none. Slurm does not refuse all of them: without
    accounting, it accepts any account and any QoS.

    Args:
        resources: key of the profile -> name of a Slurm resource -> value.
    """
    found = [
        f"`{name}` under `{place}` must be what your cluster calls it; found {value}"
        for place, values in resources.items()
        for name, value in values.items()
        if PLACEHOLDER.fullmatch(str(value))
    ]
    todo = (
        "Fill it in at the top of the profile (slurm/config.yaml), or put a # before it;"
        " slurm/README.md says where to look it up."
    )
    return "\n".join([*found, todo]) if found else ""


def _asked(command: list[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout
