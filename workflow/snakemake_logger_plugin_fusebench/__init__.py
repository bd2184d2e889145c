"""``snakemake --logger fusebench``: what happens in a few lines; the rest is in the log file.

Snakemake finds this package by its name. It passes events to ``fusebench.display``, which knows
nothing of Snakemake.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fusebench.display.ends import failures
from fusebench.display.screens import Screen, screen_for
from fusebench.display.tally import Step, Tally
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

REPORTED_BY_THE_END = frozenset({"verdict", "record"})
"""Rules that fail where a cell has no result: the end of the run says which."""
TOLD = ("Nothing to be done", "Complete log(s)")
"""Beginnings of messages without an event that a person needs."""
LAST_LINES = 5


class LogHandler(LogHandlerBase):
    """Shows the events of a run of Snakemake."""

    def __post_init__(self) -> None:
        """Begin to count."""
        self.stream = sys.stdout if self.common_settings.stdout else sys.stderr
        self.screen: Screen = screen_for(self.stream)
        self.tally = Tally()

    @property
    def writes_to_stream(self) -> bool:
        """It replaces what Snakemake writes to the terminal."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """It writes no file; Snakemake's own log file stays."""
        return False

    @property
    def has_filter(self) -> bool:
        """It looks at every event."""
        return True

    @property
    def has_formatter(self) -> bool:
        """It uses Snakemake's format for a dry run."""
        return False

    @property
    def needs_rulegraph(self) -> bool:
        """It shows no graph."""
        return False

    def emit(self, record: logging.LogRecord) -> None:
        """Show one event, or count it."""
        try:
            if self.common_settings.dryrun:
                self._show_as_snakemake_does(record)
            else:
                self._take(record)
        except Exception:
            self.handleError(record)

    def finish(self) -> None:
        """Erase the bars, because the end of the run is about to be printed."""
        self.screen.close()

    def close(self) -> None:
        """Erase the bars."""
        self.finish()
        super().close()

    def _show_as_snakemake_does(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.INFO and getattr(record, "event", None) != LogEvent.SHELLCMD:
            text = self.format(record)
            if text not in ("", "None"):
                self.screen.say(text)

    def _take(self, record: logging.LogRecord) -> None:
        told: Any = record
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self.tally.plan(told.stats)
            self._begin()
        elif event == LogEvent.JOB_INFO:
            self.tally.start(told.jobid, _step(told))
        elif event == LogEvent.JOB_FINISHED:
            self._finished(self.tally.finish(told.job_id))
        elif event == LogEvent.JOB_ERROR:
            self._failed(self.tally.stop(told.jobid))
        elif event in (None, LogEvent.ERROR):
            self._message(record)
            return
        else:
            return
        self.screen.show(self.tally)

    def _begin(self) -> None:
        _, total = self.tally.counts
        self.screen.say(f"{total} steps; all that Snakemake says: {_log_file()}")

    def _finished(self, step: Step | None) -> None:
        for line in failures(Path(), step.outputs if step else ()):
            self.screen.say(f"FAILED {line}")

    def _failed(self, step: Step | None) -> None:
        if step is None or step.rule in REPORTED_BY_THE_END:
            return
        self.screen.say(f"FAILED {step.words}; log: {', '.join(step.logs) or 'none'}")
        for line in _last_lines(step.logs):
            self.screen.say(f"    {line}")

    def _message(self, record: logging.LogRecord) -> None:
        text = record.getMessage().strip()
        if record.levelno >= logging.WARNING or text.startswith(TOLD):
            self.screen.say(text)


def _step(told: Any) -> Step:
    wildcards = (told.wildcards or {}).values()
    return Step(told.rule_name, tuple(map(str, wildcards)), tuple(told.output), tuple(told.log))


def _log_file() -> str:
    """Return the file to which Snakemake writes everything, from this folder on if it is below."""
    files = [
        handler.baseFilename
        for handler in logging.getLogger("snakemake.logging").handlers
        if isinstance(handler, logging.FileHandler)
    ]
    if not files:
        return "nowhere"
    path = Path(files[0])
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _last_lines(logs: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for log in logs:
        file = Path(log)
        if file.is_file():
            lines += file.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    return lines
