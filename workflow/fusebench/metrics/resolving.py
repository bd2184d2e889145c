"""Which metrics exist, under which names, and how a name is resolved.

No numerical library is loaded.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from fusebench.errors import MetricError
from fusebench.metrics.catalogue import DEFAULTS, EVALUATOR_COLUMNS, definitions
from fusebench.metrics.definitions import PROTOCOLS, TASKS, Definition


@cache
def all_definitions() -> dict[str, Definition]:
    """Every definition by id, canonical ones first."""
    return {definition.id: definition for definition in definitions()}


def evaluators() -> tuple[str, ...]:
    """Names of the published evaluators whose whole sets can be asked for as ``all@NAME``."""
    return tuple(EVALUATOR_COLUMNS)


def resolve(names: Iterable[str]) -> list[Definition]:
    """Turn names into definitions, in the order asked for, without duplicates.

    Args:
        names: ``METRIC``, ``METRIC@DEFINITION`` or ``all@EVALUATOR``; ``+PROTOCOL`` may follow.
            Where an evaluator has one column for a metric, the metric's name may replace the
            column's name: ``SSIM@vifb``.

    Raises:
        MetricError: a name is unknown; the message lists the near names.
    """
    found = {definition.id: definition for name in names for definition in _expand(name)}
    return list(found.values())


def _expand(name: str) -> Iterator[Definition]:
    plain, plus, protocol = name.partition("+")
    if plus and protocol not in PROTOCOLS[1:]:
        raise MetricError(
            f"unknown protocol {protocol!r} in {name!r}; must be one of {', '.join(PROTOCOLS[1:])}"
        )
    for definition in _expand_plain(plain):
        yield _under_protocol(definition, protocol) if plus else definition


def _under_protocol(definition: Definition, protocol: str) -> Definition:
    return replace(
        definition,
        id=f"{definition.id}+{protocol}",
        definition=f"{definition.definition}+{protocol}",
        protocol=protocol,
    )


def _expand_plain(name: str) -> Iterator[Definition]:
    metric, _, evaluator = name.partition("@")
    if metric == "all" and evaluator in EVALUATOR_COLUMNS:
        yield from (
            all_definitions()[f"{column}@{evaluator}"] for column in EVALUATOR_COLUMNS[evaluator]
        )
    elif name in all_definitions():
        yield all_definitions()[name]
    elif name in _aliases():
        yield _aliases()[name]
    else:
        raise MetricError(_unknown(name))


@cache
def _aliases() -> dict[str, Definition]:
    """Definitions under the metric's own name, where the evaluator's column has another name.

    For example ``SSIM@vifb`` for ``Ssim@vifb``.
    """
    names = {f"{found.metric}@{found.definition}": found for found in all_definitions().values()}
    return {
        name: replace(found, id=name)
        for name, found in names.items()
        if found.id != name and found.definition in evaluators()
    }


def _unknown(name: str) -> str:
    """Say what is wrong with a name, and which names are near."""
    known = [*all_definitions(), *_aliases(), *(f"all@{evaluator}" for evaluator in evaluators())]
    metric, _, definition = name.partition("@")
    same_metric = [other for other in known if definition and other.partition("@")[0] == metric]
    by_lower = {other.lower(): other for other in known}
    near = [
        by_lower[match]
        for match in difflib.get_close_matches(name.lower(), by_lower, n=5, cutoff=0.6)
    ]
    suggestions = list(dict.fromkeys([*near[:1], *same_metric, *near]))
    hint = f"near names: {', '.join(suggestions)}" if suggestions else "no name is near"
    return f"unknown metric {name!r}; {hint}; `fusebench list metrics` shows all of them"


def related(name: str) -> list[Definition]:
    """Every definition of the metric that a name stands for, the canonical one first.

    Args:
        name: ``METRIC``, or ``METRIC@DEFINITION`` to ask from any one of its definitions.

    Raises:
        MetricError: the metric is unknown; the message lists the near names.
    """
    metric = resolve([name])[0].metric
    return [definition for definition in all_definitions().values() if definition.metric == metric]


def in_every_protocol(definitions: list[Definition]) -> list[Definition]:
    """The definitions, followed by each of them under every other protocol; for colour images."""
    names = [definition.id for definition in definitions]
    return [
        *definitions,
        *resolve(f"{name}+{protocol}" for protocol in PROTOCOLS[1:] for name in names),
    ]


def default_metrics(task: str) -> list[str]:
    """Ids of the metrics measured for a task when a suite names none.

    Raises:
        MetricError: the task is unknown.
    """
    if task not in DEFAULTS:
        raise MetricError(f"unknown task {task!r}; must be one of {', '.join(TASKS)}")
    return list(DEFAULTS[task])


def metrics_table() -> list[dict[str, str]]:
    """One row of text for each definition, for ``fusebench list metrics``."""
    return [
        {
            "id": definition.id,
            "metric": definition.metric,
            "definition": definition.definition,
            "direction": definition.direction,
            "unit": definition.unit,
            "needs_reference": "yes" if definition.needs_reference else "no",
            "tasks": ", ".join(definition.tasks),
            "source": definition.source,
        }
        for definition in all_definitions().values()
    ]
