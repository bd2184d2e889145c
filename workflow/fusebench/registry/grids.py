"""What the grids of tables show: pairs that a dataset must have, and crops that must lie inside its images."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fusebench.datasets.pairing import expected_names
from fusebench.errors import RegistryError
from fusebench.files import read_json
from fusebench.registry.documents import near
from fusebench.registry.tables import PaperTable

Size = tuple[int, int]
"""Width and height in pixels."""

CROPS_VARIABLE = "FUSEBENCH_CROPS"
"""Tells the steps that prepare datasets what the tables show enlarged: table -> dataset -> pair -> boxes, as JSON."""


def grid_problems(tables: Mapping[str, PaperTable], root: Path) -> Iterator[str]:
    """Yield pairs that a dataset has not, prepared or not, and crops outside the images of a prepared one."""
    for table in tables.values():
        for dataset in table.datasets:
            pairs, crops = table.pairs_of(dataset.name), table.crops_of(dataset.name)
            named = [*crops, *(pairs if not isinstance(pairs, int) else [])]
            sizes = _prepared_sizes(root, dataset.name)
            if absent := [pair for pair in dict.fromkeys(named) if pair not in sizes]:
                # What is prepared may be older than the list of the pairs.
                known = expected_names(dataset.entry, root) or list(sizes)
                yield from _absent_pairs(table.name, dataset.name, absent, known)
            yield from crop_problems(table.name, dataset.name, crops, sizes)


def _absent_pairs(
    table: str, dataset: str, named: Sequence[str], known: list[str]
) -> Iterator[str]:
    for pair in named:
        if known and pair not in known:
            yield (
                f"config: tables.{table}: dataset {dataset!r} has no pair {pair!r}{near(pair, known)}; "
                f"it has {len(known)} pairs"
            )


def crop_problems(
    table: str,
    dataset: str,
    crops: Mapping[str, Sequence[Sequence[int]]],
    sizes: Mapping[str, Size],
) -> Iterator[str]:
    """Yield boxes of a grid that do not lie inside their image.

    Args:
        table: the table's name.
        dataset: the name of one of its datasets.
        crops: pair -> boxes.
        sizes: of the pairs whose images are known.
    """
    for pair, boxes in crops.items():
        width, height = sizes.get(pair, (0, 0))
        for box in boxes if pair in sizes else ():
            if not _inside(box, width, height):
                yield (
                    f"config: tables.{table}.crops.{dataset}.{pair}: a box [x, y, width, height] must lie inside the image of "
                    f"{width}x{height} pixels; found {list(box)}"
                )


def check_crops(dataset: str, manifest: Mapping[str, Any]) -> None:
    """Hold what the tables of this run show enlarged, as ``CROPS_VARIABLE`` has it, against a dataset's images.

    Args:
        dataset: its name.
        manifest: of the dataset; one that could not be prepared has no pairs.

    Raises:
        RegistryError: a box does not lie inside its image.
    """
    tables, sizes = json.loads(os.environ.get(CROPS_VARIABLE, "{}")), _sizes_of(manifest)
    problems = [
        problem
        for table, crops in tables.items()
        for problem in crop_problems(table, dataset, crops.get(dataset, {}), sizes)
    ]
    if problems:
        raise RegistryError("\n".join(problems))


def _inside(box: Sequence[int], width: int, height: int) -> bool:
    x, y, box_width, box_height = box
    return box_width > 0 and box_height > 0 and x + box_width <= width and y + box_height <= height


def _prepared_sizes(root: Path, dataset: str) -> dict[str, Size]:
    marker = root / "resources" / "datasets" / f"{dataset}.json"
    return _sizes_of(read_json(marker)) if marker.is_file() else {}


def _sizes_of(manifest: Mapping[str, Any]) -> dict[str, Size]:
    """Return pair -> size of the images of a manifest."""
    return {pair["name"]: (pair["size"][0], pair["size"][1]) for pair in manifest.get("pairs", [])}
