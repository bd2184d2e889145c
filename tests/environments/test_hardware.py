"""Which GPUs an environment serves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fusebench.contracts.markers import EnvironmentMarker
from fusebench.environments.hardware import cuda_architectures, gpu_visible, kernels_for
from fusebench.errors import EnvironmentFailed
from msgspec.structs import replace


def receipt(version: str | None, architectures: list[str] | None) -> EnvironmentMarker:
    """A receipt as a build writes it, reduced to what counts here."""
    return EnvironmentMarker(
        env="x",
        variant="cpu" if version and version.endswith("+cpu") else "",
        packages={"torch": version} if version else {},
        cuda_architectures=architectures,
    )


@pytest.mark.parametrize(
    ("architectures", "device"),
    [
        (["sm_37", "sm_50", "sm_60", "sm_70"], (7, 5)),
        (["sm_80", "sm_90"], (9, 0)),
        (["sm_90a"], (9, 0)),
        (["sm_80", "sm_120"], (12, 0)),
        (["sm_50", "compute_70"], (9, 0)),
    ],
)
def test_gpu_that_is_served(architectures: list[str], device: tuple[int, int]) -> None:
    """Binaries serve later minor versions of their major one, PTX serves every later device."""
    kernels_for(receipt("2.0", architectures), device)


@pytest.mark.parametrize(
    ("architectures", "device"),
    [
        (["sm_37", "sm_50", "sm_60", "sm_70"], (8, 0)),
        (["sm_86"], (8, 0)),
        (["sm_90a"], (10, 0)),
        (["compute_80"], (7, 5)),
    ],
)
def test_gpu_that_is_not_served(architectures: list[str], device: tuple[int, int]) -> None:
    """Binaries of another major or a later minor version do not run."""
    with pytest.raises(EnvironmentFailed, match=r"torch 2\.0 has no kernels for sm_"):
        kernels_for(receipt("2.0", architectures), device)


def test_message_names_what_there_is() -> None:
    """The message says which torch, which GPU, which kernels, and which environment to use."""
    with pytest.raises(EnvironmentFailed) as error:
        kernels_for(receipt("1.8.1", ["sm_37", "sm_70"]), (9, 0))
    said = "torch 1.8.1 has no kernels for sm_90; use env torch-2"
    assert str(error.value) == f"{said} (the one of env x has kernels for sm_37, sm_70)"
    assert error.value.state == "env-failed"


def test_cpu_torch_has_no_kernels_and_no_torch_needs_none() -> None:
    """A CPU build of torch serves no GPU; an environment without torch is accepted."""
    advice = r"for sm_80; use its CUDA variant: fusebench lock x --variant cuda"
    with pytest.raises(EnvironmentFailed, match=rf"{advice} \(.* built without CUDA\)"):
        kernels_for(receipt("2.13.0+cpu", None), (8, 0))
    kernels_for(receipt(None, None), (8, 0))


def test_torch_of_conda_is_judged_too() -> None:
    """Conda's package ``pytorch`` counts as torch."""
    conda = replace(receipt(None, ["sm_70"]), conda_packages={"pytorch": "1.8.1"})
    with pytest.raises(EnvironmentFailed, match=r"torch 1\.8\.1 has no kernels for sm_90"):
        kernels_for(conda, (9, 0))


def test_gpus_can_be_hidden() -> None:
    """An empty ``CUDA_VISIBLE_DEVICES`` or -1 hides every GPU."""
    assert not gpu_visible({"CUDA_VISIBLE_DEVICES": ""})
    assert not gpu_visible({"CUDA_VISIBLE_DEVICES": "-1"})


@pytest.mark.parametrize(("flags", "expected"), [("sm_37 sm_70", ["sm_37", "sm_70"]), ("", None)])
def test_torch_is_asked_for_its_architectures(
    tmp_path: Path, flags: str, expected: list[str] | None
) -> None:
    """The installed torch itself names its architectures; one without CUDA names none."""
    import sys

    (tmp_path / "bin").mkdir()
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(
        f"class _C:\n    _cuda_getArchFlags = staticmethod(lambda: {flags!r})\n"
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); exec(sys.argv[2])"
    start = f'#!/bin/sh\nshift\nexec {sys.executable} -c "{code}" "$@"\n'
    (tmp_path / "bin" / "python").write_text(start)
    os.chmod(tmp_path / "bin" / "python", 0o755)  # noqa: PTH101
    assert cuda_architectures(tmp_path, {"torch": "1.8.1"}) == expected


def test_broken_torch_is_told(tmp_path: Path) -> None:
    """A torch that cannot be imported is an error of the environment."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("#!/bin/sh\necho no libcudart >&2\nexit 1\n")
    os.chmod(tmp_path / "bin" / "python", 0o755)  # noqa: PTH101
    with pytest.raises(EnvironmentFailed, match="cannot be imported: no libcudart"):
        cuda_architectures(tmp_path, {"torch": "1.8.1"})
