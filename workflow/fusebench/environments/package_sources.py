"""Where packages come from on this machine: uv's own settings, else those of pip.

uv does not read pip's configuration. A laboratory that configured pip for its mirror, or for a
folder of wheels, need not configure fusebench as well: where a ``UV_*`` variable is unset, uv gets
pip's setting in it. Nothing of it is ever written to a lock.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

_SETTING = re.compile(r"(:env:|install|global)\.(find-links|index-url|extra-index-url|cert)=(.*)")
_WEAKEST_FIRST = ("global", "install", ":env:")


def package_sources(local_indexes: bool = True) -> dict[str, str]:
    """Return the ``UV_*`` variables that pass pip's settings to uv.

    Variables that the user set are left alone. Folders that do not exist are left out: uv would
    refuse to work at all. uv takes the best version from all indexes (pip's rule), not from the
    first index that knows the name (uv's).
    """
    pip = pip_settings()
    indexes = [
        url for url in pip.get("extra-index-url", "").split() if local_indexes or not _is_local(url)
    ]
    offered = {
        "UV_FIND_LINKS": ",".join(
            link for link in pip.get("find-links", "").split() if _reachable(link)
        ),
        "UV_DEFAULT_INDEX": pip.get("index-url", "").strip(),
        "UV_INDEX": " ".join(url for url in indexes if _reachable(url)),
        "SSL_CERT_FILE": pip.get("cert", "").strip(),
    }
    if offered["UV_INDEX"] and "UV_INDEX" not in os.environ:
        offered["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in offered.items() if value and name not in os.environ}


@cache
def pip_settings() -> dict[str, str]:
    """Ask pip for its configuration (files and ``PIP_*`` variables); empty if there is no pip."""
    for python in (sys.executable, "python3"):
        try:
            answer = subprocess.run(
                [python, "-m", "pip", "config", "list"],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            ).stdout
        except (OSError, subprocess.SubprocessError):
            continue
        return parse_pip_config(answer)
    return {}


def parse_pip_config(listing: str) -> dict[str, str]:
    """Read the output of ``pip config list``.

    Variables win over ``[install]``, which wins over ``[global]``.
    """
    found = {
        (match[1], match[2]): match[3]
        for line in listing.splitlines()
        if (match := _SETTING.fullmatch(line))
    }
    settings: dict[str, str] = {}
    for level in _WEAKEST_FIRST:
        settings |= {
            name: str(ast.literal_eval(value)) for (at, name), value in found.items() if at == level
        }
    return settings


def _is_local(source: str) -> bool:
    return urlsplit(source).scheme in ("", "file")


def _reachable(source: str) -> bool:
    """Say whether a source may be used: a remote address always, a local folder if it exists."""
    return not _is_local(source) or Path(unquote(urlsplit(source).path)).exists()
