"""uv uses the package sources that are configured for pip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fusebench.environments import package_sources as module
from fusebench.environments.package_sources import package_sources, parse_pip_config, pip_settings


@pytest.fixture
def _pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Configure pip, but not uv, with a folder of wheels, a mirror, a local and a remote index."""
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    (tmp_path / "here").mkdir()
    config = tmp_path / "pip.conf"
    local = (tmp_path / "here").as_uri()
    config.write_text(
        f"[global]\nfind-links = {tmp_path}/here\n  {tmp_path}/absent\nindex-url = https://mirror.example/simple\n"
        f"extra-index-url = {local} file:///absent https://extra.example/simple\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setattr(module, "pip_settings", pip_settings)
    pip_settings.cache_clear()
    yield
    pip_settings.cache_clear()


@pytest.mark.usefixtures("_pip")
def test_pips_settings_are_handed_to_uv(tmp_path: Path) -> None:
    """Folders that do not exist are left out, and uv takes the best version of all indexes."""
    assert package_sources() == {
        "UV_FIND_LINKS": f"{tmp_path}/here",
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": f"{(tmp_path / 'here').as_uri()} https://extra.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


@pytest.mark.usefixtures("_pip")
def test_locks_are_not_made_from_partial_copies() -> None:
    """Without local indexes only the remote one is left."""
    assert package_sources(local_indexes=False)["UV_INDEX"] == "https://extra.example/simple"


@pytest.mark.usefixtures("_pip")
def test_uvs_own_settings_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of uv that the user set is left alone."""
    monkeypatch.setenv("UV_FIND_LINKS", "/mine")
    monkeypatch.setenv("UV_INDEX", "https://mine.example/simple")
    assert set(package_sources()) == {"UV_DEFAULT_INDEX"}


def test_pips_levels() -> None:
    """Variables win over ``[install]``, which wins over ``[global]``."""
    listing = (
        "global.index-url='a'\ninstall.index-url='b'\nglobal.find-links='x\\ny'\n"
        ":env:.find-links='z'\nglobal.timeout='3'\n"
    )
    assert parse_pip_config(listing) == {"index-url": "b", "find-links": "z"}
    assert parse_pip_config("global.find-links='x\\ny'") == {"find-links": "x\ny"}
