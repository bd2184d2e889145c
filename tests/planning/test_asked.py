"""What a person asked a run for."""

from __future__ import annotations

import pytest
from fusebench.planning.asked import asked_for

RECORD = "results/runs/one/pairs/record.json"


@pytest.mark.parametrize(
    ("targets", "suites"),
    [
        ([], True),
        (["all"], True),
        (["tables", RECORD], True),
        (["results/status.csv"], True),
        (["write_tables"], True),
        ([RECORD], False),
        (["fetch"], False),
        (["report", "figures"], False),
        (["evidence"], False),
        (["results/tables/s/pairs.tex"], False),
    ],
)
def test_whether_the_suites_are_asked_for(targets: list[str], suites: bool) -> None:
    """The selected suites are asked for by no target, by their rules, and by their long files."""
    assert asked_for(targets).suites is suites


def test_each_target_is_sorted() -> None:
    """Records are cells, tables of suites are tables and files, and pages are their files."""
    table = "results/tables/s/pairs.tex"
    asked = asked_for([f"./{RECORD}", table, "report", "figures", "spread", "fetch"])
    assert asked.cells == [("one", "pairs")] and asked.tables == [("s", "pairs")]
    assert asked.files == [table, "results/report/index.html"] and asked.shows_suites
    assert asked.evidence == {"spread"} and asked.fetched and asked.figures
