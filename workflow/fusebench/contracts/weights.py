"""The files of trained parameters that an entry of ``methods.yaml`` names."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET

from fusebench.contracts.base import SHA256_PATTERN, Entry, Maybe, inside, says, text

Sha256 = Annotated[
    str,
    says("a sha256 of 64 lower-case hexadecimal digits, in quotes", pattern=SHA256_PATTERN),
]


class WeightEntry(Entry, kw_only=True):
    """One file of trained parameters: path, and sha256, url or page."""

    path: Annotated[str, inside("where the script expects the file, below the repository's top")]
    sha256: Maybe[Sha256] = UNSET
    url: Maybe[Annotated[str, text("an address from which the file can be fetched")]] = UNSET
    page: Maybe[
        Annotated[str, text("an address that a person can open (a drive or a cloud folder)")]
    ] = UNSET
    password: Maybe[Annotated[str, text("the code that the page asks for")]] = UNSET
