"""Same seeds, same order of files, same threads in every run."""

import os
import sys

from .wrap import wrap


def install(job, asked, finder):
    """Seed ``random`` now, and libraries once imported; sort folder listings; fix thread counts."""
    seed, threads = job["seed"], job["threads"]
    for name, make in (("listdir", _sorted_listdir), ("scandir", _sorted_scandir)):
        original = getattr(os, name)
        wrap(os, name, lambda original, make=make: make(asked, original))
        if original in os.supports_fd:
            os.supports_fd.add(getattr(os, name))
    _refresh_keepers()
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, str(threads))
    finder.after_import("random", lambda random: random.seed(seed))
    finder.after_import("numpy", lambda numpy: numpy.random.seed(seed))
    finder.after_import("cv2", lambda cv2: _prepare_cv2(cv2, threads, seed))
    finder.after_import("torch", lambda torch: _prepare_torch(torch, threads, seed))
    finder.after_import("tensorflow", lambda tensorflow: _prepare_tensorflow(tensorflow, seed))


# Classes that keep the functions of ``os`` from when their module was imported.
KEEPERS = (("pathlib", "_NormalAccessor"), ("glob", "_StringGlobber"))


def _refresh_keepers():
    """Give the sorted functions to modules that were imported before the launcher."""
    for module, name in KEEPERS:
        keeper = getattr(sys.modules.get(module), name, None)
        for function in ("listdir", "scandir"):
            if hasattr(keeper, function):
                setattr(keeper, function, getattr(os, function))


def _sorted_listdir(asked, original):
    def listdir(path="."):
        asked.list(path)
        return sorted(original(path))

    return listdir


def _sorted_scandir(asked, original):
    def scandir(path="."):
        asked.list(path)
        return SortedEntries(original(path))

    return scandir


class SortedEntries:
    """The entries that ``os.scandir`` returns, sorted by name."""

    def __init__(self, entries):
        with entries:
            self._entries = iter(sorted(entries, key=lambda entry: entry.name))

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._entries)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Forget the entries that are left."""
        self._entries = iter(())


def _prepare_cv2(cv2, threads, seed):
    # OpenCV executes its package and its extension under one name; only a complete one has both
    # functions.
    if hasattr(cv2, "setNumThreads") and hasattr(cv2, "setRNGSeed"):
        cv2.setNumThreads(threads)
        cv2.setRNGSeed(seed)


def _prepare_torch(torch, threads, seed):
    if hasattr(torch, "set_num_threads"):
        torch.set_num_threads(threads)
    torch.manual_seed(seed)


def _prepare_tensorflow(tensorflow, seed):
    set_seed = getattr(tensorflow, "set_random_seed", None) or tensorflow.random.set_seed
    set_seed(seed)
