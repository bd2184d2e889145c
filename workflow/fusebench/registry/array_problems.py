"""What is wrong with datasets of arrays, and with methods and metrics that cannot take them.

Also with those that take nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from msgspec import UNSET

from fusebench.arrays.axes import axes_problem, is_joined
from fusebench.arrays.files import KEYED, SUFFIXES
from fusebench.contracts.datasets import Cube, DatasetEntry, Degradation, SideEntry, Windows
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.methods import MethodEntry
from fusebench.generated import OF_ARRAYS as ARRAY_GENERATORS
from fusebench.registry.documents import Document, Place
from fusebench.registry.pairing import stated_sides
from fusebench.registry.placeholders import fields

Datasets = Document[dict[str, DatasetEntry]]

ONLY_ARRAYS = ("key", "pixels", "bands")
ONLY_IMAGES = ("channel", "bits")
OF_ARRAYS = frozenset({"ratio", "sensor", "peak", "bands"})
"""Placeholders that only datasets of arrays have."""


def array_problems(datasets: Datasets) -> Iterator[str]:
    """Yield what is wrong with the fields of datasets that hold arrays."""
    for name, entry in datasets.data.items():
        sides = stated_sides(entry)
        for side, stated in sides.items():
            place: Place = (name, *(("parts",) if side in (entry.parts or {}) else ()), side)
            for field, problem in _side_problems(stated, bool(entry.cube)):
                yield f"{datasets.where((*place, field))}: {problem}"
        if problem := _first_side_problem(entry):
            yield f"{datasets.where((name,))}: {problem}"
        yield from _cube_problems(datasets, name, entry)


def _side_problems(stated: SideEntry, has_cube: bool) -> Iterator[tuple[str, str]]:
    """Yield field and problem of one side."""
    if not stated.axes:
        if has_cube:
            yield "axes", "must be stated beside `cube`, e.g. hwc; found none"
        for field in ONLY_ARRAYS:
            if getattr(stated, field) is not UNSET:
                yield (
                    field,
                    f"must stand beside `axes`, which makes files arrays; found {field!r} alone",
                )
        return
    if not has_cube:
        yield "axes", "must stand in a dataset with `cube` (ratio, peak); found none"
    if problem := axes_problem(stated.axes):
        yield "axes", problem
    for field in ONLY_IMAGES:
        if getattr(stated, field) is not UNSET:
            yield field, "must not stand beside `axes`: it is for 8-bit images"
    if stated.range and not isinstance(stated.range, tuple):
        yield "range", "must be the smallest and the largest value of an array; found percentiles"
    yield from _file_problems(stated)


def _file_problems(stated: SideEntry) -> Iterator[tuple[str, str]]:
    suffix = PurePosixPath(stated.files).suffix.lower()
    if suffix not in SUFFIXES:
        yield "files", f"must end in one of {', '.join(sorted(SUFFIXES))}; found {stated.files!r}"
    elif suffix in KEYED and not stated.key:
        yield "key", f"must be stated for {suffix} files, which hold several arrays; found none"
    elif suffix not in KEYED and stated.key:
        yield "key", f"must not be stated for {suffix} files, which hold one array"
    if is_joined(stated.axes or "") != (stated.pixels is not UNSET):
        yield "pixels", "must be stated where, and only where, rows and columns are one axis: (hw)"


def _cube_problems(datasets: Datasets, name: str, entry: DatasetEntry) -> Iterator[str]:
    from fusebench.simulation.enlargement import is_enlargeable

    cube = entry.cube
    if entry.kind == "generated" and bool(cube) != (entry.generator in ARRAY_GENERATORS):
        held = "8-bit images" if cube else "arrays"
        yield (
            f"{datasets.where((name,))}: must have `cube` where, and only where, the generator"
            f" makes arrays; {entry.generator} makes {held}"
        )
    if not cube:
        return
    where = datasets.where((name, "cube"))
    if not is_enlargeable(cube.ratio):
        yield f"{where}: `ratio` must be a power of 2, or 3 times one; found {cube.ratio}"
    if cube.derive and cube.ratio == 1:
        yield f"{where}: `ratio` must be 2 or more for `derive: wald`; found 1"
    if cube.derive and entry.reference:
        yield f"{where}: `derive` makes the ground truth from B; remove `reference`"
    if isinstance(cube.derive, Degradation):
        for problem in _degradation_problems(cube.derive, cube):
            yield f"{where}: `derive`: {problem}"


def _degradation_problems(how: Degradation, cube: Cube) -> Iterator[str]:
    if how.size % 2 == 0:
        yield f"`size` must be an odd number; found {how.size}"
    if how.phase >= cube.ratio:
        yield f"`phase` must be less than the ratio {cube.ratio}; found {how.phase}"
    if isinstance(how.response, Windows):
        for first, last in how.response.windows:
            if not first <= last <= cube.bands:
                yield (
                    f"`windows` must lie within the {cube.bands} bands of B, the first band first;"
                    f" found [{first}, {last}]"
                )
        return
    for number, row in enumerate(how.response, start=1):
        if len(row) != cube.bands:
            yield (
                f"`response` must have a weight for each of the {cube.bands} bands of B; found"
                f" {len(row)} for band {number} of A"
            )
        elif min(row) < 0 or sum(row) <= 0:
            yield f"`response` must have no weight below 0, and one above; found band {number} of A"


def _first_side_problem(entry: DatasetEntry) -> str:
    """Return what is wrong where A is not stated, or stated beside what makes it."""
    makes_a = entry.cube is not UNSET and isinstance(entry.cube.derive, Degradation)
    if entry.kind == "generated" or makes_a != bool(entry.a):
        return ""
    if makes_a:
        return "must not state 'a': `cube.derive` makes it from B by the response"
    return "must have a"


def kind_problem(dataset: DatasetEntry, run: Run) -> str:
    """Return what the entry of a method must have on a dataset; empty where it has it.

    Images want ``stage.a`` and ``stage.b``; arrays want ``stage.arrays`` and ``result``.
    """
    if dataset.cube and not (run.stage.arrays and run.result):
        lacking = "stage.arrays" if not run.stage.arrays else "result"
        return f"its entry must have `run.{lacking}`, because the dataset holds arrays"
    if not dataset.cube and run.stage.arrays:
        return "its entry must have `run.stage.a` and `b`, because the dataset holds images"
    if not dataset.cube and fields(run.args) & OF_ARRAYS:
        names = ", ".join(f"{{{name}}}" for name in sorted(fields(run.args) & OF_ARRAYS))
        return f"its entry must not use {names} in `run.args`: only datasets of arrays have them"
    return ""


def stage_problems(methods: Document[dict[str, MethodEntry]]) -> Iterator[str]:
    """Yield what is wrong with the arrays that entries stage and collect."""
    for name, entry in methods.data.items():
        if entry.run and entry.run.stage.arrays:
            for field in ("selfcheck", "repeats"):
                if getattr(entry, field) is not UNSET:
                    yield (
                        f"{methods.where((name, field))}: must not stand in an entry that stages"
                        " arrays: runs are compared as 8-bit images"
                    )
        for place, problem in _run_problems(entry):
            yield f"{methods.where((name, 'run', *place))}: {problem}"


def _run_problems(entry: MethodEntry) -> Iterator[tuple[Place, str]]:
    if not entry.run:
        return
    stage = entry.run.stage
    for path, arrays in (stage.arrays or {}).items():
        place: Place = ("stage", "arrays", path)
        suffix = PurePosixPath(path).suffix.lower()
        if suffix not in SUFFIXES:
            yield place, f"must end in one of {', '.join(sorted(SUFFIXES))}; found {path!r}"
        if suffix not in KEYED and len(arrays) > 1:
            yield place, f"must hold one array, as {suffix} files do; found {len(arrays)}"
        for key, asked in arrays.items():
            if asked.axes and (problem := axes_problem(asked.axes)):
                yield (*place, key, "axes"), problem
    if entry.run.result and (problem := axes_problem(entry.run.result.axes)):
        yield ("result", "axes"), problem
