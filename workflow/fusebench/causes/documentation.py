"""Writes ``docs/causes.md``, and the table of shims in README.md.

Run ``python -m fusebench.causes.documentation``.
"""

from __future__ import annotations

import re
from pathlib import Path

from fusebench.causes import causes
from fusebench.contracts.causes import shims

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "causes.md"
README = ROOT / "README.md"
TABLE = re.compile(r"(<!-- shims: [^\n]*-->\n)(.*?)(<!-- end of shims -->\n)", re.DOTALL)

HEAD = """# Why scripts fail

<!-- Written by `python -m fusebench.causes.documentation`; edit causes.yaml or shims.json. -->

A run without a result has a `reason` (what was printed last) and, where one of the causes below is
found in it, a `remedy`: which field of the entry to change. Both stand in `record.json`, in the log
of the run and in the last lines of `snakemake` and `fusebench try`. The first cause that is found
counts. A new one is a few lines in `workflow/fusebench/causes/causes.yaml`.

| printed, for example | cause | field | remedy |
|---|---|---|---|
"""

SHIM_HEAD = "| `compat` | what it does | when |\n|---|---|---|\n"


def page() -> str:
    """Return ``docs/causes.md``."""
    rows = [
        f"| `{_cell(one.example)}` | {_cell(_readable(one.cause))} | `{one.field}` |"
        f" {_cell(_readable(one.remedy))} |\n"
        for one in causes()
    ]
    return f"{HEAD}{''.join(rows)}\n## Shims\n\n{shim_table()}"


def shim_table() -> str:
    """Return the table of shims, as README.md and ``docs/causes.md`` have it."""
    rows = [
        f"| `{shim.usage(name)}` | {_cell(shim.does)} | {_cell(shim.when)} |\n"
        for name, shim in shims().items()
    ]
    return SHIM_HEAD + "".join(rows)


def readme_with_table(text: str) -> str:
    """Return README.md with the table of shims as it must be."""
    return TABLE.sub(lambda match: match[1] + shim_table() + match[3], text)


def _readable(text: str) -> str:
    """Return a template as a reader sees it: ``{{device}}`` is a brace, ``{name}`` a part."""
    return text.replace("{{", "{").replace("}}", "}")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    README.write_text(readme_with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
