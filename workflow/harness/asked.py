"""The files of the run that a script asked for and did not find, wrote, and the folders it listed.

They tell where an entry should stage its images and collect its results. Only paths below the
scratch folder count; child processes and C libraries that are not watched are not seen.
"""

import os

MOST = 100


class Asked:
    """Paths as the script used them, relative to the clone, each once and in their order.

    Args:
        root: real path of the scratch copy of the clone.
        report: path of launch.json, which lies in the scratch folder.
    """

    def __init__(self, root, report):
        self.root = root
        self.room = os.path.dirname(os.path.realpath(report))
        self.own = os.path.basename(report)
        self.missing, self.written, self.listed = [], [], []

    def read(self, path):
        """A file is about to be read."""
        whole = self._inside(path)
        if whole is not None and not os.path.exists(whole):
            self._add(self.missing, whole)

    def write(self, path):
        """A file is about to be written."""
        self._add(self.written, self._inside(path))

    def list(self, path):
        """A folder is about to be listed."""
        whole = self._inside(path)
        if whole is not None:
            self._add(self.listed if os.path.isdir(whole) else self.missing, whole)

    def _add(self, paths, whole):
        if whole is None or len(paths) >= MOST:
            return
        path = os.path.relpath(whole, self.root)
        if path not in paths:
            paths.append(path)

    def _inside(self, path):
        """The absolute path where it lies in the scratch folder and is no file of the launcher."""
        if not isinstance(path, (str, bytes)) and not hasattr(path, "__fspath__"):
            return None
        whole = os.path.abspath(os.fsdecode(path))
        inside = whole.startswith(self.room + os.sep)
        return whole if inside and not os.path.basename(whole).startswith(self.own) else None
