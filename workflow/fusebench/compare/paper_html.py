"""A paper's table as a page of HTML that loads nothing from elsewhere."""

from __future__ import annotations

from html import escape

from fusebench.compare.contents import BEST, SECOND, THIRD
from fusebench.compare.markdown import ARROWS
from fusebench.compare.paper import Column, Entry, PaperTable, caption
from fusebench.compare.paper_frame import headings, spans, styled, with_heads

STYLES = {
    BEST: "font-weight: bold",
    SECOND: "text-decoration: underline",
    THIRD: "font-style: italic",
}
COLOURS = {
    BEST: "light-dark(#b00000, #ff9090)",
    SECOND: "light-dark(#0033b0, #9dbaff)",
    THIRD: "light-dark(#006600, #80d58c)",
}
"""On white and on black; a browser that lacks the function leaves the colour of the text."""
SHEET = """
:root { color-scheme: light dark }
body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #1b1b1b; background: #fff }
.wide { overflow-x: auto }
table { border-collapse: collapse; border-top: 2px solid; border-bottom: 2px solid }
caption { text-align: left; max-width: min(60rem, 100vw - 3rem); margin-bottom: .6rem }
td, th { padding: .15rem .6rem; text-align: right; white-space: nowrap; \
font-variant-numeric: tabular-nums }
td:first-child, th:first-child { text-align: left }
thead tr:last-child th { border-bottom: 1px solid }
th.dataset { text-align: center; border-bottom: 1px solid }
tr.heading td { text-align: left; border-top: 1px solid; font-style: italic }
.notes { max-width: 60rem; font-size: .85em }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #16181c } }
"""


def html(table: PaperTable) -> str:
    """Return a whole document: the table with caption, heads for screen readers, and footnotes."""
    notes = "".join(
        f"<li><sup>{letter}</sup> {escape(note)}</li>" for letter, note in table.notes.items()
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(table.spec.title)}</title>\n<style>{SHEET}</style>\n</head>\n"
        "<body>\n<main>\n"
        f'<div class="wide" role="region" aria-label="{escape(table.spec.title)}" tabindex="0">\n'
        f"{html_table(table)}</div>\n"
        f'<ul class="notes" style="list-style: none; padding: 0">{notes}</ul>\n'
        "</main>\n</body>\n</html>\n"
    )


def html_table(table: PaperTable) -> str:
    """Return the ``table`` element alone."""
    styles = {
        rank: f"{style}; color: {COLOURS[rank]};" if table.spec.colour else f"{style};"
        for rank, style in STYLES.items()
    }
    heads = [("", "method"), *((column.dataset, _head(column)) for column in table.columns)]
    styler = with_heads(styled(table, _text, lambda _, label: escape(label), styles), heads)
    styler = (
        styler.set_caption(escape(caption(table)))
        .set_uuid(table.spec.name)
        .set_table_attributes('class="results"')
    )
    body = styler.to_html(doctype_html=False, exclude_styles=False)
    return _with_spans(_with_headings(body.replace("<th ", '<th scope="col" '), table), table)


def _head(column: Column) -> str:
    name, which = column.name_and_definition
    arrow = ARROWS[column.definition.direction] if column.definition else ""
    return escape(name) + (f"<sub>{escape(which)}</sub>" if which else "") + arrow


def _text(entry: Entry) -> str:
    spread = f" <small>± {entry.spread}</small>" if entry.spread else ""
    note = f"<sup>{entry.note}</sup>" if entry.note else ""
    return f"{escape(entry.text)}{spread}{' ≈' if entry.tied else ''}{note}"


def _with_headings(text: str, table: PaperTable) -> str:
    head, _, body = text.partition("<tbody>")
    rows = body.split("<tr>")
    width = len(table.columns) + 1
    for row, titles in sorted(headings(table).items(), reverse=True):
        shown = " · ".join(escape(title) for title in titles if title)
        rows[row] += f'<tr class="heading"><td colspan="{width}">{shown}</td></tr>\n    '
    return f"{head}<tbody>{'<tr>'.join(rows)}"


def _with_spans(text: str, table: PaperTable) -> str:
    cells = "".join(
        f'<th scope="colgroup" class="dataset" colspan="{width}">{escape(title)}</th>'
        if title
        else f'<td colspan="{width}"></td>'
        for title, width in spans(table)
    )
    return text.replace("<thead>", f"<thead>\n    <tr>{cells}</tr>", 1) if cells else text
