"""``fusebench verify``: compare a built environment with its lock, or all that is at hand."""

from __future__ import annotations

import argparse
from pathlib import Path

from fusebench.environments.definition import VARIANTS
from fusebench.environments.key import choose_variant, environment_key
from fusebench.environments.verifying import verify

EXAMPLES = """examples:
  fusebench verify torch-2      an environment against its lock
  fusebench verify --all        all that this project has
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``fusebench verify``."""
    parser.epilog = EXAMPLES
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("env", nargs="?", help="environment, a folder of envs/")
    what.add_argument(
        "--all",
        action="store_true",
        help="instead: clones, weights, images, environments, records and values of this project",
    )
    parser.add_argument("--variant", choices=VARIANTS, help="that of this machine, unless given")
    parser.add_argument(
        "--archives",
        action="store_true",
        help="fetch the locked archives again and compare with those",
    )
    parser.add_argument(
        "--envs", type=Path, default=Path("envs"), metavar="FOLDER", help="where they lie (envs)"
    )
    parser.add_argument(
        "--resources", type=Path, default=Path("resources"), metavar="FOLDER", help="(resources)"
    )


def run(options: argparse.Namespace) -> int:
    """Print each difference; the exit status is 1 where there is one."""
    if options.all:
        return _run_all(Path())
    folder = options.envs / options.env
    variant = options.variant or choose_variant(folder)
    differences = verify(folder, variant, options.resources, archives=options.archives)
    for difference in differences:
        print(difference)
    if differences:
        built = options.resources.absolute() / "envs" / environment_key(folder, variant)
        print(
            f"{options.env}: {len(differences)} differences; remove {built} and {built}.json and"
            " run the pipeline again"
        )
        return 1
    print(f"{options.env}: every file is what the lock says")
    return 0


def _run_all(root: Path) -> int:
    from fusebench.command.stored import damages

    found = 0
    for found, damage in enumerate(damages(root), start=1):  # noqa: B007
        print(damage, flush=True)
    print(f"{found} damaged" if found else "everything is as it was written down")
    return 1 if found else 0
