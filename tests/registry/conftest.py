"""A small project for every test of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.registry.small import SmallProject


@pytest.fixture
def small(tmp_path: Path) -> SmallProject:
    """A project with one method, one dataset of local images, and one suite."""
    return SmallProject(tmp_path)
