"""Qualitative grid: sources and methods on some pairs, with boxes enlarged below each image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fusebench.contracts.configuration import Box
from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import Record
from fusebench.contracts.tables import FigureSpec
from fusebench.figures.contents import Inputs
from fusebench.figures.style import PAGE, message, selection
from fusebench.images import read_image
from fusebench.layout import FUSED, cell_folder, record_path
from fusebench.markers import read_manifest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

Images = dict[str, "NDArray[np.uint8]"]
Runs = Mapping[str, Mapping[str, str]]
"""Method -> pair -> file of the fused image."""

COLUMNS = 6
"""Images side by side at the width of a page."""
CROP_SHARE = 0.25
"""Width of an automatic box, as a share of the image's shorter side."""
BOXES = 2
BOX_COLOURS = ("#E69F00", "#56B4E9", "#009E73")
SQUARES: tuple[Box, ...] = ((0, 0, 1, 1),) * BOXES
"""The shape of automatic boxes."""
SOURCES = 2
GAP = 0.02
WIDTH = PAGE / COLUMNS * (1 - GAP)
"""Of an image in inches."""
PAGE_HEIGHT = 8.7
"""Of a page in inches, without a caption."""
ACRONYMS = frozenset({"ct", "mri", "pet", "spect", "hsi", "msi", "pan", "gfp", "pc"})


def draw(spec: FigureSpec, inputs: Inputs) -> tuple[Figure, pd.DataFrame]:
    """Return the figure and what is shown: one row for each image and box."""
    import pandas as pd
    from matplotlib.figure import Figure

    manifest, runs = read_manifest(inputs.root, spec.dataset), _runs(spec, inputs)
    if not manifest.is_ok or not runs:
        return message("no method has images of this dataset"), pd.DataFrame()
    pairs = chosen_pairs(spec, inputs, [pair.name for pair in manifest.pairs])
    methods = _fitting(spec, inputs, manifest, runs, pairs)
    shown = [(pair, _images(spec, inputs, manifest, runs, pair, methods)) for pair in pairs]
    blocks = [(pair, images, boxes_of(spec, pair, images)) for pair, images in shown]
    heights = [_block_height(images, boxes) for _, images, boxes in blocks]
    figure = Figure(figsize=(PAGE, sum(heights)))
    parts: Any = figure.subfigures(len(blocks), 1, height_ratios=heights, hspace=0, squeeze=False)
    for figures, (_, images, boxes) in zip(parts.flat, blocks, strict=True):
        _block(figures, images, boxes, spec)
    figure.text(0.5, 1, selection(len(methods), len(runs)), ha="center", va="bottom", fontsize=6)
    return figure, _table(blocks)


def _runs(spec: FigureSpec, inputs: Inputs) -> Runs:
    """Return, for each method that ended well, pair -> file of the fused image."""
    runs = {}
    for method in spec.cells.runs.get(spec.dataset, []):
        record = read_stored(inputs.root / record_path(method, spec.dataset), Record)
        folder = inputs.root / cell_folder(method, spec.dataset) / FUSED
        if record.is_ok:
            runs[method] = {image.name: str(folder / image.shown) for image in record.images}
    return runs


def chosen_pairs(spec: FigureSpec, inputs: Inputs, known: Sequence[str]) -> list[str]:
    """Return the pairs named in the configuration, or those on which the methods differ most.

    The difference is the standard deviation over the methods of each metric's standardised values,
    averaged over the metrics.
    """
    if not isinstance(spec.pairs, int):
        return list(spec.pairs)
    spreads = [
        ((values - values.to_numpy().mean()) / (values.to_numpy().std() or 1)).std(axis=1)
        for values in inputs.matrices(spec).values()
        if values.shape[1] > 1
    ]
    if not spreads:
        return list(known[: spec.pairs])
    mean = sum(spreads[1:], spreads[0]) / len(spreads)
    chosen = set(mean.sort_values(ascending=False, kind="stable").index[: spec.pairs])
    return [pair for pair in known if pair in chosen]


def _fitting(
    spec: FigureSpec,
    inputs: Inputs,
    manifest: Manifest,
    runs: Runs,
    pairs: Sequence[str],
) -> list[str]:
    """Return the methods to show: all, or as many leading ones as fit on a page with every pair."""
    heights = []
    for pair in pairs:
        sources = _images(spec, inputs, manifest, runs, pair, [])
        heights.append(_row_height(sources, boxes_of(spec, pair, sources) or SQUARES))
    rows = max(1, int(PAGE_HEIGHT / sum(heights)))
    return inputs.leading(spec, runs, rows * COLUMNS - SOURCES)


def _images(
    spec: FigureSpec,
    inputs: Inputs,
    manifest: Manifest,
    runs: Runs,
    pair: str,
    methods: Sequence[str],
) -> Images:
    """Return name shown -> image: both sources, then the methods that have the pair, in order."""
    entry = next(item for item in manifest.pairs if item.name == pair)
    folder = inputs.root / manifest.path
    images: Images = {
        _shown(modality): _pixels(folder / entry.sides[side].shown)
        for side, modality in zip("ab", spec.modalities, strict=True)
    }
    having = [method for method in methods if pair in runs[method]]
    return images | {spec.labels[method]: _pixels(Path(runs[method][pair])) for method in having}


def _shown(modality: str) -> str:
    """Return the name of a modality as papers print it: Infrared, MRI."""
    return modality.upper() if modality in ACRONYMS else modality.capitalize()


def _pixels(path: Path) -> NDArray[np.uint8]:
    pixels, _ = read_image(path)
    return np.asarray(pixels)


def boxes_of(spec: FigureSpec, pair: str, images: Images) -> list[Box]:
    """Return the boxes of the configuration, or the two places where the methods differ most."""
    if pair not in spec.crops:
        return differing_boxes(list(images.values())[SOURCES:])
    return spec.crops[pair]


def differing_boxes(images: Sequence[NDArray[np.uint8]]) -> list[Box]:
    """Return two boxes without overlap where the images vary most; fewer if they do not fit.

    Each image is standardised first: a method that is brighter or flatter as a whole differs
    everywhere by the same amount.
    """
    import cv2

    grays = [_standardised(image) for image in images]
    common = [gray for gray in grays if gray.shape == grays[0].shape]
    if not common:
        return []
    spread = np.std(np.stack(common), axis=0).astype(np.float32)
    height, width = spread.shape
    side = max(8, int(min(height, width) * CROP_SHARE))
    means = cv2.boxFilter(spread, -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    means = means[: max(0, height - side + 1), : max(0, width - side + 1)].copy()
    boxes: list[Box] = []
    while len(boxes) < BOXES and means.size and means.max() >= 0:
        y, x = (int(place) for place in np.unravel_index(int(means.argmax()), means.shape))
        boxes.append((x, y, side, side))
        means[max(0, y - side) : y + side, max(0, x - side) : x + side] = -1
    return boxes


def _standardised(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    gray = np.asarray(image if image.ndim == 2 else image.mean(axis=2), dtype=np.float64)
    standard: NDArray[np.float64] = (gray - gray.mean()) / (gray.std() or 1)
    return standard


def _block_height(images: Images, boxes: Sequence[Box]) -> float:
    """Return the height in inches of one pair's rows."""
    return -(-len(images) // COLUMNS) * _row_height(images, boxes)


def _row_height(images: Images, boxes: Sequence[Box]) -> float:
    """Return the height in inches of a row of images with their crops and names."""
    return _image_height(images) + _crop_height(boxes) + 0.17


def _image_height(images: Images) -> float:
    height, width = next(iter(images.values())).shape[:2]
    return float(WIDTH * height / width)


def _crop_height(boxes: Sequence[Box]) -> float:
    """Return the height in inches of the strip of crops.

    Side by side the crops are as wide as the image; the strip is never taller than that width.
    """
    return WIDTH / max(1.0, _aspect(boxes)) if boxes else 0.0


def _aspect(boxes: Sequence[Box]) -> float:
    """Return the width of boxes side by side at a common height of 1."""
    return sum(width / height for _, _, width, height in boxes)


def _block(figure: Any, images: Images, boxes: Sequence[Box], spec: FigureSpec) -> None:
    """Draw the images of one pair, each with its strip of crops and its name below."""
    rows = -(-len(images) // COLUMNS)
    total = _block_height(images, boxes)
    image_height, crop_height = _image_height(images) / total, _crop_height(boxes) / total
    for number, (label, image) in enumerate(images.items()):
        row, column = divmod(number, COLUMNS)
        left, top = column / COLUMNS, 1 - row / rows
        width = (1 - GAP) / COLUMNS
        panel = figure.add_axes((left, top - image_height, width, image_height))
        _image(panel, image)
        _mark(panel, boxes)
        _crops(figure, image, boxes, (left, top - image_height - crop_height, width, crop_height))
        below = top - image_height - crop_height - 0.02 / total
        figure.text(left + width / 2, below, label, ha="center", va="top", fontsize=6.5)


def _image(panel: Axes, image: NDArray[np.uint8]) -> None:
    panel.imshow(image, cmap="gray", vmin=0, vmax=255, aspect="auto")
    panel.set_axis_off()


def _mark(panel: Axes, boxes: Sequence[Box]) -> None:
    from matplotlib.patches import Rectangle

    for (x, y, width, height), colour in zip(boxes, BOX_COLOURS, strict=False):
        panel.add_patch(
            Rectangle(
                (x - 0.5, y - 0.5), width, height, fill=False, edgecolor=colour, linewidth=0.9
            )
        )


def _crops(
    figure: Any,
    image: NDArray[np.uint8],
    boxes: Sequence[Box],
    place: tuple[float, float, float, float],
) -> None:
    left, bottom, width, height = place
    # Tall boxes do not fill the width: they stand in its middle.
    scale = width / max(1.0, _aspect(boxes))
    left += (width - scale * _aspect(boxes)) / 2
    for (x, y, box_width, box_height), colour in zip(boxes, BOX_COLOURS, strict=False):
        share = scale * box_width / box_height
        panel = figure.add_axes((left, bottom, share, height))
        panel.imshow(
            image[y : y + box_height, x : x + box_width],
            cmap="gray",
            vmin=0,
            vmax=255,
            aspect="auto",
        )
        panel.set(xticks=[], yticks=[])
        for spine in panel.spines.values():
            spine.set(visible=True, color=colour, linewidth=1.2)
        left += share


def _table(blocks: Sequence[tuple[str, Images, Sequence[Box]]]) -> pd.DataFrame:
    import pandas as pd

    nothing: list[Any] = [()]
    rows = [
        {
            "pair": pair,
            "image": label,
            **dict(zip(("x", "y", "width", "height"), box, strict=False)),
        }
        for pair, images, boxes in blocks
        for label in images
        for box in boxes or nothing
    ]
    return pd.DataFrame(rows)
