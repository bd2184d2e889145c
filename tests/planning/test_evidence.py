"""The plan of the evidence: self-checks, further runs, claims, and the parameters of their jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.files import from_parameter
from fusebench.contracts.jobs.evidence import ClaimsJob, CommittedJob, SelfcheckJob, SpreadJob
from fusebench.hashes import sha256_of_file
from fusebench.metrics import default_metrics
from fusebench.planning.evidence import EvidenceJobs, EvidencePlan, make_evidence_plan
from fusebench.planning.grouping import Grouping
from fusebench.planning.selection import select
from fusebench.planning.steps import StepJobs
from fusebench.registry.claims import COLUMNS

from tests.registry.small import METHOD, SmallProject

INPUTS = {"a": "in/a", "b": "in/b"}
CHECK = {"inputs": INPUTS, "expect": "out", "repeats": 2}
CLAIM = {"dataset": "pairs", "metric": "EN", "value": "7.10", "where": "Table 1"}
IDLE = {"title": "I", "tasks": ["infrared-visible"], "code": "https://example.org/lab/idle"}


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """A project with four methods for the evidence.

    One has two checks and claims, one has a check, one has neither, and one cannot be run.
    """
    small = SmallProject(tmp_path)
    code = "https://example.org/lab/"
    small.methods = {
        "both": {
            **METHOD,
            "code": f"{code}both",
            "repeats": 3,
            "selfcheck": [{**CHECK, "name": "first"}, {**CHECK, "name": "second", "repeats": 1}],
            "claims": [
                CLAIM,
                {**CLAIM, "metric": "SD"},
                {**CLAIM, "dataset": "selfcheck/second"},
                {"images": "TNO", "metric": "EN", "value": 7, "where": "Table 2"},
            ],
        },
        "one": {
            **METHOD,
            "selfcheck": {**CHECK, "tolerance": {"max_abs": 3}},
            "claims": [{**CLAIM, "dataset": "selfcheck"}],
        },
        "plain": {**METHOD, "code": f"{code}plain"},
        "idle": {
            **IDLE,
            **{"status": "no-weights", "reason": "gone", "claims": [CLAIM], "selfcheck": CHECK},
        },
    }
    small.datasets["more"] = {**small.datasets["pairs"], "title": "More"}
    suites = small.config["suites"]
    suites["s"]["methods"] = ["both", "plain"]
    suites["all"] = {"methods": "all", "datasets": ["pairs"]}
    suites["other"] = {"methods": ["one", "idle"], "datasets": ["more"]}
    return small


def planned(project: SmallProject, *, cluster: bool = True, **overrides: Any) -> EvidencePlan:
    """Return the plan of a run with some options of the command line."""
    grouping = Grouping(select(project.load(**overrides), "cpu"), cluster)
    return make_evidence_plan(grouping)


def jobs(project: SmallProject, **overrides: Any) -> EvidenceJobs:
    """Return what the rules of a run look up."""
    plan = planned(project, **overrides)
    return EvidenceJobs(plan, StepJobs(plan.selection, plan.grouping))


def test_every_method_of_the_suite_is_asked_for(project: SmallProject) -> None:
    """All methods of the selected suites have pages.

    Methods that cannot be run have pages and claims, and no check.
    """
    plan = planned(project, suite="all")
    assert plan.names == ["both", "one", "plain", "idle"]
    assert plan.pages == [f"results/evidence/{name}.md" for name in plan.names]
    assert plan.claimed == ["both", "one", "idle"]
    assert plan.judged_claims == [f"results/evidence/claims/{name}.json" for name in plan.claimed]
    assert plan.judged_checks == [
        "results/selfcheck/both/first.json",
        "results/selfcheck/both/second.json",
        "results/selfcheck/one/committed.json",
    ]


@pytest.mark.parametrize(
    ("suite", "names"),
    [
        ("other", ["one", "idle"]),
        ("s", ["both", "plain"]),
        ("s,other", ["both", "plain", "one", "idle"]),
    ],
)
def test_a_suite_of_the_command_line_restricts_it(
    project: SmallProject, suite: str, names: list[str]
) -> None:
    """Evidence is asked for the methods of the suite, on whatever datasets.

    Checks of other methods can still be looked up by the names of their files.
    """
    plan = planned(project, suite=suite)
    assert plan.names == names
    assert {key[0] for key in plan.checks} == {"both", "one"}
    assert all(path.split("/")[2] in names for path in plan.judged_checks)


def test_runs_of_a_check_are_cells_of_its_method(project: SmallProject) -> None:
    """There are as many as the check asks for, counted from 1."""
    plan = planned(project)
    assert plan.check_runs("both", "first") == ["selfcheck/first/1", "selfcheck/first/2"]
    assert plan.check_runs("both", "second") == ["selfcheck/second/1"]
    with pytest.raises(KeyError):
        plan.check_runs("both", "third")


@pytest.mark.parametrize(
    ("configured", "method", "runs"),
    [(1, "both", 3), (1, "plain", 1), (2, "both", 3), (5, "both", 5)],
)
def test_a_method_is_repeated_as_often_as_anyone_asks(
    project: SmallProject, configured: int, method: str, runs: int
) -> None:
    """The larger number of the entry and the configuration counts.

    The first run is the one that tables show.
    """
    plan = planned(project, repeats=configured)
    assert plan.repeats(method) == runs
    expected = ["pairs", *(f"repeats/pairs/{run}" for run in range(2, runs + 1))]
    assert plan.repeated_runs(method, "pairs") == expected


def test_spreads_are_of_cells_that_run_more_than_once(project: SmallProject) -> None:
    """They are of cells of the selected suites, whatever evidence was asked for."""
    assert planned(project).spreads == ["results/repeats/both/pairs/spread.json"]
    assert planned(project, repeats=2).spreads == [
        "results/repeats/both/pairs/spread.json",
        "results/repeats/plain/pairs/spread.json",
    ]
    assert planned(project, suite="other", repeats=2).spreads == [
        "results/repeats/one/more/spread.json"
    ]


def test_each_cell_is_fused_by_a_job(project: SmallProject) -> None:
    """A run of a check and a further run have jobs of their own.

    A cell of a suite is fused by the job of its group.
    """
    project.config["suites"]["s"]["datasets"] = ["pairs", "more"]
    project.config["cells_per_job"] = 5
    plan = planned(project)
    found = plan.fused_by("both", ["pairs", "repeats/pairs/2", "selfcheck/first/1"])
    assert found == [
        "results/jobs/both/more+1.json",
        "results/jobs/both/repeats/pairs/2.json",
        "results/jobs/both/selfcheck/first/1.json",
    ]
    assert plan.fused_by("one", ["pairs"]) == ["results/jobs/one/pairs.json"]


def test_cells_of_claims(project: SmallProject) -> None:
    """Each dataset is there once with all runs on it, and each check with its runs.

    Claims on images that the registry does not hold have no cells.
    """
    plan = planned(project)
    assert plan.claimed_cells("both") == {
        "pairs": (
            "resources/datasets/pairs.json",
            ["pairs", "repeats/pairs/2", "repeats/pairs/3"],
        ),
        "selfcheck/second": ("resources/committed/both/second.json", ["selfcheck/second/1"]),
    }
    assert plan.claimed_cells("plain") == {}


def test_a_claim_on_the_only_check_needs_no_name(project: SmallProject) -> None:
    """``selfcheck`` alone is the check of the same method."""
    assert planned(project).claimed_cells("one") == {
        "selfcheck": (
            "resources/committed/one/committed.json",
            ["selfcheck/committed/1", "selfcheck/committed/2"],
        )
    }


def test_a_method_that_cannot_be_run_has_no_cells(project: SmallProject) -> None:
    """Its claims are judged by the reason alone."""
    assert planned(project).claimed_cells("idle") == {}
    assert jobs(project).claim_inputs("idle") == []
    told = from_parameter(jobs(project).claims("idle"), ClaimsJob)
    assert (told.images, told.reason) == ({}, "no-weights: gone")
    assert [claim.value for claim in told.claims] == ["7.10"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"code": "workflow/baselines", "commit": ""}, "own implementation"),
        ({"code": "./workflow/baselines/", "commit": ""}, "own implementation"),
        ({"implementation": "own"}, "own implementation"),
        ({"implementation": "third-party"}, "third-party implementation"),
        ({"code": "workflow/baselines", "commit": "", "implementation": "authors"}, ""),
        ({"implementation": "authors"}, ""),
        ({}, ""),
    ],
)
def test_published_numbers_are_compared_with_the_authors_code_alone(
    project: SmallProject, fields: dict[str, Any], reason: str
) -> None:
    """Claims about an implementation of another hand are not comparable, and no run is made.

    That is so for fusebench's own baselines without a word in the entry.
    """
    entry = {**project.methods["both"], **fields}
    entry["claims"] = [CLAIM]
    del entry["selfcheck"]
    project.methods["both"] = {key: value for key, value in entry.items() if value != ""}
    (project.root / "workflow/baselines").mkdir(parents=True)
    assert bool(planned(project).claimed_cells("both")) == (reason == "")
    told = from_parameter(jobs(project).claims("both"), ClaimsJob)
    assert told.reason == reason and bool(told.images) == (reason == "")
    assert bool(jobs(project).claim_inputs("both")) == (reason == "")


def test_what_the_job_of_committed_images_is_told(project: SmallProject) -> None:
    """The job gets the patterns of the check; names of pairs keep their order.

    A folder becomes a pattern.
    """
    project.methods["one"]["selfcheck"]["pairs"] = ["2", "1"]
    told = from_parameter(jobs(project).images("one", "committed"), CommittedJob)
    assert told == CommittedJob(
        a="in/a/{name}.*", b="in/b/{name}.*", expect="out/{name}.*", pairs=["2", "1"], unpack=[]
    )


def test_named_files_of_pairs_keep_their_order(project: SmallProject) -> None:
    """The script gets the pairs in the order of the entry, whatever their names are."""
    files = {"a": "x.png", "b": "y.png"}
    project.methods["one"]["selfcheck"] = {"pairs": dict.fromkeys(("z", "a", "m"), files)}
    told = from_parameter(jobs(project).images("one", "committed"), CommittedJob)
    assert list(told.pairs or ()) == ["z", "a", "m"]


def test_what_the_judge_of_a_check_is_told(project: SmallProject) -> None:
    """The job gets the tolerance of the entry and the metrics of the task.

    The metrics are for images that differ from run to run.
    """
    told = from_parameter(jobs(project).selfcheck("one", "committed"), SelfcheckJob)
    assert (told.method, told.check, told.tolerance) == ("one", "committed", 3.0)
    assert told.metrics == default_metrics("infrared-visible")
    assert from_parameter(jobs(project).selfcheck("both", "first"), SelfcheckJob).tolerance == 1.0


def test_what_the_judge_of_a_spread_is_told(project: SmallProject) -> None:
    """The job gets the metrics that the suites measure on the dataset.

    For a dataset that no suite selects, it gets those of the dataset's task.
    """
    found = jobs(project)
    selected = from_parameter(found.spread("both", "pairs"), SpreadJob)
    assert (selected.method, selected.dataset, selected.metrics) == ("both", "pairs", ["EN"])
    other = from_parameter(found.spread("both", "more"), SpreadJob)
    assert other.metrics == default_metrics("infrared-visible")


def test_what_the_judge_of_claims_is_told(project: SmallProject) -> None:
    """The job gets the claims of the entry and the records that they are compared with.

    The claims are as written, and the first run comes first.
    """
    told = from_parameter(jobs(project).claims("both"), ClaimsJob)
    assert len(told.claims) == 4 and told.reason == "" and told.files == {}
    assert told.images["pairs"].manifest == "resources/datasets/pairs.json"
    assert told.images["pairs"].records == [
        "results/runs/both/pairs/record.json",
        "results/repeats/both/pairs/2/record.json",
        "results/repeats/both/pairs/3/record.json",
    ]
    assert told.images["selfcheck/second"].records == [
        "results/selfcheck/both/second/1/record.json"
    ]
    assert jobs(project).claim_inputs("both") == [
        "resources/datasets/pairs.json",
        "results/jobs/both/pairs.json",
        "results/jobs/both/repeats/pairs/2.json",
        "results/jobs/both/repeats/pairs/3.json",
        "resources/committed/both/second.json",
        "results/jobs/both/selfcheck/second/1.json",
    ]


def test_a_file_of_claims_is_known_by_its_hash(project: SmallProject) -> None:
    """The parameters hold the hash of the file, so that a changed number judges again.

    They do not hold the rows.
    """
    path = project.root / "claims" / "t.csv"
    path.parent.mkdir()
    head = ",".join(COLUMNS)
    path.write_text(f"{head}\nplain,pairs,,Entropy,vifb,1.5,1,T\n", encoding="utf-8")
    project.methods["plain"]["claims"] = [{"file": "claims/t.csv"}]
    before = jobs(project).claims("plain")
    told = from_parameter(before, ClaimsJob)
    assert told.files == {"claims/t.csv": sha256_of_file(path)}
    assert list(told.images) == ["pairs"] and "Entropy" not in before
    path.write_text(f"{head}\nplain,pairs,,Entropy,vifb,1.6,1,T\n", encoding="utf-8")
    assert jobs(project).claims("plain") != before


def test_rules_of_judgement_are_part_of_every_job(project: SmallProject) -> None:
    """Each judging job has one digest of the rules and of the metrics.

    The job that copies images does not have it.
    """
    found = jobs(project)
    assert len(found.code) == 64 and found.code == jobs(project).code
    told = (found.selfcheck("one", "committed"), found.spread("both", "pairs"), found.claims("one"))
    assert all(f'"code":"{found.code}"' in one for one in told)
    assert found.code not in found.images("one", "committed")


@pytest.mark.parametrize(
    ("fields", "written_again"),
    [
        ({"title": "Another"}, True),
        ({"notes": "Mind it."}, True),
        ({"declares": {"torch": "1.7"}}, True),
        ({"resources": {"mem_mb": 9000}}, False),
        ({"repeats": 4}, False),
    ],
)
def test_pages_are_written_again_for_what_they_say(
    project: SmallProject, fields: dict[str, Any], written_again: bool
) -> None:
    """A changed title rewrites the pages, a job's memory does not."""
    before = jobs(project).pages_digest
    project.methods["plain"] |= fields
    assert (jobs(project).pages_digest != before) is written_again


def test_pages_of_other_methods_do_not_matter(project: SmallProject) -> None:
    """The digest covers only the entries that were asked for."""
    before = jobs(project, suite="other").pages_digest
    project.methods["plain"]["title"] = "Another"
    assert jobs(project, suite="other").pages_digest == before
    assert jobs(project, suite="s").pages_digest != before
