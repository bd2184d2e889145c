"""Two ways to show a tally: bars in a terminal, or a line now and then in any other output."""

from __future__ import annotations

import os
import shutil
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TextIO

from fusebench.display.tally import Tally

if TYPE_CHECKING:
    from tqdm import tqdm

EVERY = 10
"""Percent of the steps between two lines where the output is no terminal."""
SECOND = 1.0
NARROW = 40
"""Columns from which on a bar is drawn at all."""


class Screen(Protocol):
    """Where a tally is shown."""

    def show(self, tally: Tally) -> None:
        """Show how far the steps are."""

    def say(self, text: str) -> None:
        """Print a message that stays."""

    def close(self) -> None:
        """Leave nothing but the messages; nothing is shown afterwards."""


def screen_for(stream: TextIO) -> Screen:
    """Return bars for a terminal, lines for a file, a pipe, or a terminal without movements."""
    terminal = stream.isatty() and os.environ.get("TERM") not in ("dumb", "", None)
    return Bars(stream) if terminal else Lines(stream)


class Lines:
    """Plain lines: one for each tenth of the steps."""

    def __init__(self, stream: TextIO) -> None:
        """Print to a stream."""
        self._stream = stream
        self._shown = 0
        self._began = time.monotonic()

    def show(self, tally: Tally) -> None:
        """Print a line where another tenth of the steps is done."""
        done, total = tally.counts
        tenth = EVERY * (100 * done // max(total, 1) // EVERY)
        if tenth > self._shown:
            self._shown = tenth
            seconds = time.monotonic() - self._began
            self.say(f"{done} of {total} steps, {tenth} %, {seconds:.0f} s")

    def say(self, text: str) -> None:
        """Print a message."""
        # A reader of the output who has left stops no run.
        with suppress(BrokenPipeError):
            print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """Print nothing more."""


class Bars:
    """A bar for each kind of step and one for all of them, below the messages.

    The bars are erased at the end. They are drawn again each second, so that the clock goes on and
    a window may change its size.
    """

    def __init__(self, stream: TextIO) -> None:
        """Draw on the terminal that a stream writes to."""
        self._stream = stream
        self._bars: dict[str, tqdm] = {}
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def show(self, tally: Tally) -> None:
        """Draw the bars."""
        with self._lock:
            if self._ended.is_set():
                return
            self._make(tally)
            for kind, number in tally.total.items():
                self._set(kind, tally.done.get(kind, 0), number)
            self._set(ALL, *tally.counts)
            self._bars[NOW].set_description_str(self._now(tally))

    def say(self, text: str) -> None:
        """Print a message above the bars."""
        from tqdm import tqdm

        with self._lock:
            tqdm.write(text, file=self._stream)

    def close(self) -> None:
        """Erase the bars."""
        self._ended.set()
        with self._lock:
            for bar in reversed(self._bars.values()):
                bar.close()
            self._bars.clear()

    def _make(self, tally: Tally) -> None:
        """Make the bars that are missing; the first call starts the clock."""
        from tqdm import tqdm

        for kind in [*tally.total, ALL, NOW]:
            if kind not in self._bars:
                self._bars[kind] = tqdm(
                    total=None if kind == NOW else 0,
                    desc=f"{kind:<12}",
                    bar_format="{desc}" if kind == NOW else _format(kind),
                    position=len(self._bars),
                    file=self._stream,
                    dynamic_ncols=True,
                    leave=False,
                    ascii=not _is_utf8(self._stream),
                )
        if self._thread is None:
            self._thread = threading.Thread(target=self._tick, daemon=True)
            self._thread.start()

    def _tick(self) -> None:
        while not self._ended.wait(SECOND):
            with self._lock:
                for bar in self._bars.values():
                    bar.refresh()

    def _set(self, kind: str, done: int, total: int) -> None:
        bar = self._bars[kind]
        bar.total, bar.n = total, done
        bar.refresh()

    def _now(self, tally: Tally) -> str:
        width = shutil.get_terminal_size().columns - 1
        told = f"{NOW:<12}{'; '.join(tally.now())}"
        return told if len(told) <= width else f"{told[: width - 1]}…"


ALL, NOW = "all steps", "now"


def _format(kind: str) -> str:
    """Return the form of a bar; only the bar of all steps has a clock."""
    return "{desc}{bar:30} {n_fmt} of {total_fmt}" + ("  {elapsed}" if kind == ALL else "")


def _is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") == "utf8"
