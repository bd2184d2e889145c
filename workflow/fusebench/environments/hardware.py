"""Which hardware an environment serves: GPUs of this machine, and CUDA kernels in its torch."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from fusebench.contracts.markers import EnvironmentMarker
from fusebench.errors import EnvironmentFailed

_ASK_TORCH = (
    "import torch; print((getattr(torch._C, '_cuda_getArchFlags', lambda: None)() or '').strip())"
)


def gpu_visible(environ: Mapping[str, str] | None = None) -> bool:
    """Say whether a job here sees an NVIDIA GPU; ``CUDA_VISIBLE_DEVICES`` can hide all GPUs."""
    visible = (os.environ if environ is None else environ).get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return False
    return any(Path("/proc/driver/nvidia/gpus").glob("*")) or Path("/dev/nvidia0").exists()


def cuda_architectures(environment: Path, packages: Mapping[str, str]) -> list[str] | None:
    """Ask the torch of an environment for the CUDA architectures it has kernels for.

    This needs no GPU. Returns None where ``packages`` (name: version, pip's and conda's) has no
    torch, or one that is built without CUDA.

    Raises:
        EnvironmentFailed: torch is there and cannot be imported.
    """
    if (_torch_of(packages) or "+cpu").endswith("+cpu"):
        return None
    answer = subprocess.run(
        [environment / "bin" / "python", "-I", "-c", _ASK_TORCH],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise EnvironmentFailed(
            f"torch was installed and cannot be imported: {answer.stderr.strip()[-500:]}"
        )
    flags = answer.stdout.strip()
    return flags.split() if flags else None


def kernels_for(receipt: EnvironmentMarker, compute_capability: tuple[int, int]) -> None:
    """Refuse a GPU for which the torch of an environment has no kernels.

    A binary for ``sm_XY`` runs on devices of the same major and an equal or higher minor version;
    PTX (``compute_XY``) is compiled for any newer device (CUDA C++ Programming Guide, "Application
    Compatibility").

    Raises:
        EnvironmentFailed: such as ``torch 1.8.1 has no kernels for sm_90; use env torch-2``.
    """
    version = _torch_of({**receipt.conda_packages, **receipt.packages})
    architectures = receipt.cuda_architectures or []
    if version is None or any(_runs_on(flag, compute_capability) for flag in architectures):
        return
    major, minor = compute_capability
    has = (
        f"has kernels for {', '.join(architectures)}" if architectures else "was built without CUDA"
    )
    advice = "use env torch-2"
    if not architectures and receipt.variant == "cpu":
        advice = f"use its CUDA variant: fusebench lock {receipt.env} --variant cuda"
    raise EnvironmentFailed(
        f"torch {version} has no kernels for sm_{major}{minor}; {advice}"
        f" (the one of env {receipt.env} {has})"
    )


def _torch_of(packages: Mapping[str, str]) -> str | None:
    """Version of torch, which conda calls pytorch; None where there is none."""
    return packages.get("torch") or packages.get("pytorch")


def _runs_on(flag: str, device: tuple[int, int]) -> bool:
    kind, _, digits = flag.partition("_")
    number = "".join(character for character in digits if character.isdigit())
    built = (int(number[:-1]), int(number[-1]))
    if kind == "compute":
        return device >= built
    if not digits.isdigit():  # sm_90a: that device only
        return device == built
    return device[0] == built[0] and device[1] >= built[1]
