"""A project with results that were never run: any number of methods, datasets and pairs, for tests and benchmarks.

The values are drawn, not measured, and the images are noise; every file has the form that the steps write.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
METRICS = ("EN", "SD", "SF", "AG", "MI", "SCD", "VIF", "Qabf", "SSIM", "CC", "Q_CV")
TABLE = "wide"
DISTINCT = 8
"""Images that are really different; the others are hard links to them, so that thousands take no time."""


@dataclass(frozen=True)
class FakeResults:
    """How large the project is; see ``write``."""

    root: Path
    methods: int = 5
    datasets: int = 2
    pairs: int = 8
    size: tuple[int, int] = (48, 40)
    failed: int = 1
    images: bool = True

    @property
    def method_names(self) -> list[str]:
        """Names of the methods, ``method-000`` and so on; the last ``failed`` of them have no result."""
        return [f"method-{number:03}" for number in range(self.methods)]

    @property
    def dataset_names(self) -> list[str]:
        """Names of the datasets."""
        return [f"set-{number:02}" for number in range(self.datasets)]

    @property
    def pair_names(self) -> list[str]:
        """Names of the pairs of each dataset."""
        return [f"{number:04}" for number in range(self.pairs)]

    def write(self, **table: Any) -> FakeResults:
        """Write registry, markers, records, images and measures; ``table`` replaces fields of the table of all methods."""
        self.write_registry(**table)
        for number, dataset in enumerate(self.dataset_names):
            self._write_dataset(dataset)
            for index, method in enumerate(self.method_names):
                self._write_run(method, dataset, failed=index >= self.methods - self.failed)
            self._write_measures(dataset, number)
        return self

    def is_good(self, method: str) -> bool:
        """Tell whether a method has results."""
        return method in self.method_names[: self.methods - self.failed]

    def write_registry(self, **table: Any) -> None:
        """Write methods.yaml, datasets.yaml and the configuration alone, with other fields of the table."""
        (self.root / "code").mkdir(parents=True, exist_ok=True)
        shutil.copytree(
            REPOSITORY / "envs" / "classical", self.root / "envs" / "classical", dirs_exist_ok=True
        )
        methods = {name: self._entry(number, name) for number, name in enumerate(self.method_names)}
        sides = {side: {"files": f"{side}/{{name}}.png"} for side in "ab"}
        datasets = {
            name: {
                "title": f"Set {name[-2:]}",
                "task": "infrared-visible",
                "kind": "local",
                "folder": "raw",
                **sides,
            }
            for name in self.dataset_names
        }
        suite = {
            "methods": self.method_names,
            "datasets": self.dataset_names,
            "metrics": list(METRICS),
        }
        config = {
            "suite": "fake",
            "suites": {"fake": suite},
            "tables": {TABLE: {"suite": "fake", **table}},
        }
        for file, content in (
            ("methods.yaml", methods),
            ("datasets.yaml", datasets),
            ("config/config.yaml", config),
        ):
            (self.root / file).parent.mkdir(exist_ok=True)
            (self.root / file).write_text(
                yaml.safe_dump(content, sort_keys=False), encoding="utf-8"
            )

    def _entry(self, number: int, name: str) -> dict[str, Any]:
        stage = {side: f"in/{side}/{{name}}.png" for side in "ab"}
        run = {
            "script": "run.py",
            "args": f"--as {name}",
            "stage": stage,
            "collect": "{out}/{name}.png",
        }
        paper = {"venue": "CVPR", "year": 2015 + number % 11, "arxiv": f"2400.{number:05}"}
        entry = {
            "title": f"The paper of {name}",
            "label": name.title(),
            "paper": paper,
            "tasks": ["infrared-visible"],
        }
        return {**entry, "code": "code", "licence": "MIT", "env": "classical", "run": run}

    def _write_dataset(self, dataset: str) -> None:
        folder = self.root / "resources" / "datasets" / dataset
        pairs = [
            {"name": name, "size": [*self.size], **{side: {"file": f"{side}/{name}.png", "mode": "gray", "sha256": f"{side}{name}"} for side in "ab"}}
            for name in self.pair_names
        ]  # fmt: skip
        marker = {
            "state": "ok",
            "path": f"resources/datasets/{dataset}",
            "sha256": dataset,
            "pairs": pairs,
        }
        for side in "ab":
            self._write_images(folder / side, seed=ord(side))
        _write_json(folder.with_suffix(".json"), marker)

    def _write_run(self, method: str, dataset: str, *, failed: bool) -> None:
        folder = self.root / "results" / "runs" / method / dataset
        index = self.method_names.index(method)
        images = [
            {"name": name, "size": [*self.size], "fused": f"{name}.png", "mode": "gray", "sha256": f"{index}-{number % DISTINCT}", "notes": [], "model_seconds": 0.01, "seconds": 0.02}
            for number, name in enumerate(self.pair_names)
        ]  # fmt: skip
        good = {
            "state": "ok", "reason": "", "seconds": 1.0, "images": images, "model_seconds": 0.001 * (index + 1),
            "seconds_per_image": 0.002 * (index + 1), "parameters": 1000 * (index + 1), "flops": None, "device": "cpu",
            "threads": 2, "seed": 0, "compat": [], "edits": {}, "notes": [], "log": f"logs/fuse/{method}/{dataset}.log",
            "source": {"code": "code", "commit": None}, "environment": {"env": "classical", "key": "k", "python": "3.11"},
        }  # fmt: skip
        bad = {
            "state": "weights-missing",
            "reason": "x.pth is <gone> & away",
            "images": [],
            "seconds": 0.1,
        }
        _write_json(
            folder / "record.json",
            {"method": method, "dataset": dataset, **(bad if failed else good)},
        )
        if not failed:
            self._write_images(folder / "fused", seed=1000 + index)

    def _write_images(self, folder: Path, seed: int) -> None:
        if not self.images:
            return
        folder.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(seed)
        for number, name in enumerate(self.pair_names):
            path = folder / f"{name}.png"
            if number < DISTINCT:
                noise = random.normal(128, 40, (self.size[1], self.size[0])).astype(np.float32)
                cv2.imwrite(
                    str(path),
                    np.clip(cv2.GaussianBlur(noise, (0, 0), 3) * 2 - 128, 0, 255).astype(np.uint8),
                )
            else:
                path.unlink(missing_ok=True)
                os.link(folder / f"{self.pair_names[number % DISTINCT]}.png", path)

    def _write_measures(self, dataset: str, seed: int) -> None:
        """Write per-image values: the content of a pair, common to all methods, the method's own level, and noise."""
        random = np.random.default_rng(seed)
        good = [method for method in self.method_names if self.is_good(method)]
        content = random.normal(0, 1, (1, self.pairs, len(METRICS)))
        level = random.normal(0, 0.3, (len(good), 1, len(METRICS)))
        values = 10 + content + level + random.normal(0, 0.2, (len(good), self.pairs, len(METRICS)))
        for path in (self.root / "results/measures", self.root / "results/measures/tables" / TABLE):
            path.mkdir(parents=True, exist_ok=True)
            with (path / f"{dataset}.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow(
                    ["method", "dataset", "image", "metric", "definition", "value", "reason"]
                )
                for method, of_method in zip(good, values.tolist(), strict=True):
                    for name, of_pair in zip(self.pair_names, of_method, strict=True):
                        writer.writerows(
                            [method, dataset, name, metric, "canonical", value, ""]
                            for metric, value in zip(METRICS, of_pair, strict=True)
                        )


def _write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
