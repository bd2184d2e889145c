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
from hypothesis import HealthCheck, given, settings
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


def a_parameter_is_read_back_equal(kind: type[Any], told: Contract) -> None:
    """A job gets exactly the parameters that its rule wrote."""
    assert from_parameter(as_parameter(told), kind) == told
    assert from_parameter(as_parameter(told, keep_order=True), kind) == told


def the_order_of_fields_changes_no_parameter(kind: type[Any], told: Contract) -> None:
    """A mapping written in another order is the same parameter, so that nothing is rerun."""
    turned = json.loads(as_parameter(told), object_pairs_hook=lambda pairs: dict(pairs[::-1]))
    assert as_parameter(msgspec.convert(turned, kind)) == as_parameter(told)


def an_unknown_field_is_refused_by_its_name(kind: type[Any], told: Contract) -> None:
    """The message names the unknown field; it is never ignored."""
    with pytest.raises(msgspec.ValidationError, match="nobodys_field"):
        msgspec.convert({**msgspec.to_builtins(told), "nobodys_field": 1}, kind)


def a_missing_field_is_refused_by_its_name(kind: type[Any], told: Contract) -> None:
    """The message names the required field that is missing."""
    for name in required(kind):
        left = {key: one for key, one in msgspec.to_builtins(told).items() if key != name}
        with pytest.raises(msgspec.ValidationError, match=name):
            msgspec.convert(left, kind)


def required(kind: type[Any]) -> list[str]:
    """Return the fields that a contract cannot be without."""
    return [field.encode_name for field in msgspec.structs.fields(kind) if field.required]


def a_field_of_another_type_is_refused(kind: type[Any], told: Contract) -> None:
    """Every field refuses a value that is of no field's type."""
    written = msgspec.to_builtins(told)
    wrong = [[{"": [None]}]]
    for name in written:
        with pytest.raises(msgspec.ValidationError, match=name):
            msgspec.convert({**written, name: wrong}, kind)


def an_entry_writes_what_its_person_wrote(kind: type[Any], told: Contract) -> None:
    """An entry that is written back gains no fields."""
    if not issubclass(kind, Entry):
        return
    written = msgspec.to_builtins(told)
    assert msgspec.convert(written, kind) == told
    assert msgspec.to_builtins(msgspec.convert(written, kind)) == written


PROMISES = (
    a_parameter_is_read_back_equal,
    the_order_of_fields_changes_no_parameter,
    an_unknown_field_is_refused_by_its_name,
    a_missing_field_is_refused_by_its_name,
    a_field_of_another_type_is_refused,
    an_entry_writes_what_its_person_wrote,
)


@by_name
@LOOSE
@given(data=st.data())
def test_a_contract_keeps_its_promises(kind: type[Contract], data: st.DataObject) -> None:
    """Each promise holds for any values of the right types; drawing them is what takes time."""
    told = data.draw(contracts(kind))
    for holds in PROMISES:
        holds(kind, told)


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
def test_contracts_do_not_change(kind: type[Contract]) -> None:
    """A contract that was read cannot be changed."""
    fields = kind.__struct_fields__
    frozen = kind.__struct_config__.frozen
    assert frozen and kind.__struct_config__.forbid_unknown_fields, fields
