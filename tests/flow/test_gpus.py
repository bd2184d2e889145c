"""How many GPUs the script of an entry sees on one machine, without a scheduler."""

from __future__ import annotations

import pytest

from tests.flow.projects import MiniProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS

TELLS = ARGPARSE + "\nprint('visible:', repr(os.environ['CUDA_VISIBLE_DEVICES']))\n"


def test_scripts_see_as_many_gpus_as_their_entries_ask_for(
    project: MiniProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script sees none, one or two of the machine's two GPUs, as its entry asks.

    An entry that asks for a third ends in a state; the other methods have results.
    """
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    for number, name in enumerate(("none", "one", "two", "three")):
        project.add_method(
            name, {"test.py": TELLS}, BY_OPTIONS, resources={"gpu": number, "threads": 1}
        )
    assert project.snakemake().returncode == 1
    rows = {row["method"]: row for row in project.table("status.csv")}
    states = {"none": "ok", "one": "ok", "two": "ok", "three": "env-failed"}
    assert {name: row["state"] for name, row in rows.items()} == states
    assert "asks for 3 GPUs, and this machine has 2" in rows["three"]["reason"]
    seen = {name: (project.root / "logs/fuse" / name / "pairs.log").read_text() for name in states}
    assert "visible: ''" in seen["none"]
    assert "visible: '0'" in seen["one"] or "visible: '1'" in seen["one"]
    assert "visible: '0,1'" in seen["two"]
    assert [project.record(name)["device"] for name in ("none", "one", "two")] == [
        "cpu",
        "cuda",
        "cuda",
    ]
