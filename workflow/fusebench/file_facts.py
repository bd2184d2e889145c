"""What is known of a file without reading it: whether it may have changed since it was read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

Facts = dict[str, list[int]]
"""Name of a file -> its size, times of content and inode (ns), inode.

A program can set the time of the content back (``rsync -t``, ``cp -p``, ``unzip``), but not the
time of the inode (``ctime``).
"""


def facts_of(files: Mapping[str, Path]) -> Facts:
    """Return what is known of some files without reading them; absent ones are left out."""
    found: Facts = {}
    for name, path in files.items():
        try:
            facts = path.stat()
        except OSError:
            continue
        found[name] = [facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino]
    return found
