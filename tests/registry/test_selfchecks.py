"""Self-checks of an entry: their defaults, their paths, and mistakes in their pairing."""

from __future__ import annotations

from typing import Any

import pytest
from fusebench.contracts.jobs.evidence import CommittedJob
from fusebench.contracts.methods import CheckPair
from fusebench.registry.datasets import ImageSet
from fusebench.registry.selfchecks import Check, checks_of, pattern_of

from tests.registry.small import SmallProject, method

INPUTS = {"a": "in/a", "b": "in/b"}


def check(**fields: Any) -> Check:
    """Return the only self-check of a method that is for two tasks."""
    tasks = ["infrared-visible", "multi-focus"]
    [found] = checks_of(method(tasks=tasks, selfcheck={"inputs": INPUTS, **fields}))
    return found


def test_what_a_check_leaves_out_has_a_default() -> None:
    """One run, compared within one gray level, on images of the method's first task."""
    found = check()
    assert (found.name, found.task, found.tolerance, found.runs) == (
        "committed",
        "infrared-visible",
        1.0,
        1,
    )
    assert found.threads(1) is None and found.threads(7) is None
    assert found.images == ImageSet("committed", "infrared-visible", ("infrared", "visible"))
    assert found.job == CommittedJob(
        a="in/a/{name}.*", b="in/b/{name}.*", expect=None, pairs=None, unpack=[]
    )


def test_what_a_check_gives_is_taken() -> None:
    """A check may give name, task, tolerance and runs, and what one or both sides show."""
    found = check(
        name="paper",
        task="multi-focus",
        tolerance={"max_abs": 0},
        repeats=3,
        threads=[4, 1],
        modalities={"b": "far"},
        expect="out/{name}_f.png",
        pairs=["1", "2"],
        unpack=["data.zip"],
    )
    assert (found.name, found.task, found.tolerance, found.runs) == ("paper", "multi-focus", 0.0, 3)
    assert [found.threads(run) for run in (1, 2, 3)] == [4, 1, 4]
    assert found.images == ImageSet("paper", "multi-focus", ("near-focus", "far"))
    assert found.job == CommittedJob(
        a="in/a/{name}.*",
        b="in/b/{name}.*",
        expect="out/{name}_f.png",
        pairs=["1", "2"],
        unpack=["data.zip"],
    )


def test_pairs_may_name_their_files() -> None:
    """Where no pattern fits, each pair names its files; then there are no patterns."""
    pairs = {"p": {"a": "x.png", "b": "y.png", "expect": "z.png"}}
    [found] = checks_of(method(selfcheck={"pairs": pairs}))
    assert found.job == CommittedJob(
        a=None,
        b=None,
        expect=None,
        pairs={"p": CheckPair(a="x.png", b="y.png", expect="z.png")},
        unpack=[],
    )


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("in/a", "in/a/{name}.*"),
        ("in/a/", "in/a/{name}.*"),
        ("results/v1.0", "results/v1.0/{name}.*"),
        ("in/{name}.png", "in/{name}.png"),
        ("in/{name}/a", "in/{name}/a"),
        ("in/one.png", "in/one.png"),
        ("in/one.TIF", "in/one.TIF"),
        ("in/{index}", "in/{index}/{name}.*"),
        ("in/notes.txt", "in/notes.txt/{name}.*"),
    ],
)
def test_a_path_is_an_image_a_pattern_or_a_folder(path: str, pattern: str) -> None:
    """A path that has no {name} and no suffix of an image is a folder, even with dots in it."""
    assert pattern_of(path) == pattern


def test_a_method_has_as_many_checks_as_it_lists() -> None:
    """A method has none, one, or several in their order."""
    listed = [{"name": name, "inputs": INPUTS} for name in ("x", "y")]
    assert checks_of(method()) == []
    assert [one.name for one in checks_of(method(selfcheck=listed))] == ["x", "y"]


@pytest.mark.parametrize(
    ("selfcheck", "told"),
    [
        (
            {"inputs": INPUTS, "pairs": ["x/y"]},
            "methods.yaml:19 (one.selfcheck.pairs.0): must be a name of a pair: without '/', '\\',"
            " '{', '}' and control characters, and not beginning with '.'; found \"x/y\"",
        ),
        (
            {"inputs": INPUTS, "pairs": ["x" * 201]},
            "methods.yaml:18 (one.selfcheck.pairs): must be names of pairs; found"
            f" '{'x' * 201}': it is longer than 200 bytes",
        ),
        (
            {"inputs": INPUTS, "task": "medical"},
            "methods.yaml:18 (one.selfcheck.task): must be one of the method's tasks"
            " (infrared-visible); found 'medical'",
        ),
        (
            {"expect": "out", "pairs": ["p"]},
            "methods.yaml:14 (one.selfcheck): must have `inputs` (a, b), or `pairs` that give a and"
            " b for each name",
        ),
        (
            {"inputs": INPUTS, "expect": "out.png"},
            "methods.yaml:18 (one.selfcheck.expect): must hold {name}, or be a folder, so that each"
            " pair has its own image; found the single file 'out.png'; name the one pair that it"
            " belongs to in `pairs`",
        ),
        (
            {"pairs": {"p": {"expect": "z.png"}}},
            "methods.yaml:16 (one.selfcheck.pairs.p): must give both a and b; found no a and no b",
        ),
        (
            {"expect": "out", "pairs": {"p": {"a": "x", "b": "y", "expect": "z"}}},
            "methods.yaml:17 (one.selfcheck.pairs.p): must not give `expect`, because the check has"
            " a pattern for it; remove one of the two",
        ),
        (
            {
                "pairs": {
                    "p": {"a": "x", "b": "y", "expect": "z"},
                    "q": {"a": "v", "b": "w", "expect": "z"},
                }
            },
            "methods.yaml:20 (one.selfcheck.pairs.q): the committed output 'z' must belong to one"
            " pair; it is given for 'p' too",
        ),
        (
            [{"name": "x", "inputs": INPUTS}, {"inputs": INPUTS}, {"name": "x", "inputs": INPUTS}],
            "methods.yaml:22 (one.selfcheck.2): the self-checks of an entry must have different"
            " names; found 'x' twice",
        ),
    ],
)
def test_a_check_that_cannot_be_paired_is_told_where_it_stands(
    small: SmallProject, selfcheck: Any, told: str
) -> None:
    """The message is one line with file, line, place, what must be and what was found."""
    small.methods["one"]["selfcheck"] = selfcheck
    assert small.problems() == [told]


@pytest.mark.parametrize(
    "selfcheck",
    [
        {"inputs": INPUTS},
        {"inputs": {"a": "in/a.png", "b": "in/b.png"}, "expect": "out.png", "pairs": ["p"]},
        {"pairs": {"p": {"a": "x", "b": "y"}, "q": {"a": "x", "b": "w"}}},
        {"pairs": {"p": {"a": "x", "b": "y", "expect": "z"}, "q": {"a": "x", "b": "w"}}},
        [{"inputs": INPUTS}, {"name": "y", "inputs": INPUTS}],
    ],
)
def test_a_check_that_can_be_paired_is_silent(small: SmallProject, selfcheck: Any) -> None:
    """Single files for one pair, pairs without outputs, shared sources and two names are right."""
    small.methods["one"]["selfcheck"] = selfcheck
    assert small.problems() == []
