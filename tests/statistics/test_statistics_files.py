"""The files of a table's statistics, and their text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fusebench.statistics.files import FILES, write_statistics

from tests.compare.made import Values, long
from tests.statistics.made import noisy

FOUR = ["EN", "SD", "SF", "AG"]


def of(columns: dict[str, list[float]], *metrics: str) -> pd.DataFrame:
    """The same values of some metrics."""
    values: Values = {(m, metric): v for metric in metrics for m, v in columns.items()}
    return long(values)


def words(folder: Path, measures: pd.DataFrame, **metrics: list[str]) -> str:
    """Write the statistics and return their text."""
    write_statistics(folder, measures, metrics)
    return (folder / "statistics.md").read_text(encoding="utf-8")


def line(text: str, metric: str) -> list[str]:
    """The cells of the row of a metric."""
    (row,) = [row for row in text.splitlines() if row.startswith(f"| d | {metric} |")]
    return row.strip("| ").split(" | ")


def test_every_file_can_be_read_back(tmp_path: Path) -> None:
    """Each file has the column names that its readers use."""
    write_statistics(tmp_path, of(noisy(1), *FOUR), {"d": FOUR})
    heads = {
        file: (tmp_path / file).read_text().split("\n", 1)[0]
        for file in FILES
        if file.endswith(".csv")
    }
    assert heads["tests.csv"] == "dataset,metric,statistic,p,methods,pairs,critical_difference"
    assert heads["ranks.csv"] == "dataset,metric,m0,m1,m2,m3"
    assert heads["mean-ranks.csv"] == "method,mean_rank,comparisons,wins"
    assert heads["correlation.csv"] == "metric,EN,SD,SF,AG"
    assert heads["summary.csv"].startswith("dataset,metric,definition,id,method,pairs,")
    chosen = json.loads((tmp_path / "sensitivity.json").read_text())
    assert (chosen["metrics"], chosen["subsets"], chosen["drawn"]) == (FOUR, 5, False)


def test_the_same_values_are_the_same_files(tmp_path: Path) -> None:
    """The files are the same to the byte, so that later steps do not rerun."""
    for name in ("one", "two"):
        write_statistics(tmp_path / name, of(noisy(1, 10), *FOUR), {"d": FOUR})
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_without_values_every_file_is_there(tmp_path: Path) -> None:
    """The text says that there is no choice to vary."""
    text = words(tmp_path, long({}), d=FOUR)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    assert (tmp_path / "sensitivity.json").read_text() == "null\n"
    assert text.endswith("there is no choice to vary.\n") and "| d |" not in text


def alike(methods: int) -> dict[str, list[float]]:
    """Methods that differ by noise on twelve pairs; the last has the best mean."""
    waves = np.random.default_rng(5).normal(size=(methods, 12))
    waves -= waves.mean(axis=1, keepdims=True)
    return {f"m{number}": [*(wave + number / 1000)] for number, wave in enumerate(waves)}


def test_tied_methods_are_named_up_to_six(tmp_path: Path) -> None:
    """The text names six methods that are not told from the best mean, and counts the rest."""
    few = line(words(tmp_path, of(alike(4), "EN"), d=["EN"]), "EN")
    assert few[2:5] == ["12", "m3", "m0, m1, m2"]
    many = words(tmp_path, of(alike(9), "EN"), d=["EN"])
    assert line(many, "EN")[4] == "m0, m1, m2, m3, m4, m5 and 2 more"


def test_too_few_pairs_are_told_instead_of_tied_methods(tmp_path: Path) -> None:
    """With eight pairs and nine methods the test cannot tell any, however far they are apart."""
    told = line(words(tmp_path, of(noisy(1, 8, 9), "EN"), d=["EN"]), "EN")
    assert told[4] == "too few pairs: the test of 9 methods needs 9"
    assert "too few" not in words(tmp_path, of(noisy(1, 9, 9), "EN"), d=["EN"])


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (noisy(1, 25, 4), "< 0.001"),
        (noisy(1, 25, 2), "–"),
        ({m: [1.0, 2.0] for m in "abc"}, "–"),
        ({"a": [1.0, 2.0, 3.0], "b": [2.0, 1.0, 4.0], "c": [3.0, 3.0, 2.0]}, "0.717"),
    ],
)
def test_p_is_shown_with_three_digits(
    tmp_path: Path, columns: dict[str, list[float]], shown: str
) -> None:
    """A small p is shown as < 0.001, and a missing one as a dash."""
    assert line(words(tmp_path, of(columns, "EN"), d=["EN"]), "EN")[5] == shown


def test_the_best_mean_rank_comes_first(tmp_path: Path) -> None:
    """The table has the numbers of comparisons and of best means."""
    text = words(tmp_path, of(noisy(1), *FOUR), d=FOUR)
    rows = [row for row in text.splitlines() if row.startswith("| m")]
    assert rows == [
        "| method | mean rank | comparisons | best mean |",
        "| m3 | 1.00 | 4 | 4 |",
        "| m2 | 2.00 | 4 | 0 |",
        "| m1 | 3.00 | 4 | 0 |",
        "| m0 | 4.00 | 4 | 0 |",
    ]


def test_how_the_choice_of_metrics_matters(tmp_path: Path) -> None:
    """Two metrics favour one method and three the other, so some choices change the winner."""
    up, down = {"a": [2.0, 2.0], "b": [1.0, 1.0]}, {"a": [1.0, 1.0], "b": [2.0, 2.0]}
    measures = pd.concat([of(up, "EN", "SD", "SF"), of(down, "AG", "MI")])
    text = words(tmp_path, measures, d=["EN", "SD", "SF", "AG", "MI"])
    assert (
        "Over 16 choices of three or more of the 5 metrics (all of them) the method with the best"
        " mean rank is another than a in 19%: a 81%, b 38%."
    ) in text


def test_a_metric_without_direction_has_no_line(tmp_path: Path) -> None:
    """A metric without direction has no best mean."""
    text = words(tmp_path, of(noisy(1), "QSF", "EN"), d=["QSF", "EN"])
    assert "| d | QSF |" not in text and "| d | EN |" in text
