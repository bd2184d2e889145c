"""A published number beside the one measured here: the same formula on the same pairs, and the word for it.

==================  ==============================================================================================
``reproduced``      the difference is at most half a unit of the last printed digit, plus the measured spread
``close``           at most 2 % of the claimed value
``not-reproduced``  anything else
``not-comparable``  there is no number here to compare with; the reason says why
==================  ==============================================================================================

A claim that is not reproduced is tried with every other definition of its metric; one that gives the claimed digits is named,
or else one that comes close where the claimed definition does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from fusebench.evidence.claims import OWN_FORMULAS, UNKNOWN_DEFINITION, Claim, definitions_tried
from fusebench.evidence.determinism import values_of
from fusebench.files import read_json, sha256_of_json
from fusebench.images import in_mode, read_image
from fusebench.markers import OK
from fusebench.metrics.definitions import all_definitions

REPRODUCED, CLOSE, NOT_REPRODUCED, NOT_COMPARABLE = (
    "reproduced",
    "close",
    "not-reproduced",
    "not-comparable",
)
VERDICTS = (REPRODUCED, CLOSE, NOT_REPRODUCED, NOT_COMPARABLE)
CLOSE_SHARE = 0.02
OTHER_SCALES = {
    "gray level": ("of values from 0 to 1", 1 / 255),
    "squared gray level": ("of values from 0 to 1", 1 / 255**2),
    "1": ("in percent", 100.0),
}
"""Unit of a metric -> the other scale on which tables print it, and the factor that leads there."""

ROUNDING = 1e-9
"""Slack for values that lie exactly half a unit of the last digit away."""

Values = Mapping[str, Mapping[str, float | None]]
"""Metric id -> image -> value."""


@dataclass(frozen=True)
class Measured:
    """What is known here of a method on the images of a claim.

    Attributes:
        reason: why there are no values; ``""`` where there are.
        runs: the values of every run, the first one first.
        proof: hashes of inputs and outputs, commit, environment and weights of the first run.
    """

    reason: str = ""
    runs: tuple[Values, ...] = ()
    proof: dict[str, Any] = field(default_factory=dict)


def judge(claim: Claim, measured: Measured) -> dict[str, Any]:
    """Return the row of a claim: what was claimed, what was measured, their difference, its tolerance and the verdict."""
    row = {**claim.as_dict(), "id": claim.id, "proof": _of_claim(measured.proof, claim.image)}
    reason = _incomparable(claim, measured)
    if reason:
        return {**row, "verdict": NOT_COMPARABLE, "reason": reason}
    found = [mean_of(values, claim.id, claim.image) for values in measured.runs]
    if None in found:
        return {
            **row,
            "verdict": NOT_COMPARABLE,
            "reason": _without_value(claim, measured),
        }
    known = [value for value in found if value is not None]
    spread = max(known) - min(known)
    tolerance = 0.5 * 10.0**-claim.decimals + spread
    difference = known[0] - claim.value
    verdict = verdict_of(difference, tolerance, claim.value)
    return {
        **row,
        "measured": known[0],
        "difference": difference,
        "tolerance": tolerance,
        "spread": spread if len(known) > 1 else None,
        "verdict": verdict,
        "reason": "" if verdict == REPRODUCED else other_definitions(claim, measured, tolerance),
    }


def _of_claim(proof: dict[str, Any], image: str) -> dict[str, Any]:
    """Return a proof with one hash for the outputs: that of the image claimed, or one over all of them."""
    outputs = proof.get("outputs", {})
    return (
        {**proof, "outputs": outputs.get(image) if image else sha256_of_json(outputs)}
        if proof
        else {}
    )


def verdict_of(difference: float, tolerance: float, claimed: float) -> str:
    """Return the word for a difference, by the rule at the top of this module."""
    if abs(difference) <= tolerance + ROUNDING:
        return REPRODUCED
    return CLOSE if abs(difference) <= CLOSE_SHARE * abs(claimed) else NOT_REPRODUCED


def _incomparable(claim: Claim, measured: Measured) -> str:
    """Return why a claim cannot be compared, ``""`` where it can."""
    if not claim.dataset:
        return f"other images: {claim.images}"
    if measured.reason:
        return measured.reason
    if claim.definition == UNKNOWN_DEFINITION:
        near = giving(claim, measured, 0.5 * 10.0**-claim.decimals)
        told = (
            f"; {', '.join(near)} would give it"
            if near
            else "; none of the definitions known here gives it"
        )
        return "the source does not say which formula it used" + told
    return ""


def _without_value(claim: Claim, measured: Measured) -> str:
    """Say why there is no number for a claim although the method was run."""
    by_image = next(
        values[claim.id]
        for values in measured.runs
        if mean_of(values, claim.id, claim.image) is None
    )
    if claim.image and claim.image not in by_image:
        return f"no pair of these images is named {claim.image!r}"
    definition = all_definitions().get(claim.id)
    if definition and definition.needs_reference:
        return f"{claim.id} needs a ground truth, which these images do not have"
    without = sum(value is None for value in by_image.values())
    return f"{claim.id} has no value on {without} of {len(by_image)} images"


def mean_of(values: Values, name: str, image: str) -> float | None:
    """Return the value of one image, or the mean over all of them; None where any has none."""
    by_image = values.get(name, {})
    chosen = [by_image.get(image)] if image else list(by_image.values())
    known = [value for value in chosen if value is not None]
    return fmean(known) if known and len(known) == len(chosen) else None


def alternatives(claim: Claim, measured: Measured) -> dict[str, float]:
    """Return the value under every definition of the claim's metric, by its name; the claimed one is among them.

    Each is also given on the other scale of ``OTHER_SCALES``: an evaluator may scale its images, a table print percent.
    """
    values: dict[str, float] = {}
    for definition in definitions_tried(claim):
        value = mean_of(measured.runs[0], definition.id, claim.image)
        if value is not None:
            values[definition.id] = value
            if definition.unit in OTHER_SCALES:
                scale, factor = OTHER_SCALES[definition.unit]
                values[f"{definition.id} {scale}"] = factor * value
    return values


def giving(claim: Claim, measured: Measured, tolerance: float) -> list[str]:
    """Return the definitions of the claim's metric whose value is the claimed one."""
    values = alternatives(claim, measured)
    return [
        name for name, value in values.items() if abs(value - claim.value) <= tolerance + ROUNDING
    ]


def other_definitions(claim: Claim, measured: Measured, tolerance: float) -> str:
    """Say which other definition gives the claimed value, or comes close to it where the claimed one does not, or that none does."""
    claimed, note = f"{claim.value:.{claim.decimals}f}", f"; {claim.note}" if claim.note else ""
    found = [name for name in giving(claim, measured, tolerance) if name != claim.id]
    if found:
        return f"{claimed} is {' or '.join(found)}; the claim is entered as {claim.id}{note}"
    values = alternatives(claim, measured)
    if len(definitions_tried(claim)) < 2:
        return f"the metric has one definition{note}"
    near = min(values, key=lambda name: abs(values[name] - claim.value))
    if near != claim.id and abs(values[near] - claim.value) <= CLOSE_SHARE * abs(claim.value) < abs(
        values[claim.id] - claim.value
    ):
        return f"{near} comes close ({values[near]:.{claim.decimals}f}); the claim is entered as {claim.id}{note}"
    return f"none of the {len(definitions_tried(claim)) - 1} other definitions gives the claimed value{note}"


def measured_on(claims: list[Claim], marker: Path, records: list[Path]) -> Measured:
    """Return the values that some claims on the same images need.

    Args:
        claims: all on the images of ``marker``.
        marker: of the dataset, or of the self-check's images.
        records: of the runs, the first one first.
    """
    manifest, contents = read_json(marker), [read_json(path) for path in records]
    failed = next((record for record in [manifest, *contents] if record["state"] != OK), None)
    if failed:
        return Measured(
            f"{failed['state']}: {failed['reason']}", proof=proof_of(contents[0], manifest)
        )
    ids = list(
        dict.fromkeys(definition.id for claim in claims for definition in definitions_tried(claim))
    )
    own = {claim.id for claim in claims if claim.id in OWN_FORMULAS}
    runs = [
        {
            **(values_of(manifest, path.parent, ids) if ids else {}),
            **{name: _colour(manifest, path.parent) for name in own},
        }
        for path in records
    ]
    return Measured("", tuple(runs), proof_of(contents[0], manifest))


def _colour(manifest: dict[str, Any], folder: Path) -> dict[str, float | None]:
    """Return image -> colour deviation from source B, the visible one; None for a result larger than it."""
    files = {pair["name"]: Path(manifest["path"], pair["b"]["file"]) for pair in manifest["pairs"]}
    return {
        image["name"]: _deviation(files[image["name"]], folder / "fused" / image["fused"])
        for image in read_json(folder / "record.json")["images"]
    }


def _deviation(visible: Path, fused: Path) -> float | None:
    from fusebench.evidence.colour import colour_deviation

    ours = in_mode(read_image(fused)[0], "rgb")
    # As for every metric, a result smaller than its sources is measured against their top left part.
    theirs = in_mode(read_image(visible)[0], "rgb")[: ours.shape[0], : ours.shape[1]]
    return colour_deviation(theirs, ours) if theirs.shape == ours.shape else None


def proof_of(record: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
    """Return what a verdict rests on: hashes of inputs, outputs and weights, the commit and the environment's key."""
    source, environment = record.get("source", {}), record.get("environment", {})
    return {
        "inputs": manifest.get("sha256"),
        "outputs": {image["name"]: image["sha256"] for image in record.get("images", [])},
        "weights": record.get("weights", {}),
        "code": source.get("code"),
        "commit": source.get("commit"),
        "tree": source.get("tree"),
        "environment": {key: environment.get(key) for key in ("env", "key", "variant", "python")},
        "device": record.get("device"),
        "threads": record.get("threads"),
        "seed": record.get("seed"),
        "hash_seed": record.get("hash_seed"),
    }
