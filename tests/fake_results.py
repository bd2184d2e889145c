"""A project with made-up results, of any number of methods, datasets and pairs.

Tests and benchmarks use it. The values are random numbers and the images are noise; every file has
the form that the steps write.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from fusebench.contracts.files import write_stored
from fusebench.contracts.markers import (
    FusedCell,
    FusedCells,
    ImageFile,
    Manifest,
    Pair,
    PythonFacts,
)
from fusebench.contracts.records import EnvironmentFacts, FusedImage, Inputs, Record, SourceFacts
from fusebench.datasets.preparation import sha256_of_pairs
from fusebench.hashes import sha256_of_file
from fusebench.images import pixel_sha256
from fusebench.layout import (
    DATASETS,
    FUSED,
    cell_folder,
    cell_log,
    dataset_marker,
    fusing_job,
    measures_path,
    record_path,
)
from fusebench.measure.runs import COLUMNS
from fusebench.planning.grouping import Grouping
from fusebench.planning.papers import table_measures
from fusebench.planning.selection import read_selection
from fusebench.states import State

REPOSITORY = Path(__file__).resolve().parents[1]
METRICS = ("EN", "SD", "SF", "AG", "MI", "SCD", "VIF", "Qabf", "SSIM", "CC", "Q_CV")
TABLE = "wide"
DISTINCT = 8
"""How many images of a folder differ; the others are hard links to them, which take no time."""
FAILURE: tuple[State, str] = ("weights-missing", "x.pth is <gone> & away")
"""State and reason of the methods without results."""


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
        """Names of the methods, ``method-000`` and so on; the last ``failed`` have no result."""
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
        """Write all files of a finished run.

        ``table`` replaces fields of the table of all methods.
        """
        self.write_registry(**table)
        grouping = Grouping(read_selection(self.root, {}, "cpu"), on_cluster=False)
        for dataset in self.dataset_names:
            manifest = self._write_dataset(dataset)
            for method in self.method_names:
                self._write_run(method, dataset, manifest)
        for method, groups in grouping.fusing.items():
            for group in groups:
                self._write_job(method, group.name, group.members)
        values = {dataset: self._values(seed) for seed, dataset in enumerate(self.dataset_names)}
        for group in grouping.measuring:
            self._write_measures(measures_path(group.name), values, group.members)
        for dataset in self.dataset_names:
            self._write_measures(table_measures(TABLE, dataset), values, [dataset])
        return self

    def is_good(self, method: str) -> bool:
        """Tell whether a method has results."""
        return method in self.method_names[: self.methods - self.failed]

    def write_registry(self, **table: Any) -> None:
        """Write only the registry and the configuration; ``table`` replaces fields of the table."""
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

    def _write_dataset(self, dataset: str) -> Manifest:
        folder = f"{DATASETS}/{dataset}"
        sides = {
            side: self._write_images(self.root / folder / side, seed=ord(side)) for side in "ab"
        }
        images = {
            side: [
                ImageFile(file=f"{side}/{name}.png", mode="gray", sha256=sha256)
                for name, sha256 in zip(self.pair_names, hashes, strict=True)
            ]
            for side, hashes in sides.items()
        }
        pairs = [
            Pair(name=name, size=self.size, a=a, b=b)
            for name, a, b in zip(self.pair_names, images["a"], images["b"], strict=True)
        ]
        manifest = Manifest(path=folder, pairs=pairs, sha256=sha256_of_pairs(pairs))
        write_stored(self.root / dataset_marker(dataset), manifest)
        return manifest

    def _write_run(self, method: str, dataset: str, manifest: Manifest) -> None:
        index = self.method_names.index(method)
        if not self.is_good(method):
            state, reason = FAILURE
            record = Record(method=method, dataset=dataset, state=state, reason=reason, seconds=0.1)
            write_stored(self.root / record_path(method, dataset), record)
            return
        folder = self.root / cell_folder(method, dataset) / FUSED
        images = [
            FusedImage(
                name=name,
                size=self.size,
                fused=f"{name}.png",
                mode="gray",
                sha256=sha256,
                model_seconds=0.01,
                seconds=0.02,
            )
            for name, sha256 in zip(
                self.pair_names, self._write_images(folder, seed=1000 + index), strict=True
            )
        ]
        python = PythonFacts(version="3.11", executable="python", origin="this machine")
        record = Record(
            method=method,
            dataset=dataset,
            state="ok",
            reason="",
            seconds=1.0,
            images=images,
            model_seconds=0.001 * (index + 1),
            seconds_per_image=0.002 * (index + 1),
            parameters=1000 * (index + 1),
            device="cpu",
            threads=2,
            seed=0,
            log=cell_log(method, dataset),
            source=SourceFacts(code="code"),
            environment=EnvironmentFacts(env="classical", key="k", python=python),
            inputs=Inputs(dataset=manifest.sha256, pairs=len(manifest.pairs)),
        )
        write_stored(self.root / record_path(method, dataset), record)

    def _write_job(self, method: str, job: str, datasets: tuple[str, ...]) -> None:
        """Write the output of the job that fused some datasets of a method."""
        state: State = "ok" if self.is_good(method) else FAILURE[0]
        cells = {
            dataset: FusedCell(
                state=state, record=sha256_of_file(self.root / record_path(method, dataset))
            )
            for dataset in datasets
        }
        write_stored(self.root / fusing_job(method, job), FusedCells(cells=cells))

    def _write_images(self, folder: Path, seed: int) -> list[str]:
        """Write one image for each pair, and return the hashes of the pixels.

        Without ``images``, write nothing and return invented hashes.
        """
        if not self.images:
            return [f"{seed}-{number % DISTINCT}" for number in range(self.pairs)]
        folder.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(seed)
        hashes: list[str] = []
        for number, name in enumerate(self.pair_names):
            path = folder / f"{name}.png"
            if number < DISTINCT:
                noise = random.normal(128, 40, (self.size[1], self.size[0])).astype(np.float32)
                smooth = cv2.GaussianBlur(noise, (0, 0), 3) * 2 - 128
                pixels = np.clip(smooth, 0, 255).astype(np.uint8)
                cv2.imwrite(str(path), pixels)
                hashes.append(pixel_sha256(pixels))
            else:
                path.unlink(missing_ok=True)
                os.link(folder / f"{self.pair_names[number % DISTINCT]}.png", path)
                hashes.append(hashes[number % DISTINCT])
        return hashes

    def _values(self, seed: int) -> list[list[list[float]]]:
        """Return values of methods by pairs by metrics.

        A value is 10 plus the content of its pair (common to all methods), the level of its method,
        and noise.
        """
        random = np.random.default_rng(seed)
        good = self.methods - self.failed
        content = random.normal(0, 1, (1, self.pairs, len(METRICS)))
        level = random.normal(0, 0.3, (good, 1, len(METRICS)))
        noise = random.normal(0, 0.2, (good, self.pairs, len(METRICS)))
        values: list[list[list[float]]] = (10 + content + level + noise).tolist()
        return values

    def _write_measures(
        self, file: str, values: dict[str, list[list[list[float]]]], datasets: Iterable[str]
    ) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            for dataset in datasets:
                writer.writerows(self._rows(dataset, values[dataset]))

    def _rows(
        self, dataset: str, values: list[list[list[float]]]
    ) -> Iterator[tuple[str, str, str, str, str, float, str]]:
        """Yield the rows of a dataset, in the order of ``COLUMNS``."""
        good = [method for method in self.method_names if self.is_good(method)]
        for method, of_method in zip(good, values, strict=True):
            for name, of_pair in zip(self.pair_names, of_method, strict=True):
                for metric, value in zip(METRICS, of_pair, strict=True):
                    yield method, dataset, name, metric, "canonical", value, ""
