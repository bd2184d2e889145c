"""Miniature projects that the real Snakefile runs in a temporary folder.

Their git repositories, environments and images are real.
"""

from __future__ import annotations

import copy
import csv
import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import git
import numpy as np
import yaml
from fusebench.folders import remove_folder
from numpy.typing import NDArray

from tests.snakemake_runs import snakemake

REPOSITORY = Path(__file__).resolve().parents[2]
OWNER = "mini"


def image(seed: int, width: int = 48, height: int = 40, channels: int = 0) -> NDArray[np.uint8]:
    """Return a textured 8-bit image, the same for the same seed."""
    random = np.random.default_rng(seed)
    shape = (height, width, channels) if channels else (height, width)
    noise = random.integers(0, 256, shape).astype(np.float32)
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 2.0) * 2 - 128 + 10 * seed % 40, 0, 255).astype(
        np.uint8
    )


@dataclass
class MiniProject:
    """A project folder with its own registry, and a folder of mirrors in place of the network.

    Attributes:
        root: the project's folder.
        methods: what is written to ``methods.yaml``.
        datasets: what is written to ``datasets.yaml``.
        config: what is written to ``config/config.yaml``.
    """

    root: Path
    methods: dict[str, Any] = field(default_factory=dict)
    datasets: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def create(
        cls, root: Path, environments: Path, pairs: tuple[str, ...] = ("p1", "p2", "p3")
    ) -> MiniProject:
        """Make a project with the environment ``classical`` and the dataset ``pairs`` on disk.

        The dataset has three pairs, unless other names of pairs are given.
        """
        project = cls(root)
        shutil.copytree(REPOSITORY / "envs" / "classical", root / "envs" / "classical")
        (root / "resources").mkdir()
        (root / "resources" / "envs").symlink_to(environments)
        project.told.mkdir()
        project.add_images("pairs", list(pairs))
        project.config = {
            "suite": "mini",
            "sandbox_reads": [str(project.told)],
            "suites": {"mini": {"methods": [], "datasets": ["pairs"], "metrics": ["EN", "SSIM"]}},
        }
        return project

    @property
    def told(self) -> Path:
        """A folder of files that scripts in the sandbox may look for."""
        return self.root / "told"

    def add_images(self, name: str, pairs: list[str], **shape: int) -> None:
        """Write a local dataset of gray images and register it."""
        for index, pair in enumerate(pairs):
            for side, seed in (("a", 2 * index + 1), ("b", 2 * index + 2)):
                path = self.root / "images" / name / side / f"{pair}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), image(seed, **shape))
        self.datasets[name] = {
            "title": name,
            "task": "infrared-visible",
            "kind": "local",
            "folder": f"images/{name}",
            "a": {"files": "a/{name}.png"},
            "b": {"files": "b/{name}.png"},
        }

    def source(self, dataset: str, side: str, pair: str) -> NDArray[np.uint8]:
        """Return one source image of a local dataset."""
        return np.asarray(
            cv2.imread(
                str(self.root / "images" / dataset / side / f"{pair}.png"), cv2.IMREAD_UNCHANGED
            )
        )

    def publish(self, name: str, files: dict[str, str | bytes]) -> str:
        """Commit files to the "published" repository ``mini/<name>`` and return the commit."""
        folder = self.root / "mirrors" / f"{OWNER}+{name}"
        repository = git.Repo(folder) if folder.exists() else git.Repo.init(folder)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        repository.git.add("--all", "--force")
        actor = git.Actor("An Author", "author@example.org")
        return str(repository.index.commit("publish", author=actor, committer=actor).hexsha)

    def add_method(
        self, name: str, files: dict[str, str | bytes], run: dict[str, Any], **entry: Any
    ) -> str:
        """Publish a repository and register it as a method of the suite; return its commit."""
        commit = self.publish(name, files)
        self.methods[name] = {
            "title": f"The method {name}",
            "tasks": ["infrared-visible"],
            "code": f"https://example.org/{OWNER}/{name}",
            "commit": commit,
            "env": "classical",
            "run": run,
            **entry,
        }
        self.config["suites"]["mini"]["methods"].append(name)
        return commit

    def write(self) -> None:
        """Write the three files of the registry."""
        for file, content in (
            ("methods.yaml", self.methods),
            ("datasets.yaml", self.datasets),
            ("config/config.yaml", self.config),
        ):
            (self.root / file).parent.mkdir(exist_ok=True)
            (self.root / file).write_text(
                yaml.safe_dump(content, sort_keys=False), encoding="utf-8"
            )

    def snakemake(self, *arguments: str, write: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the real workflow on this project and return how it ended."""
        if write:
            self.write()
        return snakemake(
            *("--snakefile", str(REPOSITORY / "Snakefile"), "--directory", str(self.root)),
            *("--cores", "2", "--keep-going", *arguments),
            *("--config", f"mirror={self.root}/mirrors/{{owner}}+{{name}}"),
            folder=self.root,
            variables={"PYTHONDONTWRITEBYTECODE": "1"},
        )

    def record(self, method: str, dataset: str = "pairs") -> dict[str, Any]:
        """Return the record of a cell."""
        path = self.root / "results" / "runs" / method / dataset / "record.json"
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def fused(self, method: str, pair: str, dataset: str = "pairs") -> NDArray[np.uint8]:
        """Return a fused image as it was collected."""
        path = self.root / "results" / "runs" / method / dataset / "fused" / f"{pair}.png"
        return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))

    def table(self, path: str) -> list[dict[str, str]]:
        """Return the rows of a CSV file below ``results``."""
        with (self.root / "results" / path).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def jobs(self, done: subprocess.CompletedProcess[str]) -> dict[str, int]:
        """Return how many jobs of each rule a run had."""
        counts: dict[str, int] = {}
        for line in (done.stdout + done.stderr).splitlines():
            words = line.replace("localrule ", "rule ").split()
            if len(words) == 2 and words[0] == "rule" and words[1].endswith(":"):
                counts[words[1][:-1]] = counts.get(words[1][:-1], 0) + 1
        return counts


class SavedProject:
    """A project as it is now; a test changes it, and the next one gets it as it was."""

    def __init__(self, project: MiniProject, name: str = "saved") -> None:
        """Copy the project, with the times of its files, into a folder of some name beside it."""
        self._project = copy.deepcopy(project)
        self._copy = project.root.with_name(name)
        shutil.copytree(project.root, self._copy, symlinks=True)

    def restored(self) -> MiniProject:
        """Return the project in its old place, as it was."""
        remove_folder(self._project.root)
        shutil.copytree(self._copy, self._project.root, symlinks=True)
        return copy.deepcopy(self._project)
