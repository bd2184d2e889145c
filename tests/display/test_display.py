"""Counts, bars, plain lines and failures of a run, from the events of Snakemake."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fusebench.display.ends import failures
from fusebench.display.screens import Bars, Lines, screen_for
from fusebench.display.tally import Step, Tally
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_logger_plugin_fusebench import LogHandler


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Say so."""
        return True


def record_of(event: LogEvent | None, message: str = "", **told: Any) -> logging.LogRecord:
    """Return a record as Snakemake's queue passes it on."""
    level = told.pop("level", logging.INFO)
    return logging.makeLogRecord(
        {"msg": message, "levelno": level, **({"event": event} if event else {}), **told}
    )


def handler_of(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, **settings: Any) -> LogHandler:
    """Return the plugin's handler, writing to a stream."""
    monkeypatch.setattr("sys.stderr", stream)
    common: Any = SimpleNamespace(**{"stdout": False, "dryrun": False, **settings})
    return LogHandler(common, None)


def job(number: int, rule: str, *outputs: str, **wildcards: str) -> logging.LogRecord:
    """Return the event that a job begins."""
    return record_of(
        LogEvent.JOB_INFO,
        jobid=number,
        rule_name=rule,
        wildcards=wildcards,
        output=list(outputs),
        log=[f"logs/{rule}.log"],
    )


def test_steps_are_counted_by_what_a_person_knows() -> None:
    """Rules of one kind count together, in the order of the flow; targets are others."""
    tally = Tally()
    tally.plan({"all": 1, "measure": 2, "fuse": 3, "fuse_on_gpu": 1, "total": 7})
    assert tally.total == {"fuse": 4, "measure": 2, "others": 1}
    tally.start(1, Step("fuse", ("mean", "d")))
    assert tally.now() == ["fuse mean d"]
    tally.finish(1)
    assert tally.finish(99) is None
    assert tally.counts == (1, 7) and not tally.now()


def test_a_job_that_is_retried_counts_once() -> None:
    """A job that died is stopped, not done; its retry finishes it."""
    tally = Tally()
    tally.plan({"fuse": 1})
    tally.start(1, Step("fuse"))
    assert tally.stop(1) and tally.counts == (0, 1)
    tally.start(1, Step("fuse"))
    tally.finish(1)
    assert tally.counts == (1, 1)


def test_failed_cells_and_steps_are_named_with_their_reason(tmp_path: Path) -> None:
    """A marker names its step, a fusing job each of its cells; what is ok or lost says nothing."""
    marker, cells = "resources/envs/0123.json", "results/jobs/mean/d.json"
    files = {
        marker: {"version": 1, "state": "env-failed", "reason": "no lock\n for cpu"},
        cells: {"cells": {"d": {"state": "crashed", "record": "x"}, "e": _ok(), "f": _ok()}},
        "results/runs/mean/d/record.json": {"state": "crashed", "reason": "\x1b[31mValueError"},
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content))
    told = list(failures(tmp_path, [marker, cells, "results/lost.json", "results/a.csv"]))
    assert told == ["envs 0123: env-failed: no lock for cpu", "mean on d: crashed: ValueError"]


def _ok() -> dict[str, str]:
    return {"state": "ok", "record": "x"}


def test_plain_lines_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the output is no terminal, there is a line for each tenth, and no escape."""
    stream = io.StringIO()
    handler = handler_of(monkeypatch, stream)
    handler.emit(record_of(LogEvent.RUN_INFO, stats={"fuse": 40, "total": 40}))
    for number in range(40):
        handler.emit(job(number, "fuse", method=f"m{number}", job="d"))
        handler.emit(record_of(LogEvent.JOB_FINISHED, job_id=number))
    handler.close()
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("40 steps; all that Snakemake says: ")
    assert [line.partition(",")[0] for line in lines[1:]] == [
        f"{number} of 40 steps" for number in range(4, 41, 4)
    ]
    assert "\x1b" not in stream.getvalue() and "\r" not in stream.getvalue()


def test_a_failure_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cell is named when its job ends, a job that died with the end of its log.

    The rule that only sets the exit status is not named: the end of the run says why.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/m.json").write_text('{"state": "source-unavailable", "reason": "gone"}')
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/measure.log").write_text("\n".join(map(str, range(9))))
    stream = io.StringIO()
    handler = handler_of(monkeypatch, stream)
    handler.emit(record_of(LogEvent.RUN_INFO, stats={"fuse": 90}))
    handler.emit(job(1, "obtain_source", "sources/m.json", source="m"))
    handler.emit(record_of(LogEvent.JOB_FINISHED, job_id=1))
    for number, rule in ((2, "measure"), (3, "verdict")):
        handler.emit(job(number, rule))
        handler.emit(record_of(LogEvent.JOB_ERROR, level=logging.ERROR, jobid=number))
    handler.emit(record_of(LogEvent.ERROR, "WorkflowError: no", level=logging.ERROR))
    handler.emit(record_of(None, "Select jobs to execute..."))
    handler.emit(record_of(None, "Complete log(s): x.log"))
    assert stream.getvalue().splitlines() == [
        "90 steps; all that Snakemake says: nowhere",
        "FAILED sources m: source-unavailable: gone",
        "FAILED measure; log: logs/measure.log",
        *(f"    {number}" for number in range(4, 9)),
        "WorkflowError: no",
        "Complete log(s): x.log",
    ]


def test_bars_leave_only_the_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal there is a bar for each kind; once they are erased, none is drawn again."""
    stream = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(screen_for(stream), Bars) and isinstance(screen_for(io.StringIO()), Lines)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(screen_for(stream), Lines)
    tally, bars = Tally(), Bars(stream)
    tally.plan({"fuse": 2, "draw_figure": 4})
    tally.start(1, Step("fuse", ("mean", "tno25")))
    bars.show(tally)
    shown = stream.getvalue()
    for words in ("fuse ", "figures ", "all steps ", "0 of 6", "fuse mean tno25"):
        assert words in shown
    bars.say("FAILED one")
    bars.close()
    before = stream.getvalue()
    bars.show(tally)
    assert stream.getvalue() == before


def test_a_dry_run_is_shown_as_snakemake_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks what would be run reads jobs with their reasons, not counts."""
    stream = io.StringIO()
    handler = handler_of(monkeypatch, stream, dryrun=True)
    handler.emit(record_of(LogEvent.JOB_INFO, "rule fuse: reason: missing"))
    handler.emit(record_of(LogEvent.SHELLCMD, "python -m x"))
    assert stream.getvalue() == "rule fuse: reason: missing\n"
