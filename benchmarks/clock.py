"""What the launcher and the pipeline cost: a method's script bare, launched, and as a cell.

Run: ``.venv/bin/python benchmarks/clock.py METHOD DATASET [--repeats 5]`` after ``snakemake`` has
run the cell: the source, environment and dataset are taken from there. Prints wall and CPU seconds:
of the authors' script alone in the same scratch copy with the same edits written into its files, of
the same under the launcher, and of the whole cell (copy, staging, launching, collecting, record);
medians of alternating runs, ratios within one run.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

from fusebench.contracts.harness import HarnessJob
from fusebench.contracts.records import Record
from fusebench.fuse import cells as running
from fusebench.fuse import launching
from fusebench.fuse.records import Cell, cells_of
from fusebench.planning.plan import make_plan
from msgspec.structs import replace as with_fields

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("method")
    parser.add_argument("dataset")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--pairs", type=int, help="of the dataset, the first so many; default all")
    parser.add_argument(
        "--port", type=json.loads, default={}, help="edits that the bare script needs here, as JSON"
    )
    parser.add_argument(
        "--config", type=json.loads, default={}, help="options of the configuration, as JSON"
    )
    options = parser.parse_args()
    os.chdir(ROOT)
    spend: dict[str, list[tuple[float, float]]] = {"bare": [], "launched": [], "cell": []}
    for number in range(options.repeats):
        bare, launched, cell = once(options, bool(number % 2))
        for name, value in (("bare", bare), ("launched", launched), ("cell", cell)):
            spend[name].append(value)
    for index, what in enumerate(("wall", "CPU")):
        medians = {
            name: statistics.median(value[index] for value in values)
            for name, values in spend.items()
        }
        ratios = {
            name: f"{seconds:.2f} s ({seconds / medians['bare']:.3f})"
            for name, seconds in medians.items()
        }
        print(f"{options.method} on {options.dataset}, {what}, ratio to bare: {ratios}")


def once(options: argparse.Namespace, bare_first: bool) -> tuple[tuple[float, float], ...]:
    """Run the cell; in the middle of it the script is run bare and launched. Return their seconds.

    Returns:
        Wall and CPU seconds of the bare script, of the launched one and of the whole cell.
    """
    seen: dict[str, tuple[float, float]] = {}

    def twice(
        job: HarnessJob, python: Path, scratch: Path, log: IO[str], *others: Any
    ) -> launching.Launch:
        def bare() -> None:
            run = _bare(_with_edits(job, options.port), python, scratch, others[-1])
            seen["bare"] = _seconds(run)

        result: list[launching.Launch] = []

        def launched() -> None:
            result.append(launching.launch(job, python, scratch, log, *others))

        order = [("aside", bare), ("launched", launched)]
        for name, block in order if bare_first else reversed(order):
            seen[name] = _seconds(block)
        return result[0]

    with tempfile.TemporaryDirectory() as folder:
        cell = _cell(options, Path(folder))
        with patch.object(running, "launch", twice):
            whole = _seconds(lambda: _checked(running.run_cell(cell)))
    own = (whole[0] - seen["aside"][0], whole[1] - seen["aside"][1])
    return seen["bare"], seen["launched"], own


def _cell(options: argparse.Namespace, folder: Path) -> Cell:
    """Return the cell as its job has it, but with its results below another folder."""
    job = make_plan(Path(), options.config).fusing.job(options.method, options.dataset)
    [cell] = cells_of(job)
    manifest = with_fields(cell.manifest, pairs=cell.manifest.pairs[: options.pairs])
    return dataclasses.replace(cell, manifest=manifest, root=folder)


def _with_edits(job: HarnessJob, more: dict[str, Any]) -> HarnessJob:
    files = {**job.edits, **more}
    return with_fields(
        job, edits={file: [*job.edits.get(file, []), *more.get(file, [])] for file in files}
    )


def _checked(record: Record) -> None:
    if not record.is_ok:
        sys.exit(f"{record.state}: {record.reason}")


def _bare(
    job: HarnessJob, python: Path, scratch: Path, environ: dict[str, str]
) -> Callable[[], None]:
    """Return what runs the script alone, in a copy of the work tree with the edits made."""
    copy = scratch / "bare"
    shutil.copytree(job.root, copy, symlinks=True)
    for file, edits in job.edits.items():
        text = (copy / file).read_text(encoding="utf-8")
        for old, new in edits:
            text = text.replace(old, new)
        (copy / file).write_text(text, encoding="utf-8")
    cwd = copy / Path(job.cwd).relative_to(job.root)
    arguments = [
        word.replace(job.root, str(copy)).replace(f"{scratch}/out", f"{scratch}/bare-out")
        for word in job.args
    ]
    (scratch / "bare-out").mkdir(exist_ok=True)
    command = [str(python), job.script, *arguments]
    variables = {**launching._environment(python, job.threads, scratch), **environ}

    def run() -> None:
        done = subprocess.run(
            command, cwd=cwd, env=variables, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"the script alone ended with {done.returncode}:\n{done.stderr[-2000:]}")

    return run


def _seconds(block: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), _cpu()
    block()
    return time.perf_counter() - wall, _cpu() - cpu


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
