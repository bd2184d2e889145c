"""Sees which results a script has written, and which inputs and files of weights it reads."""

import builtins
import io
import os
import weakref

from .clock import matches
from .wrap import dress, wrap

# Writers that do not go through Python's open(): module -> function and position of the path.
C_WRITERS = {
    "cv2": [("imwrite", 0), ("imwritemulti", 0)],
    "torchvision.io.image": [("write_file", 0)],
    "SimpleITK": [("WriteImage", 1)],
}
C_READERS = {
    "cv2": [("imread", 0)],
    "torchvision.io.image": [("read_file", 0)],
    "SimpleITK": [("ReadImage", 0)],
}


class Weights:
    """The files of weights that the script asked ``open`` for, whether they exist or not.

    Args:
        paths: real paths of the files that the entry names.
    """

    def __init__(self, paths):
        self.paths = set(paths)
        self.names = {os.path.basename(path) for path in paths}
        self.asked = []

    def read(self, path):
        """A file is about to be read."""
        real = matches(path, self.names, self.paths)
        if real is not None and real not in self.asked:
            self.asked.append(real)


def install(clock, weights, asked, finder):
    """Watch ``open``, renames, and the writers and readers of C libraries."""
    watched = dress(_watch_open(clock, weights, asked, io.open), io.open)
    builtins.open = io.open = watched
    for name in ("rename", "replace", "link"):
        wrap(os, name, lambda original: _watch_writer(clock, asked, original, 1))
    for module in set(C_WRITERS) | set(C_READERS):
        finder.after_import(module, lambda module: _watch_library(clock, asked, module))


def _watch_library(clock, asked, module):
    for name, position in C_WRITERS.get(module.__name__, []):
        wrap(module, name, lambda original, at=position: _watch_writer(clock, asked, original, at))
    for name, position in C_READERS.get(module.__name__, []):
        wrap(module, name, lambda original, at=position: _watch_reader(clock, asked, original, at))


def _watch_open(clock, weights, asked, original):
    def open(file, mode="r", *args, **kwargs):
        if "r" in mode and "+" not in mode:
            weights.read(file)
            clock.read(file)
            asked.read(file)
            return original(file, mode, *args, **kwargs)
        asked.write(file)
        handle = original(file, mode, *args, **kwargs)
        real = clock.expected(file)
        if real is not None:
            _tell_close(handle, clock, real)
        return handle

    return open


def _tell_close(handle, clock, real):
    """Have ``handle.close()`` end the image.

    The reference is weak, so that the file is freed when it would be without it.
    """
    alive = weakref.ref(handle)

    def close():
        handle = alive()
        if handle is not None:
            type(handle).close(handle)
        clock.written(real)

    handle.close = close


def _watch_writer(clock, asked, original, position):
    def writer(*args, **kwargs):
        path = _path_of(args, kwargs, position)
        if path is not None:
            asked.write(path)
        result = original(*args, **kwargs)
        if path is not None and result is not False:
            real = clock.expected(path)
            if real is not None:
                clock.written(real)
        return result

    return writer


def _watch_reader(clock, asked, original, position):
    def reader(*args, **kwargs):
        path = _path_of(args, kwargs, position)
        if isinstance(path, (str, bytes)):
            clock.read(path)
            asked.read(path)
        return original(*args, **kwargs)

    return reader


def _path_of(args, kwargs, position):
    return args[position] if len(args) > position else kwargs.get("filename")
