"""The page in a real browser.

Sorting, filtering, slider, zoom in step, keyboard, narrow screens, accessibility and size are
tested.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
import yaml
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.markers import Manifest
from fusebench.contracts.records import Record
from msgspec.structs import replace

from tests.fake_results import METRICS, FakeResults
from tests.report.conftest import Browser, make_page, needs_browser

ROWS = "#results-table .tabulator-row [tabulator-field=label]"
PARTS = ("overview", "results", "images", "methods")
READY = {
    "overview": "#cases p",
    "results": "#results-table .tabulator-row",
    "images": "#pair-table .tabulator-row",
    "methods": "#methods-table .tabulator-row",
}
"""Part -> an element that it has when it is drawn."""


def open_part(browser: Browser, part: str) -> None:
    """Open a part of the page and wait until it is drawn."""
    browser.find(f"#tab-{part}").click()
    browser.until(f"return document.querySelector('{READY[part]}') !== null", READY[part])


def test_page_is_whole(page: Path) -> None:
    """Nothing is loaded from elsewhere, and the page is small enough to send.

    The markup has no address of a script, style, font or image.
    """
    text = page.read_text(encoding="utf-8")
    markup = re.sub(r"<(script|style).*?</\1>", "", text, flags=re.DOTALL)
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", markup)
    assert "@import" not in text and page.stat().st_size < 2_000_000
    assert list((page.parent / "previews").iterdir()) == []


def test_names_cannot_break_out(tmp_path: Path) -> None:
    """A title or a reason that ends a script element stays text."""
    results = FakeResults(tmp_path, methods=2, datasets=1, pairs=1).write()
    path = results.root / "methods.yaml"
    path.write_text(
        path.read_text().replace("The paper of method-000", "</script><script>alert(1)</script>")
    )
    text = make_page(results).read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text
    data = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert (
        data and json.loads(data[1])["methods"][0]["title"] == "</script><script>alert(1)</script>"
    )


@needs_browser
def test_sorting_by_mouse_and_keyboard(browser: Browser, page: Path) -> None:
    """A click on a head sorts, and Enter on it reverses the order.

    Methods without a number stay at the end.
    """
    browser.open(page)
    open_part(browser, "results")
    values = "#results-table .tabulator-row [tabulator-field=m0]"
    browser.find("#results-table .tabulator-col[tabulator-field=m0]").click()
    first = browser.texts(values)
    browser.js(
        "document.querySelector('#results-table .tabulator-col[tabulator-field=m0]').focus()"
    )
    browser.press("\ue007")
    second = browser.texts(values)
    numbers = [[float(text.split()[0]) for text in texts[:-1]] for texts in (first, second)]
    assert numbers[0] == sorted(numbers[0]) and numbers[1] == numbers[0][::-1]
    assert first[-1] == second[-1] == "weights-missing"


@needs_browser
def test_filters(browser: Browser, page: Path) -> None:
    """Year, part of a name, only verified and the dataset each leave the right rows.

    The count says so.
    """
    browser.open(page)
    open_part(browser, "results")
    browser.find("#year").send_keys("2018")
    assert browser.texts(ROWS) == ["Method-003", "Method-004", "Method-005"]
    browser.find("#search").send_keys("-004")
    assert (
        browser.texts(ROWS) == ["Method-004"]
        and browser.find("#count").text == "1 of 6 methods, 8 pairs"
    )
    browser.find("#verified").click()
    assert browser.texts(ROWS) == [] and "no method passes" in browser.find("#results-table").text
    before = browser.find("#results-table").get_attribute("aria-label")
    browser.choose("#dataset", "set-01")
    browser.until(
        "return document.querySelector('#results-table')"
        ".getAttribute('aria-label')?.includes('Set 01')",
        "the other dataset",
    )
    assert before == "Mean values on Set 00"


@needs_browser
def test_a_definition_stays_chosen_where_the_next_dataset_has_it(
    browser: Browser, tmp_path: Path
) -> None:
    """Changing the dataset keeps the definition.

    If the dataset has no such metric, all definitions are chosen.
    """
    results = FakeResults(tmp_path, methods=2, datasets=3, pairs=2, failed=0).write()
    config = results.root / "config" / "config.yaml"
    options = yaml.safe_load(config.read_text())
    suite = options["suites"]["fake"]
    options["suites"]["other"] = {**suite, "datasets": suite["datasets"][2:]}
    suite |= {"datasets": suite["datasets"][:2], "metrics": [*METRICS, "SSIM@cddfuse"]}
    config.write_text(yaml.safe_dump(options))
    browser.open(make_page(results, suite="fake,other"))
    open_part(browser, "results")
    browser.choose("#definition", "cddfuse")
    chosen = []
    for dataset in ("set-01", "set-02"):
        browser.choose("#dataset", dataset)
        chosen.append(browser.js("return document.getElementById('definition').value"))
    assert chosen == ["cddfuse", ""]


@needs_browser
def test_only_verified_shows_what_is_borne_out(browser: Browser, tmp_path: Path) -> None:
    """A good verdict passes, and so does a run without a self-check.

    A self-check that differs, or that compared nothing, does not pass.
    """
    results = FakeResults(tmp_path, methods=4, datasets=1, pairs=2, failed=0).write()
    registry = results.root / "methods.yaml"
    entries = yaml.safe_load(registry.read_text())
    entries["method-000"]["verified"] = {
        "date": "2026-01-02",
        "device": "cpu",
        "dataset": "set-00",
        "outputs_sha256": "0" * 64,
    }
    registry.write_text(yaml.safe_dump(entries))
    summary = results.root / "results" / "evidence" / "summary.csv"
    summary.parent.mkdir()
    verdicts = ("none", "t: close", "t: differs", "none")
    lines = [f"{name},{words}" for name, words in zip(results.method_names, verdicts, strict=True)]
    summary.write_text("\n".join(["method,self-check", *lines]))
    browser.open(make_page(results))
    open_part(browser, "results")
    assert browser.texts("#results-table .tabulator-row [tabulator-field=evidence]") == [
        *("ran 2026-01-02", "t: close", "t: differs", "–")
    ]
    browser.find("#verified").click()
    assert browser.texts(ROWS) == ["Method-000", "Method-001"]


@needs_browser
def test_numbers_are_those_of_the_measures(browser: Browser, page: Path) -> None:
    """A mean in the table and a value of the pair are those of the CSV file.

    They agree to the digits shown.
    """
    import pandas as pd

    measures = pd.read_csv(page.parents[1] / "measures" / "set-00.csv", dtype={"image": str})
    here = measures[(measures["method"] == "method-001") & (measures["metric"] == "SD")]
    browser.open(page)
    open_part(browser, "results")
    cell = "#results-table .tabulator-row:nth-child(2) [tabulator-field=m1]"
    assert float(browser.find(cell).text.split()[0]) == pytest.approx(
        here["value"].mean(), rel=1e-3
    )
    open_part(browser, "images")
    browser.choose("#pair", "3")
    expected = here.set_index("image")["value"]["0003"]
    browser.until(
        "return Math.abs(Number(document.querySelector("
        "'#pair-table .tabulator-row:nth-child(2) [tabulator-field=m1]'"
        f").textContent) - {expected}) < 0.01",
        "the value of the pair",
    )


@needs_browser
def test_slider_moves_by_keyboard_and_says_where_it_is(browser: Browser, page: Path) -> None:
    """The slider has a name and a value, and short presses move it.

    Arrows move it by 2, page keys by 10, Home and End to its ends.
    """
    from selenium.webdriver import Keys

    browser.open(page)
    open_part(browser, "images")
    slider = browser.find("img-comparison-slider")
    assert slider.get_attribute(
        "role"
    ) == "slider" and "infrared against Method-000" in slider.get_attribute("aria-label")
    browser.js("document.querySelector('img-comparison-slider').focus()")
    told = []
    for key in (
        Keys.RIGHT,
        Keys.RIGHT,
        Keys.LEFT,
        Keys.PAGE_UP,
        Keys.PAGE_DOWN,
        Keys.END,
        Keys.HOME,
        Keys.UP,
    ):
        browser.press(key)
        told.append(slider.get_attribute("aria-valuenow"))
        assert browser.js("return document.querySelector('img-comparison-slider').value") == int(
            told[-1]
        )
    assert told == ["52", "54", "52", "62", "52", "100", "0", "2"]


@needs_browser
def test_images_are_shown_and_linked(browser: Browser, page: Path) -> None:
    """Both previews are decoded, and alternative texts name method and pair.

    The originals exist where the links lead.
    """
    browser.open(page)
    open_part(browser, "images")
    browser.until(
        "return [...document.querySelectorAll('#viewer img')]"
        ".every((i) => i.complete && i.naturalWidth > 0)",
        "images",
    )
    assert browser.js("return [...document.querySelectorAll('#viewer img')].map((i) => i.alt)") == [
        "infrared, pair 0000",
        "Method-000, pair 0000",
    ]
    for link in browser.js(
        "return [...document.querySelectorAll('#originals a')].map((a) => a.getAttribute('href'))"
    ):
        assert (page.parent / link).resolve().is_file()


class OddNames(FakeResults):
    """Pairs whose names have characters with a meaning in an address."""

    @property
    def pair_names(self) -> list[str]:
        """Return names with a fragment, a query, a space and an escape."""
        return ["a#1", "b?2", "c 100%", "é%20"][: self.pairs]


@needs_browser
def test_links_reach_originals_of_any_name(browser: Browser, tmp_path: Path) -> None:
    """Links to the originals are escaped: each reaches the file, whatever the name of the pair."""
    page = make_page(OddNames(tmp_path, methods=2, datasets=1, pairs=4).write())
    browser.open(page)
    open_part(browser, "images")
    for _ in range(4):
        links = browser.js(
            "return [...document.querySelectorAll('#originals a')].map((a) => a.href)"
        )
        assert len(links) == 2 and all(
            Path(url2pathname(urlsplit(link).path)).is_file() for link in links
        )
        assert not any(urlsplit(link).query or urlsplit(link).fragment for link in links)
        browser.js("document.getElementById('next').click()")


@needs_browser
def test_times_stand_beside_their_device(browser: Browser, page: Path) -> None:
    """Seconds of two devices cannot be compared, so each row names its own device."""
    browser.open(page)
    open_part(browser, "results")
    devices = browser.texts("#results-table .tabulator-row [tabulator-field=device]")
    assert "a processor without a name" in devices


@needs_browser
def test_a_dataset_without_images_shows_nothing_of_another(
    browser: Browser, tmp_path: Path
) -> None:
    """No link or value of the dataset that was shown before stays on the page."""
    results = FakeResults(tmp_path, methods=2, datasets=2, pairs=2).write()
    marker = results.root / "resources" / "datasets" / "set-01.json"
    write_stored(marker, Manifest(state="skipped", reason="no folder"))
    for path in results.root.glob("results/runs/*/set-01/record.json"):
        record = read_stored(path, Record)
        write_stored(path, replace(record, state="skipped", reason="no folder", images=[]))
    browser.open(make_page(results))
    open_part(browser, "images")
    browser.choose("#view-dataset", "set-01")
    assert browser.texts("#viewer") == ["no images of this dataset"]
    assert browser.texts("#originals a") == [] and browser.texts("#pair-table .tabulator-row") == []


@needs_browser
def test_difference_of_an_image_with_itself_is_black(browser: Browser, page: Path) -> None:
    """The difference view is black where both images are equal; with another method it is not."""
    browser.open(page)
    open_part(browser, "images")
    browser.choose("#mode", "difference")
    browser.find("#gain").send_keys("\ue010")
    shades = []
    for right in ("method-001", "method-002"):
        browser.choose("#left", "method-001")
        browser.choose("#right", right)
        browser.until(
            "return [...document.querySelectorAll('#viewer img')].every((i) => i.complete)",
            "images",
        )
        shades.append(_brightness(browser.find("#viewer .difference").screenshot_as_png))
    assert shades[0] < 3 and shades[1] > 20


def _brightness(png: bytes) -> float:
    import cv2
    import numpy as np

    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    return float(image[4:-4, 4:-4].mean())


@needs_browser
def test_side_by_side_zooms_and_moves_in_step(browser: Browser, page: Path) -> None:
    """Sources and four methods are side by side.

    Plus zooms all of them, and an arrow moves all of them equally.
    """
    browser.open(page)
    open_part(browser, "images")
    browser.choose("#mode", "side")
    assert browser.texts("#viewer figcaption")[:3] == ["infrared", "visible", "Method-000"]
    browser.js("document.getElementById('viewer').focus()")
    browser.press("+")
    browser.until(
        "return new Set([...document.querySelectorAll('.zoomed')]"
        ".map((z) => z.style.transform)).size === 1"
        " && !document.querySelector('.zoomed').style.transform.startsWith('scale(1)')",
        "all zoomed alike",
    )
    before = browser.js("return document.querySelector('.zoomed').style.transform")
    browser.press("\ue014")
    browser.until(
        f"return document.querySelector('.zoomed').style.transform !== {json.dumps(before)}",
        "moved",
    )
    browser.until(
        "return new Set([...document.querySelectorAll('.zoomed')]"
        ".map((z) => z.style.transform)).size === 1",
        "all moved alike",
    )
    browser.press("n")
    assert browser.find("#pair").get_attribute("value") == "1"


@needs_browser
def test_tabs_and_methods_by_keyboard(browser: Browser, page: Path) -> None:
    """Arrows change the part, and a name opens the method.

    Its facts get the focus and say how it was run.
    """
    browser.open(page)
    browser.js("document.getElementById('tab-results').focus()")
    browser.press("\ue014", "\ue014")
    assert browser.find("#tab-methods").get_attribute("aria-selected") == "true"
    browser.until("return document.querySelector('#methods-table .link') !== null", "methods")
    browser.js("[...document.querySelectorAll('#methods-table .link')].at(-1).focus()")
    browser.press("\ue007")
    text = browser.find("#method").text
    assert (
        "weights-missing: x.pth is <gone> & away" in text
        and "https://arxiv.org/abs/2400.00005" in text
    )
    assert browser.js("return document.activeElement.id") == "method"


@needs_browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_no_complaint_of_console_or_axe(
    browser: Browser, page: Path, theme: str, width: int
) -> None:
    """No part, light or dark, wide or narrow, is wider than the screen.

    There is no finding of axe, and no message in the console.
    """
    browser.open(page, width=width, theme=theme)
    assert browser.js("return document.documentElement.dataset.theme") == theme
    for part in PARTS:
        open_part(browser, part)
        if part == "methods":
            browser.js("document.querySelector('#methods-table .link').click()")
        assert browser.violations() == [], part
        assert browser.js("return document.documentElement.scrollWidth") <= width, part
    assert browser.complaints() == []


@needs_browser
def test_many_methods_and_pairs_do_not_freeze_it(browser: Browser, tmp_path: Path) -> None:
    """120 methods on 400 pairs: previews beside the page, few rows and images at once."""
    results = FakeResults(tmp_path, methods=120, datasets=1, pairs=400, size=(24, 20)).write()
    page = make_page(results, report={"inline_mb": 1})
    browser.open(page)
    open_part(browser, "results")
    assert (
        browser.js("return document.querySelectorAll('#results-table .tabulator-row').length") < 80
    )
    browser.js(
        "document.querySelector('#results-table .tabulator-col[tabulator-field=m3]').click()"
    )
    assert (
        browser.js("return document.querySelectorAll('#results-table .tabulator-row').length") < 80
    )
    open_part(browser, "images")
    assert browser.js("return document.querySelectorAll('#images img').length") == 2
    browser.js("document.getElementById('next').click()")
    assert browser.js("return document.querySelectorAll('#images img').length") == 2
    assert len(browser.texts("#pair option")) == 400 and len(METRICS) == 11
