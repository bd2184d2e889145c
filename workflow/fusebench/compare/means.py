"""Means by method, dataset and metric, from per-image values or from a table's statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

KEYS = ["dataset", "method", "metric", "definition"]

Means = Mapping[tuple[str, str, str, str], "Mean"]
"""By dataset, method, metric and definition."""


@dataclass(frozen=True)
class Mean:
    """One metric over a method's images.

    Attributes:
        value: the mean, None if no image has a value.
        measured: how many images have a value.
        reason: why the others have none, or why it is not compared, as far as it is known.
        std: the standard deviation over the images, None if it is unknown.
        interval: the ends of the 95 % interval of the mean, None if it is unknown.
        tied: whether the statistics do not distinguish the method from the one with the best mean.
        between: the standard deviation between seeds, of a row that shows several; else None.
    """

    value: float | None
    measured: int
    reason: str = ""
    std: float | None = None
    interval: tuple[float, float] | None = None
    tied: bool = False
    between: float | None = None


def means_of(measures: pd.DataFrame) -> dict[tuple[str, str, str, str], Mean]:
    """Return the means of per-image values.

    Args:
        measures: columns method, dataset, image, metric, definition, value, and reason where it is
            known why one is missing.
    """
    if not len(measures):
        return {}
    groups = measures.groupby(KEYS, sort=False)["value"]
    counts, values, reasons = groups.count(), groups.mean(), known_reasons(measures)
    return {
        key: Mean(float(value) if count else None, int(count), reasons.get(key, ""))
        for key, count, value in zip(counts.index, counts, values, strict=True)
    }


def comparable(measures: pd.DataFrame) -> pd.DataFrame:
    """Return per-image values without those that have a reason not to be compared."""
    if "reason" not in measures:
        return measures
    return measures[measures["value"].isna() | measures["reason"].eq("")]


def known_reasons(measures: pd.DataFrame) -> dict[Any, str]:
    """Return why values are missing or not compared, by ``KEYS``, where it is known."""
    if "reason" not in measures:
        return {}
    explained = measures[measures["reason"].ne("")]
    if not len(explained):
        return {}
    told = explained.groupby(KEYS, sort=False)["reason"].unique()
    texts = {
        key: [str(r) for r in reasons if isinstance(r, str) and r] for key, reasons in told.items()
    }
    return {key: "; ".join(reasons) for key, reasons in texts.items() if reasons}


def read_means(path: Path) -> dict[tuple[str, str, str, str], Mean]:
    """Return the means of a table's ``summary.csv``, with deviations, intervals and ties."""
    import pandas as pd

    names = dict.fromkeys([*KEYS, "reason"], str)
    table = pd.read_csv(
        path, dtype=names, keep_default_na=False, na_values={"tied": [""], **_NUMBERS}
    )
    return {
        (r["dataset"], r["method"], r["metric"], r["definition"]): _mean(r)
        for r in table.to_dict("records")
    }


_NUMBERS = {column: [""] for column in ("mean", "std", "median", "low", "high", "measured")}


def _mean(row: Mapping[Any, Any]) -> Mean:
    interval = (float(row["low"]), float(row["high"])) if row["low"] == row["low"] else None
    return Mean(
        float(row["mean"]) if row["measured"] else None,
        int(row["measured"]),
        str(row["reason"]),
        float(row["std"]) if row["std"] == row["std"] else None,
        interval,
        str(row["tied"]) == "True",
    )
