"""``docs/architecture.svg`` shows the parts of the package and their imports as they are."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import fusebench
import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    """Return ``docs/architecture.py``."""
    spec = spec_from_file_location("architecture", DOCS / "architecture.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_shows_the_imports_as_they_are(drawing: ModuleType) -> None:
    """Each line of the picture is an import of the code, and none is missing."""
    picture = (DOCS / "architecture.svg").read_text(encoding="utf-8")
    shown = set(re.findall(r'id="(\w+) imports (\w+)"', picture))
    assert shown == drawing.reduced(drawing.imports()), "run: python docs/architecture.py"


def test_the_layers_hold_every_part(drawing: ModuleType) -> None:
    """A part stands in one layer, and every folder and module of the package is a part."""
    parts = [part for layer in drawing.layers() for part in layer]
    package = Path(fusebench.__file__).parent
    found = {path.stem for path in package.glob("[a-z]*") if path.is_dir() or path.suffix == ".py"}
    assert sorted(parts) == sorted(found)


def test_every_folder_of_the_package_is_in_the_table() -> None:
    """``docs/architecture.md`` says of each folder what it holds."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
    folders = {path.parent.name for path in Path(fusebench.__file__).parent.glob("*/__init__.py")}
    assert folders <= named


def test_the_glossary_is_short() -> None:
    """At most twenty words need an explanation."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rows = [row for row in text.partition("## Glossary")[2].splitlines() if row.startswith("| ")]
    assert 0 < len(rows[1:]) <= 20
