"""A table in LaTeX; the document that includes it needs ``booktabs`` and nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fusebench.compare.contents import BEST, SECOND, Cell, Row, Table
from fusebench.compare.latex_pages import LINE, RULE, continued, lines, pages
from fusebench.compare.wording import (
    TIMES,
    caption,
    cost_heads,
    costs,
    definition_shown,
    incomplete,
    letters,
    name_shown,
    notes,
    times_by_device,
)
from fusebench.metrics import Definition

if TYPE_CHECKING:
    import pandas as pd

NOTHING = "--"
TEXT_WIDTH = 80
"""Characters in a line of ``\\footnotesize`` if the text has one column."""
# Marks cells that a state in a cell beside them spans, until the rows are written.
SPANNED = r"\spanned"
ARROWS = {"higher": r" $\uparrow$", "lower": r" $\downarrow$", "none": ""}

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Υ": "Upsilon", "Φ": "Phi", "Ψ": "Psi",
    "Ω": "Omega",
}  # fmt: skip
_REPLACED = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''", "–": "--",
    "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "…": "...", "×": r"$\times$",
    "±": r"$\pm$", "→": r"$\rightarrow$", "≤": r"$\leq$", "≥": r"$\geq$", "µ": r"$\mu$",
    "≈": r"$\approx$", "·": r"$\cdot$", "−": "$-$", "∞": r"$\infty$", "°": r"$^\circ$",
    "†": r"\dag{}", "‡": r"\ddag{}",
    # In braces: LaTeX would read one of them at the start of a row as an option of the line break
    # before it.
    "[": "{[}", "*": "{*}",
    **{letter: rf"$\{name}$" for letter, name in _GREEK.items()},
    **{raised: f"$^{digit}$" for digit, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{lowered: f"$_{digit}$" for digit, lowered in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{character: "\\" + character for character in "&%$#_{}"},
}  # fmt: skip
# Accents and letters that LaTeX has in every font encoding.
_ACCENTS = "\u0300\u0301\u0302\u0303\u0304\u0308\u030a\u030b\u030c\u0327"
_LETTERS = "ßøØæÆœŒłŁ"


def latex(table: Table) -> str:
    """A ``table`` environment with caption, label ``tab:SUITE-DATASET``, and footnotes.

    A table longer than a page becomes several, each with the footnotes and times of its own rows.
    """
    footnotes, shown = notes(table), escaped(caption(table))
    marks = {
        method: rf"\textsuperscript{{{letter}}}" for method, letter in letters(footnotes).items()
    }
    label = "tab:" + re.sub(r"[^A-Za-z0-9-]", "-", f"{table.spec.suite}-{table.spec.dataset}")
    first, *others = pages(
        ([row] for row in table.rows),
        lambda rows: _height(table, rows, footnotes),
        LINE * lines(shown, TEXT_WIDTH),
    )
    text = _float(table, first, marks, shown, label)
    return text + "".join(
        _float(table, rows, marks, above=f"{continued(label)}\n") for rows in others
    )


def _float(
    table: Table,
    rows: Sequence[Row],
    marks: dict[str, str],
    head: str | None = None,
    label: str | None = None,
    above: str = "",
) -> str:
    """One environment with some rows of the table.

    The first of a table has caption and label, the others have a line above.
    """
    footnotes = notes(table)
    text = _styled(table, rows, marks).to_latex(
        hrules=True,
        column_format="l" + "r" * (len(table.definitions) + len(cost_heads(table))),
        position="tbp",
        position_float="centering",
        caption=head,
        label=label,
    )
    told = {marks[row.method]: footnotes[row.method] for row in rows if row.method in marks}
    below = "".join(f"\\par {letter} {escaped(note)}\n" for letter, note in told.items())
    text = text.replace(f" & {SPANNED}", "")
    style = f"\\centering\n\\footnotesize\n\\setlength{{\\tabcolsep}}{{3pt}}\n{above}"
    text = text.replace("\\centering\n", style, 1)
    return text.replace("\\end{tabular}\n", f"\\end{{tabular}}\n{below}{_times(table, rows)}", 1)


def _height(table: Table, rows: Sequence[Row], footnotes: Mapping[str, str]) -> float:
    """The height in points of some rows with heads, footnotes and times."""
    times = times_by_device(table, rows).values()
    told = {footnotes[row.method] for row in rows if row.method in footnotes}
    below = sum(lines(note, TEXT_WIDTH) for note in told)
    heads = (1 + len(times)) * (LINE + 3 * RULE) + 3 * LINE * len(times)
    return heads + LINE * (len(rows) + below + sum(map(len, times)))


def _times(table: Table, rows: Sequence[Row]) -> str:
    """A tabular for each device if there are several, each below its name."""
    import pandas as pd

    text = ""
    for device, own in times_by_device(table, rows).items():
        texts = [[escaped(cell) for cell in line] for line in own]
        styler = pd.DataFrame(texts, columns=["method", *TIMES]).style.hide(axis="index")
        text += f"\\par\\medskip Seconds per image on {escaped(device)}:\\par\\smallskip\n"
        text += styler.to_latex(hrules=True, column_format="lrr")
    return text


def escaped(text: str) -> str:
    """Escape text so that LaTeX shows it as it is.

    A character that not every installation can set becomes a question mark.
    """
    return "".join(
        _escaped_character(character) for character in unicodedata.normalize("NFC", text)
    )


def _escaped_character(character: str) -> str:
    if character in _REPLACED:
        return _REPLACED[character]
    parts = unicodedata.normalize("NFD", character)
    settable = parts[0].isascii() and parts.isprintable() and set(parts[1:]) <= set(_ACCENTS)
    return character if settable or character in _LETTERS else "?"


def signed(number: str) -> str:
    """Return a number with a real minus sign, not a hyphen."""
    return f"$-${number[1:]}" if number.startswith("-") else number


def _styled(table: Table, rows: Sequence[Row], marks: dict[str, str]) -> pd.io.formats.style.Styler:
    import pandas as pd

    heads = ["method", *(_head(definition) for definition in table.definitions), *cost_heads(table)]
    texts = [_texts(row, table, marks.get(row.method, "")) for row in rows]
    frame = pd.DataFrame(texts, columns=heads, dtype=object)
    styles = pd.DataFrame(
        [_styles(row, len(cost_heads(table))) for row in rows], columns=heads, dtype=object
    )
    # Styler cannot style by position if two columns have one head, hence the numbers.
    frame.columns = styles.columns = pd.RangeIndex(len(heads))
    styled = frame.style.hide(axis="index").apply(lambda _: styles, axis=None)
    return styled.format_index(lambda number: heads[int(str(number))], axis="columns")


def _head(definition: Definition) -> str:
    which = definition_shown(definition)
    shown = escaped(name_shown(definition)) + (
        rf"\textsubscript{{{escaped(which)}}}" if which else ""
    )
    return shown + ARROWS[definition.direction]


def _texts(row: Row, table: Table, footnote: str) -> list[str]:
    dashed = [escaped(cost) for cost in costs(row, table)]
    if not row.has_results:
        state = rf"\multicolumn{{{len(row.cells)}}}{{l}}{{{escaped(row.state)}{footnote}}}"
        return [
            escaped(row.label),
            *[state, *[SPANNED] * (len(row.cells) - 1)][: len(row.cells)],
            *dashed,
        ]
    label = escaped(row.label) + (footnote if row.caveat else "")
    return [label, *(_text(cell, table, footnote) for cell in row.cells), *dashed]


def _text(cell: Cell, table: Table, footnote: str) -> str:
    if cell.mean is None:
        return NOTHING + footnote
    return (
        signed(cell.printed) + escaped(incomplete(cell, table)) + (footnote if cell.problem else "")
    )


def _styles(row: Row, costs_shown: int) -> list[str]:
    """Commands in the form that ``Styler.to_latex`` takes; ``--rwrap`` puts braces around them."""
    commands = {BEST: "textbf:--rwrap", SECOND: "underline:--rwrap"}
    return ["", *(commands.get(cell.rank or 0, "") for cell in row.cells), *[""] * costs_shown]
