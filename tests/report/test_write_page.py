"""The page is written with its data and its previews."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import Record
from fusebench.files import write_text
from fusebench.report.page import PREVIEW_CACHE, render
from msgspec.structs import replace

from tests.fake_results import METRICS, FakeResults
from tests.report.conftest import make_page


@pytest.fixture
def results(tmp_path: Path) -> FakeResults:
    """Three methods, one of them failed, on two datasets of three pairs."""
    return FakeResults(tmp_path, methods=3, datasets=2, pairs=3).write()


def data_of(page: Path) -> dict[str, Any]:
    """Return the data that the script of a page reads."""
    found = re.search(r'id="data"[^>]*>(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found
    told: dict[str, Any] = json.loads(found[1])
    return told


def keys_of(results: FakeResults) -> list[str]:
    """Return the keys of all previews: of the sources and of successful methods."""
    return [
        f"{dataset}/{name}/{number}"
        for dataset in results.dataset_names
        for name in ("a", "b", *results.method_names[:-1])
        for number in range(results.pairs)
    ]


def test_the_page_knows_every_method_and_dataset(results: FakeResults) -> None:
    """They are those of the selected suites, with runs, pairs and metrics.

    A failed run keeps its reason.
    """
    data = data_of(make_page(results))
    assert data["suites"] == ["fake"]
    assert [method["name"] for method in data["methods"]] == results.method_names
    assert [dataset["name"] for dataset in data["datasets"]] == results.dataset_names
    (first, _) = data["datasets"]
    assert first["pairs"] == results.pair_names
    assert [metric["id"] for metric in first["metrics"]] == list(METRICS)
    assert first["methods"] == results.method_names
    assert first["runs"]["method-000"]["parameters"] == 1000
    assert first["runs"]["method-002"]["state"] == "weights-missing"
    assert set(first["means"]["EN"]) == {"method-000", "method-001"}
    assert first["files"] == {}


def test_previews_inside_are_those_of_the_images(results: FakeResults) -> None:
    """They are sources and fused images of both datasets.

    The folder beside the page exists and is empty.
    """
    page = make_page(results)
    found = re.findall(r'data-preview="([^"]+)">([^<]*)<', page.read_text("utf-8"))
    images = {key: base64.b64decode(text) for key, text in found}
    assert set(images) == set(keys_of(results))
    assert all(image[:4] == b"RIFF" and image[8:12] == b"WEBP" for image in images.values())
    assert images["set-00/a/0"] == images["set-01/a/0"] != images["set-00/a/1"]
    assert data_of(page)["previews"] == ""
    assert list((page.parent / "previews").iterdir()) == []


def test_many_previews_stand_beside_the_page(results: FakeResults) -> None:
    """Each is under its key, and the page says where.

    The folder to be copied holds both.
    """
    page = make_page(results, report={"inline_mb": 0})
    assert data_of(page)["previews"] == "previews/"
    keys = {
        path.relative_to(page.parent / "previews").with_suffix("").as_posix()
        for path in (page.parent / "previews").rglob("*.webp")
    }
    assert keys == set(keys_of(results))
    together = page.parent / "page"
    assert (together / "index.html").read_bytes() == page.read_bytes()
    assert len(list((together / "previews").rglob("*.webp"))) == len(keys)


def test_what_was_passed_on_before_is_replaced(results: FakeResults) -> None:
    """Nothing of an older page is left in the folder."""
    page = make_page(results)
    write_text(page.parent / "page" / "old.txt", "x")
    make_page(results)
    left = sorted(path.name for path in (page.parent / "page").iterdir())
    assert left == ["index.html", "previews"]


def test_previews_are_kept_for_the_next_page(results: FakeResults) -> None:
    """They are cached by pixel hash: both datasets have equal sources, so one preview each."""
    first = make_page(results).read_bytes()
    kept = {
        path: path.stat().st_mtime_ns for path in (results.root / PREVIEW_CACHE).rglob("*.webp")
    }
    assert len(kept) == 3 * 4
    assert make_page(results).read_bytes() == first
    assert kept == {
        path: path.stat().st_mtime_ns for path in (results.root / PREVIEW_CACHE).rglob("*.webp")
    }


def test_the_size_of_previews_is_an_option(results: FakeResults) -> None:
    """Another size makes other previews, and the first ones stay."""
    make_page(results)
    make_page(results, report={"preview_pixels": 64})
    names = [
        path.stem.rpartition("-")[2] for path in (results.root / PREVIEW_CACHE).rglob("*.webp")
    ]
    assert sorted(set(names)) == ["512", "64"]


def test_a_dataset_that_could_not_be_prepared_is_on_the_page(results: FakeResults) -> None:
    """It has neither pairs nor means, and its runs say why."""
    marker = results.root / "resources/datasets/set-01.json"
    write_stored(marker, Manifest(state="skipped", reason="no folder"))
    for path in results.root.glob("results/runs/*/set-01/record.json"):
        record = read_stored(path, Record)
        write_stored(path, replace(record, state="skipped", reason="no folder", images=[]))
    measures = results.root / "results/measures/set-01.csv"
    write_text(measures, measures.read_text().split("\n", 1)[0] + "\n")
    _, second = data_of(make_page(results))["datasets"]
    assert (second["pairs"], second["originals"]) == ([], [])
    assert set(second["means"]["EN"]) == set()
    assert {run["reason"] for run in second["runs"].values()} == {"no folder"}


def test_a_file_that_is_not_called_as_its_pair_is_named(results: FakeResults) -> None:
    """The link to the original then leads to the file."""
    path = results.root / "results/runs/method-000/set-00/record.json"
    record = read_stored(path, Record)
    first = replace(record.images[0], fused="other.png")
    write_stored(path, replace(record, images=[first, *record.images[1:]]))
    (path.parent / "fused/0000.png").rename(path.parent / "fused/other.png")
    files = [dataset["files"] for dataset in data_of(make_page(results))["datasets"]]
    assert files == [{"method-000": {"0000": "other.png"}}, {}]


def test_a_method_without_a_dataset_is_among_the_methods(results: FakeResults) -> None:
    """If no dataset of the suite is for its task, it has facts and no run."""
    registry = results.root / "methods.yaml"
    entries = yaml.safe_load(registry.read_text())
    entries["method-002"]["tasks"] = ["medical"]
    registry.write_text(yaml.safe_dump(entries, sort_keys=False))
    data = data_of(make_page(results))
    assert [method["name"] for method in data["methods"]] == results.method_names
    assert all("method-002" not in dataset["runs"] for dataset in data["datasets"])


def test_a_file_system_without_hard_links_has_copies(
    results: FakeResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page and its previews are copied instead."""

    def refused(*_: object) -> None:
        raise OSError("Operation not permitted")

    monkeypatch.setattr("os.link", refused)
    page = make_page(results, report={"inline_mb": 0})
    together = page.parent / "page"
    assert (together / "index.html").read_bytes() == page.read_bytes()
    assert len(list((together / "previews").rglob("*.webp"))) == len(keys_of(results))


@pytest.mark.parametrize("text", ["</script><b>", "<!--", "a & b", "\u2028", '"q"'])
def test_no_text_ends_the_element_of_the_data(text: str) -> None:
    """Whatever a title holds, the script reads it back."""
    page = render({"text": text}, {"d": "AAAA"}, [("d/a/0", base64.b64encode(b"x").decode())])
    told = re.search(r'id="data"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert told and json.loads(told[1]) == {"text": text}
    assert "<" not in told[1]
