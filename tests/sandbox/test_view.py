"""What a program sees: all that its interpreter needs, and nothing of what is private."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from fusebench.errors import EnvironmentFailed
from fusebench.sandbox.needs import interpreter_needs, without_links
from fusebench.sandbox.plan import Step
from fusebench.sandbox.starting import Policy
from fusebench.sandbox.view import Wanted, steps_of

from tests.sandbox.attacked import run


def steps(
    folder: Path, python: Path = Path(sys.executable), reads: tuple[str, ...] = (), **environ: str
) -> dict[str, Step]:
    """Return what a program sees whose project is the folder ``project``."""
    scratch = folder / "scratch"
    (scratch / "tmp").mkdir(parents=True, exist_ok=True)
    (folder / "project").mkdir(exist_ok=True)
    private = (str(folder / "project"),)
    wanted = Wanted(python, reads, scratch, scratch / "tmp", private)
    return {step.path: step for step in steps_of(wanted, environ)}


def test_a_program_sees_its_interpreter_and_its_scratch_folder(tmp_path: Path) -> None:
    """The interpreter may lie in a home, of which nothing else is seen."""
    seen = steps(tmp_path)
    base = os.path.realpath(sys.base_prefix)
    assert any(base == path or base.startswith(f"{path}/") for path in seen)
    scratch = os.path.realpath(tmp_path / "scratch")
    assert seen[scratch] == Step(scratch, "write", scratch)
    assert seen["/tmp"].kind == "write" and seen["/tmp"].source == f"{scratch}/tmp"
    assert str(Path.home()) not in seen and str(tmp_path / "project") not in seen
    assert "/etc/shadow" not in seen and "/etc" not in seen and "/run" not in seen
    assert list(seen) == sorted(seen)


def test_links_on_the_way_are_seen_too(tmp_path: Path) -> None:
    """A path with links in it, relative and absolute ones, leads to the same file as outside."""
    (tmp_path / "disk" / "deep").mkdir(parents=True)
    (tmp_path / "disk" / "deep" / "file").touch()
    (tmp_path / "near").symlink_to("disk/../disk")
    (tmp_path / "far").symlink_to(tmp_path / "near" / "deep")
    real, links = without_links([str(tmp_path / "far" / "file")])
    top = os.path.realpath(tmp_path)
    assert real == {f"{top}/disk/deep/file"}
    assert links == {f"{top}/far": f"{tmp_path}/near/deep", f"{top}/near": "disk/../disk"}


def test_a_loop_of_links_is_left_out(tmp_path: Path) -> None:
    """It leads nowhere outside either."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert without_links([str(tmp_path / "a")])[0] == set()


def test_what_the_project_needs_is_seen_alone(tmp_path: Path) -> None:
    """A project below a folder of the system is hidden, but for what the program reads of it."""
    inside = tmp_path / "project" / "envs" / "e"
    inside.mkdir(parents=True)
    seen = steps(tmp_path, reads=(str(tmp_path), str(inside)))
    top = os.path.realpath(tmp_path)
    assert seen[top].kind == "read"
    assert seen[f"{top}/project"].kind == "empty"
    assert seen[f"{top}/project/envs/e"].kind == "read"


def test_folders_of_libraries_are_seen_unless_they_hold_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that names the home, or a folder above it, does not show the home."""
    home = tmp_path / "users" / "one"
    (home / "lib").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    found = steps(
        tmp_path, LD_LIBRARY_PATH=f"{home}/lib:{home}:{home.parent}:relative:", CUDA_HOME="/"
    )
    top = os.path.realpath(home)
    assert f"{top}/lib" in found
    assert not {top, str(Path(top).parent), "/"} & set(found)


def test_an_interpreter_that_does_not_start_is_told(tmp_path: Path) -> None:
    """The reason has its last words."""
    python = tmp_path / "e" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho no libpython >&2\nexit 127\n")
    python.chmod(0o755)
    with pytest.raises(EnvironmentFailed, match=r"must start; .* exit status 127: no libpython"):
        interpreter_needs(python)


def test_a_scratch_folder_behind_a_link_works(tmp_path: Path) -> None:
    """Such is the folder of temporary files on many clusters."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    ended, printed = run(tmp_path / "link", Policy(), ["-c", "open('x', 'w'); print('ok')"])
    assert (ended.status, printed) == (0, "ok\n")
    assert (tmp_path / "disk" / "scratch" / "own" / "x").exists()
