"""``docs/gpu.md`` is what the recorded runs say, and says so where there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from msgspec.structs import replace
from on_gpu.page import RUNS, page, read_run

from tests.benchmarks.conftest import Ran

REPOSITORY = Path(__file__).resolve().parents[2]
ONLY_STAND_INS = "**No run on a GPU is recorded yet.**"


def test_the_page_is_up_to_date() -> None:
    """Otherwise run ``python benchmarks/gpu.py page``."""
    runs = [read_run(path) for path in sorted(RUNS.glob("*.json"))]
    written = (REPOSITORY / "docs" / "gpu.md").read_text(encoding="utf-8")
    assert written == page(runs), "run: python benchmarks/gpu.py page"


def test_no_stand_in_is_recorded() -> None:
    """The files in docs/gpu are of real GPUs."""
    assert not [path for path in RUNS.glob("*.json") if read_run(path).machine.stand_in]


def test_without_a_run_the_page_says_so(tmp_path: Path) -> None:
    """A pattern that matches no file is no error; the page names what was tested, and how."""
    target = tmp_path / "gpu.md"
    program = str(REPOSITORY / "benchmarks" / "gpu.py")
    command = [sys.executable, program, "page", str(tmp_path / "*.json"), "--into", str(target)]
    assert subprocess.run(command, check=False).returncode == 0
    text = target.read_text(encoding="utf-8")
    assert ONLY_STAND_INS in text and "stand-ins\nonly" in text
    assert text == page([])


def test_a_run_is_shown(ran: Ran) -> None:
    """A section of its GPU has device, date, commit and a table for everything that was seen."""
    run = replace(ran.run, machine=replace(ran.run.machine, stand_in=False))
    text = page([run])
    assert ONLY_STAND_INS not in text
    assert "\n## Stand-in H100\n" in text
    assert f"| date | {run.date} |" in text and f"| commit of fusebench | {run.commit} |" in text
    for part in ("Every method", "Speed", "Redirections", "Two methods at once on one GPU"):
        assert f"\n### {part}\n" in text
    assert "| One | all3 | ok | 3 |" in text and "`cuda-index:Module.to` 1" in text
    assert "| One | 0 of 2 | 1 | 48.1 | 48.1 | 2 of 2 | 0 | – |" in text
    assert "\n#### Fake cuda:0\n" in text
    assert "Both scripts ran at once for: 0 s." in text
    assert "| `env-failed` | `env-failed` | torch 1.8.1 has no kernels for sm\\_90" in text
    assert "| fault: gpu-is-full | failed |" in text


def test_a_stand_in_is_no_gpu(ran: Ran) -> None:
    """A run with a stand-in is named one, and does not count as a run on a GPU."""
    text = page([ran.run])
    assert ONLY_STAND_INS in text
    assert "\n## Stand-in H100 (a stand-in, no GPU)\n" in text


def test_what_was_not_run_is_a_dash(ran: Ran) -> None:
    """A run that ended early has a page as well."""
    run = replace(
        ran.run,
        methods=[
            replace(one, gpu=None, cpu=None, cpu_to_gpu=None, gpu_to_gpu=None, speed=[])
            for one in ran.run.methods
        ],
        sharing=None,
        redirections=None,
        faults=[],
    )
    text = page([run])
    assert "| One | all3 | not run | – | – | – | – | not run | – | – | – |" in text
    assert "### Speed" not in text and "### Redirections" not in text
