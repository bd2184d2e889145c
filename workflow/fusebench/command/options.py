"""Options that several subcommands have."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Add ``--project``, ``--mirror`` and ``--config``."""
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )
    parser.add_argument(
        "--mirror", help="a path with {owner} and {name} that replaces the network for repositories"
    )
    parser.add_argument(
        "--config",
        nargs="+",
        action="extend",
        default=[],
        type=_assignment,
        metavar="NAME=VALUE",
        help="options that replace those of config/config.yaml, as Snakemake takes them",
    )


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE; found {text!r}")
    return name, yaml.safe_load(value) if value and "{" not in value else value


def overrides_of(options: argparse.Namespace) -> dict[str, object]:
    """Return the options that replace those of ``config/config.yaml``."""
    mirror = {"mirror": options.mirror} if options.mirror else {}
    return {**dict(options.config), **mirror}
