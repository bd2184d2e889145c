"""Patterns that give two images one place are refused when the registry is read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.registry.small import METHOD, RUN, SIDES, SmallProject

TWICE = "each pair would be one image twice"
AS_RESULT = "a source image would be taken for the result"


def stage(a: str = "a/{name}.png", b: str = "b/{name}.png") -> dict[str, Any]:
    """Return the field ``stage`` of a run."""
    return {"stage": {"a": a, "b": b}}


def run_problems(small: SmallProject, **fields: Any) -> list[str]:
    """Return what is wrong with a project whose run has these fields."""
    small.methods["one"]["run"] = {**RUN, **fields}
    return small.problems()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("in/{name}.png", "in/{name}.png"),
        ("in/{index:04d}.png", "in/{index:04d}.png"),
        ("in/{name}.png", "{work}/in/./{name}.png"),
    ],
)
def test_both_source_images_at_one_place_are_refused(small: SmallProject, a: str, b: str) -> None:
    """The script would fuse an image with itself; another way to write the path does not help."""
    [problem] = run_problems(small, **stage(a, b))
    assert problem == (
        "methods.yaml:12 (one.run.stage.b): must be another file than that of `stage.a`, because"
        f" {TWICE}; found {b!r} for both"
    )


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_result_at_the_place_of_a_source_image_is_refused(small: SmallProject, side: str) -> None:
    """The staged image itself would be collected where the script writes nothing."""
    pattern = f"{side}/{{name}}.png"
    assert run_problems(small, collect=pattern) == [
        f"methods.yaml:13 (one.run.collect): must be another file than that of `stage.{side}`,"
        f" because {AS_RESULT}; found {pattern!r} for both"
    ]


@pytest.mark.parametrize("number", [{}, {"pairs_per_process": 2}])
def test_one_place_for_all_pairs_is_refused(small: SmallProject, number: dict[str, int]) -> None:
    """Each pair needs a staged file and a result of its own in a process with several pairs."""
    found = run_problems(small, collect="{out}/fused.png", **stage("a.png", "b.png"), **number)
    assert found == [
        f"methods.yaml:{line} (one.run.{place}): must hold {{name}} or {{index}}, so that each pair"
        f" has a file of its own; found {pattern!r}; if the script handles one pair in each"
        " process, say `pairs_per_process: 1`"
        for line, place, pattern in [
            (11, "stage.a", "a.png"),
            (12, "stage.b", "b.png"),
            (13, "collect", "{out}/fused.png"),
        ]
    ]


def test_fields_of_tasks_datasets_and_self_checks_are_looked_at_too(small: SmallProject) -> None:
    """Each is judged together with the fields that it leaves as they are."""
    wrong = {"collect": "{out}/fused.png"}
    small.methods["one"] = {
        **METHOD,
        "tasks": ["infrared-visible", "medical"],
        "run": {
            **RUN,
            "per_task": {"infrared-visible": wrong, "medical": {"seed": 1}},
            "per_dataset": {"pairs": {"collect": "b/{name}.png"}},
        },
        "selfcheck": {"inputs": {"a": "x", "b": "y"}, "run": wrong},
    }
    assert [line.partition("): ")[0].partition(" (")[2] for line in small.problems()] == [
        "one.run.per_task.infrared-visible.collect",
        "one.run.per_dataset.pairs.collect",
        "one.selfcheck.run.collect",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"collect": "{out}/fused.png", **stage("a.png", "b.png"), "pairs_per_process": 1},
        {"collect": "a/{name}_fused.png"},
        {"collect": "{out}/{index}.png"},
        stage("{modality_a}/{name}.png", "{modality_b}/{name}.png"),
        stage("in/{name}_a.png", "in/{name}_b.png"),
        {"per_dataset": {"pairs": {"collect": "{out}/x.png", "pairs_per_process": 1}}},
    ],
)
def test_paths_of_their_own_are_right(small: SmallProject, fields: dict[str, Any]) -> None:
    """A process for one pair needs no placeholder; images may lie in one folder."""
    assert run_problems(small, **fields) == []


@pytest.mark.parametrize(
    ("side", "line", "consequence"),
    [("b", 9, TWICE), ("reference", 11, "a source image would be taken for the ground truth")],
)
def test_one_pattern_for_two_sides_of_a_dataset_is_refused(
    small: SmallProject, side: str, line: int, consequence: str
) -> None:
    """Every method would have perfect values."""
    small.datasets["pairs"] |= {**SIDES, side: {"files": "./a/{name}.png"}}
    assert small.problems() == [
        f"datasets.yaml:{line} (pairs.{side}.files): must be another file than that of `a`, because"
        f" {consequence}; found 'a/{{name}}.png' for both"
    ]


SAME = {"a": "in/x.png", "b": "in/x.png"}


@pytest.mark.parametrize(
    ("check", "place"),
    [
        ({"inputs": {"a": "in", "b": "in/"}}, "inputs.b"),
        ({"inputs": {"a": "in", "b": "vi"}, "expect": "vi"}, "expect"),
        ({"pairs": {"x": SAME}}, "pairs.x.b"),
        ({"pairs": {"x": {"a": "x.png", "b": "y.png", "expect": "x.png"}}}, "pairs.x.expect"),
    ],
)
def test_one_file_for_two_sides_of_a_self_check_is_refused(
    small: SmallProject, check: dict[str, Any], place: str
) -> None:
    """It would compare a source image with itself."""
    small.methods["one"] = {**METHOD, "selfcheck": check}
    [problem] = small.problems()
    assert f"(one.selfcheck.{place}): must be another file than that of" in problem


def test_one_file_may_hold_both_sides_by_channel(small: SmallProject) -> None:
    """Files of four channels hold RGB and the infrared image; one channel twice is refused."""
    files = {"files": "rgbt/{name}.png"}
    small.datasets["pairs"] |= {"a": {**files, "channel": 3}, "b": files}
    assert small.problems() == []
    small.datasets["pairs"]["b"] = {**files, "channel": 3}
    (problem,) = small.problems()
    assert "must be another file than that of `a`" in problem
