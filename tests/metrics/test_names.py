"""Names of metrics and how they are resolved."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fusebench.errors import MetricError
from fusebench.metrics import default_metrics, metrics_table, resolve
from fusebench.metrics.definitions import TASKS
from fusebench.metrics.resolving import all_definitions


def test_order_is_kept_and_duplicates_are_dropped() -> None:
    """Definitions come back in the order asked for, each once."""
    assert [definition.id for definition in resolve(["SSIM", "EN", "SSIM"])] == ["SSIM", "EN"]


def test_unknown_metric_lists_near_names() -> None:
    """A misspelt metric is refused with the names that are near it."""
    with pytest.raises(MetricError, match=r"unknown metric 'SSSIM'; near names: .*SSIM"):
        resolve(["SSSIM"])


@pytest.mark.parametrize("task", TASKS)
def test_defaults_of_a_task_are_meant_for_it(task: str) -> None:
    """Every default of a task resolves, and its definition names that task."""
    assert all(task in definition.tasks for definition in resolve(default_metrics(task)))


def test_unknown_task_is_refused() -> None:
    """A task that does not exist has no defaults."""
    with pytest.raises(MetricError, match="unknown task 'video'; must be one of infrared-visible"):
        default_metrics("video")


def test_every_definition_has_a_formula_and_a_row() -> None:
    """Each name of the table leads to a function with a docstring, and each row is complete."""
    assert [row["id"] for row in metrics_table()] == list(all_definitions())
    for definition in all_definitions().values():
        assert definition.formula.__doc__, definition.id
        assert definition.direction in ("higher", "lower", "none"), definition.id
    assert all(value for row in metrics_table() for value in row.values())


def test_metric_and_definition_name_one_formula() -> None:
    """Metric and definition together identify every formula: long tables have only these two."""
    names = [
        (definition.metric, definition.definition) for definition in all_definitions().values()
    ]
    assert len(set(names)) == len(names)
    protocol, plain = resolve(["SSIM@tang+rgb-mean", "SSIM@tang"])
    assert (protocol.metric, protocol.definition, plain.definition) == (
        "SSIM",
        "tang+rgb-mean",
        "tang",
    )


def test_name_of_the_metric_stands_for_the_column_of_an_evaluator() -> None:
    """``SSIM@vifb`` is the formula of VIFB's column ``Ssim``.

    Where an evaluator has two columns for a metric, the name stands for neither.
    """
    alias, column = resolve(["SSIM@vifb", "Ssim@vifb"])
    assert alias.id == "SSIM@vifb"
    assert alias.target == column.target
    with pytest.raises(MetricError, match="near names: "):
        resolve(["TE@zliu"])


def test_resolving_loads_no_numerical_library() -> None:
    """Resolving names must not load numpy, cv2, numba or scipy.

    The pipeline resolves names at every start.
    """
    code = (
        "import sys; from fusebench.metrics import resolve, metrics_table;"
        "resolve(['EN', 'SSIM']); metrics_table();"
        "print(sorted({'numpy', 'cv2', 'numba', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
