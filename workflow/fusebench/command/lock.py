"""``fusebench lock``: pin every package of an environment with its hashes."""

from __future__ import annotations

import argparse
from pathlib import Path

from fusebench.environments.definition import VARIANTS, environment_folders
from fusebench.environments.locking import LockChange, lock

EXAMPLES = """examples:
  fusebench lock mine                        both variants of envs/mine
  fusebench lock torch-2 --variant cuda      one of them
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``fusebench lock``."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "env", nargs="*", help="environments, folders of envs/; without one, all of them"
    )
    parser.add_argument("--variant", choices=VARIANTS, help="lock this variant only")
    parser.add_argument(
        "--envs", type=Path, default=Path("envs"), metavar="FOLDER", help="where they lie (envs)"
    )


def run(options: argparse.Namespace) -> int:
    """Lock the environments and print what changed against the old locks."""
    folders = [options.envs / name for name in options.env] or environment_folders(options.envs)
    for folder in folders:
        for change in lock(folder, options.variant):
            print(_describe(change))
    return 0


def _describe(change: LockChange) -> str:
    if not change.changes:
        return f"{change.file}: unchanged"
    return "\n".join(
        [f"{change.file}: {len(change.changes)} changed", *(f"  {line}" for line in change.changes)]
    )
