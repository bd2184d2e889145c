"""Whether the results of a run can be right: what is refused, suspicious, or accepted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UNSET

from fusebench.contracts.harness import UNTRAINED
from fusebench.errors import BadOutput
from fusebench.fuse.records import Cell, Outcome
from fusebench.registry.placeholders import fields
from fusebench.suspicion.overlap import told_seen, trained_on
from fusebench.suspicion.rules import Finding, advice, findings, of_other_pairs, results_of, told

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def judge(
    cell: Cell, outcome: Outcome, fused: Mapping[str, NDArray[np.uint8]], folder: Path
) -> str:
    """Return why the results of a run cannot be right; ``""`` where nothing speaks against them.

    Runs of self-checks are compared with the authors' own results instead; of them only the order
    of numbered results is judged. What the entry accepts becomes a note.

    Args:
        cell: what was run.
        outcome: its images and notes; a note on what is accepted is added.
        fused: thumbnails of the results, by the name of their pair.
        folder: the folder of the fused images.

    Raises:
        BadOutput: numbered results resemble the sources of other pairs and not their own.
    """
    pairs = cell.manifest.pairs
    is_check = any(pair.expect is not UNSET for pair in pairs)
    is_numbered = "index" in fields(cell.spec.run.collect)
    if is_check and not is_numbered:
        return ""
    results = results_of(pairs, outcome.images, fused, Path(cell.manifest.path), folder)
    found = of_other_pairs(results) if is_check else findings(results)
    if is_numbered:
        _refuse_other_order(found)
    if is_check:
        return ""
    untrained = [note for note in outcome.all_notes if any(part in note for part in UNTRAINED)]
    accepted = frozenset(cell.spec.accept or ())
    kept = [finding for finding in found if finding.kind in accepted]
    if kept:
        outcome.notes.append(f"accepted by the entry: {told(kept, len(pairs))}")
    left = [finding for finding in found if finding.kind not in accepted]
    notes = {"untrained": untrained, "trained-on": _trained_on(cell)}
    if "trained-on" in accepted:
        outcome.notes += [f"accepted by the entry: {note}" for note in notes["trained-on"]]
    kept_notes = {kind: told_of for kind, told_of in notes.items() if kind not in accepted}
    words = [note for told_of in kept_notes.values() for note in told_of]
    if not left and not words:
        return ""
    kinds = [*(finding.kind for finding in left), *(kind for kind in kept_notes if notes[kind])]
    return f"{told(left, len(pairs), words)}: {advice(kinds)}"


def _trained_on(cell: Cell) -> list[str]:
    """Return which pairs are among the images that a network was trained on here, if any are."""
    training = cell.weights.training if cell.weights else UNSET
    if not training:
        return []
    pairs = cell.manifest.pairs
    seen = trained_on(cell.root / training.images, Path(cell.manifest.path), pairs)
    return [told_seen(seen, len(pairs))] if seen else []


def _refuse_other_order(found: list[Finding]) -> None:
    """Raise BadOutput where a numbered result resembles the sources of another pair."""
    for finding in found:
        if finding.kind == "other-pair":
            raise BadOutput(
                f"the result collected for pair {finding.pair!r} must resemble its own sources; it"
                f" resembles those of another pair ({finding.detail}): the script numbers its"
                " results in another order; stage the pairs under names whose sorted order is their"
                " number, e.g. {index:04d}.png"
            )
