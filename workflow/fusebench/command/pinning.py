"""The sha256 of fetched weights, written into the entry of their method."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fusebench.contracts.weights import BY_HAND, WeightFacts


def pin_weights(
    project: Path, method: str, sha256: Mapping[str, str], facts: Mapping[str, WeightFacts]
) -> list[str]:
    """Write the sha256 of every file into its entry, where it has none; return the paths.

    A file that a person downloaded gets ``origin: by hand`` beside it: nothing but that download
    says that it is the authors' file.

    Args:
        project: its folder.
        method: the name of the entry, or that of the pretrained parts of its training.
        sha256: path -> sha256 of the files.
        facts: path -> where they came from.
    """
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    from fusebench.registry.methods_file import METHODS
    from fusebench.registry.writing import change_registry

    pinned: list[str] = []
    base, _, part = method.partition("@")

    def write(entries: Any) -> None:
        entry = entries[base]
        of_training = entry["train"].get("weights") if part else None
        for item in [*(entry.get("weights") or ()), *(of_training or ())]:
            path = item["path"]
            if path not in sha256 or "sha256" in item:
                continue
            item["sha256"] = DoubleQuotedScalarString(sha256[path])
            if path in facts and facts[path].origin == BY_HAND:
                item["origin"] = BY_HAND
            pinned.append(path)

    change_registry(project / METHODS, write)
    return pinned
