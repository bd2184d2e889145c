"""``fusebench list``: the registry as a table."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from fusebench.registry.loading import Registry, load_registry
from fusebench.registry.methods import links_of

Rows = list[dict[str, str]]

EXAMPLES = """examples:
  fusebench list methods
  fusebench list metrics --json
  fusebench list compat           the shims: what each does, and when to name it
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fusebench list``."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "what", choices=["methods", "datasets", "duplicates", "metrics", "envs", "compat"]
    )
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(options: argparse.Namespace) -> int:
    """Print one table."""
    rows = _rows(options.what, options.project)
    print(json.dumps(rows, indent=1, ensure_ascii=False) if options.json else as_table(rows))
    return 0


def _rows(what: str, project: Path) -> Rows:
    if what == "metrics":
        from fusebench.metrics import metrics_table

        return metrics_table()
    if what == "compat":
        return _shims()
    registry = load_registry(project)
    if what == "methods":
        return _methods(registry)
    if what == "duplicates":
        from fusebench.datasets.duplicates import shared_pairs

        return shared_pairs(registry)
    return _datasets(registry) if what == "datasets" else _environments(registry)


def _shims() -> Rows:
    from fusebench.contracts.causes import shims

    return [
        {"compat": shim.usage(name), "what it does": shim.does, "when": shim.when}
        for name, shim in shims().items()
    ]


def _methods(registry: Registry) -> Rows:
    from fusebench.registry.documentation import verified_on

    return [
        {
            "method": method.name,
            "task": ", ".join(method.tasks),
            "year": str(method.paper.year or ""),
            "licence": method.entry.licence or "",
            "state": method.status,
            "verified": verified_on(method),
            "environment": method.env,
            "links": " ".join(links_of(method)),
        }
        for method in registry.methods.values()
    ]


def _datasets(registry: Registry) -> Rows:
    from fusebench.markers import read_manifest
    from fusebench.registry.pairing import pair_names

    rows = []
    for dataset in registry.datasets.values():
        names = pair_names(dataset.entry.pairs, registry.root)
        try:
            prepared = read_manifest(registry.root, dataset.name)
        except FileNotFoundError:
            prepared = None
        count = len(names) if names else len(prepared.pairs) if prepared else 0
        rows.append(
            {
                "dataset": dataset.name,
                "task": dataset.task,
                "kind": dataset.kind,
                "pairs": str(count or "?"),
                "licence": dataset.licence,
                "prepared": prepared.state if prepared else "no",
                "sha256": (prepared and prepared.sha256) or dataset.entry.sha256 or "",
            }
        )
    return rows


def _environments(registry: Registry) -> Rows:
    from fusebench.environments.table import environments_table

    users: dict[str, list[str]] = {}
    for method in registry.methods.values():
        if method.is_active:
            users.setdefault(method.env, []).append(method.name)
    return environments_table(registry.root / "envs", registry.root / "resources", users)


def as_table(rows: Rows) -> str:
    """Return rows as lines with aligned columns."""
    if not rows:
        return "(none)"
    heads = list(rows[0])
    widths = {head: max(len(head), *(len(row[head]) for row in rows)) for head in heads}
    lines = [{head: head for head in heads}, {head: "-" * widths[head] for head in heads}, *rows]
    return "\n".join(
        "  ".join(line[head].ljust(widths[head]) for head in heads).rstrip() for line in lines
    )
