"""What the machine is: GPU, driver and clocks by ``nvidia-smi``, and what its torch says."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fusebench.contracts.markers import EnvironmentMarker
from fusebench.fuse.timing import cpu_model

from on_gpu.contents import Machine

STATE = (
    "clocks.sm",
    "clocks.mem",
    "clocks.max.sm",
    "temperature.gpu",
    "power.draw",
    "utilization.gpu",
    "memory.used",
    "pstate",
    "clocks_throttle_reasons.active",
)
FACTS = ("name", "driver_version", "compute_cap", "memory.total")

ASK_TORCH = """
import json, torch
cudnn = torch.backends.cudnn
print(json.dumps({
    "torch": torch.__version__,
    "cuda": torch.version.cuda or "",
    "cudnn": str(cudnn.version() or ""),
    "tf32": {"cudnn": cudnn.allow_tf32, "matmul": torch.backends.cuda.matmul.allow_tf32},
    "name": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "",
    "stand_in": bool(getattr(torch, "CUDA_IS_A_STAND_IN", False)),
}))
"""


def describe(python: Path, own: EnvironmentMarker) -> Machine:
    """Return what is known of the machine.

    Args:
        python: the interpreter of the environment that runs the methods.
        own: its marker.
    """
    driver, torch = smi(FACTS), _torch(python)
    return Machine(
        gpu=driver["name"] or str(torch.get("name", "")),
        driver=driver["driver_version"],
        capability=driver["compute_cap"],
        memory_mib=driver["memory.total"],
        cpu=cpu_model(),
        cpus=os.cpu_count() or 0,
        system=platform.platform(),
        python=own.python.version if own.python else "",
        torch=str(torch.get("torch", "")),
        cuda=str(torch.get("cuda", "")),
        cudnn=str(torch.get("cudnn", "")),
        architectures=own.cuda_architectures or [],
        tf32=torch.get("tf32", {}),
        stand_in=bool(torch.get("stand_in", False)),
    )


def _torch(python: Path) -> dict[str, Any]:
    done = subprocess.run(
        [python, "-c", ASK_TORCH], capture_output=True, text=True, check=False, timeout=120
    )
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {}


def smi(fields: Sequence[str]) -> dict[str, str]:
    """Ask the driver about the first GPU; every answer is empty where there is no driver.

    A field that this driver does not know makes it refuse all: each is then asked alone.
    """
    answers = _asked(fields)
    if answers is None and len(fields) > 1:
        return {field: smi([field])[field] for field in fields}
    return dict(zip(fields, answers or [""] * len(fields), strict=True))


def _asked(fields: Sequence[str]) -> list[str] | None:
    if shutil.which("nvidia-smi") is None:
        return None
    query = ["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=60)
    lines = done.stdout.splitlines()
    answers = [answer.strip() for answer in lines[0].split(", ")] if lines else []
    return answers if done.returncode == 0 and len(answers) == len(fields) else None
