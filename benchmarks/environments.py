"""What environments cost: a cold build against pip's, a second that shares torch, and a check.

Run: ``.venv/bin/python benchmarks/environments.py [--env torch-2] [--variant cpu]``. Everything is
made in a temporary folder with an empty package cache on the disk of ``--folder``; needs the
package registry, 6 GB and some minutes. All ratios come from one run.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml
from fusebench.environments.building import build
from fusebench.environments.definition import read_environment
from fusebench.environments.interpreters import find_interpreter
from fusebench.environments.locking import lock
from fusebench.folders import remove_folder

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="torch-2")
    parser.add_argument("--variant", default="cpu")
    parser.add_argument(
        "--second", default="torch-2-monai", help="another environment with the same torch"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "resources")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="benchmark-") as folder:
        try:
            measure(options, Path(folder))
        finally:
            remove_folder(Path(folder))
            Path(folder).mkdir()


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Build, build another, check, install with pip, and print what each took."""
    first, second = ROOT / "envs" / options.env, ROOT / "envs" / options.second
    third = without_own_packages(first, folder)
    os.environ["UV_CACHE_DIR"] = str(folder / "cache")  # empty: locking has read from another one
    cold = cost(lambda: build(first, options.variant, folder), folder)
    shared = cost(lambda: build(second, options.variant, folder), folder)
    same = cost(lambda: build(third, options.variant, folder), folder)
    check = cost(lambda: build(first, options.variant, folder), folder)
    pip = cost(lambda: install_with_pip(options, folder), folder)
    print(f"{'':32}     seconds  CPU seconds       MB")
    print(f"{'cold build of ' + options.env:32}{cold}")
    print(
        f"{'the same lock with venv and pip':32}{pip}   {pip.over(cold)} of the cold build;"
        " wanted: 3 or more"
    )
    wanted = "of the cold build; wanted: < 0.10, < 0.05 of MB"
    print(f"{'torch and what it needs, again':32}{same}   {same.over(cold)} {wanted}")
    print(f"{options.second + ', and its own code':32}{shared}   {shared.over(cold)} {wanted}")
    print(f"{'check of a built one':32}{check}   wanted: < 0.2 s")


def without_own_packages(first: Path, folder: Path) -> Path:
    """Lock torch and torchvision of the first environment alone: it has all files of the second."""
    asked = yaml.safe_load((first / "environment.yml").read_text(encoding="utf-8"))
    requirements = asked["dependencies"][-1]["pip"]
    asked["dependencies"][-1]["pip"] = [
        one for one in requirements if re.match("numpy|torchvision|setuptools", one)
    ]
    made = folder / "envs-asked" / "torch-alone"
    made.mkdir(parents=True)
    (made / "environment.yml").write_text(
        yaml.safe_dump({**asked, "name": made.name}), encoding="utf-8"
    )
    lock(made)
    return made


@dataclass(frozen=True)
class Cost:
    """What an action took: seconds by the clock, CPU seconds with its children, bytes of disk.

    On a machine that is busy with other work the CPU seconds say more than the clock.
    """

    seconds: float
    cpu: float
    size: int

    def __str__(self) -> str:
        """Columns of the table."""
        return f"{self.seconds:12.3f} {self.cpu:12.3f} {self.size / 1e6:8.1f}"

    def over(self, other: Cost) -> str:
        """Ratios to another cost: seconds, CPU seconds, bytes."""
        seconds, cpu = self.seconds / other.seconds, self.cpu / other.cpu
        return f"{seconds:.2f}, {cpu:.2f}, {self.size / other.size:.3f}"


def cost(action: Callable[[], object], folder: Path) -> Cost:
    """Do it, and return what it took; disk is counted below ``folder``."""
    disk, cpu, clock = disk_used(folder), cpu_seconds(), time.perf_counter()
    action()
    return Cost(time.perf_counter() - clock, cpu_seconds() - cpu, disk_used(folder) - disk)


def cpu_seconds() -> float:
    """CPU seconds that this process and its ended children have used."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def disk_used(folder: Path) -> int:
    """Bytes that the files below ``folder`` occupy; one with several names counts once."""
    blocks = {}
    for parent, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            status = os.lstat(f"{parent}/{name}")
            blocks[status.st_ino] = status.st_blocks
    return 512 * sum(blocks.values())


def install_with_pip(options: argparse.Namespace, folder: Path) -> None:
    """What one would do without fusebench: a virtual environment, and pip with the same hashes."""
    environment = read_environment(ROOT / "envs" / options.env, options.variant)
    python = find_interpreter(environment).executable
    subprocess.run([str(python), "-m", "venv", str(folder / "venv")], check=True)
    command = [
        str(folder / "venv/bin/python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-cache-dir",
        "--require-hashes",
    ]
    subprocess.run(
        [*command, "--requirement", str(environment.pip_lock)],
        check=True,
        stderr=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    main()
