"""A machine that pretends to have a GPU, for trials of ``benchmarks/gpu.py`` where there is none.

    python -m tests.benchmarks.stand_in FOLDER PYTHON

makes FOLDER/python, the interpreter PYTHON with a stand-in for CUDA, and FOLDER/bin/nvidia-smi.
Then: ``PATH=FOLDER/bin:$PATH python benchmarks/gpu.py run ... --python FOLDER/python``.
"""

from __future__ import annotations

import sys
from pathlib import Path

SMI = """#!/bin/sh
case "$1" in
  --query-gpu=index) echo 0 ;;
  --query-gpu=compute_cap) echo 9.0 ;;
  --query-gpu=name,driver_version,*) echo "Stand-in H100, 580.00, 9.0, 81559" ;;
  --query-gpu=name) echo "Stand-in H100" ;;
  --query-gpu=driver_version) echo 580.00 ;;
  --query-gpu=clocks.sm) echo 1980 ;;
  *) echo "Field is not a valid field to query."; exit 2 ;;
esac
"""
"""Knows few fields, as old drivers do: each is then asked alone."""

CUDA_STAND_IN = Path(__file__).resolve().parent / "cuda_stand_in"


def make_machine(folder: Path, python: Path, torch: Path = CUDA_STAND_IN) -> Path:
    """Write ``bin/nvidia-smi`` and ``python`` into a folder; return the latter.

    Args:
        folder: gets both.
        python: the interpreter.
        torch: a folder that goes to the front of its path: a stand-in for CUDA, or a fake torch.
    """
    smi, program = folder / "bin" / "nvidia-smi", folder / "python"
    smi.parent.mkdir(parents=True, exist_ok=True)
    smi.write_text(SMI)
    program.write_text(
        f'#!/bin/sh\n[ "$1 $2" = "-I -c" ] && exec echo "sm_80 sm_90"\n'
        f'export PYTHONPATH="{torch}:$PYTHONPATH" FAKE_CUDA_DEVICES=1\n'
        f'export CUDA_STAND_IN_MEMORY="{folder / "memory.lock"}"\nexec "{python}" "$@"\n'
    )
    smi.chmod(0o755)
    program.chmod(0o755)
    return program


if __name__ == "__main__":
    make_machine(Path(sys.argv[1]), Path(sys.argv[2]))
