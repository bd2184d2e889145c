"""``fusebench verified``: what is printed and written of several methods at once.

The facts themselves are tested in ``test_verification``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from fusebench.contracts.records import Hardware
from fusebench.hashes import sha256_of_json
from fusebench.planning.cells import cell_spec
from fusebench.registry.documentation import verified_on
from fusebench.registry.loading import load_registry
from msgspec import UNSET, to_builtins

from tests.command import test_verification as made

project = made.project
"""The fixture: a project with a good record of the method m on the dataset pairs."""


def test_what_was_written_is_printed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The datasets are printed in their order, with the device and the day."""
    made.write_record(project, "more", ["p"])
    assert made.verified(project, "m") == 0
    assert capsys.readouterr().out == "m: pairs, more on cpu, 2026-02-03\n"


GPU: dict[str, Any] = {
    "device": "cuda",
    "hardware": Hardware(cpu="c", gpu="NVIDIA H100", driver="1", threads=2),
}


def write_record_of_gpu(project: Path, dataset: str, pairs: list[str], **changes: Any) -> Path:
    """Write the record of a run of m on a GPU, started as the registry says today."""
    registry = load_registry(project)
    images = registry.datasets[dataset].images
    spec = to_builtins(cell_spec(registry.methods["m"], images, registry.config, "cuda"))
    changes = {**GPU, "spec": sha256_of_json(spec), **changes}
    return made.write_record(project, dataset, pairs, **changes)


def test_a_run_on_a_gpu_names_the_gpu(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The fact holds the name of the GPU, because images may differ between GPUs.

    A run that was started for another device is refused.
    """
    made.write_record(project, "pairs", ["p", "q"], **GPU)
    assert made.verified(project, "m") == 1
    assert "was run from another entry than today's" in capsys.readouterr().err
    write_record_of_gpu(project, "pairs", ["p", "q"])
    assert made.verified(project, "m") == 0
    assert capsys.readouterr().out == "m: pairs on NVIDIA H100, 2026-02-03\n"
    method = load_registry(project).methods["m"]
    assert verified_on(method) == "2026-02-03 pairs on NVIDIA H100"


def test_runs_of_two_devices_are_never_one_fact(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With runs on a GPU and on the CPU nothing is written until one device is named.

    Then only its runs are taken; a device without a run is refused.
    """
    write_record_of_gpu(project, "more", ["p"])
    before = (project / "methods.yaml").read_bytes()
    assert made.verified(project, "m") == 1
    told = capsys.readouterr().err
    assert "found runs on cpu and on NVIDIA H100: name one with --device" in told
    assert made.verified(project, "m", "--dataset", "pairs", "--dataset", "more") == 1
    assert made.verified(project, "m", "--device", "NVIDIA A100") == 1
    assert "must have a good run on NVIDIA A100; found runs on cpu" in capsys.readouterr().err
    assert (project / "methods.yaml").read_bytes() == before
    for device, dataset in (("NVIDIA H100", "more"), ("cpu", "pairs")):
        assert made.verified(project, "m", "--device", device) == 0
        fact = load_registry(project).methods["m"].verified
        assert fact is not None
        assert (fact.device, fact.dataset, fact.others) == (device, dataset, UNSET)


def test_a_gpu_without_a_name_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where neither driver nor torch names the GPU, the fact says so instead of ``None``."""
    write_record_of_gpu(project, "pairs", ["p", "q"], hardware=None)
    assert made.verified(project, "m") == 0
    assert capsys.readouterr().out == "m: pairs on a GPU without a name, 2026-02-03\n"


def test_a_trial_is_printed_as_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line says that the method asked for its weights, and names no dataset."""
    made.write_record(
        project, "pairs", [], state="weights-missing", reason="w.pth: absent", reached_weights=True
    )
    assert made.verified(project, "m") == 0
    assert capsys.readouterr().out == "m: asked for its weights on cpu, 2026-02-03\n"
    assert load_registry(project).methods["m"].verified is None


def test_nothing_is_written_where_one_method_fails(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The good one of two methods is not written; alone it is."""
    before = (project / "methods.yaml").read_bytes()
    assert made.verified(project, "m", "variant") == 1
    shown = capsys.readouterr()
    assert shown.out == "" and "variant: must have a record below" in shown.err
    assert (project / "methods.yaml").read_bytes() == before
    assert made.verified(project, "m") == 0


def test_an_unknown_method_has_no_record(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused like a method that was never run."""
    assert made.verified(project, "nobody") == 1
    assert f"nobody: must have a record below {project}/results/runs" in capsys.readouterr().err


@pytest.mark.parametrize("times", [1, 2])
def test_a_fact_replaces_the_one_before(project: Path, times: int) -> None:
    """However often the fact is written, the entry has one, before ``run``.

    The rest of the file stays as it was.
    """
    before = (project / "methods.yaml").read_text(encoding="utf-8")
    for _ in range(times):
        assert made.verified(project, "m") == 0
    text = (project / "methods.yaml").read_text(encoding="utf-8")
    lines = text.splitlines()
    (place,) = [index for index, line in enumerate(lines) if line.startswith("  verified:")]
    assert lines[place + 1].startswith("  run:") or "outputs_sha256" in lines[place + 1]
    kept = [line for line in lines if "verified" not in line and "outputs_sha256" not in line]
    assert kept == before.splitlines()
    assert yaml.safe_load(text)["m"]["verified"]["dataset"] == "pairs"
