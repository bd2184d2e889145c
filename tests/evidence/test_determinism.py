"""Further runs are compared with the first: equal images, differences, and metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fusebench.contracts.files import read_stored
from fusebench.contracts.jobs.evidence import SpreadJob
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import Record
from fusebench.errors import UnreadableFile
from fusebench.evidence.determinism import judge_cell, judge_runs, spread, values_of

from tests.evidence.makers import Pixels, written_manifest, written_run


def pixels(*rows: list[int]) -> Pixels:
    """Return a small gray image."""
    return np.array(rows, np.uint8)


def flat(level: int, height: int = 4, width: int = 4) -> Pixels:
    """Return a gray image of one level."""
    return np.full((height, width), level, np.uint8)


def stripes(level: int) -> Pixels:
    """Return an image of two levels whose standard deviation is half of ``level``."""
    return np.tile(np.array([0, level], np.uint8), (4, 2))


class Cell:
    """A cell on disk: two pairs of sources, and as many runs as are written."""

    def __init__(self, folder: Path, names: tuple[str, ...] = ("p", "q")) -> None:
        """Write the sources."""
        self.folder = folder
        pairs = {name: (stripes(10 + index), flat(7)) for index, name in enumerate(names)}
        self.marker = written_manifest(folder / "images", pairs)
        self.records: list[Path] = []

    def run(self, images: dict[str, Pixels], **fields: Any) -> None:
        """Write one more run."""
        number = len(self.records) + 1
        known = {"seed": number - 1, "hash_seed": 10 * number, "threads": 2}
        folder = self.folder / f"run{number}"
        self.records.append(written_run(folder, images, **{**known, **fields}))

    @property
    def manifest(self) -> Manifest:
        """The marker of the images."""
        return read_stored(self.marker, Manifest)

    @property
    def folders(self) -> list[Path]:
        """The folders of the runs."""
        return [path.parent for path in self.records]

    def judged(self, *ids: str) -> Any:
        """Return the verdict on the runs."""
        contents = [read_stored(path, Record) for path in self.records]
        return judge_runs(self.manifest, contents, self.folders, ids)


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    """A cell without a run."""
    return Cell(tmp_path)


def test_one_run_says_nothing(cell: Cell) -> None:
    """The reason is that it was run once; the settings of the run are kept."""
    cell.run({"p": flat(3), "q": flat(4)})
    found = cell.judged("EN")
    assert (found.verdict, found.reason) == ("unknown", "run once")
    assert (found.images, found.metrics) == ([], {})
    (run,) = found.runs
    assert (run.seed, run.hash_seed, run.threads, run.state) == (0, 10, 2, "ok")


def test_the_same_pixels_are_deterministic(cell: Cell) -> None:
    """Nothing differs and nothing is measured; only the records are read."""
    for _ in range(3):
        cell.run({"p": flat(3), "q": flat(4)})
    for path in cell.folder.glob("run*/fused/*.png"):
        path.unlink()
    found = cell.judged("EN")
    assert (found.verdict, found.reason, found.metrics) == ("deterministic", "", {})
    assert [(image.name, image.max_abs, image.mean_abs) for image in found.images] == [
        ("p", 0, 0.0),
        ("q", 0, 0.0),
    ]
    assert [len(set(image.sha256)) for image in found.images] == [1, 1]


def test_the_greatest_difference_of_any_run_from_the_first(cell: Cell) -> None:
    """Each number is the largest one over the further runs.

    It is taken from the first run, not between further runs.
    """
    first = flat(100)
    second, third = first.copy(), first.copy()
    second[0, 0] = 90
    third[:2] = 103
    for image in (first, second, third):
        cell.run({"p": image, "q": flat(4)})
    found = cell.judged("EN")
    changed, same = found.images
    assert (changed.max_abs, changed.mean_abs, changed.differing) == (10, 24 / 16, 0.5)
    assert len(set(changed.sha256)) == 3
    assert (same.max_abs, same.differing) == (0, 0.0)
    assert found.verdict == "not-deterministic"
    assert found.reason == "1 of 2 images differ from run to run, by 10 gray levels at most"


def test_one_run_of_several_is_enough(cell: Cell) -> None:
    """One run with other images is found among runs with equal images.

    The largest difference of any image is reported.
    """
    for p, q in ((3, 4), (5, 9), (3, 4)):
        cell.run({"p": flat(p), "q": flat(q)})
    found = cell.judged("EN")
    assert [image.max_abs for image in found.images] == [2, 5]
    assert found.reason == "2 of 2 images differ from run to run, by 5 gray levels at most"


def test_one_run_of_another_size_leaves_no_difference(cell: Cell) -> None:
    """This holds even if the other runs could be compared."""
    for pixels in (flat(3), flat(9), flat(3, 4, 3)):
        cell.run({"p": pixels, "q": flat(4)})
    assert cell.judged("EN").images[0].max_abs is None


def test_images_are_found_by_their_names(cell: Cell) -> None:
    """Runs are compared image by image, even if they wrote their images in another order."""
    cell.run({"p": flat(3), "q": flat(4)})
    cell.run({"q": flat(4), "p": flat(3)})
    assert cell.judged("EN").verdict == "deterministic"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (flat(3, 3, 4), "2 of 2 images differ from run to run, 2 of them in size"),
        (
            flat(9),
            "2 of 2 images differ from run to run, by 6 gray levels at most, 1 of them in size",
        ),
    ],
)
def test_another_size_is_told_and_not_compared(cell: Cell, other: Pixels, reason: str) -> None:
    """There is no difference in gray levels between sizes."""
    cell.run({"p": flat(3), "q": flat(4)})
    cell.run({"p": other, "q": flat(4, 4, 3)})
    found = cell.judged("EN")
    assert (found.verdict, found.reason) == ("not-deterministic", reason)
    assert (found.images[1].max_abs, found.images[1].differing) == (None, None)


@pytest.mark.parametrize("failing", [0, 1])
def test_a_run_that_failed_leaves_it_unknown(cell: Cell, failing: int) -> None:
    """The first failed run is named with its number, state and reason."""
    for number in range(3):
        failed = number >= failing
        fields = {"state": "timeout", "reason": f"slow {number}"} if failed else {}
        cell.run({"p": flat(3), "q": flat(4)} if not failed else {}, **fields)
    found = cell.judged("EN")
    assert found.verdict == "unknown"
    assert found.reason == f"run {failing + 1}: timeout: slow {failing}"
    assert [run.state for run in found.runs].count("timeout") == 3 - failing


def test_the_spread_of_a_metric(cell: Cell) -> None:
    """The spread has the mean and range of the means over the images.

    It also has the greatest range of one image.
    """
    cell.run({"p": stripes(2), "q": stripes(4)})
    cell.run({"p": stripes(2), "q": stripes(8)})
    found = spread(cell.manifest, cell.folders, ["SD"])["SD"]
    assert (found.mean, found.range, found.range_of_one_image) == pytest.approx((2.0, 1.0, 2.0))
    assert cell.judged("SD").metrics["SD"] == found


def test_images_that_make_up_for_each_other(cell: Cell) -> None:
    """A mean that stays equal does not hide an image that changes."""
    cell.run({"p": stripes(2), "q": stripes(8)})
    cell.run({"p": stripes(8), "q": stripes(2)})
    found = spread(cell.manifest, cell.folders, ["SD"])["SD"]
    assert (found.range, found.range_of_one_image) == pytest.approx((0.0, 3.0))


def test_a_metric_without_a_value_is_left_out(cell: Cell) -> None:
    """If one image of one run has no value, a mean over the others would be another mean."""
    cell.run({"p": stripes(2), "q": stripes(8)})
    cell.run({"p": stripes(2), "q": flat(5)})
    found = spread(cell.manifest, cell.folders, ["CC@tang", "EN", "SCD"])
    assert list(found) == ["EN"]


def test_values_are_kept_under_the_names_asked_for(cell: Cell) -> None:
    """A metric comes back under the name that was asked for.

    This may be an evaluator's column, an alias, both at once, or a protocol.
    """
    cell.run({"p": stripes(2), "q": stripes(8)})
    names = ["SD", "SD@vifb", "Variance@vifb", "AG@vifb", "SD+rgb-mean"]
    table = values_of(cell.manifest, cell.folders[0], names)
    assert list(table) == names
    assert table["SD@vifb"] == table["Variance@vifb"]
    assert table["SD"] == pytest.approx({"p": 1.0, "q": 4.0})
    assert table["Variance@vifb"] == table["SD+rgb-mean"] == table["SD"]


def test_a_result_larger_than_its_sources_has_no_values(cell: Cell) -> None:
    """No metric compares pixels that the sources lack.

    One image of that size leaves the whole run without values.
    """
    cell.run({"p": flat(3, 4, 5), "q": stripes(8)})
    assert values_of(cell.manifest, cell.folders[0], ["EN"]) == {"EN": {"p": None, "q": None}}
    assert spread(cell.manifest, cell.folders, ["EN"]) == {}


def test_a_result_smaller_than_its_sources_is_measured(cell: Cell) -> None:
    """It is measured against the top left part of the sources."""
    cell.run({"p": stripes(2)[:3, :2], "q": stripes(8)})
    table = values_of(cell.manifest, cell.folders[0], ["SD", "CC"])
    assert table["SD"]["p"] == pytest.approx(1.0)
    assert table["CC"]["q"] is None


def job(*metrics: str) -> SpreadJob:
    """Return the job of the judgement."""
    return SpreadJob(code="", method="m", dataset="d", metrics=list(metrics))


def test_a_repeated_cell_has_means_also_where_nothing_differs(cell: Cell) -> None:
    """The table of spreads shows the means with a range of 0."""
    for _ in range(2):
        cell.run({"p": stripes(2), "q": stripes(4)})
    result = judge_cell(job("SD"), cell.marker, cell.records)
    assert (result.method, result.dataset) == ("m", "d")
    found = result.determinism
    assert found.verdict == "deterministic"
    assert found.metrics["SD"].mean == pytest.approx(1.5)
    assert found.metrics["SD"].range == 0


def test_a_cell_that_was_not_repeated_well_has_no_means(cell: Cell) -> None:
    """Neither a single run nor a failed one has a spread."""
    cell.run({"p": stripes(2), "q": stripes(4)})
    assert judge_cell(job("SD"), cell.marker, cell.records).determinism.metrics == {}
    cell.run({}, state="crashed", reason="boom")
    found = judge_cell(job("SD"), cell.marker, cell.records).determinism
    assert (found.reason, found.metrics) == ("run 2: crashed: boom", {})


def test_a_damaged_record_is_refused(cell: Cell) -> None:
    """The damaged record is named, and nothing is judged without it."""
    cell.run({"p": stripes(2), "q": stripes(4)})
    cell.records[0].write_text(cell.records[0].read_text(encoding="utf-8")[:-40], encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"run1/record.json: must be a whole JSON file"):
        judge_cell(job("SD"), cell.marker, cell.records)
