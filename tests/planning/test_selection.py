"""What the selected suites need: sources, environments, weights, datasets and cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.jobs.resources import EnvironmentJob, SourceJob
from fusebench.contracts.markers import EnvironmentMarker, Manifest, SourceMarker, WeightsMarker
from fusebench.planning.selection import Selection, read_selection, select

from tests.registry.small import METHOD, SmallProject

HASH = "a" * 64
FETCHED = {"path": "w.pt", "url": "https://example.org/w.pt", "sha256": HASH}
IDLE = {
    **{"title": "I", "tasks": ["infrared-visible"], "code": "https://example.org/lab/idle"},
    **{"status": "no-weights", "reason": "gone"},
}


def entry(name: str, **fields: Any) -> dict[str, Any]:
    """Return the entry of a method with a repository of its own."""
    return {**METHOD, "code": f"https://example.org/lab/{name}", **fields}


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """Return two suites: one has three methods on two datasets, another one is not selected."""
    small = SmallProject(tmp_path)
    pairs = small.datasets["pairs"]
    small.datasets = {
        "pairs": pairs,
        "brains": {**pairs, "title": "B", "task": "medical"},
        "other": {**pairs, "title": "O", "folder": "elsewhere"},
    }
    small.methods = {
        "one": entry("one", weights=[FETCHED]),
        "both": entry("both", tasks=["infrared-visible", "medical"], weights=[{"path": "own.pt"}]),
        "idle": IDLE,
        "unused": entry("unused", commit="1" * 40),
    }
    small.config["suites"] = {
        "s": {"methods": ["one", "both", "idle"], "datasets": ["pairs", "brains"]},
        "t": {"methods": ["unused"], "datasets": ["other"]},
    }
    return small


@pytest.fixture
def selection(project: SmallProject) -> Selection:
    """Return what the suite needs on the CPU."""
    return select(project.load(), "cpu")


def test_a_cell_is_a_method_on_a_dataset_of_its_task(selection: Selection) -> None:
    """A method that cannot be run has no cell, and one of another suite none either."""
    assert [*selection.cells] == [("one", "pairs"), ("both", "pairs"), ("both", "brains")]
    assert selection.methods == ["both", "one"]
    assert selection.datasets_of("both") == ["brains", "pairs"]
    assert selection.methods_on("pairs") == ["one", "both"]
    assert [*selection.datasets] == ["pairs", "brains"]


def test_only_what_the_cells_need_is_fetched(selection: Selection) -> None:
    """The sources of methods that run, weights with an address, one environment for both."""
    assert sorted(job.code for job in selection.sources.values()) == [
        "https://example.org/lab/both",
        "https://example.org/lab/one",
    ]
    assert [*selection.weights] == ["one"]
    assert len(selection.environments) == 1
    kinds = [SourceMarker, SourceMarker, WeightsMarker, EnvironmentMarker, Manifest, Manifest]
    assert [*selection.fetched.values()] == kinds


def test_a_method_reads_the_markers_of_what_it_needs(selection: Selection) -> None:
    """Of its weights only where they are fetched; committed ones come with the clone."""
    assert [*selection.markers_of("one")] == ["source", "environment", "weights"]
    assert [*selection.markers_of("both")] == ["source", "environment"]
    assert selection.markers_of("one")["source"] == "resources/sources/lab+one@000000000000.json"
    assert set(selection.markers_of("one").values()) <= set(selection.fetched)


def test_what_no_suite_selects_is_found_by_its_key(selection: Selection) -> None:
    """A file of another method can be asked for by name; an unknown key is an error."""
    key = "lab+unused@111111111111"
    assert key not in selection.sources
    job = selection.known(selection.sources, key)
    assert job == SourceJob(code="https://example.org/lab/unused", commit="1" * 40)
    assert ("unused", "other") not in selection.cells
    with pytest.raises(KeyError):
        selection.known(selection.sources, "lab+nobody@000000000000")


def test_an_environment_without_a_lock_has_a_key_of_its_own(selection: Selection) -> None:
    """That it is not locked is then the state of its marker, and of every cell that needs it."""
    assert selection.environments == {"unlocked-small": EnvironmentJob(env="small", variant="cpu")}


def test_two_methods_of_one_commit_share_a_clone(project: SmallProject) -> None:
    """A repository that holds several methods is cloned once."""
    other = {**project.methods["one"], "run": {**METHOD["run"], "args": "--second"}}
    project.methods["both"] = other
    assert len(select(project.load(), "cpu").sources) == 1


def test_jobs_of_a_run_read_the_same_selection(project: SmallProject, selection: Selection) -> None:
    """From the files, with the options that the run was given."""
    again = read_selection(project.root, {}, "cpu")
    assert [*again.cells] == [*selection.cells] and again.sources == selection.sources
    other = read_selection(project.root, {**project.config, "suite": "t"}, "cpu")
    assert [*other.cells] == [("unused", "other")]
