"""The JSON files among the contracts: read whole, or refused.

A refusal names the file, the field and what was found. Every such file has a field ``version``, the
version of the form of all of them (``FORMAT``). Files of fusebench 0.1 have none; they count as
version 1. A file of an older version is converted to this one where its content is still right, and
refused as outdated where it is not. A file of a newer version is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec

from fusebench.contracts.base import Contract, says
from fusebench.errors import OutdatedFile, UnreadableFile
from fusebench.files import write_text

FORMAT = 3
"""Increased by one when a stored file of any kind changes so that older ones would be misread."""

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


class StoredFile(Contract, kw_only=True):
    """A structure that is a JSON file of its own.

    Attributes:
        OLDEST: the oldest version that can be converted to this one.
        UPGRADES: version -> function that converts the content of a file of that version to the
            next version; no entry where nothing has changed.
    """

    OLDEST: ClassVar[int] = 1
    UPGRADES: ClassVar[dict[int, Upgrade]] = {}

    version: Annotated[int, says("the version of the form of the file")] = FORMAT


Stored = TypeVar("Stored", bound=StoredFile)
Told = TypeVar("Told")

UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError)

AGAIN = "run snakemake again: it is made again"


def read_stored(path: Path, kind: type[Stored], remedy: str = AGAIN) -> Stored:
    """Read a stored file.

    Args:
        path: the file.
        kind: what it must be.
        remedy: what to do about a file that is refused.

    Raises:
        FileNotFoundError: there is none.
        OutdatedFile: it is of a version that cannot be brought to this one.
        UnreadableFile: it is truncated, is no JSON, or is of a newer version; or a field is unknown
            or has another type.
    """
    content = path.read_bytes()
    try:
        stored = msgspec.json.decode(content, type=kind)
    except UNDECODABLE:
        return _converted(path, content, kind, remedy)
    return stored if stored.version == FORMAT else _converted(path, content, kind, remedy)


def _converted(path: Path, content: bytes, kind: type[Stored], remedy: str) -> Stored:
    """Convert the content of a file that does not simply have this version."""
    data = _plain(path, content, remedy)
    version = data.get("version", 1)
    if not isinstance(version, int) or version > FORMAT:
        raise UnreadableFile(
            f"{path}: version must be {FORMAT} or less; found {_shown(version)}, of a newer"
            f" fusebench: update fusebench, or remove the file and {remedy}"
        )
    if version < kind.OLDEST:
        raise OutdatedFile(
            f"{path}: version must be {kind.OLDEST} or more; found {version}, of an older"
            f" fusebench: {remedy}"
        )
    for older in range(version, FORMAT):
        data = kind.UPGRADES.get(older, dict)(data)
    try:
        return msgspec.convert({**data, "version": FORMAT}, kind)
    except msgspec.ValidationError as error:
        raise UnreadableFile(f"{path}: {explained(error, data)}; {remedy}") from error


def _plain(path: Path, content: bytes, remedy: str) -> dict[str, Any]:
    try:
        data = msgspec.json.decode(content)
    except UNDECODABLE as error:
        raise UnreadableFile(
            f"{path}: must be a whole JSON file; found {len(content)} bytes: {error}; {remedy}"
        ) from error
    if not isinstance(data, dict):
        raise UnreadableFile(f"{path}: must hold a JSON object; found {_shown(data)}; {remedy}")
    return data


_STEP = re.compile(r"\.(?P<field>[^.\[\]]+)|\[(?P<index>\d+)\]|\[\.\.\.\]")


def explained(error: msgspec.ValidationError, data: Any) -> str:
    """Return what is wrong with some data as ``field: must be ...; found ...``.

    >>> import msgspec
    >>> explained(msgspec.ValidationError("Expected `int`, got `str` - at `$.a[0]`"), {"a": ["x"]})
    'a[0]: must be `int`; found "x"'
    """
    message, _, place = str(error).partition(" - at `")
    path = place.rpartition("`")[0].removeprefix("$").removeprefix(".")
    expected = re.fullmatch(r"Expected (?P<what>.*), got .*", message, re.DOTALL)
    told = f"must be {expected['what']}" if expected else message[:1].lower() + message[1:]
    found = _value_at(data, f".{path}" if path else "")
    return f"{path or 'the file'}: {told}" + (f"; found {_shown(found)}" if expected else "")


def _value_at(data: Any, path: str) -> Any:
    """Return the value that a path of msgspec leads to.

    Where the path does not name a key of a mapping, return the mapping.
    """
    for step in _STEP.finditer(path):
        if step["field"] is not None and isinstance(data, dict):
            data = data.get(step["field"])
        elif step["index"] is not None and isinstance(data, list):
            data = data[int(step["index"])]
        else:
            return data
    return data


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."


def write_stored(path: Path, stored: StoredFile) -> None:
    """Write a stored file in one rename, so that a reader sees the old content or the new one."""
    write_text(path, msgspec.json.format(msgspec.json.encode(stored), indent=1).decode() + "\n")


def as_parameter(told: Contract, *, keep_order: bool = False) -> str:
    """Return the parameters of a job as the text of one parameter of a rule.

    Args:
        told: the structure.
        keep_order: keep the order of mappings, where the order has a meaning (rows of a table);
            otherwise the text is the same whatever the order in which a person wrote them.
    """
    order: Literal["deterministic"] | None = None if keep_order else "deterministic"
    return msgspec.json.encode(told, order=order).decode()


def from_parameter(text: str, kind: type[Told]) -> Told:
    """Return the parameters of a job from the text that ``as_parameter`` wrote.

    Raises:
        UnreadableFile: ``as_parameter`` did not write this text.
    """
    try:
        return msgspec.json.decode(text.encode(errors="surrogateescape"), type=kind)
    except UNDECODABLE as error:
        raise UnreadableFile(f"the parameter of this job: {error}") from error
