"""YAML files with the line of every value, and their validation against a contract.

Every message about a mistake names file, line and entry, what must be and what was found.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import yaml

from fusebench.errors import RegistryError

Place = tuple[str | int, ...]
"""The keys and list positions that lead from the top of a document to one of its values."""

Content = TypeVar("Content")


@dataclass(frozen=True)
class Document(Generic[Content]):
    """A YAML file.

    Attributes:
        file: where it lies.
        data: what it says: plain data as it was read, or the contract that it was converted to.
        lines: the line of every value.
        written: each scalar as it is written in the file.
        text: the whole file.
    """

    file: Path
    data: Content
    lines: dict[Place, int] = field(repr=False)
    written: dict[Place, str] = field(repr=False)
    text: str = field(repr=False, default="")

    def where(self, place: Place) -> str:
        """Return ``file:line (entry.key)`` of a value.

        Where the value does not exist, return that of the nearest existing thing around it.
        """
        known = place
        while known and known not in self.lines:
            known = known[:-1]
        name = ".".join(str(part) for part in place)
        return f"{self.file}:{self.lines.get(known, 1)}" + (f" ({name})" if name else "")


def read_document(file: Path, text: str | None = None) -> Document[Any]:
    """Read a YAML file.

    Args:
        file: where it lies.
        text: what it held when the run began, if that is known: the file is not read again.

    Raises:
        RegistryError: the file is absent, is no YAML, is in another encoding, or has the same key
            twice.
    """
    text = _read_text(file) if text is None else text
    lines: dict[Place, int] = {}
    written: dict[Place, str] = {}
    try:
        node = yaml.compose(text, Loader=_Loader)
        data = _construct(file, node, (), lines, written) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        hint = _hint([*text.splitlines(), ""][line - 1])
        raise RegistryError(f"{file}:{line}: not valid YAML: {error.problem}{hint}") from error
    except yaml.YAMLError as error:
        raise RegistryError(f"{file}: not valid YAML: {error}") from error
    return Document(file, data, lines, written, text)


_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_NEEDS_QUOTES = re.compile(r"\{\w+(:\w+)?\}|[:,]\s+\*\W")

_COLON = re.compile(r"\s*(- )?[\w-]+:\s+[^\s\"'{\[#&*|>][^#]*:\s")


def _hint(line: str) -> str:
    """Say what is probably wrong with a line that is not valid YAML."""
    if "\t" in line:
        return "; the line holds a tab: indent with spaces"
    if _NEEDS_QUOTES.search(_QUOTED.sub("", line)):
        return '; put a text that holds { } or begins with * in quotes, e.g. "ir/{name}.png"'
    if _COLON.match(line):
        return '; put a text that holds ": " in quotes, e.g. title: "Name: what it does"'
    return ""


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise RegistryError(f"{file}: must be a readable YAML file: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise RegistryError(
            f"{file}:{line}: must be text in UTF-8; found the byte"
            f" 0x{error.object[error.start]:02x}; save the file as UTF-8"
        ) from error


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_scalars = yaml.SafeLoader("")
DEEPEST = 40
"""No entry has so many levels of nesting: more of them come from an anchor that holds itself."""

NEVER_SHARED = frozenset({"verified", "tried"})
"""Fields that a variant does not take over from another entry.

What was verified of one method says nothing about another.
"""

TIMESTAMP_TAG = "tag:yaml.org,2002:timestamp"
"""The tag that YAML gives ``2024-02-03``; no field is a date, so it stays the text as written."""

MERGE_TAG = "tag:yaml.org,2002:merge"
"""The tag of YAML's ``<<: *anchor``, by which variants of a method share an entry's fields."""


def _construct(
    file: Path, node: Any, place: Place, lines: dict[Place, int], written: dict[Place, str]
) -> Any:
    if len(place) > DEEPEST:
        raise RegistryError(
            f"{file}:{node.start_mark.line + 1}: an anchor must not be used inside itself"
        )
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _construct_mapping(file, node, place, lines, written)
    if isinstance(node, yaml.SequenceNode):
        return [
            _construct(file, child, (*place, i), lines, written)
            for i, child in enumerate(node.value)
        ]
    written[place] = node.value
    if node.tag == TIMESTAMP_TAG:
        return node.value
    try:
        return _scalars.construct_object(node)  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise RegistryError(
            f"{file}:{lines[place]}: not valid YAML: {node.value!r} cannot be read as"
            f" {node.tag.rpartition(':')[2]}"
        ) from error


def _construct_mapping(
    file: Path, node: Any, place: Place, lines: dict[Place, int], written: dict[Place, str]
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    shared: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise RegistryError(
                f"{file}:{line}: the name of an entry or a field must be one word; found a list or"
                " a mapping"
            )
        key = str(key_node.value)
        if key_node.tag == MERGE_TAG:
            merged = _merged(file, value_node, (*place, key), lines, written)
            shared = {**merged, **shared}
            continue
        if key in result:
            first = lines[(*place, key)]
            raise RegistryError(
                f"{file}:{line}: two entries named {key!r} (the first is on line {first}); "
                "names must be unique: rename or remove one"
            )
        result[key] = _construct(file, value_node, (*place, key), lines, written)
        lines[(*place, key)] = line
    return {**shared, **result}


def _merged(
    file: Path, node: Any, place: Place, lines: dict[Place, int], written: dict[Place, str]
) -> dict[str, Any]:
    """Return the fields that ``<<`` brings.

    They are those of one anchor, or of a list of anchors, in which the first wins.
    """
    parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
    fields: dict[str, Any] = {}
    for part in parts:
        if not isinstance(part, yaml.MappingNode):
            line = node.start_mark.line + 1
            raise RegistryError(
                f"{file}:{line}: `<<` must be followed by the *anchor of an entry, or a list of"
                " them"
            )
        fields = {**_construct(file, part, place, lines, written), **fields}
    return {name: value for name, value in fields.items() if name not in NEVER_SHARED}


def converted(document: Document[Any], schema: str, kind: type[Content]) -> Document[Content]:
    """Return a document with its data as a contract.

    Args:
        document: as it was read.
        schema: the name of its JSON schema, see ``contracts.schemas``.
        kind: the contract.

    Raises:
        RegistryError: the document breaks the contract; one line for each way, in the order of the
            file.
    """
    try:
        return replace(document, data=msgspec.convert(document.data, kind))
    except msgspec.ValidationError as error:
        if problems := list(_schema_problems(document, schema)):
            raise RegistryError("\n".join(problems)) from error
    try:  # 2.0 is a whole number for the schema, but not for a strict conversion
        return replace(document, data=msgspec.convert(document.data, kind, strict=False))
    except msgspec.ValidationError as error:
        raise RegistryError(f"{document.file}: {error}") from error


def _schema_problems(document: Document[Any], schema: str) -> Iterator[str]:
    from jsonschema import Draft202012Validator

    from fusebench.contracts.schemas import schema_of

    errors = Draft202012Validator(schema_of(schema)).iter_errors(document.data)
    found = [problem for error in errors for problem in _problems(document, error)]
    yield from (text for _, text in sorted(set(found)))


def _problems(document: Document[Any], error: Any) -> Iterator[tuple[int, str]]:
    place: Place = tuple(error.absolute_path)
    if error.validator == "anyOf" and (branch := _meant(error)):
        for inner in branch:
            yield from _problems(document, inner)
    elif error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        for key in [key for key in error.instance if key not in known]:
            told = f"unknown key {key!r}{near(key, known)}; known here: {', '.join(known)}"
            hint = _comma_hint(key, error.instance[key])
            yield _located(document, (*place, key), told + hint)
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        which = "is" if len(missing) == 1 else "are"
        told = f"must have {' and '.join(map(repr, missing))}, which {which} missing"
        yield _located(document, place, told)
    elif error.validator == "oneOf":
        names = [name for choice in error.validator_value for name in choice["required"]]
        found = " and ".join(repr(name) for name in names if name in error.instance) or "none"
        told = f"must have one of {', '.join(map(repr, names))}; found {found}"
        yield _located(document, place, told)
    elif error.validator == "propertyNames" or "propertyNames" in error.absolute_schema_path:
        told = f"bad name {error.instance!r}: {error.schema.get('description', error.message)}"
        yield _located(document, (*place, str(error.instance)), told)
    else:
        found = _found(document, place, error.instance)
        yield _located(document, place, f"must be {_expected(error)}; found {found}")


def _meant(error: Any) -> list[Any]:
    """Return what is wrong with the one form, among several, that has the type of a value.

    Nothing where there is no such form.
    """
    branches: dict[int, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    fitting = [
        branch
        for branch in branches.values()
        if not any(one.validator in ("type", "enum") and not one.relative_path for one in branch)
    ]
    return fitting[0] if len(fitting) == 1 and isinstance(error.instance, dict | list) else []


def _comma_hint(key: str, value: Any) -> str:
    """Return a hint for ``{value: 7,12}``, which YAML reads as 7 and a field named 12."""
    return (
        "; a number is written with a point, not with a comma"
        if value is None and key.isdigit()
        else ""
    )


def _located(document: Document[Any], place: Place, text: str) -> tuple[int, str]:
    where = document.where(place)
    line = int(where.split(":")[-1].split(" ")[0]) if ":" in where else 1
    return line, f"{where}: {text}"


def _expected(error: Any) -> str:
    description = error.schema.get("description")
    if error.validator == "enum":
        return f"one of {', '.join(map(str, error.validator_value))}"
    if description:
        return str(description)
    return f"{error.validator} {error.validator_value}"


def _found(document: Document[Any], place: Place, instance: Any) -> str:
    raw = document.written.get(place, "")
    if isinstance(instance, int | float) and not isinstance(instance, bool):
        hint = ", a number to YAML: a hash of digits only needs quotes" if len(raw) >= 7 else ""
        return f"{raw}{hint}"
    return json.dumps(instance, ensure_ascii=False, default=str)[:200]


def near(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` with the nearest known names, or nothing."""
    matches = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(map(repr, matches))}?)" if matches else ""


def unknown(
    document: Document[Any],
    place: Place,
    what: str,
    name: str,
    known: Iterable[str],
    remedy: str = "",
) -> str:
    """Return the message for a name that does not exist.

    It gives the near names, or else some of the names that exist.
    """
    names = list(known)
    choices = "" if near(name, names) else f"; known: {', '.join(names[:30]) or 'none'}"
    return f"{document.where(place)}: unknown {what} {name!r}{near(name, names)}{choices}" + (
        f"; or {remedy}" if remedy else ""
    )
