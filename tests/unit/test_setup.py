"""What `make setup` leaves starts everywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_python_starts_in_any_folder_and_locale(tmp_path: Path) -> None:
    """The path of the package is found under LC_ALL=C in a folder whose name is not ASCII."""
    project = tmp_path / "融合 é"
    (project / "workflow").mkdir(parents=True)
    (project / "workflow" / "found.py").write_text("print('found')\n")
    shutil.copyfile(REPOSITORY / "Makefile", project / "Makefile")
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(project / ".venv")], check=True
    )
    (packages,) = (project / ".venv" / "lib").glob("python3.*/site-packages")
    editable = packages / "__editable__.fusebench-0.1.0.pth"
    editable.write_text(f"{project}/workflow\n", encoding="utf-8")  # as pip and uv write it
    subprocess.run(["make", "--silent", "relative-path"], cwd=project, check=True)
    plain = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    done = subprocess.run(
        [project / ".venv" / "bin" / "python", "-c", "import found"],
        cwd="/",
        env=plain,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "found\n"), done.stderr
