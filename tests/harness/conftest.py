"""Run the launcher as a subprocess on small scripts, under every Python that is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HARNESS = Path(__file__).parents[2] / "workflow" / "harness"
FAKES = Path(__file__).parent / "fakes"
VIRTUAL_TIME = Path(__file__).parent / "virtual_time"
VERSIONS = [f"3.{minor}" for minor in range(6, 14)]


def _candidates() -> list[Path]:
    on_path = [Path(folder) / f"python{v}" for v in VERSIONS for folder in os.get_exec_path()]
    pyenv = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))
    return [path for path in [*pyenv, *on_path, Path(sys.executable)] if path.is_file()]


def _version(python: Path) -> str | None:
    done = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else None


def _interpreters() -> dict[str, Path]:
    """One interpreter for each version that can be found."""
    found: dict[str, Path] = {}
    for path in _candidates():
        version = _version(path)
        if version in VERSIONS:
            found.setdefault(str(version), path)
    return dict(sorted(found.items(), key=lambda item: int(item[0][2:])))


INTERPRETERS = _interpreters()


@dataclass
class Run:
    """The results of a run of the launcher."""

    returncode: int
    stdout: str
    stderr: str
    report: dict[str, Any]


@dataclass
class Stage:
    """A folder that stands for the scratch copy of a clone, and the launcher on it.

    Attributes:
        virtual_time: only sleeping takes time, exactly as long as it says.
    """

    root: Path
    python: Path = Path(sys.executable)
    virtual_time: bool = False
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the clone."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def job(self, script: str = "script.py", **job: Any) -> Path:
        """Write job.json; ``outputs`` may be a list of names, relative to the clone."""
        if isinstance(job.get("outputs"), list):
            job["outputs"] = {str(self.root / name): Path(name).stem for name in job["outputs"]}
        whole = {"script": script, "cwd": str(self.root), "root": str(self.root), **job}
        whole["report"] = str(self.root.parent / "launch.json")
        path = self.root.parent / "job.json"
        path.write_text(json.dumps(whole))
        return path

    def command(self, job: Path) -> list[str]:
        """The launcher's command line."""
        return [str(self.python), str(HARNESS / "launch.py"), str(job)]

    def environment(self) -> dict[str, str]:
        """The environment of the launcher, without the test's own settings for Python."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment = {**kept, "PYTHONHASHSEED": "0", **self.environ}
        if self.virtual_time:
            folders = [str(VIRTUAL_TIME), environment.get("PYTHONPATH", "")]
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
        return environment

    def read_report(self) -> dict[str, Any]:
        """The report, or an empty one when there is none."""
        path = self.root.parent / "launch.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def launch(self, script: str = "script.py", **job: Any) -> Run:
        """Write the job and run the launcher on it."""
        command = self.command(self.job(script, **job))
        done = subprocess.run(
            command,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr, self.read_report())

    def bare(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run ``script.py`` without the launcher."""
        command = [str(self.python), "script.py", *args]
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A clone that runs with the interpreter of the tests."""
    root = tmp_path / "clone"
    root.mkdir()
    return Stage(root)


@pytest.fixture(params=list(INTERPRETERS), ids=lambda version: f"python{version}")
def any_stage(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    """The same with every version of Python that was found."""
    stage.python = INTERPRETERS[request.param]
    return stage


@pytest.fixture
def torch_stage(stage: Stage) -> Stage:
    """A clone whose environment holds the fake torch."""
    stage.environ["PYTHONPATH"] = str(FAKES)
    return stage
