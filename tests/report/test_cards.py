"""Cards of methods, and the badges with their rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fusebench.command import main
from fusebench.contracts.evidence import ClaimResults
from fusebench.contracts.files import write_stored
from fusebench.files import write_text
from fusebench.report.badges import RULES, badge, badges_of

from tests.evidence.makers import claim_result
from tests.fake_results import FakeResults

OK: dict[str, Any] = {"state": "ok"}


def facts(selfcheck: str = "", *verdicts: str) -> dict[str, Any]:
    """Return what a badge is given for."""
    return {"selfcheck": selfcheck, "claims": [{"verdict": verdict} for verdict in verdicts]}


@pytest.mark.parametrize(
    ("method", "runs", "badges"),
    [
        (facts(), [OK, OK], ["runs"]),
        (facts(), [OK, {"state": "crashed"}], []),
        (facts(), [OK, {"state": "suspicious"}], []),
        (facts(), [], []),
        (facts("test: exact; more: exact"), [], ["exact", "reproduced"]),
        (facts("test: exact; more: close"), [], ["reproduced"]),
        (facts("test: exact; more: differs"), [], []),
        (facts("", "reproduced", "not-comparable"), [], ["numbers reproduced"]),
        (facts("", "reproduced", "close"), [], []),
        (facts("", "not-comparable"), [], []),
    ],
)
def test_a_badge_is_given_only_where_its_rule_holds(
    method: dict[str, Any], runs: list[dict[str, Any]], badges: list[str]
) -> None:
    """One failed run, one worse self-check or one other number takes the badge away."""
    assert list(badges_of(method, runs)) == badges
    assert set(badges) <= set(RULES)


def test_a_badge_is_an_image_with_a_text() -> None:
    """It is well-formed, as wide as its texts, and says the same to a screen reader."""
    image = ElementTree.fromstring(badge("numbers <reproduced>"))
    texts = [element.text for element in image.iter() if element.text]
    assert texts == ["fusebench: numbers <reproduced>", "fusebench", "numbers <reproduced>"]
    assert image.get("aria-label") == "fusebench: numbers <reproduced>"
    assert int(image.get("width") or 0) > len("fusebench" + "numbers <reproduced>") * 6


def test_a_card_says_what_ran_and_how_to_repeat_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Markdown and HTML have the same facts; the names of badges are those of their files."""
    FakeResults(tmp_path, methods=3, datasets=2, pairs=3).write()
    claims = ClaimResults(claims=[claim_result(method="method-000", measured=7.12)])
    write_stored(tmp_path / "results/evidence/claims/method-000.json", claims)
    assert main(["card", "method-000", "method-002", "--project", str(tmp_path)]) == 0
    folder = tmp_path / "results/cards/method-000"
    assert f"{folder}/card.md, card.html; badges: runs, numbers reproduced" in (
        capsys.readouterr().out
    )
    card, page = (folder / "card.md").read_text(), (folder / "card.html").read_text()
    for text in ("Set 00, 3 pairs", "Published numbers", "method-000/set-01/record.json"):
        assert text in card and text in page
    for name in re.findall(r"\]\(([^)]*\.svg)\)", card):
        assert (folder / name).is_file()
    assert re.search(r"^\| EN \| [\d.]+ \| [12] of 2 \|$", card, re.MULTILINE)
    assert "\n\n| metric |" in card and "\n\n## To repeat it\n" in card
    failed = (tmp_path / "results/cards/method-002/card.md").read_text()
    assert "weights-missing: x.pth is \\<gone\\> & away" in failed and ".svg" not in failed


def test_a_title_cannot_break_out_of_a_card(tmp_path: Path) -> None:
    """What looks like markup in a title stays text in both formats."""
    FakeResults(tmp_path, methods=2, datasets=1, pairs=1).write()
    path = tmp_path / "methods.yaml"
    write_text(path, path.read_text().replace("The paper of method-000", "<script>x</script>"))
    main(["card", "method-000", "--project", str(tmp_path)])
    folder = tmp_path / "results/cards/method-000"
    assert "<script>" not in (folder / "card.html").read_text()
    assert "\n<script>" not in (folder / "card.md").read_text()


def test_a_card_of_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the methods that there are, or what has not run yet."""
    results = FakeResults(tmp_path, methods=2, datasets=1, pairs=1)
    results.write_registry()
    assert main(["card", "--project", str(tmp_path)]) == 1
    assert "these datasets have no results yet: set-00" in capsys.readouterr().err
    results.write()
    assert main(["card", "other", "--project", str(tmp_path)]) == 1
    assert "must be methods with results of the suite: method-000" in capsys.readouterr().err
