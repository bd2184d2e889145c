"""Writing the page: one HTML file with its libraries and data inside, previews inside or beside it by their size."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fusebench.compare.planning import Comparison
from fusebench.files import write_text
from fusebench.fuse.records import all_records
from fusebench.markers import read_manifest
from fusebench.plan import make_plan
from fusebench.report.contents import (
    dataset_facts,
    method_facts,
    packed_values,
    runs_of,
    statistics_of,
)
from fusebench.report.previews import Preview, make_previews, wanted
from fusebench.staging import remove_folder

TEMPLATES = Path(__file__).resolve().parents[2] / "report"
LIBRARIES = {
    "styles": ("tabulator/tabulator_simple.min.css", "img-comparison-slider/img-comparison-slider.css"),
    "scripts": (
        "tabulator/tabulator.min.js", "img-comparison-slider/img-comparison-slider.js", "panzoom/panzoom.min.js",
    ),
}  # fmt: skip
KEPT = Path("results/previews")
DEFAULT_PIXELS = 512
DEFAULT_INLINE_MB = 25


def write_page(
    root: Path,
    options: Mapping[str, Any],
    page: Path,
    beside: Path,
    together: Path,
    workers: int = 1,
) -> None:
    """Write the page of the selected suites.

    Args:
        root: the project's folder.
        options: options that replace those of the configuration, as Snakemake has them.
        page: the file to write.
        beside: the folder that receives previews when they are too many to be kept inside; made in any case.
        together: the folder that receives the page with these previews, to be passed on as one; what was there is replaced.
        workers: processes that make previews.
    """
    comparison = Comparison(make_plan(root, options, checked=True))
    data, values, previews = _contents(root, comparison)
    settings = comparison.plan.registry.options.get("report", {})
    files = make_previews(
        previews, root, root / KEPT, settings.get("preview_pixels", DEFAULT_PIXELS), workers
    )
    inside = (
        sum(path.stat().st_size for path in files)
        <= settings.get("inline_mb", DEFAULT_INLINE_MB) * 1e6
    )
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
        images: key and base64 of each preview kept inside.
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
        own_script=_text(TEMPLATES / "page.js"),
        data=_embedded(data),
        values=values,
        images=images,
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _embedded(data: Mapping[str, Any]) -> str:
    """Return JSON that can stand inside a ``script`` element, whatever its texts hold."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _contents(
    root: Path, comparison: Comparison
) -> tuple[dict[str, Any], dict[str, str], list[Preview]]:
    plan = comparison.plan
    records = _by_dataset(all_records(json.loads(plan.collect_spec()), root))
    datasets, values, previews = [], {}, []
    for name, dataset in plan.datasets.items():
        manifest = read_manifest(root, name)
        facts = dataset_facts(dataset, manifest, plan.metrics(name))
        here = records.get(name, [])
        methods = [record["method"] for record in here]
        measures = _measures(root, name)
        means = statistics_of(measures, name, plan.metrics(name))
        values[name] = packed_values(measures, facts, methods)
        previews += list(wanted(manifest, name, here))
        datasets.append(
            {
                **facts,
                "methods": methods,
                "runs": runs_of(here),
                "means": means,
                "files": _files(here),
            }
        )
    shown = dict.fromkeys(
        record["method"] for of_dataset in records.values() for record in of_dataset
    )
    data = {
        "suites": [suite.name for suite in plan.registry.selected],
        "methods": [
            method_facts(plan.registry.methods[m], comparison.self_checks.get(m, "")) for m in shown
        ],
        "datasets": datasets,
    }
    return data, values, previews


def _by_dataset(records: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        found.setdefault(record["dataset"], []).append(record)
    return found


def _files(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return method -> pair -> fused file, only where it is not called as the pair is."""
    files = {
        record["method"]: {
            i["name"]: i["fused"] for i in record["images"] if i["fused"] != f"{i['name']}.png"
        }
        for record in records
    }
    return {method: named for method, named in files.items() if named}


def _measures(root: Path, dataset: str) -> Any:
    from fusebench.compare import read_measures

    return read_measures([root / "results" / "measures" / f"{dataset}.csv"])


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
