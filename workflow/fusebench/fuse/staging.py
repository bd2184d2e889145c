"""The scratch copy of a repository, and the source images staged where the script reads them."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fusebench.arrays.files import SUFFIXES as ARRAY_SUFFIXES
from fusebench.contracts.datasets import Cube
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.markers import Pair, SourceMarker
from fusebench.contracts.methods import EditedFiles
from fusebench.datasets.prepared import refuse_changed
from fusebench.errors import Crashed, SourceUnavailable, WeightsMissing
from fusebench.folders import NO_SPACE
from fusebench.fuse.staged_arrays import SceneArrays, stage_arrays
from fusebench.hashes import IGNORED_FOLDERS
from fusebench.images import SUFFIXES, in_mode, read_own, write_png
from fusebench.links import leads_out, links_out_of, place_for
from fusebench.registry.placeholders import Values, fields, fill

FORMATS_OF_THEIR_OWN = frozenset({".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".webp"})
"""Suffixes under which images are staged in that format.

Under any other name the bytes are PNG: it is lossless, and image readers recognise it by its
content. A JPEG would change the sources.
"""


@dataclass(frozen=True)
class StagedPair:
    """One pair as the script sees it.

    Attributes:
        name: the pair's name in the dataset.
        a: staged file of source image A.
        b: staged file of source image B; one file may hold the arrays of both.
        result: where the script leaves the fused image.
        notes: how the images were converted.
        others: further staged files.
    """

    name: str
    a: Path
    b: Path
    result: Path
    notes: tuple[str, ...]
    others: tuple[Path, ...] = ()

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Every staged file."""
        return tuple(dict.fromkeys((self.a, self.b, *self.others)))


def copy_repository(source: Path, work: Path, unpack: list[str], edit: EditedFiles) -> list[str]:
    """Make the scratch copy: the work tree without its history, and without links that lead out.

    Archives are unpacked and the edits of data files are applied. Edits of Python files are left to
    the launcher, which applies them when it compiles the file.

    Returns:
        The links that are left out, as ``name -> target``.

    Raises:
        Crashed: an archive cannot be unpacked, or an edit's text is not in its file.
        OSError: the disk is full; it names the folder.
    """
    left_out = set(links_out_of(source))
    shutil.copytree(source, work, symlinks=True, ignore=_ignoring(left_out))
    for archive in unpack:
        _unpack(work / archive, archive)
    for file, edits in edit.items():
        if not file.endswith(".py"):
            _edit(work / file, file, edits, work)
    return sorted(f"{path.relative_to(source)} -> {path.readlink()}" for path in left_out)


def refuse_absent_archives(
    unpack: Sequence[str], source: SourceMarker, weights: Sequence[str] = ()
) -> None:
    """Refuse archives that a run unpacks and whose content the clone has not got.

    Args:
        unpack: the archives.
        source: the marker of the clone.
        weights: files that the entry names; those that are not in the clone are in an archive.

    Raises:
        WeightsMissing: an archive that must hold weights is not there.
        SourceUnavailable: another one is not there.
    """
    for archive in unpack:
        path = Path(source.path, archive)
        if path.exists() and archive not in source.absent:
            continue
        known = sorted(
            one.relative_to(source.path).as_posix()
            for one in Path(source.path).rglob("*")
            if one.suffix in {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz"}
        )
        why = (
            "is part of the commit, but its content is not where it was cloned from"
            if archive in source.absent
            else f"must be an archive of the repository; those are {', '.join(known[:5]) or 'none'}"
        )
        in_archive = [one for one in weights if not Path(source.path, one).exists()]
        told = f"unpack {archive}: {why}"
        raise WeightsMissing(told) if in_archive else SourceUnavailable(told)


def _ignoring(links: Iterable[Path]) -> Callable[[str, list[str]], set[str]]:
    """Return what ``copytree`` asks for the names in a folder that are not copied."""
    known = {(str(path.parent), path.name) for path in links}

    def ignored(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name in IGNORED_FOLDERS or (folder, name) in known}

    return ignored


def _unpack(archive: Path, name: str) -> None:
    try:
        options = {} if archive.suffix == ".zip" else {"filter": _without_links}
        shutil.unpack_archive(archive, archive.parent, **options)  # type: ignore[arg-type]
    except Exception as error:  # each kind of archive has errors of its own
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            raise OSError(error.errno, error.strerror, str(archive.parent)) from error
        raise Crashed(
            f"unpack {name}: must be a whole zip or tar archive of the repository; {error}"
        ) from error


def _without_links(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """Leave out links: together, several of them have led out of every check of Python's."""
    if member.issym() or member.islnk():
        return None
    return tarfile.data_filter(member, folder)


def _edit(path: Path, name: str, edits: list[tuple[str, str]], work: Path) -> None:
    if leads_out(path, work) or not path.is_file():
        raise Crashed(f"edit: {name} must be a file of the repository; found none")
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    for old, new in edits:
        if old not in text:
            raise Crashed(f"edit: {name} must hold the text {old!r}; it does not at this commit")
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")


def clear_folders(run: Run, work: Path, values: Values) -> None:
    """Remove the authors' own samples and results from the folders of inputs and results.

    Otherwise a committed result could be taken for one of ours, and a committed sample could be
    fused beside the dataset's pairs. Nothing outside the scratch folder is removed.
    """
    endings = SUFFIXES | (ARRAY_SUFFIXES if run.stage.arrays else frozenset())
    for pattern in run.stage.patterns.values():
        folder = _folder_before_pair(pattern, work, values)
        if folder != work and folder.is_dir():
            _remove_files(
                [path for path in folder.rglob("*") if path.suffix.lower() in endings], work.parent
            )
    wildcards = {**values, "name": "*", "index": _AnyIndex()}
    result = resolve_below(work, fill(run.collect, wildcards))
    _remove_files(sorted(Path("/").glob(str(result).lstrip("/"))), work.parent)


def _remove_files(paths: Iterable[Path], room: Path) -> None:
    for path in paths:
        if not leads_out(path.parent, room) and (path.is_symlink() or not path.is_dir()):
            path.unlink()


class _AnyIndex:
    """Stands for every number, however it is formatted."""

    def __format__(self, _: str) -> str:
        return "*"


def _folder_before_pair(pattern: str, work: Path, values: Values) -> Path:
    """Return the deepest folder of a pattern that is the same for every pair."""
    parts = resolve_below(work, pattern).parts
    fixed = list(parts[:-1])
    for position, part in enumerate(fixed):
        if fields(part) & {"name", "index"}:
            fixed = fixed[:position]
            break
    return Path(fill(str(Path(*fixed)), values))


def resolve_below(work: Path, path: str) -> Path:
    """Return an absolute path; a relative one starts at the scratch copy."""
    return work / path


def stage_pairs(
    pairs: Sequence[Pair],
    dataset: Path,
    run: Run,
    work: Path,
    values: Values,
    cube: Cube | None = None,
) -> list[StagedPair]:
    """Stage the parts of some scenes; return where each is and where its result will be.

    Args:
        pairs: pairs of the dataset's manifest.
        dataset: the folder of the dataset in its normal form.
        run: the entry's fields for this dataset.
        work: the scratch copy of the repository; its folder is the scratch folder.
        values: placeholders that are the same for every pair.
        cube: of a dataset of arrays, what is known of them.

    Raises:
        Crashed: two images would lie at one path, or outside the scratch folder; or the entry asks
            for a part that the scene does not have.
        DatasetUnavailable: a prepared image was changed since.
    """
    staged: list[StagedPair] = []
    taken: dict[str, str] = {}
    for index, pair in enumerate(_in_listing_order(pairs, run), start=run.first_index):
        own = {**values, "name": pair.name, "index": index}
        places = {
            field: place_for(resolve_below(work, fill(pattern, own)), work.parent)
            for field, pattern in run.stage.patterns.items()
        }
        result = place_for(
            resolve_below(work, fill(run.collect, own)), work.parent, make=run.make_folders
        )
        _take_paths(taken, pair.name, {**places, "collect": result}, work)
        for image in pair.parts.values():
            refuse_changed(dataset, image)
        notes = _stage_parts(pair, dataset, run, places, cube)
        a, b = places.pop("stage.a", None), places.pop("stage.b", None)
        others = tuple(places.values())
        staged.append(
            StagedPair(pair.name, a or others[0], b or others[-1], result, tuple(notes), others)
        )
    return staged


def _stage_parts(
    pair: Pair, dataset: Path, run: Run, places: Mapping[str, Path], cube: Cube | None
) -> list[str]:
    """Write the parts of one scene where the script looks for them; return what was done."""
    if run.stage.arrays and cube:
        content = SceneArrays(pair, dataset, cube)
        return stage_arrays(content, run.stage, places)
    return [
        *_stage(dataset / pair.a.file, places["stage.a"], run.convert.a or "keep", "A"),
        *_stage(dataset / pair.b.file, places["stage.b"], run.convert.b or "keep", "B"),
    ]


def _take_paths(taken: dict[str, str], name: str, paths: Mapping[str, Path], work: Path) -> None:
    """Add the paths of one pair to those taken: real path -> field of ``run``, and pair.

    The registry is checked for this; here the names of the pairs, and links between folders of the
    repository, are known as well.
    """
    for field, path in paths.items():
        real, what = os.path.realpath(path), f"`{field}` of pair {name!r}"
        if real in taken:
            raise Crashed(
                f"run: {taken[real]} and {what} must be two files; found"
                f" {os.path.relpath(real, os.path.realpath(work))} for both; correct the"
                f" placeholders of `run.{field}`"
            )
        taken[real] = what


def _in_listing_order(pairs: Sequence[Pair], run: Run) -> Sequence[Pair]:
    """Return pairs in the order in which a script that lists its input folder meets them.

    The launcher sorts listings; numbers given to results then follow the sorted names, not the
    order of the manifest.
    """
    first = next(iter(run.stage.patterns.values()))
    if "index" in fields(first):
        return pairs
    return sorted(
        pairs,
        key=lambda pair: fill(first.rpartition("/")[2], {**_NO_VALUES, "name": pair.name}),
    )


_NO_VALUES = {
    "work": "",
    "out": "",
    "count": 0,
    "index": 0,
    "modality_a": "",
    "modality_b": "",
    "device": "",
}


def _stage(image: Path, target: Path, mode: str, side: str) -> list[str]:
    """Write one source image where the script looks for it.

    It is copied byte for byte where nothing has to be converted.
    """
    suffix = target.suffix.lower()
    if mode == "keep" and suffix not in FORMATS_OF_THEIR_OWN:
        shutil.copyfile(image, target)
        return []
    pixels = read_own(image)
    converted = in_mode(pixels, mode)
    if suffix in FORMATS_OF_THEIR_OWN:
        _write_as(target, suffix, converted)
    else:
        write_png(target, converted)
    return [f"{side} converted to {mode}"] if converted is not pixels else []


def _write_as(target: Path, suffix: str, pixels: Any) -> None:
    import cv2

    ordered = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_WEBP_QUALITY, 101] if suffix == ".webp" else []
    _, content = cv2.imencode(suffix, ordered, options)
    target.write_bytes(content.tobytes())
