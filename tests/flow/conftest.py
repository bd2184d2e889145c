"""Fixtures of the tests that run whole miniature projects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flow.projects import MiniProject


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of built environments that all projects of a test process share.

    The users of a cluster share one in the same way.
    """
    return tmp_path_factory.mktemp("environments")


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
