"""What a failed run proposes for the entry, from the files that it asked for and wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.authoring.proposals import proposals, proposed_path, told
from fusebench.authoring.roles import role_of
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.methods import Stage
from fusebench.contracts.records import FilesSeen

IVIF = ("infrared", "visible")
RUN = Run(
    script="test.py",
    stage=Stage(a="in/a/{name}.png", b="in/b/{name}.png"),
    collect="out/{name}.png",
)


def proposed(**seen: list[str]) -> list[str]:
    """Return the proposals for files that were seen, as they stand in an entry."""
    return [str(one) for one in proposals(FilesSeen(**seen), ["p1", "p2"], RUN, IVIF)]


def test_missing_images_propose_stage() -> None:
    """Images that were looked for in vain give the pattern, with the name of the pair."""
    assert proposed(missing=["test/ir/p1.bmp", "test/vi/p1.bmp"]) == [
        'run.stage.a: "test/ir/{name}.bmp"',
        'run.stage.b: "test/vi/{name}.bmp"',
    ]


def test_numbers_propose_an_index() -> None:
    """A number within those of the pairs stands for the index, with its leading zeros."""
    assert proposed(missing=["IR_1.png"], written=["results/002.png"]) == [
        'run.stage.a: "IR_{index}.png"',
        'run.collect: "results/{index:03d}.png"',
    ]


def test_missing_folders_propose_stage() -> None:
    """A folder that was listed in vain is where the images belong."""
    assert proposed(missing=["Datasets/visible"]) == ['run.stage.b: "Datasets/visible/{name}.png"']


def test_written_images_propose_collect() -> None:
    """An image that was written to the folder of results keeps its prefix."""
    both = ["../out/TNO/fused_p1.png", "../out/TNO/fused_p2.png"]
    assert proposed(written=both[:1]) == ['run.collect: "{out}/TNO/fused_{name}.png"']
    assert proposed(written=both) == ['run.collect: "{out}/TNO/fused_{name}.png"']
    numbered = ["net2_1001.png", "net2_1002.png"]
    assert proposed(written=numbered) == ['run.collect: "net2_1{index:03d}.png"']


def test_what_belongs_to_no_pair_proposes_nothing() -> None:
    """Weights, logs and foreign images say nothing, and neither does what is right already."""
    assert not proposed(missing=["w.pth", "photo.png"], written=["log.txt", "out/p1.png"])


def test_what_was_seen_is_told() -> None:
    """Long lists are cut."""
    lines = list(told(FilesSeen(missing=[str(i) for i in range(9)], listed=["."])))
    assert lines == ["it looked in vain for 0, 1, 2, 3 and 5 more"]


@pytest.mark.parametrize(
    ("path", "side"),
    [
        ("test_img/TNO/ir/*.png", "a"),
        ("Datasets/IR-VI/vi/1.png", "b"),
        ("VIS3.png", "b"),
        ("IR12.bmp", "a"),
        ("--visPath", "b"),
        ("test/1.png", ""),
    ],
)
def test_the_role_of_a_path(path: str, side: str) -> None:
    """The last word that belongs to one side alone tells which source image it is."""
    assert role_of(path, IVIF) == side


def test_caches_in_the_home_tell_nothing() -> None:
    """Libraries look for their caches in an empty home: that is no file of the script."""
    home = "../home/.cache/matplotlib/fontlist.json"
    assert list(told(FilesSeen(missing=[home], written=[home, "out/a.png"]))) == [
        "it wrote out/a.png"
    ]


def test_a_module_of_the_repository_is_looked_for(tmp_path: Path) -> None:
    """Its folder is proposed, seen from where the script starts; another's module has none."""
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "model.py").write_text("", encoding="utf-8")
    reason = "ModuleNotFoundError: No module named 'archive.model'"
    found = proposed_path(reason, tmp_path, "archive")
    assert str(found) == 'run.environ.PYTHONPATH: ".."'
    assert proposed_path("No module named 'timm'", tmp_path, ".") is None
    assert proposed_path("killed", tmp_path, ".") is None
