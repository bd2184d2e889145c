"""Changes of the user's images are noticed, and only those of their content count."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fusebench.contracts.files import write_stored
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.markers import Manifest
from fusebench.datasets import file_facts
from fusebench.datasets.file_facts import FILE, images_changed
from fusebench.datasets.preparation import prepare_dataset
from fusebench.images import write_png
from fusebench.layout import dataset_marker
from msgspec.structs import replace

from tests.datasets.made import LOCAL, pixels

LISTED = replace(LOCAL, names=["1", "2"])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project whose local dataset ``d`` of two pairs is prepared."""
    for seed, name in enumerate(("1", "2")):
        for side in "ab":
            write_png(tmp_path / "images" / side / f"{name}.png", pixels(seed))
    prepare(tmp_path, LOCAL)
    return tmp_path


def prepare(root: Path, job: DatasetJob) -> None:
    """Prepare the dataset and write its marker."""
    marker = root / dataset_marker("d")
    write_stored(marker, prepare_dataset("d", job, marker.with_suffix(""), root))


def changed(root: Path, job: DatasetJob = LOCAL) -> bool:
    """Say whether the dataset must be prepared again."""
    return images_changed(root, "d", job)


def replaced_by_an_older_one(image: Path) -> None:
    """Replace an image by a file with an older time (``rsync -t``, ``unzip``)."""
    other = image.with_name("other.png")
    write_png(other, pixels(9))
    os.utime(other, (1, 1))
    other.replace(image)


def overwritten_with_the_same_time(image: Path) -> None:
    """Write other content of the same size into the same file, and set its time back."""
    before = image.stat()
    content = bytearray(image.read_bytes())
    content[-1] ^= 1
    image.write_bytes(content)
    os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "change", [replaced_by_an_older_one, overwritten_with_the_same_time, Path.unlink]
)
@pytest.mark.parametrize("job", [LOCAL, LISTED])
def test_other_content_is_noticed_whatever_its_time(
    root: Path, change: Callable[[Path], None], job: DatasetJob
) -> None:
    """Neither size nor time decides, with a list of pairs and without."""
    assert not changed(root, job)
    change(root / "images" / "a" / "1.png")
    assert changed(root, job)


def test_a_pair_more_is_noticed(root: Path) -> None:
    """So is an image without a pair, because the manifest tells it; a list chooses its pairs."""
    write_png(root / "images" / "a" / "3.png", pixels(3))
    assert changed(root) and not changed(root, LISTED)
    prepare(root, LOCAL)
    assert not changed(root)
    write_png(root / "images" / "b" / "3.png", pixels(3))
    assert changed(root)


def test_files_that_are_only_copied_are_read_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New times and inodes of the same content change nothing, and are remembered."""
    copied = root / "copied"
    shutil.copytree(root / "images", copied, copy_function=shutil.copyfile)
    shutil.rmtree(root / "images")
    copied.rename(root / "images")
    assert not changed(root)
    monkeypatch.setattr(file_facts, "sha256_of_file", lambda path: pytest.fail(f"read {path}"))
    assert not changed(root)


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_text("{")])
def test_without_the_facts_the_content_is_compared(
    root: Path, damage: Callable[[Path], None]
) -> None:
    """They are a shortcut: one that is lost or damaged costs time and no result."""
    file = root / dataset_marker("d").removesuffix(".json") / FILE
    damage(file)
    assert not changed(root) and file.exists()
    replaced_by_an_older_one(root / "images" / "a" / "1.png")
    damage(file)
    assert changed(root)


def test_what_is_not_prepared_has_not_changed(root: Path) -> None:
    """It is made anyway, or again after a failure; other kinds of datasets have no such images."""
    assert not images_changed(root, "other", LOCAL)
    assert not changed(root, DatasetJob(kind="git", names=["1"]))
    write_stored(root / dataset_marker("d"), Manifest(state="skipped", reason="no images"))
    assert not changed(root, replace(LOCAL, folder="elsewhere"))


def test_a_folder_that_is_gone_has_changed(root: Path) -> None:
    """The step then says what is missing."""
    shutil.rmtree(root / "images")
    assert changed(root) and changed(root, LISTED)
