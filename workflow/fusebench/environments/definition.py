"""``environment.yml`` as a person writes it, read and checked.

The file has conda's own format (``name``, ``channels``, ``dependencies`` with a ``pip:`` list) and
a block ``x-fusebench``::

    x-fusebench:
      exclude-newer: 2026-11-01       # the registry as it was on that day
      from-source: [name]             # packages that have no wheel and may be built
      wrong-records:                  # right sha256 of files that an archive's RECORD has wrong
        name-1.0.dist-info/METADATA: 94f7...
      variants:                       # only where CPU and CUDA need different packages
        cpu: {pip: [torch==2.13.0+cpu]}
        cuda: {pip: [torch==2.13.0]}
      octave:                         # GNU Octave and its packages, with version ranges
        version: ">=6.1,<12"
        packages:
          image: ">=2.12"
          tool: {version: ">=1", url: "https://...", sha256: 94f7...}  # installed from the archive
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from fusebench.errors import EnvironmentFailed

DEFINITION = "environment.yml"
VARIANTS = ("cpu", "cuda")
_TOP_KEYS = {"name", "channels", "dependencies", "x-fusebench"}
_OWN_KEYS = {"exclude-newer", "from-source", "octave", "variants", "wrong-records"}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PYTHON = re.compile(r"python\s*(==?|>=)\s*(\d+\.\d+)(\.\*)?")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class OctaveArchive:
    """The archive of an Octave package.

    Attributes:
        url: where it is: an address, or a path from the folder of ``environment.yml``.
        sha256: of the archive, 64 hexadecimal digits.
    """

    url: str
    sha256: str


@dataclass(frozen=True)
class WantedOctave:
    """The GNU Octave that an environment asks for.

    Attributes:
        version: range of versions, such as ``>=6.1,<12``.
        packages: name of an Octave package -> range of versions; ``""`` for any.
        archives: name of an Octave package -> the archive that it is installed from; the others
            come with Octave.
    """

    version: str
    packages: Mapping[str, str]
    archives: Mapping[str, OctaveArchive] = field(default_factory=dict)


@dataclass(frozen=True)
class Environment:
    """One environment in one variant, as its ``environment.yml`` asks for it.

    Attributes:
        folder: the folder of ``envs/`` that holds the file.
        variant: ``cpu`` or ``cuda``; empty where one lock serves both.
        python: ``3.8`` for exactly that minor version, ``>=3.11`` for that one or any newer.
        pip: requirements of the pip side, sorted.
        conda: match specifications of the conda side, sorted; empty where Python is the machine's
            own.
        channels: conda channels in order of priority.
        exclude_newer: date (``YYYY-MM-DD``); packages uploaded later do not exist for the resolver.
            Or empty.
        from_source: names of packages that may be built from a source archive.
        wrong_records: sha256 (hex) of files, named with their folder, about which an archive's own
            RECORD is wrong.
        octave: the GNU Octave that it asks for; None where it asks for none.
    """

    folder: Path
    variant: str
    python: str
    pip: tuple[str, ...]
    conda: tuple[str, ...]
    channels: tuple[str, ...]
    exclude_newer: str
    from_source: tuple[str, ...]
    wrong_records: Mapping[str, str]
    octave: WantedOctave | None = None

    @property
    def name(self) -> str:
        """Name of the environment: that of its folder."""
        return self.folder.name

    @property
    def file(self) -> Path:
        """The file that a person edits."""
        return self.folder / DEFINITION

    @property
    def pip_lock(self) -> Path:
        """The lock of the pip side."""
        return self.folder / f"requirements{_infix(self.variant)}.lock"

    @property
    def conda_lock(self) -> Path:
        """The lock of the conda side; read only where ``conda`` is not empty."""
        return self.folder / f"conda-lock{_infix(self.variant)}.yml"

    @property
    def minimum_python(self) -> str:
        """The lowest minor version of Python that the environment is for, such as ``3.11``."""
        return self.python.removeprefix(">=")

    @property
    def universal(self) -> bool:
        """Whether one lock serves several versions of Python and every platform."""
        return self.python.startswith(">=")

    @property
    def request(self) -> str:
        """Sha256 (hex) of all that a resolver is asked, without comments and order of lines."""
        asked = [
            self.variant,
            self.python,
            self.pip,
            self.conda,
            self.channels,
            self.exclude_newer,
            self.from_source,
        ]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def read_environment(folder: Path, variant: str) -> Environment:
    """Read ``folder/environment.yml`` for ``variant`` (``cpu`` or ``cuda``).

    Where the file has no variants, the environment that comes back has the empty variant.

    Raises:
        EnvironmentFailed: the file is absent or wrong, or lacks the variant.
    """
    content = _load(folder / DEFINITION)
    own = content.get("x-fusebench") or {}
    chosen = _variant(folder, own.get("variants") or {}, variant)
    conda, pip = _split(folder, [*content["dependencies"], *(chosen.get("dependencies") or [])])
    python, others = _python(folder, conda)
    return Environment(
        folder=folder,
        variant=variant if own.get("variants") else "",
        python=python,
        pip=tuple(sorted({*pip, *(chosen.get("pip") or [])})),
        conda=others,
        channels=tuple(content.get("channels") or []),
        exclude_newer=str(own.get("exclude-newer") or ""),
        from_source=tuple(sorted(own.get("from-source") or [])),
        wrong_records=own.get("wrong-records") or {},
        octave=_octave(own.get("octave")),
    )


def variants_of(folder: Path) -> tuple[str, ...]:
    """Name the variants that ``folder/environment.yml`` lists; one empty name if it lists none."""
    own = _load(folder / DEFINITION).get("x-fusebench") or {}
    return tuple(own.get("variants") or {}) or ("",)


def environment_folders(envs_folder: Path) -> list[Path]:
    """List the folders of ``envs_folder`` that hold an ``environment.yml``, sorted by name."""
    return sorted(file.parent for file in envs_folder.glob(f"*/{DEFINITION}"))


def _infix(variant: str) -> str:
    return f".{variant}" if variant else ""


def _load(file: Path) -> dict[str, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)
    except OSError as error:
        raise EnvironmentFailed(
            f"{file.parent.name}: no {file}: an environment is a folder of envs/ with an"
            f" {DEFINITION}; correct `env:` of the entry, or add the environment as"
            " envs/README.md says"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise EnvironmentFailed(f"{file.parent.name}: {file} is not YAML: {error}") from error
    _check(file, content)
    return dict(content)


def _check(file: Path, content: object) -> None:
    if not isinstance(content, dict) or not isinstance(content.get("dependencies"), list):
        raise _wrong(file, "must be a mapping with a list `dependencies`", type(content).__name__)
    own = content.get("x-fusebench") or {}
    _check_mapping(file, "x-fusebench", own)
    for unknown in sorted({*content} - _TOP_KEYS) + sorted({*own} - _OWN_KEYS):
        raise _wrong(
            file,
            f"keys must be of {sorted(_TOP_KEYS)}, in x-fusebench of {sorted(_OWN_KEYS)}",
            repr(unknown),
        )
    _check_list(file, "channels", content.get("channels"))
    _check_list(file, "from-source", own.get("from-source"))
    _check_mapping(file, "wrong-records", own.get("wrong-records"))
    _check_date(file, own.get("exclude-newer"))
    _check_octave(file, own.get("octave"))
    _check_variants(file, own.get("variants") or {})


def _check_variants(file: Path, variants: object) -> None:
    _check_mapping(file, "variants", variants)
    assert isinstance(variants, dict)
    for unknown in sorted({*variants} - {*VARIANTS}):
        raise _wrong(file, f"variants must be of {list(VARIANTS)}", repr(unknown))
    for name, variant in variants.items():
        _check_mapping(file, f"variant {name}", variant)
        for key, entries in (variant or {}).items():
            if key not in ("pip", "dependencies"):
                raise _wrong(
                    file, f"keys of variant {name} must be `pip` and `dependencies`", repr(key)
                )
            if key == "pip":
                _check_requirements(file, entries)


def _check_octave(file: Path, value: object) -> None:
    """Check the block ``octave``: a version range, and one for each package."""
    _check_mapping(file, "octave", value)
    if value is None:
        return
    assert isinstance(value, dict)
    packages = value.get("packages") or {}
    _check_mapping(file, "octave: packages", packages)
    if "version" not in value or {*value} - {"version", "packages"}:
        raise _wrong(file, "`octave` must have `version` and may have `packages`", str([*value]))
    for name, given in {"version": value["version"], **packages}.items():
        versions = given
        if isinstance(given, dict) and name != "version":
            _check_archive(file, name, given)
            versions = given.get("version")
        try:
            SpecifierSet(versions or "")
        except (InvalidSpecifier, AttributeError, TypeError):
            must = f"`octave: {name}` must be a range of versions in quotes, such as '>=6.1,<12'"
            raise _wrong(file, must, repr(versions)) from None


def _check_archive(file: Path, name: str, block: Mapping[str, Any]) -> None:
    """Check the archive of an Octave package: an address and its sha256."""
    known = {"version", "url", "sha256"}
    if {*block} - known or not isinstance(block.get("url"), str):
        must = f"`octave: {name}` must have `url` and `sha256`, and may have `version`"
        raise _wrong(file, must, str([*block]))
    if not _SHA256.fullmatch(str(block.get("sha256"))):
        must = f"`octave: {name}: sha256` must be 64 lower-case hexadecimal digits, in quotes"
        raise _wrong(file, must, repr(block.get("sha256")))


def _octave(block: Any) -> WantedOctave | None:
    if not block:
        return None
    given = block.get("packages") or {}
    archived = {name: one for name, one in given.items() if isinstance(one, dict)}
    ranges = {
        name: (one.get("version") if name in archived else one) or "" for name, one in given.items()
    }
    archives = {name: OctaveArchive(one["url"], one["sha256"]) for name, one in archived.items()}
    return WantedOctave(block["version"] or "", ranges, archives)


def _check_mapping(file: Path, key: str, value: object) -> None:
    if not isinstance(value, dict | None):
        raise _wrong(file, f"`{key}` must be a mapping", repr(value))


def _check_list(file: Path, key: str, value: object) -> None:
    if not isinstance(value, list | None) or not all(
        isinstance(entry, str) for entry in value or []
    ):
        raise _wrong(file, f"`{key}` must be a list of names", repr(value))


def _check_requirements(file: Path, value: object) -> None:
    """Refuse requirements that are addresses: a lock names no address."""
    _check_list(file, "pip", value)
    assert isinstance(value, list | None)
    for requirement in value or []:
        if "@" in requirement or "://" in requirement or requirement.startswith(("-", ".", "/")):
            raise _wrong(
                file,
                "`pip` must name packages of the registry, such as `torch==2.13.0`",
                repr(requirement),
            )


def _check_date(file: Path, value: object) -> None:
    try:
        date.fromisoformat(str(value or "2000-01-01"))
    except ValueError:
        raise _wrong(
            file, "`exclude-newer` must be a date such as 2026-11-01", repr(value)
        ) from None


def _wrong(file: Path, must: str, found: str) -> EnvironmentFailed:
    return EnvironmentFailed(f"{file.parent.name}: {file}: {must}; found {found}")


def _variant(folder: Path, variants: dict[str, Any], variant: str) -> dict[str, Any]:
    if not variants:
        return {}
    if variant not in variants:
        raise _wrong(folder / DEFINITION, f"variant must be of {sorted(variants)}", repr(variant))
    return dict(variants[variant] or {})


def _split(folder: Path, dependencies: list[Any]) -> tuple[list[str], list[str]]:
    """Split the dependencies into conda's and pip's."""
    conda = [str(entry).strip() for entry in dependencies if not isinstance(entry, dict)]
    pip: list[str] = []
    for entry in (entry for entry in dependencies if isinstance(entry, dict)):
        if set(entry) != {"pip"}:
            raise _wrong(
                folder / DEFINITION,
                "a mapping in `dependencies` must be `pip:`",
                str(sorted(entry)),
            )
        _check_requirements(folder / DEFINITION, entry["pip"])
        pip += [requirement.strip() for requirement in entry["pip"] or []]
    return conda, pip


def _python(folder: Path, conda: list[str]) -> tuple[str, tuple[str, ...]]:
    """Take Python's version from the conda dependencies.

    Python stays one of them if there are others.
    """
    found = [(entry, match) for entry in conda if (match := _PYTHON.fullmatch(entry))]
    if len(found) != 1:
        listed = [entry for entry in conda if entry.startswith("python")]
        raise _wrong(
            folder / DEFINITION,
            "needs one dependency such as `python=3.8` or `python>=3.11`",
            str(listed),
        )
    [(entry, match)] = found
    python = (">=" if match[1] == ">=" else "") + match[2]
    others = [other for other in conda if other not in (entry, "pip")]
    return python, tuple(sorted([entry, *others])) if others else ()
