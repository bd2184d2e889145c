"""Results that were resized, cropped or lossy are told in a footnote of every table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fusebench.compare import markdown, terminal_table, write_tables
from fusebench.compare.means import means_of
from fusebench.compare.paper import paper_table
from fusebench.compare.paper_files import SUFFIXES, write_paper_table
from fusebench.contracts.records import Record
from fusebench.contracts.tables import PaperSpec, ShownDataset, TableSpec
from fusebench.contracts.weights import Origin, WeightFacts
from fusebench.fuse.caveats import CROPPED, RESIZED, caveat, caveat_of
from fusebench.fuse.value_range import MUCH_CLIPPED, SMALL_16_BITS
from fusebench.fuse.verified import OTHER_IMAGES
from fusebench.images import LOSSY
from fusebench.report.contents import run_facts
from msgspec.structs import replace

from tests.compare.made import fused, long, record

ALTERED: list[tuple[dict[str, Any], str]] = [
    ({"result_size": (24, 20)}, RESIZED),
    ({"result_size": (24, 20), "size": (24, 20)}, CROPPED),
    ({"notes": [f"{LOSSY}JPEG"]}, f"{LOSSY}JPEG"),
    ({"notes": [SMALL_16_BITS]}, SMALL_16_BITS),
    ({"notes": ["array of range 0-255 rounded to 8 bits", MUCH_CLIPPED]}, MUCH_CLIPPED),
]
LABELS = {"plain": "Plain", "altered": "Altered"}
SUITE = TableSpec(suite="s", dataset="d", title="D", methods=LABELS, metrics=["EN", "SD"])
PAPER = PaperSpec(
    name="p",
    title="T",
    groups={"": list(LABELS)},
    labels=LABELS,
    datasets=[ShownDataset(name="d", title="D", methods=list(LABELS), metrics=["EN", "SD"])],
    decimals={"EN": 2, "SD": 2},
)


def altered(**changes: Any) -> Record:
    """Return a run of two images; the first was changed."""
    images = [replace(fused("01"), **changes), fused("02")]
    return record("altered", "d", images=images)


def measures() -> pd.DataFrame:
    """Return values of both methods; the altered one is the best."""
    names = [(method, metric) for method in LABELS for metric in ("EN", "SD")]
    return long({name: (float(number), float(number)) for number, name in enumerate(names)})


def written(folder: Path, run: Record) -> dict[str, str]:
    """Write a suite's and a paper's table of a plain run and ``run``; return file -> text."""
    records = [record("plain", "d"), run]
    paths = write_tables(folder, SUITE, records, measures())
    table = paper_table(PAPER, records, means_of(measures()))
    paths += write_paper_table(folder, table, {})
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


@pytest.mark.parametrize(("changes", "words"), ALTERED)
def test_every_table_tells_what_was_done_to_results(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    """How many results, and what was done, stands in each format, on the terminal and the page."""
    told = f"1 of 2 results {words}"
    run = altered(**changes)
    files = written(tmp_path, run)
    shown = {
        name: text for name, text in files.items() if not name.endswith((".bib", ".proof.tex"))
    }
    assert len(shown) == 3 + len(SUFFIXES) - 2
    assert all(told in " ".join(text.split()) for text in shown.values())
    assert f"Altered: {told}" in terminal_table(SUITE, [record("plain", "d"), run], measures())
    assert run_facts(run)["caveat"] == told
    assert "| Altered<sup>a</sup> | **2.0000** |" in files["d.md"]
    assert r"Altered\textsuperscript{a} & \textbf{2.0000} &" in files["d.tex"]
    assert "| Altered | **2.00**<sup>a</sup> | **3.00**<sup>a</sup> |" in files["p.md"]


def test_a_table_of_whole_results_has_no_footnote(tmp_path: Path) -> None:
    """Notes on sources and on lossless conversions are no caveats."""
    noted = altered(notes=["A converted to gray", "opaque alpha channel dropped"])
    assert caveat(noted.images) == "" and "caveat" not in run_facts(noted)
    assert written(tmp_path / "noted", noted) == written(tmp_path / "plain", altered())


def test_a_footnote_holds_what_is_missing_and_what_was_done(tmp_path: Path) -> None:
    """A run with both has one footnote in a suite's table, and one for each metric in a paper's."""
    values = measures()
    values.loc[values["method"].eq("altered") & values["metric"].eq("SD"), "value"] = [
        5.0,
        float("nan"),
    ]
    records = [record("plain", "d"), altered(result_size=(24, 20))]
    write_tables(tmp_path, SUITE, records, values)
    text = (tmp_path / "s" / "d.md").read_text(encoding="utf-8")
    assert (
        "<sup>a</sup> SD: 1 of 2 pairs have a value" in text
        and f"; 1 of 2 results {RESIZED}" in text
    )
    notes = paper_table(PAPER, records, means_of(values)).notes
    assert notes["a"] == f"1 of 2 results {RESIZED}" and notes["b"].endswith(notes["a"])


@pytest.mark.parametrize(
    "note",
    [
        "loading changed no parameter of Net: it may be untrained",
        "torch.load(w.pth) failed and the script went on: UnpicklingError: refused",
        f"{OTHER_IMAGES} (d, 2026-01-02, on cpu): likely another build of a package",
    ],
)
def test_what_the_launcher_or_the_job_doubts_has_a_footnote(tmp_path: Path, note: str) -> None:
    """An untrained network, and images that are not those of `verified`.

    Other notes of a run stay in its record.
    """
    run = record("altered", "d", notes=["waited for process 1", note])
    assert run_facts(run)["caveat"] == note
    files = written(tmp_path, run)
    assert files["d.md"].endswith(f"<sup>a</sup> {markdown.escaped(note)}\n")


def test_a_failed_run_has_its_reason_only() -> None:
    """Nothing is measured of it, so nothing is said about its images."""
    failed = replace(altered(result_size=(24, 20)), state="crashed", reason="r")
    assert "results" not in terminal_table(SUITE, [failed], measures())


SHA256 = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("origin", "pinned", "told"),
    [
        ("by hand", True, "weights by hand: m/a.pth (sha256 0123456789ab)"),
        ("by hand", False, "weights by hand, unpinned: m/a.pth (sha256 0123456789ab)"),
        ("retrained", True, "weights retrained: m/a.pth (sha256 0123456789ab)"),
        ("authors", False, "weights unpinned: m/a.pth (sha256 0123456789ab)"),
    ],
)
def test_weights_that_may_not_be_the_authors_have_a_footnote(
    tmp_path: Path, origin: Origin, pinned: bool, told: str
) -> None:
    """A file that a person brought, or that nobody pinned, is told in every format, with hash."""
    facts = WeightFacts(origin=origin, source="https://example.org/a", pinned=pinned)
    run = replace(altered(), weights={"m/a.pth": SHA256}, weights_from={"m/a.pth": facts})
    assert caveat_of(run) == told
    assert run_facts(run)["caveat"] == told
    assert told in " ".join(written(tmp_path, run)["d.md"].split())


def test_pinned_weights_of_the_authors_have_no_footnote(tmp_path: Path) -> None:
    """Tables of weights that were downloaded and pinned are those of weights in a repository."""
    facts = WeightFacts(origin="authors", source="https://example.org/a", pinned=True)
    run = replace(altered(), weights={"m/a.pth": SHA256}, weights_from={"m/a.pth": facts})
    assert caveat_of(run) == ""
    assert written(tmp_path / "fetched", run) == written(tmp_path / "plain", altered())
