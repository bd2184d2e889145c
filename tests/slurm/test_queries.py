"""What fusebench reads from Slurm's answers and Snakemake's log, without a cluster."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
import snakemake_executor_plugin_slurm as plugin
from fusebench import slurm, snakemake_facts

SHOWN = (
    "JobId=7 JobName=x\n   JobState={state} Reason={reason} Dependency=(null)\n"
    "   ExitCode={code} NodeList=n1 StdOut={log}\n"
)


def answering(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Answer each query with ``scontrol`` with a text, and other queries with nothing."""
    monkeypatch.setattr(slurm, "_asked", lambda command: text if command[0] == "scontrol" else "")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("TIMEOUT", "timeout"),
        ("OUT_OF_MEMORY", "out-of-memory"),
        ("NODE_FAIL", "crashed"),
        ("CANCELLED", "crashed"),
        ("FAILED", "crashed"),
    ],
)
def test_each_ending_has_its_state(
    monkeypatch: pytest.MonkeyPatch, state: str, expected: str
) -> None:
    """The way a job ended becomes a state of the tables, with Slurm's words in the reason."""
    answering(monkeypatch, SHOWN.format(state=state, reason="Why", code="0:9", log="/nowhere"))
    error = slurm.ending("7")
    assert error.state == expected
    assert f"Slurm job 7 ended as {state}, exit code 0:9, reason Why, node n1" in str(error)


def test_a_failed_job_whose_log_speaks_of_memory_ran_out_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where Slurm kills only a step, the job counts as failed; its log says why."""
    log = tmp_path / "7.log"
    log.write_text("slurmstepd: error: Detected 1 oom_kill event in StepId=7.0.\n")
    answering(
        monkeypatch, SHOWN.format(state="FAILED", reason="NonZeroExitCode", code="1:0", log=log)
    )
    error = slurm.ending("7")
    assert error.state == "out-of-memory"
    assert "oom_kill" in str(error)


def test_a_forgotten_job_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """If neither the controller nor the accounting knows a job, the message says so."""
    answering(monkeypatch, "")
    assert "Slurm has forgotten it" in str(slurm.ending("7"))


def test_the_plugin_sees_the_first_word_of_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin does not see what sacct adds to the state of a cancelled job.

    A query that failed stays a failed one.
    """
    answers: list[tuple[dict[str, str] | None, float | None]] = [
        ({"7": "CANCELLED by 0", "8": "RUNNING"}, 0.1),
        (None, None),
    ]

    async def answered(
        command: str, logger: logging.Logger
    ) -> tuple[dict[str, str] | None, float | None]:
        return answers.pop(0)

    monkeypatch.setattr(plugin, "query_job_status", answered)
    snakemake_facts.shorten_states()
    logger = logging.getLogger()
    states = [asyncio.run(plugin.query_job_status("sacct", logger)) for _ in range(2)]
    assert states == [({"7": "CANCELLED", "8": "RUNNING"}, 0.1), (None, None)]


def test_refusals_are_told_once_with_a_hint(tmp_path: Path) -> None:
    """The words of sbatch stand below the hint, each line once for any number of jobs."""
    log = tmp_path / "snakemake.log"
    refused = (
        "SLURM sbatch failed. The error message was "
        "'sbatch: error: invalid partition specified: gpus\n"
        "sbatch: error: Batch job submission failed: Invalid partition name specified'.\n"
        "    sbatch call:\n"
    )
    log.write_text(refused + "something else\n" + refused)
    told = slurm.refusals([str(log)])
    assert told.count("invalid partition specified: gpus") == 1
    assert "slurm/config.yaml" in told
    log.write_text("all went well\n")
    assert slurm.refusals([str(log)]) == ""


FAILED = """\
Error in rule fuse_on_gpu:
    message: {words}For further error details see the cluster/cloud log and the log files \
of the involved rule(s).
    jobid: 5
    input: resources/datasets/pairs.json
    output: results/jobs/{method}/pairs.json (update)
    log: logs/fuse/{method}/pairs.log (check log file(s) for error details)
Trying to restart job 5.
rule fuse_on_gpu:
    output: results/jobs/other/pairs.json
"""


def test_what_the_plugin_refuses_is_told_as_well(tmp_path: Path) -> None:
    """A job that Snakemake's plugin does not submit is reported in the plugin's words.

    All their lines are there, and no others.
    """
    log = tmp_path / "snakemake.log"
    words = (
        "Job submission failed with exception: "
        "The given account a appears to be invalid. Available accounts:\nb, c"
    )
    log.write_text(FAILED.format(words=words, method="one"))
    told = slurm.refusals([str(log)]).splitlines()[1:]
    assert told == ["  The given account a appears to be invalid. Available accounts:", "  b, c"]


def test_a_cell_has_the_refusal_of_its_own_job(tmp_path: Path) -> None:
    """The refusal of a cell is the last one of its own job in the newest log.

    For other jobs it is empty.
    """
    words = "SLURM sbatch failed. The error message was '{}'.\n    sbatch call:\n        sbatch\n"
    (tmp_path / "2026-01-01.snakemake.log").write_text(
        FAILED.format(words=words.format("old"), method="other")
    )
    texts = [
        FAILED.format(words=words.format(said), method="one")
        for said in ("first", "sbatch: error: last")
    ]
    (tmp_path / "2026-01-02.snakemake.log").write_text("\n".join(texts))
    assert slurm.refusal_of(Path("results/jobs/one/pairs.json"), tmp_path) == "sbatch: error: last"
    assert slurm.refusal_of(Path("results/jobs/other/pairs.json"), tmp_path) == ""
    assert slurm.refusal_of(Path("results/jobs/one/pairs.json"), tmp_path / "absent") == ""


def test_a_machine_without_slurm_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that are not there, or that no controller answers, end a run before it begins."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "found no sbatch and no squeue on PATH" in slurm.absent_programs()
    for name, text in (("sbatch", ""), ("squeue", ""), ("sinfo", "echo no controller >&2; exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    assert "found no controller: type this on a login node" in slurm.absent_programs()
    (tmp_path / "sinfo").write_text("#!/bin/sh\n")
    assert slurm.absent_programs() == ""
