"""Clones of repositories at a full commit hash, with submodules.

A clone is whole, or lacks only the files whose content a mirror lacks.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import urljoin

import git

from fusebench.contracts.markers import SourceMarker
from fusebench.errors import SourceUnavailable
from fusebench.folders import staged_folder
from fusebench.hashes import folder_digest, source_files
from fusebench.project import locate
from fusebench.registry.methods import is_local, owner_and_name

FULL_HASH = re.compile(r"[0-9a-f]{40}")

GIT_ENVIRONMENT = {
    # a vanished repository must end as an error, not as a question for a password
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_CONFIG_COUNT": "5",
    "GIT_CONFIG_KEY_0": "safe.directory",  # a shared folder of mirrors belongs to a colleague
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_CONFIG_KEY_1": "core.autocrlf",
    "GIT_CONFIG_VALUE_1": "false",
    "GIT_CONFIG_KEY_2": "http.lowSpeedLimit",
    "GIT_CONFIG_VALUE_2": "1000",
    "GIT_CONFIG_KEY_3": "http.lowSpeedTime",
    "GIT_CONFIG_VALUE_3": "60",
    "GIT_CONFIG_KEY_4": "core.quotePath",
    "GIT_CONFIG_VALUE_4": "false",
}


def obtain_source(
    code: str, commit: str | None, final: Path, root: Path, mirror: str = ""
) -> SourceMarker:
    """Make ``final`` the work tree of ``code`` at ``commit`` and return its marker.

    Args:
        code: the address of a repository, or a local folder of the project.
        commit: the full hash; None takes a local folder as it is.
        final: the folder to make; one that exists already and is clean is left as it is.
        root: the project's folder.
        mirror: a path template with ``{owner}`` and ``{name}`` that replaces the network; empty for
            the network.

    Raises:
        SourceUnavailable: the repository or the commit cannot be fetched, or a folder has changes
            that are not committed.
    """
    if is_local(code) and not commit:
        return _snapshot(locate(root, code), code, final)
    if not commit or not FULL_HASH.fullmatch(commit):
        raise SourceUnavailable(
            f"{code}: commit must be a full hash of 40 hexadecimal digits; found {commit!r}"
        )
    if not final.exists():
        with staged_folder(final) as stage:
            _clone(code, commit, stage, root, mirror)
    what = f"{code} at {commit[:12]}"
    try:
        refuse_changes(final, what)
        _refuse_other_commit(final, code, commit)
        return _describe(code, commit, final, _origin(code, root, mirror))
    except (git.GitError, OSError) as error:
        raise SourceUnavailable(
            f"{what}: the folder {final} must be a whole clone; git says: {_reason(error)}; delete"
            " the folder and run again"
        ) from error


def _refuse_other_commit(folder: Path, code: str, commit: str) -> None:
    """Raise SourceUnavailable if a clone is of another commit whose first digits are the same."""
    found = git.Repo(folder).head.commit.hexsha
    if found != commit:
        raise SourceUnavailable(
            f"{code}: {commit} must be a commit of the repository; found the clone {folder} of the"
            f" commit {found}: correct `commit` of the entry, or delete the folder and run again"
        )


def refuse_changes(folder: Path, what: str) -> None:
    """Raise SourceUnavailable if a clone was edited after it was made.

    Files that the origin lacks do not count.
    """
    if not (folder / ".git").exists():
        return
    repository = git.Repo(folder)
    with repository.git.custom_environment(**GIT_ENVIRONMENT):
        lines = repository.git.status(
            "--porcelain", "--untracked-files=all", "--ignore-submodules=none"
        ).splitlines()
    changed = [line for line in lines if not line.lstrip().startswith("D ")]
    deleted = {line.lstrip()[2:].strip('"') for line in lines if line not in changed}
    changed += sorted(deleted - set(_absent(repository, "HEAD")))
    if changed:
        raise SourceUnavailable(
            f"{what}: the folder {folder} must be as committed; found changes in"
            f" {len(changed)} file(s), first: {changed[0].strip()}; delete the folder and run"
            " again, or commit the changes and pin that commit"
        )


def _snapshot(folder: Path, code: str, final: Path) -> SourceMarker:
    """Copy a local folder without history; its digest stands for the commit."""
    if not folder.is_dir():
        raise SourceUnavailable(f"{code}: must be an existing folder; found nothing at {folder}")
    if (folder / ".git").exists():
        refuse_changes(folder, code)
    if not final.exists():
        with staged_folder(final) as stage:
            for path in source_files(folder):
                target = stage / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
    digest = folder_digest(final)
    if digest != folder_digest(folder):
        raise SourceUnavailable(
            f"{code}: its copy {final} must equal it, but was edited; delete {final} and run again"
        )
    return SourceMarker(path=str(final), code=code, origin=code, tree=digest)


def _origin(code: str, root: Path, mirror: str) -> str:
    """Return where a repository is really cloned from."""
    if is_local(code):
        return str(locate(root, code).resolve())
    if not mirror:
        return code
    owner, name = owner_and_name(code)
    return mirror.replace("{owner}", owner).replace("{name}", name)


def _clone(code: str, commit: str, folder: Path, root: Path, mirror: str) -> None:
    if is_local(code):
        refuse_changes(locate(root, code), code)
    repository = _obtain(_download, code, commit, folder, _origin(code, root, mirror))
    _checkout(repository, commit)
    for path, (address, pin) in _submodules(repository, commit, code).items():
        _clone(address, pin, folder / path, root, mirror)


def _obtain(
    download: Callable[[str, str, Path], git.Repo],
    code: str,
    commit: str,
    folder: Path,
    origin: str,
) -> git.Repo:
    """Bring a repository's objects from its origin and check that the commit is among them."""
    if origin != code and is_local(origin) and not Path(origin).exists():
        raise SourceUnavailable(
            f"no mirror of {code} at {origin} (mirrors replace the network); "
            "put a clone there, or run without the mirror setting"
        )
    try:
        repository = download(origin, commit, folder)
    except git.GitCommandError as error:
        raise SourceUnavailable(
            f"{code}: cannot be cloned from {origin}: {_reason(error)}"
        ) from error
    _check_commit(repository, commit, code, origin)
    _take_bytes_as_committed(repository)
    return repository


def _download(origin: str, commit: str, folder: Path) -> git.Repo:
    """Fetch only the commit where the server allows it, otherwise everything."""
    if "://" in origin and not origin.startswith("file://"):
        repository = git.Repo.init(folder)
        with repository.git.custom_environment(**GIT_ENVIRONMENT):
            try:
                repository.git.fetch("--depth=1", origin, commit)
            except git.GitCommandError:
                repository.git.fetch(origin, "+refs/*:refs/origin/*")
        return repository
    return git.Repo.clone_from(origin, folder, no_checkout=True, env=GIT_ENVIRONMENT)


def _check_commit(repository: git.Repo, commit: str, code: str, origin: str) -> None:
    """Refuse a hash that is a tag, a tree or nothing at all."""
    try:
        kind = repository.git.cat_file("-t", commit)
    except git.GitCommandError:
        kind = "nothing"
    if kind != "commit":
        raise SourceUnavailable(
            f"{code}: {commit} must be a commit of {origin}; found {kind} under that hash"
        )


def _checkout(repository: git.Repo, commit: str) -> None:
    """Write the commit's files, leaving out those whose content the origin lacks."""
    absent = set(_absent(repository, commit))
    with repository.git.custom_environment(**GIT_ENVIRONMENT):
        repository.git.update_ref("--no-deref", "HEAD", commit)
        repository.git.read_tree(commit)
        present = [path for path, _, _ in _entries(repository, commit) if path not in absent]
        _write_files(repository, present)


def _take_bytes_as_committed(repository: git.Repo) -> None:
    """Switch off line-ending and filter rules, which would make a fresh clone look edited."""
    attributes = Path(repository.git_dir, "info", "attributes")
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* -text -filter -ident -working-tree-encoding\n")


def _run(repository: git.Repo, standard_input: bytes, *command: str) -> bytes:
    """Run a git command that reads a list from its standard input, and return what it prints."""
    done = subprocess.run(
        ["git", "-C", str(repository.working_dir), *command],
        input=standard_input,
        capture_output=True,
        check=False,
        env={**os.environ, **GIT_ENVIRONMENT},
    )
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip()
        raise SourceUnavailable(f"{repository.working_dir}: git {command[0]}: {message}")
    return done.stdout


def _write_files(repository: git.Repo, paths: Iterable[str]) -> None:
    """Write files of the index into the work tree."""
    names = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
    _run(repository, names, "checkout-index", "--force", "-z", "--stdin")


def _entries(repository: git.Repo, commit: str, folder: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield path, type and hash of everything in a commit's tree, or in one folder of it."""
    listing = repository.git.ls_tree("-r", "-z", commit, *(["--", folder] if folder else []))
    for line in filter(None, listing.split("\0")):
        head, path = line.split("\t", 1)
        _, kind, digest = head.split()
        yield path, kind, digest


def _absent(repository: git.Repo, commit: str, folder: str = "") -> list[str]:
    """Return the files of a commit whose content is not among the repository's objects."""
    blobs = [
        (path, digest)
        for path, kind, digest in _entries(repository, commit, folder)
        if kind == "blob"
    ]
    known = _missing_objects(repository, {digest for _, digest in blobs})
    return [path for path, digest in blobs if digest in known]


def _missing_objects(repository: git.Repo, digests: set[str]) -> set[str]:
    answer = _run(
        repository, "\n".join(sorted(digests)).encode(), "cat-file", "--batch-check"
    ).decode()
    return {line.split()[0] for line in answer.splitlines() if line.endswith(" missing")}


def _submodules(repository: git.Repo, commit: str, code: str) -> dict[str, tuple[str, str]]:
    """Return path -> (address, commit) of a commit's submodules.

    Relative addresses start at the repository's own address.
    """
    links = {
        path: digest for path, kind, digest in _entries(repository, commit) if kind == "commit"
    }
    if not links:
        return {}
    names = Path(repository.working_dir, ".gitmodules")
    if not names.exists():
        return {}
    config = git.GitConfigParser(names, read_only=True)
    found: dict[str, tuple[str, str]] = {}
    for section in config.sections():
        path, address = str(config.get(section, "path")), str(config.get(section, "url"))
        if path in links:
            found[path] = (
                urljoin(f"{code.rstrip('/')}/", address) if address.startswith("../") else address,
                links[path],
            )
    return found


def _describe(code: str, commit: str, folder: Path, origin: str) -> SourceMarker:
    repository = git.Repo(folder)
    return SourceMarker(
        path=str(folder),
        code=code,
        origin=origin,
        commit=commit,
        tree=str(repository.git.rev_parse(f"{commit}^{{tree}}")),
        absent=_absent(repository, commit),
        submodules={path: pin for path, (_, pin) in _submodules(repository, commit, code).items()},
    )


def _reason(error: Exception) -> str:
    """Return what git gives as the cause: its first fatal line, or else the last one."""
    if not isinstance(error, git.GitCommandError):
        return f"{type(error).__name__}: {error}"
    lines = [
        line
        for line in str(error.stderr).replace("stderr:", "").strip(" '\n").splitlines()
        if line.strip()
    ]
    fatal = [line for line in lines if line.strip().startswith("fatal:")]
    return [*fatal, *lines[-1:], f"git ended with status {error.status}"][0].strip()


def checkout_folders(
    code: str, commit: str, folders: list[str], final: Path, root: Path, mirror: str = ""
) -> list[str]:
    """Write only some folders of a repository at a commit.

    The rest of it may be huge or partly missing. Returns the files of those folders that the origin
    lacks.

    Raises:
        SourceUnavailable: as for a whole source, or a folder that the commit does not have.
    """
    origin = _origin(code, root, mirror)
    repository = _obtain(_download_partly, code, commit, final, origin)
    absent: list[str] = []
    with repository.git.custom_environment(**GIT_ENVIRONMENT):
        repository.git.read_tree(commit)
        for folder in folders:
            paths = [path for path, _, _ in _entries(repository, commit, folder)]
            if not paths:
                raise SourceUnavailable(
                    f"{code}: must have the folder {folder!r} at {commit[:12]}; found nothing there"
                )
            lacking = set() if "://" in origin else set(_absent(repository, commit, folder))
            absent += sorted(lacking)
            _write_files(repository, [path for path in paths if path not in lacking])
    return absent


def _download_partly(origin: str, commit: str, folder: Path) -> git.Repo:
    """Fetch the commit without contents where the server allows it.

    The files of the folders then come on checkout.
    """
    if "://" not in origin:
        return git.Repo.clone_from(
            origin, folder, no_checkout=True, env=GIT_ENVIRONMENT, shared=True
        )
    repository = git.Repo.init(folder)
    repository.create_remote("origin", origin)
    with repository.git.custom_environment(**GIT_ENVIRONMENT):
        try:
            repository.git.fetch("--depth=1", "--filter=blob:none", "origin", commit)
        except git.GitCommandError:
            repository.git.fetch("origin", "+refs/*:refs/origin/*")
    return repository
