"""The parameters of the jobs that fetch and build."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET

from fusebench.contracts.base import Contract, DatasetKind, Maybe, says
from fusebench.contracts.datasets import Cube, SideReading
from fusebench.contracts.weights import WeightEntry


class SourceJob(Contract, kw_only=True):
    """Which repository is cloned."""

    code: Annotated[str, says("the address of a repository, or a local folder")]
    commit: Annotated[str | None, says("the full commit hash; null for a local folder as it is")]


class WeightsJob(Contract, kw_only=True):
    """Which weights are fetched."""

    weights: Annotated[list[WeightEntry], says("the files of the entry")]


class EnvironmentJob(Contract, kw_only=True):
    """Which environment is built."""

    env: Annotated[str, says("the name of a folder of envs/")]
    variant: Annotated[str, says("cpu or cuda")]


class DatasetJob(Contract, kw_only=True):
    """Which images a dataset holds."""

    kind: DatasetKind
    patterns: Annotated[
        dict[str, str], says("side (a, b, reference) -> path of its image, with {name}")
    ] = {}
    readings: Maybe[
        Annotated[
            dict[str, SideReading],
            says("side -> how its files are read; absent where the files alone say it"),
        ]
    ] = UNSET
    cube: Maybe[Annotated[Cube, says("of arrays: what is known of them")]] = UNSET
    names: Annotated[
        list[str] | None,
        says("the frozen list of the pairs; null where all that are found are taken"),
    ] = None
    generator: Annotated[str, says("the name of a generator")] = ""
    generator_code: Annotated[
        str, says("the sha256 over the code of the generators, which decides their images")
    ] = ""
    code: Annotated[str, says("the address of the repository that holds the images")] = ""
    commit: Annotated[str, says("the full commit hash of that repository")] = ""
    folder: Annotated[str, says("the folder of the user's images")] = ""
    sha256: Annotated[str, says("the sha256 that all images must have together, or empty")] = ""
    hashes: Annotated[str, says("a file with the sha256 of each image, or empty")] = ""
