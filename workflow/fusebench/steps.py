"""What the rules call: ``python -m fusebench.steps STEP ...``, one function for each step of the flow.

Each step reads markers or records of the steps before it and writes its own; see ``docs/architecture.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from fusebench.errors import EnvironmentFailed
from fusebench.files import read_json, sha256_of_file, write_json, write_text
from fusebench.markers import read_manifest, write_marker
from fusebench.stepping import add_step, run_step

ROOT = Path()
"""The project's folder: Snakemake starts every job in it."""

MEASURES = "results/measures"
DATASETS = "resources/datasets"
RUNS = "results/runs"
FAILURES = "results/failures"


def obtain_source(options: argparse.Namespace) -> None:
    """Clone a repository, or copy a local folder."""
    from fusebench.sources.repositories import obtain_source as obtain

    spec, final = options.spec, options.marker.with_suffix("")
    mirror = os.environ.get("FUSEBENCH_MIRROR", "")

    def clone() -> dict[str, Any]:
        return obtain(spec["code"], spec["commit"], final, ROOT, mirror)

    write_marker(options.marker, options.failures, clone, code=spec["code"], commit=spec["commit"])


def fetch_weights(options: argparse.Namespace) -> None:
    """Fetch the weights of a method that are not in its repository."""
    from fusebench.sources.weights import fetch_weights as fetch

    folder = options.marker.with_suffix("")
    write_marker(options.marker, options.failures, lambda: fetch(options.spec, folder))


def build_environment(options: argparse.Namespace) -> None:
    """Build a locked environment."""
    from fusebench.environments.building import build

    spec = options.spec

    def make() -> dict[str, Any]:
        receipt = build(ROOT / "envs" / spec["env"], spec["variant"], ROOT / "resources")
        if Path(receipt["path"]).name != options.marker.stem:
            raise EnvironmentFailed(
                f"{spec['env']}: its lock changed while it was being built; run again"
            )
        return receipt

    write_marker(options.marker, options.failures, make)


def prepare_dataset(options: argparse.Namespace) -> None:
    """Bring a dataset to its normal form; before any method runs on it, crops of tables are held against its images."""
    from fusebench.datasets.preparation import prepare_dataset as prepare
    from fusebench.registry.grids import check_crops

    name, final = options.marker.stem, options.marker.with_suffix("")
    mirror = os.environ.get("FUSEBENCH_MIRROR", "")
    manifest = write_marker(
        options.marker, options.failures, lambda: prepare(name, options.spec, final, ROOT, mirror)
    )
    check_crops(name, manifest)


def fuse(options: argparse.Namespace) -> None:
    """Run a method on a dataset; a cell that is finished already only gets its record back."""
    from fusebench.fuse.jobs import fuse_cell, keep_finished
    from fusebench.fuse.records import read_cell
    from fusebench.registry import METHODS
    from fusebench.registry.documents import read_document

    steps = ("source", "environment", "dataset", "weights")
    markers = {step: getattr(options, step) for step in steps}
    cell = read_cell(options.spec, markers, options.record.parent, options.log)
    if options.anew is not None and cell.spec["dataset"] not in options.anew:
        keep_finished(cell)
    declared = read_document(ROOT / METHODS).data.get(cell.spec["method"], {}).get("declares", {})
    fuse_cell(cell, options.failures, declared, bool(options.last_words))


def fuse_batch(options: argparse.Namespace) -> None:
    """Run a method on several datasets; cells that are finished already only get their records back."""
    from fusebench.fuse.jobs import fuse_cell, keep_finished
    from fusebench.fuse.records import read_cell
    from fusebench.registry import METHODS
    from fusebench.registry.documents import read_document

    declared = read_document(ROOT / METHODS).data
    cells, records = [], {}
    for own, paths in options.spec["cells"]:
        spec = {**options.spec["spec"], **own}
        method, dataset = spec["method"], spec["dataset"]
        markers = {step: Path(path) for step, path in {**options.spec["markers"], **paths}.items()}
        log = ROOT / "logs" / "fuse" / method / f"{dataset}.log"
        cells.append(
            read_cell(spec, {"weights": None, **markers}, ROOT / RUNS / method / dataset, log)
        )
        if (
            dataset not in options.anew
        ):  # all of them before the first is run, which may be interrupted
            keep_finished(cells[-1])
    for cell in cells:
        method, dataset = cell.spec["method"], cell.spec["dataset"]
        failures = ROOT / FAILURES / method / f"{dataset}.json"
        fuse_cell(
            cell, failures, declared.get(method, {}).get("declares", {}), bool(options.last_words)
        )
        records[dataset] = sha256_of_file(cell.folder / "record.json")
    write_json(options.whole, records)


def measure(options: argparse.Namespace) -> None:
    """Measure the runs of a dataset."""
    _measure(options.dataset, options.records, options.metrics, options.workers, options.output)


def measure_together(options: argparse.Namespace) -> None:
    """Measure the runs of the selected suites, dataset by dataset."""
    for group in options.spec:
        for dataset, metrics in group["datasets"].items():
            records = [
                ROOT / RUNS / method / dataset / "record.json" for method in group["methods"]
            ]
            marker, output = ROOT / DATASETS / f"{dataset}.json", ROOT / MEASURES / f"{dataset}.csv"
            _measure(marker, records, metrics, options.workers, output)


def _measure(
    dataset: Path, records: list[Path], metrics: list[str], workers: int, output: Path
) -> None:
    import csv

    from fusebench.measure.runs import COLUMNS, measure_dataset

    rows = measure_dataset(read_json(dataset), records, metrics, workers)
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*COLUMNS, "reason"])
        writer.writeheader()
        writer.writerows(rows)


def collect(options: argparse.Namespace) -> None:
    """Write the long files of values and states, and one that names the cells without a result."""
    from fusebench.compare import failures, read_measures, write_measures, write_status

    measures = read_measures(
        [ROOT / MEASURES / f"{dataset}.csv" for dataset in options.spec["runs"]]
    )
    write_measures(options.measures, measures)
    records = _records(options.spec)
    write_status(options.status, records)
    runs = sum(map(len, options.spec["runs"].values()))
    failed = failures(records[:runs])
    words = f"cells without a result:\n{failed}\nThe next run tries them again.\n" if failed else ""
    write_text(options.unfinished, words)


def write_table(options: argparse.Namespace) -> None:
    """Write one table in every format."""
    from fusebench.compare import TableSpec, read_measures, write_tables

    shown = options.spec["table"]
    # A table of failed runs alone knows the number of pairs from here only.
    spec = TableSpec(**{**shown, "pairs": len(read_manifest(ROOT, shown["dataset"])["pairs"])})
    records = _records(options.spec["cells"])
    write_tables(ROOT / "results" / "tables", spec, records, read_measures([options.measures]))


def tabulate(options: argparse.Namespace) -> None:
    """Write the long files, and the tables of the selected suites."""
    from fusebench.handing import handed_over

    collecting, *tables = map(json.loads, handed_over(options.asked).split("\n"))
    collect(argparse.Namespace(**{**vars(options), "spec": collecting}))
    for spec in tables:
        measures = ROOT / MEASURES / f"{spec['table']['dataset']}.csv"
        write_table(argparse.Namespace(spec=spec, measures=measures))


def write_speed(options: argparse.Namespace) -> None:
    """Write the speed tables of a suite."""
    from fusebench.compare.speed import write_speed_tables

    write_speed_tables(options.folder, options.suite, _records(options.spec))


def _records(cells: dict[str, Any]) -> list[dict[str, Any]]:
    from fusebench.fuse.records import all_records

    return all_records(cells, ROOT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fusebench.steps", description=__doc__)
    steps = parser.add_subparsers(required=True)
    for name, step in (
        ("source", obtain_source),
        ("weights", fetch_weights),
        ("environment", build_environment),
        ("dataset", prepare_dataset),
    ):
        add_step(steps, name, step, "spec", "marker", "failures")
    fusing = add_step(
        steps, "fuse", fuse, "spec", "record", "failures", "log", "source", "environment", "dataset"
    )
    fusing.add_argument("--weights", type=Path)
    fusing.add_argument(
        "--anew", nargs="*", help="its dataset: run it in any case; none: put back a finished run"
    )
    fusing.add_argument(
        "--last-words", type=int, default=0, help="1: every job of the cell died; say how"
    )
    batch = add_step(steps, "fuse-batch", fuse_batch, "spec", "whole")
    batch.add_argument("--anew", nargs="*", default=[], help="datasets to run in any case")
    batch.add_argument(
        "--last-words", type=int, default=0, help="1: every job of the cells died; say how"
    )
    measuring = add_step(steps, "measure", measure, "dataset", "output", lists=["records"])
    measuring.add_argument("--metrics", nargs="*", default=[])
    measuring.add_argument("--workers", type=int, default=1)
    together = add_step(steps, "measure-together", measure_together, "spec")
    together.add_argument("--workers", type=int, default=1)
    tabulating = add_step(steps, "tabulate", tabulate, "measures", "status", "unfinished")
    tabulating.add_argument(
        "--asked", required=True, help="the digest of what the run has handed over"
    )
    add_step(steps, "collect", collect, "spec", "measures", "status", "unfinished")
    add_step(steps, "table", write_table, "spec", "measures")
    timing = add_step(steps, "speed", write_speed, "spec", "folder")
    timing.add_argument("--suite", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(run_step(_parser()))
