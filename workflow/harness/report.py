"""launch.json: what the launcher saw, written at any kind of end and now and then before it.

Keys of the file:

- ``state``: ``exit``, ``exception``, ``os._exit``, ``SIGTERM``, or ``running`` (the process was
  killed).
- ``exit_status``: as Python gives it, negative for a signal; null while running. ``exception``:
  ``type``, ``message`` and ``where`` (the last line of the authors' files), or null.
- ``images``: pair name -> ``model_seconds`` (null when no model was called since the result
  before), ``seconds`` (wall, reading and writing included), ``calls`` (outermost calls of models),
  ``warmup``. In the order of writing.
- ``startup_seconds``: until the first model call or the first reading of an input.
  ``wall_seconds``: until now.
- ``model_seconds_total`` (null when a part was not timed), ``model_calls_total``,
  ``modules_called`` (name -> outermost calls).
- ``parameters``: unique parameters of the modules called for one image; null without torch.
- ``flops``: of the first image when it is a warm-up, multiply-add as two; null or incomplete for
  ``flops_reason``.
- ``peak_rss_bytes``, ``peak_rss_children_bytes`` (the largest child), ``peak_device_bytes`` (null
  on the CPU).
- ``weights_read``: files of weights, relative to the clone, that the script asked ``open`` for,
  whether they exist or not.
- ``inputs_read``: staged inputs, relative to the clone, that this process was seen to open, by
  ``open`` or a known reader of a C library. Child processes and other readers are not seen.
- ``trained``: of a training that has ended, how many ``tensors`` of parameters its optimisers were
  given, how many have ``changed``, how many ``values`` they hold, and the sha256 over all
  ``before`` and ``after``; null for any other script.
- ``files_missing``, ``files_written``, ``folders_listed``: paths below the scratch folder, relative
  to the clone, see :mod:`asked`.
- ``device``, ``device_name``, ``threads``, ``versions``, ``shims`` (name -> how often it fired),
  ``edits_applied``, ``notes`` (sentences).
"""

import json
import os
import resource
import sys
import traceback
from time import perf_counter

SECONDS_BETWEEN_WRITES = 5.0
VERSIONED = (
    "numpy scipy PIL cv2 skimage imageio matplotlib torch torchvision timm kornia tensorflow keras "
    "jax paddle mindspore"
).split()


class Report:
    """Gathers the parts and writes the file.

    Args:
        path: of launch.json.
        job: the job, as read.
        parts: an object with ``clock``, ``models``, ``weights``, ``asked``, ``loading``,
            ``tally``, ``edits``, ``training``.
    """

    def __init__(self, path, job, parts):
        self.path = path
        self.job = job
        self.parts = parts
        self.pid = os.getpid()
        self.exit_status = None
        self.exception = None
        self.ended = "running"
        self.last_write = perf_counter()

    def write_now_and_then(self):
        """Write after an image, at most every few seconds, in case the process is killed."""
        if perf_counter() - self.last_write > SECONDS_BETWEEN_WRITES:
            self.write()
            self.last_write = perf_counter()

    def write(self):
        """Write the report to a temporary file and rename it. A forked child writes nothing."""
        if os.getpid() != self.pid:
            return
        draft = "%s.%d" % (self.path, self.pid)
        with self.parts.open(draft, "w", encoding="utf-8") as file:
            json.dump(self.contents(), file, indent=1)
        self.parts.replace(draft, self.path)

    def contents(self):
        """The report as it is at this moment."""
        clock, tally = self.parts.clock, self.parts.tally
        together = clock.together()
        contents = {
            "state": self.ended,
            "exit_status": self.exit_status,
            "exception": self.exception,
            "images": self._images(together),
            "startup_seconds": clock.startup_seconds,
            "wall_seconds": perf_counter() - clock.began,
            "model_seconds_total": (
                clock.total_model_seconds if clock.total_calls and clock.all_of_models else None
            ),
            "model_calls_total": clock.total_calls,
            "peak_rss_bytes": peak_rss_bytes(),
            "peak_rss_children_bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            * 1024,
            "weights_read": [
                os.path.relpath(path, self.job["root"]) for path in self.parts.weights.asked
            ],
            "inputs_read": [
                os.path.relpath(path, self.job["root"]) for path in sorted(clock.opened)
            ],
            "files_missing": self.parts.asked.missing,
            "files_written": self.parts.asked.written,
            "folders_listed": self.parts.asked.listed,
            "shims": tally.shims,
            "edits_applied": self.parts.edits.applied,
            "notes": self._notes(together),
            "versions": dict(versions(), **self.parts.versions()),
            "trained": self.parts.training.finish() if self.ended != "running" else None,
        }
        contents.update(self.parts.models.finish())
        contents.update(device(self.job["device"]))
        return contents

    def _images(self, together):
        images = self.parts.clock.images
        if not together:
            return images
        untimed = {"model_seconds": None, "seconds": None}
        return {pair: dict(image, **untimed) for pair, image in images.items()}

    def _notes(self, together):
        notes = list(self.parts.tally.notes) + self.parts.loading.notes(self.exception)
        if together:
            images = self.parts.clock.images.values()
            notes.append(
                "the script makes %d images together and writes them afterwards: no time for each;"
                " all took %.3f s" % (len(images), sum(image["seconds"] or 0.0 for image in images))
            )
        rewritten = self.parts.clock.rewritten
        if rewritten:
            notes.append(
                "the script wrote %d results once more after others: no time for %s"
                % (len(rewritten), ", ".join(sorted(rewritten)[:5]))
            )
        for file in self.parts.edits.unused():
            notes.append("the edits of %s were not applied: it was neither run nor imported" % file)
        clock = self.parts.clock
        unseen = [
            pair
            for path, pair in clock.outputs.items()
            if pair not in clock.images and os.path.exists(path) and self.ended != "running"
        ]
        if unseen:
            notes.append(
                "%d results exist that were not seen being written (by a child process, or by a"
                " library that is not watched): no time for %s"
                % (len(unseen), ", ".join(unseen[:5]))
            )
        return notes


def peak_rss_bytes():
    """Peak resident memory of this process since it started this program, in bytes."""
    peak = _line_of("/proc/self/status", "VmHWM")
    if peak is None:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(peak.split()[0]) * 1024


def versions():
    """Versions of Python and of the libraries that were imported."""
    found = {"python": sys.version.split()[0]}
    for name in VERSIONED:
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = version
    torch = sys.modules.get("torch")
    if torch is not None:
        found["cuda"] = getattr(getattr(torch, "version", None), "cuda", None)
        cudnn = getattr(getattr(torch, "backends", None), "cudnn", None)
        found["cudnn"] = told(cudnn.version) if cudnn is not None and found["cuda"] else None
    return found


def told(question):
    """The answer of a library, or None where it refuses one.

    torch asks the GPU for some answers. Where the GPU has no memory left, or is too old for cuDNN,
    the question raises; the report would be lost, and a script that ran well would fail.
    """
    try:
        return question()
    except Exception:
        return None


def device(asked):
    """Name and peak memory of the device that was used, and the threads of the libraries."""
    torch, cv2 = sys.modules.get("torch"), sys.modules.get("cv2")
    facts = {"device": asked, "device_name": None, "peak_device_bytes": None, "threads": {}}
    if asked == "cpu":
        facts["device_name"] = cpu_name()
    elif torch is not None and torch.cuda.is_available():
        facts["device_name"] = told(lambda: torch.cuda.get_device_name(0))
        facts["peak_device_bytes"] = told(torch.cuda.max_memory_allocated)
    if hasattr(torch, "get_num_threads"):
        facts["threads"]["torch"] = torch.get_num_threads()
    if hasattr(cv2, "getNumThreads"):
        facts["threads"]["cv2"] = cv2.getNumThreads()
    return facts


def cpu_name():
    """The model of the processor, or None where the system does not tell."""
    return _line_of("/proc/cpuinfo", "model name")


def _line_of(path, key):
    """The value of the first line ``key: value`` of a file of /proc, or None."""
    try:
        with open(path) as file:
            lines = [line for line in file if line.startswith(key)]
    except OSError:
        return None
    return lines[0].partition(":")[2].strip() if lines else None


def describe_exception(error, root, script):
    """Type and message of ``error``, and the last line of the authors' files that led to it.

    Lines of the adapter ``script`` count as well.
    """
    where = None
    for frame in traceback.extract_tb(error.__traceback__):
        path = os.path.realpath(frame.filename)
        if path.startswith(root + os.sep) or path == os.path.realpath(script):
            where = "%s:%d: %s" % (os.path.relpath(path, root), frame.lineno, frame.line)
    return {"type": type(error).__name__, "message": str(error), "where": where}
