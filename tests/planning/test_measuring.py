"""What a measuring job asks of the scheduler."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.contracts.files import as_parameter, write_stored
from fusebench.contracts.jobs.comparing import Measured, MeasureJob
from fusebench.contracts.markers import ImageFile, Manifest, Pair
from fusebench.layout import dataset_marker
from fusebench.measure.memory import bytes_per_pixel
from fusebench.metrics import default_metrics, resolve
from fusebench.metrics.resolving import all_definitions
from fusebench.planning.measuring import measuring_mb

SIZE = (4000, 3000)
IMAGE = ImageFile(file="x.png", mode="gray", sha256="0" * 64)


def asked(
    root: Path, size: tuple[int, int], pairs: int, metrics: list[str], attempt: int = 1
) -> int:
    """The memory asked for a dataset of some pairs of one size, beside one not yet prepared."""
    made = [Pair(name=str(number), size=size, a=IMAGE, b=IMAGE) for number in range(pairs)]
    write_stored(root / dataset_marker("d"), Manifest(path="d", pairs=made))
    datasets = [Measured(dataset=name, methods=["m"], metrics=metrics) for name in ("d", "later")]
    return measuring_mb(root, as_parameter(MeasureJob(datasets=datasets)), attempt)


def test_small_images_ask_for_what_they_always_asked(tmp_path: Path) -> None:
    """A retry of a job that died asks for more."""
    metrics = default_metrics("infrared-visible")
    assert asked(tmp_path, (640, 480), 361, metrics) == 4000
    assert asked(tmp_path, (640, 480), 361, metrics, attempt=3) == 12000


def test_large_images_ask_for_what_they_need(tmp_path: Path) -> None:
    """A pair of 12 megapixels takes 7,100 MB for `all@zliu`, 4,500 MB for `all@tang`.

    Two pairs are measured at once; a single pair takes half.
    """
    zliu, tang = ([d.id for d in resolve([f"all@{name}"])] for name in ("zliu", "tang"))
    assert 14_200 < asked(tmp_path, SIZE, 5, zliu) < 2 * 14_200
    assert 9_000 < asked(tmp_path, SIZE, 2, tang) < 2 * 9_000
    assert 7_100 < asked(tmp_path, SIZE, 1, zliu) < 14_200


@pytest.mark.parametrize(
    ("metrics", "measured"),
    [("default", 149), ("all@vifb", 202), ("all@tang", 428), ("all@zliu", 632), ("all", 1513)],
)
def test_the_bytes_of_a_pixel_cover_what_was_measured(metrics: str, measured: int) -> None:
    """They are more than was measured, and at most twice as much."""
    every = [one.id for one in all_definitions().values() if one.kind == "gray"]
    named = {"default": default_metrics("infrared-visible"), "all": every}.get(metrics, [metrics])
    assert measured < bytes_per_pixel(resolve(named)) < 2 * measured
