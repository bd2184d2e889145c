"""The archive: what it holds, what it lacks, and its options."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
import yaml
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.records import Record
from fusebench.files import write_text
from fusebench.report.archive import ALLOWED, NAME, note, versions, write_archive
from msgspec.structs import replace

from tests.fake_results import TABLE, FakeResults

OPTIONS = {
    "suite": "fake",
    "suites": {"fake": {"title": "Zürich: a # b"}},
    "tables": {"b": 1, "a": 2},
}


@pytest.fixture
def results(tmp_path: Path) -> FakeResults:
    """Three methods, one of them failed, on one dataset of three pairs."""
    return FakeResults(tmp_path / "project", methods=3, datasets=1, pairs=3).write()


def packed(results: FakeResults) -> dict[str, bytes]:
    """Write the archive and return its files by their path below its folder."""
    path = results.root / "out" / "archive.tar.gz"
    write_archive(results.root, OPTIONS, [], path)
    assert [file.name for file in path.parent.iterdir()] == ["archive.tar.gz"]
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        assert {(member.uid, member.uname, member.gname) for member in members} == {(0, "", "")}
        assert all(member.name.startswith(f"{NAME}/") and member.isfile() for member in members)
        files = {}
        for member in members:
            stream = archive.extractfile(member)
            assert stream
            files[member.name.removeprefix(f"{NAME}/")] = stream.read()
        return files


def test_it_holds_what_tables_are_made_from(results: FakeResults) -> None:
    """It has registry, locks, markers, records, jobs and values; it has no image and no code."""
    write_text(results.root / "code" / "secret.py", "x = 1\n")
    files = packed(results)
    method = results.method_names[0]
    for path in (
        "methods.yaml",
        "datasets.yaml",
        "envs/classical/environment.yml",
        "resources/datasets/set-00.json",
        f"results/runs/{method}/set-00/record.json",
        f"results/jobs/{method}/set-00.json",
        "results/measures/set-00.csv",
        f"results/measures/tables/{TABLE}/set-00.csv",
    ):
        assert files[path] == (results.root / path).read_bytes(), path
    assert not [path for path in files if path.endswith(".png") or path.startswith("code")]


def test_its_configuration_is_that_of_the_results(results: FakeResults) -> None:
    """Other files and the command line may have changed the options; their order is kept."""
    files = packed(results)
    text = files["config/config.yaml"].decode()
    assert yaml.safe_load(text) == OPTIONS
    assert list(yaml.safe_load(text)["tables"]) == ["b", "a"] and "Zürich" in text


def test_it_holds_the_images_of_its_grids(results: FakeResults) -> None:
    """It has sources and fused images of the pairs that a grid shows, of successful runs."""
    grid = results.root / "results/figures" / TABLE / "grid-set-00.csv"
    write_text(grid, "pair,image,x\n0001,Infrared,\n0001,Visible,\n")
    write_text(grid.with_name("grid-gone.csv"), "\n")
    images = sorted(path for path in packed(results) if path.endswith(".png"))
    assert images == [
        "resources/datasets/set-00/a/0001.png",
        "resources/datasets/set-00/b/0001.png",
        "results/runs/method-000/set-00/fused/0001.png",
        "results/runs/method-001/set-00/fused/0001.png",
    ]


def test_a_fused_image_is_packed_under_its_own_name(results: FakeResults) -> None:
    """The name of a pair may not be the name of a file."""
    folder = results.root / "results/runs/method-000/set-00"
    record = read_stored(folder / "record.json", Record)
    images = [replace(image, fused=f"{image.name}_f.png") for image in record.images]
    write_stored(folder / "record.json", replace(record, images=images))
    (folder / "fused" / "0001.png").rename(folder / "fused" / "0001_f.png")
    write_text(results.root / "results/figures/x/grid-set-00.csv", "pair,image\n0001,A\n")
    assert "results/runs/method-000/set-00/fused/0001_f.png" in packed(results)


def test_an_archive_of_nothing_is_one(tmp_path: Path) -> None:
    """A project without results has its configuration, the note and the versions."""
    (tmp_path / "project").mkdir()
    files = packed(FakeResults(tmp_path / "project"))
    assert set(files) == {"config/config.yaml", "ARCHIVE.md", "versions.json"}


def test_the_note_names_what_is_asked_for_by_name() -> None:
    """The command of the note makes everything again, and allows no rule that runs a method."""
    text = note([Path("results/speed/fake.csv"), Path("results/tables/bare.csv")])
    command = text[text.index("    snakemake") :].split("\n\n")[0].replace("\\\n", " ").split()
    assert command == [
        *("snakemake", "--snakefile", "CHECKOUT/Snakefile", "--cores", "2", "--forceall"),
        *("tables", "figures", "results/speed/fake.csv", "results/tables/bare.csv"),
        *("--allowed-rules", *ALLOWED),
    ]
    assert not {"fuse", "fuse_on_gpu", "measure", "prepare_dataset"} & set(ALLOWED)


def test_versions_are_those_of_this_environment() -> None:
    """They are sorted by the name of the package."""
    import platform

    import numpy

    told = versions()
    packages = told["packages"]
    assert isinstance(packages, dict) and packages["numpy"] == numpy.__version__
    assert list(packages) == sorted(packages)
    assert told["python"] == platform.python_version()
