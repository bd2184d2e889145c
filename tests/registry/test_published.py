"""The registry that fusebench ships: methods.yaml, datasets.yaml and the page made from them."""

from __future__ import annotations

import csv
import importlib
import shutil
import sys
from pathlib import Path

import pytest
from fusebench.contracts.methods import RunPart
from fusebench.datasets.pins import read_pins
from fusebench.registry.documentation import page
from fusebench.registry.loading import Registry, load_registry
from fusebench.registry.methods import is_local, owner_and_name
from fusebench.registry.pairing import pair_names
from fusebench.registry.writing import change_registry
from msgspec import UNSET

ROOT = Path(__file__).parents[2]
PAPERS = ROOT.parent / "shared" / "catalogue" / "papers.csv"
RESOLVED = {
    "shaoyun2023": ["shaoyun2023/grformer", "shaoyun2023/smlnet"],
    "yuliu316316": ["yuliu316316/mm-net-fusion"],
    "lok18/gesenet": ["lok-18/gesenet"],
}
"""Links of the lists that name an owner only, or another owner -> the repositories meant."""


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The registry of this checkout."""
    return load_registry(ROOT)


def test_every_code_link_of_the_lists_has_an_entry(registry: Registry) -> None:
    """No repository that the two paper lists name is missing from methods.yaml."""
    if not PAPERS.is_file():
        pytest.skip("the paper lists are not beside this checkout")
    with PAPERS.open(encoding="utf-8", newline="") as stream:
        links = {row["code"].strip().rstrip("/").lower() for row in csv.DictReader(stream)} - {""}
    wanted = [link.removeprefix("https://github.com/") for link in links]
    known = {"/".join(owner_and_name(method.code)).lower() for method in registry.methods.values()}
    missing = [name for link in wanted for name in RESOLVED.get(link, [link]) if name not in known]
    assert len(links) > 100
    assert missing == []


def test_every_published_entry_says_where_it_was_published(registry: Registry) -> None:
    """An active method of a repository has its licence, its weights and a full commit.

    Methods without weights are listed here by name.
    """
    published = [
        method
        for method in registry.methods.values()
        if not is_local(method.code) and method.is_active
    ]
    assert len(published) > 35
    assert [
        method.name for method in published if not method.commit or method.entry.licence is UNSET
    ] == []
    trained = [method for method in published if not method.run.function and method.env != "octave"]
    assert {method.name for method in trained if not method.weights} == {
        "fcdfusion",
        "fcdfusion-rgb",
        "fcdfusion-yiq",
        "fcdfusion-hsv",
    }


def test_verified_methods_name_datasets_of_their_tasks(registry: Registry) -> None:
    """What `verified` names is in datasets.yaml, and belongs to a task of the method."""
    wrong = [
        (method.name, name)
        for method in registry.methods.values()
        if method.verified
        for name in [method.verified.dataset, *(method.verified.others or {})]
        if name not in registry.datasets or registry.datasets[name].task not in method.tasks
    ]
    assert wrong == []


def test_entries_name_known_shims_and_datasets(registry: Registry) -> None:
    """Every shim belongs to the harness, and every dataset with fields of its own exists."""
    sys.path.insert(0, str(ROOT / "workflow"))
    try:
        shims = importlib.import_module("harness.compat").COMPAT
    finally:
        sys.path.remove(str(ROOT / "workflow"))
    runs = [(method.name, method.run) for method in registry.methods.values() if method.is_active]
    parts: list[tuple[str, RunPart]] = [
        (name, part)
        for name, run in runs
        for part in [run, *(run.per_task or {}).values(), *(run.per_dataset or {}).values()]
    ]
    named = {(name, shim.partition(":")[0]) for name, part in parts for shim in part.compat or []}
    assert len(named) > 10
    octave = {f"octave-{path.name}" for path in (ROOT / "workflow/harness/octave/shims").iterdir()}
    assert [pair for pair in named if pair[1] not in {*shims, *octave}] == []
    datasets = {(name, dataset) for name, run in runs for dataset in run.per_dataset or {}}
    assert [pair for pair in datasets if pair[1] not in registry.datasets] == []


def test_pins_cover_the_pairs(registry: Registry) -> None:
    """Each dataset of a repository has a frozen list of pairs, and the hashes of their images."""
    for dataset in registry.datasets.values():
        if dataset.kind != "git":
            continue
        names = pair_names(dataset.entry.pairs, ROOT)
        assert dataset.entry.hashes, dataset.name
        sums = read_pins(ROOT / dataset.entry.hashes)
        assert names, dataset.name
        assert [
            (side, name) for name in names for side in "ab" if (side, name) not in sums
        ] == [], dataset.name


@pytest.mark.parametrize("name", ["methods.yaml", "datasets.yaml"])
def test_files_are_as_the_commands_write_them(name: str, tmp_path: Path) -> None:
    """A command that writes into a registry file changes no other line."""
    copy = Path(shutil.copy(ROOT / name, tmp_path))
    assert not change_registry(copy, lambda entries: None)
    assert copy.read_text(encoding="utf-8") == (ROOT / name).read_text(encoding="utf-8")


def test_page_is_fresh(registry: Registry) -> None:
    """docs/methods.md agrees with methods.yaml; if not, write it again as its first lines say."""
    assert (ROOT / "docs" / "methods.md").read_text(encoding="utf-8") == page(registry)
