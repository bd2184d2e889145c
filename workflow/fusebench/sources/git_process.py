"""Git, started so that it runs no program that a repository names.

Hooks, filters and monitors are off. Git reads no settings of the machine and of the user, except
those by which it reaches a server, and only where it asks one.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fusebench.errors import GitFailed
from fusebench.folders import scratch_folder

Setting = tuple[str, str]
"""Name and value; a name may have several values."""

SAFE: Sequence[Setting] = (
    ("safe.directory", "*"),  # a shared folder of mirrors belongs to a colleague
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.attributesFile", os.devnull),
    ("core.excludesFile", os.devnull),
    ("core.autocrlf", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
)

PATIENCE: Sequence[Setting] = (("http.lowSpeedLimit", "1000"), ("http.lowSpeedTime", "60"))

TO_REACH_A_SERVER = re.compile(r"(http|url|ssh|credential)\..*|core\.sshcommand", re.IGNORECASE)
"""The user's settings that stay: proxies, certificates, passwords, other names of a server."""

OF_A_PASSWORD = re.compile(
    r"credential\..*|http\.(.*\.)?(extraheader|cookiefile|ssl(cert|key))|url\..*@.*",
    re.IGNORECASE,
)
"""Those among them that no server gets which a repository named, and not the user."""

LOCAL_VARIABLES = frozenset({"PATH", "LD_LIBRARY_PATH", "GIT_EXEC_PATH", "TMPDIR"})
SERVER_VARIABLES = re.compile(
    r"GIT_(SSH|SSH_COMMAND|SSH_VARIANT|SSL_.*|PROXY_SSL_.*|HTTP_.*|EXEC_PATH)"
)

NO_ATTRIBUTES = "* -text -filter -ident -working-tree-encoding -diff\n"
"""No rule of a repository changes a file while it is written or compared."""


@dataclass(frozen=True)
class Access:
    """What git may reach.

    Attributes:
        protocols: the kinds of address, as ``GIT_ALLOW_PROTOCOL`` has them.
        with_passwords: whether the user's passwords are used.
    """

    protocols: str = ""
    with_passwords: bool = False

    @property
    def is_online(self) -> bool:
        """Whether a server may be asked."""
        return self.protocols not in ("", "file")


NONE = Access()
FOLDERS = Access("file")
SERVERS = Access("http:https:ssh", with_passwords=True)
STRANGERS = Access("http:https")


@dataclass(frozen=True)
class Repository:
    """A repository whose settings are fusebench's own.

    Attributes:
        git_dir: the folder of its settings and references.
        work: its files.
        objects: the folder of its objects, where it is not that of ``git_dir``.
    """

    git_dir: Path
    work: Path
    objects: Path | None = None

    def run(self, *command: str, given: bytes = b"", access: Access = NONE) -> str:
        """Run a command of git in this repository and return what it prints.

        Raises:
            GitFailed: its status is not 0.
        """
        places = {"GIT_DIR": str(self.git_dir), "GIT_WORK_TREE": str(self.work)}
        if self.objects:
            places["GIT_OBJECT_DIRECTORY"] = str(self.objects)
        return run_git(*command, folder=self.work, given=given, access=access, places=places)


def run_git(
    *command: str,
    folder: Path,
    given: bytes = b"",
    access: Access = NONE,
    places: Mapping[str, str] | None = None,
) -> str:
    """Run a command of git and return what it prints; what is not UTF-8 has surrogates.

    Args:
        command: without ``git``. Whatever a stranger chose stands behind ``--``.
        folder: where it is run.
        given: its standard input.
        access: what it may reach.
        places: variables that say where the repository lies.

    Raises:
        GitFailed: its status is not 0.
    """
    done = subprocess.run(
        ["git", *command],
        cwd=folder,
        input=given,
        capture_output=True,
        check=False,
        env={**_variables(access), **(places or {})},
    )
    if done.returncode:
        raise GitFailed(_reason(done.stderr.decode(errors="replace"), done.returncode))
    return done.stdout.decode("utf-8", "surrogateescape")


def _reason(printed: str, status: int) -> str:
    """Return what git gives as the cause: its first fatal line, or else the last one."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith("fatal:")]
    return [*fatal, *lines[-1:], f"git ended with status {status}"][0]


def _variables(access: Access) -> dict[str, str]:
    """Return the variables of a command: few, unless a server is asked."""
    kept = {name: value for name, value in os.environ.items() if _is_kept(name, access)}
    return {
        **kept,
        **_as_variables([*SAFE, *(_for_servers(access) if access.is_online else ())]),
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ALLOW_PROTOCOL": access.protocols or "none",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        # a vanished repository must end as an error, not as a question for a password
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "SSH_ASKPASS": "true",
    }


def _is_kept(name: str, access: Access) -> bool:
    if not access.is_online:
        return name in LOCAL_VARIABLES
    if name == "HOME":  # holds .netrc, a list of passwords
        return access.with_passwords
    return not name.startswith("GIT_") or SERVER_VARIABLES.fullmatch(name) is not None


def _for_servers(access: Access) -> Iterator[Setting]:
    yield from PATIENCE
    for name, value in user_settings():
        if access.with_passwords or not OF_A_PASSWORD.fullmatch(name):
            yield name, value


def _as_variables(settings: Sequence[Setting]) -> dict[str, str]:
    """Return settings as variables: git puts them before those of the repository's own file."""
    told = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings):
        told |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return told


@cache
def user_settings() -> tuple[Setting, ...]:
    """Return the settings by which this user, on this machine, reaches servers, in their order."""
    parts = iter(_own_configuration("--list", "--null", "--show-scope").split("\0"))
    found: list[Setting] = []
    for scope, told in zip(parts, parts, strict=False):
        name, stated, value = told.partition("\n")
        if scope not in ("local", "worktree") and TO_REACH_A_SERVER.fullmatch(name):
            whole = str(Path(value).expanduser()) if value.startswith("~/") else value
            found.append((name, whole if stated else "true"))
    return tuple(found)


def ignored_by_user() -> Path:
    """Return the file of the user's own rules about files to ignore; it may not exist."""
    stated = _own_configuration("--path", "--null", "--get", "core.excludesFile").rstrip("\0")
    own = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    return Path(stated) if stated else Path(own, "git", "ignore")


def _own_configuration(*asked: str) -> str:
    """Ask git for settings of the user and of the machine; no program runs for that."""
    around = {"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR"}
    known = {name: value for name, value in os.environ.items() if name not in around}
    done = subprocess.run(
        ["git", "config", *asked],
        cwd="/",
        capture_output=True,
        check=False,
        env={**known, "GIT_CEILING_DIRECTORIES": "/"},
    )
    return done.stdout.decode("utf-8", "surrogateescape")


def own_settings(git_dir: Path) -> None:
    """Give a repository no rules about its files."""
    attributes = git_dir / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text(NO_ATTRIBUTES)


@contextmanager
def own_directory(objects: Path, work: Path, commit: str) -> Iterator[Repository]:
    """Give a repository with the objects and files of another, and with settings of our own."""
    with scratch_folder() as git_dir:
        (git_dir / "refs").mkdir()
        (git_dir / "objects").mkdir()
        (git_dir / "HEAD").write_text(f"{commit}\n")
        (git_dir / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
        own_settings(git_dir)
        yield Repository(git_dir, work.absolute(), objects.absolute())
