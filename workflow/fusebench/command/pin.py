"""``fusebench pin NAME...``: write down the hashes of what was downloaded first.

These are hashes of a method's weights, or of a dataset's images.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeVar

from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest, Marker, WeightsMarker
from fusebench.errors import RegistryError
from fusebench.layout import WEIGHTS, dataset_marker

Made = TypeVar("Made", bound=Marker)

EXAMPLES = """examples:
  fusebench pin almfnet roadscene50     hashes of its weights, and of the images of a dataset
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``fusebench pin``."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "name", nargs="+", help="methods with fetched weights, or prepared datasets"
    )
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )


def run(options: argparse.Namespace) -> int:
    """Pin each name and print what was written.

    A hash that an entry has already stays as it is.
    """
    from fusebench.registry.loading import load_registry

    registry = load_registry(options.project)
    for name in options.name:
        if name in registry.methods:
            print(_pin_weights(options.project, name))
        elif name in registry.datasets:
            print(_pin_dataset(options.project, name))
        else:
            raise RegistryError(
                f"{name}: must be a method or a dataset of the registry; `fusebench list` prints"
                " them"
            )
    return 0


def _pin_weights(project: Path, method: str) -> str:
    """Write into the entry the sha256 of every fetched file that has none there.

    Raises:
        RegistryError: a file was exchanged since it was checked; its old hash must not be pinned.
    """
    from fusebench.command.pinning import pin_weights
    from fusebench.sources.weights import weights_changed

    marker = _marker(project / WEIGHTS / f"{method}.json", WeightsMarker)
    if weights_changed(project, method):
        raise RegistryError(
            f"{method}: its files in {project / WEIGHTS / method} must be those that were checked;"
            f" found others; run `snakemake --cores 1 {WEIGHTS}/{method}.json`, then pin again"
        )
    pinned = pin_weights(project, method, marker.sha256, marker.facts)
    return f"{method}: pinned {', '.join(pinned) or 'nothing: every fetched file has its hash'}"


def _pin_dataset(project: Path, dataset: str) -> str:
    """Write the hashes of a prepared dataset beside its list of pairs.

    The entry of the dataset gets the name of that file.
    """
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
        raise RegistryError(
            f"{file} must be the marker of a success; found none: it was not run"
        ) from error
    if not marker.is_ok:
        raise RegistryError(
            f"{file} must be the marker of a success; found {marker.state}: {marker.reason}"
        )
    return marker
