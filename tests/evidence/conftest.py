"""Fixtures of the tests of evidence: the miniature projects of the flow's tests."""

from tests.flow.conftest import environments, make_project

__all__ = ["environments", "make_project"]
