"""A stored file that is damaged, or of another version, is refused or converted.

A refusal names the file, the field and what was found.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fusebench.contracts.evidence import ClaimResults, SelfcheckResult, SpreadResult
from fusebench.contracts.files import (
    AGAIN,
    FORMAT,
    StoredFile,
    from_parameter,
    read_stored,
    write_stored,
)
from fusebench.contracts.jobs.resources import SourceJob
from fusebench.contracts.markers import (
    Attempts,
    EnvironmentMarker,
    FusedCells,
    Holder,
    Manifest,
    SourceMarker,
    WeightsMarker,
)
from fusebench.errors import OutdatedFile, UnreadableFile
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.making import STORED, contracts
from tests.contracts.test_round_trip import LOOSE

EXAMPLE = SourceMarker(path="resources/sources/a+b@0", code="https://example.org/a/b", commit="0")


def refusal(path: Path, kind: type[StoredFile]) -> str:
    """Return the message with which a file is refused."""
    with pytest.raises(UnreadableFile) as told:
        read_stored(path, kind)
    return str(told.value)


def changed(folder: Path, **fields: Any) -> Path:
    """Write the example with other fields; one that is None is left out."""
    data = {**msgspec.to_builtins(EXAMPLE), **fields}
    path = folder / "marker.json"
    path.write_text(json.dumps({name: one for name, one in data.items() if one is not ...}))
    return path


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
@LOOSE
@given(data=st.data())
def test_a_truncated_file_is_refused(
    kind: type[StoredFile], data: st.DataObject, tmp_path: Path
) -> None:
    """Wherever the file ends too early, it is refused.

    The message names the file, how many bytes it has, and what to do.
    """
    path = tmp_path / "stored.json"
    write_stored(path, data.draw(contracts(kind)))
    whole = path.read_bytes().rstrip()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    told = refusal(path, kind)
    assert told.startswith(f"{path}: must be a whole JSON file; found {path.stat().st_size} bytes")
    assert told.endswith(AGAIN)


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
@LOOSE
@given(data=st.data())
def test_flipped_bytes_never_end_in_another_error(
    kind: type[StoredFile], data: st.DataObject, tmp_path: Path
) -> None:
    """A file with changed bytes is read, or refused with the error that readers expect."""
    path = tmp_path / "stored.json"
    write_stored(path, data.draw(contracts(kind)))
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        read_stored(path, kind)
    except UnreadableFile as error:
        assert str(error).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "fine"}, 'state: must be .*; found "fine"|state: invalid enum value'),
        ({"commit": 7}, "commit: must be `str | null`; found 7"),
        ({"submodules": {"a": 1}}, "submodules.*: must be `str`; found .*1"),
        ({"absent": "all"}, 'absent: must be `array`; found "all"'),
        ({"kommit": "0"}, "kommit"),
    ],
    ids=["value", "type", "type inside", "list", "unknown field"],
)
def test_a_wrong_field_is_told(fields: dict[str, Any], words: str, tmp_path: Path) -> None:
    """The message names file and field, what must be there, what was found, and what to do."""
    path = changed(tmp_path, **fields)
    told = refusal(path, SourceMarker)
    assert told.startswith(f"{path}: ") and told.endswith(AGAIN)
    assert re.search(words, told), told


@pytest.mark.parametrize(
    ("text", "words"),
    [("[]", "must hold a JSON object; found []"), ('"x"', 'found "x"'), ("", "found 0 bytes")],
)
def test_what_is_no_object_is_told(text: str, words: str, tmp_path: Path) -> None:
    """JSON that is no object is refused."""
    path = tmp_path / "marker.json"
    path.write_text(text)
    assert words in refusal(path, SourceMarker)


def test_a_long_value_is_shown_in_part(tmp_path: Path) -> None:
    """A message stays readable: it shows only the beginning of a long value."""
    told = refusal(changed(tmp_path, absent="x" * 1000), SourceMarker)
    assert "..." in told and len(told) < 400


@pytest.mark.parametrize("version", [FORMAT + 1, 1000, "2", None, 2.5, [2]])
def test_a_file_of_a_newer_version_is_refused(version: Any, tmp_path: Path) -> None:
    """fusebench does not guess what a newer fusebench wrote."""
    path = changed(tmp_path, version=version)
    told = refusal(path, SourceMarker)
    assert f"version must be {FORMAT} or less" in told
    assert "of a newer fusebench: update fusebench, or remove the file" in told


@pytest.mark.parametrize(
    "kind", [SelfcheckResult, SpreadResult, ClaimResults], ids=lambda kind: kind.__name__
)
@pytest.mark.parametrize("written", [{}, {"version": 1}], ids=["without a version", "version 1"])
def test_an_older_file_that_cannot_be_used_is_outdated(
    kind: type[StoredFile], written: dict[str, Any], tmp_path: Path
) -> None:
    """A kind whose older form says less is refused as outdated, and is made again."""
    path = tmp_path / "old.json"
    path.write_text(json.dumps(written))
    with pytest.raises(OutdatedFile) as told:
        read_stored(path, kind)
    assert f"version must be {kind.OLDEST} or more; found 1, of an older fusebench" in str(
        told.value
    )


FIRST: dict[type[StoredFile], dict[str, Any]] = {
    SourceMarker: {
        "state": "ok",
        "reason": "",
        "path": "resources/sources/o+n@0",
        "code": "https://example.org/o/n",
        "origin": "/mirror",
        "commit": "0",
        "tree": "1",
        "absent": [],
        "submodules": {},
    },
    WeightsMarker: {"state": "weights-missing", "reason": "no address"},
    EnvironmentMarker: {"state": "env-failed", "reason": "no lock"},
    Manifest: {"state": "skipped", "reason": "no images"},
    Attempts: {"attempts": 2, "failed": True},
    Holder: {
        "host": "n1",
        "pid": 7,
        "slurm_job": None,
        "run": "7-abc",
        "since": "2026-01-01T00:00:00+00:00",
    },
}
"""Files as fusebench 0.1 wrote them, without a version."""


@pytest.mark.parametrize("kind", FIRST, ids=lambda kind: kind.__name__)
def test_files_of_the_first_version_are_taken_over(kind: type[StoredFile], tmp_path: Path) -> None:
    """Files from before there were versions have the same meaning today."""
    path = tmp_path / "old.json"
    path.write_text(json.dumps(FIRST[kind]))
    read = read_stored(path, kind)
    assert read.version == FORMAT
    said = {**FIRST[kind]}
    if kind is Holder:
        said["session"] = said.pop("run")
    assert {name: getattr(read, name) for name in said} == said


def test_an_absent_file_is_no_damaged_one(tmp_path: Path) -> None:
    """Readers can tell a file that was not written yet from a damaged one."""
    with pytest.raises(FileNotFoundError):
        read_stored(tmp_path / "none.json", FusedCells)


def test_the_remedy_is_the_readers(tmp_path: Path) -> None:
    """What to do about a damaged file depends on who reads it."""
    path = changed(tmp_path, commit=7)
    with pytest.raises(UnreadableFile, match=r"build the environment again$"):
        read_stored(path, SourceMarker, "build the environment again")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"code": 1}', '{"code": "a"}', '{"x": 1}'])
def test_a_parameter_that_is_none_is_refused(text: str) -> None:
    """A job whose parameter breaks its contract stops before it does anything."""
    with pytest.raises(UnreadableFile, match="the parameter of this job"):
        from_parameter(text, SourceJob)
