"""A table of a suite in Markdown."""

from __future__ import annotations

import re

from fusebench.compare.contents import Table, tabulate
from fusebench.compare.markdown import escaped, markdown
from fusebench.compare.means import Mean, Means
from fusebench.contracts.records import Record
from fusebench.contracts.tables import TableSpec
from hypothesis import given
from hypothesis import strategies as st

from tests.compare.made import on_cpu, on_gpu, record

SPEC = TableSpec(
    suite="s",
    dataset="d",
    title="D_1",
    methods={"a": "A|1", "b": "B", "c": "C"},
    metrics=["EN", "SSIM@cddfuse"],
    decimals=2,
)
MEANS: Means = {
    ("d", "a", "EN", "canonical"): Mean(7.0, 2),
    ("d", "b", "EN", "canonical"): Mean(6.0, 2),
    ("d", "a", "SSIM", "cddfuse"): Mean(0.5, 1, "flat"),
}
RECORDS = [
    record("a", "d", **on_cpu(), seconds_per_image=1.5, parameters=1000),
    record("b", "d", **on_cpu(), model_seconds=0.25),
    record("c", "d", state="timeout", reason="after\n60 s"),
]


def shown(records: list[Record] = RECORDS) -> Table:
    """The table of ``SPEC``."""
    return tabulate(SPEC, records, MEANS)


def test_the_whole_table() -> None:
    """It has caption, heads with arrows, marked ranks, counts, states, dashes, footnotes."""
    assert markdown(shown()) == (
        "D\\_1: mean over 2 pairs. Best bold, second underlined, ranked on the printed digits;"
        " means of fewer pairs are not ranked. Seconds per image on Xeon (2 threads) of the model"
        " alone and in total, reading and writing included.\n"
        "\n"
        "| method | EN ↑ | SSIM (cddfuse) ↑ | model s | total s | params |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |\n"
        "| A\\|1 | **7.00** | 0.50 (1 of 2)<sup>a</sup> | – | 1.50 | 1 k |\n"
        "| B | <u>6.00</u> | no value<sup>b</sup> | 0.250 | – | – |\n"
        "| C | timeout<sup>c</sup> | – | – | – | – |\n"
        "\n"
        "<sup>a</sup> SSIM@cddfuse: 1 of 2 pairs have a value (flat)\n"
        "\n"
        "<sup>b</sup> SSIM@cddfuse: 0 of 2 pairs have a value (the others were not measured)\n"
        "\n"
        "<sup>c</sup> after 60 s\n"
    )


def test_times_of_each_device_have_a_table() -> None:
    """They are below the footnotes, with method names, without methods that have no time."""
    records = [RECORDS[0], record("b", "d", **on_gpu("H_1"), model_seconds=0.25), RECORDS[2]]
    _, on_xeon, on_h1 = re.split(r"Seconds per image on .*:\n", markdown(shown(records)))
    head = "\n| method | model s | total s |\n| --- | ---: | ---: |\n"
    assert on_xeon == head + "| A\\|1 | – | 1.50 |\n\n"
    assert on_h1 == head + "| B | 0.250 | – |\n"
    assert "Seconds per image on H\\_1:" in markdown(shown(records))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\r")))
def test_an_escaped_text_is_shown_as_it_is(text: str) -> None:
    """Special characters have a backslash; without the backslashes it is the same text."""
    told = escaped(text)
    assert re.sub(r"\\([\\`*_\[\]<>|~])", r"\1", told) == text
    assert not re.search(r"[`*_\[\]<>|~]", re.sub(r"\\.", "", told))
