"""Measure results that someone already has: folders of images, paired by the stems of their names.

``IR/00001.bmp``, ``VIS/00001.jpg`` and ``RESULTS/00001.png`` are one pair and its fused image.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fusebench.errors import MetricError
from fusebench.image_headers import UnreadableImageError
from fusebench.images import SUFFIXES, notes_together, range_notes, read_levels
from fusebench.measure.runs import Row, Values, in_processes
from fusebench.metrics import resolve
from fusebench.texts import beginning_of

MOST_NAMED = 5
MOST_TOLD = 10
"""So many names, and so many problems, are printed of a longer list."""

A, B, REFERENCE = "A", "B", "reference"
SOURCES = (A, B, REFERENCE)
"""The sides of a scene beside the results; no method has one of these names."""


@dataclass(frozen=True)
class Folders:
    """The folders that are measured.

    Attributes:
        sources: side (A, B, and reference where there is a ground truth) -> its folder.
        results: name of a method -> the folder of its fused images.
    """

    sources: Mapping[str, Path]
    results: Mapping[str, Path]

    @property
    def all(self) -> dict[str, Path]:
        """Every folder by its side, or by the name of its method."""
        return {**self.sources, **self.results}


@dataclass(frozen=True)
class Scene:
    """The images of one name in all folders.

    Attributes:
        name: the stem of the files.
        files: side, or name of a method -> its file.
    """

    name: str
    files: Mapping[str, Path]


def methods_of(folders: Sequence[Path]) -> dict[str, Path]:
    """Return name of a method -> the folder of its results.

    The name is that of the folder. Folders of one name are called by their paths, and so is one
    with the name of a side.

    Raises:
        MetricError: a folder is given twice.
    """
    resolved = [folder.resolve() for folder in folders]
    if len(set(resolved)) < len(resolved):
        raise MetricError("the folders of results must be different ones; found one of them twice")
    count = Counter(folder.name for folder in resolved)
    named: dict[str, Path] = {}
    for folder, full in zip(folders, resolved, strict=True):
        names = [full.name] if count[full.name] == 1 else [str(folder)]
        named[next((name for name in names if name not in SOURCES), str(full))] = folder
    return named


def scenes_of(folders: Folders) -> tuple[list[Scene], list[str]]:
    """Return the scenes that have an image in every folder, by name, and a line on what is left.

    All means are over the same images, so an image that one folder lacks is left out of all.

    Raises:
        MetricError: no name has an image in every folder, or a folder has two images of one name.
    """
    files = {side: _images_in(folder) for side, folder in folders.all.items()}
    names = set.intersection(*(set(found) for found in files.values()))
    if not names:
        found = "; ".join(
            f"{folder} has {_listed(files[side])}" for side, folder in folders.all.items()
        )
        raise MetricError(
            "the images of a pair must have one name in every folder, without the suffix; found no"
            f" name that all have: {found}; rename the files"
        )
    left_out = [
        f"{folder}: left out, because another folder has no image of this name: {_listed(others)}"
        for side, folder in folders.all.items()
        if (others := sorted(set(files[side]) - names))
    ]
    scenes = [
        Scene(name, {side: found[name] for side, found in files.items()}) for name in sorted(names)
    ]
    return scenes, left_out


def _listed(names: Iterable[str]) -> str:
    """Return how many names there are, and the first of them."""
    known = sorted(names)
    told = f" ({beginning_of(known, MOST_NAMED)})" if known else ""
    return f"{len(known)} image{'' if len(known) == 1 else 's'}{told}"


def _images_in(folder: Path) -> dict[str, Path]:
    """Return stem -> image of a folder; hidden files are left out."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in found:
            raise MetricError(
                f"{folder}: must have one image of each name; found {found[path.stem].name} and"
                f" {path.name}: take one of them away"
            )
        found[path.stem] = path
    return found


def check_images(scenes: Sequence[Scene]) -> list[str]:
    """Read every image once, before any is measured.

    Returns:
        One line for each side and each kind of conversion: what was done, and to how many images.

    Raises:
        MetricError: images cannot be used, or those of a scene differ in size; names each.
    """
    problems: list[str] = []
    notes: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for scene in scenes:
        sizes: dict[Path, tuple[int, ...]] = {}
        for side, path in scene.files.items():
            try:
                levels, told = read_levels(path)
            except UnreadableImageError as error:
                problems.append(str(error))
                continue
            sizes[path] = levels.shape
            notes[side][scene.name] = [*told, *range_notes(levels)]
        problems.extend(size_problems(sizes))
    if problems:
        more = [f"and {len(problems) - MOST_TOLD} more"] if len(problems) > MOST_TOLD else []
        told = ["nothing was measured", *problems[:MOST_TOLD], *more]
        raise MetricError("\n  ".join(told))
    return [f"{side}: {line}" for side, told in notes.items() for line in notes_together(told)]


def size_problems(shapes: Mapping[Path, tuple[int, ...]]) -> list[str]:
    """Return a line for each image whose height or width is not that of the first one.

    Args:
        shapes: file -> (H, W) or (H, W, 3).
    """
    sizes = [(path, shape[:2]) for path, shape in shapes.items()]
    return [
        f"{sizes[0][0]} and {path} must have the same size (height x width), found"
        f" {' x '.join(map(str, sizes[0][1]))} and {' x '.join(map(str, size))}"
        for path, size in sizes[1:]
        if size != sizes[0][1]
    ]


@dataclass(frozen=True)
class Task:
    """What one process measures: the results of some methods on one scene."""

    scene: Scene
    methods: tuple[str, ...]
    ids: tuple[str, ...]


def measure_folders(
    scenes: Sequence[Scene], methods: Sequence[str], ids: Sequence[str], dataset: str, workers: int
) -> list[Row]:
    """Measure the results of some methods and return one row for each method, image and metric.

    Args:
        scenes: what ``scenes_of`` found.
        methods: their names, as in the scenes.
        ids: the metrics, as ``fusebench.metrics.resolve`` takes them.
        dataset: what the rows call the images.
        workers: number of processes.
    """
    tasks = [Task(scene, tuple(methods), tuple(ids)) for scene in scenes]
    found = list(in_processes(_measure_scene, tasks, workers, ids))
    return [
        Row(
            method,
            dataset,
            scene.name,
            definition.metric,
            definition.definition,
            values[index][0].get(definition.id),
            values[index][1].get(definition.id, ""),
        )
        for index, method in enumerate(methods)
        for scene, values in zip(scenes, found, strict=True)
        for definition in resolve(ids)
    ]


def _measure_scene(task: Task) -> list[Values]:
    from fusebench.metrics import ImagePair

    a, b, *reference = (
        read_levels(task.scene.files[side])[0] for side in SOURCES if side in task.scene.files
    )
    pair = ImagePair(a, b, *reference)
    definitions = resolve(task.ids)
    return [
        pair.attempt(read_levels(task.scene.files[method])[0], definitions)
        for method in task.methods
    ]
