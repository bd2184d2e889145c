"""Fixtures of the commands on environments.

They are a registry of small wheels, and settings of uv for the tests alone.
"""

from tests.environments.conftest import _own_uv, make_environment, wheels

__all__ = ["_own_uv", "make_environment", "wheels"]
