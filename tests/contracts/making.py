"""Makes contracts of every kind, with values that are drawn by their types alone."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Any

import fusebench.contracts
import msgspec
from fusebench.contracts.base import Contract, Entry, Rule
from fusebench.contracts.files import StoredFile
from hypothesis import reject
from hypothesis import strategies as st
from msgspec import NODEFAULT, UNSET, inspect

for module in pkgutil.walk_packages(fusebench.contracts.__path__, "fusebench.contracts."):
    importlib.import_module(module.name)

BASES = (Rule, Entry, StoredFile)
"""What is no contract by itself."""


def below(kind: type[Any]) -> Iterator[type[Any]]:
    """Yield all classes below a class."""
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


CONTRACTS: list[type[Contract]] = sorted(
    {
        one
        for one in below(Contract)
        if one not in BASES and one.__module__.startswith("fusebench.contracts.")
    },
    key=lambda one: one.__qualname__,
)
STORED: list[type[StoredFile]] = [one for one in CONTRACTS if issubclass(one, StoredFile)]

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6)


def within(low: Any, high: Any, span: int) -> tuple[Any, Any]:
    """Return limits of numbers, where some are missing."""
    low = -span if low is None else low
    return low, max(low, span) if high is None else high


def texts(kind: inspect.StrType) -> st.SearchStrategy[str]:
    """Return texts that a pattern allows."""
    if kind.pattern:
        return st.from_regex(kind.pattern, alphabet=st.characters(codec="ascii"))
    return st.text(min_size=kind.min_length or 0, max_size=(kind.min_length or 0) + 6)


def numbers(kind: inspect.IntType | inspect.FloatType) -> st.SearchStrategy[Any]:
    """Return numbers within their limits."""
    if isinstance(kind, inspect.IntType):
        low = kind.ge if kind.gt is None else kind.gt + 1
        high = kind.le if kind.lt is None else kind.lt - 1
        return st.integers(*within(low, high, 2**31))
    low, high = within(kind.gt if kind.ge is None else kind.ge, kind.le, 10**6)
    return st.floats(
        low, high, exclude_min=kind.gt is not None, allow_nan=False, allow_infinity=False
    )


def lists(kind: Any, items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Return lists within their limits; each value is there once, which is never wrong."""
    low = kind.min_length or 0
    high = low + 3 if kind.max_length is None else kind.max_length
    return st.lists(items, min_size=low, max_size=high, unique_by=repr)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Return plain data, as JSON holds it, that a type accepts."""
    match kind:
        case inspect.Metadata():
            return values(kind.type)
        case inspect.StructType():
            return fields_of(kind.cls)
        case inspect.StrType():
            return texts(kind)
        case inspect.IntType() | inspect.FloatType():
            return numbers(kind)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.UnionType():
            return st.one_of(*map(values, kind.types))
        case inspect.ListType() | inspect.VarTupleType():
            return lists(kind, values(kind.item_type))
        case inspect.TupleType():
            return st.tuples(*map(values, kind.item_types)).map(list)
        case inspect.DictType():
            low = kind.min_length or 0
            return st.dictionaries(
                values(kind.key_type), values(kind.value_type), min_size=low, max_size=low + 2
            )
    raise TypeError(f"no strategy for {kind}")


def fields_of(kind: type[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return the fields of a contract as plain data.

    Fields that may be left out are there or not.
    """
    return st.deferred(lambda: drawn_fields(kind))


@st.composite
def drawn_fields(draw: st.DrawFn, kind: type[Contract]) -> dict[str, Any]:
    """Draw the fields of a contract, with one of those that exclude each other."""
    alternatives = getattr(kind, "ONE_OF", ())
    chosen = draw(st.sampled_from(alternatives)) if alternatives else None
    data = {}
    for field, drawn in drawn_by_field(kind):
        wanted = field.required or field.name == chosen
        if field.name in alternatives and field.name != chosen:
            continue
        if field.encode_name == "version" and issubclass(kind, StoredFile):
            continue
        if wanted or draw(st.booleans()):
            data[field.encode_name] = draw(drawn)
    return data


@cache
def drawn_by_field(kind: type[Any]) -> list[tuple[inspect.Field, st.SearchStrategy[Any]]]:
    """Return the fields of a contract, each with what draws its value; made once, as it is slow."""
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    return [(field, values(field.type)) for field in described.fields]


@st.composite
def contracts(draw: st.DrawFn, kind: type[Contract]) -> Any:
    """Draw a contract; where the fields of an entry contradict each other, draw again."""
    try:
        return msgspec.convert(draw(fields_of(kind)), kind)
    except msgspec.ValidationError:
        if not has_rules(kind):
            raise
        reject()


@cache
def has_rules(kind: type[Any]) -> bool:
    """Say whether values of the right types can still be refused."""
    inside = {kind, *parts_of(inspect.type_info(kind))}
    return any(getattr(one, "RULES", ()) or getattr(one, "ONE_OF", ()) for one in inside)


def parts_of(kind: Any) -> set[type[Any]]:
    """Return the contracts that a type is made of."""
    own = {kind.cls} if isinstance(kind, inspect.StructType) else set()
    inner = [getattr(kind, name, None) for name in ("type", "item_type", "key_type", "value_type")]
    inner += [*getattr(kind, "types", ()), *getattr(kind, "item_types", ())]
    if isinstance(kind, inspect.StructType):
        inner += [field.type for field in kind.fields]
    return own.union(*(parts_of(one) for one in inner if one is not None))


def default_of(field: Any) -> Any:
    """Return what stands where a field is left out; UNSET where nothing does."""
    if field.default_factory is not NODEFAULT:
        return field.default_factory()
    return UNSET if field.default is NODEFAULT else field.default
