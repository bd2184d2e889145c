"""Writes ``docs/contracts.md``: every field of every contract, from the contracts themselves.

Run ``python -m fusebench.contracts.documentation > docs/contracts.md``.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fusebench.contracts.base import Contract

INTRODUCTION = """\
# Contracts

<!-- Written by `python -m fusebench.contracts.documentation`; edit the contracts instead. -->

Every structure that one part of fusebench writes and another one reads. A field that is not listed
is an error, and so is a field of another type: the message names the file and the field, says what
must be and what was found, and the step is run again. Stored files have a `version`; a file of an
older version is converted, or refused as outdated.

In the column `default`, `-` marks a field that must be given, and `absent` a field that may be left
out.
"""

MODULES = (
    "methods",
    "datasets",
    "configuration",
    "weights",
    "training",
    "causes",
    "jobs.resources",
    "jobs.training",
    "jobs.fusing",
    "jobs.comparing",
    "jobs.papers",
    "jobs.evidence",
    "jobs.session",
    "markers",
    "receipts",
    "records",
    "harness",
    "tables",
    "evidence",
)
"""The modules below ``fusebench.contracts``, in the order of the flow."""


def documentation() -> str:
    """Return the text of ``docs/contracts.md``."""
    return "\n".join([INTRODUCTION, *(line for name in MODULES for line in _module(name))])


def _module(name: str) -> Iterator[str]:
    """Yield the lines of a module: its docstring, and a table for each of its structures."""
    module = importlib.import_module(f"fusebench.contracts.{name}")
    yield f"## {name}\n"
    yield f"{_as_markdown(inspect.getdoc(module) or '')}\n"
    for kind in vars(module).values():
        if (
            inspect.isclass(kind)
            and issubclass(kind, Contract)
            and kind.__module__ == module.__name__
        ):
            yield from _structure(kind)


def _structure(kind: type[Contract]) -> Iterator[str]:
    """Yield the lines of a structure."""
    yield f"### {kind.__name__}\n"
    yield f"{_as_markdown((inspect.getdoc(kind) or '').partition('Attributes:')[0].strip())}\n"
    structures = msgspec.json.schema(kind)["$defs"]
    fields = structures[kind.__name__]
    required = fields.get("required", ())
    if fields["properties"]:
        yield "| field | type | default | meaning |\n|---|---|---|---|"
    for name, field in fields["properties"].items():
        default = "-" if name in required else _default(field)
        yield f"| `{name}` | {_type(field)} | {default} | {_meaning(field, structures)} |"
    yield ""


def _default(field: Mapping[str, Any]) -> str:
    if "default" not in field:
        return "absent"
    return f"`{json.dumps(field['default'], ensure_ascii=False)}`"


def _meaning(field: Mapping[str, Any], structures: Mapping[str, Any]) -> str:
    """Return what a field means; one that is a structure may leave it to that structure."""
    structure = structures.get(str(field.get("$ref")).rpartition("/")[2], {})
    text = field.get("description") or structure.get("description", "").partition("\n")[0]
    return str(text).replace("|", "\\|")


def _type(field: Mapping[str, Any]) -> str:
    """Return the type of a field as a reader of JSON names it."""
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    return _container(field) or str(field.get("type", "any"))


def _container(field: Mapping[str, Any]) -> str:
    """Return the type of an array or a mapping; empty for any other."""
    if "prefixItems" in field:
        return f"array of {len(field['prefixItems'])}: {_type(field['prefixItems'][0])}"
    if field.get("type") == "array":
        return f"array of {_type(field.get('items', {}))}"
    if field.get("type") == "object":
        return f"mapping to {_type(field.get('additionalProperties') or {})}"
    return ""


def _as_markdown(text: str) -> str:
    return text.replace("``", "`")


if __name__ == "__main__":
    print(documentation(), end="")
