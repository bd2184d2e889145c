"""``fusebench list``: the parts of the registry as a table or as JSON.

These are methods, datasets, duplicates, metrics and environments.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fusebench.command import main
from fusebench.command.list import as_table
from fusebench.contracts.files import write_stored
from fusebench.contracts.markers import Manifest
from fusebench.metrics.resolving import all_definitions

from tests.evidence.makers import written_manifest
from tests.registry.small import METHOD, SmallProject

FLAT = np.full((4, 4), 9, np.uint8)


@pytest.fixture
def small(tmp_path: Path) -> SmallProject:
    """A project with a method that was verified, one that cannot be run, and three datasets."""
    project = SmallProject(tmp_path)
    verified = {
        **{"date": "2026-02-03", "device": "cpu", "dataset": "pairs"},
        "outputs_sha256": "0" * 64,
    }
    project.methods["one"] |= {
        **{"licence": "MIT", "verified": verified},
        "paper": {"venue": "CVPR", "year": 2021},
    }
    project.methods["two"] = {**METHOD, "code": "https://example.org/lab/two"}
    project.methods["idle"] = {
        **{"title": "I", "tasks": ["medical", "multi-focus"], "status": "no-code"},
        **{"code": "https://example.org/lab/idle", "reason": "-"},
        "links": ["https://example.org/lab", "https://example.org/drive"],
    }
    named = {**project.datasets["pairs"], "pairs": ["x", "y", "z"], "licence": "CC0"}
    project.datasets |= {"named": {**named, "sha256": "a" * 64}, "failed": named}
    return project


def listed(small: SmallProject, what: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what is printed as JSON."""
    small.write()
    assert main(["list", what, "--json", "--project", str(small.root)]) == 0
    return json.loads(capsys.readouterr().out)


def test_methods(small: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    """A value that is not known is empty."""
    one, two, idle = listed(small, "methods", capsys)
    assert one == {
        **{"method": "one", "task": "infrared-visible", "year": "2021", "licence": "MIT"},
        **{"state": "active", "verified": "2026-02-03 pairs", "environment": "small"},
        "links": "",
    }
    assert (two["year"], two["licence"], two["state"]) == ("", "", "active")
    assert (idle["task"], idle["state"], idle["environment"]) == (
        *("medical, multi-focus", "no-code", ""),
    )
    assert idle["links"] == "https://example.org/lab https://example.org/drive"
    assert two["verified"] == idle["verified"] != one["verified"]


def test_datasets(small: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    """The frozen list gives the number of pairs, else the prepared dataset does.

    The hash is that of the prepared dataset, else that of the entry.
    """
    folder = small.root / "resources" / "datasets"
    written_manifest(folder / "pairs", {"p": (FLAT, FLAT), "q": (FLAT, FLAT)}, sha256="b" * 64)
    write_stored(folder / "failed.json", Manifest(state="skipped", reason="gone"))
    pairs, named, failed = listed(small, "datasets", capsys)
    assert pairs == {
        **{"dataset": "pairs", "task": "infrared-visible", "kind": "local", "pairs": "2"},
        **{"licence": "", "prepared": "ok", "sha256": "b" * 64},
    }
    assert (named["pairs"], named["prepared"], named["sha256"]) == ("3", "no", "a" * 64)
    assert (named["licence"], failed["prepared"], failed["sha256"]) == ("CC0", "skipped", "")


def test_a_dataset_that_was_never_looked_at(
    small: SmallProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that was not prepared has no number of pairs."""
    assert listed(small, "datasets", capsys)[0]["pairs"] == "?"


def test_duplicates(small: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    """Prepared datasets that share a pair are listed; without any the table says so."""
    small.write()
    assert main(["list", "duplicates", "--project", str(small.root)]) == 0
    assert capsys.readouterr().out == "(none)\n"
    other = np.arange(16, dtype=np.uint8).reshape(4, 4)
    for name in ("pairs", "named"):
        written_manifest(
            small.root / "resources" / "datasets" / name, {"p": (other, FLAT)}, sha256=name
        )
    found = listed(small, "duplicates", capsys)
    assert found and "pairs" in str(found[0]) and "named" in str(found[0])


def test_metrics_need_no_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The metrics are listed in any folder, because they belong to fusebench."""
    monkeypatch.chdir(tmp_path)
    assert main(["list", "metrics"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(all_definitions()) + 2
    assert lines[0].split() == [
        *("id", "metric", "definition", "direction", "unit"),
        *("needs_reference", "tasks", "source"),
    ]
    assert lines[2].startswith("EN ")


def test_environments(small: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    """Each environment has the number of active methods that use it.

    One that is not locked yet says which command locks it.
    """
    small.write()
    for name in ("small", "unused"):
        folder = small.root / "envs" / name
        folder.mkdir(exist_ok=True)
        text = f"name: {name}\ndependencies: [python=3.11, pip: [numpy]]\n"
        (folder / "environment.yml").write_text(text, encoding="utf-8")
    used, unused = listed(small, "envs", capsys)
    assert (used["env"], used["methods"], used["python"]) == ("small", "2", "3.11")
    assert used["state"].endswith("run: fusebench lock small")
    assert (unused["env"], unused["methods"]) == ("unused", "0")


def test_a_wrong_registry_has_no_table(
    small: SmallProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its problems are reported as ``fusebench check`` reports them."""
    small.methods["one"]["envv"] = "x"
    small.write()
    assert main(["list", "methods", "--project", str(small.root)]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and "fusebench list: the registry has problems:" in shown.err


def test_columns_are_as_wide_as_their_longest_cell() -> None:
    """Heads are underlined, and no line ends with blanks."""
    rows = [{"name": "a", "n": "1"}, {"name": "longer", "n": ""}]
    assert as_table(rows) == "name    n\n------  -\na       1\nlonger"
    assert as_table([]) == "(none)"


def test_json_keeps_letters(small: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    """A licence with an umlaut is readable in the JSON."""
    small.methods["one"]["licence"] = "für Forschung"
    small.write()
    assert main(["list", "methods", "--json", "--project", str(small.root)]) == 0
    assert '"für Forschung"' in capsys.readouterr().out
