"""Clones: at a full commit, whole, shared, and refused where they are not what was pinned."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
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


def test_line_endings_stay_as_committed(tmp_path: Path, origin: Path, mirror: str) -> None:
    """A repository with ``text=auto`` and Windows line endings is cloned byte for byte and counts as clean."""
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
    """A branch, a short hash, no hash, and a hash that the repository lacks are refused, and nothing is left behind."""
    commit(origin, {"test.py": "1"})
    with pytest.raises(SourceUnavailable, match="must be a"):
        obtain_source(URL, pin, tmp_path / "clone", tmp_path, mirror)
    assert list(tmp_path.glob("*clone*")) == [] and not [
        path for path in tmp_path.glob(".staging/*") if path.is_dir()
    ]


def test_the_hash_of_a_tree_is_refused(tmp_path: Path, origin: Path, mirror: str) -> None:
    """A full hash that is a tree, not a commit, is told as such."""
    commit(origin, {"test.py": "1"})
    tree = git.Repo(origin).head.commit.tree.hexsha
    with pytest.raises(SourceUnavailable, match="found tree under that hash"):
        obtain_source(URL, tree, tmp_path / "clone", tmp_path, mirror)


def test_a_missing_mirror_names_both_places(tmp_path: Path, mirror: str) -> None:
    """Where the mirror lacks a repository, the message names the code link and the place that was looked at."""
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
    """An author's own repository is cloned at a commit, and refused while it holds changes that no commit knows."""
    folder = tmp_path / "mine"
    pin = commit(folder, {"test.py": "1"})
    obtain_source("mine", pin, tmp_path / "clone", tmp_path)
    (folder / "test.py").write_text("2")
    for commit_given in (pin, None):
        with pytest.raises(SourceUnavailable, match=r"test\.py"):
            obtain_source("mine", commit_given, tmp_path / "again", tmp_path)


def test_a_plain_folder_is_copied_and_pinned_by_its_content(tmp_path: Path) -> None:
    """A folder without history is known by the digest of its files."""
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
    """What another program left, or a damaged disk, is told with the folder to delete; it is no crash."""
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
    """Concurrent clones of one source end with one whole folder and no left-overs."""
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
