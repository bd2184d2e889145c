"""Drafts of entries: facts of a repository, its environment, self-check, and what cannot be had."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from fusebench.authoring.checkpoints import foreign_classes
from fusebench.authoring.cloning import repository_address
from fusebench.authoring.drafting import draft, problem_of
from fusebench.authoring.environments import choose
from fusebench.authoring.facts import declared_versions, licence_of, task_of, title_of
from fusebench.authoring.matlab import read_matlab
from fusebench.authoring.paper_lists import repositories_in, without_known
from fusebench.authoring.samples import selfcheck_of
from fusebench.authoring.tree import Tree
from fusebench.authoring.writing import checked_text
from fusebench.errors import NothingToDraft

from tests.flow.projects import REPOSITORY

README = """# FooFuse
Infrared and visible image fusion, with Python 3.8 and PyTorch 1.10.1.
Weights: https://drive.google.com/file/d/abc123/view.
```
@article{foo2024, title={{FooFuse}: Fusing Foo}, author={Foo, A and Bar, B}, journal={TIP},
 year={2024}}
```
"""
SCRIPT = """
import os, cv2, torch, thop_of_mine
net = torch.load('model/net.pth')
for name in os.listdir('test/ir'):
    a, b = cv2.imread('test/ir/' + name), cv2.imread('test/vi/' + name)
    cv2.imwrite('results/' + name, net(a, b))
"""


def repository(folder: Path, files: dict[str, str | bytes]) -> Tree:
    """Write the files of a repository."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    return Tree(folder)


def test_a_draft_is_a_valid_entry_with_its_reasons(tmp_path: Path) -> None:
    """Every field that was read has the line that says so, and what is unsure is marked."""
    files: dict[str, str | bytes] = {
        **{"README.md": README, "test.py": SCRIPT, "model/net.pth": b"x"},
        "LICENSE": "Permission is hereby granted, free of charge, to any person",
        **dict.fromkeys(("test/ir/s1.bmp", "test/vi/s1.bmp", "results/s1.bmp"), b"x"),
    }
    made = draft(repository(tmp_path, files), "https://github.com/x/FooFuse", "a" * 40, REPOSITORY)
    text = checked_text(made)
    entry = yaml.safe_load(text)["foofuse"]
    assert entry["title"] == "FooFuse: Fusing Foo" and entry["paper"]["year"] == 2024
    assert (entry["tasks"], entry["licence"]) == (["infrared-visible"], "MIT")
    assert entry["declares"] == {"python": "3.8", "torch": "1.10.1"}
    assert entry["weights"] == [{"path": "model/net.pth"}]
    assert entry["run"]["stage"] == {"a": "test/ir/{name}.bmp", "b": "test/vi/{name}.bmp"}
    assert entry["run"]["compat"] == ["missing-modules:thop_of_mine"]
    assert entry["selfcheck"]["expect"] == "results/{name}.bmp"
    assert entry["links"] == ["https://drive.google.com/file/d/abc123/view"]
    assert "# env: UNSURE" in text and "# a: test.py:5" in text


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    """The near file of the repository is named, and where README offers weights."""
    tree = repository(tmp_path, {"README.md": README, "test.py": SCRIPT, "model/net2.pth": b"x"})
    made = draft(tree, "https://github.com/x/y", "a" * 40, REPOSITORY)
    line = next(line for line in made.lines if line.key == "weights")
    assert not line.is_sure and "'net2.pth'" in line.why
    assert line.value[0]["page"].startswith("https://drive.google.com")


def test_weights_in_an_archive(tmp_path: Path) -> None:
    """An archive of the repository that holds the weights is unpacked."""
    tree = repository(tmp_path, {"README.md": README, "test.py": SCRIPT})
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("model/net.pth", b"x")
    made = draft(tree, "https://github.com/x/y", "a" * 40, REPOSITORY)
    assert made.value("run.unpack") == ["model.zip"]


def test_the_environment_that_has_what_is_imported() -> None:
    """torch-2 serves most; a package of its own, and TensorFlow, lead to another one."""
    assert choose(REPOSITORY, {"torch": "", "cv2": "", "skimage": ""}, "").env == "torch-2"
    assert choose(REPOSITORY, {"torch": "", "monai": ""}, "").env == "torch-2-monai"
    assert choose(REPOSITORY, {"tensorflow": ""}, "tf.placeholder").env == "tensorflow-1"
    assert dict(choose(REPOSITORY, {"torch": "", "nowhere": "a.py:1"}, "").missing) == {
        "nowhere": "a.py:1"
    }


class Net:
    """A class that a checkpoint may hold."""


def test_a_pickled_model_is_seen_without_loading_it(tmp_path: Path) -> None:
    """A checkpoint that holds classes beside tensors needs ``torch-load-pickle``."""
    (tmp_path / "whole.pth").write_bytes(pickle.dumps(Net(), protocol=2))
    (tmp_path / "state.pth").write_bytes(pickle.dumps({"weight": [1.0]}, protocol=2))
    (tmp_path / "damaged.pth").write_bytes(b"PK\x03\x04nothing")
    found = [foreign_classes(tmp_path / f"{name}.pth") for name in ("whole", "state", "damaged")]
    assert [bool(one) for one in found] == [True, False, False]


def test_the_committed_images(tmp_path: Path) -> None:
    """Outputs are found by the names of the inputs, with what stands around them."""
    names = ("ir/x.png", "vi/x.png", "results/ours_x.jpg", "figures/x.png")
    tree = repository(tmp_path, dict.fromkeys(names, b"x"))
    found = selfcheck_of(tree, "ir/{name}.png", "vi/{name}.png", "out/{name}.png")
    assert found == {
        "inputs": {"a": "ir/{name}.png", "b": "vi/{name}.png"},
        **{"expect": "results/ours_{name}.jpg", "pairs": ["x"]},
    }
    assert selfcheck_of(tree, "in/{name}.png", "vi/{name}.png", "") is None


def test_the_committed_images_of_a_script_that_counts(tmp_path: Path) -> None:
    """Numbers are pairs in their order where outputs have them, too; else nothing is compared."""
    files = [f"{side}{number}.png" for side in ("IR", "VIS", "out/") for number in (1, 2, 10)]
    tree = repository(tmp_path, dict.fromkeys(files, b"x"))
    found = selfcheck_of(tree, "IR{index}.png", "VIS{index}.png", "out/{index}.png")
    assert found and found["pairs"] == ["1", "2", "10"] and "run" not in found
    assert selfcheck_of(tree, "IR{index}.png", "VIS{index}.png", "{out}/{index}.png") is None


def test_facts(tmp_path: Path) -> None:
    """The task that is spoken of most comes first; no LICENSE is ``none``."""
    tree = repository(tmp_path, {"README.md": "# Net\nMedical image fusion of MRI, PET and SPECT"})
    assert [task.value for task in task_of(tree)] == ["medical"]
    assert (licence_of(tree).value, title_of(tree, "Net").value) == ("none", "Net")
    assert declared_versions(tree) == {}


@pytest.mark.parametrize(
    ("readme", "title"),
    [
        ('# Net\n\nA. B.\n**"Fusing One and the Other"**, 2022\n## Milestones of it', "Fusing One"),
        ("# Net\nNet: A Model for Fusion\n## Visualization of all results", "Net: A Model"),
        ("# Net: A Model for Fusion\ntext", "Net: A Model for Fusion"),
        ("# Net\n## Experimental results display\n", "Net"),
    ],
)
def test_the_title_is_no_heading_of_a_section(tmp_path: Path, readme: str, title: str) -> None:
    """It is the first heading, a quoted text, or a line that begins with the name."""
    assert title_of(repository(tmp_path, {"README.md": readme}), "Net").value.startswith(title)


def test_the_version_of_another_package_is_not_python_s(tmp_path: Path) -> None:
    """``opencv-python==4.5.5`` names no Python."""
    tree = repository(tmp_path, {"requirements.txt": "opencv-python==4.5.5\ntorch==1.9.0"})
    assert declared_versions(tree) == {"torch": "1.9.0"}


def test_a_checkpoint_with_a_scalar_of_numpy(tmp_path: Path) -> None:
    """Torch does not load numpy's own objects by itself, as it does tensors and dicts."""
    path = tmp_path / "net.pth"
    path.write_bytes(pickle.dumps({"epoch": np.float64(3)}))
    assert any("numpy" in name for name in foreign_classes(path))
    path.write_bytes(pickle.dumps({"epoch": 3}))
    assert foreign_classes(path) == []


def test_a_module_at_the_top_of_the_repository(tmp_path: Path) -> None:
    """A script in a folder that imports from the top is given the top as PYTHONPATH."""
    files: dict[str, str | bytes] = {
        "README.md": "Infrared and visible",
        "archive/test.py": f"from tools.net import Net\n{SCRIPT}",
        "tools/net.py": "class Net: pass",
        "archive/model/net.pth": b"x",
    }
    made = draft(repository(tmp_path, files), "https://github.com/x/y", "a" * 40, REPOSITORY)
    assert made.value("run.environ") == {"PYTHONPATH": ".."}
    (tmp_path / "archive" / "tools").mkdir()
    (tmp_path / "archive" / "tools" / "net.py").write_text("class Net: pass", encoding="utf-8")
    again = draft(Tree(tmp_path), "https://github.com/x/y", "a" * 40, REPOSITORY)
    assert again.value("run.environ") is None


def test_a_file_of_a_checkpoint_that_was_not_cloned(tmp_path: Path) -> None:
    """It is one of the weights: without it the script ends with an error of its own."""
    code = "import cv2, tensorflow as tf\ntf.train.NewCheckpointReader('net-3')\n" + SCRIPT
    files: dict[str, str | bytes] = {"README.md": "Infrared", "test.py": code, "net-3.index": b"x"}
    repository(tmp_path, files)
    tree = Tree(tmp_path, ("net-3.data-00000-of-00001",))
    made = draft(tree, "https://github.com/x/y", "a" * 40, REPOSITORY)
    named = [one["path"] for one in made.value("weights")]
    assert named[:2] == ["net-3.data-00000-of-00001", "net-3.index"]


def test_the_script_in_the_folder_of_the_task(tmp_path: Path) -> None:
    """Of equal scripts for several tasks the one in the folder of the first task is taken."""
    script = SCRIPT.replace("thop_of_mine", "numpy")
    files: dict[str, str | bytes] = {f"{folder}/test.py": script for folder in ("A_B", "Medical")}
    tree = repository(tmp_path, {"README.md": "Medical image fusion of MRI and PET", **files})
    made = draft(tree, "https://github.com/x/y", "a" * 40, REPOSITORY)
    assert made.value("run.script") == "Medical/test.py"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (["demo.ipynb"], "notebooks alone (demo.ipynb): export one"),
        (["README.md"], "no Python and no MATLAB code; found README.md"),
        (["net.py"], "none of 1 files of code, first net.py, was seen to read two images"),
        (["fuse.p", "README.md"], "compiled or encrypted"),
        ([], "found nothing"),
    ],
)
def test_why_nothing_can_be_run(tmp_path: Path, files: list[str], told: str) -> None:
    """The reason says what was found and what to do."""
    assert told in problem_of(repository(tmp_path, dict.fromkeys(files, "x = 1")))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://github.com/a/b/tree/main/code", "a link to a folder or a branch of it: take"),
        ("https://github.com/a/b/pull/3", "a link to a pull request: take https://github.com/a/b"),
        (
            f"https://github.com/a/b/commit/{'a' * 40}",
            f"take https://github.com/a/b --commit {'a'}",
        ),
        ("https://github.com/a", "a page of a user or of the site"),
    ],
)
def test_addresses_inside_a_repository(url: str, told: str) -> None:
    """The message has the address to take instead."""
    with pytest.raises(NothingToDraft, match=r"must be the address of a repository") as refused:
        repository_address(url)
    assert told in str(refused.value)


MATLAB = """
% A = imread('old.png');
A = imread('images/IR.png');
B = imread('images/VIS.png');
imwrite(F, 'fused.png');
"""


def test_matlab_code(tmp_path: Path) -> None:
    """A script with fixed files is edited; a function of VIFB's interface is called."""
    tree = repository(
        tmp_path,
        {"main.m": MATLAB, "m/run_ADF.m": "function img = run_ADF(visible, infrared, save)\n"},
    )
    script, function = read_matlab(tree, ("infrared", "visible"))
    assert (script.path, script.a) == ("main.m", "in/a.png")
    assert script.edit["main.m"][0] == ["'images/IR.png'", "'in/a.png'"]
    assert (function.kind, function.cwd) == ("function", "m")


def test_lists_of_papers() -> None:
    """Rows and bullets are read; lists of lists, plain text and known entries are left out."""
    text = """
See https://github.com/plain/text
| Title | Code |
|---|---|
| A | [code](https://github.com/a/one) |
| B | [Code](https://github.com/b/two.git) [again](https://github.com/a/one) |
- C https://github.com/c/three/tree/main
- https://github.com/d/awesome-fusion
"""
    found = repositories_in(text)
    assert found == [f"https://github.com/{name}" for name in ("a/one", "b/two", "c/three")]
    assert without_known(found, ["https://github.com/A/One.git"]) == found[1:]
