"""How pixel loops are compiled: order of sums, division, and the cache of the machine code."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from fusebench.metrics import compiled as module
from fusebench.metrics.compiled import cache_folder, compiled, compiled_sums, sources_digest
from numpy.typing import NDArray


def running_sum(values: NDArray[np.float64]) -> float:
    """Add values one after the other."""
    total = 0.0
    for index in range(values.size):
        total += values[index]
    return total


def quotient(x: float, y: float) -> float:
    """Divide."""
    return x / y


ordered_sum, any_sum = compiled(running_sum), compiled_sums(running_sum)


def test_a_strict_loop_adds_up_in_its_order() -> None:
    """Terms cancel in the order in which they are written, as in Python."""
    values = np.array([1e16, 1.0, -1e16, 1.0] * 5)
    assert ordered_sum(values) == running_sum(values)


def test_a_loop_of_sums_differs_in_the_last_places_only() -> None:
    """The compiler chooses the order of the sum.

    100000 levels add up to the same value within rounding, whole numbers exactly.
    """
    levels = np.random.RandomState(0).randint(0, 256, 100_000).astype(float)
    assert any_sum(levels) == levels.sum()
    assert any_sum(levels / 3) == pytest.approx(running_sum(levels / 3), rel=1e-12)


@pytest.mark.parametrize("compile_it", [compiled, compiled_sums])
def test_division_by_zero_is_ieee_and_no_exception(compile_it: object) -> None:
    """The result is infinite or nan, which a measurement turns into a refusal with its reason."""
    assert callable(compile_it)
    divide = compile_it(quotient)
    assert divide(1.0, 0.0) == math.inf
    assert divide(-1.0, 0.0) == -math.inf
    assert math.isnan(divide(0.0, 0.0))


def test_loops_of_sums_keep_infinities_and_nan() -> None:
    """The compiler may reorder sums, but infinities and nan keep their meaning."""
    assert any_sum(np.array([1.0, math.inf, 2.0])) == math.inf
    assert math.isnan(any_sum(np.array([1.0, math.nan, 2.0])))


def test_a_chosen_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code goes to ``NUMBA_CACHE_DIR``, into a folder of this state of the package."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "chosen"))
    found = Path(cache_folder())
    assert found == tmp_path / "chosen" / f"numba-{sources_digest()}"
    assert found.is_dir()


def test_a_chosen_folder_that_cannot_be_written_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file has the name of the chosen folder, the package's own folder is used."""
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    assert Path(cache_folder()).parent == Path(module.__file__).parent / "__pycache__"


def test_without_any_folder_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty name makes numba work without a cache, and no call fails."""
    monkeypatch.setattr(module, "_is_writable", lambda folder: False)
    assert cache_folder() == ""


def test_the_folder_is_named_after_the_code() -> None:
    """The name has twelve digits, the same for the same files."""
    digest = sources_digest()
    assert len(digest) == 12 and set(digest) <= set("0123456789abcdef")
    assert sources_digest() == digest
