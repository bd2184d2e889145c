"""Every field is described once, where it is declared.

Readers, schemas and messages take the description from there.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts import configuration, datasets, methods
from fusebench.contracts.base import Contract, Rule
from fusebench.contracts.schemas import FILES, as_text, schema_of
from msgspec import inspect

from tests.contracts.making import CONTRACTS

REPOSITORY = Path(__file__).resolve().parents[2]
DESCRIBED = [one for one in CONTRACTS if not issubclass(one, Rule)]
by_name = pytest.mark.parametrize("kind", DESCRIBED, ids=lambda kind: kind.__name__)


def description(kind: Any) -> str:
    """Return the description of a type; of one of several types, that of the first."""
    if isinstance(kind, inspect.Metadata):
        return str((kind.extra_json_schema or {}).get("description", "")) or description(kind.type)
    if isinstance(kind, inspect.StructType):
        return kind.cls.__doc__ or ""
    if isinstance(kind, inspect.UnionType):
        return next(filter(None, map(description, kind.types)), "")
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return description(kind.item_type)
    return description(kind.value_type) if isinstance(kind, inspect.DictType) else ""


@by_name
def test_every_contract_says_what_it_is(kind: type[Contract]) -> None:
    """A class has a docstring of its own."""
    assert "__doc__" in vars(kind) and vars(kind)["__doc__"]


@by_name
def test_every_field_says_what_it_means(kind: type[Contract]) -> None:
    """Each field has a description; a field that is a contract is described by its class."""
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    missing = [field.name for field in described.fields if not description(field.type).strip()]
    assert missing == []


UNITS = {"seconds": "second", "bytes": "byte", "minutes": "minute", "mb": "MB|megabyte"}


@by_name
def test_a_measured_field_says_its_unit(kind: type[Contract]) -> None:
    """Where the name says what is counted, the description says in which unit."""
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    for field in described.fields:
        for word, unit in UNITS.items():
            if field.name.split("_")[-1] == word and "Str" not in repr(field.type):
                assert re.search(unit, description(field.type)), field.name


@pytest.mark.parametrize("name", FILES)
def test_schemas_are_those_of_the_contracts(name: str) -> None:
    """The files that editors read agree with the contracts.

    If not, run `python -m fusebench.contracts.schemas`.
    """
    path = REPOSITORY / "workflow" / "schemas" / f"{name}.schema.json"
    assert path.read_text(encoding="utf-8") == as_text(name)


@pytest.mark.parametrize("name", FILES)
def test_schemas_describe_every_field(name: str) -> None:
    """An editor shows what a field means while a person writes it."""
    schema = schema_of(name)
    for place in [schema, *schema["$defs"].values()]:
        for field, part in place.get("properties", {}).items():
            assert "description" in part or "$ref" in json.dumps(part), field


def test_messages_read_well() -> None:
    """A description can follow "must be": it begins in lower case and has no full stop."""
    for module in (methods, datasets, configuration):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Contract):
                check_phrases(value)


def check_phrases(kind: type[Contract]) -> None:
    """Check the descriptions of the fields of an entry."""
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    for field in described.fields:
        if isinstance(field.type, inspect.Metadata) and field.type.extra_json_schema:
            told = field.type.extra_json_schema["description"]
            assert not told.endswith(".") and not re.match(r"[A-Z][a-z]", told), told
