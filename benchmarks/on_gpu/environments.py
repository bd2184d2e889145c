"""Environments of a GPU run: the machine's own Python, as it is and with one thing wrong.

An environment is a folder with ``bin/python``, a script that starts the machine's Python with
``hooks/sitecustomize.py``, and the marker that fusebench reads.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fusebench.contracts.files import write_stored
from fusebench.contracts.markers import EnvironmentMarker, PythonFacts
from fusebench.environments.hardware import cuda_architectures
from fusebench.layout import ENVIRONMENTS

HOOKS = Path(__file__).resolve().parent / "hooks"

ASK = (
    "import importlib.metadata as m, json, platform;"
    "print(json.dumps({'version': platform.python_version(), 'packages':"
    " {d.metadata['Name'].lower(): d.version for d in m.distributions() if d.metadata['Name']}}))"
)


@dataclass(frozen=True)
class Variant:
    """An environment that differs in one thing from the machine's own Python.

    Attributes:
        name: of its folder.
        change: a change of ``hooks/sitecustomize.py``; empty for none.
        marker: fields of the marker that say something else than the truth.
        logs_times: whether each start and end of the Python is written into ``times.txt``.
    """

    name: str
    change: str = ""
    marker: Mapping[str, object] = field(default_factory=dict)
    logs_times: bool = False

    @property
    def path(self) -> str:
        """The marker, from the project's folder on."""
        return f"{ENVIRONMENTS}/{self.name}.json"


OWN = Variant("own")
NEVER_WAIT = Variant("never-wait", "never-wait")
TIMED = (Variant("timed-1", logs_times=True), Variant("timed-2", logs_times=True))
LITTLE_MEMORY = Variant("little-memory", "little-memory")
HIDDEN_GPUS = Variant("hidden-gpus", "hidden-gpus")
OLD_KERNELS = Variant(
    "old-kernels",
    marker={"packages": {"torch": "1.8.1"}, "cuda_architectures": ["sm_37", "sm_60", "sm_70"]},
)
FOR_THE_CPU = Variant(
    "for-the-cpu",
    marker={"packages": {"torch": "2.13.0+cpu"}, "cuda_architectures": None, "variant": "cpu"},
)
VARIANTS = (OWN, NEVER_WAIT, *TIMED, LITTLE_MEMORY, HIDDEN_GPUS, OLD_KERNELS, FOR_THE_CPU)


def make_environments(root: Path, python: Path, packages: Path) -> EnvironmentMarker:
    """Make every variant below ``root`` and return the marker of the machine's own Python.

    Args:
        root: the folder whose ``resources/envs`` they go to.
        python: the interpreter that runs the methods.
        packages: the folder of the packages that were carried.

    Raises:
        EnvironmentFailed: the torch of the interpreter cannot be imported.
    """
    for variant in VARIANTS:
        _write_scripts(root / ENVIRONMENTS / variant.name, variant, python, packages)
    own = _own_marker(root, python)
    for variant in VARIANTS:
        fields = {name: getattr(own, name) for name in own.__struct_fields__}
        fields.update(variant.marker, path=f"{ENVIRONMENTS}/{variant.name}", key=variant.name)
        write_stored(root / variant.path, EnvironmentMarker(**fields))
    return own


def _own_marker(root: Path, python: Path) -> EnvironmentMarker:
    folder = root / ENVIRONMENTS / OWN.name
    done = subprocess.run(
        [folder / "bin" / "python", "-c", ASK], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    return EnvironmentMarker(
        env="own",
        python=PythonFacts(version=told["version"], executable=str(python), origin="--python"),
        packages=told["packages"],
        cuda_architectures=cuda_architectures(folder, told["packages"]),
    )


def _write_scripts(folder: Path, variant: Variant, python: Path, packages: Path) -> None:
    """Write ``bin/python`` and the hooks of an environment."""
    hooks, program = folder / "hooks", folder / "bin" / "python"
    program.parent.mkdir(parents=True)
    hooks.mkdir()
    shutil.copyfile(HOOKS / "sitecustomize.py", hooks / "sitecustomize.py")
    settings = {"change": variant.change, "packages": str(packages.resolve())}
    (hooks / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    times = folder / "times.txt"
    start = f'"{os.path.abspath(python)}" "$@"'  # noqa: PTH100 - a link of a venv must stay a link
    lines = ["#!/bin/sh", f'export PYTHONPATH="{hooks.resolve()}"']
    if variant.logs_times:
        moment = f'date +%s.%N >> "{times.resolve()}.$$"'
        lines += [moment, start, "status=$?", moment, "exit $status"]
    else:
        lines.append(f"exec {start}")
    program.write_text("\n".join(lines) + "\n", encoding="utf-8")
    program.chmod(0o755)


def time_logged(root: Path, variant: Variant) -> tuple[float, float] | None:
    """Return start and end, in seconds since 1970, of the script in a timed environment.

    Of the Pythons that were started there, it is the one that ran longest: the job also asks the
    interpreter where it lies. None where none was started, or one was killed.
    """
    files = sorted((root / ENVIRONMENTS / variant.name).glob("times.txt.*"))
    moments = [[float(line) for line in file.read_text().split()] for file in files]
    if not moments or any(len(found) != 2 for found in moments):
        return None
    began, ended = max(moments, key=lambda found: found[1] - found[0])
    return began, ended
