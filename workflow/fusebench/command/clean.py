"""``fusebench clean``: tell what nothing refers to, with its size, and free it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fusebench.errors import RunIsAlive
from fusebench.folders import remove_folder
from fusebench.living_runs import no_living_run

if TYPE_CHECKING:
    from fusebench.command.unused import Unused

NOT_CONFIRMED = 3

STATUS = (
    "exit status: 0 where nothing is left to free, or after --dry-run; 1 where a run goes on, the"
    " registry is wrong or something could not be removed; 3 where nobody said yes"
)
MEGABYTE = 1e6

EXAMPLES = """examples:
  fusebench clean --dry-run     tells what could be freed
  fusebench clean               tells it, asks, and frees it
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``fusebench clean``."""
    parser.description = (
        f"{parser.description}. Only what the registry does not refer to is freed, and trials;"
        " other results never are. It asks first."
    )
    parser.epilog = f"{EXAMPLES}\n{STATUS}"
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--yes", action="store_true", help="do not ask")
    how.add_argument("--dry-run", action="store_true", help="only tell")
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )


def run(options: argparse.Namespace) -> int:
    """Tell what is unused, ask, and remove it.

    Raises:
        RegistryError: the registry is wrong: what it refers to is not known.
        RunIsAlive: a run goes on.
    """
    if options.dry_run:
        _tell(_found(options.project))
        return 0
    with no_run_at_work(options.project):
        found = _found(options.project)
        _tell(found)
        if not found:
            return 0
        if not (options.yes or _confirmed()):
            print("Nothing was removed.")
            return NOT_CONFIRMED
        return _remove_all(found)


@contextmanager
def no_run_at_work(root: Path) -> Iterator[None]:
    """Keep runs of this project from starting; raise RunIsAlive if one, or a job of one, lives."""
    from fusebench.fuse.leases import FILE, held_now_by
    from fusebench.slurm import jobs_of

    with no_living_run(root):
        for lease in (root / "results").glob(f"*/**/{FILE}"):
            if who := held_now_by(lease.parent):
                raise RunIsAlive(f"{lease.parent}: {who} writes it; wait until it has ended")
        if jobs := jobs_of(root):
            raise RunIsAlive(
                f"{root.absolute()}: Slurm jobs of this folder wait or run: {', '.join(jobs)}; wait"
                " until they have ended, or cancel them"
            )
        yield


def _found(root: Path) -> list[Unused]:
    from fusebench.command.unused import unused
    from fusebench.registry.loading import load_registry

    return list(unused(load_registry(root)))


def _tell(found: list[Unused]) -> None:
    kinds: dict[str, list[Unused]] = {}
    for one in found:
        kinds.setdefault(one.what, []).append(one)
    for what, members in kinds.items():
        print(f"{what}:")
        for one in sorted(members, key=lambda one: -one.size):
            print(f"{_megabytes(one.size)}  {_name(one)}")
    total = sum(one.size for one in found)
    print(f"{_megabytes(total)}  in all" if found else "Nothing is unused.")


def _name(one: Unused) -> str:
    """Return the folder of a thing, or the number of its files if it is many."""
    many = [path for path in one.paths if path.exists()]
    if len({path.name.removesuffix(".json").removesuffix(".alive") for path in many}) > 1:
        return f"{len(many)} files in {os.path.commonpath(many)}"
    return str(one.paths[-1]).removesuffix(".json").removesuffix(".alive")


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:10.1f} MB"


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        print("fusebench clean: nobody can be asked here: --yes removes it", file=sys.stderr)
        return False
    return input("Remove all of this? [y/N] ").strip().lower() in ("y", "yes")


def _remove_all(found: list[Unused]) -> int:
    failed = 0
    for one in found:
        try:
            for path in one.paths:
                _remove(path)
        except OSError as error:
            failed += 1
            print(f"{error.filename or _name(one)}: {error.strerror}", file=sys.stderr)
    print(f"{len(found) - failed} removed" + (f", {failed} could not be removed" if failed else ""))
    return 1 if failed else 0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        remove_folder(path)
    else:
        path.unlink(missing_ok=True)
