"""The plots of the page in a real browser, and how they lead to methods and pairs."""

from __future__ import annotations

from pathlib import Path

from fusebench.contracts.evidence import ClaimResults
from fusebench.contracts.files import write_stored

from tests.evidence.makers import claim_result
from tests.fake_results import FakeResults
from tests.report.conftest import Browser, make_page, needs_browser

PLOTS = ("speed", "ranks", "heat", "radar", "boxes", "pairs")


def drawn(browser: Browser, page: Path, width: int = 1280) -> None:
    """Open the page and let it draw all plots, as it does before it is printed."""
    browser.open(page, width=width)
    browser.until(
        "dispatchEvent(new Event('beforeprint'));"
        "return document.querySelectorAll('#plots svg').length === 6",
        "all plots",
    )


@needs_browser
def test_every_plot_is_drawn_with_its_name(browser: Browser, page: Path) -> None:
    """Each has a name, a caption, and one stop of the Tab key; on a phone it fits the screen."""
    for width in (1280, 360):
        drawn(browser, page, width)
        for name in PLOTS:
            assert browser.find(f"#plot-{name} svg").get_attribute("aria-label")
            assert browser.find(f"#plot-{name} figcaption").text
            stops = f"document.querySelectorAll('#plot-{name} a[tabindex=\"0\"]').length"
            assert browser.js(f"return {stops}") == 1, name
            right = f"document.querySelector('#plot-{name} svg').getBoundingClientRect().right"
            assert browser.js(f"return {right}") <= width


@needs_browser
def test_plots_far_below_are_drawn_when_they_come_near(browser: Browser, tmp_path: Path) -> None:
    """With many methods the page begins with the plots in sight; the others follow the reader."""
    browser.open(make_page(FakeResults(tmp_path, methods=90, datasets=1, pairs=2).write()))
    browser.until("return document.querySelector('#plot-ranks svg') !== null", "the first plots")
    browser.until("return document.querySelector('#cases figure') !== null", "the cases")
    assert browser.js("return document.querySelector('#plot-pairs svg') === null")
    browser.js("document.getElementById('plot-pairs').scrollIntoView()")
    browser.until("return document.querySelector('#plot-pairs svg') !== null", "the last plot")


@needs_browser
def test_a_point_opens_its_method_by_keyboard(browser: Browser, page: Path) -> None:
    """Arrows go from point to point, Enter opens one, and the browser's back button returns."""
    drawn(browser, page)
    browser.js("document.querySelector('#plot-ranks a[tabindex=\"0\"]').focus()")
    browser.press("\ue015")
    title = browser.js("return document.activeElement.getAttribute('aria-label')")
    browser.press("\ue007")
    browser.until("return !document.getElementById('methods').hidden", "the method")
    heading = browser.find("#method h2").text
    assert title.startswith(f"{heading}: mean rank ")
    assert browser.js("return location.hash") == f"#method/{heading.lower()}"


@needs_browser
def test_a_point_of_a_pair_opens_its_images(browser: Browser, page: Path) -> None:
    """The viewer shows the pair and the method of the point; so does each case by its link."""
    for links in ("#plot-pairs a", "#cases a"):
        drawn(browser, page)
        address = browser.js(f"return document.querySelector('{links}').getAttribute('href')")
        browser.js(f"document.querySelector('{links}').dispatchEvent(new MouseEvent('click'))")
        browser.js("location.hash = arguments[0]", address)
        browser.until("return !document.getElementById('images').hidden", "the images")
        _, dataset, pair, method = address.split("/")
        shown = [browser.find(f"#{at}").get_attribute("value") for at in ("view-dataset", "pair")]
        assert shown == [dataset, pair]
        assert browser.find("#right").get_attribute("value") == method
        browser.js("location.hash = ''; document.getElementById('tab-overview').click()")


@needs_browser
def test_cases_are_those_that_differ_most(browser: Browser, page: Path) -> None:
    """Three worst and three best pairs, each with sources, result and difference."""
    drawn(browser, page)
    assert browser.js("return document.querySelectorAll('#cases figure').length") == 6
    first = "document.querySelectorAll('#cases figure')[0].querySelectorAll('img').length"
    assert browser.js(f"return {first}") == 5  # the difference is made of two
    texts = browser.texts("#cases figcaption a")
    gains = [float(text.split(": ")[1].split(",")[0]) - float(text.split()[-1]) for text in texts]
    assert gains[:3] == sorted(gains[:3]) and gains[3:] == sorted(gains[3:], reverse=True)
    assert max(gains[:3]) <= min(gains[3:])


@needs_browser
def test_at_most_six_methods_have_a_colour(browser: Browser, tmp_path: Path) -> None:
    """The first four of the ranking do, and a seventh cannot be chosen."""
    page = make_page(FakeResults(tmp_path, methods=8, datasets=1, pairs=3).write())
    drawn(browser, page)
    ticks = "[...document.querySelectorAll('#highlight input')]"
    assert browser.js(f"return {ticks}.filter((box) => box.checked).length") == 4
    browser.js(f"for (const box of {ticks}) if (!box.checked) box.click()")
    assert browser.js(f"return {ticks}.filter((box) => box.checked).length") == 6
    assert browser.js("return document.querySelectorAll('#plot-radar a').length") == 6


@needs_browser
def test_methods_are_found_by_their_paper(browser: Browser, page: Path) -> None:
    """A part of the title, the venue or the year finds a method, in both tables."""
    drawn(browser, page)
    browser.find("#tab-results").click()
    browser.find("#search").send_keys("paper of method-003")
    rows = "#results-table .tabulator-row [tabulator-field=label]"
    browser.until(f"return document.querySelectorAll('{rows}').length === 1", "one row")
    assert browser.texts(rows) == ["Method-003"]
    browser.find("#tab-methods").click()
    browser.find("#find-method").send_keys("2018")
    rows = "#methods-table .tabulator-row [tabulator-field=label]"
    browser.until(f"return document.querySelectorAll('{rows}').length === 1", "one row")


@needs_browser
def test_eleven_metrics_fit_a_desktop(browser: Browser, tmp_path: Path) -> None:
    """At 1,400 pixels the table of results does not scroll sideways; one device is a note."""
    browser.open(make_page(FakeResults(tmp_path, methods=3, datasets=1, pairs=2).write()), 1400)
    browser.find("#tab-results").click()
    browser.until("return document.querySelector('#results-table .tabulator-row')", "rows")
    holder = "document.querySelector('#results-table .tabulator-tableholder')"
    assert browser.js(f"return {holder}.scrollWidth <= {holder}.clientWidth")


@needs_browser
def test_published_numbers_are_on_the_page(browser: Browser, tmp_path: Path) -> None:
    """A method's part has its claims, each with what was measured and the verdict."""
    results = FakeResults(tmp_path, methods=2, datasets=1, pairs=2).write()
    claims = ClaimResults(claims=[claim_result(method="method-000", measured=7.12)])
    write_stored(tmp_path / "results/evidence/claims/method-000.json", claims)
    browser.open(make_page(results))
    browser.js("location.hash = '#method/method-000'")
    browser.until("return document.querySelector('#method table') !== null", "the claims")
    assert browser.texts("#method td")[:5] == ["d", "EN", "7.1", "7.120", "reproduced"]


@needs_browser
def test_the_page_prints_without_its_controls(browser: Browser, page: Path) -> None:
    """On paper there are no buttons and filters, and black on white, whatever the theme."""
    drawn(browser, page)
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    shown = "getComputedStyle(document.querySelector('{}')).display"
    assert browser.js(f"return {shown.format('[role=tablist]')}") == "none"
    assert browser.js(f"return {shown.format('.filters')}") == "none"
    assert browser.js("return getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
