"""An entry of methods.yaml under its name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from fusebench.contracts.methods import (
    CheckInputs,
    Convert,
    MethodEntry,
    Paper,
    Resources,
    RunPart,
    SelfcheckEntry,
    Stage,
    Verified,
)
from fusebench.errors import RegistryError
from fusebench.registry.methods import (
    Method,
    is_local,
    links_of,
    owner_and_name,
    why_skipped,
    with_fields,
)
from fusebench.registry.selfchecks import checks_of

from tests.registry.small import RUN, method


def test_what_an_entry_leaves_out_has_a_default() -> None:
    """The name is the label, and everything else is empty or unknown."""
    entry = {"title": "T", "tasks": ["medical"], "code": "x", "status": "no-code", "reason": "r"}
    bare = Method("bare", msgspec.convert(entry, MethodEntry))
    assert (bare.label, bare.env, bare.commit) == ("bare", "", None)
    assert (bare.paper, bare.resources) == (Paper(), Resources())
    assert (bare.weights, checks_of(bare), bare.verified) == ([], [], None)


def test_what_an_entry_gives_is_shown() -> None:
    """Label and year are shown as written; a title of several lines becomes one line."""
    given = method(
        title="A title\n  over  lines",
        label="One",
        paper={"year": 2024},
    )
    shown = (given.title, given.label, given.paper.year, given.commit)
    assert shown == ("A title over lines", "One", 2024, "0" * 40)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ""),
        ({"status": "no-weights", "reason": "the link is dead"}, "no-weights: the link is dead"),
        ({"status": "unsupported", "reason": "MATLAB"}, "unsupported: MATLAB"),
    ],
)
def test_a_method_that_cannot_be_run_says_why(fields: dict[str, Any], why: str) -> None:
    """The text is its status and the reason of the entry; it is empty for an active method."""
    found = method(**fields)
    assert (found.why_not, found.is_active) == (why, not why)


def test_the_reason_of_a_method_ends_with_its_links() -> None:
    """Its own addresses come first, then those of its weights, each once."""
    weights = [
        {"path": "a", "drive": {"id": "0123456789"}, "page": "https://pan.example.org/s/1"},
        {"path": "b", "page": "https://pan.example.org/s/1"},
    ]
    addresses = [
        *("https://example.org/x", "https://drive.google.com/file/d/0123456789"),
        "https://pan.example.org/s/1",
    ]
    links = ["https://example.org/x"]
    found = method(weights=weights, status="no-code", reason="404", links=links)
    assert links_of(found) == addresses
    assert why_skipped(found) == f"no-code: 404; see {', '.join(addresses)}"
    assert (links_of(method()), why_skipped(method())) == ([], "")


def test_a_method_without_run_is_refused_by_name() -> None:
    """The error names the method and the reason why it cannot be run."""
    gone = method("gone", run=None, env=None, status="no-code", reason="404")
    with pytest.raises(RegistryError, match=r"methods\.yaml: gone cannot be run: no-code: 404"):
        gone.run_for("pairs", "infrared-visible")


@pytest.mark.parametrize(
    ("verified", "is_known"),
    [
        (None, False),
        ("none", False),
        (
            {"date": "2026-01-02", "device": "cpu", "dataset": "d", "outputs_sha256": "0" * 64},
            True,
        ),
    ],
)
def test_only_what_was_produced_is_verified(verified: Any, is_known: bool) -> None:
    """``verified: none`` means the same as no field."""
    assert isinstance(method(verified=verified).verified, Verified) == is_known


def test_one_self_check_or_several() -> None:
    """A single check and a list of checks both give a list."""
    one = {"name": "x", "inputs": {"a": "in/a", "b": "in/b"}}
    entry = SelfcheckEntry(name="x", inputs=CheckInputs(a="in/a", b="in/b"))
    for given in (one, [one]):
        assert [check.entry for check in checks_of(method(selfcheck=given))] == [entry]


def test_the_nearest_part_of_run_wins() -> None:
    """A dataset's part replaces its task's part, which replaces the entry's.

    Whole fields are replaced, and only those that a part gives.
    """
    run = {
        **RUN,
        "args": "--entry",
        "seed": 1,
        "convert": {"a": "gray"},
        "environ": {"X": "1"},
        "per_task": {"infrared-visible": {"args": "--task", "seed": 2, "environ": {"Y": "2"}}},
        "per_dataset": {"pairs": {"seed": 3, "convert": {"b": "rgb"}}},
    }
    found = method(run=run)
    plain = found.run_for("others", "medical")
    assert (plain.args, plain.seed, plain.environ) == ("--entry", 1, {"X": "1"})
    by_task = found.run_for("others", "infrared-visible")
    assert (by_task.args, by_task.seed, by_task.environ) == ("--task", 2, {"Y": "2"})
    both = found.run_for("pairs", "infrared-visible")
    assert (both.args, both.seed, both.convert) == ("--task", 3, Convert(b="rgb"))
    assert found.run_for("pairs", "medical").args == "--entry"
    assert both.stage == Stage(a="a/{name}.png", b="b/{name}.png") and both.script == "test.py"


def test_the_defaults_of_run_are_those_that_the_hash_of_a_cell_knows() -> None:
    """A field with a default is there whether an entry gives it or not.

    A cell stays the same when a default is written out.
    """
    plain = method().run_for("pairs", "infrared-visible")
    told = {
        "args": "",
        "cwd": ".",
        "convert": {},
        "first_index": 1,
        "make_folders": True,
        "unpack": [],
        "size": "fail",
        "output_range": "0-255",
        "edit": {},
        "compat": [],
        "devices": ["cpu", "cuda"],
        "environ": {},
        "model_functions": {},
        "seed": 0,
    }
    assert msgspec.to_builtins(plain) == {**RUN, **told}
    assert method(run={**RUN, **told}).run_for("pairs", "infrared-visible") == plain


def test_fields_of_a_run_are_replaced_by_several_parts() -> None:
    """The last part wins; what a part leaves out stays; the run itself is not changed."""
    run = method().run_for("pairs", "infrared-visible")
    part = RunPart(seed=4, args="--x")
    changed = with_fields(run, part, {"seed": 5})
    assert (changed.seed, changed.args, changed.collect) == (5, "--x", run.collect)
    assert (run.seed, run.args) == (0, "")


@pytest.mark.parametrize(
    ("code", "owner", "name"),
    [
        ("https://github.com/Lab/Net", "Lab", "Net"),
        ("https://github.com/Lab/Net/", "Lab", "Net"),
        ("https://github.com/Lab/Net.git", "Lab", "Net"),
        ("https://gitlab.org/group/Lab/Net.git/", "Lab", "Net"),
        ("git@github.com:Lab/Net.git", "Lab", "Net"),
        ("file:///mirrors/Lab/Net", "Lab", "Net"),
        ("baselines", "local", "baselines"),
        ("/home/me/code/", "local", "code"),
        ("../mine", "local", "mine"),
        (".", "local", "folder"),
    ],
)
def test_a_repository_is_known_by_owner_and_name(code: str, owner: str, name: str) -> None:
    """The address may be written in several ways; a local folder has no owner."""
    assert owner_and_name(code) == (owner, name)
    assert is_local(code) == (owner == "local")
