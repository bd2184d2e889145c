"""A suite on the command line: ``--config methods=a,b datasets=c``."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.errors import RegistryError
from fusebench.planning.steps import options_of
from fusebench.registry.loading import load_registry

from tests.registry.small import METHOD, SmallProject


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two methods, of which its suite has one."""
    small = SmallProject(tmp_path)
    small.methods["two"] = {**METHOD, "code": "https://example.org/lab/two"}
    small.write()
    return tmp_path


def test_methods_and_datasets_are_named(project: Path) -> None:
    """The named suite is the one selected, and needs none of the file."""
    registry = load_registry(project, {"methods": "two", "datasets": "pairs"})
    (suite,) = registry.selected
    assert [method.name for method in suite.methods] == ["two"]
    assert [dataset.name for dataset in suite.datasets] == ["pairs"]
    again = load_registry(project, options_of(registry.config))
    assert again.selected[0].methods == suite.methods


def test_one_of_them_is_completed_by_the_suite(project: Path) -> None:
    """Methods alone run on the datasets of the suite; a task stands for all of its methods."""
    (suite,) = load_registry(project, {"methods": "infrared-visible"}).selected
    assert [method.name for method in suite.methods] == ["one", "two"]
    assert [dataset.name for dataset in suite.datasets] == ["pairs"]


def test_a_wrong_name_is_refused(project: Path) -> None:
    """The near names are in the message."""
    with pytest.raises(RegistryError, match="unknown method 'tow'"):
        load_registry(project, {"methods": "one,tow"})
