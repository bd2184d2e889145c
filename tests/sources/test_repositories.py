"""Clones: at a full commit, whole, shared, and refused if they are not what was pinned."""

from __future__ import annotations

import http.server
import multiprocessing
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import git
import pytest
from fusebench.errors import SourceUnavailable
from fusebench.sources import source_key
from fusebench.sources.repositories import checkout_folders, obtain_source

ACTOR = git.Actor("An Author", "author@example.org")
URL = "https://example.org/lab/method"


def commit(folder: Path, files: dict[str, str]) -> str:
    """Commit files to the repository in ``folder`` and return the commit."""
    repository = git.Repo(folder) if (folder / ".git").exists() else git.Repo.init(folder)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    repository.git.add("--all", "--force")
    return str(repository.index.commit("a change", author=ACTOR, committer=ACTOR).hexsha)


@pytest.fixture
def mirror(tmp_path: Path) -> str:
    """Return the template of a folder of mirrors."""
    return f"{tmp_path}/mirrors/{{owner}}+{{name}}"


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """Return the mirror of the method's repository."""
    return tmp_path / "mirrors" / "lab+method"


def test_the_commit_is_checked_out_not_the_branch(
    tmp_path: Path, origin: Path, mirror: str
) -> None:
    """A clone holds the files of the pinned commit although the branch has moved on."""
    first = commit(origin, {"test.py": "1"})
    commit(origin, {"test.py": "2"})
    marker = obtain_source(URL, first, tmp_path / "clone", tmp_path, mirror)
    assert (tmp_path / "clone" / "test.py").read_text() == "1"
    assert marker.commit == first and marker.origin == str(origin) and marker.absent == []


def test_a_clone_is_made_and_looked_at_from_the_project_s_folder(
    tmp_path: Path, origin: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs run in the project's folder and name all places from there, as the marker does."""
    pin = commit(origin, {"test.py": "1"})
    commit(tmp_path / "mine", {"test.py": "1"})
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        final = Path("resources/sources/clone")
        marker = obtain_source(URL, pin, final, Path(), "mirrors/{owner}+{name}")
        assert marker.path == "resources/sources/clone" and (final / "test.py").exists()
    own = git.Repo("mine").head.commit.hexsha
    assert obtain_source("mine", own, Path("other"), Path()).commit == own
    assert checkout_folders(URL, pin, ["."], Path("part"), Path(), mirror) == []


def test_line_endings_stay_as_committed(tmp_path: Path, origin: Path, mirror: str) -> None:
    """With ``text=auto`` and Windows line endings a clone has the same bytes and is clean."""
    repository = git.Repo.init(origin)
    (origin / "test.py").write_bytes(b"a\r\nb\r\n")
    repository.git.add("test.py")
    pin = commit(origin, {".gitattributes": "* text=auto\n"})
    obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    assert (tmp_path / "clone" / "test.py").read_bytes() == b"a\r\nb\r\n"


def test_submodules_are_cloned_at_their_commits(tmp_path: Path, origin: Path, mirror: str) -> None:
    """A submodule comes from its own mirror at the commit that the repository names."""
    part = tmp_path / "mirrors" / "lab+part"
    pinned = commit(part, {"net.py": "old"})
    commit(origin, {"test.py": "1"})
    environment = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "protocol.file.allow",
        "GIT_CONFIG_VALUE_0": "always",
    }
    subprocess.run(
        ["git", "-C", origin, "submodule", "--quiet", "add", part, "part"],
        check=True,
        env=environment,
    )
    subprocess.run(
        ["git", "-C", origin, "config", "-f", ".gitmodules", "submodule.part.url", "../part.git"],
        check=True,
    )
    pin = commit(origin, {})
    commit(part, {"net.py": "new"})
    marker = obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    assert (tmp_path / "clone" / "part" / "net.py").read_text() == "old"
    assert marker.submodules == {"part": pinned}


@pytest.mark.parametrize("pin", ["main", "HEAD", "abc123", None, "0" * 40])
def test_what_is_no_commit_of_the_repository_is_refused(
    pin: str | None, tmp_path: Path, origin: Path, mirror: str
) -> None:
    """A branch, a short, missing or unknown hash is refused, and no files remain."""
    commit(origin, {"test.py": "1"})
    with pytest.raises(SourceUnavailable, match="must be a"):
        obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    assert list(tmp_path.glob("*clone*")) == [] and not [
        path for path in tmp_path.glob(".staging/*") if path.is_dir()
    ]


def test_the_hash_of_a_tree_is_refused(tmp_path: Path, origin: Path, mirror: str) -> None:
    """The message for a full hash of a tree says that it is a tree, not a commit."""
    commit(origin, {"test.py": "1"})
    tree = git.Repo(origin).head.commit.tree.hexsha
    with pytest.raises(SourceUnavailable, match="found tree under that hash"):
        obtain_source(URL, tree, tmp_path / "clone", tmp_path, mirror)


def test_a_missing_mirror_names_both_places(tmp_path: Path, mirror: str) -> None:
    """If the mirror lacks a repository, the message names the code link and the mirror's path."""
    with pytest.raises(SourceUnavailable) as caught:
        obtain_source(URL, "0" * 40, tmp_path / "clone", tmp_path, mirror)
    assert URL in str(caught.value) and str(tmp_path / "mirrors" / "lab+method") in str(
        caught.value
    )


def test_an_edited_clone_is_refused(tmp_path: Path, origin: Path, mirror: str) -> None:
    """An edited file, and an added one, are found in a clone."""
    pin = commit(origin, {"test.py": "1"})
    for change in ("test.py", "extra.py"):
        obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
        (tmp_path / "clone" / change).write_text("other")
        with pytest.raises(SourceUnavailable, match=f"found changes in 1 file.*{change}"):
            obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
        shutil.rmtree(tmp_path / "clone")


def test_a_local_repository_with_changes_is_refused(tmp_path: Path) -> None:
    """An author's own repository is cloned at a commit, and refused with uncommitted changes."""
    folder = tmp_path / "mine"
    pin = commit(folder, {"test.py": "1"})
    obtain_source("mine", pin, tmp_path / "clone", tmp_path)
    (folder / "test.py").write_text("2")
    for commit_given in (pin, None):
        with pytest.raises(SourceUnavailable, match=r"test\.py"):
            obtain_source("mine", commit_given, tmp_path / "again", tmp_path)


def test_a_plain_folder_is_copied_and_pinned_by_its_content(tmp_path: Path) -> None:
    """A folder without history is identified by the digest of its files."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "test.py").write_text("1")
    before = source_key("mine", None, tmp_path)
    marker = obtain_source("mine", None, tmp_path / "clone", tmp_path)
    (folder / "test.py").write_text("2")
    assert source_key("mine", None, tmp_path) != before
    assert marker.commit is None and (tmp_path / "clone" / "test.py").read_text() == "1"


def _obtain(arguments: tuple[str, str, Path, Path, str]) -> str:
    return obtain_source(*arguments).tree


def test_a_folder_that_is_no_whole_clone_is_refused(
    tmp_path: Path, origin: Path, mirror: str
) -> None:
    """A folder that is no whole clone gives an error that names the folder to delete."""
    pin = commit(origin, {"test.py": "1"})
    (tmp_path / "clone").mkdir()
    with pytest.raises(
        SourceUnavailable, match=r"clone must be a whole clone; .*; delete the folder"
    ):
        obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    (tmp_path / "clone").rmdir()
    obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    (tmp_path / "clone" / ".git" / "HEAD").unlink()
    with pytest.raises(
        SourceUnavailable, match=r"clone must be a whole clone; .*; delete the folder"
    ):
        obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)


def test_a_mirror_that_is_no_repository_is_told_in_git_s_first_words(
    tmp_path: Path, origin: Path, mirror: str
) -> None:
    """The cause is git's first fatal line, not the advice after it."""
    origin.parent.mkdir()
    origin.write_text("x")
    with pytest.raises(
        SourceUnavailable, match=r"cannot be cloned from .*: fatal: invalid gitfile"
    ):
        obtain_source(URL, "1" * 40, tmp_path / "clone", tmp_path, mirror)


def test_two_jobs_may_want_a_source_at_once(tmp_path: Path, origin: Path, mirror: str) -> None:
    """Concurrent clones of one source give one whole folder and no other files."""
    pin = commit(origin, {f"file{i}.py": "x" * 1000 for i in range(50)})
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        trees = pool.map(_obtain, [(URL, pin, tmp_path / "clone", tmp_path, mirror)] * 4)
    assert len(set(trees)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [".staging", "clone", "mirrors"]
    assert not [path for path in (tmp_path / ".staging").iterdir() if path.is_dir()]


def test_only_the_folders_of_a_dataset_are_checked_out(
    tmp_path: Path, origin: Path, mirror: str
) -> None:
    """A dataset's folders are written, and the rest of a huge repository is not."""
    pin = commit(origin, {"images/ir/1.png": "a", "images/vi/1.png": "b", "weights/huge.pth": "c"})
    assert (
        checkout_folders(URL, pin, ["images/ir", "images/vi"], tmp_path / "part", tmp_path, mirror)
        == []
    )
    written = [
        path.name
        for path in (tmp_path / "part").rglob("*")
        if path.is_file() and ".git" not in path.parts
    ]
    assert sorted(written) == ["1.png", "1.png"]


def test_a_folder_that_the_commit_lacks_is_told(tmp_path: Path, origin: Path, mirror: str) -> None:
    """A dataset whose folder is not in the commit is refused with the folder's name."""
    pin = commit(origin, {"images/1.png": "a"})
    with pytest.raises(SourceUnavailable, match="must have the folder 'image'"):
        checkout_folders(URL, pin, ["image"], tmp_path / "part", tmp_path, mirror)


def without(origin: Path, path: str) -> None:
    """Take the content of a file of the last commit out of a repository, as mirrors may lack it."""
    repository = git.Repo(origin)
    blob = repository.head.commit.tree[path].hexsha
    loose = Path(repository.git_dir, "objects", blob[:2], blob[2:])
    loose.chmod(0o644)
    loose.unlink()


def test_a_file_that_the_mirror_lacks_is_left_out_and_named(
    tmp_path: Path, origin: Path, mirror: str
) -> None:
    """The rest of the clone is there and clean.

    A file that is missing for another reason is a change.
    """
    pin = commit(origin, {"test.py": "1", "data/huge.bin": "2", "data/small.txt": "3"})
    without(origin, "data/huge.bin")
    for _ in range(2):
        marker = obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
        assert marker.absent == ["data/huge.bin"]
    assert (tmp_path / "clone" / "data" / "small.txt").read_text() == "3"
    assert not (tmp_path / "clone" / "data" / "huge.bin").exists()
    (tmp_path / "clone" / "data" / "small.txt").unlink()
    with pytest.raises(
        SourceUnavailable, match=r"found changes in 1 file\(s\), first: data/small\.txt"
    ):
        obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)


def test_only_what_is_asked_for_counts_as_absent(tmp_path: Path, origin: Path, mirror: str) -> None:
    """Files of a dataset's folders that the mirror lacks are returned, the others are written."""
    pin = commit(origin, {"ir/1.png": "a", "ir/2.png": "b", "vi/1.png": "c", "w.pth": "d"})
    for path in ("ir/2.png", "w.pth"):
        without(origin, path)
    lacking = checkout_folders(URL, pin, ["ir", "vi"], tmp_path / "part", tmp_path, mirror)
    assert lacking == ["ir/2.png"]
    assert sorted(path.name for path in (tmp_path / "part" / "ir").iterdir()) == ["1.png"]


@pytest.mark.parametrize(
    "name", ["a b.txt", 'quo"te.txt', "tab\t.txt", "línea.txt", "new\nline.txt"]
)
def test_strange_names_are_cloned_and_count_as_clean(
    tmp_path: Path, origin: Path, mirror: str, name: str
) -> None:
    """Git's quoting of unusual file names is undone."""
    pin = commit(origin, {f"folder/{name}": "1"})
    for _ in range(2):
        obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    assert (tmp_path / "clone" / "folder" / name).read_text() == "1"
    folder = checkout_folders(URL, pin, ["folder"], tmp_path / "part", tmp_path, mirror)
    assert folder == [] and (tmp_path / "part" / "folder" / name).read_text() == "1"


def test_filters_of_the_authors_are_not_run(tmp_path: Path, origin: Path, mirror: str) -> None:
    """A pointer of git-lfs stays the pointer that was committed, and no keyword is expanded."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"
    files = {
        "w.pth": pointer,
        "a.py": "# $Id$\n",
        ".gitattributes": "*.pth filter=lfs\n*.py ident\n",
    }
    repository = git.Repo.init(origin)
    for name, content in files.items():
        (origin / name).write_text(content)
        blob = repository.git.hash_object("-w", "--no-filters", name)
        repository.git.update_index("--add", "--cacheinfo", f"100644,{blob},{name}")
    tree = repository.git.write_tree()
    names = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    pin = repository.git.execute(["git", *names, "commit-tree", tree, "-m", "x"])
    repository.git.update_ref("refs/heads/main", pin)
    for _ in range(2):
        obtain_source(URL, str(pin), tmp_path / "clone", tmp_path, mirror)
    assert (tmp_path / "clone" / "w.pth").read_text() == pointer
    assert (tmp_path / "clone" / "a.py").read_text() == "# $Id$\n"


def test_a_copy_of_a_folder_that_was_edited_is_refused(tmp_path: Path) -> None:
    """A copy must have the same content as its folder; caches do not count in either."""
    folder = tmp_path / "mine"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__" / "a.pyc").touch()
    (folder / "test.py").write_text("1")
    first = obtain_source("mine", None, tmp_path / "copy", tmp_path)
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["test.py"]
    assert obtain_source("mine", None, tmp_path / "copy", tmp_path) == first
    (tmp_path / "copy" / "test.py").write_text("2")
    with pytest.raises(SourceUnavailable, match=r"mine: its copy .*copy must equal it, but was"):
        obtain_source("mine", None, tmp_path / "copy", tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The message names the folder as the entry writes it, and its full path."""
    told = f"mine: must be an existing folder; found nothing at {tmp_path}/mine"
    with pytest.raises(SourceUnavailable, match=re.escape(told)):
        obtain_source("mine", None, tmp_path / "copy", tmp_path)


def test_a_local_repository_is_cloned_from_where_it_lies(tmp_path: Path) -> None:
    """A mirror replaces the network, but not repositories on this machine.

    The marker has the commit's tree.
    """
    pin = commit(tmp_path / "mine", {"test.py": "1"})
    marker = obtain_source("mine", pin, tmp_path / "clone", tmp_path, "/mirrors/{owner}/{name}")
    assert (marker.origin, marker.code, marker.commit) == (str(tmp_path / "mine"), "mine", pin)
    assert marker.tree == git.Repo(tmp_path / "mine").head.commit.tree.hexsha
    assert marker.is_ok and marker.path == str(tmp_path / "clone")


@pytest.fixture
def address(tmp_path: Path, origin: Path) -> Iterator[str]:
    """The method's repository on a server of this machine that only gives out files."""
    commit(origin, {"test.py": "1"})
    served = tmp_path / "served" / "lab" / "method"
    git.Repo(origin).clone(str(served), bare=True)
    git.Repo(served).git.update_server_info()
    handler = partial(SilentHandler, directory=str(tmp_path / "served"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/lab/method"
        server.shutdown()


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def test_a_server_that_gives_no_single_commit_is_asked_for_everything(
    tmp_path: Path, origin: Path, address: str
) -> None:
    """A server may refuse to send one commit, or a commit without its files.

    Then the whole history is fetched.
    """
    pin = git.Repo(origin).head.commit.hexsha
    marker = obtain_source(address, pin, tmp_path / "clone", tmp_path)
    assert (marker.origin, marker.absent) == (address, [])
    assert (tmp_path / "clone" / "test.py").read_text() == "1"
    with pytest.raises(SourceUnavailable, match=rf"{'0' * 40} must be a commit of .*found nothing"):
        obtain_source(address, "0" * 40, tmp_path / "other", tmp_path)


def test_an_address_that_nobody_answers_is_told_in_git_s_words(
    tmp_path: Path, address: str
) -> None:
    """Git does not ask for a password, and no files remain."""
    with pytest.raises(SourceUnavailable, match=r"none: cannot be cloned from .*: fatal: "):
        obtain_source(f"{address}/none", "1" * 40, tmp_path / "clone", tmp_path)
    assert not (tmp_path / "clone").exists()


def test_folders_come_without_the_rest_from_a_server_that_can_do_so(
    tmp_path: Path, origin: Path
) -> None:
    """Git's own protocol sends the commit without contents, then only the folders' contents.

    A mirror may be such a server.
    """
    pin = commit(origin, {"ir/1.png": "a", "w.pth": "large"})
    weights = git.Repo(origin).head.commit.tree["w.pth"].hexsha
    git.Repo(origin).git.config("uploadpack.allowFilter", "true")
    git.Repo(origin).git.config("uploadpack.allowAnySHA1InWant", "true")
    assert checkout_folders(URL, pin, ["ir"], tmp_path / "part", tmp_path, origin.as_uri()) == []
    assert (tmp_path / "part" / "ir" / "1.png").read_text() == "a"
    assert not (tmp_path / "part" / "w.pth").exists()
    known = git.Repo(tmp_path / "part").git.rev_list(pin, "--objects", "--missing=print")
    assert f"?{weights}" in known.splitlines()


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("https://github.com/Lab/Net.git", "Lab+Net@000000000000"),
        ("git@github.com:Lab/Net", "Lab+Net@000000000000"),
        ("code/mine", "local+mine@000000000000"),
    ],
)
def test_a_source_is_kept_under_owner_name_and_commit(code: str, key: str, tmp_path: Path) -> None:
    """The folder's name has twelve digits of the commit."""
    assert source_key(code, "0" * 40, tmp_path) == key


def test_a_commit_that_ends_otherwise_is_refused_beside_its_clone(
    tmp_path: Path, origin: Path, mirror: str
) -> None:
    """The folder of a clone has the first twelve digits of its commit; all forty must agree."""
    pin = commit(origin, {"test.py": "1"})
    wrong = pin[:-1] + ("1" if pin[-1] == "0" else "0")
    assert source_key(URL, pin, tmp_path) == source_key(URL, wrong, tmp_path)
    obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    with pytest.raises(SourceUnavailable) as caught:
        obtain_source(URL, wrong, tmp_path / "clone", tmp_path, mirror)
    assert str(caught.value) == (
        f"{URL}: {wrong} must be a commit of the repository; found the clone {tmp_path / 'clone'}"
        f" of the commit {pin}: correct `commit` of the entry, or delete the folder and run again"
    )
