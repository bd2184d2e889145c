"""Whatever disturbed a run: the next one leaves the files of an undisturbed run, but for times."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fusebench.outputs import remove_damaged

from tests.chaos.faults import (
    CHAINS,
    DOCUMENT,
    FAULTS,
    RESULTS,
    Fault,
    garble,
    killed,
    lose,
    table,
    truncate,
)
from tests.chaos.project import Disturbed


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Disturbed:
    """Return a project that faults happen to, and what an undisturbed run makes of it."""
    return Disturbed.create(tmp_path_factory.mktemp("chaos"), environments)


@pytest.fixture(autouse=True)
def unmounted(project: Disturbed) -> Iterator[None]:
    """Take away the small disks of a test."""
    yield
    lines = Path("/proc/mounts").read_text().splitlines()
    for folder in (line.split()[1] for line in lines):
        if Path(folder).is_relative_to(project.root.parent):
            subprocess.run(["umount", "--lazy", folder], check=False)


def test_four_kills_in_a_row(project: Disturbed) -> None:
    """Each run goes on from where the one before was killed, and nobody unlocks anything."""
    project.begin()
    killed(CHAINS).happen(project)
    project.check()


def test_several_damaged_results_at_once(project: Disturbed) -> None:
    """They are named and made again; no method is run again."""
    project.finish()
    damages = (truncate, garble, lose)
    for place, name in enumerate(list(RESULTS.values())[1:]):
        damages[place % 3](project.root / name)
    started = project.project.record("one")["started"]
    done = project.run()
    assert all(f"fusebench: {name}: must be" in done.stderr for name in list(RESULTS.values())[1:])
    assert project.project.record("one")["started"] == started
    project.check()
    assert remove_damaged(project.root) == []


def test_the_page_of_faults_is_that_of_the_tests() -> None:
    """``docs/chaos.md`` holds the table of the faults."""
    assert table() in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_rerun_equals_an_undisturbed_run(fault: Fault, project: Disturbed) -> None:
    """Nothing is lost, nothing is wrong, and nothing is left over."""
    project.begin()
    fault.happen(project)
    project.check(fault.compared)
