"""The description of an archive as an RO-Crate."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.records import Record
from fusebench.registry.loading import load_registry
from fusebench.report.archive import NAME, write_archive
from msgspec.structs import replace

from tests.fake_results import FakeResults

VALIDATOR = Path(__file__).parent / "offline_validator.py"
PYTHON = Path(__file__).resolve().parents[2] / ".venv" / "crate" / "bin" / "python"
"""Of the environment that has the validator: it needs older libraries than the other tools."""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of three methods on two datasets, unpacked; one of the methods failed."""
    folder = tmp_path_factory.mktemp("crate")
    results = FakeResults(folder / "project", methods=3, datasets=2, pairs=2).write()
    for file in results.root.glob("results/runs/*/*/record.json"):
        write_stored(file, replace(read_stored(file, Record), started="2026-01-02T03:04:05+00:00"))
    write_archive(results.root, {}, [], folder / "archive.tar.gz", load_registry(results.root))
    with tarfile.open(folder / "archive.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / NAME


def entities(unpacked: Path) -> dict[str, dict[str, Any]]:
    """Return the entities of a crate by their id."""
    graph = json.loads((unpacked / "ro-crate-metadata.json").read_text())["@graph"]
    found = {entity["@id"]: entity for entity in graph}
    assert len(found) == len(graph)
    return found


def test_every_file_is_described(unpacked: Path) -> None:
    """Files of the crate are those of the archive, with size, hash and format."""
    known = entities(unpacked)
    described = {name for name, entity in known.items() if entity["@type"] == "File"}
    left_out = {"ro-crate-metadata.json", ".zenodo.json", "ARCHIVE.md", "versions.json"}
    left_out.add("config/config.yaml")
    there = {str(f.relative_to(unpacked)) for f in unpacked.rglob("*") if f.is_file()}
    assert described == there - left_out
    assert {part["@id"] for part in known["./"]["hasPart"]} == described
    assert known["methods.yaml"]["encodingFormat"] == "application/yaml"
    assert known["methods.yaml"]["contentSize"] == str((unpacked / "methods.yaml").stat().st_size)


def test_a_run_says_what_it_used_and_how_it_ended(unpacked: Path) -> None:
    """It leads to its method, environment, inputs and record; every reference leads somewhere."""
    known = entities(unpacked)
    failed = known["#run/method-002/set-00"]
    assert failed["error"] == "weights-missing: x.pth is <gone> & away"
    run = known["#run/method-000/set-00"]
    method = known[run["instrument"]["@id"]]
    assert method["name"] == "Method-000"
    assert known[method["softwareRequirements"]["@id"]]["name"].startswith("environment ")
    assert run["object"] == {"@id": "resources/datasets/set-00.json"}
    assert run["result"] == {"@id": "results/runs/method-000/set-00/record.json"}
    assert run["startTime"] <= run["endTime"] and run["actionStatus"].endswith(
        "CompletedActionStatus"
    )
    assert "2 pairs, sha256 " in run["description"]
    for entity in known.values():
        for value in entity.values():
            for reference in value if isinstance(value, list) else [value]:
                if isinstance(reference, dict) and not reference["@id"].startswith("http"):
                    assert reference["@id"] in known


def test_zenodo_is_told_what_it_asks_for(unpacked: Path) -> None:
    """The fields that an upload needs are there; the names are left to be filled in."""
    told = json.loads((unpacked / ".zenodo.json").read_text())
    assert told["upload_type"] == "dataset" and told["title"] and told["description"]
    assert told["creators"] == [{"name": "Family, Given"}]


@pytest.mark.skipif(not PYTHON.is_file(), reason="the validator is not installed: make setup-dev")
def test_the_official_validator_passes_it(unpacked: Path) -> None:
    """roc-validator finds nothing that RO-Crate 1.1 and Process Run Crate 0.5 require."""
    command = [str(PYTHON), str(VALIDATOR), str(unpacked), "process-run-crate-0.5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["passed"], done.stdout + done.stderr
