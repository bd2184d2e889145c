"""Finding the GNU Octave of an environment: that of its conda packages, or that of the machine.

Octave's packages are part of its installation, but for those that ``environment.yml`` names with an
archive. What is found is held against its version ranges, and the receipt keeps what was found.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from msgspec import UnsetType
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from fusebench.contracts.markers import OctaveFacts
from fusebench.environments.definition import Environment, WantedOctave
from fusebench.environments.octave_packages import QUIET, install_archives, package_list
from fusebench.errors import EnvironmentFailed

PROGRAM = "octave-cli"
COMPILER = "mkoctfile"
MACHINE = "the machine"
SECONDS = 120
_ASK = (
    "printf('Octave %s\\n', OCTAVE_VERSION);"
    " for p = pkg('list'), printf('%s %s\\n', p{1}.name, p{1}.version); end"
)


def install_octave(environment: Environment, stage: Path, final: Path) -> OctaveFacts | None:
    """Make ``bin/octave-cli`` in ``stage`` and return the facts of this Octave.

    None for an environment without Octave. An Octave of conda packages is there already; else a
    link leads to that of the machine, and to its ``mkoctfile`` if there is one. Packages that the
    environment has archives of are installed.

    Args:
        environment: what is wanted.
        stage: where the environment is made.
        final: where it will be.

    Raises:
        EnvironmentFailed: there is no Octave of the wanted version with the wanted packages; the
            message says what to install.
    """
    if environment.octave is None:
        return None
    own = stage / "bin" / PROGRAM
    origin = "conda" if own.exists() else MACHINE
    found = own if own.exists() else _on_path(environment)
    install_archives(environment, found, stage, final)
    facts = _asked(environment, found, origin, stage)
    _require(environment, environment.octave, facts)
    if origin == MACHINE:
        own.symlink_to(found)
        if compiler := shutil.which(COMPILER, path=str(found.parent)) or shutil.which(COMPILER):
            own.with_name(COMPILER).symlink_to(compiler)
    return facts


def require_same_octave(facts: OctaveFacts, env: str, folder: Path) -> None:
    """Refuse a built environment whose Octave is gone, or is not the one of its receipt any more.

    Raises:
        EnvironmentFailed: the message says both versions, and what to do.
    """
    try:
        version, packages = _versions(folder / "bin" / PROGRAM, folder)
    except (OSError, subprocess.SubprocessError, ValueError):
        version, packages = "none", {}
    now = {name: packages.get(name) for name in facts.packages}
    if version == facts.version and now == facts.packages:
        return
    raise EnvironmentFailed(
        f"{env}: {folder} was built with Octave {facts.version} ({_listed(facts.packages)}); found"
        f" Octave {version} ({_listed(now)}) at {facts.executable}: bring that version back, or"
        f" remove {folder}, and the environment is built and its methods are run again"
    )


def octave_reads(facts: OctaveFacts | UnsetType) -> tuple[str, ...]:
    """Return the folders of an Octave of the machine, which a sandbox has to show."""
    if not facts or facts.origin != MACHINE:
        return ()
    root = Path(os.path.realpath(facts.executable)).parents[1]
    folders = (root / name for name in ("bin", "lib", "lib64", "libexec", "share", "include"))
    return tuple(str(folder) for folder in folders if folder.is_dir())


def _on_path(environment: Environment) -> Path:
    found = shutil.which(PROGRAM)
    if found is None:
        raise EnvironmentFailed(
            f"{environment.name}: must have GNU Octave {_range(environment.octave)}; found no"
            f" {PROGRAM} on PATH: {_advice(environment.octave)}"
        )
    return Path.cwd() / found


def _asked(environment: Environment, program: Path, origin: str, folder: Path) -> OctaveFacts:
    wanted = environment.octave.packages if environment.octave else {}
    try:
        version, packages = _versions(program, folder)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        said = getattr(error, "stderr", "") or error
        raise EnvironmentFailed(
            f"{environment.name}: {program} must start and name its version; found:"
            f" {str(said).strip()[-300:]}"
        ) from error
    kept = {name: packages[name] for name in wanted if name in packages}
    return OctaveFacts(version=version, executable=str(program), origin=origin, packages=kept)


def _versions(program: Path, folder: Path) -> tuple[str, dict[str, str]]:
    """Return the version of an Octave, and package -> version, those of ``folder`` among them."""
    own = package_list(folder)
    known = f"pkg('local_list', '{own}'); " if own else ""
    answer = subprocess.run(
        [str(program), *QUIET, "--eval", known + _ASK],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    ).stdout
    lines = [line.split() for line in answer.splitlines() if len(line.split()) == 2]
    packages = dict(lines)
    return packages.pop("Octave", "unknown"), packages


def _require(environment: Environment, wanted: WantedOctave, facts: OctaveFacts) -> None:
    found = {"Octave": facts.version, **facts.packages}
    for name, versions in {"Octave": wanted.version, **wanted.packages}.items():
        version = found.get(name)
        if version is None or Version(version) not in SpecifierSet(versions):
            what = "GNU Octave" if name == "Octave" else f"Octave's package {name}"
            raise EnvironmentFailed(
                f"{environment.name}: must have {what} {versions or 'of any version'}; found"
                f" {version or 'none'} in {facts.executable}: {_advice(wanted)}"
            )


def _range(wanted: WantedOctave | None) -> str:
    return wanted.version if wanted else ""


def _advice(wanted: WantedOctave | None) -> str:
    packages = list(wanted.packages) if wanted else []
    names = " ".join(f"octave-{name}" for name in packages)
    return (
        f"install it (apt install octave octave-dev {names}".rstrip()
        + "), or add it on PATH, and run again"
    )


def _listed(packages: dict[str, str] | dict[str, str | None]) -> str:
    return ", ".join(f"{name} {version or 'missing'}" for name, version in packages.items())
