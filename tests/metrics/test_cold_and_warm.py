"""A metric has the same bytes in every process, with compiled code that is new or cached."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fusebench.metrics.catalogue import CANONICAL_METRICS

ALL = tuple(one[0] for one in CANONICAL_METRICS)
MEASURE = """
import sys
import numpy as np
from fusebench.metrics import ImagePair, resolve
noise = np.random.default_rng(1).integers(0, 256, (3, 200, 232), dtype=np.uint8)
soft = [((x[1:, 1:] + x[:-1, 1:] + x[1:, :-1] + x[:-1, :-1]) // 4).astype(np.uint8)
        for x in noise.astype(np.uint16)]
values, _ = ImagePair(*soft[:2]).attempt(soft[2], resolve(sys.argv[1:]))
for name in sorted(values):
    print(name, values[name].hex())
"""


def started(cache: Path, *metrics: str) -> subprocess.Popen[str]:
    """Start a process that measures, with a cache of compiled code."""
    environ = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    return subprocess.Popen(
        [sys.executable, "-c", MEASURE, *metrics], env=environ, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("metrics", [("Qabf",), pytest.param(ALL, marks=pytest.mark.slow)])
def test_values_are_the_same_in_every_process(tmp_path: Path, metrics: tuple[str, ...]) -> None:
    """Two processes compile at the same time; a third one takes what they have left."""
    cold = [started(tmp_path, *metrics) for _ in range(2)]
    printed = [process.communicate()[0] for process in cold]
    printed.append(started(tmp_path, *metrics).communicate()[0])
    assert len(printed[0].splitlines()) == len(metrics)
    assert printed[0] == printed[1] == printed[2]
