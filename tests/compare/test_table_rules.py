"""The rules of tables: one table runs only what it needs; a new look runs no method."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flow.projects import MiniProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS

COMPARING = {"write_paper_table": 1}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> MiniProject:
    """A project of three methods, with a table of two of them that was requested by name."""
    project = MiniProject.create(tmp_path_factory.mktemp("tables") / "project", environments)
    for name in ("one", "two", "three"):
        project.add_method(name, {"test.py": ARGPARSE}, BY_OPTIONS)
    project.config["tables"] = {
        "pairwise": {"suite": "mini", "methods": ["two", "one"], "metrics": ["EN", "SD"]}
    }
    done = project.snakemake("results/tables/pairwise.tex")
    assert done.returncode == 0, done.stderr[-3000:]
    return project


def test_a_table_runs_only_what_it_needs(project: MiniProject) -> None:
    """The third method of the suite is neither run nor measured, and every format is written."""
    runs = project.root / "results" / "runs"
    assert sorted(path.name for path in runs.iterdir()) == ["one", "two"]
    rows = project.table("tables/pairwise.csv")
    assert [row["method"] for row in rows] == ["two", "one"] and "SSIM" not in rows[0]
    for suffix in ("tex", "md", "html", "bib", "proof.tex"):
        assert (project.root / "results" / "tables" / f"pairwise.{suffix}").stat().st_size > 0


def test_how_a_table_looks_runs_no_method(project: MiniProject) -> None:
    """Other decimals, another title and another layout write the table again and nothing else."""
    project.config["tables"]["pairwise"].update(decimals=1, title="Another title", layout="stacked")
    done = project.snakemake("results/tables/pairwise.tex")
    assert done.returncode == 0, done.stderr[-3000:]
    assert project.jobs(done) == COMPARING
    text = (project.root / "results" / "tables" / "pairwise.md").read_text()
    assert text.startswith("Another title.")


def test_braces_in_a_text_are_no_wildcards(project: MiniProject) -> None:
    """Titles and labels reach every job as written, even if they look like Snakemake wildcards."""
    project.config["tables"]["pairwise"].update(
        title="A {title} of {wildcards}", labels={"one": "{one}"}
    )
    done = project.snakemake("-n", "write_tables", "verdict", "report", "package", "archive")
    assert done.returncode == 0, done.stderr[-3000:]
    del project.config["tables"]["pairwise"]["labels"]
    project.config["tables"]["pairwise"]["title"] = "Another title"


def test_a_paper_corrected_in_the_registry_writes_the_table_again(project: MiniProject) -> None:
    """A method's year and citation are part of the table; no earlier step depends on them."""
    project.methods["one"]["paper"] = {"venue": "CVPR", "year": 2021}
    done = project.snakemake("results/tables/pairwise.tex")
    assert project.jobs(done) == COMPARING
    assert (
        "@inproceedings{one2021,"
        in (project.root / "results" / "tables" / "pairwise.bib").read_text()
    )


def test_statistics_say_what_three_pairs_cannot_carry(project: MiniProject) -> None:
    """Three pairs are too few for the test: statistics and caption say so, without any mark."""
    text = (project.root / "results" / "statistics" / "pairwise" / "statistics.md").read_text()
    assert "| pairs | EN | 3 |" in text and "too few pairs: the test of 2 methods needs 6" in text
    table = (project.root / "results" / "tables" / "pairwise.md").read_text()
    assert (
        "With the 3 pairs of pairs, no method is told from a best mean" in table
        and "Too few pairs for this test of 2 methods, which needs 6: pairs (3)." in table
        and "≈" not in table
    )


def test_a_crop_outside_its_image_stops_before_a_method_runs(project: MiniProject) -> None:
    """Preparing the dataset fails and its log names the box: only then image sizes are known."""
    project.add_images("small", ["p1"])
    table = {"methods": ["one"], "datasets": ["small"], "metrics": ["EN"]}
    project.config["tables"]["cropped"] = {**table, "crops": {"small": {"p1": [[40, 0, 20, 10]]}}}
    done = project.snakemake("results/tables/cropped.tex")
    assert done.returncode != 0 and project.jobs(done) == {"prepare_dataset": 1}
    log = (project.root / "logs" / "datasets" / "small.log").read_text()
    box = "tables.cropped.crops.small.p1: a box [x, y, width, height]"
    assert f"{box} must lie inside the image of 48x40" in log
    project.config["tables"]["cropped"]["crops"]["small"]["p1"] = [[20, 0, 20, 10]]
    done = project.snakemake("results/tables/cropped.tex")
    assert done.returncode == 0 and project.jobs(done)["prepare_dataset"] == 1
    project.config["tables"]["cropped"]["crops"]["small"]["p1"] = [[20, 0, 20, 12]]
    done = project.snakemake("results/tables/cropped.tex")
    assert done.returncode == 0 and project.jobs(done) == {}
