"""Edits of the authors' constants: applied to a file's text as it is compiled, never on disk."""

import os
from importlib.util import decode_source
from io import IncrementalNewlineDecoder

from .job import JobError


def text_of(data, path):
    """Return the text of the bytes ``data`` of a module.

    Python imports a module whose comments are in another encoding than UTF-8 (GBK, for instance)
    and declare none. The bytes of such comments are replaced.

    Raises:
        SyntaxError: such bytes stand outside of comments.
    """
    try:
        return decode_source(data)
    except (UnicodeDecodeError, SyntaxError):  # the latter: in one of the first two lines
        compile(data, path, "exec", dont_inherit=True)
        return IncrementalNewlineDecoder(None, True).decode(data.decode("utf-8", "replace"))


class Edits:
    """The edits of a job, by real path of the file.

    Args:
        root: the scratch copy of the clone.
        edits: file (relative to ``root``) -> list of ``[old, new]``; every occurrence of ``old`` is
            replaced.

    Raises:
        JobError: a file or a text to be replaced is not there; the message names both.
    """

    def __init__(self, root, edits):
        self.root = root
        self.by_path = {
            os.path.realpath(os.path.join(root, file)): pairs for file, pairs in edits.items()
        }
        self.applied = []
        for path in self.by_path:
            self._check(path)

    def _check(self, path):
        if not path.endswith(".py"):
            raise JobError(
                "edits apply to .py files as they are compiled; %s is no .py file" % self.name(path)
            )
        try:
            with open(path, "rb") as file:
                source = text_of(file.read(), path)
        except OSError:
            raise JobError(
                "edit: there is no file %s in the repository" % self.name(path)
            ) from None
        self._replace(path, source)

    def name(self, path):
        """``path`` as the registry names it: relative to the clone."""
        return os.path.relpath(path, self.root)

    def apply(self, path, source):
        """Return the text of the file ``path`` with its edits; record them in ``applied``."""
        if path not in self.by_path:
            return source
        source, made = self._replace(path, source)
        self.applied += [edit for edit in made if edit not in self.applied]
        return source

    def _replace(self, path, source):
        made = []
        for old, new in self.by_path[path]:
            count = source.count(old)
            if not count:
                raise JobError(
                    "edit of %s: the text %r is not in the file" % (self.name(path), old)
                )
            source = source.replace(old, new)
            made.append({"file": self.name(path), "old": old, "new": new, "count": count})
        return source, made

    def unused(self):
        """Files whose edits were never applied, because they were neither run nor imported."""
        used = {edit["file"] for edit in self.applied}
        return sorted({self.name(path) for path in self.by_path} - used)
