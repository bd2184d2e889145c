"""What a measuring job asks of the scheduler."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.contracts.files import as_parameter, write_stored
from fusebench.contracts.jobs.comparing import Measured, MeasureJob
from fusebench.contracts.markers import ImageFile, Manifest, Pair
from fusebench.layout import dataset_marker
from fusebench.measure.memory import bytes_of_pair, memory_mb
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
    """A pair of 12 megapixels takes 2,400 MB for `all@zliu`.

    Two pairs are measured at once.
    """
    zliu = [one.id for one in resolve(["all@zliu"])]
    assert 4_800 < asked(tmp_path, SIZE, 5, zliu) < 2 * 4_800
    assert 2_400 < asked(tmp_path, SIZE, 1, zliu) < asked(tmp_path, SIZE, 2, zliu)


def test_the_pair_that_needs_most_may_be_a_smaller_one(tmp_path: Path) -> None:
    """Images of more than 2 megapixels are measured in strips, which takes less memory."""
    zliu = [one.id for one in resolve(["all@zliu"])]
    whole, strips = asked(tmp_path, (1920, 1080), 2, zliu), asked(tmp_path, (2000, 1080), 2, zliu)
    assert strips < whole
    pairs = [
        Pair(name=str(width), size=(width, 1080), a=IMAGE, b=IMAGE) for width in (1920, 2000) * 2
    ]
    assert max(4000, memory_mb([(Manifest(pairs=pairs), zliu)], 2)) == whole


@pytest.mark.parametrize(
    ("metrics", "measured"),
    [("default", 149), ("all@vifb", 202), ("all@tang", 428), ("all@zliu", 632), ("all", 1513)],
)
def test_the_bytes_of_a_pixel_cover_what_was_measured(metrics: str, measured: int) -> None:
    """They are more than was measured, and at most twice as much."""
    every = [one.id for one in all_definitions().values() if one.kind == "gray"]
    named = {"default": default_metrics("infrared-visible"), "all": every}.get(metrics, [metrics])
    assert measured < bytes_of_pair(resolve(named), 10**6) / 10**6 < 2 * measured
