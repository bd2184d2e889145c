"""A small project, what ``gpu.py prepare`` makes of it, and a run on a machine with a stand-in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from on_gpu.contents import GpuRun
from on_gpu.page import read_run
from on_gpu.preparing import Carrying, prepare

from tests.benchmarks.stand_in import make_machine

FAKES = Path(__file__).resolve().parents[1] / "harness" / "fakes"

SCRIPT = """
import argparse, os
import cv2, torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        self.weight = nn.Parameter([1.0])

    def forward(self, tensor):
        return tensor

asked = argparse.ArgumentParser()
for name in ("a", "b", "out"):
    asked.add_argument("--" + name)
asked = asked.parse_args()
net = Net().to("cuda:3")
for name in sorted(os.listdir(asked.a)):
    a, b = cv2.imread(asked.a + "/" + name, 0), cv2.imread(asked.b + "/" + name, 0)
    net(torch.zeros(2, device="cuda"))
    more = int(os.environ["CUDA_VISIBLE_DEVICES"] != "")
    cv2.imwrite(asked.out + "/" + name, a // 4 + b // 4 + more)
"""
"""Its images are one gray level brighter on a GPU."""

PAIRS = ["p1", "p2", "p3"]


def make_project(folder: Path) -> Path:
    """Write a project with one method in a local folder, and a dataset of three pairs."""
    code = folder / "code"
    (code / "samples").mkdir(parents=True)
    (code / "fuse.py").write_text(SCRIPT)
    (code / "w.pth").write_text("weights")
    for number, name in enumerate(PAIRS):
        for side in "ab":
            pixels = np.random.default_rng(number).integers(0, 256, (64, 80), dtype=np.uint8)
            path = folder / "images" / side / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), cv2.GaussianBlur(pixels, (5, 5), 1 if side == "a" else 2))
    cv2.imwrite(str(code / "samples" / "a.png"), np.zeros((50, 50), np.uint8))
    run = {
        "script": "fuse.py",
        "args": "--a in/a --b in/b --out {out}",
        "stage": {"a": "in/a/{name}.png", "b": "in/b/{name}.png"},
        "collect": "{out}/{name}.png",
    }
    method = {
        "title": "One",
        "label": "One",
        "tasks": ["infrared-visible"],
        "code": "code",
        "env": "classical",
        "weights": [{"path": "w.pth"}],
        "run": run,
    }
    dataset = {
        "title": "D",
        "task": "infrared-visible",
        "kind": "local",
        "folder": "images",
        "pairs": PAIRS,
        **{side: {"files": f"{side}/{{name}}.png"} for side in "ab"},
    }
    suite = {"methods": ["one"], "datasets": ["all3"], "speed": True}
    _write(folder / "methods.yaml", {"one": method})
    _write(folder / "datasets.yaml", {"all3": dataset, "first2": {**dataset, "pairs": PAIRS[:2]}})
    _write(
        folder / "config" / "config.yaml",
        {"suite": "s", "suites": {"s": suite}, "device": "cpu"},
    )
    (folder / "envs" / "classical").mkdir(parents=True)
    return folder


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, which no test changes."""
    return make_project(tmp_path_factory.mktemp("gpu") / "project")


@pytest.fixture(scope="session")
def carried(project: Path) -> Path:
    """The folder for the machine: a repository of more than nothing is too large to be whole."""
    into = project.parent / "carried"
    prepare(Carrying(project, "", into, whole_bytes=0), ["one"], ["all3:first2"], python="")
    return into


@dataclass(frozen=True)
class Ran:
    """A run on a machine whose GPU is a stand-in.

    Attributes:
        run: the content of the JSON file.
        results: the folder of the archives.
        printed: a line for each step.
    """

    run: GpuRun
    results: Path
    printed: str


@pytest.fixture(scope="session")
def ran(carried: Path) -> Ran:
    """Run everything once, by the command line, with the fake torch."""
    folder = carried.parent / "machine"
    there = Path(shutil.copytree(carried, folder / "carried"))
    python = make_machine(folder, Path(sys.executable), FAKES)
    out = folder / "out"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environ.pop("CUDA_VISIBLE_DEVICES", None)
    command = [sys.executable, str(there / "benchmarks" / "gpu.py"), "run", str(there)]
    command += ["--out", str(out / "run.json"), "--results", str(out), "--python", str(python)]
    done = subprocess.run(
        [*command, "--seconds", "100000", "--patience", "1000"],
        env={**environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Ran(read_run(out / "run.json"), out, done.stdout)
