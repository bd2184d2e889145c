"""What Snakemake matches, and what a person forces or asks for by name."""

from __future__ import annotations

import re

import pytest
from fusebench.planning.matching import (
    EVERYTHING,
    is_forced,
    methods_on,
    none_of,
    one_of,
    tables_only,
)
from hypothesis import given
from hypothesis import strategies as some

from tests.registry.small import RUN, method

NAME = some.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,5}", fullmatch=True)


def matched(expression: str, name: str) -> bool:
    """Say whether a wildcard of this expression takes a name, between the folders of a path."""
    return (
        re.fullmatch(f"results/jobs/({expression})/pairs.json", f"results/jobs/{name}/pairs.json")
        is not None
    )


@given(some.lists(NAME, max_size=5), NAME)
def test_a_name_is_one_of_some_or_none_of_them(names: list[str], name: str) -> None:
    """Of the two expressions exactly one takes a name, also one with dots or that begins alike."""
    assert matched(one_of(names), name) == (name in names)
    assert matched(none_of(names), name) == (name not in names)


def test_no_name_at_all_matches_nothing() -> None:
    """A rule for methods on a GPU takes no job where there is none."""
    assert not matched(one_of([]), "mean") and matched(none_of([]), "mean")


def test_a_method_runs_on_one_kind_of_device() -> None:
    """By its entry and the device of the session; one that cannot be run is on no GPU."""
    known = [
        method("either"),
        method("no-gpu", resources={"gpu": 0}),
        method("cpu-only", run={**RUN, "devices": ["cpu"]}),
        method("idle", status="no-weights", reason="gone"),
    ]
    on_gpu, on_cpu = methods_on(known, "cuda", "cuda"), methods_on(known, "cuda", "cpu")
    assert [one.name for one in known if matched(on_gpu, one.name)] == ["either"]
    assert [one.name for one in known if matched(on_cpu, one.name)] == [
        "no-gpu",
        "cpu-only",
        "idle",
    ]
    assert not any(matched(methods_on(known, "cpu", "cuda"), one.name) for one in known)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (["tables"], True),
        (["tables", "figures", "report", "package", "archive"], True),
        (["results/tables/s/pairs.tex", "results/figures/t/grid.pdf"], True),
        ([], False),
        (["all"], False),
        (["tables", "results/runs/one/pairs/record.json"], False),
        (["results/measures.csv"], False),
        (["evidence"], False),
    ],
)
def test_whether_only_tables_are_asked_for(targets: list[str], expected: bool) -> None:
    """Then a method that failed is not tried again; the default target does try it."""
    assert tables_only(targets) is expected


@pytest.mark.parametrize(
    ("forced", "cells"),
    [
        ([], set()),
        ([EVERYTHING], {"a", "b", "c"}),
        (["fuse"], {"a", "b", "c"}),
        (["fuse_on_gpu"], {"a", "b", "c"}),
        (["measure"], set()),
        (["results/runs/one/a/record.json"], {"a"}),
        (["./results/runs/one/../one/a/record.json"], {"a"}),
        (["results/runs/two/a/record.json"], set()),
        (["results/jobs/one/a+1.json"], {"a", "b"}),
        (["results/jobs/one/a.json"], set()),
    ],
)
def test_what_is_forced(forced: list[str], cells: set[str]) -> None:
    """A cell by the rule, by its record, or by the output of its job: all its cells."""
    jobs = {"a": "a+1", "b": "a+1", "c": "c"}
    assert {cell for cell, job in jobs.items() if is_forced(forced, "one", cell, job)} == cells
