"""Octave packages from archives that ``environment.yml`` names with their sha256.

They are installed below the environment with Octave's own ``pkg``, which compiles what they have of
C++. The list of them has paths of the finished environment, not of the folder where it is made.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from fusebench.environments.definition import Environment, OctaveArchive
from fusebench.errors import EnvironmentFailed
from fusebench.hashes import sha256_of_file

LIST = Path("share") / "octave" / "packages"
"""The list that ``pkg`` reads, below an environment."""

TIMEOUT = 60.0
"""Seconds to wait for a server that sends nothing."""

BUILD_SECONDS = 3600
QUIET = ("--quiet", "--no-init-file", "--no-history")
_INSTALL = """
try
  pkg('prefix', '{stage}/share/octave', '{stage}/lib/octave');
  pkg('local_list', '{stage}/{list}');
  pkg('install', '-local', '-nodeps', '{archive}');
  held = load('{stage}/{list}');
  local_packages = held.local_packages;
  for i = 1:numel(local_packages)
    for field = {{'dir', 'archprefix'}}
      text = local_packages{{i}}.(field{{1}});
      local_packages{{i}}.(field{{1}}) = strrep(text, '{stage}', '{final}');
    end
  end
  save('-text', '{stage}/{list}', 'local_packages');
catch problem
  fprintf(stderr, '%s\\n', problem.message);
  exit(1);
end
"""


def install_archives(environment: Environment, octave: Path, stage: Path, final: Path) -> None:
    """Download the archives of Octave packages, check them, and install them into ``stage``.

    Args:
        environment: its archives; nothing is done where it has none.
        octave: the program that installs them.
        stage: where the environment is made.
        final: where it will be.

    Raises:
        EnvironmentFailed: an archive cannot be had, has another sha256, or cannot be installed.
    """
    archives = environment.octave.archives if environment.octave else {}
    with tempfile.TemporaryDirectory() as folder:
        for name, archive in archives.items():
            file = _downloaded(environment, name, archive, Path(folder))
            _install(environment, name, [str(octave), *QUIET], file, stage, final)


def package_list(folder: Path) -> str:
    """Return the list of packages that an environment has itself; empty where it has none."""
    path = folder / LIST
    return str(path) if path.exists() else ""


def _downloaded(environment: Environment, name: str, archive: OctaveArchive, folder: Path) -> Path:
    """Return the file of an archive; a path is taken from the folder of ``environment.yml``."""
    address = urljoin(f"{environment.folder.absolute().as_uri()}/", archive.url)
    target = folder / (Path(urlsplit(address).path).name or f"{name}.tar.gz")
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except (OSError, ValueError) as error:
        raise EnvironmentFailed(
            f"{environment.name}: Octave's package {name} cannot be had from {address}:"
            f" {getattr(error, 'reason', error)}; download it, put it into {environment.folder},"
            " and give its name as `url`"
        ) from error
    found = sha256_of_file(target)
    if found != archive.sha256:
        raise EnvironmentFailed(
            f"{environment.name}: Octave's package {name} must have the sha256 {archive.sha256};"
            f" found {found} at {address}; correct `octave: packages` of {environment.file}"
        )
    return target


def _install(
    environment: Environment,
    name: str,
    octave: Sequence[str],
    archive: Path,
    stage: Path,
    final: Path,
) -> None:
    (stage / LIST).parent.mkdir(parents=True, exist_ok=True)
    text = _INSTALL.format(archive=archive, stage=stage, final=final, list=LIST)
    done = subprocess.run(
        [*octave, "--eval", text],
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode:
        raise EnvironmentFailed(
            f"{environment.name}: Octave's package {name} cannot be installed:"
            f" {done.stderr.strip()[-600:]}; what it is compiled with comes with octave-dev"
        )
