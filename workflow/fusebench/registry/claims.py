"""``claims`` of an entry: published numbers about the method.

A paper, a repository or another paper's table gives them. They stand in the entry itself, or in a
CSV file that ``fusebench claims`` imported from a published table::

    claims:
      - {dataset: tno25, metric: SSIM, definition: cddfuse, value: 1.03, where: Table 1}
      - {file: claims/vifb.csv, name: GFF}
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import UNSET

from fusebench.contracts.datasets import DatasetEntry
from fusebench.contracts.evidence import Claim
from fusebench.contracts.methods import ClaimEntry, MethodEntry
from fusebench.errors import MetricError, RegistryError
from fusebench.metrics import Definition, resolve
from fusebench.metrics.definitions import CANONICAL
from fusebench.metrics.resolving import all_definitions
from fusebench.project import locate
from fusebench.registry.documents import Document, Place, near
from fusebench.registry.methods import Method
from fusebench.registry.pairing import pair_names
from fusebench.registry.selfchecks import checks_of

Methods = Document[dict[str, MethodEntry]]
Datasets = Document[dict[str, DatasetEntry]]

SELFCHECK = "selfcheck"
"""``dataset`` of a claim on the images that the authors committed.

It is ``selfcheck/NAME`` where an entry has several checks.
"""

UNKNOWN_DEFINITION = "unknown"
"""``definition`` of a claim whose source does not say which formula it used."""

OWN_FORMULAS = {"colour-deviation@fcdfusion": "rad"}
"""Metrics that only claims have, because they need colour, with their units.

See ``fusebench.evidence.colour``.
"""

COLUMNS = ("name", "dataset", "image", "metric", "definition", "value", "decimals", "where")
MOST_DIGITS = 15
"""No float is printed with more digits after the point."""

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


BASELINES = PurePosixPath("workflow/baselines")
"""The folder of fusebench's own implementations."""


def why_no_claim(method: Method) -> str:
    """Return why published numbers cannot be compared with a method's runs; ``""`` where they can.

    Another implementation of the same paper is another program, with numbers of its own.
    """
    own = PurePosixPath(method.code) == BASELINES
    implementation = method.entry.implementation or ("own" if own else "authors")
    return method.why_not if implementation == "authors" else f"{implementation} implementation"


def formula_of(claim: Claim) -> str:
    """Return the name of a claim's formula as ``fusebench.metrics.resolve`` takes it."""
    plain = claim.definition in (CANONICAL, UNKNOWN_DEFINITION)
    return claim.metric if plain else f"{claim.metric}@{claim.definition}"


def claims_of(method: str, items: Iterable[ClaimEntry], root: Path) -> list[Claim]:
    """Return the claims about a method, those of its files included.

    Args:
        method: its name.
        items: ``claims`` of its entry.
        root: the project's folder.

    Raises:
        RegistryError: a file of claims is absent or wrong; the message names file and line.
    """
    claims: list[Claim] = []
    for item in items:
        claims += _from_file(method, item, root) if item.file else [_inline(method, item)]
    return claims


def _inline(method: str, item: ClaimEntry) -> Claim:
    value = str(item.value)
    return Claim(
        method=method,
        dataset=item.dataset or "",
        images=item.images or "",
        image=item.image or "",
        metric=item.metric or "",
        definition=item.definition or CANONICAL,
        value=float(value),
        decimals=decimals_of(value) if item.decimals is UNSET else item.decimals,
        where=item.where or "",
        source=item.source or "",
        note=item.note or "",
    )


def decimals_of(value: str) -> int:
    """Return how many digits after the point a number was printed with.

    >>> decimals_of("1.030")
    3
    """
    mantissa, _, exponent = value.lower().partition("e")
    return max(0, len(mantissa.partition(".")[2]) - int(exponent or 0))


def half_unit(decimals: int) -> float:
    """Return half a unit of the last printed digit: a value that is nearer rounds to the number.

    >>> half_unit(2)
    0.005
    """
    return 0.5 * 10.0**-decimals


def is_within(difference: float, tolerance: float) -> bool:
    """Say whether a difference is at most the tolerance.

    There is slack for values that lie exactly half a unit of the last digit away.
    """
    return abs(difference) <= tolerance + min(1e-9, 0.01 * tolerance)


def _from_file(method: str, item: ClaimEntry, root: Path) -> list[Claim]:
    origin, rows = read_claims_file(locate(root, item.file or ""))
    return [
        Claim(
            method=method,
            dataset=row["dataset"],
            images=origin.get("images", "") if not row["dataset"] else "",
            image=row["image"],
            metric=row["metric"],
            definition=row["definition"],
            value=float(row["value"]),
            decimals=int(row["decimals"]),
            where=f"{row['where']} ({item.file})",
            source=origin.get("source", ""),
            note=item.note or "",
        )
        for row in rows
        if row["name"] == (item.name or method)
    ]


@cache
def read_claims_file(path: Path) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return the origin of a file of claims, and its rows.

    The first lines of the file say the origin (``# key: value``).

    Raises:
        RegistryError: the file is absent, lacks a column, or holds a value that is no number; the
            message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RegistryError(
            f"{path}: must be a file of claims in UTF-8, as `fusebench claims` writes it: {reason}"
        ) from error
    comments = [line for line in lines if line.startswith("#")]
    origin = {
        key.strip(): text.strip() for key, _, text in (line[1:].partition(":") for line in comments)
    }
    reader = csv.DictReader(lines[len(comments) :], strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise RegistryError(
            f"{path}:{len(comments) + 1}: must have the columns {', '.join(COLUMNS)};"
            f" found {', '.join(reader.fieldnames or ())}"
        )
    try:
        rows = list(reader)
    except csv.Error as error:
        raise RegistryError(
            f"{path}:{len(comments) + reader.line_num + 1}: must be CSV: {error};"
            " a text that begins with a quote must end with one"
        ) from error
    for number, row in enumerate(rows, start=len(comments) + 2):
        problem = _row_problem(row)
        if problem:
            raise RegistryError(f"{path}:{number}: {problem}")
    return origin, rows


def _row_problem(row: dict[str, Any]) -> str:
    if None in row or None in row.values():
        return (
            f"must have {len(COLUMNS)} columns; found another number of them (a value with a comma"
            " must be in quotes)"
        )
    if not NUMBER.fullmatch(row["value"]):
        return f"`value` must be a number with a point; found {row['value']!r}"
    if (
        not row["decimals"].isascii()
        or not row["decimals"].isdigit()
        or int(row["decimals"]) > MOST_DIGITS
    ):
        return (
            f"`decimals` must be a whole number from 0 to {MOST_DIGITS}; found {row['decimals']!r}"
        )
    return ""


def definitions_tried(claim: Claim) -> list[Definition]:
    """Return the definition that a claim names, then the other definitions of its metric.

    Other definitions that need a ground truth are left out. The list is empty for a metric that
    only claims have, and for one that fusebench does not know.
    """
    formula = formula_of(claim)
    try:
        found = [] if formula in OWN_FORMULAS else resolve([formula])
    except MetricError:
        return []
    if len(found) != 1:
        return []
    named = found[0]
    others = [
        definition
        for definition in all_definitions().values()
        if definition.metric == named.metric
        and not definition.needs_reference
        and definition.definition != named.definition
    ]
    return [named, *others]


def claim_problems(root: Path, methods: Methods, datasets: Datasets) -> Iterator[str]:
    """Yield mistakes in the claims of ``methods.yaml`` that the schema cannot see."""
    for name, entry in methods.data.items():
        for index, item in enumerate(entry.claims or ()):
            place: Place = (name, "claims", index)
            if item.value is not UNSET:
                yield from _value_problems(methods, place, item)
            try:
                claims = claims_of(name, [item], root)
            except RegistryError as error:
                yield f"{methods.where(place)}: {error}"
                continue
            if not claims:
                yield (
                    f"{methods.where(place)}: must find rows named {item.name or name!r} in"
                    f" {item.file}; found none"
                )
            method = Method(name, entry)
            yield from dict.fromkeys(_claim_problems(methods, datasets, place, method, claims))
            yield from dict.fromkeys(_image_problems(root, methods, datasets, place, claims))


def _value_problems(methods: Methods, place: Place, item: ClaimEntry) -> Iterator[str]:
    """Yield a value that was read as another number than the one written.

    YAML or Python may read another number, or drop the last zeros.
    """
    value, text = item.value, methods.written.get((*place, "value"), str(item.value))
    where = methods.where((*place, "value"))
    if (
        not NUMBER.fullmatch(text)
        or not math.isfinite(float(text))
        or float(value or 0) != float(text)
    ):
        yield (
            f"{where}: must be a finite number with a point, in quotes where YAML would read"
            f" something else; found {text}"
        )
    elif (
        isinstance(value, float)
        and item.decimals is UNSET
        and decimals_of(text) != decimals_of(str(value))
    ):
        yield (
            f"{where}: must be in quotes, because YAML drops digits that were printed; found"
            f' {text}, write "{text}"'
        )
    if item.dataset and item.images:
        yield (
            f"{methods.where((*place, 'images'))}: must have `dataset` or `images`, for images that"
            " the registry holds or for others; found both"
        )
    if "@" in (item.metric or "") and item.definition != UNKNOWN_DEFINITION:
        metric, _, definition = (item.metric or "").partition("@")
        yield (
            f"{methods.where((*place, 'metric'))}: must be the metric alone; write `metric:"
            f" {metric}, definition: {definition}`"
        )


def _claim_problems(
    methods: Methods, datasets: Datasets, place: Place, method: Method, claims: list[Claim]
) -> Iterator[str]:
    yield from _dataset_problems(methods, datasets, place, method, claims)
    if any(not claim.dataset and not claim.images for claim in claims):
        yield (
            f"{methods.where(place)}: must have `dataset`, or `images` in the source's words where"
            " the registry lacks them"
        )
    known = [claim for claim in claims if claim.definition != UNKNOWN_DEFINITION]
    for formula in dict.fromkeys(map(formula_of, known)):
        if formula not in OWN_FORMULAS:
            yield from _formula_problems(methods, place, formula)


def _dataset_problems(
    methods: Methods, datasets: Datasets, place: Place, method: Method, claims: list[Claim]
) -> Iterator[str]:
    checks = _selfchecks(method)
    known = [*datasets.data, *checks]
    where = methods.where((*place, "dataset"))
    for dataset in dict.fromkeys(claim.dataset for claim in claims):
        if dataset == SELFCHECK and len(checks_of(method)) > 1:
            named = [name for name in checks if name != SELFCHECK]
            yield (
                f"{where}: must name one of the checks, because this entry has several; write one"
                f" of {', '.join(named)}"
            )
        if dataset and dataset not in known:
            remedy = (
                "write a `selfcheck` of that name into this entry"
                if dataset.partition("/")[0] == SELFCHECK
                else "add it to datasets.yaml, or say in `images` which images they are"
            )
            yield f"{where}: unknown dataset {dataset!r}{near(dataset, known)}; {remedy}"


def _formula_problems(methods: Methods, place: Place, formula: str) -> Iterator[str]:
    try:
        one = [definition.id for definition in resolve([formula])] == [formula]
    except MetricError as error:
        yield (
            f"{methods.where((*place, 'definition'))}: {error}; write `definition: unknown` where"
            " the source does not say"
        )
        return
    if not one:
        yield (
            f"{methods.where((*place, 'metric'))}: must be one metric; found {formula!r}, which"
            " stands for several"
        )


def _image_problems(
    root: Path, methods: Methods, datasets: Datasets, place: Place, claims: list[Claim]
) -> Iterator[str]:
    """Yield images of claims that are not in the frozen list of their dataset."""
    for dataset in dict.fromkeys(claim.dataset for claim in claims if claim.image):
        entry = datasets.data.get(dataset)
        try:
            known = pair_names(entry.pairs, root) if entry else None
        except (OSError, UnicodeDecodeError):
            continue  # already reported for the dataset itself
        images = [claim.image for claim in claims if claim.dataset == dataset and claim.image]
        for image in images if known else []:
            if image not in (known or ()):
                yield (
                    f"{methods.where((*place, 'image'))}: must be a pair of {dataset!r}; found"
                    f" {image!r}{near(image, known or ())}"
                )


def _selfchecks(method: Method) -> list[str]:
    names = [check.name for check in checks_of(method)]
    return [SELFCHECK, *(f"{SELFCHECK}/{name}" for name in names)] if names else []
