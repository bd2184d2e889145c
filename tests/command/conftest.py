"""Fixtures of the commands on environments: a registry of small wheels, and settings of uv of their
own.
"""

from tests.environments.conftest import _own_uv, make_environment, wheels

__all__ = ["_own_uv", "make_environment", "wheels"]
