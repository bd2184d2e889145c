"""Which settings and variables reach git: those by which it reaches a server, and few others."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fusebench.errors import SourceUnavailable
from fusebench.sources import git_process
from fusebench.sources.addresses import origin_of, server_of
from fusebench.sources.git_process import SERVERS, STRANGERS, Access, user_settings
from fusebench.sources.repositories import obtain_source

from tests.sources.made import commit_files, commit_submodule, git

KEPT = {
    "http.proxy": "http://proxy.example:3128",
    "http.sslcainfo": "/etc/lab.pem",
    "credential.helper": "store",
    "url.https://mirror.example/.insteadof": "https://example.com/",
    "core.sshcommand": "ssh -F /etc/lab",
}
LEFT = ("core.fsmonitor", "core.hookspath", "init.templatedir", "filter.x.smudge", "core.pager")


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Let each test read the settings of its own user."""
    user_settings.cache_clear()
    yield
    user_settings.cache_clear()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the user's own settings of git."""
    file = tmp_path / "gitconfig"
    file.touch()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return file


def test_proxies_certificates_and_passwords_of_the_user_stay(settings: Path) -> None:
    """What git needs to reach a server is kept, in its order; what runs programs is left out."""
    for name, value in KEPT.items():
        git(Path(), "config", "--file", str(settings), name, value)
    git(Path(), "config", "--file", str(settings), "--add", "credential.helper", "cache")
    for name in LEFT:
        git(Path(), "config", "--file", str(settings), name, "/trap")
    found = user_settings()
    assert dict(found) == {**KEPT, "credential.helper": "cache"}
    assert [value for name, value in found if name == "credential.helper"] == ["store", "cache"]


def told_to(access: Access, folder: Path) -> str:
    """Return the settings of git for an access, as git itself sees them."""
    return git_process.run_git("config", "--list", folder=folder, access=access)


def test_a_server_that_only_a_repository_names_gets_no_password(
    tmp_path: Path, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxies and certificates stay, and helpers, headers and client certificates do not."""
    secret = {
        "http.https://example.com/.extraHeader": "Authorization: x",
        "http.sslKey": "/key",
        "url.https://token@example.com/.insteadOf": "https://example.com/",
    }
    for name, value in {**KEPT, **secret}.items():
        git(Path(), "config", "--file", str(settings), name, value)
    own, strangers = told_to(SERVERS, tmp_path), told_to(STRANGERS, tmp_path)
    assert "credential.helper=store" in own and "Authorization: x" in own
    assert "http.proxy=" in strangers and "http.sslcainfo=" in strangers
    for word in ("credential", "Authorization", "sslkey", "token@"):
        assert word not in strangers
    monkeypatch.setenv("HOME", "/home/somebody")
    assert git_process._variables(SERVERS)["HOME"] == "/home/somebody"
    assert "HOME" not in git_process._variables(STRANGERS)


def test_git_sees_few_variables_where_it_asks_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens of the user do not reach a git that only looks at files."""
    for name in ("TOKEN", "GIT_DIR", "GIT_EXTERNAL_DIFF", "SSH_AUTH_SOCK", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "x")
    local, online = git_process._variables(git_process.NONE), git_process._variables(SERVERS)
    assert not {"TOKEN", "GIT_DIR", "GIT_EXTERNAL_DIFF", "SSH_AUTH_SOCK"} & local.keys()
    assert {"SSH_AUTH_SOCK", "HTTPS_PROXY"} <= online.keys()
    assert not {"GIT_DIR", "GIT_EXTERNAL_DIFF"} & online.keys()
    assert local["GIT_ALLOW_PROTOCOL"] == "none"


TOLD: list[str] = []
"""The passwords that the server was told."""


class Refusing(http.server.BaseHTTPRequestHandler):
    """Answers every question with 404, and remembers what it was told."""

    def do_GET(self) -> None:
        """Remember whether a password came along."""
        TOLD.append(self.headers.get("Authorization", ""))
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[tuple[int, list[str]]]:
    """Return the port of a server, and the passwords that it was told."""
    TOLD.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running.server_address[1], TOLD
        running.shutdown()


def test_a_password_for_one_server_is_not_sent_to_that_of_a_submodule(
    tmp_path: Path, settings: Path, server: tuple[int, list[str]]
) -> None:
    """A stranger's submodule on another server is asked for without the user's passwords."""
    port, told = server
    git(Path(), "config", "--file", str(settings), "http.extraHeader", "Authorization: Basic eA==")
    pin = "1" * 40
    with pytest.raises(SourceUnavailable, match="cannot be cloned"):
        obtain_source(f"http://127.0.0.1:{port}/lab/net", pin, tmp_path / "own", tmp_path)
    assert set(told) == {"Basic eA=="}
    told.clear()
    folder = tmp_path / "mine"
    modules = f'[submodule "part"]\n\tpath = part\n\turl = http://127.0.0.1:{port}/lab/part\n'
    commit_files(folder, {})
    commit = commit_submodule(folder, modules)
    git(folder, "reset", "--quiet", "--hard", commit)
    with pytest.raises(SourceUnavailable, match="lab/part: cannot be cloned"):
        obtain_source("mine", commit, tmp_path / "clone", tmp_path)
    assert set(told) == {""}


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("https://github.com/Lab/Net.git", "github.com"),
        ("https://user:secret@Example.org:8443/lab/net", "example.org:8443"),
        ("ssh://git@example.org/lab/net", "example.org"),
        ("git@github.com:Lab/Net", "github.com"),
        ("https://[::1]/lab/net", ""),
        ("http://example.org", ""),
        ("ext::sh -c true", ""),
        ("https://-x/lab/net", ""),
        ("https://example.org/lab/a b", ""),
        ("code/mine", ""),
    ],
)
def test_what_counts_as_the_address_of_a_server(address: str, server: str) -> None:
    """Only http, https and ssh, without blanks, options and control characters."""
    assert server_of(address) == server


def test_a_submodule_on_another_server_needs_an_open_address(tmp_path: Path) -> None:
    """With ssh, the user's keys would open any server that a repository names."""
    asked = "https://github.com/lab/net"
    assert origin_of("git@github.com:lab/part", tmp_path, "", asked).is_trusted
    assert not origin_of("https://example.org/lab/part", tmp_path, "", asked).is_trusted
    with pytest.raises(SourceUnavailable, match="must have an address of http or https"):
        origin_of("git@example.org:lab/part", tmp_path, "", asked)


@pytest.mark.parametrize("mirror", ["ext::sh -c {owner}", "--upload-pack=x://{owner}/{name}"])
def test_the_mirror_setting_is_a_path_or_a_server(mirror: str, tmp_path: Path) -> None:
    """Any other kind of address is refused; the message has the setting."""
    with pytest.raises(SourceUnavailable, match=r"the `mirror` setting must be a path|no mirror"):
        origin_of("https://github.com/lab/net", tmp_path, mirror)
