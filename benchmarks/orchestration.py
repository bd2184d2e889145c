"""What orchestration costs: this workflow against bare Snakemake with two rules for each cell.

Run: ``.venv/bin/python benchmarks/orchestration.py [--methods 100] [--datasets 10]``. Everything is
made in a temporary folder. The work is trivial on both sides: the bare workflow's jobs touch their
outputs, and this workflow's steps are replaced by ones that write the smallest files its rules are
content with, so that what is counted is Snakemake, the plan, the rules and the start of each job.
CPU seconds (user and system, children included), ratios within one run.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))

REPEATS = 5

BARE = """
METHODS = [f"m{{i}}" for i in range({methods})]
DATASETS = [f"d{{i}}" for i in range({datasets})]

rule all:
    input: expand("measures/{{m}}/{{d}}.csv", m=METHODS, d=DATASETS)

rule fuse:
    output: "runs/{{m}}/{{d}}.json"
    params: spec=lambda w: f"{{w.m}} {{w.d}}"
    shell: "touch {{output}}"

rule measure:
    input: "runs/{{m}}/{{d}}.json"
    output: "measures/{{m}}/{{d}}.csv"
    shell: "touch {{output}}"
"""

STAND_IN = """
__path__ = [{stand_ins!r}, {real!r}]
"""

STEPS = """
# The start of the real steps, and then the smallest files that the rules are content with.
import importlib.util, json, sys
from pathlib import Path

real = importlib.util.spec_from_file_location("real_steps", {real!r} + "/__main__.py")
steps = importlib.util.module_from_spec(real)
real.loader.exec_module(steps)
name = sys.argv[1]
step = steps.step_function(name)
options = steps.read_options(step, sys.argv[2:])


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


if name == "fuse":
    for cell in options["job"].cells:
        write(Path("results/runs", options["job"].method.name, cell.name, "record.json"), "")
if name == "tables":
    from fusebench.contracts.jobs.comparing import TablesJob

    told = steps.from_parameter(options["job"].read_text(), TablesJob)
    for table in told.tables:
        place = Path("results/tables", table.table.suite, table.table.dataset)
        for suffix in (".csv", ".md", ".tex"):
            write(place.with_suffix(suffix), "")
for key in ("marker", "output", "measures", "status", "unfinished"):
    if key in options and options[key]:
        content = {{"version": 2, **({{"cells": {{}}}} if name == "fuse" else {{}})}}
        write(options[key], json.dumps(content) if key in ("marker", "output") else "")
"""


def main() -> None:
    """Measure both sides in the four situations and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", type=int, default=100)
    parser.add_argument("--datasets", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bare = _situations(_bare(Path(folder) / "bare", options.datasets), options.methods)
        ours = _situations(_ours(Path(folder) / "ours", options.datasets), options.methods)
    print(
        f"{options.methods} methods x {options.datasets} datasets, CPU s       bare    ours   ratio"
    )
    for name, before in bare.items():
        print(f"{name:<40}{before:>8.1f}{ours[name]:>8.1f}{ours[name] / before:>8.2f}")


Run = Callable[[int, str], float]


def _situations(run: Run, methods: int) -> dict[str, float]:
    """Return the CPU seconds of each situation; ``run`` takes the number of methods and an option.

    The short ones are the medians of a few runs; each run of the last adds one more method.
    """
    more = range(1, REPEATS + 1)
    return {
        "cold": run(methods, ""),
        "nothing to do": statistics.median(run(methods, "") for _ in more),
        "dry run": statistics.median(run(methods, "--dry-run") for _ in more),
        "add one method": statistics.median(run(methods + number, "") for number in more),
    }


def _bare(folder: Path, datasets: int) -> Run:
    folder.mkdir()

    def run(methods: int, option: str) -> float:
        (folder / "Snakefile").write_text(BARE.format(methods=methods, datasets=datasets))
        return _cpu_seconds([SNAKEMAKE, "--cores", "2", *option.split()], folder, {})

    return run


def _ours(folder: Path, datasets: int) -> Run:
    package = folder / "stand-ins" / "fusebench"
    for made in (package / "steps", folder / "config", folder / "envs" / "trivial"):
        made.mkdir(parents=True)
    definition = "name: trivial\ndependencies:\n- python=3.11\n- pip:\n  - numpy\n"
    (folder / "envs" / "trivial" / "environment.yml").write_text(definition)
    real = ROOT / "workflow" / "fusebench"
    for part in ("", "steps"):
        stand_in = STAND_IN.format(stand_ins=str(package / part), real=str(real / part))
        (package / part / "__init__.py").write_text(stand_in)
    (package / "steps" / "__main__.py").write_text(STEPS.format(real=str(real / "steps")))

    def run(methods: int, option: str) -> float:
        _write_registry(folder, methods, datasets)
        snakefile = ("--snakefile", str(ROOT / "Snakefile"))
        command = [SNAKEMAKE, *snakefile, "--cores", "2", "--no-hooks", *option.split()]
        return _cpu_seconds(command, folder, {"PYTHONPATH": str(folder / "stand-ins")})

    return run


def _write_registry(folder: Path, methods: int, datasets: int) -> None:
    names = [f"m{number}" for number in range(methods)]
    sets = [f"d{number}" for number in range(datasets)]
    run = {
        "script": "test.py",
        "stage": {"a": "a/{name}.png", "b": "b/{name}.png"},
        "collect": "f/{name}.png",
    }
    entries = {
        name: {
            "title": name,
            "tasks": ["infrared-visible"],
            "code": f"https://example.org/o/{name}",
            "commit": f"{number:040x}",
            "env": "trivial",
            "run": run,
        }
        for number, name in enumerate(names)
    }
    dataset = {"task": "infrared-visible", "kind": "generated", "generator": "night-scenes"}
    files = {
        "methods.yaml": entries,
        "datasets.yaml": {name: {"title": name, **dataset} for name in sets},
        "config/config.yaml": {
            "suite": "s",
            "suites": {"s": {"methods": names, "datasets": sets, "metrics": ["EN"]}},
        },
    }
    for path, content in files.items():
        (folder / path).write_text(yaml.safe_dump(content, sort_keys=False))


def _cpu_seconds(command: list[str], folder: Path, environ: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
