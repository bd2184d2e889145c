"""Words that mean nothing, and files that a clone has not got, are found before a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fusebench.command import main
from fusebench.contracts.files import write_stored
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.markers import SourceMarker
from fusebench.contracts.methods import Stage
from fusebench.contracts.weights import WeightEntry
from fusebench.errors import RegistryError, SourceUnavailable, StepError, WeightsMissing
from fusebench.fuse.staging import refuse_absent_archives
from fusebench.registry.documents import read_document
from fusebench.registry.loading import load_registry
from fusebench.sources.named_files import missing_files

from tests.registry.small import METHOD, RUN, SmallProject

Change = Callable[[SmallProject], None]


def told(project: SmallProject, **run: Any) -> str:
    """Return what is said of an entry with these fields of ``run``; empty where it is right."""
    project.methods["one"] = {**METHOD, "run": {**RUN, **run}}
    project.write()
    try:
        load_registry(project.root)
    except RegistryError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"compat": ["numpy-alias"]}, "unknown shim 'numpy-alias' (did you mean 'numpy-aliases'"),
        ({"compat": ["missing-modules"]}, "missing-modules needs an argument, as in"),
        ({"compat": ["module-alias:x"]}, "module-alias:x needs two names"),
        ({"collect": "{out}/{name}_{idx}.png"}, "(one.run.collect): unknown placeholder 'idx'"),
        ({"args": "--n {cnt}"}, "(one.run.args): unknown placeholder 'cnt' (did you mean 'count'"),
        (
            {"edit": {"a.py": [["n = 1", "n = {cnt}"]]}},
            "(one.run.edit.a.py): unknown placeholder 'cnt' (did you mean 'count'",
        ),
        (
            {"per_task": {"medical": {"args": "x"}}},
            "unknown task of this method 'medical'; known: infrared-visible; or add it to `tasks`",
        ),
    ],
)
def test_words_that_mean_nothing(tmp_path: Path, run: dict[str, Any], words: str) -> None:
    """The line has the place, the word and the near ones."""
    assert words in told(SmallProject(tmp_path), **run)


def test_braces_of_the_code_stay(tmp_path: Path) -> None:
    """An edit may hold braces of the code's own, and those that the text had before."""
    edits = [["f'{cnt}'", "f'{cnt}.png'"], ["x", "'{:02d}'.format(i)"], ["y", "f'{image}'"]]
    assert not told(SmallProject(tmp_path), edit={"a.py": edits})


@pytest.mark.parametrize("field", [{"env": "other"}, {"weights": [{"path": "b.pth"}]}])
def test_the_same_code_in_another_way_is_a_variant(tmp_path: Path, field: dict[str, Any]) -> None:
    """Two environments, or two files of weights, may be compared."""
    project = SmallProject(tmp_path)
    (tmp_path / "envs" / "other").mkdir(parents=True)
    project.methods["two"] = {**METHOD, **field}
    project.write()
    assert "two" in load_registry(tmp_path).methods


def test_a_year_in_quotes_is_taken(tmp_path: Path) -> None:
    """The quotes of a year change nothing."""
    project = SmallProject(tmp_path)
    project.methods["one"] = {**METHOD, "paper": {"year": "2023"}}
    project.write()
    assert load_registry(tmp_path).methods["one"].paper.year == 2023


def test_a_title_with_a_colon(tmp_path: Path) -> None:
    """The message says to put it in quotes."""
    (tmp_path / "m.yaml").write_text("one:\n  title: Net: a network\n", encoding="utf-8")
    with pytest.raises(RegistryError, match=r"in quotes, e\.g\. title:"):
        read_document(tmp_path / "m.yaml")


def clone(root: Path, *files: str) -> Path:
    """Make a folder with these files."""
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x", encoding="utf-8")
    return root


def test_files_with_near_names(tmp_path: Path) -> None:
    """A script, weights and an archive that are not there are named with those that are."""
    folder = clone(tmp_path, "Test.py", "models/model_10.pth", "data.zip")
    stage = Stage(a="a/{name}.png", b="b/{name}.png")
    run = Run(script="test.py", stage=stage, collect="{out}/{name}.png")
    weights = [WeightEntry(path="models/model_11.pth"), WeightEntry(path="gone.pth")]
    found = dict(missing_files(folder, run, weights, ["gone.pth"]))
    assert "(did you mean 'Test.py'?)" in found["run.script"]
    assert "(did you mean 'models/model_10.pth'?)" in found["weights"]
    packed = Run(script="Test.py", unpack=["images.zip"], stage=stage, collect="{out}/{name}.png")
    assert list(missing_files(folder, packed, weights, [])) == [
        (
            "run.unpack",
            "must be a file of the repository; found no 'images.zip'; its .zip files: data.zip",
        )
    ]


def test_check_looks_into_clones_at_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``fusebench check`` names the field and the file that may be meant."""
    project = SmallProject(tmp_path)
    project.write()
    key = f"lab+one@{'0' * 12}"
    clone(tmp_path / "resources/sources" / key, "Test.py")
    marker = SourceMarker(path=f"resources/sources/{key}", code=METHOD["code"], commit="0" * 40)
    write_stored(tmp_path / f"resources/sources/{key}.json", marker)
    assert main(["check", "--project", str(tmp_path)]) == 1
    assert "methods.yaml (one.run.script): must be a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("weights", "kind"), [([], SourceUnavailable), (["model.pth"], WeightsMissing)]
)
def test_an_archive_without_content(
    tmp_path: Path, weights: list[str], kind: type[StepError]
) -> None:
    """An archive that the mirror lacks is no damaged zip: the source or the weights are missing."""
    source = SourceMarker(path=str(clone(tmp_path, "other.zip")), absent=["model.zip"])
    with pytest.raises(kind, match="content is not where it was cloned"):
        refuse_absent_archives(["model.zip"], source, weights)
    with pytest.raises(kind, match=r"those are other\.zip"):
        refuse_absent_archives(["models.zip"], source, weights)
