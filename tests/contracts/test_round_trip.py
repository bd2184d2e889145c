"""What is written is read back equal: every contract, with whatever values its types allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fusebench.contracts.base import Contract, Entry
from fusebench.contracts.files import (
    FORMAT,
    StoredFile,
    as_parameter,
    from_parameter,
    read_stored,
    write_stored,
)
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.contracts.making import CONTRACTS, STORED, contracts

LOOSE = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)

by_name = pytest.mark.parametrize("kind", CONTRACTS, ids=lambda kind: kind.__name__)
stored_by_name = pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)


@by_name
@LOOSE
@given(data=st.data())
def test_a_parameter_is_read_back_equal(kind: type[Contract], data: st.DataObject) -> None:
    """A job gets exactly the parameters that its rule wrote."""
    told = data.draw(contracts(kind))
    assert from_parameter(as_parameter(told), kind) == told
    assert from_parameter(as_parameter(told, keep_order=True), kind) == told


@by_name
@LOOSE
@given(data=st.data())
def test_the_order_of_fields_changes_no_parameter(
    kind: type[Contract], data: st.DataObject
) -> None:
    """A mapping written in another order is the same parameter, so that nothing is rerun."""
    told = data.draw(contracts(kind))
    turned = json.loads(as_parameter(told), object_pairs_hook=lambda pairs: dict(pairs[::-1]))
    assert as_parameter(msgspec.convert(turned, kind)) == as_parameter(told)


@stored_by_name
@LOOSE
@given(data=st.data())
def test_a_stored_file_is_read_back_equal(
    kind: type[StoredFile], data: st.DataObject, tmp_path: Path
) -> None:
    """A file says its version, ends with a line break, and holds what was written."""
    stored = data.draw(contracts(kind))
    path = tmp_path / "folder" / "stored.json"
    write_stored(path, stored)
    assert read_stored(path, kind) == stored
    text = path.read_text(encoding="utf-8")
    assert text.endswith("}\n") and json.loads(text)["version"] == FORMAT
    assert [one.name for one in path.parent.iterdir()] == ["stored.json"]


@by_name
@LOOSE
@given(data=st.data())
def test_an_unknown_field_is_refused_by_its_name(kind: type[Contract], data: st.DataObject) -> None:
    """The message names the unknown field; it is never ignored."""
    told = msgspec.to_builtins(data.draw(contracts(kind)))
    with pytest.raises(msgspec.ValidationError, match="nobodys_field"):
        msgspec.convert({**told, "nobodys_field": 1}, kind)


def required(kind: type[Any]) -> list[str]:
    """Return the fields that a contract cannot be without."""
    return [field.encode_name for field in msgspec.structs.fields(kind) if field.required]


@pytest.mark.parametrize(
    "kind", [one for one in CONTRACTS if required(one)], ids=lambda kind: kind.__name__
)
@LOOSE
@given(data=st.data())
def test_a_missing_field_is_refused_by_its_name(kind: type[Contract], data: st.DataObject) -> None:
    """The message names the required field that is missing."""
    told = msgspec.to_builtins(data.draw(contracts(kind)))
    name = data.draw(st.sampled_from(required(kind)))
    told.pop(name)
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.convert(told, kind)


@by_name
@LOOSE
@given(data=st.data())
def test_a_field_of_another_type_is_refused(kind: type[Contract], data: st.DataObject) -> None:
    """Every field refuses a value that is of no field's type."""
    told = msgspec.to_builtins(data.draw(contracts(kind)))
    assume(told)
    name = data.draw(st.sampled_from(sorted(told)))
    wrong = [[{"": [None]}]]
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.convert({**told, name: wrong}, kind)


@by_name
def test_contracts_do_not_change(kind: type[Contract]) -> None:
    """A contract that was read cannot be changed."""
    fields = kind.__struct_fields__
    frozen = kind.__struct_config__.frozen
    assert frozen and kind.__struct_config__.forbid_unknown_fields, fields


@pytest.mark.parametrize(
    "kind", [one for one in CONTRACTS if issubclass(one, Entry)], ids=lambda kind: kind.__name__
)
@LOOSE
@given(data=st.data())
def test_an_entry_writes_what_its_person_wrote(kind: type[Entry], data: st.DataObject) -> None:
    """An entry that is written back gains no fields."""
    entry = data.draw(contracts(kind))
    written = msgspec.to_builtins(entry)
    assert msgspec.convert(written, kind) == entry
    assert msgspec.to_builtins(msgspec.convert(written, kind)) == written
