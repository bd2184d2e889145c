"""Without formulas of torch, convolutions and linear layers are counted as by the formulas."""

from __future__ import annotations

import subprocess

import pytest

from tests.harness.test_real_torch import REPOSITORY, interpreters

COUNT = """
import sys, types
sys.path.insert(0, {harness!r})
import flops, torch
from torch import nn

net = nn.Sequential(
    nn.Conv2d(2, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=4, stride=2),
    nn.ConvTranspose2d(8, 6, 4, stride=2), nn.ConvTranspose2d(6, 4, 3, groups=2),
    nn.Flatten(2), nn.Linear(22 * 18, 5),
)
counts = []
for maker in (flops.make_module_counter, flops.make_counter):
    models = types.SimpleNamespace(flops=None, flops_reason=None)
    with torch.no_grad(), maker(models)():
        net(torch.ones(1, 2, 20, 16))
    counts.append(models.flops)
print(*counts)
"""


@pytest.mark.parametrize("python", interpreters(), ids=str)
def test_modules_are_counted_as_torch_counts_operations(python: object) -> None:
    """On torch 2.2 and later both counts are equal; before, the fallback is used."""
    if python is None:
        pytest.skip(
            "no interpreter with torch: set FUSEBENCH_TEST_TORCH_PYTHON, or build an environment"
        )
    script = COUNT.format(harness=str(REPOSITORY / "workflow" / "harness"))
    done = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    by_modules, by_operations = map(int, done.stdout.split())
    first = 2 * 20 * 16 * 8 * 2 * 9
    assert by_modules == by_operations > first
