"""The documentation as a site."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
MKDOCS = REPOSITORY / ".venv" / "docs" / "bin" / "mkdocs"
LOADED = re.compile(
    r"<(?:script|img|iframe)[^>]*\ssrc=[\"']?https?://|<link[^>]*stylesheet[^>]*https?://"
)


@pytest.mark.skipif(not MKDOCS.is_file(), reason="mkdocs is not installed: make setup-dev")
def test_the_site_is_built_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    """No link is broken, and no page names a script, style or image of another host."""
    site = tmp_path / "site"
    command = [str(MKDOCS), "build", "--strict", "--quiet", "--site-dir", str(site)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list(site.rglob("*.html"))
    assert len(pages) > 10
    assert [page.name for page in pages if LOADED.search(page.read_text("utf-8"))] == []


def test_every_page_is_in_the_navigation() -> None:
    """A page that is not reached from the menu is not read."""
    told = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))
    named = {
        name
        for entry in told["nav"]
        for value in entry.values()
        for name in (
            [value] if isinstance(value, str) else [n for one in value for n in one.values()]
        )
    }
    assert named == {page.name for page in (REPOSITORY / "docs").glob("*.md")}
