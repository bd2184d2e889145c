"""A browser with a real driver, and pages made from made-up results."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.jobs.session import Session
from fusebench.report.page import write_page

from tests.fake_results import FakeResults

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SESSION = Session(id="tests", device="cpu")
needs_browser = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="chromium and chromium-driver are not installed"
)


def make_page(results: FakeResults, **options: Any) -> Path:
    """Write the page of a project and return its path."""
    page = results.root / "results" / "report" / "index.html"
    beside, together = page.parent / "previews", page.parent / "page"
    write_page(results.root, options, SESSION, page, beside, together, workers=2)
    return page


@dataclass
class Browser:
    """Chromium without a window, with the actions that the tests need."""

    driver: Any

    def open(self, page: Path, width: int = 1280, height: int = 900, theme: str = "light") -> None:
        """Open a page at a size and with a preferred theme."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        self.driver.get(page.as_uri())

    def js(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page and return its result."""
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> Any:
        """Return the first element of a CSS selector."""
        return self.driver.find_element("css selector", selector)

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all elements of a CSS selector."""
        return list(
            self.js(
                "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)",
                selector,
            )
        )

    def until(self, script: str, what: str) -> Any:
        """Wait until a script returns something true, at most ten seconds."""
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, 10, 0.05).until(lambda _: self.js(script), what)

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a select by its value."""
        from selenium.webdriver.support.ui import Select

        Select(self.find(selector)).select_by_value(value)

    def press(self, *keys: str) -> None:
        """Press keys one after the other; the element in focus gets them."""
        from selenium.webdriver import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def complaints(self) -> list[str]:
        """Return warnings and errors that the console printed since the last call."""
        return [
            str(entry["message"])
            for entry in self.driver.get_log("browser")
            if entry["level"] in {"WARNING", "SEVERE"}
        ]

    def violations(self, *, only_serious: bool = False) -> list[str]:
        """Return what axe finds in the page as it stands."""
        axe = Path(__file__).parent / "third_party" / "axe-core" / "axe.min.js"
        self.js(axe.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
        return [
            f"{v['id']}: {v['nodes'][0]['html']}"
            for v in found["violations"]
            if not only_serious or v["impact"] in {"serious", "critical"}
        ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one module."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.set_script_timeout(60)
    yield Browser(driver)
    driver.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of six methods on two datasets of eight pairs, with previews inside.

    One of the methods failed.
    """
    return make_page(FakeResults(tmp_path_factory.mktemp("page"), methods=6).write())
