"""Results that were damaged after they were made are told, and removed with what came of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fusebench.outputs import FOLDER, LAST, remove_damaged, tells_only, write_down

VALUES, OTHERS = "results/measures/a.csv", "results/measures/b.csv"
TABLE, PICTURE = "results/tables/s/a.csv", "results/figures/t/box.pdf"
ALL = "results/measures.csv"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project whose values became a long file, a table and a figure."""
    monkeypatch.chdir(tmp_path)
    for outputs, made_from in (
        ([VALUES], ["results/jobs/m/a.json"]),
        ([OTHERS], ["results/jobs/m/b.json"]),
        ([ALL], [VALUES, OTHERS]),
        ([TABLE, TABLE.replace("csv", "tex")], [VALUES]),
        ([PICTURE], [TABLE]),
        ([LAST], []),
    ):
        for name in outputs:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(f"content of {name}")
        if outputs != [LAST]:
            write_down(outputs, made_from)
    return tmp_path


def left(root: Path) -> set[str]:
    """Return the results that are still there."""
    files = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return {str(path) for path in files if not path.is_relative_to(FOLDER)}


def test_nothing_is_done_where_nothing_was_damaged(root: Path) -> None:
    """Files that were only touched or copied back are as they were."""
    before = left(root)
    os.utime(TABLE)
    Path(VALUES).write_text(Path(VALUES).read_text())
    assert remove_damaged(root) == [] and left(root) == before


def truncate(name: str) -> None:
    """Leave the first half of a file."""
    Path(name).write_bytes(Path(name).read_bytes()[:5])


DAMAGED: dict[str, tuple[str, set[str]]] = {
    "a leaf": (PICTURE, {PICTURE}),
    "a table": (TABLE, {TABLE, TABLE.replace("csv", "tex"), PICTURE}),
    "values": (VALUES, {VALUES, ALL, TABLE, TABLE.replace("csv", "tex"), PICTURE}),
    "other values": (OTHERS, {OTHERS, ALL}),
}


@pytest.mark.parametrize("damage", [truncate, lambda name: Path(name).unlink()])
@pytest.mark.parametrize("kind", DAMAGED)
def test_what_was_made_from_a_damaged_file_is_made_again(
    kind: str, damage: Callable[[str], None], root: Path
) -> None:
    """The other files stay. The verdict goes too: with it, Snakemake looks for what is missing."""
    name, gone = DAMAGED[kind]
    before = left(root)
    damage(name)
    (line,) = remove_damaged(root)
    assert line.startswith(f"{name}: must be") and "made again" in line
    assert before - left(root) == {*gone, LAST}
    assert remove_damaged(root) == []


def test_a_damaged_note_says_nothing(root: Path) -> None:
    """Nothing is known of its files then; they stay."""
    before = left(root)
    (note,) = (root / FOLDER).glob("figures/t/*.json")
    note.write_text("{")
    truncate(PICTURE)
    assert remove_damaged(root) == [] and left(root) == before


@pytest.mark.parametrize("option", ["-n", "-np", "--dry-run", "--dryrun", "--unlock", "--summary"])
def test_a_run_that_only_tells_removes_nothing(option: str) -> None:
    """Snakemake has no way to ask for it while it reads the workflow."""
    assert tells_only(["snakemake", "--cores", "1", option])
    assert not tells_only(["snakemake", "--cores", "1", "--config", "suite=n", "tables", "-c2"])
