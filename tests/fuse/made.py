"""Cells without a Snakemake plan, for tests of what happens to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fusebench.contracts.jobs.fusing import CellSpec, Run, WeightRef
from fusebench.contracts.markers import (
    EnvironmentMarker,
    ImageFile,
    Manifest,
    Pair,
    PythonFacts,
    SourceMarker,
    WeightsMarker,
)
from fusebench.contracts.methods import Convert, Stage
from fusebench.contracts.records import FusedImage
from fusebench.fuse.records import Cell
from msgspec.structs import replace

RUN = Run(
    script="test.py",
    args="--in {work}/in",
    stage=Stage(a="in/a/{name}.png", b="in/b/{name}.png"),
    convert=Convert(a="gray"),
    collect="{out}/{name}.png",
    edit={"test.py": [("cuda", "cpu")]},
    compat=["numpy-aliases"],
    seed=3,
)
SPEC = CellSpec(
    method="one",
    dataset="pairs",
    run=RUN,
    weights=[WeightRef(path="w.pth"), WeightRef(path="v.pth", sha256="1" * 64)],
    modalities=("infrared", "visible"),
    threads=2,
    minutes=60.0,
    device="cpu",
)
SOURCE = SourceMarker(
    path="resources/sources/lab+one@000000000000",
    code="https://example.org/lab/one",
    origin="/mirrors/lab+one",
    commit="0" * 40,
    tree="2" * 40,
)
ENVIRONMENT = EnvironmentMarker(
    path="resources/envs/0123456789abcdef",
    key="0123456789abcdef",
    env="small",
    python=PythonFacts(version="3.11.7", executable="/usr/bin/python3", origin="PATH"),
)
WEIGHTS = WeightsMarker(path="resources/weights/one", sha256={"w.pth": "3" * 64})


def pair(name: str, size: tuple[int, int] = (6, 4)) -> Pair:
    """Return a pair of gray images."""
    a, b = (ImageFile(file=f"{side}/{name}.png", mode="gray", sha256=side) for side in "ab")
    return Pair(name=name, size=size, a=a, b=b)


MANIFEST = Manifest(
    path="resources/datasets/pairs", sha256="4" * 64, pairs=[pair("p1"), pair("p2")]
)


def image(name: str, **fields: Any) -> FusedImage:
    """Return a fused image of a pair."""
    known = FusedImage(name=name, size=(6, 4), fused=f"{name}.png", mode="gray", sha256=name)
    return replace(known, **fields)


def cell(root: Path = Path(), name: str = "pairs", **fields: Any) -> Cell:
    """Return a cell whose steps succeeded; ``fields`` replaces some of its fields."""
    known = {
        "spec": SPEC,
        "source": SOURCE,
        "environment": ENVIRONMENT,
        "manifest": MANIFEST,
        "weights": WEIGHTS,
        "root": root,
    }
    return Cell(name=name, **{**known, **fields})
