"""``fusebench measure A B F``: measure one fused image against its two sources."""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.errors import MetricError
from fusebench.metrics import Definition, default_metrics, resolve
from fusebench.metrics.resolving import in_every_protocol, related
from fusebench.registry.claims import NUMBER, decimals_of, half_unit, is_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fusebench.metrics import ImagePair


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the images and options of the subcommand."""
    parser.add_argument("a", metavar="A", type=Path, help="first source image (the infrared one)")
    parser.add_argument("b", metavar="B", type=Path, help="second source image (the visible one)")
    parser.add_argument("fused", metavar="F", type=Path, help="fused image")
    parser.add_argument(
        "--metrics", nargs="+", metavar="ID", help="METRIC, METRIC@DEFINITION or all@EVALUATOR"
    )
    parser.add_argument(
        "--reference", metavar="R", type=Path, help="ground truth, for the metrics that need one"
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
    if options.explain:
        metric, claimed = claim_of(options.explain)
        definitions = related(metric)
    else:
        definitions = resolve(options.metrics or default_metrics("infrared-visible"))
    _refuse_without_reference(definitions, options)
    pair, fused = _read_pair(options)
    if options.explain:
        definitions = (
            definitions if pair.is_gray and fused.ndim == 2 else in_every_protocol(definitions)
        )
        return _explain(pair, fused, definitions, claimed, options.json)
    return _print_values(definitions, *pair.attempt(fused, definitions), as_json=options.json)


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


def _read_pair(options: argparse.Namespace) -> tuple[ImagePair, NDArray[Any]]:
    from fusebench.metrics import ImagePair

    a, b, fused = (read_image(path) for path in (options.a, options.b, options.fused))
    reference = None if options.reference is None else read_image(options.reference)
    return ImagePair(a, b, reference), fused


def read_image(path: Path) -> NDArray[Any]:
    """Read an image file as ``(H, W)`` gray or ``(H, W, 3)`` RGB, uint8 or uint16.

    An alpha channel is dropped.

    Raises:
        MetricError: the file is missing, or is not an image that can be decoded.
    """
    import cv2

    if not path.is_file():
        raise MetricError(f"{path}: must be an image file, and there is no such file")
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise MetricError(
            f"{path}: must be an image that OpenCV can decode, found {path.stat().st_size} bytes"
            " that it cannot"
        )
    if image.ndim == 3:
        image = image[:, :, 2::-1] if image.shape[2] in (3, 4) else image[:, :, 0]
    return image


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
