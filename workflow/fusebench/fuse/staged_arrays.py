"""The arrays of a scene, staged as the script wants them: keys, axes, types and scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusebench.arrays.axes import UnreadableArrayError, from_normal
from fusebench.arrays.files import write_arrays
from fusebench.contracts.datasets import Cube
from fusebench.contracts.markers import Pair
from fusebench.contracts.methods import Stage, StagedArray
from fusebench.datasets.prepared import read_prepared
from fusebench.errors import Crashed

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENLARGED, STAND_IN = "enlarged", "stand-in"
NUMBERS = ("ratio", "peak", "wavelengths")
GIVEN_REFERENCE = "given the ground truth, from which it makes its own low-resolution source"
"""The note of a scene whose ground truth the script reads."""


class SceneArrays:
    """What can be staged of one scene, each part read when it is first asked for.

    Attributes:
        pair: the scene, of the dataset's manifest.
        cube: what is known of its arrays.
    """

    def __init__(self, pair: Pair, dataset: Path, cube: Cube) -> None:
        """Take a scene of a dataset in its normal form."""
        self.pair, self.cube, self._dataset = pair, cube, dataset
        self._read: dict[str, NDArray[Any]] = {}

    def part(self, name: str) -> NDArray[Any]:
        """Return a part of the scene, (H, W, C) in the numbers of the dataset.

        Raises:
            Crashed: the scene has no such part.
        """
        if name not in self.pair.parts:
            known = ", ".join([*self.pair.parts, ENLARGED, STAND_IN, *NUMBERS])
            raise Crashed(
                f"pair {self.pair.name!r}: `run.stage.arrays` must take what the scene has"
                f" ({known}); found `from: {name}`"
            )
        if name not in self._read:
            self._read[name] = read_prepared(self._dataset, self.pair.parts[name])
        return self._read[name]

    @cached_property
    def enlarged(self) -> NDArray[Any]:
        """Side B at the size of side A, float64."""
        from fusebench.simulation.enlargement import enlarged

        return enlarged(self.part("b"), self.cube.ratio)

    def number(self, name: str) -> Any:
        """Return a stated number, or list of numbers, of the dataset, in two dimensions."""
        import numpy as np

        return np.atleast_2d(np.asarray(getattr(self.cube, name) or 0, dtype=np.float64))


def stage_arrays(content: SceneArrays, stage: Stage, places: Mapping[str, Path]) -> list[str]:
    """Write the files of arrays of one scene; return what a reader should know.

    Args:
        content: the scene.
        stage: the entry's field, with arrays.
        places: field of ``stage`` -> file.

    Raises:
        Crashed: the scene has no such part, or not the axes that are asked for.
    """
    asked = stage.arrays or {}
    for path, arrays in asked.items():
        values = {key: _values(content, one, key) for key, one in arrays.items()}
        write_arrays(places[f"stage.arrays.{path}"], values, hdf5=stage.matlab == "7.3")
    taken = {one.source for arrays in asked.values() for one in arrays.values()}
    return [GIVEN_REFERENCE] if "reference" in taken else []


def _values(content: SceneArrays, asked: StagedArray, key: str) -> Any:
    if asked.source in NUMBERS:
        return content.number(asked.source)
    whole: dict[str, Callable[[], NDArray[Any]]] = {
        ENLARGED: lambda: content.enlarged,
        STAND_IN: lambda: content.enlarged,
    }
    cube = whole.get(asked.source, lambda: content.part(asked.source))()
    if asked.scale == "unit":
        cube = cube / content.cube.peak
    if asked.dtype:
        cube = cube.astype(asked.dtype)
    try:
        return from_normal(cube, asked.axes or "hwc")
    except UnreadableArrayError as error:
        raise Crashed(
            f"pair {content.pair.name!r}: `run.stage.arrays`, key {key!r}: {error}"
        ) from error
