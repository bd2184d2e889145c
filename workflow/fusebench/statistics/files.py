"""The files of a table's statistics, below ``results/statistics/<table>/``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fusebench.compare.few_pairs import pairs_needed
from fusebench.files import write_json, write_text
from fusebench.statistics.correlation import metric_correlation
from fusebench.statistics.ranks import Sensitivity, mean_ranks, rank_table, sensitivity
from fusebench.statistics.summary import summary, tests_table, too_small
from fusebench.statistics.values import Sample, samples
from fusebench.texts import first_of

if TYPE_CHECKING:
    import pandas as pd

FILES = (
    "summary.csv",
    "tests.csv",
    "ranks.csv",
    "mean-ranks.csv",
    "sensitivity.json",
    "correlation.csv",
    "statistics.md",
)


def write_statistics(
    folder: Path, measures: pd.DataFrame, metrics: Mapping[str, Sequence[str]]
) -> None:
    """Compute the statistics of a comparison and write ``FILES``.

    Args:
        folder: where they go.
        measures: per-image values, columns method, dataset, image, metric, definition, value and
            reason.
        metrics: dataset -> ids of the metrics compared.
    """
    found = list(samples(measures, {dataset: list(ids) for dataset, ids in metrics.items()}))
    ranks = rank_table(found)
    tests, chosen, means = tests_table(found), sensitivity(ranks), mean_ranks(ranks)
    table = summary(measures, found)
    for name, frame, index in (
        ("summary.csv", table, False),
        ("tests.csv", tests, False),
        ("ranks.csv", ranks, True),
        ("mean-ranks.csv", means.rename_axis("method"), True),
        ("correlation.csv", metric_correlation(found).rename_axis("metric"), True),
    ):
        write_text(folder / name, frame.to_csv(index=index, lineterminator="\n"))
    write_json(folder / "sensitivity.json", asdict(chosen) if chosen else None)
    write_text(folder / "statistics.md", in_words(found, table, tests, means, chosen))


def in_words(
    found: Sequence[Sample],
    table: pd.DataFrame,
    tests: pd.DataFrame,
    means: pd.DataFrame,
    chosen: Sensitivity | None,
) -> str:
    """Return, in Markdown, what the statistics show and what they cannot show."""
    small = too_small(found, table)
    lines = [
        "# Statistics",
        "",
        "Intervals are 95 % paired bootstrap intervals (BCa, 2000 resamples of the pairs). A "
        "method is told from the best mean where the interval of their paired difference excludes "
        "zero and Wilcoxon's signed-rank test of it, adjusted by Holm for the number of methods, "
        "has p <= 0.05; with few pairs it cannot. Friedman's test takes the pairs as blocks; "
        "`tests.csv` has it with Nemenyi's critical difference.",
        "",
        "| dataset | metric | pairs | best mean | not told from it | Friedman p |",
        "| --- | --- | ---: | --- | --- | ---: |",
        *(_line(sample, table, tests, small) for sample in found if sample.ranked),
        "",
        *_ranks_in_words(means, chosen),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _line(
    sample: Sample, table: pd.DataFrame, tests: pd.DataFrame, small: Set[tuple[str, str]]
) -> str:
    here = table[(table["dataset"] == sample.dataset) & (table["id"] == sample.definition.id)]
    tied = list(here.loc[here["tied"].eq(True), "method"])
    of_test = (tests["dataset"] == sample.dataset) & (tests["metric"] == sample.definition.id)
    (p,) = tests.loc[of_test, "p"]
    told = first_of(tied, 6) or "–"
    if (sample.dataset, sample.definition.id) in small:
        methods = len(sample.values.columns)
        told = f"too few pairs: the test of {methods} methods needs {pairs_needed(methods)}"
    shown = "–" if np.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"
    cells = (sample.dataset, sample.definition.id, str(sample.pairs), str(sample.best), told, shown)
    return f"| {' | '.join(cells)} |"


def _ranks_in_words(means: pd.DataFrame, chosen: Sensitivity | None) -> list[str]:
    lines = [
        "Mean rank over all datasets and metrics (a method of some datasets only has fewer "
        "comparisons):",
        "",
    ]
    lines += ["| method | mean rank | comparisons | best mean |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| {method} | {rank:.2f} | {comparisons} | {wins} |"
        for method, rank, comparisons, wins in means.itertuples()
    ]
    if chosen is None:
        return [
            *lines,
            "",
            "With fewer than four metrics, or no two methods on all of them, there is no choice to "
            "vary.",
        ]
    shares = ", ".join(f"{method} {share:.0%}" for method, share in list(chosen.shares.items())[:8])
    how = "drawn at random" if chosen.drawn else "all of them"
    return [
        *lines,
        "",
        f"Over {chosen.subsets} choices of three or more of the {len(chosen.metrics)} metrics "
        f"({how}) the method with the best mean rank is another than {chosen.winner} in "
        f"{chosen.changed:.0%}: {shares}.",
    ]
