"""A paper's table in LaTeX.

It needs ``booktabs`` and ``graphicx``, and ``xcolor`` if ranks are coloured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from fusebench.compare.contents import BEST, SECOND, THIRD
from fusebench.compare.latex import ARROWS, NOTHING, escaped, signed
from fusebench.compare.latex_pages import LINE, PAGE, RULE, SMALL_LINE, continued, lines, pages
from fusebench.compare.paper import Block, Column, Entry, PaperTable, caption
from fusebench.compare.paper_frame import headings, spans, styled, with_heads
from fusebench.compare.wording import NOTHING as DASH

NARROW = 8
"""A table of up to so many columns of numbers fits in one column of a two-column paper."""

TEXT_WIDTH, NOTE_WIDTH = {True: 55, False: 110}, {True: 62, False: 125}
"""Characters in a line of the caption and of a footnote, in one column and in both."""

COMMANDS = {BEST: "textbf:--rwrap", SECOND: "underline:--rwrap", THIRD: "textit:--rwrap"}
"""In the form that ``Styler.to_latex`` takes: ``--rwrap`` puts braces around the cell."""
COLOURS = {
    BEST: "textcolor[rgb]{0.75,0,0}:--rwrap",
    SECOND: "textcolor[rgb]{0,0.2,0.7}:--rwrap",
    THIRD: "textcolor[rgb]{0,0.4,0}:--rwrap",
}
TIED = r"\rlap{$^{\approx}$}"
TIED_WITH_NOTE = r"$^{\approx}$"


def latex(table: PaperTable) -> str:
    """Return a ``table`` environment with caption, label ``tab:NAME`` and footnotes.

    A wide one is a ``table*``. It is shrunk to the width of the text if it would stick out. A table
    longer than a page becomes several, broken before a group if one fits on a page, each with the
    footnotes of its own rows.
    """
    first, *others = _parts(table)
    label = f"tab:{re.sub(r'[^A-Za-z0-9-]', '-', table.spec.name)}"
    above = [
        r"\setlength{\belowcaptionskip}{6pt}",
        rf"\caption{{{escaped(caption(table))}}}",
        rf"\label{{{label}}}",
    ]
    packages = f"booktabs,graphicx{',xcolor' if table.spec.colour else ''}"
    return "\n".join(
        [
            rf"% Needs \usepackage{{{packages}}}",
            *_float(table, first, above),
            *(line for part in others for line in _float(table, part, [continued(label)])),
            "",
        ]
    )


def _float(table: PaperTable, part: PaperTable, above: list[str]) -> list[str]:
    """Return the lines of an environment; all parts of a table have the same width and spacing."""
    environment = "table" if _narrow(table) else "table*"
    notes = [rf"{_note(letter)} {escaped(note)}\par" for letter, note in part.notes.items()]
    return [
        rf"\begin{{{environment}}}[tbp]",
        r"\centering",
        r"\footnotesize",
        rf"\setlength{{\tabcolsep}}{{{5 if table.has_ties else 3.5}pt}}",
        *above,
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        f"{_tabular(part)}}}",
        *([r"\par\vspace{2pt}{\raggedright\scriptsize", *notes, "}"] if notes else []),
        rf"\end{{{environment}}}",
    ]


def _narrow(table: PaperTable) -> bool:
    return len(table.columns) <= NARROW


def _parts(table: PaperTable) -> list[PaperTable]:
    """Return the table page by page."""
    above = LINE * lines(caption(table), TEXT_WIDTH[_narrow(table)])

    def height(blocks: Sequence[Block]) -> float:
        return _height(_part(table, blocks))

    blocks = (
        _pieces(block, lambda piece: above + height([piece]) <= PAGE) for block in table.blocks
    )
    return [_part(table, page) for page in pages(blocks, height, above)]


def _pieces(block: Block, fits: Callable[[Block], bool]) -> list[Block]:
    """Split a block into as few pieces of about equal size as fit on a page each.

    A piece has at least one row.
    """
    rows = len(block.lines)
    for count in range(1, rows):
        ends = [rows * number // count for number in range(count + 1)]
        pieces = [replace(block, lines=block.lines[start:end]) for start, end in pairwise(ends)]
        if all(fits(piece) for piece in pieces):
            return pieces
    return [replace(block, lines=(line,)) for line in block.lines]


def _part(table: PaperTable, blocks: Sequence[Block]) -> PaperTable:
    """Return some rows of a table with their own footnotes."""
    used = {entry.note for block in blocks for line in block.lines for entry in line.entries}
    notes = {letter: note for letter, note in table.notes.items() if letter in used}
    return replace(table, blocks=tuple(blocks), notes=notes)


def _height(part: PaperTable) -> float:
    """Return the height in points of rows, headings and footnotes, before the table is shrunk."""
    titles = headings(part).values()
    heads = 2 * LINE + 3 * RULE
    rows = LINE * sum(len(block.lines) for block in part.blocks)
    between = sum(
        LINE * (bool(title) + bool(group)) + RULE * (1 + bool(title)) for title, group in titles
    )
    notes = sum(lines(note, NOTE_WIDTH[_narrow(part)]) for note in part.notes.values())
    return heads + rows + between + SMALL_LINE * notes


def proof(table: PaperTable) -> str:
    """Return a document of two columns that shows table and bibliography as a paper would."""
    name = table.spec.name
    cited = [r"\bibliographystyle{plain}", rf"\bibliography{{{name}}}"] if table.spec.cite else []
    return "\n".join(
        [
            r"\documentclass[10pt,twocolumn]{article}",
            r"\usepackage[margin=0.75in]{geometry}",
            r"\usepackage{booktabs,graphicx,xcolor,url}",
            r"\begin{document}",
            rf"\input{{{name}}}",
            r"\mbox{}",
            *cited,
            r"\end{document}",
            "",
        ]
    )


def _tabular(table: PaperTable) -> str:
    commands = {
        rank: f"{COLOURS[rank]};{command}" if table.spec.colour else command
        for rank, command in COMMANDS.items()
    }
    heads = [("", "Method"), *((column.dataset, _head(column)) for column in table.columns)]
    styler = with_heads(
        styled(table, _text, lambda method, label: _label(table, method, label), commands), heads
    )
    text = styler.to_latex(
        hrules=True, column_format="l" + "r" * len(table.columns), convert_css=False
    )
    return _with_spans(_with_headings(text, table), table)


def _head(column: Column) -> str:
    name, which = column.name_and_definition
    shown = escaped(name) + (rf"\textsubscript{{{escaped(which)}}}" if which else "")
    return shown + (ARROWS[column.definition.direction] if column.definition else "")


def _label(table: PaperTable, method: str, label: str) -> str:
    key = table.spec.cite.get(method)
    return escaped(label) + (rf"~\cite{{{key}}}" if key else "")


def _text(entry: Entry) -> str:
    text = NOTHING if entry.text == DASH else signed(escaped(entry.text))
    spread = rf"{{\scriptsize$\pm${entry.spread}}}" if entry.spread else ""
    note = _note(entry.note) if entry.note else ""
    return f"{text}{spread}{(TIED_WITH_NOTE if note else TIED) if entry.tied else ''}{note}"


def _note(letter: str) -> str:
    return rf"\textsuperscript{{{letter}}}"


def _with_headings(text: str, table: PaperTable) -> str:
    """Put the titles of stacked datasets and of groups before their rows."""
    lines = text.splitlines()
    first = lines.index(r"\midrule") + 1
    width = len(table.columns) + 1
    for row, (dataset, heading) in sorted(headings(table).items(), reverse=True):
        shown = (
            [rf"\multicolumn{{{width}}}{{c}}{{{escaped(dataset)}}} \\", r"\midrule"]
            if dataset
            else []
        )
        shown += (
            [rf"\multicolumn{{{width}}}{{l}}{{\textit{{{escaped(heading)}}}}} \\"]
            if heading
            else []
        )
        lines[first + row : first + row] = [r"\midrule", *shown] if row else shown
    return "\n".join(lines)


def _with_spans(text: str, table: PaperTable) -> str:
    """Put the titles of datasets that are side by side above their columns."""
    runs = spans(table)
    if not runs:
        return text
    cells = [
        rf"\multicolumn{{{width}}}{{c}}{{{escaped(title)}}}" if title else " & " * (width - 1)
        for title, width in runs
    ]
    rules, start = [], 1
    for title, width in runs:
        rules += [rf"\cmidrule(lr){{{start}-{start + width - 1}}}"] if title else []
        start += width
    return text.replace(
        "\\toprule\n", f"\\toprule\n{' & '.join(cells)} \\\\\n{''.join(rules)}\n", 1
    )
