"""``fusebench check``: validate the registry and the configuration, and say what they hold."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fusebench check``."""
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )


def run(options: argparse.Namespace) -> int:
    """Print what the registry holds.

    Raises:
        RegistryError: a file is wrong; the message has a line for every problem.
    """
    from fusebench.registry.loading import load_registry

    registry = load_registry(options.project)
    active = sum(method.is_active for method in registry.methods.values())
    print(
        f"methods.yaml: {len(registry.methods)} methods, {active} active\n"
        f"datasets.yaml: {len(registry.datasets)} datasets\n"
        f"config/config.yaml: {len(registry.suites)} suites; "
        f"selected: {', '.join(suite.name for suite in registry.selected)}"
    )
    return 0
