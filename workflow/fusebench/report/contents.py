"""The data of the page: facts and statistics as JSON, per-image values as packed numbers."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from fusebench.compare.devices import device_of
from fusebench.contracts.evidence import ClaimResult
from fusebench.contracts.markers import Manifest
from fusebench.contracts.methods import Paper
from fusebench.contracts.records import Record
from fusebench.evidence.marks import evidence_mark, is_borne_out
from fusebench.fuse.caveats import caveat_of
from fusebench.metrics import Definition, resolve
from fusebench.registry.datasets import Dataset
from fusebench.registry.methods import Method

if TYPE_CHECKING:
    import pandas as pd

RUN_FIELDS = (
    "state", "reason", "remedy", "model_seconds", "seconds_per_image", "parameters", "flops",
    "device", "threads", "seed", "compat", "edits", "notes", "log", "shims", "started",
)  # fmt: skip
Facts = dict[str, Any]
"""What the script of the page reads, as JSON; see ``workflow/report/page.js``."""

SUMMARY_FIELDS = ("mean", "std", "median", "low", "high", "measured", "tied")


def method_facts(method: Method, self_check: str, claims: Sequence[ClaimResult] = ()) -> Facts:
    """Return what the page shows of a method, whatever dataset it ran on.

    Claims about single images are left out; ``results/claims.csv`` has them.
    """
    return {
        "name": method.name,
        "label": method.label,
        "title": method.title,
        "year": method.paper.year or None,
        "venue": method.paper.venue or "",
        "paper": _paper_link(method.paper),
        "tasks": method.tasks,
        "code": method.code,
        "commit": method.commit or "",
        "licence": method.entry.licence or "",
        "env": method.env,
        "status": method.status,
        "reason": method.entry.reason or "",
        "notes": " ".join((method.entry.notes or "").split()),
        "evidence": evidence_mark(method, self_check),
        "verified": is_borne_out(method, self_check),
        "checked": bool(self_check),
        "selfcheck": self_check,
        "claims": [claim_facts(claim) for claim in claims if not claim.image],
    }


def _paper_link(paper: Paper) -> str:
    if paper.doi:
        return f"https://doi.org/{paper.doi}"
    return f"https://arxiv.org/abs/{paper.arxiv}" if paper.arxiv else paper.url or ""


def dataset_facts(dataset: Dataset, manifest: Manifest, metrics: Sequence[str]) -> Facts:
    """Return what the page shows of a dataset."""
    return {
        "name": dataset.name,
        "title": dataset.title,
        "task": dataset.task,
        "modalities": list(dataset.modalities),
        "pairs": [pair.name for pair in manifest.pairs],
        "originals": [
            [f"{manifest.path}/{image.shown}" for image in (pair.a, pair.b)]
            for pair in manifest.pairs
        ],
        "metrics": [metric_facts(definition) for definition in resolve(metrics)],
    }


def metric_facts(definition: Definition) -> dict[str, str]:
    """Return what the page shows of a metric."""
    return {
        "id": definition.id,
        "definition": definition.definition,
        "direction": definition.direction,
        "unit": definition.unit,
        "source": definition.source,
    }


def run_facts(record: Record) -> Facts:
    """Return what the page shows of a run, without what is empty."""
    told = {field: getattr(record, field) for field in RUN_FIELDS}
    facts: Facts = {
        key: value for key, value in told.items() if value not in (None, UNSET, "", [], {})
    }
    environment = record.environment
    python = environment.python.version if environment.python else ""
    known = (environment.env, environment.key, python)
    facts["environment"] = " ".join(value for value in known if value)
    facts["commit"] = record.source.commit or ""
    if done := caveat_of(record):
        facts["caveat"] = done
    facts["device"] = device_of(record) if record.device else ""
    return facts


def statistics_of(
    measures: pd.DataFrame, dataset: str, metrics: Sequence[str]
) -> dict[str, dict[str, list[Any]]]:
    """Return metric id -> method -> ``SUMMARY_FIELDS`` of its values on a dataset.

    No method is tied where the dataset has too few pairs for the test.
    """
    from fusebench.statistics.summary import summary, too_small
    from fusebench.statistics.values import samples

    compared = list(samples(measures, {dataset: list(metrics)}))
    table = summary(measures, compared)
    small = {metric for _, metric in too_small(compared, table)}
    table.loc[table["id"].isin(small) & table["tied"].eq(True), "tied"] = False
    found: dict[str, dict[str, list[Any]]] = {metric: {} for metric in metrics}
    for row in table.to_dict("records"):
        found[row["id"]][row["method"]] = [_plain(row[field]) for field in SUMMARY_FIELDS]
    return found


def ranking_of(
    measures: pd.DataFrame, dataset: str, metrics: Sequence[str], methods: Sequence[str]
) -> Facts:
    """Return the mean rank of each method over the pairs of a dataset.

    Ranks are those of ``statistics.ranks.pair_ranks``. The critical difference is None where there
    are fewer than three methods or two pairs.
    """
    from fusebench.statistics.ranks import pair_ranks
    from fusebench.statistics.significance import critical_difference
    from fusebench.statistics.values import samples

    ranks = pair_ranks(list(samples(measures, {dataset: list(metrics)})), methods)
    pairs, compared = ranks.shape
    difference = critical_difference(compared, pairs) if compared > 2 and pairs > 1 else None
    return {
        "pairs": pairs,
        "difference": _plain(difference),
        "ranks": {str(method): _plain(rank) for method, rank in ranks.mean().items()},
    }


def claim_facts(claim: ClaimResult) -> Facts:
    """Return what the page shows of a published number."""
    return {
        "dataset": claim.dataset or claim.images,
        "metric": claim.id,
        "published": f"{claim.value:.{claim.decimals}f}",
        "measured": _plain(claim.measured),
        "verdict": claim.verdict,
        "reason": claim.reason,
        "where": " ".join(filter(None, [claim.source, claim.where])),
    }


def _plain(value: Any) -> Any:
    """Return a number with seven digits, None for what is not one."""
    import pandas as pd

    if value is None or pd.isna(value):
        return None
    if isinstance(value, bool | int):
        return value
    return float(f"{value:.7g}")


def packed_values(measures: pd.DataFrame, facts: Facts, methods: Sequence[str]) -> str:
    """Return per-image values, pair by method by metric, NaN where there is none.

    The text is base64 of gzip of little-endian 32-bit floats.
    """
    import numpy as np
    import pandas as pd

    definitions = resolve([metric["id"] for metric in facts["metrics"]])
    index = {(d.metric, d.definition): number for number, d in enumerate(definitions)}
    pairs = pd.Index(facts["pairs"]).get_indexer(pd.Index(measures["image"]))
    runs = pd.Index(list(methods)).get_indexer(pd.Index(measures["method"]))
    keys = zip(measures["metric"], measures["definition"], strict=True)
    columns = np.array([index.get(key, -1) for key in keys], dtype=int)
    values = np.full((len(facts["pairs"]), len(methods), len(definitions)), np.nan, dtype="<f4")
    known = (np.asarray(pairs) >= 0) & (np.asarray(runs) >= 0) & (columns >= 0)
    values[pairs[known], runs[known], columns[known]] = measures["value"].to_numpy(float)[known]
    return base64.b64encode(gzip.compress(values.tobytes(), 6, mtime=0)).decode()


def runs_of(records: Sequence[Record]) -> dict[str, Facts]:
    """Return method -> facts of its run on one dataset."""
    return {record.method: run_facts(record) for record in records}
