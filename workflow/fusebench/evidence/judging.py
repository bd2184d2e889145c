"""A published number beside the one measured here: same formula, same pairs, and the verdict.

==================  ================================================================================
``reproduced``      the difference is at most half a unit of the last printed digit, plus the
                    measured spread
``close``           the difference is at most 2 % of the claimed value
``not-reproduced``  anything else
``not-comparable``  there is no number here to compare with; the reason says why
``within-seeds``    of weights that were trained here: the difference of the seeds' mean is at most
                    half a unit of the last printed digit, plus twice the standard deviation of the
                    seeds
``outside-seeds``   of weights that were trained here: it is greater
==================  ================================================================================

Weights that were trained here are other weights than those of the paper, so that a claim is never
reproduced by them, only within or outside what a training varies by.

A claim that is not reproduced is tried with every other definition of its metric. The reason names
the definitions that give the claimed digits, or else one that comes close where the claimed
definition does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Final

import msgspec
from msgspec.structs import replace

from fusebench.contracts.base import choices_of
from fusebench.contracts.evidence import Claim, ClaimResult, ClaimVerdict, Proof
from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import Record
from fusebench.evidence.determinism import values_of
from fusebench.hashes import sha256_of_json
from fusebench.images import in_mode, read_image
from fusebench.layout import FUSED, RECORD
from fusebench.metrics.resolving import all_definitions
from fusebench.registry.claims import (
    OWN_FORMULAS,
    UNKNOWN_DEFINITION,
    definitions_tried,
    formula_of,
    half_unit,
    is_within,
)

REPRODUCED: Final = "reproduced"
CLOSE: Final = "close"
NOT_REPRODUCED: Final = "not-reproduced"
NOT_COMPARABLE: Final = "not-comparable"
WITHIN_SEEDS: Final = "within-seeds"
OUTSIDE_SEEDS: Final = "outside-seeds"
SEED_DEVIATIONS = 2
"""How many standard deviations of the seeds a claim may lie from their mean."""
VERDICTS: tuple[ClaimVerdict, ...] = choices_of(ClaimVerdict)
CLOSE_SHARE = 0.02
OTHER_SCALES = {
    "gray level": ("of values from 0 to 1", 1 / 255),
    "squared gray level": ("of values from 0 to 1", 1 / 255**2),
    "1": ("in percent", 100.0),
}
"""Unit of a metric -> the other scale on which tables print it, and the factor to that scale."""

Values = Mapping[str, Mapping[str, float | None]]
"""Metric id -> image -> value."""


@dataclass(frozen=True)
class MeasuredHere:
    """What is known here of a method on the images of a claim.

    Attributes:
        reason: why there are no values; ``""`` where there are.
        runs: the values of every run, the first one first.
        proof: hashes of inputs and outputs, commit, environment and weights of the first run; None
            where nothing was run.
    """

    reason: str = ""
    runs: tuple[Values, ...] = ()
    proof: Proof | None = None


def judge(claim: Claim, measured: MeasuredHere, *, seeds: bool = False) -> ClaimResult:
    """Return a claim beside what was measured, their difference, its tolerance and the verdict.

    Args:
        claim: what was published.
        measured: the values of every run.
        seeds: whether the runs are those of weights that were trained here with other seeds.
    """
    formula = formula_of(claim)
    result = ClaimResult(
        **msgspec.structs.asdict(claim),
        id=formula,
        verdict=NOT_COMPARABLE,
        reason=_incomparable(claim, measured),
        proof=_of_claim(measured.proof, claim.image),
    )
    if result.reason:
        return result
    found = [mean_of(values, formula, claim.image) for values in measured.runs]
    known = [value for value in found if value is not None]
    if len(known) < len(found):
        return replace(result, reason=_without_value(claim, measured))
    if seeds:
        return _judged_by_seeds(result, known)
    spread = max(known) - min(known)
    tolerance = half_unit(claim.decimals) + spread
    difference = known[0] - claim.value
    verdict = verdict_of(difference, tolerance, claim.value)
    return replace(
        result,
        measured=known[0],
        difference=difference,
        tolerance=tolerance,
        spread=spread if len(known) > 1 else None,
        verdict=verdict,
        reason="" if verdict == REPRODUCED else other_definitions(claim, measured, tolerance),
    )


def _judged_by_seeds(result: ClaimResult, known: Sequence[float]) -> ClaimResult:
    """Return a claim beside the mean of some seeds, judged by how much they differ."""
    mean = fmean(known)
    deviation = stdev(known) if len(known) > 1 else 0.0
    tolerance = half_unit(result.decimals) + SEED_DEVIATIONS * deviation
    within = is_within(mean - result.value, tolerance)
    seeds = f"{len(known)} seed{'s' if len(known) > 1 else ''}"
    return replace(
        result,
        measured=mean,
        difference=mean - result.value,
        tolerance=tolerance,
        spread=max(known) - min(known) if len(known) > 1 else None,
        verdict=WITHIN_SEEDS if within else OUTSIDE_SEEDS,
        reason=f"trained here with {seeds}, standard deviation {deviation:.{result.decimals}f}",
    )


def _of_claim(proof: Proof | None, image: str) -> Proof | None:
    """Return a proof with one hash for the outputs.

    It is the hash of the image of the claim, or one hash over all outputs.
    """
    if proof is None:
        return None
    outputs = proof.outputs if isinstance(proof.outputs, dict) else {}
    return replace(proof, outputs=outputs.get(image) if image else sha256_of_json(outputs))


def verdict_of(difference: float, tolerance: float, claimed: float) -> ClaimVerdict:
    """Return the verdict for a difference, by the rule at the top of this module."""
    if is_within(difference, tolerance):
        return REPRODUCED
    return CLOSE if abs(difference) <= CLOSE_SHARE * abs(claimed) else NOT_REPRODUCED


def _incomparable(claim: Claim, measured: MeasuredHere) -> str:
    """Return why a claim cannot be compared, ``""`` where it can."""
    if not claim.dataset:
        return f"other images: {claim.images}"
    if measured.reason:
        return measured.reason
    if claim.definition == UNKNOWN_DEFINITION:
        near = giving(claim, measured, half_unit(claim.decimals))
        told = (
            f"; {', '.join(near)} would give it"
            if near
            else "; none of the definitions known here gives it"
        )
        return "the source does not say which formula it used" + told
    return ""


def _without_value(claim: Claim, measured: MeasuredHere) -> str:
    """Say why there is no number for a claim although the method was run."""
    by_image = next(
        values[formula_of(claim)]
        for values in measured.runs
        if mean_of(values, formula_of(claim), claim.image) is None
    )
    if claim.image and claim.image not in by_image:
        return f"no pair of these images is named {claim.image!r}"
    definition = all_definitions().get(formula_of(claim))
    if definition and definition.needs_reference:
        return f"{formula_of(claim)} needs a ground truth, which these images do not have"
    without = sum(value is None for value in by_image.values())
    return f"{formula_of(claim)} has no value on {without} of {len(by_image)} images"


def mean_of(values: Values, name: str, image: str) -> float | None:
    """Return the value of one image, or the mean over all of them; None where any has none."""
    by_image = values.get(name, {})
    chosen = [by_image.get(image)] if image else list(by_image.values())
    known = [value for value in chosen if value is not None]
    return fmean(known) if known and len(known) == len(chosen) else None


def alternatives(claim: Claim, measured: MeasuredHere) -> dict[str, float]:
    """Return name -> value for every definition of the claim's metric, the claimed one included.

    Each is also given on the other scale of ``OTHER_SCALES``: an evaluator may scale its images, or
    a table may print percent.
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


def giving(claim: Claim, measured: MeasuredHere, tolerance: float) -> list[str]:
    """Return the definitions of the claim's metric whose value is the claimed one."""
    values = alternatives(claim, measured)
    return [name for name, value in values.items() if is_within(value - claim.value, tolerance)]


def other_definitions(claim: Claim, measured: MeasuredHere, tolerance: float) -> str:
    """Say which other definition gives the claimed value.

    Otherwise say which one comes close where the claimed one does not, or that none gives it.
    """
    claimed, note = f"{claim.value:.{claim.decimals}f}", f"; {claim.note}" if claim.note else ""
    found = [name for name in giving(claim, measured, tolerance) if name != formula_of(claim)]
    if found:
        return (
            f"{claimed} is {' or '.join(found)}; the claim is entered as {formula_of(claim)}{note}"
        )
    values = alternatives(claim, measured)
    if len(definitions_tried(claim)) < 2:
        return f"the metric has one definition{note}"
    near = min(values, key=lambda name: abs(values[name] - claim.value))
    if near != formula_of(claim) and abs(values[near] - claim.value) <= CLOSE_SHARE * abs(
        claim.value
    ) < abs(values[formula_of(claim)] - claim.value):
        return (
            f"{near} comes close ({values[near]:.{claim.decimals}f}); the claim is entered as"
            f" {formula_of(claim)}{note}"
        )
    others = len(definitions_tried(claim)) - 1
    return f"none of the {others} other definitions gives the claimed value{note}"


def measured_on(claims: Sequence[Claim], marker: Path, records: Sequence[Path]) -> MeasuredHere:
    """Return the values that some claims on the same images need.

    Args:
        claims: all on the images of ``marker``.
        marker: of the dataset, or of the self-check's images.
        records: of the runs, the first one first.

    Raises:
        UnreadableFile: the marker or a record is damaged, or of another version.
    """
    manifest = read_stored(marker, Manifest)
    contents = [read_stored(path, Record) for path in records]
    proof = proof_of(contents[0], manifest)
    ended: list[Manifest | Record] = [manifest, *contents]
    failed = next((one for one in ended if not one.is_ok), None)
    if failed:
        return MeasuredHere(f"{failed.state}: {failed.reason}", proof=proof)
    ids = list(
        dict.fromkeys(definition.id for claim in claims for definition in definitions_tried(claim))
    )
    own = {formula_of(claim) for claim in claims} & OWN_FORMULAS.keys()
    runs = tuple(
        {
            **(values_of(manifest, path.parent, ids) if ids else {}),
            **{name: _colour(manifest, path.parent) for name in own},
        }
        for path in records
    )
    return MeasuredHere("", runs, proof)


def _colour(manifest: Manifest, folder: Path) -> dict[str, float | None]:
    """Return image -> colour deviation from source B, the visible one.

    It is None for a result larger than that source.
    """
    files = {pair.name: Path(manifest.path, pair.b.file) for pair in manifest.pairs}
    return {
        image.name: _deviation(files[image.name], folder / FUSED / image.fused)
        for image in read_stored(folder / RECORD, Record).images
    }


def _deviation(visible: Path, fused: Path) -> float | None:
    from fusebench.evidence.colour import colour_deviation

    ours = in_mode(read_image(fused)[0], "rgb")
    # As for every metric, a result smaller than its sources is measured against their top left
    # part.
    theirs = in_mode(read_image(visible)[0], "rgb")[: ours.shape[0], : ours.shape[1]]
    return colour_deviation(theirs, ours) if theirs.shape == ours.shape else None


def proof_of(record: Record, manifest: Manifest) -> Proof:
    """Return what a verdict rests on.

    These are the hashes of inputs, outputs and weights, the commit and the environment's key.
    """
    return Proof(
        inputs=manifest.sha256 or None,
        outputs={image.name: image.sha256 for image in record.images},
        weights=record.weights,
        weights_from=record.weights_from,
        code=record.source.code,
        commit=record.source.commit,
        tree=record.source.tree,
        environment=record.environment,
        device=record.device,
        threads=record.threads,
        seed=record.seed,
        hash_seed=record.hash_seed,
    )
