"""What a figure is drawn from: names and titles, means, per-image values, and records."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fusebench.compare.wording import definition_shown, name_shown
from fusebench.contracts.tables import FigureSpec
from fusebench.metrics import Definition, resolve

if TYPE_CHECKING:
    import pandas as pd

ARROWS = {"higher": " ↑", "lower": " ↓", "none": ""}


def definitions_of(spec: FigureSpec) -> list[Definition]:
    """Return the metrics of the dataset that is drawn."""
    return resolve(spec.shown.metrics)


def head_of(spec: FigureSpec, definition: Definition) -> str:
    """Return the name of a metric with its arrow.

    Without a head of its own, the definition follows in brackets, unless it is the usual one.
    """
    name, which = name_shown(definition), definition_shown(definition)
    shown = spec.heads.get(definition.id) or (f"{name} ({which})" if which else name)
    return f"{shown}{ARROWS[definition.direction]}"


@dataclass(frozen=True)
class Inputs:
    """The files of a figure, each read at its first use.

    Attributes:
        root: the project's folder.
        statistics: ``results/statistics/<table>``.
        measures: the files of per-image values.
    """

    root: Path
    statistics: Path
    measures: Sequence[Path] = ()

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Means, intervals and ties: one row for each dataset, metric and method."""
        import pandas as pd

        return pd.read_csv(
            self.statistics / "summary.csv",
            dtype={"method": str, "dataset": str},
            keep_default_na=False,
            na_values=[""],
        )

    @cached_property
    def values(self) -> pd.DataFrame:
        """Per-image values of all datasets that the figure shows."""
        from fusebench.compare import read_measures

        return read_measures(self.measures)

    def matrices(self, spec: FigureSpec) -> dict[str, pd.DataFrame]:
        """Return metric id -> values of the dataset shown, pairs by methods.

        Methods that lack a value are left out.
        """
        from fusebench.statistics.values import samples

        found = samples(self.values, {spec.dataset: spec.shown.metrics})
        return {sample.definition.id: sample.values for sample in found if sample.values.size}

    def leading(self, spec: FigureSpec, able: Collection[str], most: int) -> list[str]:
        """Return which methods are drawn, in the order of the table.

        These are all of ``able``, or those with the best mean rank.

        Args:
            spec: which figure.
            able: the methods that have what is drawn.
            most: how many can be told apart; those without a rank come last.
        """
        methods = [method for method in spec.shown.methods if method in able]
        ranked = [method for method in self.ranks(spec).index if method in able]
        chosen = [*dict.fromkeys([*ranked, *methods])][:most]
        return [method for method in methods if method in chosen]

    def ranks(self, spec: FigureSpec) -> pd.DataFrame:
        """Return ranks of means: methods by (dataset, metric), best mean rank first.

        Only metrics with a direction have ranks.
        """
        import pandas as pd

        ranks = self.statistics / "ranks.csv"
        table = pd.read_csv(
            ranks, index_col=[0, 1], dtype={0: str}, keep_default_na=False, na_values=[""]
        ).T
        table = table[[method in spec.labels for method in table.index]]
        if spec.dataset:
            table = table.loc[:, table.columns.get_level_values(0) == spec.dataset].dropna(
                how="all"
            )
        return table.loc[table.mean(axis=1).sort_values(kind="stable").index]
