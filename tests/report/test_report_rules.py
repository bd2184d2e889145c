"""The rules of page, package, archive and Snakemake's own report.

The real Snakefile runs them on made-up results.
"""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.markers import FusedCell, FusedCells
from fusebench.contracts.records import Record
from fusebench.files import write_text
from fusebench.hashes import sha256_of_file
from fusebench.layout import fusing_job, record_path
from fusebench.registry.datasets import SPEED_SIZES
from fusebench.report.archive import ALLOWED
from msgspec.structs import replace

from tests.fake_results import METRICS, REPOSITORY, FakeResults
from tests.snakemake_runs import snakemake as run_snakemake

MORE = ("write_page", "write_package", "write_archive", "report", "package", "archive")
BESIDES = ("speed/fake.csv", "tables/bare.csv", "figures/bare/ranks.pdf")
"""Files that no other target makes: times of a suite, and a table without a suite."""
SAME = (
    "tables/wide.csv",
    "tables/wide.tex",
    "tables/wide.html",
    "tables/fake/set-00.tex",
    "figures/wide/ranks.pdf",
    "figures/wide/grid-set-00.pdf",
    *BESIDES,
)


def snakemake(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real workflow on a project; it must succeed."""
    command = ("--snakefile", str(REPOSITORY / "Snakefile"), "--cores", "2", *arguments)
    done = run_snakemake(*command, folder=root)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done


def add_others(results: FakeResults) -> Path:
    """Write a second configuration and the files that it needs, and return its path.

    It has a table without a suite, and times for the suite.
    """
    table = {"methods": results.method_names[:2], "datasets": ["set-00"], "metrics": ["EN", "SD"]}
    groups = {"Zeta": table["methods"][:1], "Alpha": table.pop("methods")[1:]}
    other = {
        "suites": {"fake": {"speed": True}},
        "tables": {"bare": {**table, "groups": groups, "figures": ["ranks"]}},
    }
    for method in results.method_names:
        record = read_stored(results.root / record_path(method, "set-00"), Record)
        for timed in (f"speed-{size}-infrared-visible" for size in SPEED_SIZES):
            path = results.root / record_path(method, timed)
            write_stored(path, replace(record, dataset=timed))
            ended = FusedCell(state=record.state, record=sha256_of_file(path))
            write_stored(results.root / fusing_job(method, timed), FusedCells(cells={timed: ended}))
    measures = results.root / "results" / "measures"
    shutil.copytree(measures / "tables" / "wide", measures / "tables" / "bare")
    write_text(results.root / "over.yaml", yaml.safe_dump(other))
    return results.root / "over.yaml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of four methods whose outputs were made with a second configuration.

    The outputs are tables, figures, page, package and archive.
    """
    results = FakeResults(tmp_path_factory.mktemp("rules"), methods=4, datasets=1, pairs=3)
    results.write(figures=["ranks", "grid"], pairs=1)
    config = ("--configfile", str(add_others(results)))
    files = [f"results/{file}" for file in BESIDES]
    snakemake(results.root, *files, "--allowed-rules", *ALLOWED, *config)
    targets = ("tables", "figures", "report", "package", "archive")
    snakemake(results.root, *targets, "--allowed-rules", *ALLOWED, *MORE, *config)
    return results.root


def test_long_file_holds_everything(made: Path) -> None:
    """Each value has a row with the facts of its run.

    The failed run has one row with its reason.
    """
    with gzip.open(made / "results" / "results.csv.gz", "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 3 * 3 * len(METRICS) + 1
    assert (rows[0]["image"], rows[0]["direction"], rows[0]["year"]) == ("0000", "higher", "2015")
    assert (rows[-1]["state"], rows[-1]["reason"], rows[-1]["value"]) == (
        "weights-missing",
        "x.pth is <gone> & away",
        "",
    )


def test_data_package_describes_what_is_there(made: Path) -> None:
    """Every resource exists with its size and hash.

    Its fields are the columns of its file, in order.
    """
    import hashlib

    package = json.loads((made / "results" / "datapackage.json").read_text())
    resources = {resource["path"]: resource for resource in package["resources"]}
    assert {
        "results.csv.gz",
        "measures.csv",
        "status.csv",
        "tables/wide.csv",
        "statistics/wide/summary.csv",
    } <= set(resources)
    written = {
        path.relative_to(made / "results").as_posix() for path in made.glob("results/**/*.csv")
    }
    assert written - set(resources) == set()
    assert len({resource["name"] for resource in package["resources"]}) == len(resources)
    for path, resource in resources.items():
        content = (made / "results" / path).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        text = (gzip.decompress(content) if path.endswith(".gz") else content).decode()
        head = next(csv.reader(text.splitlines()))
        assert [field["name"] for field in resource["schema"]["fields"]] == head, path
    types = {
        field["name"]: field["type"] for field in resources["measures.csv"]["schema"]["fields"]
    }
    assert (types["image"], types["value"]) == ("string", "number")


def test_archive_makes_tables_and_figures_again(made: Path, tmp_path: Path) -> None:
    """The command of the archive's note makes the same files with nothing else.

    It uses the options that they were made with.
    """
    with tarfile.open(made / "results" / "fusebench-results.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    root = tmp_path / "fusebench-results"
    assert (
        not (root / "code").exists() and len(list(root.glob("results/runs/*/*/fused/*.png"))) == 3
    )
    for path in SAME:
        (root / "results" / path).unlink()
    note = (root / "ARCHIVE.md").read_text()
    (command,) = [part for part in note.split("\n\n") if "snakemake --snakefile" in part]
    arguments = command.replace("\\\n", " ").split()[5:]
    assert arguments[:3] == ["--forceall", "tables", "figures"]
    done = snakemake(root, *arguments)
    assert "rule fuse:" not in done.stderr and "rule draw_figure:" in done.stderr
    for path in SAME:
        assert (root / "results" / path).read_bytes() == (made / "results" / path).read_bytes(), (
            path
        )


def test_versions_are_in_the_archive(made: Path) -> None:
    """The archive has the versions that made the tables, and the locks of the environments."""
    with tarfile.open(made / "results" / "fusebench-results.tar.gz") as archive:
        versions = json.loads(_text(archive, "versions.json"))
        names = archive.getnames()
    assert {"snakemake", "scipy", "matplotlib"} <= {name.lower() for name in versions["packages"]}
    assert any(name.endswith("classical/environment.yml") for name in names)


def test_snakemakes_report_has_captions_and_categories(made: Path) -> None:
    """`snakemake --report` works without a network.

    It shows tables and figures with their captions and labels.
    """
    snakemake(
        made,
        "tables",
        "figures",
        "report",
        "--allowed-rules",
        *ALLOWED,
        *MORE,
        "--report",
        "report.zip",
    )
    with zipfile.ZipFile(made / "report.zip") as report:
        (name,) = [name for name in report.namelist() if name.endswith("report.html")]
        text = report.read(name).decode()
    for words in (
        "grid-set-00",
        "Figures",
        "Tables",
        "made from",
        "Published image-fusion methods",
    ):
        assert words in text, words


def test_snakemakes_report_has_the_pages_images(made: Path) -> None:
    """Previews beside the page are in Snakemake's report, where the page looks for them."""
    write_text(made / "over.yaml", yaml.safe_dump({"report": {"inline_mb": 0}}))
    more = ("--allowed-rules", *ALLOWED, *MORE, "--configfile", "over.yaml")
    snakemake(made, "report", *more)
    snakemake(made, "report", *more, "--report", "page.zip")
    with zipfile.ZipFile(made / "page.zip") as report:
        names = [Path(name) for name in report.namelist()]
    (page,) = [name for name in names if name.name == "index.html"]
    shown = {
        path.relative_to(made / "results/report")
        for path in made.glob("results/report/previews/*/*/*")
    }
    assert len(shown) == 3 * 5 and {page.parent / preview for preview in shown} <= set(names)


def _text(archive: tarfile.TarFile, name: str) -> str:
    stream = archive.extractfile(f"fusebench-results/{name}")
    assert stream is not None
    return stream.read().decode()
