"""A table of a suite in LaTeX."""

from __future__ import annotations

import re

import pytest
from fusebench.compare.contents import tabulate
from fusebench.compare.latex import escaped, latex, signed
from fusebench.compare.means import Mean, Means
from fusebench.contracts.records import Record
from fusebench.contracts.tables import TableSpec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.compare.made import on_cpu, on_gpu, record

SPEC = TableSpec(
    suite="s_1",
    dataset="d",
    title="D & E",
    methods={"a": "A_1", "b": "B", "c": "C"},
    metrics=["EN", "SSIM@cddfuse"],
    decimals=1,
)
MEANS: Means = {
    ("d", "a", "EN", "canonical"): Mean(7.0, 2),
    ("d", "b", "EN", "canonical"): Mean(-6.0, 2),
    ("d", "a", "SSIM", "cddfuse"): Mean(0.5, 1, "flat"),
}
RECORDS = [
    record("a", "d", **on_cpu(), seconds_per_image=1.5, parameters=1000),
    record("b", "d", **on_cpu(), model_seconds=0.25),
    record("c", "d", state="timeout", reason="after 60 s & more"),
]


def text_of(records: list[Record] = RECORDS, spec: TableSpec = SPEC) -> str:
    """The table of ``SPEC`` in LaTeX."""
    return latex(tabulate(spec, records, MEANS))


def test_the_whole_table() -> None:
    """It is a float with caption, label, rules, marked ranks, spanning states and footnotes."""
    head, _, body = text_of().partition("\\label{tab:s-1-d}\n")
    assert head.startswith(
        "\\begin{table}[tbp]\n\\centering\n\\footnotesize\n\\setlength{\\tabcolsep}{3pt}\n"
        "\\caption{D \\& E: mean over 2 pairs."
    )
    assert body == (
        "\\begin{tabular}{lrrrrr}\n"
        "\\toprule\n"
        "method & EN $\\uparrow$ & SSIM\\textsubscript{cddfuse} $\\uparrow$ & model s & total s"
        " & params \\\\\n"
        "\\midrule\n"
        "A\\_1 & \\textbf{7.0} & 0.5 (1 of 2)\\textsuperscript{a} & -- & 1.50 & 1 k \\\\\n"
        "B & \\underline{$-$6.0} & --\\textsuperscript{b} & 0.250 & -- & -- \\\\\n"
        "C & \\multicolumn{2}{l}{timeout\\textsuperscript{c}} & -- & -- & -- \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
        "\\par \\textsuperscript{a} SSIM@cddfuse: 1 of 2 pairs have a value (flat)\n"
        "\\par \\textsuperscript{b} SSIM@cddfuse: 0 of 2 pairs have a value (the others were not"
        " measured)\n"
        "\\par \\textsuperscript{c} after 60 s \\& more\n"
        "\\end{table}\n"
    )


def test_times_of_each_device_have_a_tabular() -> None:
    """They are in the same float below the footnotes; the first tabular then has no times."""
    records = [RECORDS[0], record("b", "d", **on_gpu("H_1"), model_seconds=0.25), RECORDS[2]]
    text = text_of(records)
    assert text.count(r"\begin{table}") == 1 and text.count(r"\begin{tabular}") == 3
    assert r"Seconds per image on H\_1:\par\smallskip" in text
    assert r"\begin{tabular}{lrrr}" in text and "B & 0.250 & -- \\\\" in text


def test_a_long_table_continues() -> None:
    """Later rows are in a float that refers to the first one and repeats no label."""
    methods = {f"m{n:03}": f"M{n:03}" for n in range(70)}
    spec = replace(SPEC, methods=methods)
    first, *others = text_of([record(method, "d") for method in methods], spec).split(
        "\\begin{table}"
    )[1:]
    assert others and first.count(r"\label{tab:s-1-d}") == 1
    for part in others:
        assert r"Table~\ref{tab:s-1-d}, continued." in part
        assert r"\label" not in part and r"\toprule" in part
    rows = re.findall(r"^(M\d{3}) &", "".join([first, *others]), re.MULTILINE)
    assert rows == list(methods.values())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("a~b^c", r"a\textasciitilde{}b\textasciicircum{}c"),
        ("<x> | y", r"\textless{}x\textgreater{} \textbar{} y"),
        ('"q" “r” ‘s’', "''q'' ``r'' `s'"),
        ("1–2 — 3…", "1--2 --- 3..."),
        ("[1] *", "{[}1] {*}"),
        ("5 × 5 ± 1 ≤ 2", r"5 $\times$ 5 $\pm$ 1 $\leq$ 2"),
        ("x₂⁹", "x$_2$$^9$"),
        ("Łódź Škoda ñ ç å", "Łódź Škoda ñ ç å"),
        ("e\u0301", "é"),
        ("\u200b融", "??"),
        ("a\x00b\n", "a?b?"),
    ],
)
def test_what_latex_is_told_instead(text: str, shown: str) -> None:
    """Every character becomes itself, a command, or a question mark."""
    assert escaped(text) == shown


@given(st.text())
def test_no_character_has_a_meaning_to_latex(text: str) -> None:
    """In any text commands, groups and math are closed, and nothing starts another column."""
    shown = escaped(text)
    plain = re.sub(r"\\[A-Za-z]+(\{\})?|\\[&%$#_{}]|\$[^$]*\$|\{[\[*]\}", "", shown)
    assert not re.search(r"[\\&%$#_^~{}<>|\"]", plain)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_only_the_sign_of_a_number_is_changed(value: float) -> None:
    """A negative number starts with a minus sign in math; any other stays as it is."""
    number = f"{value:.3f}"
    assert signed(number).replace("$-$", "-") == number
    assert signed(number).startswith("$-$") == number.startswith("-")
