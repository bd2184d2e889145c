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


PATHLIB = """
import argparse, pathlib, cv2, torch
from tqdm import tqdm
class Fuse:
    def __call__(self, ir, vi, dst):
        kept = [x for x in ir.glob('*') if x.suffix in ['.bmp', '.png']]
        for a, b in tqdm(zip(kept, [x for x in vi.glob('*')])):
            self._save(dst / a.name, self._read(a) + self._read(b))
    @staticmethod
    def _read(path):
        return cv2.imread(str(path))
    @staticmethod
    def _save(path, image):
        cv2.imwrite(str(path), image)
parser = argparse.ArgumentParser()
parser.add_argument('--ir', default='../data/ir')
parser.add_argument('--vi', default='../data/vi')
parser.add_argument('--dst', default='../runs')
args = parser.parse_args()
Fuse()(pathlib.Path(args.ir), pathlib.Path(args.vi), pathlib.Path(args.dst))
"""


def test_globs_of_a_path_and_static_methods(tmp_path: Path) -> None:
    """``path.glob`` lists that path, and a static method takes no object."""
    script = script_of(tmp_path, {"archive/fuse.py": PATHLIB})
    assert places(script) == ("data/ir/{name}.png", "data/vi/{name}.png", "runs/{name}.png")


CHECKPOINT = """
import os, glob, scipy.misc
import tensorflow as tf
def listed(folder):
    folder = os.path.join(os.sep, (os.path.join(os.getcwd(), folder)))
    found = glob.glob(os.path.join(folder, "*.jpg"))
    found.extend(glob.glob(os.path.join(folder, "*.bmp")))
    found.sort(key=lambda x: int(x[len(folder)+1:-4]))
    return found
for epoch in range(19, 20):
    reader = tf.train.NewCheckpointReader('./checkpoint/net-' + str(epoch))
    near, far = listed('ir'), listed('vi')
    for i in range(len(near)):
        result = reader.run(scipy.misc.imread(near[i]), scipy.misc.imread(far[i]))
        path = os.path.join(os.getcwd(), 'result', 'epoch' + str(epoch))
        if i < 9:
            path = os.path.join(path, 'F0' + str(i + 1) + '.bmp')
        else:
            path = os.path.join(path, 'F' + str(i + 1) + '.bmp')
        scipy.misc.imsave(path, result)
"""


def test_a_checkpoint_of_tensorflow(tmp_path: Path) -> None:
    """Its files are weights, images without loss are preferred, one epoch is no count of pairs.

    Branches of which one runs do not see each other's names, and files that are sorted by their
    numbers get numbers.
    """
    files = {f"checkpoint/net-19.{part}": "x" for part in ("index", "meta")}
    jpeg = {"ir/1.jpg": "x", "vi/1.jpg": "x"}
    script = script_of(tmp_path, {"test.py": CHECKPOINT, **files, **jpeg})
    assert places(script) == ("ir/{index}.bmp", "vi/{index}.bmp", "result/epoch19/F{index:02d}.bmp")
    assert script.loads == ["checkpoint/net-19.index", "checkpoint/net-19.meta"]


SWITCH = """
import argparse, os, cv2
parser = argparse.ArgumentParser()
parser.add_argument('--test_only', action='store_true')
parser.add_argument('--phase', default='train')
args = parser.parse_args()
if args.test_only and args.phase == 'test':
    for name in os.listdir('test/ir'):
        cv2.imwrite('out/' + name, cv2.imread('test/ir/' + name) + cv2.imread('test/vi/' + name))
else:
    for name in os.listdir('train/ir'):
        cv2.imread('train/ir/' + name) + cv2.imread('train/vi/' + name)
"""


def test_a_script_that_trains_unless_it_is_told(tmp_path: Path) -> None:
    """The switch and the option that make it test are given."""
    script = script_of(tmp_path, {"main.py": SWITCH})
    assert script.given == {"test_only": "", "phase": "test"}
    assert places(script) == ("test/ir/{name}.png", "test/vi/{name}.png", "out/{name}.png")


SUBFOLDERS = """
import os
from PIL import Image
class Pairs:
    def __init__(self, folder):
        for inner in os.listdir(folder):
            path = os.path.join(folder, inner)
            if inner == 'Inf':
                self.ir = path
            else:
                self.vi = path
        self.names = os.listdir(self.ir)
    def __getitem__(self, i):
        name = self.names[i]
        return Image.open(os.path.join(self.ir, name)), Image.open(os.path.join(self.vi, name))
Pairs('test_data')
"""


def test_sides_in_the_subfolders_of_a_listed_folder(tmp_path: Path) -> None:
    """The committed images tell which subfolder is whose."""
    samples = {f"test_data/{side}/05.bmp": "x" for side in ("Inf", "Vis")}
    script = script_of(tmp_path, {"test.py": SUBFOLDERS, **samples})
    assert places(script)[:2] == ("test_data/Inf/{name}.bmp", "test_data/Vis/{name}.bmp")


def test_one_place_is_not_both_sides(tmp_path: Path) -> None:
    """Where A and B would be one file, B was not seen: such an entry is refused."""
    code = "import cv2, os\nfor name in os.listdir('in'):\n"
    code += "    ir = cv2.imread('in/' + name)\n    vi = cv2.imread(('in/') + name)\n"
    assert places(script_of(tmp_path, {"test.py": code}))[1] == ""


ZEROS = """
import os, cv2
from os import listdir
def fuse(ir, vi, index, folder):
    fused = cv2.imread(ir) + cv2.imread(vi)
    if index <= 9:
        cv2.imwrite(folder + '/net_100' + str(index) + '.png', fused)
    else:
        cv2.imwrite(folder + '/net_10' + str(index) + '.png', fused)
ir_paths = [os.path.join('images/ir', name) for name in listdir('images/ir')]
vi_paths = [os.path.join('images/vi', name) for name in listdir('images/vi')]
for i in range(25):
    index = 1 + i
    fuse(ir_paths[i], vi_paths[i], index, 'out')
"""


def test_zeros_before_small_numbers(tmp_path: Path) -> None:
    """Two ways to write a result are one number with its zeros; a list has all pairs."""
    script = script_of(tmp_path, {"test.py": ZEROS})
    assert places(script)[2] == "out/net_10{index:02d}.png"
    assert script.edits == {"test.py": [("in range(25)", "in range({count})")]}
    from_0 = script_of(tmp_path, {"test.py": ZEROS.replace("1 + i", "i").replace("100'", "0'")})
    assert from_0.counts_from_0


def test_a_result_keeps_its_suffix(tmp_path: Path) -> None:
    """The committed results may be of another kind than those that the script writes."""
    code = CHECKPOINT.replace("'.bmp'", "'.png'")
    script = script_of(tmp_path, {"test.py": code, "result/epoch19/F01.bmp": "x"})
    assert places(script)[2] == "result/epoch19/F{index:02d}.png"
