"""How cells, datasets and tables are grouped into jobs."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from fusebench.planning.grouping import CELLS_TOGETHER, Group, Grouping, grouped
from fusebench.planning.selection import select
from hypothesis import given
from hypothesis import strategies as some

from tests.registry.small import METHOD, SmallProject

NAMES = some.lists(some.from_regex(r"[a-z0-9][a-z0-9.-]{0,6}", fullmatch=True), unique=True)


def grouping(
    root: Path, methods: int = 2, datasets: int = 3, on_cluster: bool = False, **config: Any
) -> Grouping:
    """Return the grouping of a suite of some methods on some datasets."""
    project = SmallProject(root)
    one = project.datasets["pairs"]
    project.datasets = {f"d{n}": {**one, "folder": f"images{n}"} for n in range(datasets)}
    project.methods = {
        f"m{n}": {**copy.deepcopy(METHOD), "code": f"https://example.org/lab/m{n}"}
        for n in range(methods)
    }
    suite = {"methods": [*project.methods], "datasets": [*project.datasets], "metrics": ["EN"]}
    project.config = {"suite": "s", "suites": {"s": suite}, **config}
    return Grouping(select(project.load(), "cpu"), on_cluster)


@given(NAMES, some.integers(1, 9))
def test_every_member_is_in_one_group(members: list[str], size: int) -> None:
    """The groups hold all members in their order, no group is too large, no two have one name."""
    groups = grouped(members, size)
    assert [member for group in groups for member in group.members] == members
    assert all(0 < len(group.members) <= size for group in groups)
    assert len({group.name for group in groups}) == len(groups)


def test_a_group_of_one_has_the_name_of_its_member() -> None:
    """A file of a single cell is then found by the name of the cell."""
    assert grouped(["tno", "msrs"], 1) == [Group("tno", ("tno",)), Group("msrs", ("msrs",))]


def test_by_default_each_cell_dataset_and_table_has_a_job_of_its_own(tmp_path: Path) -> None:
    """Two methods on three datasets: six fusing jobs and three measuring jobs."""
    jobs = grouping(tmp_path)
    assert not jobs.is_together and jobs.cells_per_job == 1
    assert [len(groups) for groups in jobs.fusing.values()] == [3, 3]
    assert jobs.fused_by("m1", "d2") == "results/jobs/m1/d2.json"
    assert jobs.all_measures == [f"results/measures/d{n}.csv" for n in range(3)]


def test_a_large_run_on_one_machine_has_fewer_jobs(tmp_path: Path) -> None:
    """From `together_from` cells on: up to 20 cells of a method in a job, and one measuring job."""
    jobs = grouping(tmp_path, datasets=CELLS_TOGETHER + 1, together_from=2 * (CELLS_TOGETHER + 1))
    assert jobs.is_together
    assert [len(group.members) for group in jobs.fusing["m0"]] == [CELLS_TOGETHER, 1]
    assert len(jobs.all_measures) == 1
    assert jobs.measured_in("d0") == jobs.measured_in("d20") == jobs.all_measures[0]


def test_one_cell_less_is_no_large_run(tmp_path: Path) -> None:
    """The limit is a number of cells, not of methods or datasets."""
    assert not grouping(tmp_path, together_from=7).is_together
    assert grouping(tmp_path, together_from=6).is_together


def test_a_cluster_groups_only_what_it_is_told_to(tmp_path: Path) -> None:
    """There, jobs run side by side: many small ones are right unless `cells_per_job` says more."""
    alone = grouping(tmp_path, on_cluster=True, together_from=1)
    assert not alone.is_together and alone.cells_per_job == 1
    told = grouping(tmp_path, on_cluster=True, cells_per_job=2)
    assert [group.name for group in told.fusing["m0"]] == ["d0+1", "d2"]
    assert told.fused_by("m0", "d1") == told.fused_by("m0", "d0") != told.fused_by("m0", "d2")
    assert told.all_measures == [f"results/measures/d{n}.csv" for n in range(3)]


def test_the_configured_number_wins_on_one_machine_too(tmp_path: Path) -> None:
    """`cells_per_job: 1` keeps the cells of a large run apart."""
    jobs = grouping(tmp_path, together_from=1, cells_per_job=1)
    assert jobs.is_together and [group.name for group in jobs.fusing["m0"]] == ["d0", "d1", "d2"]


@pytest.mark.parametrize("per_job", [1, 2, 3, 9])
def test_what_a_job_is_named_leads_back_to_its_members(tmp_path: Path, per_job: int) -> None:
    """For each group, by its name; a name of no group is that of a single member."""
    jobs = grouping(tmp_path, cells_per_job=per_job)
    for group in jobs.fusing["m0"]:
        assert jobs.fuse_group("m0", group.name) == group
    for group in jobs.measuring:
        assert jobs.measure_group(group.name) == group
    assert jobs.fuse_group("m0", "other") == Group("other", ("other",))
    assert jobs.measure_group("other").members == ("other",)


def test_what_is_not_selected_has_a_job_of_its_own(tmp_path: Path) -> None:
    """A cell of another suite can be asked for by name, however others are grouped."""
    jobs = grouping(tmp_path, cells_per_job=9)
    assert jobs.fused_by("other", "d0") == "results/jobs/other/d0.json"
    assert jobs.measured_in("other") == "results/measures/other.csv"
