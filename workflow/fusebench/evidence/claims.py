"""``claims`` of an entry: numbers that a paper, a repository or another paper's table gives for the method.

They stand in the entry itself, or in a CSV file that ``fusebench claims`` imported from a published table::

    claims:
      - {dataset: tno25, metric: SSIM, definition: cddfuse, value: 1.03, where: Table 1}
      - {file: claims/vifb.csv, name: GFF}
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fusebench.datasets.pairing import pair_names
from fusebench.errors import MetricError, RegistryError
from fusebench.evidence.checks import DEFAULT_NAME, as_list
from fusebench.metrics import Definition, resolve
from fusebench.metrics.definitions import CANONICAL, all_definitions
from fusebench.registry.documents import Document, Place, near

SELFCHECK = "selfcheck"
"""``dataset`` of a claim on the images that the authors committed; ``selfcheck/NAME`` where an entry has several checks."""

UNKNOWN_DEFINITION = "unknown"
"""``definition`` of a claim whose source does not say which formula it used."""

OWN_FORMULAS = {"colour-deviation@fcdfusion": "rad"}
"""Metrics that only claims have, for they need colour, with their units; see ``fusebench.evidence.colour``."""

COLUMNS = ("name", "dataset", "image", "metric", "definition", "value", "decimals", "where")
MOST_DIGITS = 15
"""No float holds more digits after the point."""

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Claim:
    """One number that somebody published about a method.

    Attributes:
        method: the registry's name of the method.
        dataset: the registry's name of the images, or ``selfcheck``; ``""`` where the registry does not hold them.
        images: the images in the source's own words, where ``dataset`` is ``""``.
        image: the pair that the number is of; ``""`` for the mean over all of them.
        metric: the metric's name, or an evaluator's own column name.
        definition: the evaluator whose formula it is, ``canonical``, or ``unknown``.
        value: as published.
        decimals: digits after the point that were published.
        where: the table, page or file that gives it.
        source: who gives it; the method's own paper where it is ``""``.
        note: what a reader should know where it is not reproduced.
    """

    method: str
    dataset: str
    images: str
    image: str
    metric: str
    definition: str
    value: float
    decimals: int
    where: str
    source: str
    note: str = ""

    @property
    def id(self) -> str:
        """The name of the formula as ``fusebench.metrics.resolve`` takes it."""
        return (
            self.metric
            if self.definition in (CANONICAL, UNKNOWN_DEFINITION)
            else f"{self.metric}@{self.definition}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for the parameters of a job."""
        return asdict(self)


def claims_of(name: str, entry: dict[str, Any], root: Path) -> list[Claim]:
    """Return the claims about a method, those of its files included.

    Raises:
        RegistryError: a file of claims is absent or wrong; the message names file and line.
    """
    claims: list[Claim] = []
    for item in as_list(entry.get("claims")):
        claims += _from_file(name, item, root) if "file" in item else [_inline(name, item)]
    return claims


def _inline(name: str, item: dict[str, Any]) -> Claim:
    value = str(item["value"])
    return Claim(
        name,
        str(item.get("dataset", "")),
        str(item.get("images", "")),
        str(item.get("image", "")),
        str(item["metric"]),
        str(item.get("definition", CANONICAL)),
        float(value),
        int(item.get("decimals", decimals_of(value))),
        str(item.get("where", "")),
        str(item.get("source", "")),
        str(item.get("note", "")),
    )


def decimals_of(value: str) -> int:
    """Return how many digits after the point a number was printed with.

    >>> decimals_of("1.030")
    3
    """
    mantissa, _, exponent = value.lower().partition("e")
    return max(0, len(mantissa.partition(".")[2]) - int(exponent or 0))


def _from_file(name: str, item: dict[str, Any], root: Path) -> list[Claim]:
    origin, rows = read_claims_file(root / item["file"])
    wanted = str(item.get("name", name))
    return [
        Claim(
            name,
            row["dataset"],
            origin.get("images", "") if not row["dataset"] else "",
            row["image"],
            row["metric"],
            row["definition"],
            float(row["value"]),
            int(row["decimals"]),
            f"{row['where']} ({item['file']})",
            origin.get("source", ""),
            str(item.get("note", "")),
        )
        for row in rows
        if row["name"] == wanted
    ]


@cache
def read_claims_file(path: Path) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return the origin that the first lines of a file of claims tell (``# key: value``), and its rows.

    Raises:
        RegistryError: the file is absent, lacks a column, or holds a value that is no number; the line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RegistryError(
            f"{path}: must be a file of claims in UTF-8, as `fusebench claims` writes it: {getattr(error, 'strerror', None) or error}"
        ) from error
    comments = [line for line in lines if line.startswith("#")]
    origin = {
        key.strip(): text.strip() for key, _, text in (line[1:].partition(":") for line in comments)
    }
    reader = csv.DictReader(lines[len(comments) :], strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise RegistryError(
            f"{path}:{len(comments) + 1}: must have the columns {', '.join(COLUMNS)}; found {', '.join(reader.fieldnames or ())}"
        )
    try:
        rows = list(reader)
    except csv.Error as error:
        raise RegistryError(
            f"{path}:{len(comments) + reader.line_num + 1}: must be CSV: {error}; a text in quotes must end with one"
        ) from error
    for number, row in enumerate(rows, start=len(comments) + 2):
        problem = _row_problem(row)
        if problem:
            raise RegistryError(f"{path}:{number}: {problem}")
    return origin, rows


def _row_problem(row: dict[str, str]) -> str:
    if None in row or None in row.values():
        return f"must have {len(COLUMNS)} columns; found another number of them (a value with a comma?)"
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
    """Return the definition that a claim names, then every other definition of the metric that needs no ground truth.

    A claim of a metric that only claims have, or of one that is not known here, has none.
    """
    if claim.id in OWN_FORMULAS or claim.id not in all_definitions():
        return []
    named = resolve([claim.id])[0]
    others = [
        definition
        for definition in all_definitions().values()
        if definition.metric == named.metric
        and not definition.needs_reference
        and definition.id != named.id
    ]
    return [named, *others]


def claim_problems(root: Path, methods: Document, datasets: Document) -> Iterator[str]:
    """Yield what the schema cannot see of every claim in ``methods.yaml``."""
    for name, entry in methods.data.items():
        for index, item in enumerate(as_list(entry.get("claims"))):
            place: Place = (name, "claims", index)
            if "value" in item:
                yield from _value_problems(methods, place, item)
            try:
                claims = claims_of(name, {"claims": [item]}, root)
            except RegistryError as error:
                yield f"{methods.where(place)}: {error}"
                continue
            if not claims:
                yield f"{methods.where(place)}: must find rows named {item.get('name', name)!r} in {item['file']}; found none"
            yield from dict.fromkeys(_claim_problems(methods, datasets, place, entry, claims))
            yield from dict.fromkeys(_image_problems(root, methods, datasets, place, claims))


def _value_problems(methods: Document, place: Place, item: dict[str, Any]) -> Iterator[str]:
    """Yield a value that YAML or Python read as another number than the one that is written, or without its last zeros."""
    value, text = item["value"], methods.written.get((*place, "value"), str(item["value"]))
    where = methods.where((*place, "value"))
    if not NUMBER.fullmatch(text) or not math.isfinite(float(text)) or float(value) != float(text):
        yield f"{where}: must be a finite number with a point, in quotes where YAML has a meaning of its own for it; found {text}"
    elif (
        isinstance(value, float)
        and "decimals" not in item
        and decimals_of(text) != decimals_of(str(value))
    ):
        yield f'{where}: must be in quotes, for YAML drops digits that were printed; found {text}, write "{text}"'
    if item.get("dataset") and item.get("images"):
        yield f"{methods.where((*place, 'images'))}: must have `dataset` or `images`, for images that the registry holds or for others; found both"
    if "@" in item["metric"] and item.get("definition") != UNKNOWN_DEFINITION:
        metric, _, definition = item["metric"].partition("@")
        yield f"{methods.where((*place, 'metric'))}: must be the metric alone; write `metric: {metric}, definition: {definition}`"


def _claim_problems(
    methods: Document, datasets: Document, place: Place, entry: dict[str, Any], claims: list[Claim]
) -> Iterator[str]:
    known = [*datasets.data, *_selfchecks(entry)]
    for dataset in dict.fromkeys(claim.dataset for claim in claims):
        if dataset == SELFCHECK and len(as_list(entry.get("selfcheck"))) > 1:
            named = [name for name in _selfchecks(entry) if name != SELFCHECK]
            yield f"{methods.where((*place, 'dataset'))}: must name one of the checks, for this entry has several; write one of {', '.join(named)}"
        if dataset and dataset not in known:
            yield (
                f"{methods.where((*place, 'dataset'))}: unknown dataset {dataset!r}{near(dataset, known)}; "
                + (
                    "write a `selfcheck` of that name into this entry"
                    if dataset.partition("/")[0] == SELFCHECK
                    else "add it to datasets.yaml, or say in `images` which images they are"
                )
            )
    if any(not claim.dataset and not claim.images for claim in claims):
        yield f"{methods.where(place)}: must have `dataset`, or `images` in the source's words where the registry lacks them"
    for identity in dict.fromkeys(
        claim.id for claim in claims if claim.definition != UNKNOWN_DEFINITION
    ):
        if identity in OWN_FORMULAS:
            continue
        try:
            one = [definition.id for definition in resolve([identity])] == [identity]
        except MetricError as error:
            yield f"{methods.where((*place, 'definition'))}: {error}; write `definition: unknown` where the source does not say"
        else:
            if not one:
                yield f"{methods.where((*place, 'metric'))}: must be one metric; found {identity!r}, which stands for several"


def _image_problems(
    root: Path, methods: Document, datasets: Document, place: Place, claims: list[Claim]
) -> Iterator[str]:
    """Yield images of claims that are not in the frozen list of their dataset."""
    for dataset in dict.fromkeys(claim.dataset for claim in claims if claim.image):
        pairs = datasets.data.get(dataset, {}).get("pairs")
        try:
            known = pair_names(pairs, root) or []
        except (OSError, UnicodeDecodeError):
            continue  # told of the dataset itself
        images = [claim.image for claim in claims if claim.dataset == dataset and claim.image]
        for image in images if known else []:
            if image not in known:
                yield f"{methods.where((*place, 'image'))}: must be a pair of {dataset!r}; found {image!r}{near(image, known)}"


def _selfchecks(entry: dict[str, Any]) -> list[str]:
    names = [check.get("name", DEFAULT_NAME) for check in as_list(entry.get("selfcheck"))]
    return [SELFCHECK, *(f"{SELFCHECK}/{name}" for name in names)] if names else []
