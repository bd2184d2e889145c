"""Which files of weights a script opened, held against those that its entry declares.

The access times of the files tell, so that it does not matter which library or child process read
them. A file system that keeps no access times is recognised, and then nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fusebench.fuse.access_times import LONG_AGO, ScratchCopy, reset_access_time
from fusebench.texts import first_of

WEIGHT_NAME = re.compile(
    r"\.(pt|pth|ckpt|h5|hdf5|npz|pkl|pickle|onnx|mat|model|pb|pdparams|safetensors|caffemodel"
    r"|weights|t7)([.-]|$)",
    re.IGNORECASE,
)
"""Names of weights: also ``x.pth.tar`` and ``x.ckpt-9.data-00000-of-00001``."""
MOST_NAMED = 5


@dataclass(frozen=True)
class WatchedWeights:
    """Files whose access time was reset: path below the scratch copy -> file.

    ``declared`` are those that the entry names, ``others`` those that have the name of weights.
    """

    declared: dict[str, Path]
    others: dict[str, Path]

    @property
    def opened(self) -> set[str]:
        """The files that were opened since."""
        return {name for name, file in {**self.declared, **self.others}.items() if _opened(file)}

    def notes(self, opened: Iterable[str]) -> list[str]:
        """Say which declared files were never opened, and which opened ones are not declared.

        Args:
            opened: paths of all files that were seen being opened, by whatever means.
        """
        known = set(opened)
        unread = sorted(self.declared.keys() - known)
        undeclared = sorted(self.others.keys() & known)
        told = []
        if unread:
            told.append(
                f"weights that the script never opened: {first_of(unread, MOST_NAMED)}; correct the"
                " arguments that name them, or `weights` of the entry"
            )
        if undeclared:
            told.append(
                f"opened, but not declared: {first_of(undeclared, MOST_NAMED)}; add to `weights` of"
                " the entry what is trained"
            )
        return told


def watch_weights(copy: ScratchCopy, declared: Iterable[str]) -> WatchedWeights:
    """Reset the access times of all files of weights in a scratch copy.

    No file is watched where the file system keeps no access times.

    Args:
        copy: the scratch copy, with the weights in place.
        declared: paths of the weights that the entry names, below the scratch copy.
    """
    if not copy.sees_reads:
        return WatchedWeights({}, {})
    named = {name: (copy.work / name).resolve() for name in declared}
    own = set(named.values())
    top = copy.work.resolve()
    alike = (file for file in copy.files if WEIGHT_NAME.search(file.name) and file.is_file())
    files = (top / file.relative_to(copy.work) for file in alike)
    others = {str(file.relative_to(top)): file for file in files if file not in own}
    for file in [*own, *others.values()]:
        reset_access_time(file)
    return WatchedWeights(named, others)


def _opened(file: Path) -> bool:
    return file.exists() and file.stat().st_atime_ns != LONG_AGO
