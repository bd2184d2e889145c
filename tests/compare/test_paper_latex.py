"""A paper's table in LaTeX."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fusebench.compare.latex_pages import PAGE
from fusebench.compare.means import Mean
from fusebench.compare.paper import Block, Line
from fusebench.compare.paper_latex import _height, _parts, _pieces, latex, proof
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.compare.made import on_cpu
from tests.compare.test_paper import RECORDS, SPEC, VALUES, table


def tabular(text: str) -> str:
    """The rows of the first tabular, with their rules."""
    return text.partition("\\begin{tabular}")[2].partition("\\end{tabular}")[0]


def test_the_whole_table_side_by_side() -> None:
    """It has titles with rules below, heads, headings, rows, and footnotes in small type."""
    text = latex(table(columns=["year"], years={"a": "2020"}, cite={"a": "alpha2020"}))
    head, _, rest = text.partition("\\caption{")
    assert head == (
        "% Needs \\usepackage{booktabs,graphicx}\n"
        "\\begin{table}[tbp]\n"
        "\\centering\n"
        "\\footnotesize\n"
        "\\setlength{\\tabcolsep}{3.5pt}\n"
        "\\setlength{\\belowcaptionskip}{6pt}\n"
    )
    assert rest.startswith("A title. Means over 2 pairs (D), 2 pairs (E).")
    assert rest.partition("\\label{tab:t}\n")[2] == (
        "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n"
        "\\begin{tabular}{lrrr}\n"
        "\\toprule\n"
        " &  & \\multicolumn{1}{c}{D} & \\multicolumn{1}{c}{E} \\\\\n"
        "\\cmidrule(lr){3-3}\\cmidrule(lr){4-4}\n"
        "Method & year & EN $\\uparrow$ & EN $\\uparrow$ \\\\\n"
        "\\midrule\n"
        "\\multicolumn{4}{l}{\\textit{Old}} \\\\\n"
        "Alpha~\\cite{alpha2020} & 2020 & \\underline{1.0} & --\\textsuperscript{a} \\\\\n"
        "Beta & -- & \\textbf{2.0} & \\underline{3.0} \\\\\n"
        "\\midrule\n"
        "\\multicolumn{4}{l}{\\textit{New}} \\\\\n"
        "Gamma & -- & --\\textsuperscript{a} & \\textbf{4.0} \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}}\n"
        "\\par\\vspace{2pt}{\\raggedright\\scriptsize\n"
        "\\textsuperscript{a} not published for this task\\par\n"
        "}\n"
        "\\end{table}\n"
    )


def test_the_whole_table_stacked() -> None:
    """A dataset's title is above its blocks, once and between rules; there are no footnotes."""
    text = latex(table(layout="stacked"))
    assert tabular(text) == (
        "{lr}\n"
        "\\toprule\n"
        "Method & EN $\\uparrow$ \\\\\n"
        "\\midrule\n"
        "\\multicolumn{2}{c}{D (2 pairs)} \\\\\n"
        "\\midrule\n"
        "\\multicolumn{2}{l}{\\textit{Old}} \\\\\n"
        "Alpha & \\underline{1.0} \\\\\n"
        "Beta & \\textbf{2.0} \\\\\n"
        "\\midrule\n"
        "\\multicolumn{2}{c}{E (2 pairs)} \\\\\n"
        "\\midrule\n"
        "\\multicolumn{2}{l}{\\textit{Old}} \\\\\n"
        "Beta & \\underline{3.0} \\\\\n"
        "\\midrule\n"
        "\\multicolumn{2}{l}{\\textit{New}} \\\\\n"
        "Gamma & \\textbf{4.0} \\\\\n"
        "\\bottomrule\n"
    )
    assert "\\raggedright" not in text


def test_a_table_without_groups_has_no_headings() -> None:
    """Without groups the rows follow the heads directly."""
    shown = table(datasets=SPEC.datasets[:1], groups={"": ["a", "b"]})
    assert "\\textit" not in latex(shown)
    assert tabular(latex(shown)).count("\\midrule") == 1


@pytest.mark.parametrize(
    ("mean", "changes", "shown"),
    [
        (Mean(-1.0, 2), {}, r"\underline{$-$1.0}"),
        (Mean(1.0, 2, std=0.25), {"spread": "std"}, r"\underline{1.0{\scriptsize$\pm$0.2}}"),
        (Mean(1.0, 1, "flat"), {}, r"1.0\textsuperscript{a}"),
        (Mean(None, 0, "flat"), {}, r"--\textsuperscript{a}"),
        (Mean(1.0, 2), {"highlight": 1}, "1.0"),
        (Mean(1.0, 2), {"colour": True}, r"\textcolor[rgb]{0,0.2,0.7}{\underline{1.0}}"),
    ],
)
def test_how_a_mean_is_written(mean: Mean, changes: dict[str, Any], shown: str) -> None:
    """A mean is written with sign, mark, spread, footnote and colour."""
    text = latex(table(values={**VALUES, "d/a": mean}, **changes))
    (line,) = re.findall(r"^Alpha & (.*) & --", text, re.MULTILINE)
    assert line == shown


def test_a_tie_takes_no_room_unless_a_footnote_follows() -> None:
    """Numbers stay aligned, and the mark does not overlap the letter."""
    values = {"d/a": Mean(1.0, 2), "d/b": Mean(2.0, 2, tied=True), "d/c": Mean(3.0, 2)}
    records = [replace(RECORDS[0], method=method) for method in "abc"]
    datasets = [replace(SPEC.datasets[0], methods=["a", "b", "c"])]
    text = latex(table(records, values, datasets=datasets))
    assert r"Beta & \underline{2.0\rlap{$^{\approx}$}} \\" in text
    assert r"\setlength{\tabcolsep}{5pt}" in text
    values["d/b"] = Mean(2.0, 1, "flat", tied=True)
    text = latex(table(records, values, datasets=datasets, highlight=3))
    assert r"2.0$^{\approx}$\textsuperscript{a}" in text


@pytest.mark.parametrize(("columns", "environment"), [(8, "table"), (9, "table*")])
def test_a_table_of_many_columns_takes_both_of_the_page(columns: int, environment: str) -> None:
    """Up to eight columns of numbers fit in one column of the page."""
    metrics = ["EN", "SD", "SF", "AG", "EI", "MI", "NMI", "CC", "SCD"][:columns]
    datasets = [replace(SPEC.datasets[0], metrics=metrics)]
    text = latex(table(datasets=datasets, decimals=dict.fromkeys(metrics, 1)))
    assert rf"\begin{{{environment}}}[tbp]" in text and rf"\end{{{environment}}}" in text


def test_colours_need_a_package() -> None:
    """The first line of the file names the package that colours need."""
    assert latex(table(colour=True)).startswith("% Needs \\usepackage{booktabs,graphicx,xcolor}\n")


def test_titles_stand_over_as_many_columns_as_they_have() -> None:
    """Columns of the method itself, before and after them, have no title."""
    records = [replace(one, **on_cpu(), model_seconds=0.5) for one in RECORDS]
    columns = ["year", "evidence", "model-seconds", "parameters", "flops"]
    text = tabular(latex(table(records, columns=columns)))
    _, _, titles, rules, heads, *_ = text.splitlines()
    assert titles == r" &  &  & \multicolumn{2}{c}{D} & \multicolumn{2}{c}{E} &  &  \\"
    assert rules == r"\cmidrule(lr){4-5}\cmidrule(lr){6-7}"
    assert heads.count(" & ") == titles.count(" & ") + 2


def test_the_label_is_one_that_latex_takes() -> None:
    """An underscore in a name becomes a hyphen."""
    assert r"\label{tab:my-table}" in latex(table(name="my_table"))


@pytest.mark.parametrize(("cite", "cited"), [({}, False), ({"a": "k"}, True)])
def test_the_proof_shows_the_table_and_what_it_cites(cite: dict[str, str], cited: bool) -> None:
    """It has a bibliography only with citations: BibTeX fails without any."""
    text = proof(table(cite=cite))
    assert r"\input{t}" in text and (r"\bibliography{t}" in text) is cited
    assert (r"\bibliographystyle{plain}" in text) is cited


def block(rows: int) -> Block:
    """A block of rows."""
    return Block("", "G", tuple(Line(f"m{n}", f"M{n}", ()) for n in range(rows)))


@given(st.integers(1, 60), st.integers(1, 60))
def test_a_block_is_broken_in_few_equal_pieces(rows: int, most: int) -> None:
    """There are as few as possible, they differ by one row at most, and no row is lost."""
    pieces = _pieces(block(rows), lambda piece: len(piece.lines) <= most)
    sizes = [len(piece.lines) for piece in pieces]
    assert [line for piece in pieces for line in piece.lines] == list(block(rows).lines)
    assert len(pieces) == -(-rows // most) and max(sizes) - min(sizes) <= 1
    assert {piece.heading for piece in pieces} == {"G"}


def test_a_row_that_fits_nowhere_stands_alone() -> None:
    """One row is the smallest piece, even if it does not fit."""
    assert [len(piece.lines) for piece in _pieces(block(3), lambda _: False)] == [1, 1, 1]


def test_parts_have_the_footnotes_of_their_rows() -> None:
    """Parts use the letters of the whole table, and every part fits on a page."""
    names = [f"m{number:03}" for number in range(90)]
    records = [
        replace(RECORDS[0], method=name, state="crashed", reason=f"of {name[-1]}", images=[])
        for name in names
    ]
    datasets = [replace(SPEC.datasets[0], methods=names)]
    labels = dict(zip(names, names, strict=True))
    shown = table(records, {}, datasets=datasets, groups={"": names}, labels=labels)
    parts = _parts(shown)
    assert len(parts) > 1 and all(_height(part) <= PAGE for part in parts)
    for part in parts:
        used = {entry.note for one in part.blocks for line in one.lines for entry in line.entries}
        assert set(part.notes) == used
        assert all(shown.notes[letter] == note for letter, note in part.notes.items())
