"""The clock: model seconds and wall seconds of each image.

An image ends when its result has been written. Model seconds since the previous result belong to
it, and so does the wall time. The first image begins with the first call of a model or the first
reading of an input, whichever comes first; everything before is start-up.
"""

import os
from time import perf_counter


class Clock:
    """Accumulates times between the writes of results.

    Args:
        outputs: real path of an expected result -> pair name.
        inputs: real path of a staged input -> pair name.
        warmup: how many first images are marked as warm-up.
        began: ``perf_counter()`` when the launcher started.
    """

    def __init__(self, outputs, inputs, warmup, began):
        self.outputs = outputs
        self.output_names = {os.path.basename(path) for path in outputs}
        self.inputs = inputs
        self.input_names = {os.path.basename(path) for path in inputs}
        self.warmup = warmup
        self.began = began
        self.pid = os.getpid()
        self.mark = None
        self.startup_seconds = None
        self.depth = 0
        self.model_seconds = 0.0
        self.calls = 0
        self.total_model_seconds = 0.0
        self.total_calls = 0
        self.images = {}
        self.last = None
        self.partial = False
        self.all_of_models = True
        self.rewritten = set()
        self.seen = set()
        self.opened = set()
        self.after_image = []

    def start(self, moment):
        """Start-up is over at ``moment``."""
        self.mark = moment
        self.startup_seconds = moment - self.began

    def miss(self):
        """Part of a model's work has not been timed: this image gets no model seconds."""
        self.partial = True
        self.all_of_models = False

    def called(self, began):
        """An outermost call of a model, begun at ``began``, has ended now."""
        seconds = perf_counter() - began
        if self.mark is None:
            self.start(began)
        self.model_seconds += seconds
        self.total_model_seconds += seconds
        self.calls += 1
        self.total_calls += 1

    def read(self, path):
        """Note that a file is about to be read; while no result is written yet, it tells the time.

        The first file that is an input ends the start-up.
        """
        real = matches(path, self.input_names, self.inputs)
        if real is None:
            return
        self.opened.add(real)
        if not self.images:
            self.seen.add(real)
            if self.mark is None:
                self.start(perf_counter())

    def expected(self, path):
        """The real path of ``path`` when it is an expected result, else None."""
        return matches(path, self.output_names, self.outputs)

    def written(self, real):
        """The result ``real`` (from :meth:`expected`) is complete.

        A result that is written twice in a row has the time of both. One that is written again
        after others has no time: nobody knows which part of the work made it.
        """
        pair = self.outputs[real]
        if os.getpid() != self.pid:
            return
        now = perf_counter()
        if pair not in self.images:
            self.images[pair] = {
                "model_seconds": self.model_seconds if self.calls else None,
                "seconds": None if self.mark is None else now - self.mark,
                "calls": self.calls,
                "warmup": len(self.images) < self.warmup,
            }
            if self.partial:
                self.images[pair]["model_seconds"] = None
            for hook in self.after_image:
                hook()
        elif pair == self.last:
            self._add(self.images[pair], now)
        else:
            self.rewritten.add(pair)
            without = ("seconds", "model_seconds") if self.calls else ("seconds",)
            self.images[pair].update(dict.fromkeys(without))
        self.last = pair
        self.model_seconds, self.calls, self.partial = 0.0, 0, False
        self.mark = perf_counter()

    def _add(self, image, now):
        """Add to the times of an image what was done since it was written."""
        if image["seconds"] is not None:
            image["seconds"] += now - self.mark
        if self.partial:
            image["model_seconds"] = None
        elif self.calls and (image["model_seconds"] is not None or not image["calls"]):
            image["model_seconds"] = (image["model_seconds"] or 0.0) + self.model_seconds
        image["calls"] += self.calls

    def together(self):
        """Whether the script made the images together, so that none has a time of its own.

        It then writes them one after the other.

        Where models were called, this is the case if some images had no call at all. Where no model
        is known, it is the case if all inputs were read before the first result and that result
        took longer than all others together.
        """
        images = list(self.images.values())
        calls = [image["calls"] for image in images]
        if any(calls):
            return 0 in calls
        seconds = [image["seconds"] for image in images]
        if len(images) < 3 or None in seconds or len(self.seen) < len(self.inputs):
            return False
        return seconds[0] > sum(seconds[1:])


def matches(path, names, paths):
    """The real path of ``path`` when it is among ``paths``, else None.

    The base name is looked up first, because that is cheap.
    """
    if isinstance(path, int):
        return None
    path = os.fsdecode(path)
    if os.path.basename(path) not in names:
        return None
    real = os.path.realpath(path)
    return real if real in paths else None
