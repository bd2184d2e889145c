"""One page for each method: what is known of it here, and from which evidence."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fusebench.compare.markdown import escaped
from fusebench.contracts.base import given
from fusebench.contracts.evidence import (
    ClaimResult,
    ComparedImage,
    Proof,
    RepeatedImage,
    SelfcheckResult,
)
from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest
from fusebench.contracts.methods import RunEntry, RunPart
from fusebench.evidence.comparison import NOTHING, worst_image
from fusebench.evidence.tables import claims_table, difference_shown, markdown_table
from fusebench.files import write_text
from fusebench.fuse.caveats import origin_of
from fusebench.images import in_mode, read_image, write_png
from fusebench.registry.methods import Method

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Checks = Sequence[SelfcheckResult]
Claims = Sequence[ClaimResult]

MOST_CLAIMS = 60
SUMMARY_COLUMNS = ("method", "status", "self-check", "images", "determinism", "claims")
PAGE_FIELDS = (
    "title",
    "paper",
    "tasks",
    "code",
    "commit",
    "licence",
    "env",
    "declares",
    "status",
    "reason",
    "notes",
)
RUN_FIELDS = ("script", "adapter", "edit", "compat", "unpack", "environ", "per_task", "per_dataset")


def entry_facts(method: Method) -> object:
    """Return what the page of a method says of its entry, as plain data, for a digest of it."""
    entry = given(method.entry)
    run = given(method.entry.run) if method.entry.run else {}
    return msgspec.to_builtins(
        [
            method.name,
            method.label,
            {key: entry[key] for key in PAGE_FIELDS if key in entry},
            {key: run[key] for key in RUN_FIELDS if key in run},
        ]
    )


def write_pages(
    folder: Path,
    methods: Sequence[Method],
    checks: Sequence[SelfcheckResult],
    claims: Sequence[ClaimResult],
) -> None:
    """Write ``<method>.md`` for each method, an image for each self-check, and the summary.

    The summary is ``summary.csv`` and ``summary.md``.

    Args:
        folder: ``results/evidence``.
        methods: whose pages are written.
        checks: the self-checks of any methods.
        claims: the claims about any methods.
    """
    rows = []
    for method in methods:
        own_checks = [check for check in checks if check.method == method.name]
        own_claims = [claim for claim in claims if claim.method == method.name]
        text = "\n".join(_page(folder, method, own_checks, own_claims))
        write_text(folder / f"{method.name}.md", text.rstrip() + "\n")
        rows.append(_summary_row(method, own_checks, own_claims))
    _write_summary(folder, rows)


def _page(folder: Path, method: Method, checks: Checks, claims: Claims) -> Iterator[str]:
    yield from (f"# {escaped(method.label)}", "", escaped(method.entry.title), "")
    yield from _about(method)
    yield from ("", "## Self-check", "")
    yield from _selfchecks(folder, checks) if checks else ["The entry has no self-check."]
    yield from ("", "## Determinism", "", *_determinism(checks, claims))
    yield from ("", "## Claims", "", *_claims(claims))
    yield from ("", "## What it took to run", "", *_changes(method, checks))
    yield from ("", "## Environment", "", *_environment(method, checks, claims))
    yield from ("", "## Proof", "", *_proof(checks, claims))


def _about(method: Method) -> Iterator[str]:
    paper = ", ".join(str(part) for part in given(method.paper).values())
    yield f"- Paper: {escaped(paper) or 'not given'}"
    yield f"- Code: {method.code}" + (f" at `{method.commit}`" if method.commit else "")
    yield f"- Licence: {escaped(method.entry.licence or 'not given')}"
    reason = f": {escaped(method.entry.reason)}" if method.entry.reason else ""
    yield f"- Status: {method.status}{reason}"
    if method.entry.notes:
        yield f"- Notes: {escaped(method.entry.notes)}"


def _selfchecks(folder: Path, checks: Checks) -> Iterator[str]:
    yield (
        "The authors' script on the inputs that they committed, beside the outputs that they"
        " committed."
    )
    for check in checks:
        counts = ", ".join(f"{count} {word}" for word, count in check.counts.items())
        reason = f" ({escaped(check.reason)})" if check.reason else ""
        yield from ("", f"### {escaped(check.check)}: {check.verdict}{reason}", "")
        if check.record.remedy:
            yield from (f"What to change: {escaped(check.record.remedy)}", "")
        if counts:
            yield from (f"{counts}; tolerance {check.tolerance:g} gray levels.", "")
        if check.unpaired:
            names = escaped(", ".join(check.unpaired))
            yield from (f"Committed outputs that no pair of this check has: {names}.", "")
        compared = [image for image in check.images if image.max_abs is not None]
        heads = ["image", "verdict", "max", "mean", "PSNR", "differing"]
        rows = [
            (shown[0], image.verdict, *shown[1:])
            for image in compared
            for shown in [difference_shown(image)]
        ]
        yield from markdown_table(heads, rows) if rows else []
        yield from _image_notes(compared)
        yield from _side_by_side(folder, check)


def _image_notes(images: Sequence[ComparedImage]) -> Iterator[str]:
    """Yield the notes on how images were changed before they were compared.

    Each note is given once, with its images.
    """
    named: dict[str, list[str]] = {}
    for image in images:
        for note in image.notes:
            named.setdefault(note, []).append(image.name)
    if named:
        yield ""
    for note, names in named.items():
        of = "all images" if len(names) == len(images) else ", ".join(names)
        yield f"- {escaped(note)} ({escaped(of)})"


def _side_by_side(folder: Path, check: SelfcheckResult) -> Iterator[str]:
    """Write the worst image of a check as one picture and yield the lines that show it."""
    worst = worst_image(check.images)
    if worst is None:
        return
    manifest = read_stored(Path(check.files.marker), Manifest)
    expect = next(pair.expect for pair in manifest.pairs if pair.name == worst.name)
    theirs = read_image(Path(manifest.path, expect.file if expect else ""))[0]
    ours = read_image(Path(check.files.fused, f"{worst.name}.png"))[0]
    picture, factor = side_by_side(theirs, ours)
    name = f"{check.method}-{check.check}.png"
    write_png(folder / "images" / name, picture)
    scale = f"times {factor}" if worst.max_abs else "nothing differs"
    shown = escaped(worst.name)
    yield from ("", f"![{shown}](images/{name})", "")
    yield f"The image that differs most, {shown}: theirs, ours, difference ({scale})."


def side_by_side(
    theirs: NDArray[np.uint8], ours: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], int]:
    """Return both images and their absolute difference in one row.

    The second value is the factor by which the difference is enlarged.
    """
    import numpy as np

    pictures = [in_mode(theirs, "rgb"), in_mode(ours, "rgb")]
    delta = np.abs(pictures[0].astype(np.int16) - pictures[1].astype(np.int16))
    factor = max(1, 255 // max(1, int(delta.max())))
    gap = np.full((theirs.shape[0], 8, 3), 255, np.uint8)
    row = [pictures[0], gap, pictures[1], gap, (delta * factor).astype(np.uint8)]
    return np.concatenate(row, axis=1), factor


def _determinism(checks: Checks, claims: Claims) -> Iterator[str]:
    known = [check for check in checks if len(check.determinism.runs) > 1]
    repeated = dict.fromkeys(claim.dataset for claim in claims if claim.spread is not None)
    if not known and not repeated:
        yield "Not measured: each self-check was run once, or there is none."
    if repeated:
        yield (
            f"Run more than once for the claims on {escaped(', '.join(repeated))}; their tolerance"
            " holds the measured spread."
        )
    for check in known:
        yield from _repeated_check(check)


def _repeated_check(check: SelfcheckResult) -> Iterator[str]:
    found = check.determinism
    runs = "; ".join(
        f"seed {run.seed}, hash seed {run.hash_seed}, {run.threads} threads: {run.state}"
        for run in found.runs
    )
    reason = f": {escaped(found.reason)}" if found.reason else ""
    yield from ("", f"{escaped(check.check)}: **{found.verdict}**{reason} ({runs}).", "")
    heads = ["metric", "mean of the runs", "range of the means", "greatest range of one image"]
    rows = [
        (name, f"{one.mean:.6g}", f"{one.range:.6g}", f"{one.range_of_one_image:.6g}")
        for name, one in found.metrics.items()
    ]
    yield from markdown_table(heads, rows) if rows else []
    images = [_run_to_run(image) for image in found.images if image.max_abs != 0]
    if images:
        yield from ("", *markdown_table(["image", "max", "mean", "differing"], images))


def _run_to_run(image: RepeatedImage) -> tuple[str, ...]:
    """Return the greatest difference of one image between runs as text."""
    if image.max_abs is None:
        return (image.name, "another size", "", "")
    share = f"{100 * (image.differing or 0):.3f} %"
    return (image.name, str(image.max_abs), f"{image.mean_abs or 0:.4f}", share)


def _claims(claims: Claims) -> Iterator[str]:
    if not claims:
        yield "No claim is entered."
        return
    shown = [claim for claim in claims if len(claims) <= MOST_CLAIMS or not claim.image]
    yield from claims_table(shown)
    if len(shown) < len(claims):
        count = len(claims) - len(shown)
        yield from ("", f"{count} more, of single images, are in results/claims.csv.")


def _changes(method: Method, checks: Checks) -> Iterator[str]:
    """Yield what was edited, shimmed or adapted, and which shims were really used."""
    run = method.entry.run or RunPart()
    if run.adapter:
        yield f"- adapter: {escaped(run.adapter)}, in place of a script of the authors"
    parts = list(_parts(run))
    for where, part in parts:
        for field, items in (("compat", part.compat), ("unpack", part.unpack)):
            yield from (f"- {field}{where}: {escaped(item)}" for item in items or ())
    for where, part in parts:
        for file, edits in (part.edit or {}).items():
            yield from (
                f"- edit of {escaped(file)}{where}: `{_code(old)}` becomes `{_code(new)}`"
                for old, new in edits
            )
    shims = {name: count for check in checks for name, count in check.record.shims.items() if count}
    if shims:
        used = ", ".join(f"{name} ({count})" for name, count in sorted(shims.items()))
        yield f"- used while running: {escaped(used)}"
    if not (run.adapter or any(part.edit or part.compat for _, part in parts)):
        yield "- nothing was edited in the authors' script"


def _parts(run: RunPart) -> Iterator[tuple[str, RunPart]]:
    """Yield the fields of ``run``, and those that differ for a task or a dataset.

    The latter come with the name of the task or dataset in brackets.
    """
    yield "", run
    if isinstance(run, RunEntry):
        for own in (run.per_task or {}, run.per_dataset or {}):
            yield from ((f" ({name})", part) for name, part in own.items())


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())


def _environment(method: Method, checks: Checks, claims: Claims) -> Iterator[str]:
    """Yield the versions that ran beside those that the authors declare."""
    record = next((check.record for check in checks if check.record.versions), None)
    declared = ", ".join(
        f"{name} {version}" for name, version in (method.entry.declares or {}).items()
    )
    versions = record.versions if record else {}
    ran = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield f"- Environment: {escaped(method.env or 'none')}"
    yield f"- Declared by the authors: {escaped(declared) or 'nothing'}"
    unseen = (
        "the environment of the proof below"
        if any(claim.proof for claim in claims)
        else "nothing was run"
    )
    yield f"- Ran with: {escaped(ran) or unseen}"
    yield from (f"- Deviation: {escaped(line)}" for line in (record.deviations if record else ()))


def _proof(checks: Checks, claims: Claims) -> Iterator[str]:
    measured = {claim.dataset: claim.proof for claim in claims if claim.proof and not claim.image}
    if not checks and not measured:
        yield "Nothing was run for this page."
    for check in checks:
        yield f"- {escaped(check.check)}: {_pins(check.proof)}"
        yield from _weights(check.proof)
        yield from (
            f"  - {escaped(image.name)}: ours `{image.ours}`, theirs `{image.theirs or 'none'}`"
            for image in check.images
        )
    for dataset, proof in measured.items():
        yield f"- claims on {escaped(dataset)}: {_pins(proof)}, outputs `{proof.outputs}`"
        yield from _weights(proof)


def _pins(proof: Proof) -> str:
    return (
        f"commit `{proof.commit or proof.tree}`, environment `{proof.environment.key}`, inputs"
        f" `{proof.inputs}`"
    )


def _weights(proof: Proof) -> Iterator[str]:
    for path, sha in proof.weights.items():
        facts = proof.weights_from.get(path)
        told = f" ({origin_of(facts)}: {escaped(facts.source)})" if facts else ""
        yield f"  - weights {escaped(path)}: `{sha}`{told}"


def _summary_row(method: Method, checks: Checks, claims: Claims) -> dict[str, str]:
    """Return one line of the summary; an entry without evidence says so."""
    words = [f"{check.check}: {check.verdict}" for check in checks] or ["none"]
    counts = [str(sum(image.verdict != NOTHING for image in check.images)) for check in checks]
    runs = [check.determinism.verdict for check in checks]
    verdicts = [claim.verdict for claim in claims]
    told = [f"{verdicts.count(word)} {word}" for word in dict.fromkeys(verdicts)]
    return {
        "method": method.name,
        "status": method.status,
        "self-check": "; ".join(words),
        "images": ", ".join(counts),
        "determinism": ", ".join(dict.fromkeys(runs)),
        "claims": ", ".join(told),
    }


def _write_summary(folder: Path, rows: list[dict[str, str]]) -> None:
    import csv

    stream = io.StringIO()
    writer = csv.DictWriter(stream, SUMMARY_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "summary.csv", stream.getvalue())
    lines = markdown_table(
        SUMMARY_COLUMNS, [[row[column] for column in SUMMARY_COLUMNS] for row in rows]
    )
    write_text(folder / "summary.md", "\n".join(["# Evidence", "", *lines]) + "\n")
