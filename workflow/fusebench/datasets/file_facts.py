"""Whether the user's images are still those that a local dataset was prepared from.

Content decides. Size, times and inode of each file, which are kept with the dataset, spare reading
a file again that has not changed.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.markers import Manifest
from fusebench.errors import DatasetUnavailable, UnreadableFile
from fusebench.file_facts import Facts, facts_of
from fusebench.files import write_text
from fusebench.hashes import sha256_of_file
from fusebench.layout import dataset_marker
from fusebench.markers import read_manifest
from fusebench.registry.pairing import FoundPairs, find_pairs, local_folder

FILE = "files.json"


def write_facts(folder: Path, facts: Facts) -> None:
    """Keep the facts with a prepared dataset; they must be older than its images."""
    write_text(folder / FILE, msgspec.json.encode(facts).decode())


def images_changed(root: Path, dataset: str, job: DatasetJob) -> bool:
    """Say whether a local dataset must be prepared again, because the user's images changed.

    Images that no longer belong to a pair count too: the manifest tells them. A dataset that is not
    prepared, or could not be, has not changed.

    Args:
        root: the project's folder.
        dataset: its name.
        job: which images it holds.
    """
    if job.kind != "local":
        return False
    try:
        manifest = read_manifest(root, dataset)
    except (FileNotFoundError, UnreadableFile):
        return False
    try:
        folder = local_folder(job.folder, root).absolute()
        found = find_pairs(folder, job.patterns, job.names)
        prepared = (root / dataset_marker(dataset)).with_suffix("")
        return manifest.is_ok and not _is_same(found, folder, manifest, prepared)
    except DatasetUnavailable:
        return manifest.is_ok


def _is_same(found: FoundPairs, folder: Path, manifest: Manifest, prepared: Path) -> bool:
    """Compare the files of a folder with the manifest; read only those whose facts changed."""
    files = found.files(folder)
    known = _originals(manifest)
    names = [pair.name for pair in manifest.pairs]
    if found.names != names or found.left_out != (manifest.left_out or {}) or {*files} != {*known}:
        return False
    kept, now = _kept(prepared), facts_of(files)
    changed = [name for name in files if name not in now or kept.get(name) != now[name]]
    if not all(name in now and sha256_of_file(files[name]) == known[name] for name in changed):
        return False
    if changed and prepared.is_dir():  # only touched, or copied: do not read them in every run
        write_facts(prepared, now)
    return True


def _originals(manifest: Manifest) -> dict[str, str]:
    """Return path -> sha256 of the files that a dataset was prepared from."""
    images = [image for pair in manifest.pairs for image in pair.parts.values()]
    return {image.original.file: image.original.sha256 for image in images if image.original}


def _kept(folder: Path) -> Facts:
    """Return the facts that are kept with a dataset; none if they are absent or damaged."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Facts)
    except (OSError, msgspec.MsgspecError):
        return {}
