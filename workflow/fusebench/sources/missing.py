"""What is asked of a person who must download weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fusebench.contracts.weights import WeightEntry
from fusebench.texts import first_of

MOST_NAMED = 8
UNITS = ("bytes", "kB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Missing:
    """A file of weights that is not there, or is another one.

    Attributes:
        item: the file that the entry names.
        why: why it could not be fetched, or what was found in its place; empty where only a person
            can fetch it.
        found: whether a file lies in its place.
    """

    item: WeightEntry
    why: str = ""
    found: bool = False


def ask_for(missing: Sequence[Missing], method: str) -> str:
    """Return one message that names all missing files of a method, and the next step.

    Files with the same reason and the same page are named together.

    Args:
        missing: at least one file.
        method: its name.
    """
    told: dict[str, list[str]] = {}
    for one in missing:
        told.setdefault(_request(one), []).append(one.item.path)
    parts = [f"{first_of(paths, MOST_NAMED)}: {request}" for request, paths in told.items()]
    files = " ".join(dict.fromkeys(one.item.offered_as for one in missing[:MOST_NAMED]))
    return f"{'; '.join(parts)}; then run `fusebench weights {method} {files}` and run again"


def place_to_get(item: WeightEntry) -> str:
    """Return where a person can get a file: the page with its code, or what there is instead."""
    addresses = item.addresses
    if not addresses:
        return "no address is known"
    code = f" (code {item.password})" if item.password else ""
    return addresses["page"] + code if "page" in addresses else next(iter(addresses.values()))


def all_places(item: WeightEntry) -> str:
    """Return every address of a file, in the order in which they are tried, the page last."""
    tried = [address for name, address in item.addresses.items() if name != "page"]
    return " or ".join([*tried, place_to_get(item)] if item.page else tried)


def size_of(item: WeightEntry) -> str:
    """Return the size of a file for a person; empty where it is not known.

    >>> size_of(WeightEntry(path="a.pth", size=4_500_000))
    '4.5 MB'
    """
    if not item.size:
        return ""
    size, unit = float(item.size), 0
    while size >= 1000 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.3g} {UNITS[unit]}"


def _request(one: Missing) -> str:
    item = one.item
    if one.found:
        return one.why
    details = [
        size_of(item),
        item.note or "",
        f"in the archive {item.archive}" if item.archive else "",
    ]
    shown = "".join(f", {detail}" for detail in details if detail)
    reason = f"{one.why}; " if one.why else ""
    return f"{reason}must be downloaded by hand from {place_to_get(item)}{shown}"


def names_of(item: WeightEntry) -> Iterable[str]:
    """Return the file names by which a download of a person can be known."""
    paths = (item.path, item.name or "", item.archive or "", item.member or "", item.offered_as)
    return dict.fromkeys(path.rpartition("/")[2] for path in paths if path)
