"""How long all tables of 120 methods on 12 datasets take, by the real Snakefile.

    python benchmarks/tables.py [--methods 120] [--datasets 12] [--pairs 50] [--cores 2]

Makes a project with drawn values, then every table of its suite and the table of a paper over all
datasets; then the same again after only the decimals of the table have changed. No method can run:
the rules that would are not allowed.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fusebench.report.archive import ALLOWED

from tests.fake_results import REPOSITORY, FakeResults


def main() -> None:
    """Print seconds of wall time and of CPU."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (("methods", 120), ("datasets", 12), ("pairs", 50), ("cores", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = FakeResults(
            Path(folder), options.methods, options.datasets, options.pairs, images=False
        )
        results.write(layout="stacked")
        print(
            f"{options.methods} methods, {options.datasets} datasets, {options.pairs} pairs,"
            " 11 metrics"
        )
        timed("all tables", results.root, options.cores)
        results.write_registry(layout="stacked", decimals=2)
        timed("other decimals", results.root, options.cores)


def timed(what: str, root: Path, cores: int) -> None:
    """Run ``snakemake tables`` and print what it took."""
    command = [
        "snakemake",
        "--snakefile",
        str(REPOSITORY / "Snakefile"),
        "--cores",
        str(cores),
        "tables",
    ]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [*command, "--allowed-rules", *ALLOWED],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    jobs = sum(line.startswith(("rule ", "localrule ")) for line in done.stderr.splitlines())
    print(f"{what:16} {wall:6.1f} s wall, {cpu:6.1f} s CPU, {jobs} jobs", flush=True)


if __name__ == "__main__":
    main()
