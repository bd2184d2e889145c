"""The script that names other GPUs, on a real torch with a stand-in for CUDA."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fusebench.images import write_png
from on_gpu.environments import HOOKS

from tests.benchmarks.stand_in import make_machine
from tests.datasets.made import pixels
from tests.harness.conftest import Stage
from tests.harness.test_real_torch import interpreters


@pytest.fixture(params=interpreters(), ids=lambda path: "none" if path is None else path.parts[-3])
def cuda_stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """A clone run by an interpreter whose torch pretends to have a GPU."""
    if request.param is None:
        pytest.skip(
            "no interpreter with torch: set FUSEBENCH_TEST_TORCH_PYTHON, or build an environment"
        )
    root = tmp_path / "clone"
    root.mkdir()
    stage = Stage(root)
    stage.python = make_machine(tmp_path / "machine", request.param)
    stage.environ["CUDA_VISIBLE_DEVICES"] = "0"
    return stage


def test_every_way_to_name_a_gpu_is_redirected(cuda_stage: Stage) -> None:
    """No way fails, and each that names a GPU which the job was not given fires and is counted."""
    for side in "ab":
        write_png(cuda_stage.root / "in" / side / "p.png", pixels(3, 20, 24))
    (cuda_stage.root / "out").mkdir()
    cuda_stage.write("redirections.py", (HOOKS / "redirections.py").read_text(encoding="utf-8"))
    run = cuda_stage.launch("redirections.py", args=["--data", "in", "--out", "out"], device="cuda")
    assert run.returncode == 0, run.stderr
    assert re.findall(r"(?m)^(.*): FAILED", run.stdout) == []
    assert run.stdout.count(": ok on ") == 16
    assert (cuda_stage.root / "out" / "p.png").is_file()
    assert {
        f"cuda-index:{name}"
        for name in (
            "Tensor.cuda",
            "Tensor.to",
            "Tensor.new_zeros",
            "Module.to",
            "Module.cuda",
            "DataParallel",
            "torch.zeros",
            "torch.cuda.set_device",
            "torch.cuda.device",
            "torch.device",
            "torch.load",
        )
    } <= run.report["shims"].keys()
