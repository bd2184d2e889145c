"""``fusebench clean``: what nothing refers to is told and freed, and nothing else is touched."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fusebench.command import main
from fusebench.command.clean import NOT_CONFIRMED
from fusebench.command.unused import freed_bytes
from fusebench.contracts.files import write_stored
from fusebench.contracts.markers import ImageFile, KeptWeight, KeptWeights, Manifest, Pair
from fusebench.contracts.weights import BY_HAND, WeightEntry
from fusebench.environments.key import environment_key
from fusebench.folders import scratch_folder, staging_folder
from fusebench.fuse.leases import lease
from fusebench.layout import DATASETS, ENVIRONMENTS, SOURCES, WEIGHTS
from fusebench.living_runs import FILE
from fusebench.sources import source_key
from fusebench.sources.downloads import place_of

from tests.flow.projects import REPOSITORY
from tests.registry.small import METHOD, SmallProject

Printed = pytest.CaptureFixture[str]

ADDRESS = "https://example.org/w.pth"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the machine another temporary folder."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project with one thing of each kind that its registry refers to."""
    project = SmallProject(tmp_path / "project")
    project.root.mkdir()
    project.methods["one"]["weights"] = [{"path": "w.pth", "url": ADDRESS}]
    project.write()
    root, key = project.root, environment_key(REPOSITORY / "envs" / "classical", "cpu")
    put(root / SOURCES / source_key(METHOD["code"], METHOD["commit"], root), marker=True)
    put(root / ENVIRONMENTS / key, marker=True)
    put(root / DATASETS / "pairs")
    write_stored(root / DATASETS / "pairs.json", Manifest(pairs=[_pair("a" * 64)]))
    awaited = place_of(WeightEntry(path="w.pth", url=ADDRESS), "url")
    put(root / WEIGHTS / "one" / ".downloads" / awaited)
    put(root / "results" / "runs" / "old" / "pairs")
    (root / "results/previews/aa").mkdir(parents=True)
    (root / "results/previews/aa" / f"{'a' * 32}-512.webp").write_text("1")
    return root


def _pair(sha256: str) -> Pair:
    image = ImageFile(file="a/p.png", mode="gray", sha256=sha256)
    return Pair(name="p", size=(1, 1), a=image, b=image)


def put(folder: Path, *, marker: bool = False) -> list[Path]:
    """Make a folder with a file, and the marker beside it."""
    folder.mkdir(parents=True)
    (folder / "file").write_text("1" * 5000)
    if marker:
        folder.with_name(f"{folder.name}.json").write_text("{}")
    return [folder, *([folder.with_name(f"{folder.name}.json")] if marker else [])]


def killed_in(code: str) -> None:
    """Run a block in a process that kills itself inside of it."""
    program = f"import os; from pathlib import Path; from fusebench.folders import *\n{code}\n"
    program += "    (stage / 'half').write_text('1')\n    os.kill(os.getpid(), 9)\n"
    subprocess.run([sys.executable, "-c", program], check=False)


def _staging(root: Path) -> list[Path]:
    final = root / SOURCES / "new"
    killed_in(f"with staging_folder(Path({str(final)!r})) as stage:")
    return [path for path in (root / SOURCES / ".staging").iterdir() if path.suffix != ".building"]


def _scratch(root: Path) -> list[Path]:
    killed_in("with scratch_folder() as stage:")
    return list(Path(os.environ["TMPDIR"], f"fusebench-{os.getuid()}").iterdir())


def _preview(root: Path, name: str) -> list[Path]:
    path = root / "results/previews/bb" / name
    path.parent.mkdir()
    path.write_text("1")
    return [path]


def _half(root: Path) -> list[Path]:
    path = root / "results" / ".measures.csv.0123456789abcdef"
    path.write_text("1")
    return [path]


LEFT: dict[str, Callable[[Path], list[Path]]] = {
    "trial of `fusebench try`": lambda root: put(root / "results" / "try" / "one"),
    "clone of no method": lambda root: put(root / SOURCES / "lab+old@111111111111", marker=True),
    "environment of no lock": lambda root: put(root / ENVIRONMENTS / ("0" * 16), marker=True),
    "images of no dataset": lambda root: put(root / DATASETS / "old", marker=True),
    "images of no self-check": lambda root: put(
        root / "resources/committed/one/committed", marker=True
    ),
    "weights of no method": lambda root: put(root / WEIGHTS / "old", marker=True),
    "download that is done with": lambda root: put(root / WEIGHTS / "one/.downloads/0123"),
    "previews of images that are gone": lambda root: _preview(root, f"{'b' * 32}-512.webp"),
    "previews of images": lambda root: _preview(root, f"{'a' * 32}-64.webp"),
    "left-over staging folder": _staging,
    "scratch folder of a killed job": _scratch,
    "files that a killed job wrote by half": _half,
}


def tree(root: Path) -> set[Path]:
    """Return all paths below a project, without the file that runs hold."""
    return {path for path in root.rglob("*") if path.name not in (FILE.name, ".snakemake")}


def clean(root: Path, *options: str) -> int:
    """Run the command."""
    return main(["clean", "--project", str(root), *options])


def test_what_the_registry_refers_to_is_no_waste(root: Path, capsys: Printed) -> None:
    """Neither is a result, of whatever method; the status is 0."""
    before = tree(root)
    assert clean(root, "--yes") == 0
    assert capsys.readouterr().out == "Nothing is unused.\n"
    assert tree(root) == before


@pytest.mark.parametrize("kind", LEFT)
def test_each_kind_is_told_with_its_size_and_freed(kind: str, root: Path, capsys: Printed) -> None:
    """--dry-run only tells; --yes removes exactly what was told."""
    before = tree(root)
    left = LEFT[kind](root)
    assert clean(root, "--dry-run") == 0
    assert all(path.exists() for path in left)
    told = capsys.readouterr().out
    assert kind in told and "MB  in all" in told
    assert clean(root, "--yes") == 0
    assert "1 removed" in capsys.readouterr().out
    assert not any(path.exists() for path in left)
    made = {path for path in tree(root) - before if ".staging" not in path.parts}
    assert {path for path in made if not path.is_dir()} == set() and before <= tree(root)


def test_nothing_is_removed_unless_somebody_says_yes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal nobody can be asked: the status is 3, as after a no."""
    folder, _ = put(root / SOURCES / "lab+old@111111111111", marker=True)
    assert clean(root) == NOT_CONFIRMED
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, status in (("", 3), ("no", 3), ("y", 0)):
        monkeypatch.setattr("builtins.input", lambda _, answer=answer: answer)
        assert clean(root) == status
        assert folder.exists() == bool(status)


def test_what_is_being_made_stays(root: Path, capsys: Printed) -> None:
    """A staging or scratch folder of a process that lives is in use."""
    with staging_folder(root / SOURCES / "new") as stage, scratch_folder() as scratch:
        assert clean(root, "--yes") == 0
        assert stage.exists() and scratch.exists()
    assert capsys.readouterr().out == "Nothing is unused.\n"


def _living_run(root: Path) -> Callable[[], object]:
    (root / FILE).parent.mkdir(exist_ok=True)
    stream = (root / FILE).open("w")
    fcntl.flock(stream, fcntl.LOCK_SH)
    return stream.close


def _leased_run(root: Path) -> Callable[[], object]:
    held = lease(root / "results/runs/one/pairs", "a run")
    held.__enter__()
    return lambda: held.__exit__(None, None, None)


@pytest.mark.parametrize("begin", [_living_run, _leased_run])
def test_nothing_is_removed_while_a_run_goes_on(
    begin: Callable[[Path], Callable[[], object]], root: Path, capsys: Printed
) -> None:
    """Neither while Snakemake lives nor while a job holds a cell; the status is 1."""
    folder, _ = put(root / SOURCES / "lab+old@111111111111", marker=True)
    end = begin(root)
    assert clean(root, "--yes") == 1
    assert "wait until it has ended" in capsys.readouterr().err
    assert folder.exists()
    end()
    assert clean(root, "--yes") == 0 and not folder.exists()


def test_nothing_is_removed_where_the_registry_is_wrong(root: Path, capsys: Printed) -> None:
    """What it refers to is not known; the status is 1."""
    folder, _ = put(root / SOURCES / "lab+old@111111111111", marker=True)
    (root / "methods.yaml").write_text("one: {")
    assert clean(root, "--yes") == 1
    assert "methods.yaml" in capsys.readouterr().err and folder.exists()


def test_weights_that_a_person_put_there_stay(root: Path) -> None:
    """They cannot be fetched again."""
    folder, _ = put(root / WEIGHTS / "old", marker=True)
    by_hand = KeptWeight(sha256="1", source=BY_HAND, stat=[])
    write_stored(folder / ".files.json", KeptWeights(files={"file": by_hand}))
    assert clean(root, "--yes") == 0 and folder.exists()


def test_what_lies_behind_a_link_stays(root: Path, tmp_path: Path) -> None:
    """Several projects may share a folder of environments by a link."""
    (root / ENVIRONMENTS).rename(tmp_path / "shared")
    (root / ENVIRONMENTS).symlink_to(tmp_path / "shared")
    folder, _ = put(tmp_path / "shared" / ("0" * 16), marker=True)
    assert clean(root, "--yes") == 0 and folder.exists()


def test_only_what_becomes_free_is_counted(tmp_path: Path) -> None:
    """A file with a further name elsewhere frees nothing; one with both names here counts once."""
    folder, _ = put(tmp_path / "env", marker=True)
    (folder / "marker").unlink(missing_ok=True)
    alone = freed_bytes([folder])
    (folder / "again").hardlink_to(folder / "file")
    assert freed_bytes([folder]) == alone > 0
    (tmp_path / "cache").hardlink_to(folder / "file")
    assert freed_bytes([folder]) == 0
