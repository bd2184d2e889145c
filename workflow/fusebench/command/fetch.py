"""``fusebench fetch``: bring everything that needs a network into ``resources/``.

That is clones, weights, environments and datasets: afterwards a run needs no network.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from fusebench.contracts.files import read_stored
from fusebench.errors import FusebenchError
from fusebench.project import HOME

SNAKEFILE = HOME / "workflow" / "Snakefile"

EXAMPLES = """examples:
  fusebench fetch                                 for the suite of config/config.yaml
  fusebench fetch --suite published --cores 4     for another one, four at a time
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fusebench fetch``."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )
    parser.add_argument(
        "--suite",
        help="one suite, or several joined by commas; default: that of config/config.yaml",
    )
    parser.add_argument(
        "--mirror", help="a path with {owner} and {name} that replaces the network for repositories"
    )
    parser.add_argument("--cores", type=int, default=2, help="jobs at a time (default: 2)")


def run(options: argparse.Namespace) -> int:
    """Run the workflow up to what is fetched or built, and name everything that is missing."""
    chosen = {"suite": options.suite, "mirror": options.mirror}
    config = [f"{key}={value}" for key, value in chosen.items() if value]
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE)),
        *(
            "--directory",
            str(options.project),
            "--cores",
            str(options.cores),
            "--keep-going",
            "fetch",
        ),
        *(["--config", *config] if config else []),
    ]
    status = subprocess.run(command, check=False).returncode
    missing = list(
        _missing(options.project, {key: value for key, value in chosen.items() if value})
    )
    if missing:
        raise FusebenchError(
            "\n".join(
                [
                    "could not be fetched or built:",
                    *missing,
                    "The next `fusebench fetch` tries them again.",
                ]
            )
        )
    return status


def _missing(project: Path, options: dict[str, str]) -> list[str]:
    """Return a line for each marker that is absent or not ok."""
    from fusebench.fuse.devices import device_kind
    from fusebench.planning.selection import read_selection
    from fusebench.registry.loading import load_registry

    device = device_kind(load_registry(project, options, checked=True).config.device)
    lines = []
    for name, kind in read_selection(project, options, device).fetched.items():
        try:
            marker = read_stored(project / name, kind)
        except FileNotFoundError:
            lines.append(f"  {name}: absent: see above")
            continue
        if not marker.is_ok:
            lines.append(f"  {name}: {marker.state}: {marker.reason}")
    return lines
