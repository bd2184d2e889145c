"""``fusebench measure A B F``: measure fused images against their two sources.

A, B and F are three images, or folders of images.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.command.measured_folders import print_folders
from fusebench.errors import MetricError
from fusebench.image_headers import UnreadableImageError
from fusebench.images import SUFFIXES, range_notes, read_levels
from fusebench.measure.folders import size_problems
from fusebench.metrics import Definition, default_metrics, resolve
from fusebench.metrics.resolving import in_every_protocol, related
from fusebench.registry.claims import NUMBER, decimals_of, half_unit, is_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fusebench.metrics import ImagePair


LEAST_OPERANDS = 3
"""A, B and F."""


@dataclass(frozen=True)
class Claimed:
    """A published number, with the digits after the point that were printed."""

    value: float
    decimals: int

    def is_given_by(self, value: float) -> bool:
        """Whether a value is the claimed one after rounding to its last printed digit."""
        return is_within(value - self.value, self.tolerance)

    @property
    def tolerance(self) -> float:
        """Half a unit of its last digit."""
        return half_unit(self.decimals)


EXAMPLES = """examples:
  fusebench measure ir.png vis.png fused.png                       the default metrics
  fusebench measure ir.png vis.png fused.png --metrics all@cddfuse
  fusebench measure IR/ VIS/ CDDFuse/ GFF/ --csv values.csv        folders: a row for each method
  fusebench measure ir.png vis.png fused.png --explain SSIM=0.97   whose SSIM is that?
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the images and options of the subcommand."""
    parser.epilog = EXAMPLES
    operands = [
        parser.add_argument("a", metavar="A", help="first source (the infrared one)"),
        parser.add_argument("b", metavar="B", help="second source (the visible one)"),
        parser.add_argument(
            "fused",
            metavar="F",
            nargs="+",
            help="fused image; A, B and F may be folders of images with equal names, and several"
            " folders F are several methods",
        ),
    ]
    for operand in operands:  # they may also stand behind --metrics, see _operands
        operand.required = False
    parser.set_defaults(refuse=parser.error)
    parser.add_argument(
        "--metrics", nargs="+", metavar="ID", help="METRIC, METRIC@DEFINITION or all@EVALUATOR"
    )
    parser.add_argument(
        "--reference", metavar="R", type=Path, help="ground truth, for the metrics that need one"
    )
    parser.add_argument(
        "--csv", metavar="FILE", type=Path, help="of folders: also write each image's values here"
    )
    parser.add_argument(
        "--cores", metavar="N", type=int, default=1, help="of folders: how many processes measure"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object instead of a table"
    )
    parser.add_argument(
        "--explain",
        metavar="METRIC=VALUE",
        help="list which definition of a metric gives a claimed value",
    )


def run(options: argparse.Namespace) -> int:
    """Measure the images named by the options and print the result.

    Returns:
        The exit status: 1 when no metric has a value.

    Raises:
        MetricError: an image cannot be read, sizes differ, or a metric is unknown.
    """
    a, b, *fused = _operands(options)
    metric, claimed = claim_of(options.explain) if options.explain else ("", None)
    if claimed:
        definitions = related(metric)
    else:
        definitions = resolve(options.metrics or default_metrics("infrared-visible"))
    _refuse_without_reference(definitions, options)
    if a.is_dir() and b.is_dir():
        if claimed:
            raise MetricError("--explain must have images; found folders: name three images")
        return print_folders(a, b, fused, definitions, options)
    if options.csv:
        raise MetricError("--csv is for folders; give the folders of A, B and F")
    if len(fused) > 1:
        raise MetricError(
            f"A and B must be folders where there are several F; found {a}, {b} and {len(fused)} F"
        )
    return _measure_images(a, b, fused[0], definitions, claimed, options)


def _operands(options: argparse.Namespace) -> list[Path]:
    """Return A, B and each F.

    ``--metrics SSIM a.png b.png f.png`` takes all four words: its operands are split off here.
    """
    operands = [word for word in (options.a, options.b, *(options.fused or ())) if word]
    if len(operands) < LEAST_OPERANDS and options.metrics:
        first = next(
            (i for i, word in enumerate(options.metrics) if i and _is_path(word)),
            len(options.metrics),
        )
        operands += options.metrics[first:]
        options.metrics = options.metrics[:first]
    if len(operands) < LEAST_OPERANDS:
        options.refuse(
            f"A, B and F must be given: two sources and a fused image, or three folders; found"
            f" {' '.join(operands) or 'none of them'}"
        )
    return [Path(word) for word in operands]


def _is_path(word: str) -> bool:
    """Whether a word names a file or folder, and no metric."""
    try:
        resolve([word])
    except MetricError:
        path = Path(word)
        return path.exists() or len(path.parts) > 1 or path.suffix.lower() in SUFFIXES
    return False


def _measure_images(
    a: Path,
    b: Path,
    fused: Path,
    definitions: list[Definition],
    claimed: Claimed | None,
    options: argparse.Namespace,
) -> int:
    pair, image = _read_pair(a, b, fused, options.reference)
    if claimed is None:
        return _print_values(definitions, *pair.attempt(image, definitions), as_json=options.json)
    is_gray = pair.is_gray and image.ndim == 2
    tried = definitions if is_gray else in_every_protocol(definitions)
    return _explain(pair, image, tried, claimed, options.json)


def _print_values(
    definitions: list[Definition],
    values: dict[str, float],
    refusals: dict[str, str],
    *,
    as_json: bool,
) -> int:
    """Print the values, and on stderr the reason of each metric that has none.

    A metric without a value is null in JSON and - in the table. The status is 1 when no metric has
    a value.
    """
    for name, reason in refusals.items():
        print(f"fusebench measure: {name}: {reason}", file=sys.stderr)
    if as_json:
        print(
            json.dumps(
                {definition.id: values.get(definition.id) for definition in definitions}, indent=2
            )
        )
    else:
        print(_value_table(definitions, values))
    return 0 if values else 1


def _refuse_without_reference(definitions: list[Definition], options: argparse.Namespace) -> None:
    """Refuse metrics that need a ground truth, before any image is read.

    An explanation (``--explain``) leaves such metrics out instead.
    """
    needing = [definition for definition in definitions if definition.needs_reference]
    if not needing or options.reference:
        return
    if not options.explain:
        names = ", ".join(definition.id for definition in needing)
        raise MetricError(f"{names}: needs a ground truth; give it with --reference")
    definitions[:] = [definition for definition in definitions if not definition.needs_reference]


def _read_pair(
    a: Path, b: Path, fused: Path, reference: Path | None
) -> tuple[ImagePair, NDArray[Any]]:
    """Read the images and tell what was done to them on stderr.

    Raises:
        MetricError: an image cannot be used, or sizes differ; names the files.
    """
    from fusebench.metrics import ImagePair

    paths = [a, b, fused, *([reference] if reference else [])]
    images = {}
    for path in dict.fromkeys(paths):
        try:
            images[path], notes = read_levels(path)
        except UnreadableImageError as error:
            raise MetricError(str(error)) from error
        for note in (*notes, *range_notes(images[path])):
            print(f"fusebench measure: {path}: {note}", file=sys.stderr)
    problems = size_problems({path: image.shape for path, image in images.items()})
    if problems:
        raise MetricError("; ".join(problems))
    truth = None if reference is None else images[reference]
    return ImagePair(images[a], images[b], truth), images[fused]


def claim_of(text: str) -> tuple[str, Claimed]:
    """Return metric and number of ``METRIC=VALUE``; the digits are those that were typed.

    Raises:
        MetricError: the value is no finite number with a point.
    """
    metric, _, number = text.partition("=")
    if not NUMBER.fullmatch(number) or not math.isfinite(float(number)):
        raise MetricError(
            f"--explain must be METRIC=VALUE with a number, such as SSIM=1.03; found {text!r}"
        )
    return metric, Claimed(float(number), decimals_of(number))


def _explain(
    pair: ImagePair,
    fused: NDArray[Any],
    definitions: list[Definition],
    claimed: Claimed,
    as_json: bool,
) -> int:
    """Print the value of every definition, the nearest to the claim first.

    The status is 1 when no definition gives the claimed value.
    """
    values, refusals = pair.attempt(fused, definitions)
    ranked = sorted(values, key=lambda name: abs(values[name] - claimed.value))
    if as_json:
        rows = [
            {"id": name, "value": values[name], "matches": claimed.is_given_by(values[name])}
            for name in ranked
        ]
        told = {
            "claimed": claimed.value,
            "tolerance": claimed.tolerance,
            "definitions": rows,
            "without_value": refusals,
        }
        print(json.dumps(told, indent=2))
    else:
        shown = f"{claimed.value:.{claimed.decimals}f}"
        print(f"claimed: {shown} (to within {claimed.tolerance:g}, half a unit of its last digit)")
        for name in ranked:
            difference = f"{values[name] - claimed.value:+.6g}"
            verdict = "gives the claim" if claimed.is_given_by(values[name]) else difference
            print(f"  {name:<24}{values[name]:>16.8g}   {verdict}")
        for name, reason in refusals.items():
            print(f"  {name:<24}{'-':>16}   {reason}")
    return 0 if any(map(claimed.is_given_by, values.values())) else 1


def _value_table(definitions: list[Definition], values: dict[str, float]) -> str:
    names = max(len(definition.id) for definition in definitions)
    units = max(len(definition.unit) for definition in definitions)
    better = {"higher": "higher is better", "lower": "lower is better", "none": ""}
    numbers = {name: f"{value:.8g}" for name, value in values.items()}
    return "\n".join(
        f"{definition.id:<{names}}  {numbers.get(definition.id, '-'):>16}  "
        f"{definition.unit:<{units}}  {better[definition.direction]}".rstrip()
        for definition in definitions
    )
