"""Options and settings of the whole test suite."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

# Two test processes share two cores: a numerical library that starts one thread per core only slows
# down the other process.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that runs the slow tests too."""
    parser.addoption("--run-slow", action="store_true", help="run the tests marked slow as well")


WHOLE_RUNS = ("tests/slurm/", "tests/flow/", "tests/evidence/test_flow", "tests/report/test_report")
"""Files of tests that run the whole workflow, or wait for Slurm."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long tests first, so that no process waits for one at the end; skip slow tests.

    Slow tests are run if they are asked for.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(WHOLE_RUNS))
    if config.getoption("--run-slow"):
        return
    skip = pytest.mark.skip(reason="slow; `make test-all` runs it")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


def pytest_collection_finish() -> None:
    """Freeze the collected tests, so that garbage collections do not search them.

    Some libraries ask for a garbage collection again and again; each would search all tests.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of built environments that all projects of a test process share.

    The users of a cluster share one in the same way.
    """
    return tmp_path_factory.mktemp("environments")
