"""The tables and figures of papers: their files, their inputs, and the parameters of their jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from fusebench.contracts.configuration import FigureKind
from fusebench.contracts.files import from_parameter
from fusebench.contracts.jobs.comparing import MeasureJob
from fusebench.contracts.jobs.papers import FigureJob, PaperTableJob, StatisticsJob
from fusebench.contracts.tables import CellList, FigureSpec, SkippedCell
from fusebench.files import write_text
from fusebench.planning.papers import paper_spec
from fusebench.planning.plan import Plan, make_plan
from fusebench.registry.tables import FIGURES

RUN = {
    "script": "x.py",
    "stage": {"a": "a/{name}.png", "b": "b/{name}.png"},
    "collect": "{out}/{name}.png",
}


def method(name: str, task: str = "infrared-visible", **more: Any) -> dict[str, Any]:
    """An entry of methods.yaml."""
    run = {**RUN, "args": f"--as {name}"}
    return {"title": name, "tasks": [task], "code": "code", "env": "classical", "run": run, **more}


def dataset(task: str) -> dict[str, Any]:
    """An entry of datasets.yaml."""
    sides = {side: {"files": f"{side}/{{name}}.png"} for side in "ab"}
    return {"title": f"Set of {task}", "task": task, "kind": "local", "folder": "images", **sides}


METHODS = {
    "alpha": method("alpha", label="Alpha", paper={"venue": "CVPR", "year": 2024}),
    "beta": method("beta", tasks=["infrared-visible", "medical"]),
    "idle": method("idle", status="no-weights", reason="the link is dead"),
    "medic": method("medic", "medical"),
}
DATASETS = {"tno": dataset("infrared-visible"), "mri": dataset("medical")}
SUITE = {"methods": list(METHODS), "datasets": ["tno", "mri"], "metrics": ["EN", "SD"]}
Planned = Callable[..., Plan]


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    """Plan runs of a project with the tables ``t`` of the selected suite, ``other`` and ``own``."""

    def plan(
        table: dict[str, Any] | None = None,
        methods: dict[str, Any] | None = None,
        datasets: dict[str, Any] | None = None,
        **config: Any,
    ) -> Plan:
        (tmp_path / "envs" / "classical").mkdir(parents=True, exist_ok=True)
        (tmp_path / "code").mkdir(exist_ok=True)
        own = {"methods": ["medic"], "datasets": ["mri"], "metrics": ["EN"], "figures": ["ranks"]}
        whole = {
            "suite": "s",
            "suites": {
                "s": SUITE,
                "timed": {**SUITE, "datasets": ["tno"], "speed": True},
            },
            "tables": {
                "t": {"suite": "s", **(table or {})},
                "other": {"suite": "timed"},
                "own": own,
            },
            **config,
        }
        for file, content in (
            ("methods.yaml", methods or METHODS),
            ("datasets.yaml", datasets or DATASETS),
            ("config/config.yaml", whole),
        ):
            write_text(tmp_path / file, yaml.safe_dump(content, sort_keys=False))
        return make_plan(tmp_path, {})

    return plan


def test_tables_of_the_selected_suites_are_made(planned: Planned) -> None:
    """Any other table must be asked for by its name, also one without a suite."""
    plan = planned({"figures": ["ranks", "boxes"]})
    assert list(plan.papers.tables) == ["t", "other", "own"]
    assert plan.papers.table_files == ["results/tables/t.csv"]
    assert plan.papers.figure_files == [
        "results/figures/t/ranks.pdf",
        "results/figures/t/boxes-tno.pdf",
        "results/figures/t/boxes-mri.pdf",
    ]
    both = planned(suite="s,timed").papers
    assert both.table_files == ["results/tables/t.csv", "results/tables/other.csv"]


def test_a_suite_without_a_table_has_figures_all_the_same(planned: Planned) -> None:
    """It has those of a table with its methods and datasets; no table of a paper is made for it.

    Another table may have the name that its figures would have, and a dot begins no suffix.
    """
    plan = planned(tables={"s": {"suite": "timed"}}, suites={"s": SUITE, "timed": SUITE})
    assert list(plan.papers.tables) == ["s", "s-suite"]
    assert plan.papers.table_files == []
    files = plan.papers.figure_files
    assert files[0] == "results/figures/s-suite/grid-tno.pdf"
    assert len(files) == len(plan.papers.figures("s")) == 5 * 2 + 3
    job = from_parameter(plan.paper_jobs.figure("s-suite", "ranks"), FigureJob)
    assert list(job.figure.labels) == list(METHODS)
    dotted = planned(tables={}, suites={"s": SUITE, "a.b": SUITE})
    assert list(dotted.papers.tables) == ["s", "a_b"]


def test_the_table_of_a_suite_is_kept_once_it_was_made(planned: Planned, tmp_path: Path) -> None:
    """The archive takes it along, as it takes every table that was asked for by its name."""
    plan = planned(tables={}, suites={"s": SUITE})
    assert plan.papers.named_files([]) == []
    write_text(tmp_path / "results/tables/s.csv", "")
    assert plan.papers.named_files([]) == ["results/tables/s.csv"]


def test_every_figure_is_found_by_its_name(planned: Planned) -> None:
    """All kinds are drawn unless the table names some; those of the whole table exist once.

    Maps of errors are drawn of arrays only, and these datasets hold images.
    """
    tables = planned().papers
    names = tables.figures("t")
    kinds = [tables.kind_of("t", name) for name in names]
    assert kinds == [
        (kind, dataset)
        for kind in FIGURES
        if kind != "errors"
        for dataset in (
            [""] if kind in ("ranks", "critical-difference", "correlation") else ["tno", "mri"]
        )
    ]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["ranks-tno", "grid", "boxes-other", "pie", "radar-"])
def test_a_figure_that_is_none_is_not_known(planned: Planned, name: str) -> None:
    """A kind that does not exist and a figure of another dataset are refused."""
    with pytest.raises(KeyError):
        planned().papers.kind_of("t", name)


def test_a_table_needs_the_jobs_of_its_methods(planned: Planned) -> None:
    """It needs the jobs of methods that can be run and were published for the dataset's task."""
    tables = planned().papers
    assert tables.fused_by("t", "tno") == [
        "results/jobs/alpha/tno.json",
        "results/jobs/beta/tno.json",
    ]
    assert tables.fused_by("t", "mri") == [
        "results/jobs/beta/mri.json",
        "results/jobs/medic/mri.json",
    ]
    assert tables.fused_by("own", "mri") == ["results/jobs/medic/mri.json"]
    with pytest.raises(KeyError):
        tables.fused_by("own", "tno")


def test_a_job_may_fuse_several_datasets(planned: Planned) -> None:
    """Its output is named after the first of them, and each of them needs it."""
    tables = planned(cells_per_job=2).papers
    assert "results/jobs/beta/mri+1.json" in tables.fused_by("t", "tno")
    assert "results/jobs/beta/mri+1.json" in tables.fused_by("t", "mri")


def test_a_table_has_values_of_its_own(planned: Planned) -> None:
    """It has one file for each dataset, apart from those of the suites."""
    tables = planned().papers
    assert tables.measures("t") == [
        "results/measures/tables/t/tno.csv",
        "results/measures/tables/t/mri.csv",
    ]


FUSED = ["results/jobs/alpha/tno.json", "results/jobs/beta/tno.json"]
VALUES = [f"results/measures/tables/t/{name}.csv" for name in ("tno", "mri")]


@pytest.mark.parametrize(
    ("figure", "inputs", "values"),
    [
        ("grid-tno", [*FUSED, "resources/datasets/tno.json"], VALUES[:1]),
        ("quality-speed-tno", FUSED, []),
        ("boxes-tno", [], VALUES[:1]),
        ("curves-mri", [], VALUES[1:]),
        ("radar-tno", [], []),
        ("ranks", [], []),
        ("correlation", [], []),
        ("critical-difference", [], VALUES),
    ],
)
def test_a_figure_needs_what_it_is_drawn_from(
    planned: Planned, figure: str, inputs: list[str], values: list[str]
) -> None:
    """A figure needs runs and images, or per-image values, or the statistics alone."""
    tables = planned().papers
    assert list(tables.figure_inputs("t", figure)) == inputs
    assert tables.figure_measures("t", figure) == values


def test_what_nobody_else_makes_is_asked_for_by_its_name(planned: Planned, tmp_path: Path) -> None:
    """These are the speed tables of the selected suites, and other files that exist."""
    plan = planned({"figures": ["ranks"]})
    assert plan.papers.named_files([]) == []
    assert plan.papers.named_files(["results/speed/timed.csv"]) == ["results/speed/timed.csv"]
    there = ["results/speed/timed.csv", "results/tables/own.csv", "results/figures/own/ranks.pdf"]
    for file in (*there, "results/tables/t.csv", "results/figures/own/radar-mri.pdf"):
        write_text(tmp_path / file, "x")
    assert plan.papers.named_files([]) == there


def test_without_evidence_no_self_check_is_known(planned: Planned, tmp_path: Path) -> None:
    """A self-check is known after an image was compared."""
    assert planned().papers.self_checks == {}
    lines = ["method,self-check", "alpha,t: exact", "beta,none", "idle,t: nothing-to-compare"]
    write_text(tmp_path / "results/evidence/summary.csv", "\n".join(lines) + "\n")
    plan = planned()
    assert plan.papers.self_checks == {"alpha": "t: exact"}
    told = from_parameter(plan.paper_jobs.table("t"), PaperTableJob).table.evidence
    assert told == {"alpha": "t: exact", "beta": "–", "idle": "–", "medic": "–"}


def test_what_is_measured(planned: Planned) -> None:
    """The job measures the methods that can be run on the dataset, in the table's metrics."""
    job = from_parameter(planned({"metrics": ["SSIM"]}).paper_jobs.measure("t", "tno"), MeasureJob)
    (told,) = job.datasets
    assert (told.dataset, told.methods, told.metrics) == ("tno", ["alpha", "beta"], ["SSIM"])


def test_what_is_analysed(planned: Planned) -> None:
    """The statistics use the metrics of each dataset, in the order of the columns."""
    job = from_parameter(planned().paper_jobs.statistics("t"), StatisticsJob)
    assert list(job.metrics.items()) == [("tno", ["EN", "SD"]), ("mri", ["EN", "SD"])]


def test_what_is_tabulated(planned: Planned) -> None:
    """The table has the cells that run, those that cannot with the reason, and the cited papers."""
    job = from_parameter(planned().paper_jobs.table("t"), PaperTableJob)
    assert job.cells == CellList(
        runs={"tno": ["alpha", "beta"], "mri": ["beta", "medic"]},
        skipped=[SkippedCell(method="idle", dataset="tno", reason="no-weights: the link is dead")],
    )
    assert {name: (paper.key, paper.title) for name, paper in job.papers.items()} == {
        "alpha": ("alpha2024", "alpha")
    }
    assert [(shown.name, shown.title, shown.methods) for shown in job.table.datasets] == [
        ("tno", "Set of infrared-visible", ["alpha", "beta", "idle"]),
        ("mri", "Set of medical", ["beta", "medic"]),
    ]


def test_the_order_of_groups_reaches_the_job(planned: Planned) -> None:
    """The order of groups is the order of the rows; sorting of keys does not change it."""
    groups = {"Z": ["medic"], "A": ["beta", "alpha"]}
    job = from_parameter(planned({"groups": groups}).paper_jobs.table("t"), PaperTableJob)
    assert list(job.table.groups.items()) == list(groups.items())
    assert list(job.table.labels) == ["medic", "beta", "alpha"]


@pytest.mark.parametrize(
    "fields",
    [
        {"layout": "stacked"},
        {"unfinished": "caption"},
        {"spread": "std"},
        {"highlight": 3},
        {"colour": True},
        {"ties": False},
        {"columns": ["flops", "year"]},
        {"title": "Braces {wildcards} & Umlaute"},
    ],
)
def test_how_a_table_looks_reaches_the_job(planned: Planned, fields: dict[str, Any]) -> None:
    """Fields of the configuration become parameters; fields left out have their defaults."""
    plain = from_parameter(planned().paper_jobs.table("t"), PaperTableJob).table
    table = from_parameter(planned(fields).paper_jobs.table("t"), PaperTableJob).table
    ((name, value),) = fields.items()
    assert getattr(table, name) == value != getattr(plain, name)
    assert plain.columns == ["model-seconds", "parameters"] and plain.title == "t"


def test_citations_may_be_left_out(planned: Planned) -> None:
    """The bibliography is still written, for whoever wants it."""
    job = from_parameter(planned({"citations": False}).paper_jobs.table("t"), PaperTableJob)
    assert job.table.cite == {} and list(job.papers) == ["alpha"]


def test_methods_of_similar_names_are_two_entries(planned: Planned) -> None:
    """``al-pha`` and ``alpha`` of one year would have one made key, and one paper be cited twice.

    The key of the one whose name is that key stays as it is; where a person gave a key, it counts.
    """
    paper = {"venue": "ICCV", "year": 2024}
    methods = {**METHODS, "al-pha": method("al-pha", paper=paper)}
    suite = {**SUITE, "methods": list(methods)}
    for table, key in ({}, "al-pha2024"), ({"cite": {"al-pha": "own"}}, "own"):
        plan = planned(table, methods, suites={"s": suite, "timed": {**suite, "speed": True}})
        papers = from_parameter(plan.paper_jobs.table("t"), PaperTableJob).papers
        keys = {name: one.key for name, one in papers.items()}
        assert keys == {"alpha": "alpha2024", "al-pha": key}


def test_years_are_text_and_may_be_unknown(planned: Planned) -> None:
    """Years are the texts of their column."""
    spec = paper_spec(planned().papers.tables["t"], {})
    assert spec.years == {"alpha": "2024", "beta": "–", "idle": "–", "medic": "–"}


def figure(plan: Plan, name: str) -> FigureSpec:
    """The parameters of a drawing job."""
    return from_parameter(plan.paper_jobs.figure("t", name), FigureJob).figure


@pytest.mark.parametrize(
    ("name", "kind", "dataset", "runs"),
    [
        ("ranks", "ranks", "", []),
        ("boxes-mri", "boxes", "mri", []),
        ("quality-speed-mri", "quality-speed", "mri", ["beta", "medic"]),
        ("grid-tno", "grid", "tno", ["alpha", "beta"]),
    ],
)
def test_what_is_drawn(
    planned: Planned, name: str, kind: FigureKind, dataset: str, runs: list[str]
) -> None:
    """The job gets kind and dataset; it gets cells only where the figure is drawn from records."""
    spec = figure(planned({"heads": {"SD": "S"}}), name)
    assert (spec.kind, spec.dataset, spec.heads) == (kind, dataset, {"SD": "S"})
    assert spec.labels == {"alpha": "Alpha", "beta": "beta", "idle": "idle", "medic": "medic"}
    assert spec.cells.runs.get(dataset, []) == runs


def test_a_grid_is_told_its_pairs(planned: Planned) -> None:
    """The job gets the named pairs and boxes of its dataset, else how many pairs to choose.

    It also gets what the source images show.
    """
    plain = figure(planned(), "grid-mri")
    assert (plain.pairs, plain.crops, plain.modalities) == (2, {}, ("a", "b"))
    table = {
        "pairs": {"tno": ["01", "02"]},
        "crops": {"tno": {"01": [[0, 1, 2, 3]]}, "mri": {"07": [[1, 1, 4, 4]]}},
    }
    plan = planned(table)
    spec = figure(plan, "grid-tno")
    assert (spec.pairs, spec.crops) == (["01", "02"], {"01": [(0, 1, 2, 3)]})
    assert spec.modalities == ("infrared", "visible")
    assert figure(plan, "grid-mri").pairs == ["07"]
    assert figure(plan, "boxes-tno").crops == {}


def test_the_digest_follows_all_that_the_page_shows(planned: Planned, tmp_path: Path) -> None:
    """A title, an option or a self-check changes the digest; what changes no result does not."""
    plain = planned().paper_jobs.registry_digest
    assert planned().paper_jobs.registry_digest == plain
    assert (
        planned(mirror="/mirror/{owner}/{name}", **{"try": True}).paper_jobs.registry_digest
        == plain
    )
    title = {**METHODS, "alpha": {**METHODS["alpha"], "title": "corrected"}}
    named = {**DATASETS, "tno": {**DATASETS["tno"], "title": "corrected"}}
    changed = [planned(methods=title), planned(datasets=named), planned({"title": "x"})]
    digests = {plain, *(plan.paper_jobs.registry_digest for plan in changed)}
    assert len(digests) == 4
    write_text(tmp_path / "results/evidence/summary.csv", "method,self-check\nalpha,t: exact\n")
    assert planned().paper_jobs.registry_digest not in digests
