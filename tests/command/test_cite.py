"""``fusebench cite``: the BibTeX of methods, datasets and metrics."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fusebench.command import main
from fusebench.compare.citations import metric_entries
from fusebench.metrics import resolve

from tests.fake_results import FakeResults

REPOSITORY = Path(__file__).resolve().parents[2]


def test_everything_of_a_suite_is_cited(capsys: pytest.CaptureFixture[str]) -> None:
    """Papers of methods, datasets with their source, each source of a metric once, fusebench.

    Keys are unique, and braces are balanced: LaTeX reads it.
    """
    assert main(["cite", "quickstart", "--project", str(REPOSITORY)]) == 0
    told = capsys.readouterr().out
    keys = re.findall(r"^@\w+\{(.*),$", told, re.MULTILINE)
    assert len(keys) == len(set(keys))
    assert {"guidedfiltering2013", "dataset-night-scenes", "fusebench"} <= set(keys)
    assert "doi = {10.1109/TIP.2013.2244222}" in told
    assert told.count("{") == told.count("}")
    assert told.count("doi:") == 0


def test_metrics_of_one_source_share_an_entry() -> None:
    """The entry names its metrics, and has the DOI and the year of the source."""
    (entry,) = metric_entries(resolve(["D_lambda", "D_s"]))
    assert "title = {{Metric D\\_lambda, D\\_s}}" in entry
    assert "howpublished = {Alparone et al. 2008}" in entry
    assert "doi = {10.14358/PERS.74.2.193}" in entry and "year = {2008}" in entry


def test_a_table_can_be_cited_and_another_name_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the suites and tables that there are."""
    FakeResults(tmp_path, methods=2, datasets=1, pairs=1).write_registry()
    assert main(["cite", "wide", "--project", str(tmp_path)]) == 0
    assert "@misc{dataset-set-00," in capsys.readouterr().out
    assert main(["cite", "nothing", "--project", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "must be a suite or a table of the configuration: fake, wide; found nothing" in told
