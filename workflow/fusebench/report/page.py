"""Write the page: one HTML file with its libraries and data inside.

Previews are inside it or beside it, by their size.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.contracts.jobs.session import Session
from fusebench.contracts.records import Record
from fusebench.files import write_text
from fusebench.folders import remove_folder
from fusebench.fuse.records import read_records
from fusebench.markers import read_manifest
from fusebench.planning.grouping import Grouping
from fusebench.planning.papers import PaperTables
from fusebench.planning.selection import read_selection
from fusebench.planning.steps import StepJobs
from fusebench.report.contents import (
    Facts,
    dataset_facts,
    method_facts,
    packed_values,
    ranking_of,
    runs_of,
    statistics_of,
)
from fusebench.report.previews import Preview, make_previews, wanted

if TYPE_CHECKING:
    import pandas as pd

TEMPLATES = Path(__file__).resolve().parents[2] / "report"
LIBRARIES = {
    "styles": (
        "tabulator/tabulator_simple.min.css",
        "img-comparison-slider/img-comparison-slider.css",
    ),
    "scripts": (
        "tabulator/tabulator.min.js",
        "img-comparison-slider/img-comparison-slider.js",
        "panzoom/panzoom.min.js",
        "d3/d3.min.js",
        "plot/plot.umd.min.js",
    ),
}
OWN_SCRIPTS = ("overview.js", "page.js")
PREVIEW_CACHE = Path("results/previews")


def write_page(
    root: Path,
    options: Mapping[str, Any],
    session: Session,
    page: Path,
    beside: Path,
    together: Path,
    workers: int = 1,
) -> None:
    """Write the page of the selected suites.

    Args:
        root: the project's folder.
        options: options that replace those of the configuration, as Snakemake has them.
        session: of the run.
        page: the file to write.
        beside: the folder that receives the previews if they are too many to be inside the page;
            made in any case.
        together: the folder that receives the page with these previews, so that both can be copied
            as one; what was there is replaced.
        workers: processes that make previews.
    """
    selection = read_selection(root, options, session.device, session.registry)
    grouping = Grouping(selection, session.on_cluster)
    data, values, previews = page_contents(grouping)
    settings = selection.registry.config.report
    files = make_previews(previews, root, root / PREVIEW_CACHE, settings.preview_pixels, workers)
    inside = sum(path.stat().st_size for path in files) <= settings.inline_mb * 1e6
    data["previews"] = "" if inside else f"{beside.name}/"
    beside.mkdir(parents=True, exist_ok=True)
    if not inside:
        _put_beside(beside, previews, files)
    write_text(page, render(data, values, _inlined(previews, files) if inside else []))
    remove_folder(together)
    shutil.copytree(beside, together / beside.name, copy_function=_link)
    _link(page, together / page.name)


def _link(path: Path | str, target: Path | str) -> None:
    """Make a hard link, or a copy where the file system has none."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def render(
    data: Mapping[str, Any], values: Mapping[str, str], images: Sequence[tuple[str, str]]
) -> str:
    """Return the page as text.

    Args:
        data: what the script reads, see ``workflow/report/page.js``.
        values: dataset -> packed per-image values.
        images: key and base64 of each preview inside the page.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True
    )
    third_party = TEMPLATES / "third_party"
    libraries = {
        kind: [_text(third_party / file) for file in files] for kind, files in LIBRARIES.items()
    }
    return templates.get_template("page.html").render(
        **libraries,
        own_style=_text(TEMPLATES / "page.css"),
        own_scripts=[_text(TEMPLATES / name) for name in OWN_SCRIPTS],
        data=_embedded(data),
        values=values,
        images=images,
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _embedded(data: Mapping[str, Any]) -> str:
    """Return JSON that can stand inside a ``script`` element, whatever its texts hold."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def page_contents(grouping: Grouping) -> tuple[Facts, dict[str, str], list[Preview]]:
    """Return what the script of the page reads, packed values by dataset, and the previews."""
    selection = grouping.selection
    root, steps = selection.registry.root, StepJobs(selection, grouping)
    records = _by_dataset(read_records(steps.collected, root))
    datasets, values, previews = [], {}, []
    for name, dataset in selection.datasets.items():
        here, metrics = records.get(name, []), steps.metrics(name)
        manifest = read_manifest(root, name)
        facts = dataset_facts(dataset, manifest, metrics)
        methods = [record.method for record in here]
        measures = _measures(root / grouping.measured_in(name), name)
        means = statistics_of(measures, name, metrics)
        values[name] = packed_values(measures, facts, methods)
        previews += list(wanted(manifest, name, here))
        datasets.append(
            {
                **facts,
                "methods": methods,
                "runs": runs_of(here),
                "means": means,
                "ranking": ranking_of(measures, name, metrics, methods),
                "files": _files(here),
            }
        )
    shown = dict.fromkeys(record.method for of_dataset in records.values() for record in of_dataset)
    papers = PaperTables(grouping)
    checks, claims = papers.self_checks, papers.claims
    known = selection.registry.methods
    data = {
        "suites": [suite.name for suite in selection.registry.selected],
        "methods": [
            method_facts(known[name], checks.get(name, ""), claims.get(name, ())) for name in shown
        ],
        "datasets": datasets,
    }
    return data, values, previews


def _by_dataset(records: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.dataset, []).append(record)
    return found


def _files(records: Sequence[Record]) -> dict[str, dict[str, str]]:
    """Return method -> pair -> fused file, only where its name is not that of the pair."""
    files = {
        record.method: {
            image.name: image.shown for image in record.images if image.shown != f"{image.name}.png"
        }
        for record in records
    }
    return {method: named for method, named in files.items() if named}


def _measures(file: Path, dataset: str) -> pd.DataFrame:
    from fusebench.compare import read_measures

    measures = read_measures([file])
    return measures[measures["dataset"] == dataset]


def _inlined(previews: Sequence[Preview], files: Sequence[Path]) -> list[tuple[str, str]]:
    return [
        (preview.key, base64.b64encode(path.read_bytes()).decode())
        for preview, path in zip(previews, files, strict=True)
    ]


def _put_beside(folder: Path, previews: Sequence[Preview], files: Sequence[Path]) -> None:
    for target, path in _targets(folder, previews, files):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        _link(path, target)


def _targets(
    folder: Path, previews: Sequence[Preview], files: Sequence[Path]
) -> Iterator[tuple[Path, Path]]:
    for preview, path in zip(previews, files, strict=True):
        yield folder / f"{preview.key}.webp", path
