"""Thumbnails of source images: stored with a prepared dataset, or made on request."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.datasets.preparation import prepare_dataset
from fusebench.datasets.thumbnails import FILE, read_thumbnails


def test_kept_thumbnails_are_those_of_the_images(tmp_path: Path) -> None:
    """Stored thumbnails are those of the images, for any pairs in any order.

    Without the file, or with a damaged one or one of another size, they are made from the images.
    """
    job = DatasetJob(kind="generated", generator="multi-exposure")
    manifest = prepare_dataset("scenes", job, tmp_path / "scenes", tmp_path)
    pairs = [manifest.pairs[2], manifest.pairs[0]]
    kept = read_thumbnails(tmp_path / "scenes", pairs)
    file = tmp_path / "scenes" / FILE
    whole = file.read_bytes()
    for damaged in (whole[:200], b"", whole[:900] + b"x" + whole[901:]):
        file.write_bytes(damaged)
        assert np.array_equal(read_thumbnails(tmp_path / "scenes", pairs), kept)
    older = np.zeros((len(manifest.pairs), 32, 32), np.uint8)
    np.savez(file, a=older, b=older, names=np.array([pair.name for pair in manifest.pairs]))
    assert np.array_equal(read_thumbnails(tmp_path / "scenes", pairs), kept)
    file.unlink()
    made = read_thumbnails(tmp_path / "scenes", pairs)
    assert np.array_equal(kept, made)
    assert np.shape(made) == (2, 2, 64, 64)
    assert not np.array_equal(made[0][0], made[0][1])
