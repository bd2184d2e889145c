"""``fusebench pin``: hashes of a first download.

Those of weights go into the entry, those of images beside their list of pairs.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml
from fusebench.command import main
from fusebench.contracts.files import write_stored
from fusebench.contracts.markers import Manifest, WeightsMarker
from fusebench.contracts.weights import WeightFacts
from fusebench.datasets.pins import read_pins
from fusebench.images import pixel_sha256
from fusebench.registry.loading import load_registry

from tests.evidence.makers import Pixels, written_manifest
from tests.registry.small import METHOD, SmallProject

ADDRESS = "https://example.org/"
FETCHED = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("a.pth", "b.pth")}
BROUGHT = {"a.pth": WeightFacts(origin="by hand", source="by hand", pinned=False)}


def image(level: int) -> Pixels:
    """Return an image of one level."""
    return np.full((4, 5), level, np.uint8)


@pytest.fixture
def small(tmp_path: Path) -> SmallProject:
    """A project with a method with weights, and a prepared dataset.

    The weights are three files, one of which is pinned.
    """
    project = SmallProject(tmp_path)
    weights = [
        {"path": "a.pth", "url": f"{ADDRESS}a"},
        {"path": "b.pth", "url": f"{ADDRESS}b", "sha256": "b" * 64},
        {"path": "c.pth", "url": f"{ADDRESS}c"},
    ]
    project.methods["one"] = {**METHOD, "weights": weights}
    project.write()
    placed = tmp_path / "resources/weights/one"
    placed.mkdir(parents=True)
    for name in FETCHED:
        (placed / name).write_text(name)
    write_stored(placed.with_suffix(".json"), WeightsMarker(sha256=FETCHED, facts=BROUGHT))
    folder = tmp_path / "resources" / "datasets" / "pairs"
    written_manifest(folder, {"p": (image(1), image(2)), "q": (image(3), image(4))})
    return project


def pin(small: SmallProject, *names: str) -> int:
    """Run the command on the project as it is on disk."""
    return main(["pin", *names, "--project", str(small.root)])


def test_weights_without_a_hash_get_theirs(
    small: SmallProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hash that the entry has stays as it is, and a file that was not fetched gets none.

    A file that a person downloaded keeps that mark beside its hash.
    """
    assert pin(small, "one") == 0
    assert capsys.readouterr().out == "one: pinned a.pth\n"
    found = load_registry(small.root).methods["one"].weights
    assert [(item.path, item.sha256 or None) for item in found] == [
        *(("a.pth", FETCHED["a.pth"]), ("b.pth", "b" * 64), ("c.pth", None))
    ]
    assert [item.origin or "" for item in found] == ["by hand", "", ""]
    before = (small.root / "methods.yaml").read_bytes()
    assert pin(small, "one") == 0
    assert capsys.readouterr().out == "one: pinned nothing: every fetched file has its hash\n"
    assert (small.root / "methods.yaml").read_bytes() == before


def test_the_hash_of_an_exchanged_file_is_not_pinned(
    small: SmallProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """The marker holds the hash of the old file: the new one must be checked first."""
    (small.root / "resources/weights/one/a.pth").write_text("another")
    assert pin(small, "one") == 1
    told = capsys.readouterr().err
    assert "must be those that were checked; found others; run `snakemake --cores 1" in told
    assert not load_registry(small.root).methods["one"].weights[0].sha256


def test_images_are_pinned_beside_their_list(
    small: SmallProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hashes of all images are written, and the entry gets their file; the rest of it stays."""
    assert pin(small, "pairs") == 0
    assert capsys.readouterr().out == "pairs: pairs/pairs.sha256 pins 4 images\n"
    assert read_pins(small.root / "pairs" / "pairs.sha256") == {
        ("a", "p"): pixel_sha256(image(1)),
        ("b", "p"): pixel_sha256(image(2)),
        ("a", "q"): pixel_sha256(image(3)),
        ("b", "q"): pixel_sha256(image(4)),
    }
    entries = yaml.safe_load((small.root / "datasets.yaml").read_text(encoding="utf-8"))
    assert entries["pairs"].pop("hashes") == "pairs/pairs.sha256"
    assert entries == small.datasets


def test_pinned_images_stay_pinned(small: SmallProject, capsys: pytest.CaptureFixture[str]) -> None:
    """The pins are replaced by other images only when a person has removed them."""
    pin(small, "pairs")
    folder = small.root / "resources" / "datasets" / "pairs"
    written_manifest(folder, {"p": (image(9), image(9))})
    before = (small.root / "pairs" / "pairs.sha256").read_bytes()
    capsys.readouterr()
    assert pin(small, "pairs") == 0
    assert capsys.readouterr().out == (
        "pairs: pinned already; remove `hashes` from its entry to pin other images\n"
    )
    assert (small.root / "pairs" / "pairs.sha256").read_bytes() == before


def test_several_names_are_pinned_in_their_order(
    small: SmallProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """Methods and datasets may be in one call; those before an unknown name are pinned."""
    assert pin(small, "pairs", "one", "neither", "one") == 1
    shown = capsys.readouterr()
    assert [line.split(":")[0] for line in shown.out.splitlines()] == ["pairs", "one"]
    assert shown.err == (
        "fusebench pin: neither: must be a method or a dataset of the registry; `fusebench list`"
        " prints them\n"
    )
    assert load_registry(small.root).datasets["pairs"].entry.hashes


@pytest.mark.parametrize(
    ("name", "marker"),
    [("one", "resources/weights/one.json"), ("pairs", "resources/datasets/pairs.json")],
)
def test_only_a_success_is_pinned(
    small: SmallProject, capsys: pytest.CaptureFixture[str], name: str, marker: str
) -> None:
    """Neither a failed nor a missing step is pinned; the registry stays as it was."""
    file = small.root / marker
    before = [(small.root / f"{kind}.yaml").read_bytes() for kind in ("methods", "datasets")]
    kind = WeightsMarker if name == "one" else Manifest
    write_stored(file, kind(state="crashed", reason="boom"))
    assert pin(small, name) == 1
    message = f"{file} must be the marker of a success; found crashed: boom"
    assert message in capsys.readouterr().err
    file.write_text("{", encoding="utf-8")
    assert pin(small, name) == 1
    assert f"{file}: must be a whole JSON file" in capsys.readouterr().err
    file.unlink()
    assert pin(small, name) == 1
    assert "found none: it was not run" in capsys.readouterr().err
    after = [(small.root / f"{kind}.yaml").read_bytes() for kind in ("methods", "datasets")]
    assert after == before and not (small.root / "pairs").exists()


def test_comments_and_order_of_a_file_stay(
    small: SmallProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person's file is changed in one place only."""
    path = small.root / "datasets.yaml"
    path.write_text(f"# ours\n{path.read_text(encoding='utf-8')}# the end\n", encoding="utf-8")
    assert pin(small, "pairs") == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ours\npairs:\n") and text.endswith("# the end\n")
    before = yaml.safe_dump(small.datasets, sort_keys=False).splitlines()
    assert [line for line in text.splitlines() if "hashes" not in line][1:-1] == before
    assert "  hashes: pairs/pairs.sha256\n" in text
