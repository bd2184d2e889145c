"""py-rattler's solver behind the part of conda's command line that conda-lock uses.

It serves machines without a conda. conda-lock calls ``conda create --dry-run --json --channel C ...
SPEC ...`` and reads the list ``actions.FETCH`` of the answer. Virtual packages such as ``__glibc``
come from a channel that conda-lock makes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from typing import Any


def main(arguments: list[str]) -> None:
    """Answer one call of conda-lock on standard output, and end the process."""
    if "--version" in arguments:
        print("conda 24.1.0")
        return
    options = _parse(arguments)
    status = 0
    try:
        answer: dict[str, Any] = {
            "success": True,
            "actions": {"FETCH": asyncio.run(_solve(options)), "LINK": []},
        }
    except Exception as error:  # rattler has one exception for each cause and no common base
        answer, status = {"success": False, "message": f"{type(error).__name__}: {error}"}, 1
    print(json.dumps(answer), flush=True)
    # rattler's threads can crash the interpreter when it shuts down
    os._exit(status)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("command", choices=["create"])
    parser.add_argument("--prefix")
    parser.add_argument("--channel", action="append", default=[])
    for flag in ("--dry-run", "--json", "--override-channels"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("specs", nargs="*")
    return parser.parse_intermixed_args(arguments)


async def _solve(options: argparse.Namespace) -> list[dict[str, Any]]:
    from rattler import solve

    platform: Any = os.environ["CONDA_SUBDIR"]
    records = await solve(
        sources=options.channel, specs=options.specs, platforms=[platform, "noarch"]
    )
    return [
        _fetch_action(record)
        for record in sorted(records, key=lambda record: str(record.name.normalized))
    ]


def _fetch_action(record: Any) -> dict[str, Any]:
    action = {
        "name": record.name.normalized,
        "version": str(record.version),
        "channel": record.channel,
        "url": record.url,
        "fn": record.file_name,
        "depends": list(record.depends),
        "constrains": list(record.constrains),
        "subdir": record.subdir,
    }
    hashes = {"md5": record.md5, "sha256": record.sha256}
    return action | {name: digest.hex() for name, digest in hashes.items() if digest}


if __name__ == "__main__":
    main(sys.argv[1:])
