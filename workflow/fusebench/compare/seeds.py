"""One row for all seeds of a method that is trained here: mean and standard deviation.

The mean is that over the seeds of each seed's mean over the images; the deviation is that of the
seeds' means (divided by their number less one), so that it tells how much a training depends on its
seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, stdev

from msgspec.structs import replace

from fusebench.compare.means import Mean, Means
from fusebench.contracts.records import Record
from fusebench.contracts.tables import TableSpec
from fusebench.states import OK, SKIPPED


def with_rows(
    spec: TableSpec, records: Iterable[Record], means: Means
) -> tuple[list[Record], Means]:
    """Return records and means with those of the rows that show several seeds.

    Args:
        spec: which rows there are, and of which methods.
        records: of any methods.
        means: of any methods.
    """
    known = list(records)
    here = {record.method: record for record in known if record.dataset == spec.dataset}
    added: dict[tuple[str, str, str, str], Mean] = {}
    for row, methods in (spec.seeds or {}).items():
        runs = [here[method] for method in methods if method in here]
        if runs:
            known.append(_together(row, runs, len(methods)))
        added |= _means_of_row(spec.dataset, row, methods, means)
    return known, {**means, **added}


def _together(row: str, runs: Sequence[Record], count: int) -> Record:
    """Return the record of a row: that of its first seed, or of the first that has no result."""
    failed = [run for run in runs if run.state != OK]
    shown = failed[0] if failed else runs[0]
    state = shown.state if failed or len(runs) == count else SKIPPED
    reason = f"{len(failed)} of {count} seeds: {shown.reason}" if failed else ""
    times = [run.model_seconds for run in runs if run.model_seconds is not None]
    return replace(
        shown,
        method=row,
        state=state,
        reason=reason,
        model_seconds=fmean(times) if times and not failed else shown.model_seconds,
    )


def _means_of_row(
    dataset: str, row: str, methods: Sequence[str], means: Means
) -> Mapping[tuple[str, str, str, str], Mean]:
    keys = {(key[2], key[3]) for key in means if key[0] == dataset and key[1] in methods}
    return {
        (dataset, row, *key): _mean_of(
            [means[place] for method in methods if (place := (dataset, method, *key)) in means],
            len(methods),
        )
        for key in keys
    }


def _mean_of(seeds: Sequence[Mean], count: int) -> Mean:
    """Return the mean over seeds; there is none where a seed has none."""
    values = [seed.value for seed in seeds if seed.value is not None]
    reason = "; ".join(dict.fromkeys(seed.reason for seed in seeds if seed.reason))
    if len(values) < count:
        return Mean(None, 0, reason or "a seed has no value")
    measured = min(seed.measured for seed in seeds)
    return Mean(fmean(values), measured, reason, between=stdev(values) if count > 1 else None)
