"""Files that are either whole or absent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fusebench.files import write_json, write_text


def test_a_file_is_written_whole_into_a_folder_that_is_made(tmp_path: Path) -> None:
    """The file can be read by everybody, is in UTF-8, and no other file is left beside it."""
    path = tmp_path / "new" / "deep" / "x.json"
    write_json(path, {"ü": 1})
    assert path.read_text(encoding="utf-8") == '{\n "ü": 1\n}\n'
    assert json.loads(path.read_text(encoding="utf-8")) == {"ü": 1}
    assert path.stat().st_mode & 0o777 == 0o644
    assert [other.name for other in path.parent.iterdir()] == ["x.json"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    """The old content stays whole, and no half-written file is left."""
    path = tmp_path / "x"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text() == "old" and [other.name for other in tmp_path.iterdir()] == ["x"]
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        write_text(tmp_path / "folder", "new")
    assert sorted(other.name for other in tmp_path.iterdir()) == ["folder", "x"]


def test_a_reader_sees_the_old_content_or_the_new_one(tmp_path: Path) -> None:
    """This holds while another process writes the file again and again."""
    path = tmp_path / "x"
    contents = [letter * 200_000 for letter in "ab"]
    write_text(path, contents[0])
    code = "import sys; from pathlib import Path; from fusebench.files import write_text\n"
    code += "for i in range(200): write_text(Path(sys.argv[1]), 'ab'[i % 2] * 200_000)"
    writer = subprocess.Popen([sys.executable, "-c", code, str(path)])
    seen = set()
    while writer.poll() is None:
        seen.add(path.read_text())
    assert writer.returncode == 0 and seen <= {*contents}
