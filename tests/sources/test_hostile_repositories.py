"""Cloning, checking out and looking for changes run no program that a repository names."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fusebench.errors import SourceUnavailable
from fusebench.sources.changes import refuse_changes
from fusebench.sources.repositories import checkout_folders, obtain_source

from tests.sources.made import (
    FILE,
    FOLDER,
    LINK,
    SUBMODULE,
    commit_files,
    commit_submodule,
    commit_tree,
    git,
    program,
    set_traps,
    stored,
)

URL = "https://example.org/lab/method"


@pytest.fixture
def mirror(tmp_path: Path) -> str:
    """Return the template of a folder of mirrors."""
    return f"{tmp_path}/mirrors/{{owner}}+{{name}}"


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """Return the mirror of the method's repository."""
    return tmp_path / "mirrors" / "lab+method"


def module(address: str, name: str = "part") -> str:
    """Return a ``.gitmodules`` of one submodule."""
    return f'[submodule "{name}"]\n\tpath = part\n\turl = {address}\n'


ADDRESSES = {
    "an option of git fetch": "--upload-pack=touch {told} ://x",
    "an option and a local path": "--upload-pack=touch {told}",
    "a command": "ext::sh -c touch% {told}",
    "a file address": "file://{secret}",
    "a local path": "{secret}",
    "a path above the server": "../../../..{secret}",
    "git's own protocol": "git://example.org/lab/part",
    "an option of ssh": "ssh://-oProxyCommand=touch {told}/part",
    "an option of ssh, short form": "git@-oProxyCommand=touch:{told}",
    "a line end": "https://example.org/lab/part%0ahost=example.com",
    "a folder above": "https://example.org/lab/..",
    "two protocols": "ssh::ext::sh -c touch% {told}",
}


@pytest.mark.parametrize("kind", ADDRESSES)
@pytest.mark.parametrize("code", [URL, "mine"])
def test_a_submodule_is_only_fetched_from_a_server(
    kind: str, code: str, tmp_path: Path, origin: Path, mirror: str
) -> None:
    """Any other address is refused and named: no program runs, no local repository is cloned."""
    told, secret = tmp_path / "told", tmp_path / "secret"
    pin = commit_files(secret, {"diary.txt": "private"})
    address = ADDRESSES[kind].format(told=told, secret=secret)
    folder = origin if code == URL else tmp_path / "mine"
    commit = commit_submodule(folder, module(address.replace("%0a", "\\n")), pin)
    if code == "mine":
        git(folder, "reset", "--quiet", "--hard", commit)
    with pytest.raises(SourceUnavailable, match=r"submodule 'part'|no mirror of"):
        obtain_source(code, commit, tmp_path / "clone", tmp_path, mirror)
    assert not told.exists()
    assert not list(tmp_path.rglob("clone*/part/diary.txt"))


@pytest.mark.parametrize("kind", [kind for kind in ADDRESSES if " path" not in kind])
def test_the_address_of_an_entry_is_held_to_the_same_rule(kind: str, tmp_path: Path) -> None:
    """An entry names a server, or a local folder; an address of another kind is refused."""
    told, secret = tmp_path / "told", tmp_path / "secret"
    pin = commit_files(secret, {"diary.txt": "private"})
    address = ADDRESSES[kind].format(told=told, secret=secret)
    for fetch in (obtain_source, checkout_whole):
        with pytest.raises(SourceUnavailable, match="must be"):
            fetch(address, pin, tmp_path / "clone", tmp_path / "project")
        shutil.rmtree(tmp_path / "clone", ignore_errors=True)
    assert not told.exists()


def checkout_whole(code: str, commit: str, final: Path, root: Path) -> object:
    """Write a folder of a repository, as a dataset does."""
    return checkout_folders(code, commit, ["a"], final, root)


def test_where_a_submodule_came_from_is_in_the_marker(
    tmp_path: Path, origin: Path, mirror: str
) -> None:
    """The marker names the address of each submodule, whole even where it was relative."""
    pin = commit_files(tmp_path / "mirrors" / "lab+part", {"net.py": "1"})
    commit = commit_submodule(origin, module("../part.git"), pin)
    marker = obtain_source(URL, commit, tmp_path / "clone", tmp_path, mirror)
    assert marker.submodules == {"part": pin}
    assert marker.submodule_addresses == {"part": "https://example.org/lab/part.git"}


def clone(tmp_path: Path, origin: Path, mirror: str) -> str:
    """Clone a repository with a submodule, and return its commit."""
    pin = commit_files(tmp_path / "mirrors" / "lab+part", {"net.py": "1"})
    commit_files(origin, {"test.py": "1", ".gitattributes": "*.py filter=x diff=x\n"})
    git(origin, "update-index", "--add", "--cacheinfo", f"160000,{pin},part")
    (origin / ".gitmodules").write_text(module("../part"))
    git(origin, "add", ".gitmodules")
    git(origin, "commit", "--quiet", "--message", "x")
    commit = git(origin, "rev-parse", "HEAD")
    obtain_source(URL, commit, tmp_path / "clone", tmp_path, mirror)
    return commit


@pytest.mark.parametrize("place", [".", "part"])
def test_settings_that_a_script_planted_in_a_clone_are_not_read(
    place: str, tmp_path: Path, origin: Path, mirror: str
) -> None:
    """No hook, monitor or filter of ``.git`` runs when a clone is looked at again.

    The same holds for the clone of a submodule.
    """
    commit, told = clone(tmp_path, origin, mirror), tmp_path / "told"
    set_traps(tmp_path / "clone" / place, told)
    told.unlink(missing_ok=True)
    marker = obtain_source(URL, commit, tmp_path / "clone", tmp_path, mirror)
    assert marker.is_ok and not told.exists()
    (tmp_path / "clone" / place / "extra.py").write_text("x")
    with pytest.raises(SourceUnavailable, match=r"first: (part/)?extra\.py"):
        refuse_changes(tmp_path / "clone", URL, commit)
    assert not told.exists()


def test_settings_of_a_local_folder_are_not_run(tmp_path: Path) -> None:
    """The user's folder may be a stranger's repository: its programs do not run either."""
    folder, told = tmp_path / "mine", tmp_path / "told"
    pin = commit_files(folder, {"test.py": "1", ".gitattributes": "*.py filter=x diff=x\n"})
    set_traps(folder, told)
    told.unlink(missing_ok=True)
    (folder / "test.py").touch()
    for commit in (pin, None):
        obtain_source("mine", commit, tmp_path / f"clone-{commit}", tmp_path)
        assert not told.exists()


def test_settings_of_a_mirror_are_not_run(tmp_path: Path, origin: Path, mirror: str) -> None:
    """A mirror may be the copy of a stranger's folder, ``.git`` included."""
    told = tmp_path / "told"
    pin = commit_files(origin, {"test.py": "1", "ir/1.png": "1"})
    set_traps(origin, told)
    told.unlink(missing_ok=True)
    obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    checkout_folders(URL, pin, ["ir"], tmp_path / "part", tmp_path, mirror)
    assert not told.exists()


def test_settings_of_the_user_run_nothing(
    tmp_path: Path, origin: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hooks, templates, monitors and filters of the user and of the machine stay off."""
    told = tmp_path / "told"
    trap = program(tmp_path, "trap", told)
    hooks = tmp_path / "template" / "hooks"
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        program(hooks, hook, told)
    settings = tmp_path / "settings"
    settings.write_text(
        f"[core]\n fsmonitor = {trap}\n hooksPath = {hooks}\n attributesFile = {tmp_path}/all\n"
        f"[init]\n templateDir = {hooks.parent}\n"
        f'[filter "x"]\n clean = {trap}\n smudge = {trap}\n'
        f"[uploadpack]\n packObjectsHook = {trap}\n"
    )
    (tmp_path / "all").write_text("* filter=x\n")
    pin = commit_files(origin, {"test.py": "1", "ir/1.png": "1"})
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(settings))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(hooks.parent))
    for _ in range(2):
        obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    checkout_folders(URL, pin, ["ir"], tmp_path / "part", tmp_path, mirror)
    assert not told.exists()


def test_a_surrounding_git_command_changes_nothing(
    tmp_path: Path, origin: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that a hook of git starts has ``GIT_DIR`` and others set: they mean another folder."""
    other = tmp_path / "other"
    before = commit_files(other, {"a": "1"})
    pin = commit_files(origin, {"test.py": "1"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    monkeypatch.undo()
    assert git(other, "rev-parse", "HEAD") == before
    assert git(other, "status", "--porcelain") == ""


HIDING: dict[str, Callable[[Path], object]] = {
    "assume-unchanged": lambda clone: git(clone, "update-index", "--assume-unchanged", "test.py"),
    "skip-worktree": lambda clone: git(clone, "update-index", "--skip-worktree", "test.py"),
    "another commit": lambda clone: (
        git(clone, "commit", "--quiet", "--all", "--message", "x"),
        git(clone, "update-ref", "HEAD", "HEAD"),
    ),
    "a replaced commit": lambda clone: git(
        clone, "replace", "HEAD", commit_files(clone, {"test.py": "2"})
    ),
    "no repository": lambda clone: shutil.rmtree(clone / ".git"),
}


@pytest.mark.parametrize("way", HIDING)
def test_a_changed_clone_cannot_be_made_to_look_clean(
    way: str, tmp_path: Path, origin: Path, mirror: str
) -> None:
    """Marks in the index, another commit, a replaced one: the files decide."""
    commit = clone(tmp_path, origin, mirror)
    (tmp_path / "clone" / "test.py").write_text("2")
    HIDING[way](tmp_path / "clone")
    with pytest.raises(SourceUnavailable, match=r"the folder .*clone must be"):
        refuse_changes(tmp_path / "clone", URL, commit)


@pytest.mark.parametrize(
    "file", ["ignored.pth", ".git/info/exclude", "part/more.py", "empty/more.py"]
)
def test_a_file_that_was_added_under_an_ignored_name_is_found(
    file: str, tmp_path: Path, origin: Path, mirror: str
) -> None:
    """Rules that tell git what to ignore, the authors' or a script's, hide nothing."""
    commit_files(origin, {".gitignore": "*.pth\n"})
    pin = commit_files(tmp_path / "mirrors" / "lab+part", {"net.py": "1"})
    for path, digest in (("part", pin), ("empty", "2" * 40)):
        git(origin, "update-index", "--add", "--cacheinfo", f"160000,{digest},{path}")
    (origin / ".gitmodules").write_text(module("../part"))
    git(origin, "add", ".gitmodules")
    git(origin, "commit", "--quiet", "--message", "x")
    commit = git(origin, "rev-parse", "HEAD")
    obtain_source(URL, commit, tmp_path / "clone", tmp_path, mirror)
    target = tmp_path / "clone" / file
    if target.name == "exclude":
        target.parent.mkdir(exist_ok=True)
        target.write_text("*\n")
        target = tmp_path / "clone" / "more.py"
    target.write_text("x")
    with pytest.raises(SourceUnavailable, match="found changes in 1 file"):
        refuse_changes(tmp_path / "clone", URL, commit)


def test_caches_of_python_are_no_change(tmp_path: Path, origin: Path, mirror: str) -> None:
    """They are not copied for a run, so that they cannot matter."""
    commit = clone(tmp_path, origin, mirror)
    (tmp_path / "clone" / "__pycache__").mkdir()
    (tmp_path / "clone" / "__pycache__" / "test.cpython-312.pyc").write_text("x")
    refuse_changes(tmp_path / "clone", URL, commit)


BROKEN: dict[str, Callable[[Path], str]] = {
    "a .gitmodules that is no configuration": lambda folder: commit_submodule(
        folder, '[submodule "part"\n\tpath = part\n'
    ),
    "a submodule without an address": lambda folder: commit_submodule(
        folder, '[submodule "part"]\n\tpath = part\n'
    ),
    "a .gitmodules of bytes": lambda folder: commit_tree(
        folder,
        [
            (FILE, b".gitmodules", _blob(folder, b"[\xff\x00\n")),
            (SUBMODULE, b"part", "1" * 40),
        ],
    ),
    "a folder ..": lambda folder: commit_tree(folder, [(FOLDER, b"..", _tree(folder))]),
    "a folder .git": lambda folder: commit_tree(folder, [(FOLDER, b".git", _tree(folder))]),
    "a folder .GIT": lambda folder: commit_tree(folder, [(FOLDER, b".GiT", _tree(folder))]),
    "a file with a slash": lambda folder: commit_tree(
        folder, [(FILE, b"../x", _blob(folder, b"x"))]
    ),
    "a file without a name": lambda folder: commit_tree(folder, [(FILE, b"", _blob(folder, b"x"))]),
    "a tree that is not there": lambda folder: commit_tree(folder, [(FOLDER, b"a", "3" * 40)]),
    "a tree of bytes": lambda folder: commit_tree(
        folder, [(FOLDER, b"a", _stored(folder, "tree", b"garbage"))]
    ),
}


def _made(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")


def _stored(folder: Path, kind: str, content: bytes) -> str:
    _made(folder)
    return stored(folder, kind, content)


def _blob(folder: Path, content: bytes) -> str:
    return _stored(folder, "blob", content)


def _tree(folder: Path) -> str:
    _made(folder)
    entry = b"100644 config\0" + bytes.fromhex(stored(folder, "blob", b"[core]\n"))
    return stored(folder, "tree", entry)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_repository_ends_as_source_unavailable(
    kind: str, tmp_path: Path, origin: Path, mirror: str
) -> None:
    """It is the state of the methods that need it, and of no other; nothing is left behind."""
    commit = BROKEN[kind](origin)
    with pytest.raises(SourceUnavailable, match=r"example\.org/lab/method"):
        obtain_source(URL, commit, tmp_path / "clone", tmp_path, mirror)
    assert not (tmp_path / "clone").exists() and not (tmp_path / "x").exists()


def test_a_submodule_is_not_cloned_through_a_link(
    tmp_path: Path, origin: Path, mirror: str
) -> None:
    """A tree that holds a link and a submodule below it writes nothing outside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    pin = commit_files(tmp_path / "mirrors" / "lab+part", {"net.py": "1"})
    _made(origin)
    link = stored(origin, "blob", str(outside).encode())
    inner = stored(origin, "tree", b"160000 part\0" + bytes.fromhex(pin))
    text = module("../part").replace("path = part", "path = a/part")
    modules = stored(origin, "blob", text.encode())
    commit = commit_tree(
        origin, [(FILE, b".gitmodules", modules), (LINK, b"a", link), (FOLDER, b"a", inner)]
    )
    with pytest.raises(SourceUnavailable):
        obtain_source(URL, commit, tmp_path / "clone", tmp_path, mirror)
    assert list(outside.iterdir()) == []


def test_submodules_of_submodules_come_to_an_end(
    tmp_path: Path, origin: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten of them in each of ten levels would fill every disk."""
    monkeypatch.setattr("fusebench.sources.submodules.MOST_SUBMODULES", 3)
    parts, names = tmp_path / "mirrors", ["p0", "p1"]
    pin = commit_files(parts / "lab+level0", {"net.py": "1"})
    for level in (1, 2):
        folder = parts / f"lab+level{level}"
        text = "".join(
            f'[submodule "{name}"]\n\tpath = {name}\n\turl = ../level{level - 1}\n'
            for name in names
        )
        blob = _blob(folder, text.encode())
        links = [(SUBMODULE, name.encode(), pin) for name in names]
        pin = commit_tree(folder, [(FILE, b".gitmodules", blob), *links])
    with pytest.raises(SourceUnavailable, match=r"must have at most 3 submodules"):
        obtain_source("https://example.org/lab/level2", pin, tmp_path / "clone", tmp_path, mirror)


def test_folders_of_a_dataset_hold_no_link_out(tmp_path: Path, origin: Path, mirror: str) -> None:
    """What a link leads to is no part of the repository: it counts as absent, and is not read."""
    origin.mkdir(parents=True)
    (origin / "ir").mkdir()
    for name, target in (("1.png", tmp_path / "private.png"), ("2.png", "3.png")):
        (origin / "ir" / name).symlink_to(target)
    pin = commit_files(origin, {"ir/3.png": "3"})
    lacking = checkout_folders(URL, pin, ["ir"], tmp_path / "part", tmp_path, mirror)
    assert lacking == ["ir/1.png"]
    assert sorted(path.name for path in (tmp_path / "part" / "ir").iterdir()) == ["2.png", "3.png"]


def test_a_local_folder_is_not_copied_through_links(tmp_path: Path) -> None:
    """A link to a file outside is refused by name; one to a file of the folder is followed."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "test.py").write_text("1")
    (folder / "other.py").symlink_to("test.py")
    obtain_source("mine", None, tmp_path / "copy", tmp_path)
    assert (tmp_path / "copy" / "other.py").read_text() == "1"
    (tmp_path / "key").write_text("private")
    (folder / "w.pth").symlink_to(tmp_path / "key")
    with pytest.raises(
        SourceUnavailable, match=r"w\.pth must be a file of the folder; found a link"
    ):
        obtain_source("mine", None, tmp_path / "again", tmp_path)
    assert not (tmp_path / "again").exists()
