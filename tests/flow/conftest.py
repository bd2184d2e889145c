"""Fixtures of the tests that run whole miniature projects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flow.projects import MiniProject, SavedProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS


@pytest.fixture
def project(tmp_path: Path, environments: Path) -> MiniProject:
    """Return an empty miniature project for this test alone."""
    return MiniProject.create(tmp_path / "project", environments)


@pytest.fixture(scope="module")
def make_project(
    tmp_path_factory: pytest.TempPathFactory, environments: Path
) -> Callable[..., MiniProject]:
    """Return a function that makes projects for the tests of one module to share."""
    return lambda *pairs: MiniProject.create(
        tmp_path_factory.mktemp("shared") / "project", environments, *pairs
    )


def run_two(project: MiniProject) -> MiniProject:
    """Add two methods to a project and run them."""
    for name in ("one", "two"):
        project.add_method(name, {"test.py": ARGPARSE}, BY_OPTIONS)
    done = project.snakemake()
    assert done.returncode == 0, done.stderr[-3000:]
    return project


@pytest.fixture(scope="module")
def ran_once(make_project: Callable[..., MiniProject]) -> SavedProject:
    """Return a project whose two methods ran, once for the tests of a module."""
    return SavedProject(run_two(make_project()))


@pytest.fixture
def ran(ran_once: SavedProject) -> MiniProject:
    """Return the project whose two methods ran, as it was then."""
    return ran_once.restored()
