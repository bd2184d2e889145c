"""Where a script reads and writes, read from its code: the ways that published scripts have."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.authoring.scripts import Script, read_scripts, third_party
from fusebench.authoring.tree import Tree

from tests.flow import test_wiring as ways

IVIF = ("infrared", "visible")


def script_of(folder: Path, files: dict[str, str]) -> Script:
    """Return the most likely script of a repository with these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return read_scripts(Tree(folder), IVIF)[0]


def places(script: Script) -> tuple[str, ...]:
    """Return the patterns of A, B and the results; empty for one that was not seen."""
    return tuple(one.pattern if one else "" for one in (script.a, script.b, script.collect))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            ways.HARD_CODED,
            ("input/infrared/{name}.jpg", "input/visible/{name}.jpg", "output/ours/{name}.jpg"),
        ),
        (ways.NUMBERED, ("test/IR{index}.png", "test/VIS{index}.png", "results/{index}.png")),
        (
            ways.LISTING,
            ("data/ir/{name}.png", "data/vi/{name}.png", "out_{index:03d}.bmp"),
        ),
        (
            ways.BACKSLASHES,
            ("data/ir/{name}.png", "data/vis/{name}.png", "results/{name}.png"),
        ),
    ],
)
def test_the_ways_of_published_scripts(
    tmp_path: Path, code: str, expected: tuple[str, ...]
) -> None:
    """Globs, numbers, listings and Windows' paths become patterns of an entry."""
    assert places(script_of(tmp_path, {"test.py": code})) == expected


def test_required_options_are_given(tmp_path: Path) -> None:
    """Options without a default get folders of their own; a result folder is ``{out}``."""
    script = script_of(tmp_path, {"test.py": ways.ARGPARSE})
    assert script.given == {"ir": "in/a", "vis": "in/b", "out": "{out}"}
    assert places(script) == ("in/a/{name}.png", "in/b/{name}.png", "{out}/{name}.png")


DATASET = """
import os, cv2
from torch.utils.data import Dataset
class Pairs(Dataset):
    def __init__(self, root):
        self.root = root
        self.names = sorted(os.listdir(os.path.join(root, 'ir')))
    def __getitem__(self, i):
        name = self.names[i]
        return cv2.imread(f'{self.root}/ir/{name}'), cv2.imread(f'{self.root}/vi/{name}'), name
"""
LOADER = """
import argparse, torch
from data.pairs import Pairs
from tools import store
parser = argparse.ArgumentParser()
parser.add_argument('--data', default='./test_img/TNO')
parser.add_argument('--ckpt', default='models/net.pth')
args = parser.parse_args()
net = torch.load(args.ckpt)
for ir, vi, name in torch.utils.data.DataLoader(Pairs(args.data)):
    store(net(ir, vi), name[0], 'results/TNO')
"""
TOOLS = """
import os
from skimage.io import imsave
def store(image, name, folder):
    imsave(os.path.join(folder, '{}.png'.format(name)), image)
"""


def test_other_files_are_followed(tmp_path: Path) -> None:
    """Classes of data sets, helpers in other files and defaults of options are followed."""
    files = {"test.py": LOADER, "data/pairs.py": DATASET, "tools.py": TOOLS, "train.py": LOADER}
    script = script_of(tmp_path, files)
    assert script.path == "test.py"
    assert places(script) == (
        *("test_img/TNO/ir/{name}.png", "test_img/TNO/vi/{name}.png"),
        "results/TNO/{name}.png",
    )
    assert script.loads == ["models/net.pth"]
    assert set(third_party(script)) == {"cv2", "torch", "skimage"}


def test_a_script_in_a_folder_starts_there(tmp_path: Path) -> None:
    """Paths begin in the folder of the script where its files lie there."""
    (tmp_path / "code/models").mkdir(parents=True)
    (tmp_path / "code/models/net.pth").write_bytes(b"x")
    files = {"code/test.py": LOADER, "code/data/pairs.py": DATASET, "code/tools.py": TOOLS}
    script = script_of(tmp_path, files)
    assert (script.cwd, script.loads) == ("code", ["code/models/net.pth"])
    assert places(script)[0] == "code/test_img/TNO/ir/{name}.png"


BLANK = """
import os, cv2, torch
model_path = " "
ir_dir = ""
vi_dir = ""
save_dir = ""
net = torch.load(model_path)
for name in os.listdir(ir_dir):
    a, b = cv2.imread(os.path.join(ir_dir, name)), cv2.imread(os.path.join(vi_dir, name))
    cv2.imwrite(os.path.join(save_dir, name), net(a, b))
"""


def test_blank_constants_are_filled_in(tmp_path: Path) -> None:
    """What the authors left to the user becomes an edit, the weights by their name."""
    (tmp_path / "model.pth").write_bytes(b"x")
    script = script_of(tmp_path, {"test.py": BLANK})
    assert script.edits["test.py"] == [
        ('model_path = " "', 'model_path = "model.pth"'),
        ('ir_dir = ""', 'ir_dir = "in/ir_dir/"'),
        ('vi_dir = ""', 'vi_dir = "in/vi_dir/"'),
        ('save_dir = ""', 'save_dir = "{out}/"'),
    ]
    assert places(script) == (
        *("in/ir_dir/{name}.png", "in/vi_dir/{name}.png", "{out}/{name}.png"),
    )


def test_a_path_of_the_authors_machine_is_replaced(tmp_path: Path) -> None:
    """A path that exists nowhere else becomes an edit; a part of a path stays."""
    code = BLANK.replace('ir_dir = ""', "ir_dir = r'D:\\Images\\ir/'")
    script = script_of(tmp_path, {"test.py": code})
    assert ("r'D:\\Images\\ir/'", '"in/2/"') in script.edits["test.py"]


FIXED = """
import imageio
from PIL import Image
for num in range(1):
    a, b = Image.open('./images/IR_002.bmp'), Image.open('./images/VIS_002.bmp')
    imageio.imwrite('./result/{}.bmp'.format(num), a)
"""


def test_a_script_for_one_pair(tmp_path: Path) -> None:
    """A script that reads two fixed files handles one pair in each process."""
    script = script_of(tmp_path, {"test.py": FIXED})
    assert script.is_single and script.counts_from_0
    assert places(script) == ("images/IR_002.bmp", "images/VIS_002.bmp", "result/{index}.bmp")


def test_a_renamed_module(tmp_path: Path) -> None:
    """An import of a file that has another name gets an alias of the file that defines it."""
    code = "from nets.old import Net\n" + ways.HARD_CODED
    files = {"test.py": code, "nets/new.py": "class Net: pass\n", "nets/other.py": "x = 1\n"}
    assert script_of(tmp_path, files).aliases == {"nets.old": "nets.new"}


def test_code_that_cannot_be_followed_ends(tmp_path: Path) -> None:
    """Recursion, code of Python 2 and endless loops are no reason to fail or to hang."""
    loops = "def f(n):\n    return f(n + 1)\nf(0)\nwhile True:\n    x = 1\n"
    files = {"test.py": loops + ways.HARD_CODED, "old_test.py": "print 'x'\nimread('a')\n"}
    assert places(script_of(tmp_path, files))[0] == "input/infrared/{name}.jpg"
