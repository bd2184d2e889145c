"""``fusebench new``: draft the entry of a repository."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fusebench.command.options import add_overrides, overrides_of

if TYPE_CHECKING:
    from fusebench.authoring.drafting import Draft
    from fusebench.registry.loading import Registry

EXAMPLES = """examples:
  fusebench new https://github.com/zyb5/LUT-Fuse            appends a draft to methods.yaml
  fusebench new https://github.com/zyb5/LUT-Fuse --print    prints it and changes no file
  fusebench new ~/my-method --name mine                     a folder of this machine

Nothing of the repository is run. Then: fusebench try NAME

exit status: 0 a draft was made; 1 nothing can be drafted; 2 a wrong call
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fusebench new``."""
    parser.epilog = EXAMPLES
    parser.add_argument("url", help="the address of a repository, or a folder")
    parser.add_argument("--commit", default="", help="its full hash; default the newest commit")
    parser.add_argument("--name", default="", help="of the entry; default that of the repository")
    parser.add_argument("--print", action="store_true", help="print the draft, change no file")
    add_overrides(parser)


def run(options: argparse.Namespace) -> int:
    """Draft one entry.

    Raises:
        FusebenchError: the repository cannot be had, or holds nothing that could be run.
    """
    from fusebench.authoring.cloning import repository_address
    from fusebench.authoring.writing import append, checked_text
    from fusebench.registry.loading import load_registry

    registry = load_registry(options.project, overrides_of(options) or None)
    made = drafted(registry, repository_address(options.url), options.commit, options.name)
    text = checked_text(made)
    if options.print:
        print(text, end="")
    else:
        file = append(options.project, text)
        print(f"{text}\n{file}: the draft of {made.name} is at its end")
    if made.problem:
        print(f"nothing can be run yet: {made.problem}")
        return 1
    unsure = [line.key for line in made.lines if not line.is_sure]
    print(f"unsure: {', '.join(unsure) or 'nothing'}; next: fusebench try {made.name}")
    return 0


def drafted(registry: Registry, code: str, commit: str = "", name: str = "") -> Draft:
    """Return the draft of a repository, under a name that no entry has.

    Raises:
        FusebenchError: the repository cannot be had.
    """
    from fusebench.authoring.cloning import cloned
    from fusebench.authoring.drafting import draft, entry_name
    from fusebench.authoring.writing import free_name
    from fusebench.registry.methods import owner_and_name

    tree, marker = cloned(code, commit, Path(registry.root), registry.config.mirror)
    wanted = name or entry_name(owner_and_name(code)[1])
    free = free_name(wanted, registry.methods)
    labels = {method.label for method in registry.methods.values()}
    return draft(tree, code, marker.commit or "", registry.root, free, labels)
