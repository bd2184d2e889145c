"""The table of ``fusebench list envs``: which environments there are, who uses them, their size."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from fusebench.environments.building import read_receipt
from fusebench.environments.definition import environment_folders, read_environment, variants_of
from fusebench.environments.installed_files import files_of
from fusebench.environments.key import locked_key
from fusebench.errors import EnvironmentFailed


def environments_table(
    envs_folder: Path, resources: Path, methods_by_env: Mapping[str, Sequence[str]]
) -> list[dict[str, str]]:
    """Return one row for each environment and variant, as text.

    Columns: ``env``, ``variant`` (``any`` where one lock serves both), ``python``, ``packages``
    (how many), ``state`` (``built``, ``locked``, or why not), ``size`` (of the files), ``shared``
    (bytes of them that another tree or uv's cache shares by hard links), ``methods`` (how many
    of ``methods_by_env``), ``key``.
    """
    rows = []
    for folder in environment_folders(envs_folder):
        methods = str(len(methods_by_env.get(folder.name, ())))
        try:
            variants = variants_of(folder)
        except EnvironmentFailed as error:
            rows.append(
                {"env": folder.name, "variant": "", "python": ""}
                | _not_built(folder, error, methods)
            )
            continue
        for variant in variants:
            row = _row(folder, variant, resources, methods)
            rows.append({"env": folder.name, "variant": variant or "any"} | row)
    return rows


def _not_built(folder: Path, error: EnvironmentFailed, methods: str) -> dict[str, str]:
    state = str(error).removeprefix(f"{folder.name}: ")
    return {"packages": "", "state": state, "size": "", "shared": "", "methods": methods, "key": ""}


def _row(folder: Path, variant: str, resources: Path, methods: str) -> dict[str, str]:
    python = ""
    try:
        environment = read_environment(folder, variant or "cpu")
        python = environment.python
        key = locked_key(environment)
    except EnvironmentFailed as error:
        return {"python": python} | _not_built(folder, error, methods)
    row = {"python": python, "packages": "", "state": "locked", "size": "", "shared": ""}
    built = resources.absolute() / "envs" / key
    if (receipt := read_receipt(built)) is not None:
        row |= {
            "python": receipt.python.version if receipt.python else "",
            "packages": str(len(receipt.packages)),
            "state": "built",
        }
        row |= {"size": megabytes(receipt.bytes), "shared": megabytes(shared_bytes(built))}
    return row | {"methods": methods, "key": key}


def shared_bytes(root: Path) -> int:
    """Bytes of the files below ``root`` that have another name outside or inside it."""
    statuses = (os.lstat(f"{root}/{path}") for path in files_of(root))
    return sum(status.st_size for status in statuses if status.st_nlink > 1)


def megabytes(size: int) -> str:
    """``1680123134`` -> ``1680 MB``."""
    return f"{size / 1e6:.0f} MB"
