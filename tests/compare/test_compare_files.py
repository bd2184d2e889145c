"""The long files and the CSV file of a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from fusebench import compare
from fusebench.compare.contents import table_of
from fusebench.compare.files import (
    COST_COLUMNS,
    frame_of,
    read_measures,
    write_measures,
    write_status,
    write_tables,
)
from fusebench.contracts.tables import TableSpec
from fusebench.errors import MetricError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.compare.made import long, on_cpu, record

SPEC = TableSpec(
    suite="s", dataset="d", title="D", methods={"a": "Alpha", "b": "Beta"}, metrics=["EN", "SD"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_every_value_comes_back_to_the_last_bit(tmp_path: Path, values: list[float]) -> None:
    """Every float survives writing and reading, also the smallest and the greatest."""
    write_measures(tmp_path / "m.csv", long({("a", "EN"): values}))
    assert read_measures([tmp_path / "m.csv"])["value"].tolist() == values


@pytest.mark.parametrize("name", ["01", "NA", "nan", "null", "1e5", "True", "ä,b", 'c"d'])
def test_names_stay_text(tmp_path: Path, name: str) -> None:
    """No name is read as a number, as a missing value, or as the end of a field."""
    measures = long({(name, "EN"): [1.0]}, dataset=name).assign(image=name)
    write_measures(tmp_path / "m.csv", measures)
    read = read_measures([tmp_path / "m.csv"])
    assert read[["method", "dataset", "image"]].iloc[0].tolist() == [name] * 3


def test_what_has_no_value_stays_without_one(tmp_path: Path) -> None:
    """A missing value is an empty field, and its reason is read if the file has it."""
    measures = long({("a", "EN"): [None, 1.0]})
    measures.to_csv(tmp_path / "m.csv", index=False)
    read = read_measures([tmp_path / "m.csv"])
    assert read["value"].isna().tolist() == [True, False]
    assert read["reason"].tolist() == ["flat", ""]


def test_no_file_is_an_empty_table() -> None:
    """The empty table has every column, so that a table can be made from it."""
    read = read_measures([])
    assert len(read) == 0 and {"method", "dataset", "value", "reason"} <= set(read)


def test_the_status_of_nothing_has_its_heads(tmp_path: Path) -> None:
    """The status file has its heads without any run; a run that never started has no seconds."""
    write_status(tmp_path / "none.csv", [])
    assert (tmp_path / "none.csv").read_text() == "method,dataset,state,reason,seconds\n"
    write_status(tmp_path / "one.csv", [record("a", "d", state="skipped", reason="x, y")])
    assert (tmp_path / "one.csv").read_text().splitlines()[1] == 'a,d,skipped,"x, y",'


def test_the_frame_of_a_table_keeps_whole_numbers_whole() -> None:
    """Parameters stay whole numbers if they are known for one method only; costs come last."""
    records = [record("a", "d", parameters=1000, model_seconds=0.5, **on_cpu()), record("b", "d")]
    frame = frame_of(table_of(SPEC, records, long({("a", "EN"): [1.0, 2.0]})))
    assert list(frame)[-len(COST_COLUMNS) :] == list(COST_COLUMNS)
    assert frame["parameters"].tolist()[0] == 1000 and frame["parameters"].isna().tolist()[1]
    assert "1000," in frame.to_csv(index=False)


def test_the_frame_counts_the_pairs_of_the_metric_with_the_fewest() -> None:
    """``measured`` is the smallest number over the metrics: 1, if they have 2 pairs and 1."""
    measures = long({("a", "EN"): [1.0, 2.0], ("a", "SD"): [1.0, None]})
    frame = frame_of(table_of(SPEC, [record("a", "d")], measures))
    assert frame[["pairs", "measured", "EN", "SD"]].iloc[0].tolist() == [2, 1, 1.5, 1.0]
    assert frame.loc[0, "reason"] == "SD: 1 of 2 pairs have a value (flat)"


def test_a_table_that_cannot_be_made_leaves_no_file(tmp_path: Path) -> None:
    """An unknown metric is reported before any format is written."""
    with pytest.raises(MetricError):
        write_tables(tmp_path, replace(SPEC, metrics=["ENN"]), [], read_measures([]))
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Nothing of a longer old table remains after a shorter new one."""
    write_measures(tmp_path / "m.csv", long({("a", "EN"): [1.0] * 9}))
    write_measures(tmp_path / "m.csv", long({("a", "EN"): [1.0]}))
    assert len(pd.read_csv(tmp_path / "m.csv")) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]


def test_the_package_offers_its_functions_and_no_others() -> None:
    """Each is imported on first use, from the module that defines it."""
    assert {name: getattr(compare, name).__name__ for name in compare.__all__} == {
        name: name for name in compare.__all__
    }
    with pytest.raises(AttributeError, match="has no attribute 'write_nothing'"):
        getattr(compare, "write_nothing")  # noqa: B009
