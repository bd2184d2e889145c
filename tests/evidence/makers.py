"""What the tests of evidence use: images on disk with markers and records, and claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fusebench.contracts.evidence import (
    CheckedRun,
    Claim,
    ClaimResult,
    ComparedImage,
    Determinism,
    Proof,
    RunFacts,
    SelfcheckFiles,
    SelfcheckResult,
)
from fusebench.contracts.files import write_stored
from fusebench.contracts.markers import ImageFile, Manifest, OriginalFile, Pair
from fusebench.contracts.methods import MethodEntry
from fusebench.contracts.records import FusedImage, Record
from fusebench.images import mode_of, pixel_sha256, write_png
from fusebench.registry.methods import Method
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def size_of(pixels: Pixels) -> tuple[int, int]:
    """Return width and height."""
    return (pixels.shape[1], pixels.shape[0])


def source_file(side: str, sha256: str = "0", file: str = "") -> ImageFile:
    """Return a marker's entry of an image that no test reads; only its original's hash matters."""
    return ImageFile(
        file=file or f"{side}/p.png",
        mode="gray",
        sha256="",
        original=OriginalFile(file=side, sha256=sha256),
    )


def written_manifest(
    folder: Path,
    pairs: Mapping[str, tuple[Pixels, Pixels]],
    expected: Mapping[str, Pixels] | None = None,
    **fields: Any,
) -> Path:
    """Write source images, and committed outputs of some pairs; return the marker beside them.

    Without ``expected`` the marker is that of a dataset, with it that of a self-check's images.
    """
    made = []
    for name, (a, b) in pairs.items():
        sides = {"a": a, "b": b}
        if expected is not None and name in expected:
            sides["expect"] = expected[name]
        files = {side: _written(folder, side, name, pixels) for side, pixels in sides.items()}
        known: dict[str, Any] = {} if expected is None else {"expect": files.get("expect")}
        made.append(Pair(name=name, size=size_of(a), a=files["a"], b=files["b"], **known))
    sha256 = fields.pop("sha256", "inputs")
    marker = folder.with_suffix(".json")
    write_stored(marker, Manifest(path=str(folder), pairs=made, sha256=sha256, **fields))
    return marker


def _written(folder: Path, side: str, name: str, pixels: Pixels) -> ImageFile:
    write_png(folder / side / f"{name}.png", pixels)
    return ImageFile(
        file=f"{side}/{name}.png",
        size=size_of(pixels),
        mode=mode_of(pixels),
        sha256=pixel_sha256(pixels),
        original=OriginalFile(file=f"{side}/{name}.png", sha256=f"{side}-{name}"),
    )


def written_run(folder: Path, images: Mapping[str, Pixels], **fields: Any) -> Path:
    """Write fused images and their record into a folder; return the record's path."""
    fused = []
    for name, pixels in images.items():
        write_png(folder / "fused" / f"{name}.png", pixels)
        fused.append(
            FusedImage(
                name=name,
                size=size_of(pixels),
                fused=f"{name}.png",
                mode=mode_of(pixels),
                sha256=pixel_sha256(pixels),
            )
        )
    known = {"method": "m", "dataset": "d", "state": "ok", "reason": "", "device": "cpu"}
    write_stored(folder / "record.json", Record(**{**known, "images": fused, **fields}))
    return folder / "record.json"


def compared_image(name: str, verdict: Any, **fields: Any) -> ComparedImage:
    """Return a compared image; without differences nothing was compared."""
    return ComparedImage(
        name=name, verdict=verdict, **{"inputs": {}, "ours": f"ours-{name}", **fields}
    )


def run_once() -> Determinism:
    """Return the determinism of a cell that was run once."""
    return Determinism(
        verdict="unknown",
        reason="run once",
        runs=[RunFacts(seed=0, hash_seed=0, threads=2, state="ok")],
    )


def check_result(
    images: Sequence[ComparedImage] = (), verdict: Any = "exact", **fields: Any
) -> SelfcheckResult:
    """Return the result of a self-check of the method ``m``."""
    known: dict[str, Any] = {
        "method": "m",
        "check": "committed",
        "reason": "",
        "tolerance": 1.0,
        "counts": {},
        "files": SelfcheckFiles(marker="marker.json", fused="fused"),
        "determinism": run_once(),
        "record": CheckedRun(state="ok", reason=""),
        "proof": Proof(),
    }
    return SelfcheckResult(verdict=verdict, images=list(images), **{**known, **fields})


def claim_result(verdict: Any = "reproduced", **fields: Any) -> ClaimResult:
    """Return a judged claim about the method ``m``."""
    known: dict[str, Any] = {
        "method": "m",
        "dataset": "d",
        "metric": "EN",
        "definition": "canonical",
        "value": 7.1,
        "decimals": 1,
        "id": "EN",
        "proof": None,
    }
    return ClaimResult(verdict=verdict, **{**known, **fields})


def claim(**fields: Any) -> Claim:
    """Return a claim about the method ``m`` on the dataset ``d``."""
    known: dict[str, Any] = {
        "method": "m",
        "dataset": "d",
        "metric": "EN",
        "definition": "canonical",
        "value": 0.5,
        "decimals": 2,
    }
    return Claim(**{**known, **fields})


def idle_method(name: str = "m", **fields: Any) -> Method:
    """Return a method that cannot be run."""
    known: dict[str, Any] = {
        "title": "A method",
        "tasks": ["infrared-visible"],
        "code": "https://example.org/mini/m",
        "status": "no-code",
        "reason": "an announcement",
    }
    return Method(name, MethodEntry(**{**known, **fields}))
