"""A registry of small wheels, and a separate package cache, for every test of this folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fusebench.environments import package_sources
from fusebench.environments.locking import lock

from tests.environments.wheelhouse import make_wheel

THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def _own_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's package sources, cache and settings out of the tests."""
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "empty-index").mkdir()
    monkeypatch.setenv("UV_DEFAULT_INDEX", (tmp_path / "empty-index").as_uri())
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler-cache"))
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    # To ask pip, which now has no settings, takes longer than to build a small environment.
    monkeypatch.setattr(package_sources, "pip_settings", dict)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry: alpha 1.0 (with a command) and 2.0, which needs beta; beta 1.5."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    make_wheel(folder, "alpha", "1.0", command=True)
    make_wheel(folder, "alpha", "2.0", requires=("beta",), command=True)
    make_wheel(folder, "beta", "1.5")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    return folder


MakeEnvironment = Callable[..., Path]


@pytest.fixture
def make_environment(tmp_path: Path, wheels: Path) -> MakeEnvironment:
    """Write an ``environment.yml`` for the Python that runs the tests, and return its folder."""

    def make(
        name: str = "small", pip: str = "[alpha]", more: str = "", python: str = f"={THIS_PYTHON}"
    ) -> Path:
        folder = tmp_path / "envs" / name
        folder.mkdir(parents=True, exist_ok=True)
        text = f"name: {name}\ndependencies:\n  - python{python}\n  - pip: {pip}\n{more}"
        (folder / "environment.yml").write_text(text, encoding="utf-8")
        return folder

    return make


@pytest.fixture(scope="session")
def locks() -> dict[tuple[str, str], dict[str, str]]:
    """The locks that ``make_locked`` made: name and pip packages -> the files by name."""
    return {}


@pytest.fixture
def make_locked(
    make_environment: MakeEnvironment, locks: dict[tuple[str, str], dict[str, str]]
) -> MakeEnvironment:
    """Write an environment with its lock, and return its folder; a lock is made only once."""

    def make(name: str = "small", pip: str = "[alpha]") -> Path:
        folder = make_environment(name, pip)
        if (name, pip) not in locks:
            locks[name, pip] = {made.file.name: made.file.read_text() for made in lock(folder)}
        for file, text in locks[name, pip].items():
            (folder / file).write_text(text, encoding="utf-8")
        return folder

    return make
