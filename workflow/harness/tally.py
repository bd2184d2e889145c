"""What was done for a script: redirections and shims that fired, by name, and notes."""

import functools
import os


class Tally:
    """Counts by name; a forked child starts from zero, so that no count is reported twice."""

    def __init__(self):
        self.pid = os.getpid()
        self.shims = {}
        self.notes = []

    def count(self, name, times=1):
        """Add ``times`` to the shim called ``name``."""
        if os.getpid() != self.pid:
            self.__init__()
        self.shims[name] = self.shims.get(name, 0) + times

    def counting(self, name, function):
        """``function``, with each call counted under ``name``."""

        @functools.wraps(function)
        def counted(*args, **kwargs):
            self.count(name)
            return function(*args, **kwargs)

        return counted

    def note(self, text):
        """Keep ``text``, once."""
        if os.getpid() != self.pid:
            self.__init__()
        if text not in self.notes:
            self.notes.append(text)

    def merge(self, other):
        """Add the counts and notes of a child process: ``{"shims": ..., "notes": ...}``."""
        for name, times in other["shims"].items():
            self.count(name, times)
        for text in other["notes"]:
            self.note(text)
