"""The JSON schemas of the YAML files, made from the contracts.

Editors use them, and so do the messages about mistakes in the files. Run ``python -m
fusebench.contracts.schemas`` to write them into ``workflow/schemas``.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from fusebench.contracts.base import Entry, Rule
from fusebench.contracts.configuration import Config
from fusebench.contracts.datasets import Datasets
from fusebench.contracts.methods import Methods

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(__file__).resolve().parents[2] / "schemas"
FILES: dict[str, tuple[str, Any]] = {
    "methods": ("methods.yaml", Methods),
    "datasets": ("datasets.yaml", Datasets),
    "config": ("config/config.yaml", Config),
}
"""Name of a schema -> the file that it describes, and the type of its content."""


@cache
def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON schema of one of the ``FILES``."""
    title, kind = FILES[name]
    schema = msgspec.json.schema(kind)
    definitions = schema.pop("$defs")
    for entry in _entries(Entry):
        if entry.__name__ in definitions:
            definitions[entry.__name__] |= _extras(entry, definitions[entry.__name__])
    for definition in definitions.values():
        del definition["title"]
        definition["description"] = _noun_phrase(definition["description"])
    _order_choices(definitions, _declared_choices())
    top = schema.pop("$ref", "").rpartition("/")[2]
    content = definitions.pop(top) if top else schema
    return {"$schema": DIALECT, "title": title, **content, "$defs": definitions}


def _noun_phrase(docstring: str) -> str:
    """Return the summary of a class as messages hold it: ``must be ...``."""
    summary = docstring.strip().partition("\n")[0].rstrip(".")
    return summary[:1].lower() + summary[1:]


def _entries(base: type[Entry]) -> list[type[Entry]]:
    """Return all classes below a class."""
    return [one for below in base.__subclasses__() for one in (below, *_entries(below))]


def _extras(entry: type[Entry], definition: dict[str, Any]) -> dict[str, Any]:
    """Return what an entry requires in addition to the types of its fields.

    ``Entry.__post_init__`` checks the same.
    """
    for name in entry.UNIQUE:
        field = definition["properties"][name]
        for form in (field, *field.get("anyOf", ())):
            if form.get("type") == "array":
                form["uniqueItems"] = True
    extras: dict[str, Any] = {}
    if entry.RULES:
        extras["allOf"] = [_conditional(rule, definition) for rule in entry.RULES]
    if entry.ONE_OF:
        extras["oneOf"] = [{"required": [name]} for name in entry.ONE_OF]
    return extras


def _declared_choices() -> dict[frozenset[Any], list[Any]]:
    """Return the values of each ``Literal`` in the order in which they are declared.

    msgspec sorts them.
    """
    found: dict[frozenset[Any], list[Any]] = {}
    waiting = [
        hint
        for entry in _entries(Entry)
        for hint in get_type_hints(entry, None, None, True).values()
    ]
    while waiting:
        kind = waiting.pop()
        if get_origin(kind) is Literal:
            found[frozenset(get_args(kind))] = list(get_args(kind))
        elif not isinstance(kind, list):
            waiting.extend(get_args(kind))
    return found


def _order_choices(part: Any, declared: dict[frozenset[Any], list[Any]]) -> None:
    """Put the choices of every field in the order in which they are declared."""
    if isinstance(part, dict) and isinstance(part.get("enum"), list):
        part["enum"] = declared.get(frozenset(part["enum"]), part["enum"])
    for inner in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        _order_choices(inner, declared)


def _conditional(rule: Rule, definition: dict[str, Any]) -> dict[str, Any]:
    condition: dict[str, Any] = {"properties": {rule.field: {"const": rule.value}}}
    if rule.value is None:
        condition = {"required": [rule.field]}
    demand: dict[str, Any] = {"required": list(rule.required)}
    if rule.alone_with:
        others = [
            name for name in definition["properties"] if name not in (rule.field, *rule.alone_with)
        ]
        words = f"{', '.join((rule.field, *rule.alone_with))} alone"
        demand = {"description": words, "not": {"anyOf": [{"required": [name]} for name in others]}}
    return {"if": {"not": condition} if rule.unless else condition, "then": demand}


def as_text(name: str) -> str:
    """Return a schema as the text of its file."""
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for schema in FILES:
        (FOLDER / f"{schema}.schema.json").write_text(as_text(schema), encoding="utf-8")
