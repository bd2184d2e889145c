"""Runs published methods on a GPU and on the CPU of the same machine, and writes what was seen.

Three commands. The machine with the GPU needs no network: it gets one folder.

    python benchmarks/gpu.py prepare --mirror '/mirrors/{owner}+{name}/repo' --into FOLDER
    python3 FOLDER/benchmarks/gpu.py run FOLDER --out h100.json --results RESULTS
    python benchmarks/gpu.py page docs/gpu/*.json

``prepare`` makes the folder: fusebench and its harness, eight methods at their commits, real pairs,
and the packages that the machine lacks. ``run`` needs a Python of the version given to ``prepare``
with torch, OpenCV, SciPy, numba, pandas, scikit-image and PyYAML. It does the most valuable steps
first, writes the JSON file again after each, and skips what does not fit into ``--seconds``. The
archives in RESULTS hold the records and images of the GPU's runs: unpacked in a project, they are
what ``fusebench verified`` and the speed tables read. ``page`` writes ``docs/gpu.md``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import zipfile
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HOME / "workflow")]

METHODS = ("mmdrfuse", "lut-fuse", "sage", "almfnet", "mlfuse", "gesenet", "ship", "dafusion")
DATASETS = ("tno25:tno25-small5", "mri-ct21:mri-ct21-first5")
"""Datasets as ``WHOLE:PART``: fused on the GPU, and on the CPU."""

LIMIT_MB = 60
"""What a machine may take at once, in MiB; a larger folder ends with exit status 1."""


def main(words: list[str] | None = None) -> int:
    """Run the command that the words name."""
    options = _parser().parse_args(words)
    run = {"prepare": _prepare, "run": _run, "page": _page}[options.command]
    return run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    prepare = commands.add_parser("prepare", help="make the folder for the machine")
    prepare.add_argument("--into", type=Path, required=True, metavar="FOLDER")
    prepare.add_argument("--mirror", default="", help="path with {owner} and {name}")
    prepare.add_argument("--project", type=Path, default=HOME, help="with the registry")
    prepare.add_argument("--methods", nargs="+", default=list(METHODS))
    prepare.add_argument("--dataset", nargs="+", default=list(DATASETS), metavar="WHOLE:PART")
    prepare.add_argument("--whole-mb", type=float, default=5.0, help="larger ones lose samples")
    prepare.add_argument("--python", default="3.12", help="of the machine; '' for no packages")
    run = commands.add_parser("run", help="run everything on this machine")
    run.add_argument("folder", type=Path)
    run.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    run.add_argument("--results", type=Path, metavar="FOLDER", help="archives of the GPU's runs")
    run.add_argument("--seconds", type=float, default=540.0, help="the whole budget")
    run.add_argument(
        "--patience", type=float, default=4.0, help="times the planned seconds a step may take"
    )
    run.add_argument("--python", type=Path, default=Path(sys.executable), help="with torch")
    page = commands.add_parser("page", help="write docs/gpu.md")
    page.add_argument("files", nargs="*", type=Path, help="default: docs/gpu/*.json")
    page.add_argument("--into", type=Path, default=HOME / "docs" / "gpu.md")
    return parser


def _prepare(options: argparse.Namespace) -> int:
    from fusebench.errors import FusebenchError
    from on_gpu.preparing import Carrying, prepare, size_of
    from on_gpu.running import planned_seconds

    whole = int(options.whole_mb * 1e6)
    carrying = Carrying(options.project.resolve(), options.mirror, options.into, whole)
    try:
        plan = prepare(carrying, options.methods, options.dataset, options.python)
    except FusebenchError as error:
        print(f"gpu.py: {error}", file=sys.stderr)
        return 1
    sizes = size_of(options.into)
    for name, size in sizes.items():
        print(f"{size / 2**20:7.1f} MiB  {name}")
    total = sum(sizes.values()) / 2**20
    print(f"{total:7.1f} MiB  in all; a machine may take {LIMIT_MB}")
    print(f"{planned_seconds(plan):7.0f} s    planned")
    return int(total > LIMIT_MB)


def _run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gpu-packages-") as packages:
        for wheel in options.folder.glob("packages/*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(packages)
        sys.path.append(packages)  # at the end: the machine's own packages come first
        from on_gpu.running import Options, run_all

        until = began + options.seconds
        where = Options(
            options.folder, Path(packages), options.out, options.results, options.patience
        )
        run_all(where, options.python, options.seconds, until)
    return 0


def _page(options: argparse.Namespace) -> int:
    from on_gpu.page import RUNS, page, read_run

    # A shell leaves a pattern that matches no file as it is.
    files = [path for path in options.files or sorted(RUNS.glob("*.json")) if path.is_file()]
    options.into.write_text(page([read_run(path) for path in files]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
