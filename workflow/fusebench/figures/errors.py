"""Where results on arrays are wrong: false colours, maps of two errors, and the error by band.

All maps of one kind share one colour bar; false colours share the limits of the scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest, Pair
from fusebench.contracts.records import Record
from fusebench.contracts.tables import FigureSpec
from fusebench.datasets.prepared import read_prepared
from fusebench.figures.contents import Inputs
from fusebench.figures.style import PAGE, looks, message, selection
from fusebench.images import read_image
from fusebench.layout import FUSED, cell_folder, record_path
from fusebench.markers import read_manifest
from fusebench.measure.runs import read_fused
from fusebench.metrics.bands import angle_map

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

MOST_METHODS = 6
"""Side by side at the width of a page."""
CURVE_HEIGHT = 1.3
"""Of the error by band in inches."""
BRIGHTEST = 99
"""The percentile of all maps of a kind that has the brightest colour."""


@dataclass(frozen=True)
class Shown:
    """One result beside the ground truth.

    Attributes:
        picture: false colours, gray (H, W) or RGB (H, W, 3).
        errors: mean absolute error over the bands, (H, W).
        angles: spectral angle in degrees, (H, W).
        by_band: root mean square error of each band.
    """

    picture: NDArray[np.uint8]
    errors: NDArray[np.float64]
    angles: NDArray[np.float64]
    by_band: NDArray[np.float64]


def draw(spec: FigureSpec, inputs: Inputs) -> tuple[Figure, pd.DataFrame]:
    """Return the figure, and the error of every method shown by band."""
    import pandas as pd
    from matplotlib.figure import Figure

    manifest = read_manifest(inputs.root, spec.dataset)
    records = _records(spec, inputs)
    if not manifest.is_ok or not manifest.pairs[0].reference or not records:
        return message("no method has results with a ground truth on this dataset"), pd.DataFrame()
    pair = _chosen(spec, manifest)
    methods = inputs.leading(spec, records, MOST_METHODS)
    truth = read_prepared(inputs.root / manifest.path, pair.sides["reference"])
    shown = {
        spec.labels[method]: _shown(inputs.root, records[method], pair, truth) for method in methods
    }
    height, width = truth.shape[:2]
    row = PAGE / (len(shown) + 0.35) * height / width
    figure = Figure(figsize=(PAGE, 3 * row + CURVE_HEIGHT + 0.4), layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=[3 * row, CURVE_HEIGHT])
    _maps(parts[0], shown)
    _curves(parts[1], shown)
    figure.suptitle(selection(len(methods), len(records)), fontsize=6)
    return figure, _table(pair.name, shown)


def _records(spec: FigureSpec, inputs: Inputs) -> dict[str, Record]:
    """Return the records of the methods that ended well on the dataset."""
    runs = spec.cells.runs.get(spec.dataset, [])
    read = {
        method: read_stored(inputs.root / record_path(method, spec.dataset), Record)
        for method in runs
    }
    return {method: record for method, record in read.items() if record.is_ok}


def _chosen(spec: FigureSpec, manifest: Manifest) -> Pair:
    """Return the first pair that the grid names, or else the first one."""
    named = spec.pairs if not isinstance(spec.pairs, int) else []
    known = [pair for pair in manifest.pairs if pair.name in named]
    return (known or manifest.pairs)[0]


def _shown(root: Path, record: Record, pair: Pair, truth: NDArray[Any]) -> Shown:
    image = next(image for image in record.images if image.name == pair.name)
    folder = root / cell_folder(record.method, record.dataset) / FUSED
    fused = np.asarray(read_fused(folder / image.fused, image), dtype=np.float64)
    wanted = np.asarray(truth, dtype=np.float64)
    difference = fused - wanted
    return Shown(
        read_image(folder / image.shown)[0],
        np.abs(difference).mean(axis=2),
        np.degrees(angle_map(wanted, fused)),
        np.sqrt((difference**2).mean(axis=(0, 1))),
    )


def _maps(figure: Any, shown: dict[str, Shown]) -> None:
    panels = figure.subplots(3, len(shown), squeeze=False)
    for column, (label, one) in enumerate(shown.items()):
        panels[0, column].imshow(one.picture, cmap="gray", vmin=0, vmax=255)
        panels[0, column].set_title(label, fontsize=6.5)
    _row(figure, panels[1], [one.errors for one in shown.values()], "mean absolute error")
    _row(figure, panels[2], [one.angles for one in shown.values()], "spectral angle (degree)")
    for panel in panels.flat:
        panel.set(xticks=[], yticks=[])


def _row(figure: Any, panels: Any, maps: list[NDArray[np.float64]], name: str) -> None:
    """Draw maps of one kind with one colour bar."""
    brightest = max(float(np.nanpercentile(np.stack(maps), BRIGHTEST)), 1e-12)
    for panel, values in zip(panels, maps, strict=True):
        drawn = panel.imshow(values, cmap="viridis", vmin=0, vmax=brightest)
    figure.colorbar(drawn, ax=list(panels), shrink=0.9, pad=0.01).set_label(name, fontsize=6)


def _curves(figure: Any, shown: dict[str, Shown]) -> None:
    panel = figure.subplots()
    lines = looks(list(shown))
    for label, one in shown.items():
        bands = np.arange(1, len(one.by_band) + 1)
        panel.plot(bands, one.by_band, label=label, markersize=2, linewidth=0.8, **lines[label])
    panel.set(xlabel="band", ylabel="RMSE")
    panel.legend(fontsize=5.5, ncols=2)


def _table(pair: str, shown: dict[str, Shown]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {"pair": pair, "method": label, "band": band, "rmse": value}
        for label, one in shown.items()
        for band, value in enumerate(one.by_band, start=1)
    ]
    return pd.DataFrame(rows)
