"""The table of environments."""

from __future__ import annotations

from pathlib import Path

from fusebench.environments.building import build
from fusebench.environments.locking import lock
from fusebench.environments.table import environments_table

from tests.environments.conftest import MakeEnvironment


def test_each_environment_has_a_row(make_environment: MakeEnvironment, tmp_path: Path) -> None:
    """The state is built, locked or neither; rows have versions, sizes and numbers of methods."""
    folder = make_environment("a-built")
    lock(folder)
    receipt = build(folder, "cpu", tmp_path / "resources")
    lock(make_environment("b-locked", pip="[beta]"))
    make_environment("c-not")
    (make_environment("d-broken") / "environment.yml").write_text("a: [")
    rows = environments_table(folder.parent, tmp_path / "resources", {"a-built": ["one", "two"]})
    assert [(row["env"], row["methods"]) for row in rows] == [
        ("a-built", "2"),
        ("b-locked", "0"),
        ("c-not", "0"),
        ("d-broken", "0"),
    ]
    assert rows[0]["state"] == "built"
    assert rows[0]["packages"] == "2"
    assert receipt.python is not None
    assert rows[0]["python"] == receipt.python.version
    assert rows[0]["size"] == "0 MB"
    assert rows[1]["state"] == "locked"
    assert rows[2]["state"].endswith("run: fusebench lock c-not")
    assert "is not YAML" in rows[3]["state"]
    assert len({tuple(row) for row in rows}) == 1
