"""Lists of papers with links to code: Markdown tables, as awesome-lists have them."""

from __future__ import annotations

import re
from collections.abc import Iterable

REPOSITORY = re.compile(
    r"https?://(?:www\.)?(?:github\.com|gitlab\.com|gitee\.com)/"
    r"([A-Za-z0-9_.-]+)/([A-Za-z0-9_.-]+?)(?:\.git)?(?=[/)\s\"'>#?|\]]|$)"
)
NO_CODE = re.compile(r"awesome|survey|review", re.IGNORECASE)


def repositories_in(text: str) -> list[str]:
    """Return the addresses of the repositories that the rows of a list link to, each once.

    Lines of tables and of bullets count; other lists (``awesome-...``) do not.
    """
    rows = [line for line in text.splitlines() if line.lstrip().startswith(("|", "-", "*", "+"))]
    found = (match for line in rows for match in REPOSITORY.finditer(line))
    addresses = (f"https://github.com/{match[1]}/{match[2]}" for match in found if _is_code(match))
    return list(dict.fromkeys(addresses))


def _is_code(match: re.Match[str]) -> bool:
    return not NO_CODE.search(match[2])


def without_known(addresses: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the addresses that no entry has; capitals and ``.git`` make no difference."""
    have = {_same(address) for address in known}
    return [address for address in addresses if _same(address) not in have]


def _same(address: str) -> str:
    return address.lower().removesuffix("/").removesuffix(".git").rpartition("://")[2]
