"""One page for each method: what is known of it here, and from which evidence."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.compare.markdown import escaped
from fusebench.evidence.comparison import NOTHING, worst_image
from fusebench.evidence.tables import claims_table, difference_shown, markdown_table
from fusebench.files import read_json, write_text
from fusebench.images import in_mode, read_image, write_png
from fusebench.registry.methods import Method

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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

Facts = dict[str, Any]


def entry_facts(method: Method) -> Facts:
    """Return what a page says of an entry of the registry."""
    run = method.entry.get("run", {})
    return {
        **{key: method.entry[key] for key in PAGE_FIELDS if key in method.entry},
        **{"name": method.name, "label": method.label},
        "run": {key: run[key] for key in RUN_FIELDS if key in run},
    }


def write_pages(
    folder: Path, entries: list[Facts], checks: list[Facts], claims: list[Facts]
) -> None:
    """Write ``<method>.md`` for each entry, an image for each self-check, and ``summary.csv`` and ``summary.md``.

    Args:
        folder: ``results/evidence``.
        entries: as ``entry_facts`` returns them.
        checks: as ``selfcheck.judge_selfcheck`` returns them.
        claims: as ``judging.judge`` returns them.
    """
    rows = []
    for entry in entries:
        own_checks = [check for check in checks if check["method"] == entry["name"]]
        own_claims = [claim for claim in claims if claim["method"] == entry["name"]]
        text = "\n".join(_page(folder, entry, own_checks, own_claims))
        write_text(folder / f"{entry['name']}.md", text.rstrip() + "\n")
        rows.append(_summary_row(entry, own_checks, own_claims))
    _write_summary(folder, rows)


def _page(folder: Path, entry: Facts, checks: list[Facts], claims: list[Facts]) -> Iterator[str]:
    yield from (f"# {escaped(entry['label'])}", "", escaped(entry["title"]), "")
    yield from _about(entry)
    yield from ("", "## Self-check", "")
    yield from _selfchecks(folder, checks) if checks else ["The entry has no self-check."]
    yield from ("", "## Determinism", "", *_determinism(checks, claims))
    yield from ("", "## Claims", "", *_claims(claims))
    yield from ("", "## What it took to run", "", *_changes(entry, checks))
    yield from ("", "## Environment", "", *_environment(entry, checks, claims))
    yield from ("", "## Proof", "", *_proof(checks, claims))


def _about(entry: Facts) -> Iterator[str]:
    paper = ", ".join(str(part) for part in entry.get("paper", {}).values())
    yield f"- Paper: {escaped(paper) or 'not given'}"
    yield f"- Code: {entry['code']}" + (f" at `{entry['commit']}`" if entry.get("commit") else "")
    yield f"- Licence: {escaped(entry.get('licence', 'not given'))}"
    reason = f": {escaped(entry['reason'])}" if entry.get("reason") else ""
    yield f"- Status: {entry.get('status', 'active')}{reason}"
    if entry.get("notes"):
        yield f"- Notes: {escaped(entry['notes'])}"


def _selfchecks(folder: Path, checks: list[Facts]) -> Iterator[str]:
    yield "The authors' script on the inputs that they committed, beside the outputs that they committed."
    for check in checks:
        counts = ", ".join(f"{count} {word}" for word, count in check["counts"].items())
        reason = f" ({escaped(check['reason'])})" if check["reason"] else ""
        yield from ("", f"### {escaped(check['check'])}: {check['verdict']}{reason}", "")
        if counts:
            yield from (f"{counts}; tolerance {check['tolerance']:g} gray levels.", "")
        if check["unpaired"]:
            yield from (
                f"Committed outputs that no pair of this check has: {escaped(', '.join(check['unpaired']))}.",
                "",
            )
        compared = [image for image in check["images"] if "max_abs" in image]
        heads = ["image", "verdict", "max", "mean", "PSNR", "differing"]
        rows = [
            (shown[0], image["verdict"], *shown[1:])
            for image in compared
            for shown in [difference_shown(image)]
        ]
        yield from markdown_table(heads, rows) if rows else []
        yield from _image_notes(compared)
        yield from _side_by_side(folder, check)


def _image_notes(images: list[Facts]) -> Iterator[str]:
    """Yield what had to be done to images before they could be compared, each note once with the images it is of."""
    named: dict[str, list[str]] = {}
    for image in images:
        for note in image["notes"]:
            named.setdefault(note, []).append(image["name"])
    if named:
        yield ""
    for note, names in named.items():
        of = "all images" if len(names) == len(images) else ", ".join(names)
        yield f"- {escaped(note)} ({escaped(of)})"


def _side_by_side(folder: Path, check: Facts) -> Iterator[str]:
    """Write the worst image of a check as one picture and yield the lines that show it."""
    worst = worst_image(check["images"])
    if worst is None:
        return
    manifest = read_json(Path(check["files"]["marker"]))
    pair = next(pair for pair in manifest["pairs"] if pair["name"] == worst["name"])
    theirs = read_image(Path(manifest["path"], pair["expect"]["file"]))[0]
    ours = read_image(Path(check["files"]["fused"], f"{worst['name']}.png"))[0]
    picture, factor = side_by_side(theirs, ours)
    name = f"{check['method']}-{check['check']}.png"
    write_png(folder / "images" / name, picture)
    scale = f"times {factor}" if worst["max_abs"] else "nothing differs"
    yield from ("", f"![{escaped(worst['name'])}](images/{name})", "")
    yield f"The image that differs most, {escaped(worst['name'])}: theirs, ours, difference ({scale})."


def side_by_side(
    theirs: NDArray[np.uint8], ours: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], int]:
    """Return both images and their absolute difference in one row, and the factor by which the difference is enlarged."""
    import numpy as np

    pictures = [in_mode(theirs, "rgb"), in_mode(ours, "rgb")]
    delta = np.abs(pictures[0].astype(np.int16) - pictures[1].astype(np.int16))
    factor = max(1, 255 // max(1, int(delta.max())))
    gap = np.full((theirs.shape[0], 8, 3), 255, np.uint8)
    row = [pictures[0], gap, pictures[1], gap, (delta * factor).astype(np.uint8)]
    return np.concatenate(row, axis=1), factor


def _determinism(checks: list[Facts], claims: list[Facts]) -> Iterator[str]:
    known = [check for check in checks if len(check["determinism"]["runs"]) > 1]
    repeated = dict.fromkeys(
        claim["dataset"] for claim in claims if claim.get("spread") is not None
    )
    if not known and not repeated:
        yield "Not measured: each self-check was run once, or there is none."
    if repeated:
        yield f"Run more than once for the claims on {escaped(', '.join(repeated))}; their tolerance holds the measured spread."
    for check in known:
        found = check["determinism"]
        runs = "; ".join(
            f"seed {run['seed']}, hash seed {run['hash_seed']}, {run['threads']} threads: {run['state']}"
            for run in found["runs"]
        )
        reason = f": {escaped(found['reason'])}" if found["reason"] else ""
        yield from ("", f"{escaped(check['check'])}: **{found['verdict']}**{reason} ({runs}).", "")
        rows = [
            (name, *(f"{value[key]:.6g}" for key in ("mean", "range", "range_of_one_image")))
            for name, value in found["metrics"].items()
        ]
        yield from (
            markdown_table(
                ["metric", "mean of the runs", "range of the means", "greatest range of one image"],
                rows,
            )
            if rows
            else []
        )
        images = [_run_to_run(image) for image in found["images"] if image["max_abs"] != 0]
        yield from (
            ["", *markdown_table(["image", "max", "mean", "differing"], images)] if images else []
        )


def _run_to_run(image: Facts) -> tuple[str, ...]:
    """Return the greatest difference of one image between runs as text."""
    if image["max_abs"] is None:
        return (image["name"], "another size", "", "")
    share = f"{100 * image['differing']:.3f} %"
    return (image["name"], str(image["max_abs"]), f"{image['mean_abs']:.4f}", share)


def _claims(claims: list[Facts]) -> Iterator[str]:
    if not claims:
        yield "No claim is entered."
        return
    shown = (
        [claim for claim in claims if not claim["image"]] if len(claims) > MOST_CLAIMS else claims
    )
    yield from claims_table(shown)
    if len(shown) < len(claims):
        yield from (
            "",
            f"{len(claims) - len(shown)} more, of single images, are in results/claims.csv.",
        )


def _changes(entry: Facts, checks: list[Facts]) -> Iterator[str]:
    """Yield what was edited, shimmed or adapted, and which shims were really used."""
    run = entry["run"]
    if "adapter" in run:
        yield f"- adapter: {escaped(run['adapter'])}, in place of a script of the authors"
    for field in ("compat", "unpack"):
        yield from (f"- {field}: {escaped(str(item))}" for item in run.get(field, []))
    parts = [
        ("", run),
        *(
            (f" ({task})", part)
            for key in ("per_task", "per_dataset")
            for task, part in run.get(key, {}).items()
        ),
    ]
    for where, part in parts:
        for file, edits in part.get("edit", {}).items():
            yield from (
                f"- edit of {escaped(file)}{where}: `{_code(old)}` becomes `{_code(new)}`"
                for old, new in edits
            )
    shims = {
        name: count
        for check in checks
        for name, count in (check["record"]["shims"] or {}).items()
        if count
    }
    if shims:
        yield f"- used while running: {escaped(', '.join(f'{name} ({count})' for name, count in sorted(shims.items())))}"
    if not (run.get("edit") or run.get("compat") or run.get("adapter")):
        yield "- nothing was edited in the authors' script"


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())


def _environment(entry: Facts, checks: list[Facts], claims: list[Facts]) -> Iterator[str]:
    """Yield the versions that ran beside those that the authors declare."""
    record: Facts = next((check["record"] for check in checks if check["record"]["versions"]), {})
    declared = ", ".join(f"{name} {version}" for name, version in entry.get("declares", {}).items())
    ran = ", ".join(f"{name} {version}" for name, version in record.get("versions", {}).items())
    yield f"- Environment: {escaped(entry.get('env', 'none'))}"
    yield f"- Declared by the authors: {escaped(declared) or 'nothing'}"
    unseen = (
        "the environment of the proof below"
        if any(claim["proof"] for claim in claims)
        else "nothing was run"
    )
    yield f"- Ran with: {escaped(ran) or unseen}"
    yield from (f"- Deviation: {escaped(line)}" for line in record.get("deviations") or [])


def _proof(checks: list[Facts], claims: list[Facts]) -> Iterator[str]:
    measured = {
        claim["dataset"]: claim["proof"]
        for claim in claims
        if claim["proof"] and not claim["image"]
    }
    if not checks and not measured:
        yield "Nothing was run for this page."
    for check in checks:
        proof = check["proof"]
        yield f"- {escaped(check['check'])}: commit `{proof['commit'] or proof['tree']}`, environment `{proof['environment']['key']}`, inputs `{proof['inputs']}`"
        yield from (
            f"  - weights {escaped(path)}: `{digest}`" for path, digest in proof["weights"].items()
        )
        yield from (
            f"  - {escaped(image['name'])}: ours `{image['ours']}`, theirs `{image.get('theirs', 'none')}`"
            for image in check["images"]
        )
    for dataset, proof in measured.items():
        yield (
            f"- claims on {escaped(dataset)}: commit `{proof['commit'] or proof['tree']}`, environment `{proof['environment']['key']}`, "
            f"inputs `{proof['inputs']}`, outputs `{proof['outputs']}`"
        )
        yield from (
            f"  - weights {escaped(path)}: `{digest}`" for path, digest in proof["weights"].items()
        )


def _summary_row(entry: Facts, checks: list[Facts], claims: list[Facts]) -> dict[str, str]:
    """Return one line of the summary; an entry without evidence says so."""
    words = [f"{check['check']}: {check['verdict']}" for check in checks] or ["none"]
    counts = [
        f"{sum(image['verdict'] != NOTHING for image in check['images'])}" for check in checks
    ]
    runs = [check["determinism"]["verdict"] for check in checks]
    verdicts = [claim["verdict"] for claim in claims]
    told = [f"{verdicts.count(word)} {word}" for word in dict.fromkeys(verdicts)]
    return {
        "method": entry["name"],
        "status": entry.get("status", "active"),
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
