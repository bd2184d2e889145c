"""The step that prepares a dataset: what its log says."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from fusebench.contracts.jobs.session import Session
from fusebench.images import write_png
from fusebench.steps.datasets import dataset

from tests.datasets.made import LOCAL, pixels


def test_the_log_says_what_was_done_to_the_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each side and kind of conversion, with what to do about unused bits."""
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate("pq"):
        raw = np.linspace(7000, 8020 + seed, 42).astype(np.uint16).reshape(6, 7)
        Path("images/a").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(f"images/a/{name}.png", raw)
        write_png(Path(f"images/b/{name}.png"), pixels(seed))
    dataset(LOCAL, Session(id="s", device="cpu"), 0, Path("resources/datasets/thermal.json"), {})
    assert capsys.readouterr().err.splitlines() == [
        "thermal: a: 16 bits scaled to 8 (times 255/65535, rounded) (2 of 2 images, first: p)",
        "thermal: a: 16-bit values fill only 7000 to 8020 of 0 to 65535: 5 of 256 gray levels are"
        " left (2 of 2 images, first: p); say with `range` or `bits` of this side in datasets.yaml"
        " which values are used",
    ]
