"""What a file of weights needs to be loaded, read from its pickle without loading it."""

from __future__ import annotations

import pickletools
import zipfile
from pathlib import Path

ALLOWED = ("torch", "collections", "_codecs", "builtins", "__builtin__")
"""Modules whose objects torch 2.6 and later load by themselves, mostly; not numpy's."""
MOST_BYTES = 50_000_000
MOST_PICKLES = 4


def foreign_classes(path: Path) -> list[str]:
    """Return the classes that a checkpoint of torch holds beside tensors: it is a pickled module.

    Nothing of the file is run. The list is empty for another kind of file.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if name.endswith("data.pkl")]
                contents = [archive.read(name) for name in names[:1]]
        else:
            with path.open("rb") as stream:
                contents = _pickles(stream.read(MOST_BYTES))
        return sorted({name for content in contents for name in _classes(content)})
    except Exception:  # any damaged or foreign file
        return []


def _pickles(content: bytes) -> list[bytes]:
    """Return the pickles that a checkpoint of old torch begins with, one after the other."""
    found: list[bytes] = []
    while content and len(found) < MOST_PICKLES:
        end = 0
        for code, _argument, position in pickletools.genops(content):
            if code.name == "STOP":
                end = (position or 0) + len(b".")
                break
        if not end:
            break
        found.append(content[:end])
        content = content[end:]
    return found


def _classes(content: bytes) -> list[str]:
    found, texts = [], ["", ""]
    for code, argument, _ in pickletools.genops(content):
        if isinstance(argument, str):
            texts = [texts[-1], argument]
        if code.name == "GLOBAL":
            found.append(str(argument).replace(" ", "."))
        elif code.name == "STACK_GLOBAL":
            found.append(".".join(texts))
    return [name for name in found if name.partition(".")[0] not in ALLOWED or _is_module(name)]


def _is_module(name: str) -> bool:
    """Say whether a class of torch is a layer: torch 2.6 does not load layers by themselves."""
    return name.startswith(("torch.nn.modules", "torch.nn.parallel", "torch.optim"))
