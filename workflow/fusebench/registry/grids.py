"""What the grids of tables show.

A dataset must have the pairs, and the crops must lie inside its images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from fusebench.contracts.configuration import Box, Crops
from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest, Size
from fusebench.errors import RegistryError, UnreadableFile
from fusebench.layout import dataset_marker
from fusebench.registry.documents import near
from fusebench.registry.pairing import dataset_job, expected_names
from fusebench.registry.tables import PaperTable


def grid_problems(tables: Mapping[str, PaperTable], root: Path) -> Iterator[str]:
    """Yield pairs that a dataset does not have, and crops outside its images.

    Pairs are also checked of a dataset that is not prepared, crops only of a prepared one.
    """
    for table in tables.values():
        for dataset in table.datasets:
            pairs, crops = table.pairs_of(dataset.name), table.crops_of(dataset.name)
            named = [*crops, *(pairs if not isinstance(pairs, int) else [])]
            sizes = _prepared_sizes(root, dataset.name)
            if absent := [pair for pair in dict.fromkeys(named) if pair not in sizes]:
                # The prepared dataset may be older than the list of the pairs.
                known = expected_names(dataset_job(dataset.entry, root), root) or list(sizes)
                yield from _absent_pairs(table.name, dataset.name, absent, known)
            yield from crop_problems(table.name, dataset.name, crops, sizes)


def _absent_pairs(
    table: str, dataset: str, named: Sequence[str], known: list[str]
) -> Iterator[str]:
    for pair in named:
        if known and pair not in known:
            yield (
                f"config: tables.{table}: dataset {dataset!r} has no pair"
                f" {pair!r}{near(pair, known)}; it has {len(known)} pairs"
            )


def crop_problems(
    table: str,
    dataset: str,
    crops: Mapping[str, Sequence[Box]],
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
                    f"config: tables.{table}.crops.{dataset}.{pair}: a box [x, y, width, height]"
                    f" must lie inside the image of {width}x{height} pixels; found {list(box)}"
                )


def check_crops(dataset: str, manifest: Manifest, tables: Mapping[str, Crops]) -> None:
    """Check that what the tables of a run show enlarged lies inside a dataset's images.

    Args:
        dataset: its name.
        manifest: of the dataset; one that could not be prepared has no pairs.
        tables: table -> dataset -> pair -> boxes.

    Raises:
        RegistryError: a box does not lie inside its image.
    """
    sizes = _sizes_of(manifest)
    problems = [
        problem
        for table, crops in tables.items()
        for problem in crop_problems(table, dataset, crops.get(dataset, {}), sizes)
    ]
    if problems:
        raise RegistryError("\n".join(problems))


def _inside(box: Box, width: int, height: int) -> bool:
    x, y, box_width, box_height = box
    return box_width > 0 and box_height > 0 and x + box_width <= width and y + box_height <= height


def _prepared_sizes(root: Path, dataset: str) -> dict[str, Size]:
    """Return the sizes of the pairs of a prepared dataset.

    Nothing for a dataset that is not prepared, or must be prepared again.
    """
    try:
        return _sizes_of(read_stored(root / dataset_marker(dataset), Manifest))
    except (FileNotFoundError, UnreadableFile):
        return {}


def _sizes_of(manifest: Manifest) -> dict[str, Size]:
    """Return pair -> size of the images of a manifest."""
    return {pair.name: pair.size for pair in manifest.pairs}
