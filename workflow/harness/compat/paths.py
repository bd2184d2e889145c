"""Backslashes in paths, where a script was written on Windows."""

import builtins
import functools
import io
import os

from ..wrap import Unbound

OS_FUNCTIONS = (
    "access chdir listdir lstat makedirs mkdir open remove removedirs rename replace rmdir scandir "
    "stat unlink walk"
).split()
PATH_FUNCTIONS = (
    "abspath basename dirname exists getsize isdir isfile join realpath split splitext".split()
)
LIBRARIES = {"cv2": ("imread", "imwrite"), "glob": ("glob", "iglob")}


def windows_paths(argument, tally, finder):
    """Backslashes in the paths given to open, os, os.path, glob and cv2 become slashes."""
    patch = functools.partial(_patch, tally)
    builtins.open = io.open = Unbound(_slashed(io.open, tally, "open"))
    patch(os, OS_FUNCTIONS)
    patch(os.path, PATH_FUNCTIONS)
    for name, functions in LIBRARIES.items():
        finder.after_import(name, functools.partial(patch, functions=functions))


def _patch(tally, module, functions):
    for name in functions:
        # Not wrap(): a function may already be watched, and is then wrapped once more.
        original = getattr(module, name, None)
        if original is not None and not hasattr(original, "_slashed"):
            replacement = Unbound(_slashed(original, tally, name))
            replacement._slashed = True
            setattr(module, name, replacement)


def _slashed(original, tally, name):
    def function(*args, **kwargs):
        if any(_has_backslash(arg) for arg in args):
            tally.count("windows-paths:%s" % name)
            args = tuple(
                os.fspath(arg).replace("\\", "/") if _has_backslash(arg) else arg for arg in args
            )
        return original(*args, **kwargs)

    return function


def _has_backslash(arg):
    return isinstance(arg, (str, os.PathLike)) and "\\" in str(arg)
