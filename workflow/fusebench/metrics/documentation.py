"""Writes ``docs/metrics.md`` from the table of definitions and the docstrings of their formulas.

Run ``python -m fusebench.metrics.documentation > docs/metrics.md``.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from fusebench.metrics.catalogue import EVALUATOR_COLUMNS, EVALUATOR_SOURCES
from fusebench.metrics.definitions import CANONICAL, PROTOCOLS, Definition
from fusebench.metrics.resolving import all_definitions, default_metrics

INTRODUCTION = """\
# Metrics

<!-- Written by `python -m fusebench.metrics.documentation`: edit the docstrings and the table. -->

F is the fused image, A and B are the sources, R is the ground truth. A bare name is the canonical
definition, `METRIC@DEFINITION` is another one, and `all@EVALUATOR` is the whole set of a published
evaluator under its own column names. Where an evaluator has one column for a metric, the metric's
name may replace the column's name: `SSIM@vifb` is `Ssim@vifb`.

**Gray.** Images are measured as gray levels on 0..255, float64. A colour image is measured on its
luma, round(0.299 R + 0.587 G + 0.114 B). 16-bit images are divided by 257 and then treated as 8-bit
ones.

**Protocols.** {protocols} follow the name behind a plus
sign (`SSIM+rgb-mean`): the mean of the values of the three channels; MATLAB's `rgb2gray`; the luma
without rounding.

**No value.** Where a formula divides by zero, or its windows do not fit into the image, there is no
number, but a refusal with its reason. An image with nan, masked or out-of-range pixels, and images
of different sizes, are refused for all metrics.

**Agreement.** Every definition gives the value of the original code within 1e-9 relative (VIF
1e-7). `tests/metrics` compares it with values from the original code, and says how those were
obtained. Originals that compute in float32 were run in float64; only `CE@ivif-zoo` is defined by
its float32 arithmetic, and agrees within 1e-6. `benchmarks/matlab_evaluators.py` shows it again: it
runs the evaluators of Tang, VIFB and Liu under GNU Octave (45 columns, 171 values, at most 1.4e-12
apart). Octave lacks what two of Tang's columns need, MATLAB's `edge` and `dwt2`.

**Memory.** What several metrics need is computed once and cached: parts of a source for all fused
images of its pair, parts of a fused image for one measurement; at most 512 MiB for each image.
"""


def markdown() -> str:
    """The whole page."""
    definitions = list(all_definitions().values())
    canonical = [definition for definition in definitions if definition.definition == CANONICAL]
    gray = [definition for definition in canonical if definition.kind == "gray"]
    bands = [definition for definition in canonical if definition.kind == "bands"]
    parts = [
        INTRODUCTION.format(protocols=", ".join(f"`{protocol}`" for protocol in PROTOCOLS[1:])),
        _defaults(definitions),
        _canonical_section("Gray images", gray),
        _canonical_section("Multi-band arrays (pansharpening, HSI-MSI)", bands),
        *(_evaluator_section(evaluator) for evaluator in EVALUATOR_COLUMNS),
        _variants_section(definitions),
    ]
    return "\n".join(parts)


def _defaults(definitions: list[Definition]) -> str:
    tasks = dict.fromkeys(task for definition in definitions for task in definition.tasks)
    rows = [f"| {task} | {', '.join(default_metrics(task))} |" for task in tasks]
    return "\n".join(["## Defaults of each task", "", "| task | metrics |", "|---|---|", *rows, ""])


def _canonical_section(title: str, definitions: Iterable[Definition]) -> str:
    return "\n".join([f"## {title}", "", *(_entry(definition) for definition in definitions)])


def _entry(definition: Definition) -> str:
    needs = "; needs a ground truth" if definition.needs_reference else ""
    better = {"higher": "higher is better", "lower": "lower is better", "none": "best at 0"}[
        definition.direction
    ]
    facts = f"*Unit: {definition.unit}; {better}{needs}. Source: {definition.source}.*"
    return f"### {definition.id}\n\n{_docstring(definition)}\n\n{facts}\n"


def _docstring(definition: Definition) -> str:
    return inspect.cleandoc(definition.formula.__doc__ or "").partition("\n\nRaises:")[0]


def _evaluator_section(evaluator: str) -> str:
    rows = [
        _evaluator_row(all_definitions()[f"{column}@{evaluator}"])
        for column in EVALUATOR_COLUMNS[evaluator]
    ]
    head = [f"## all@{evaluator}", "", f"Original: {EVALUATOR_SOURCES[evaluator]}.", ""]
    table = [
        "| column | metric | unit | how it differs from the canonical definition |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *table, *rows, ""])


def _evaluator_row(definition: Definition) -> str:
    canonical = all_definitions()[definition.metric]
    same = canonical.target == definition.target
    difference = "not at all" if same else " ".join(_docstring(definition).split())
    cells = (f"`{definition.id}`", definition.metric, definition.unit)
    return f"| {' | '.join(cells)} | {difference.replace('|', '&#124;')} |"


def _variants_section(definitions: list[Definition]) -> str:
    others = [
        definition
        for definition in definitions
        if definition.definition.partition(":")[0] not in (CANONICAL, *EVALUATOR_COLUMNS)
    ]
    return _canonical_section("Other definitions in use", others)


if __name__ == "__main__":
    print(markdown(), end="")
