"""How pixel loops are compiled: in which order they add up, how they divide, and where the machine
code is kept.
"""

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
    """What cancels cancels where it is written, as in Python."""
    values = np.array([1e16, 1.0, -1e16, 1.0] * 5)
    assert ordered_sum(values) == running_sum(values)


def test_a_loop_of_sums_differs_in_the_last_places_only() -> None:
    """Its order is the compiler's; 100000 levels add up to the same within rounding, whole numbers
    exactly.
    """
    levels = np.random.RandomState(0).randint(0, 256, 100_000).astype(float)
    assert any_sum(levels) == levels.sum()
    assert any_sum(levels / 3) == pytest.approx(running_sum(levels / 3), rel=1e-12)


@pytest.mark.parametrize("compile_it", [compiled, compiled_sums])
def test_division_by_zero_is_ieee_and_no_exception(compile_it: object) -> None:
    """Infinite or no number, which a measurement turns into a refusal with its reason."""
    assert callable(compile_it)
    divide = compile_it(quotient)
    assert divide(1.0, 0.0) == math.inf
    assert divide(-1.0, 0.0) == -math.inf
    assert math.isnan(divide(0.0, 0.0))


def test_loops_of_sums_keep_infinities_and_nan() -> None:
    """Reordering is allowed, the meaning of special values is not given up for it."""
    assert any_sum(np.array([1.0, math.inf, 2.0])) == math.inf
    assert math.isnan(any_sum(np.array([1.0, math.nan, 2.0])))


def test_a_chosen_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``NUMBA_CACHE_DIR`` is where machine code goes, below a folder of this state of the
    package.
    """
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "chosen"))
    found = Path(cache_folder())
    assert found == tmp_path / "chosen" / f"numba-{sources_digest()}"
    assert found.is_dir()


def test_a_chosen_folder_that_cannot_be_written_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in its place is no folder; the package's own comes next."""
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    assert Path(cache_folder()).parent == Path(module.__file__).parent / "__pycache__"


def test_without_any_folder_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty name lets numba do without, and stops nothing."""
    monkeypatch.setattr(module, "_is_writable", lambda folder: False)
    assert cache_folder() == ""


def test_the_folder_is_named_after_the_code() -> None:
    """Twelve digits, the same for the same files."""
    digest = sources_digest()
    assert len(digest) == 12 and set(digest) <= set("0123456789abcdef")
    assert sources_digest() == digest
