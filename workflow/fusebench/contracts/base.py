"""What all contracts share.

That is the base class, the description of a field, and the kinds of text that occur in many fields.
"""

from __future__ import annotations

from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
)

import msgspec
from msgspec import Meta, UnsetType

Kind = TypeVar("Kind")

Maybe = Union[Kind, UnsetType]  # noqa: UP007 - with | type checkers take it for a variable
"""The type of a field that may be left out; its value is then ``UNSET``, which is false."""


def says(description: str, **limits: Any) -> Meta:
    """Return the description and the limits of a field.

    Readers, the JSON schemas and error messages (``must be ...``) take it from there.

    Args:
        description: a noun phrase: what must stand in the field, with its unit.
        limits: as ``msgspec.Meta`` takes them: ``ge``, ``gt``, ``le``, ``pattern``, ``min_length``,
            ``max_length``.
    """
    return Meta(description=description, **limits)


def choices_of(kind: Any) -> tuple[Any, ...]:
    """Return the values of a ``Literal`` in the order in which they are declared.

    The ``Literal`` may have a description (``says``) or not.
    """
    return choices_of(kind.__origin__) if get_origin(kind) is Annotated else get_args(kind)


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class _ContractMeta(msgspec.StructMeta):
    """Tells type checkers that every contract is immutable.

    At run time msgspec makes subclasses immutable by itself.
    """


class Contract(msgspec.Struct, metaclass=_ContractMeta, frozen=True, forbid_unknown_fields=True):
    """A structure that one part of fusebench writes and another one reads.

    An unknown field is an error.
    """


class Rule(Contract, kw_only=True):
    """What an entry must have, or must not have, where one of its fields is given.

    The rule may also depend on the value of that field.
    """

    field: str
    value: str | None = None
    unless: bool = False
    required: tuple[str, ...] = ()
    alone_with: tuple[str, ...] = ()

    def applies(self, entry: Any) -> bool:
        """Say whether the rule holds for an entry.

        It holds where the field has the value, or where the field is given if the rule names no
        value. With ``unless`` it holds where this is not so.
        """
        found = getattr(entry, self.field)
        return (found is not msgspec.UNSET if self.value is None else found == self.value) != (
            self.unless
        )

    def refuse(self, entry: Any) -> None:
        """Raise ValueError where the rule holds and the entry breaks it."""
        fields = set(given(entry))
        if missing := [name for name in self.required if name not in fields]:
            raise ValueError(f"must have {' and '.join(missing)}")
        if self.alone_with and fields - {self.field, *self.alone_with}:
            raise ValueError(f"must have {', '.join((self.field, *self.alone_with))} alone")


class Entry(Contract, kw_only=True, omit_defaults=True):
    """A part of a YAML file that a person writes.

    Attributes:
        UNIQUE: fields whose lists hold everything once.
        RULES: which fields need which others, or exclude them.
        ONE_OF: fields of which exactly one must be there; empty for no such rule.
    """

    UNIQUE: ClassVar[tuple[str, ...]] = ()
    RULES: ClassVar[tuple[Rule, ...]] = ()
    ONE_OF: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Refuse what the types alone do not refuse.

        The JSON schema refuses the same, see ``contracts/schemas.py``.
        """
        for name in self.UNIQUE:
            values = getattr(self, name)
            if isinstance(values, list) and len(set(values)) < len(values):
                raise ValueError(f"{name} must hold everything once")
        for rule in self.RULES:
            if rule.applies(self):
                rule.refuse(self)
        if self.ONE_OF and sum(name in given(self) for name in self.ONE_OF) != 1:
            raise ValueError(f"must have one of {', '.join(self.ONE_OF)}")


NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
INSIDE_PATTERN = r"^(?!/)(?!.*(^|/)\.\.(/|$)).+$"

Name = Annotated[
    str,
    says(
        "a name is made of letters, digits, '.', '_' and '-', and begins with a letter or digit"
        " (it becomes a folder)",
        pattern=NAME_PATTERN,
    ),
]
Commit = Annotated[
    str,
    says(
        "the full commit hash of 40 lower-case hexadecimal digits, in quotes (a branch, a tag or a"
        " short hash can move and is refused)",
        pattern=r"^[0-9a-f]{40}$",
    ),
]
DeviceKind = Annotated[Literal["cpu", "cuda"], says("cpu or cuda")]
SandboxLevel = Annotated[
    Literal["bwrap", "userns", "apptainer", "env-only"],
    says("bwrap, userns, apptainer or env-only: how a script is shut in, the strongest first"),
]
DEFAULT_FILE_MB = 20_000
DEFAULT_SCRATCH_MB = 100_000
"""The size of the largest file that a script may write, in MB; far above what one needs."""
DatasetKind = Annotated[
    Literal["generated", "git", "local"],
    says("generated, git or local: where the images come from"),
]
MarkerPath = Annotated[str, says("the path of a marker, from the project's folder on")]
RecordPath = Annotated[str, says("the path of a record, from the project's folder on")]
MetricIds = Annotated[list[str], says("ids of metrics, as `fusebench list metrics` prints them")]
SHA256_PATTERN = r"^[0-9a-f]{64}$"


def inside(description: str) -> Meta:
    """Return the description of a path inside a repository: relative, without ``..``."""
    return says(description, pattern=INSIDE_PATTERN)


def text(description: str) -> Meta:
    """Return the description of a text that is not empty."""
    return says(description, min_length=1)


def given(fields: msgspec.Struct) -> dict[str, Any]:
    """Return the fields that an entry gives, by name, without those that it leaves out."""
    pairs = ((name, getattr(fields, name)) for name in fields.__struct_fields__)
    return {name: value for name, value in pairs if value is not msgspec.UNSET}
