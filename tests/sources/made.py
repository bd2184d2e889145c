"""Repositories as strangers may make them: what git's own commands refuse to commit, too."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

NOBODY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}

FILE, LINK, FOLDER, SUBMODULE = "100644", "120000", "40000", "160000"

Entry = tuple[str, bytes, str]
"""Mode, name and hash of one entry of a tree."""


def git(folder: Path, *command: str, given: bytes = b"", check: bool = True) -> str:
    """Run git in a folder, without the settings of this machine, and return what it printed."""
    done = subprocess.run(
        ["git", "-C", str(folder), *command],
        input=given,
        capture_output=True,
        check=check,
        env={**os.environ, **NOBODY},
    )
    return done.stdout.decode().strip()


def commit_files(folder: Path, files: Mapping[str, str | bytes]) -> str:
    """Commit files to the repository in ``folder`` and return the commit."""
    if not (folder / ".git").exists():
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "--quiet")
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "x")
    return git(folder, "rev-parse", "HEAD")


def stored(folder: Path, kind: str, content: bytes) -> str:
    """Write an object of any content into a repository, as no command of git would."""
    whole = f"{kind} {len(content)}\0".encode() + content
    digest = hashlib.sha1(whole).hexdigest()
    file = folder / ".git" / "objects" / digest[:2] / digest[2:]
    file.parent.mkdir(exist_ok=True)
    if not file.exists():
        file.write_bytes(zlib.compress(whole))
    return digest


def commit_tree(folder: Path, entries: Sequence[Entry]) -> str:
    """Commit a tree of any entries and return the commit."""
    if not (folder / ".git").exists():
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "--quiet")
    content = b"".join(
        mode.encode() + b" " + name + b"\0" + bytes.fromhex(digest)
        for mode, name, digest in sorted(entries, key=lambda entry: entry[1])
    )
    tree = stored(folder, "tree", content)
    author = "A <a@example.org> 1700000000 +0000"
    told = f"tree {tree}\nauthor {author}\ncommitter {author}\n\nx\n".encode()
    commit = stored(folder, "commit", told)
    git(folder, "update-ref", "refs/heads/main", commit)
    return commit


def commit_submodule(folder: Path, modules: str, pin: str = "1" * 40, path: str = "part") -> str:
    """Commit a submodule with any text as ``.gitmodules``."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    blob = stored(folder, "blob", modules.encode())
    return commit_tree(folder, [(FILE, b".gitmodules", blob), (SUBMODULE, path.encode(), pin)])


def program(folder: Path, name: str, told: Path) -> Path:
    """Write a program that leaves the file ``told`` when it is executed."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\ntouch '{told}'\ncat 2>/dev/null </dev/null\nexit 0\n")
    file.chmod(0o755)
    return file


EXECUTING = (
    "core.fsmonitor",
    "core.sshCommand",
    "core.alternateRefsCommand",
    "core.gitProxy",
    "core.askPass",
    "core.pager",
    "core.editor",
    "filter.x.clean",
    "filter.x.smudge",
    "filter.x.process",
    "uploadpack.packObjectsHook",
    "remote.origin.uploadpack",
    "diff.external",
    "credential.helper",
)
"""Settings of git that name a program."""

HOOKS = (
    "post-checkout",
    "post-index-change",
    "pre-auto-gc",
    "reference-transaction",
    "fsmonitor-watchman",
    "query-watchman",
)


def set_traps(repository: Path, told: Path) -> None:
    """Let every setting and hook of a repository name a program that leaves ``told``."""
    trap = program(repository / ".git", "trap", told)
    for name in EXECUTING:
        git(repository, "config", name, str(trap))
    for hook in HOOKS:
        program(repository / ".git" / "hooks", hook, told)
    git(repository, "config", "core.hooksPath", str(repository / ".git" / "hooks"))
    attributes = repository / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* filter=x diff=x\n")


__all__ = [
    "EXECUTING",
    "FILE",
    "FOLDER",
    "HOOKS",
    "LINK",
    "SUBMODULE",
    "commit_files",
    "commit_submodule",
    "commit_tree",
    "git",
    "program",
    "set_traps",
    "stored",
]
