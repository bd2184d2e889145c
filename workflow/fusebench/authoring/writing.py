"""Appends draft entries to ``methods.yaml``; what stands there stays as it is."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from fusebench.authoring.drafting import Draft
from fusebench.contracts.methods import Methods
from fusebench.errors import RegistryError
from fusebench.files import write_text
from fusebench.project import locate
from fusebench.registry.documents import Document, converted, read_document
from fusebench.registry.loading import load_registry
from fusebench.registry.methods_file import METHODS


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name that no entry has.

    >>> free_name("sage", {"sage", "sage-2"})
    'sage-3'
    """
    number, found = 2, name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def checked_text(draft: Draft) -> str:
    """Return a draft as YAML.

    Raises:
        RegistryError: it is no valid entry, which is a defect of fusebench.
    """
    text = draft.text()
    document: Document[object] = read_document(Path("draft"), text)
    try:
        converted(document, "methods", Methods)
    except RegistryError as error:
        raise RegistryError(
            f"the draft is no valid entry; please report it with the address: {error}"
        ) from error
    return text


def append(root: Path, text: str) -> Path:
    """Append a draft to the ``methods.yaml`` of a project, in one rename; return the file.

    Raises:
        RegistryError: an entry is refused; the file is as it was.
    """
    file = locate(root, METHODS)
    before = file.read_text(encoding="utf-8")
    stripped = before.rstrip("\n")
    write_text(file, f"{stripped}\n\n{text}")
    try:
        load_registry(root)
    except RegistryError as error:
        write_text(file, before)
        raise RegistryError(
            f"the draft was not appended, because the registry would refuse it; print it with"
            f" `fusebench new URL --print` and mend it by hand: {error}"
        ) from error
    return file
