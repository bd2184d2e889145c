"""``gpu.py prepare``: what the folder for the machine holds."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import yaml
from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest, SourceMarker
from fusebench.errors import RegistryError
from fusebench.hashes import sha256_of_json
from fusebench.images import pixel_sha256, read_own
from fusebench.planning.cells import cell_spec
from fusebench.registry.loading import load_registry
from msgspec import to_builtins
from on_gpu.contents import Plan
from on_gpu.preparing import Carrying, prepare, size_of
from on_gpu.running import PLAN

from tests.benchmarks.conftest import make_project


def plan_of(carried: Path) -> Plan:
    """Return the plan of a folder."""
    return msgspec.json.decode((carried / PLAN).read_bytes(), type=Plan)


def test_a_large_repository_loses_its_samples(carried: Path) -> None:
    """Code and weights are carried; what is left out is named as absent in the marker."""
    [method] = plan_of(carried).methods
    marker = read_stored(carried / method.on_gpu.method.source, SourceMarker)
    tree = carried / marker.path
    assert sorted(path.name for path in tree.rglob("*") if path.is_file()) == ["fuse.py", "w.pth"]
    assert marker.absent == ["samples/a.png"] and method.left_out == 1


def test_a_small_repository_is_carried_whole(project: Path, tmp_path: Path) -> None:
    """Below the limit nothing is left out."""
    into = tmp_path / "carried"
    plan = prepare(Carrying(project, "", into, whole_bytes=10**6), ["one"], ["all3:first2"], "")
    assert plan.methods[0].left_out == 0
    assert list(into.glob("resources/sources/*/samples/a.png"))


def test_images_are_smaller_and_the_same(carried: Path) -> None:
    """The PNG files are compressed once more; their pixels have the hashes of the manifest."""
    manifest = read_stored(carried / "resources/datasets/all3.json", Manifest)
    assert [pair.name for pair in manifest.pairs] == ["p1", "p2", "p3"]
    for pair in manifest.pairs:
        pixels = read_own(carried / manifest.path / pair.a.file)
        assert pixel_sha256(pixels) == pair.a.sha256


def test_cells_are_those_of_the_pipeline(project: Path, carried: Path) -> None:
    """The jobs give records that the registry recognises: their spec is that of its cell."""
    from fusebench.fuse.records import spec_of

    registry = load_registry(project)
    [method] = plan_of(carried).methods
    for job, dataset in ((method.on_gpu, "all3"), (method.on_cpu, "first2")):
        images = registry.datasets[dataset].images
        wanted = cell_spec(registry.methods["one"], images, registry.config, job.method.device)
        found = spec_of(job, job.cells[0])
        assert sha256_of_json(to_builtins(found)) == sha256_of_json(to_builtins(wanted))
    assert (method.on_gpu.method.device, method.on_cpu.method.device) == ("cuda", "cpu")


def test_the_folder_brings_its_programs(carried: Path) -> None:
    """fusebench, the harness, this program and the registry lie in it, and its size is told."""
    for name in ("workflow/fusebench/__init__.py", "workflow/harness/launch.py", "methods.yaml"):
        assert (carried / name).is_file()
    assert (carried / "benchmarks/gpu.py").is_file() and not list(carried.rglob("__pycache__"))
    sizes = size_of(carried)
    assert {"benchmarks", "workflow", "resources/sources", "resources/datasets"} <= sizes.keys()
    files = [path for path in carried.rglob("*") if path.is_file()]
    assert sum(sizes.values()) == sum(path.stat().st_size for path in files)


@pytest.mark.parametrize(
    ("change", "datasets", "told"),
    [
        (
            {"weights": [{"path": "w.pth", "url": "https://example.org/w.pth"}]},
            ["all3"],
            "its weights must lie in its repository to be carried",
        ),
        ({"tasks": ["medical"]}, ["all3"], "must have a dataset of its task (medical)"),
    ],
)
def test_what_cannot_be_carried_is_refused(
    tmp_path: Path, change: dict[str, object], datasets: list[str], told: str
) -> None:
    """Weights that are fetched, and a method without a dataset of its task, are refused by name."""
    project = make_project(tmp_path / "project")
    entries = yaml.safe_load((project / "methods.yaml").read_text())
    entries["one"].update(change)
    (project / "methods.yaml").write_text(yaml.safe_dump(entries, sort_keys=False))
    suite = {"methods": ["one"], "datasets": ["all3"]}
    config = {"suite": "s", "suites": {"s": suite}}
    (project / "config/config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(RegistryError, match="one: ") as error:
        prepare(Carrying(project, "", tmp_path / "into", 0), ["one"], datasets, "")
    assert told in str(error.value)
