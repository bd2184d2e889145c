"""``fusebench import-list``: draft an entry for each repository of a list of papers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fusebench.command.options import add_overrides, overrides_of

EXAMPLES = """examples:
  fusebench import-list README.md > drafts.yaml       prints the drafts of all that is not known
  fusebench import-list README.md --write --most 5    appends the first five to methods.yaml

exit status: 0 all were drafted; 1 some were not, each with its reason; 2 a wrong call
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fusebench import-list``."""
    parser.epilog = EXAMPLES
    parser.add_argument("file", type=Path, help="Markdown with tables or bullets of papers")
    parser.add_argument("--write", action="store_true", help="append the drafts to methods.yaml")
    parser.add_argument("--most", type=int, default=0, help="how many at most; default all")
    add_overrides(parser)


def run(options: argparse.Namespace) -> int:
    """Draft what the list has and the registry has not.

    Raises:
        FusebenchError: the file cannot be read, or names no repository.
    """
    from fusebench.authoring.paper_lists import repositories_in, without_known
    from fusebench.authoring.writing import append, checked_text
    from fusebench.command.new import drafted
    from fusebench.errors import FusebenchError
    from fusebench.registry.loading import load_registry

    try:
        text = options.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FusebenchError(f"{options.file}: must be a text file in UTF-8: {error}") from error
    named = repositories_in(text)
    if not named:
        raise FusebenchError(
            f"{options.file}: must hold tables or bullets with links to repositories; found none"
        )
    registry = load_registry(options.project, overrides_of(options) or None)
    codes = [method.code for method in registry.methods.values()]
    new = without_known(named, codes)
    failed = 0
    for address in new[: options.most or None]:
        try:
            draft = checked_text(drafted(registry, address))
            if options.write:
                append(options.project, draft)
        except FusebenchError as error:
            print(f"{address}: {error}", file=sys.stderr)
            failed += 1
            continue
        print(draft)
    known = len(named) - len(new)
    print(f"{len(named)} repositories, {known} known already, {failed} failed", file=sys.stderr)
    return 1 if failed else 0
