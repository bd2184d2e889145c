"""A run reads its registry once: what is saved while it goes on belongs to the next run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fusebench.contracts.files import as_parameter
from fusebench.errors import RegistryError
from fusebench.planning.plan import Plan, make_plan
from fusebench.planning.selection import read_selection
from fusebench.registry.copies import FOLDER, OLD_SECONDS, store_copies
from fusebench.registry.loading import load_registry
from fusebench.registry.methods_file import read_methods
from fusebench.variables import SESSION

from tests.registry.small import SmallProject


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    """Return a project; no session comes from the environment."""
    monkeypatch.setenv(SESSION, "")
    small = SmallProject(tmp_path)
    small.write()
    return small


def plan_of(project: SmallProject) -> Plan:
    """Plan a run."""
    return make_plan(project.root, project.config)


HALF_SAVED: dict[str, Callable[[str], str]] = {
    "cut off": lambda text: text[: len(text) // 2] + "\n  x: [",
    "empty": lambda text: "",
    "other": lambda text: text.replace("code:", "cod:"),
}


@pytest.mark.parametrize("way", HALF_SAVED)
def test_jobs_of_a_run_do_not_see_what_is_saved_meanwhile(
    way: str, project: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a job that reads the entries, nor Snakemake on a node, nor the page.

    The next run reads the files, and refuses them.
    """
    plan = plan_of(project)
    before = load_registry(project.root)
    for name in ("methods.yaml", "datasets.yaml"):
        file = project.root / name
        file.write_text(HALF_SAVED[way](file.read_text()))
    copies = plan.session.registry
    assert read_methods(project.root, copies) == before.methods
    selection = read_selection(project.root, project.config, "cpu", copies)
    assert selection.registry.methods == before.methods
    with pytest.raises(RegistryError):
        plan_of(project)
    monkeypatch.setenv(SESSION, as_parameter(plan.session))
    on_node = plan_of(project)
    assert on_node.session == plan.session
    assert on_node.selection.registry.datasets == before.datasets


def test_messages_name_the_file_and_not_its_copy(project: SmallProject) -> None:
    """A copy is no place where a person corrects something."""
    copies = plan_of(project).session.registry
    broken = project.root / copies / "methods.yaml"
    broken.write_text(broken.read_text().replace("code:", "cod:"))
    with pytest.raises(RegistryError) as caught:
        load_registry(project.root, copies=copies)
    assert f"{project.root}/methods.yaml:" in str(caught.value)
    assert FOLDER.as_posix() not in str(caught.value)


def test_copies_are_shared_and_old_ones_are_removed(project: SmallProject) -> None:
    """Two runs of one registry have one folder; another registry has another."""
    first = plan_of(project).session.registry
    assert plan_of(project).session.registry == first
    project.methods["one"]["title"] = "Another"
    project.write()
    assert plan_of(project).session.registry != first
    long_ago = time.time() - OLD_SECONDS - 1
    os.utime(project.root / first, (long_ago, long_ago))
    store_copies(project.root, {"methods.yaml": "x"})
    assert not (project.root / first).exists()


def test_without_copies_the_files_are_read(project: SmallProject) -> None:
    """Somebody may have emptied `.snakemake` while the run went on."""
    assert read_methods(project.root, ".snakemake/fusebench/absent").keys() == {"one"}
