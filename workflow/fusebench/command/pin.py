"""``fusebench pin NAME...``: keep the hashes of what was first downloaded, a method's weights or a dataset's images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, TypeVar

from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest, Marker, WeightsMarker
from fusebench.errors import RegistryError
from fusebench.layout import WEIGHTS, dataset_marker

Made = TypeVar("Made", bound=Marker)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``fusebench pin``."""
    parser.add_argument(
        "name", nargs="+", help="methods with fetched weights, or prepared datasets"
    )
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )


def run(options: argparse.Namespace) -> int:
    """Pin each name and print what was written; hashes that an entry has already stay as they are."""
    from fusebench.registry.loading import load_registry

    registry = load_registry(options.project)
    for name in options.name:
        if name in registry.methods:
            print(_pin_weights(options.project, name))
        elif name in registry.datasets:
            print(_pin_dataset(options.project, name))
        else:
            raise RegistryError(
                f"{name}: must be a method or a dataset of the registry; `fusebench list` prints them"
            )
    return 0


def _pin_weights(project: Path, method: str) -> str:
    """Write the sha256 of every fetched file that has none yet into its entry."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    from fusebench.registry.methods_file import METHODS
    from fusebench.registry.writing import change_registry

    found = _marker(project / WEIGHTS / f"{method}.json", WeightsMarker).sha256
    pinned: list[str] = []

    def write(entries: Any) -> None:
        for item in entries[method]["weights"]:
            if item["path"] in found and "sha256" not in item:
                item["sha256"] = DoubleQuotedScalarString(found[item["path"]])
                pinned.append(item["path"])

    change_registry(project / METHODS, write)
    return f"{method}: pinned {', '.join(pinned) or 'nothing: every fetched file has its hash'}"


def _pin_dataset(project: Path, dataset: str) -> str:
    """Write the sums of a prepared dataset beside its list of pairs, and name the file in its entry."""
    from fusebench.datasets.pins import write_pins
    from fusebench.registry.loading import DATASETS, load_registry
    from fusebench.registry.writing import change_registry, set_field

    if load_registry(project).datasets[dataset].entry.hashes:
        return f"{dataset}: pinned already; remove `hashes` from its entry to pin other images"
    file = f"pairs/{dataset}.sha256"
    count = write_pins(project / file, _marker(project / dataset_marker(dataset), Manifest))
    change_registry(
        project / DATASETS,
        lambda entries: set_field(entries[dataset], "hashes", file, before="licence"),
    )
    return f"{dataset}: {file} pins {count} images"


def _marker(file: Path, kind: type[Made]) -> Made:
    try:
        marker = read_stored(file, kind)
    except FileNotFoundError as error:
        raise RegistryError(f"{file} must tell of a success; found none: it was not run") from error
    if not marker.is_ok:
        raise RegistryError(f"{file} must tell of a success; found {marker.state}: {marker.reason}")
    return marker
