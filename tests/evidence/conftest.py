"""Fixtures of the tests of evidence: the miniature projects of the flow's tests."""

from tests.flow.conftest import make_project

__all__ = ["make_project"]
