"""Shims give old code the names that libraries dropped, with their old meaning."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys

import pytest

from tests.harness.conftest import HARNESS, Stage


def test_numpy_aliases(stage: Stage) -> None:
    """np.float and the like are Python's types, and renamed functions are their successors.

    Each use is counted.
    """
    stage.write(
        "script.py",
        "import numpy as np\nassert np.float is float and np.int is int and np.object is object\n"
        "assert np.zeros(2, dtype=np.float).dtype == np.float64\n"
        "assert (np.mat('1, 2; 3, 4') == [[1, 2], [3, 4]]).all()\n"
        "assert np.Inf == np.inf and np.product([2, 3]) == 6 and np.asscalar(np.array([4])) == 4\n"
        "assert np.lib.pad([1], 1, 'constant').tolist() == [0, 1, 0]\n"
        "assert np.asfarray([1]).dtype == float\n"
        "try:\n    np.nonsense\nexcept AttributeError as error:\n    print(error)\n",
    )
    assert stage.launch().returncode == 1
    run = stage.launch(compat=["numpy-aliases"])
    assert run.stdout == "module 'numpy' has no attribute 'nonsense'\n", run.stderr
    assert run.report["shims"]["numpy-aliases:np.float"] == 2


@pytest.mark.parametrize(("version", "printed"), [("2.5.2", "6 array\n"), ("2.4.6", "old array\n")])
def test_sums_of_generators(stage: Stage, version: str, printed: str) -> None:
    """numpy 2.5 refuses to sum a generator; the shim gives back the built-in sum of before.

    An older numpy, which does it itself, and every other argument are left to numpy.
    """
    stage.write(
        "numpy.py",
        f"__version__ = {version!r}\nclass random:\n    seed = staticmethod(lambda seed: None)\n"
        "def sum(a):\n    return 'old' if hasattr(a, 'send') else 'array'\n",
    )
    stage.write(
        "script.py", "import numpy as np\nprint(np.sum(n for n in (1, 2, 3)), np.sum([1]))\n"
    )
    run = stage.launch(compat=["numpy-aliases"])
    assert run.stdout == printed, run.stderr
    fired = run.report["shims"].get("numpy-aliases:np.sum of a generator", 0)
    assert fired == (version >= "2.5")


def test_numpy_aliases_leave_what_numpy_has(stage: Stage) -> None:
    """A name that this numpy still has is not touched: np.bool of numpy 2 is its own type."""
    stage.write(
        "script.py",
        "import numpy as np\nprint(np.bool is (np.bool_ if np.__version__ >= '2' else bool))\n",
    )
    assert stage.launch(compat=["numpy-aliases"]).stdout == "True\n"


SCIPY = """
import numpy as np
from PIL import Image
from scipy.misc import imread, imsave, imresize, toimage, bytescale, fromimage
ramp = np.linspace(-1, 3, 12).astype("float32").reshape(3, 4)
imsave("stretched.png", ramp)
print(np.array(Image.open("stretched.png")).tolist())
print(np.array(toimage(ramp, cmin=0, cmax=4)).ravel().tolist())
print(bytescale(np.full((1, 2), 7)).tolist(), bytescale(np.array([[3, 9]], "uint8")).tolist())
print(np.array(toimage(ramp, mode="F")).dtype, toimage(np.zeros((3, 5, 6))).size)
print(imread("stretched.png", mode="RGB").shape, imread("stretched.png", flatten=True).dtype)
print(imresize(ramp, (6, 8)).shape, imresize(ramp, 200).shape, imresize(ramp, 0.5).shape)
print(imresize(np.array([[0, 200]], "uint8"), (1, 4), interp="nearest").tolist())
"""

# What scipy 1.1.0 with numpy 1.16 and Pillow 6 prints for the script above.
SCIPY_PRINTS = """\
[[0, 23, 46, 70], [93, 116, 139, 162], [185, 209, 232, 255]]
[0, 0, 0, 6, 29, 52, 75, 99, 122, 145, 168, 191]
[[0, 0]] [[3, 9]]
float32 (6, 5)
(3, 4, 3) float32
(6, 8) (6, 8) (1, 2)
[[0, 0, 200, 200]]
"""


def test_scipy_misc_has_the_rules_of_scipy(stage: Stage) -> None:
    """``imsave`` stretches floats to 0..255, and integers and floats scale sizes.

    Channels are found as in scipy.
    """
    stage.write("script.py", SCIPY)
    run = stage.launch(compat=["scipy-misc"])
    assert run.stdout == SCIPY_PRINTS, run.stderr
    assert run.report["shims"] == {
        "scipy-misc:imsave": 1,
        "scipy-misc:toimage": 3,
        "scipy-misc:bytescale": 2,
        "scipy-misc:imread": 2,
        "scipy-misc:imresize": 4,
    }


def test_scipy_misc_refuses_what_scipy_refused(stage: Stage) -> None:
    """Shapes and modes that scipy could not turn into an image raise an error here, too."""
    stage.write(
        "script.py",
        "import numpy as np\nfrom scipy.misc import toimage\n"
        "for array, mode in ((np.zeros(4), None), (np.zeros((5, 5, 6)), None),\n"
        "                    (np.zeros((2, 2), complex), None),\n"
        "                    (np.zeros((4, 5, 3)), 'RGBA'), (np.zeros((4, 5)), 'RGB')):\n"
        "    try:\n        toimage(array, mode=mode)\n    except ValueError as error:\n"
        "        print(error)\n",
    )
    assert len(stage.launch(compat=["scipy-misc"]).stdout.splitlines()) == 5


def test_skimage_compare(stage: Stage) -> None:
    """The old names give the values that scikit-image 0.15 gives, with its implicit data range."""
    stage.write(
        "script.py",
        "import numpy as np\nfrom skimage.measure import compare_ssim, compare_psnr, compare_mse\n"
        "rng = np.random.RandomState(1)\na = rng.rand(40, 50)\nb = a + .1 * rng.rand(40, 50)\n"
        "u, v = (a * 255).astype('u1'), (b * 200).astype('u1')\n"
        "print([float(x) for x in (compare_ssim(a, b), compare_ssim(u, v),\n"
        "    compare_psnr(a, b), compare_psnr(u, v), compare_mse(u, v))])\n",
    )
    run = stage.launch(compat=["skimage-compare"])
    values = [
        0.9908127916330928,
        0.957343605242402,
        24.885756856564495,
        20.262881368274577,
        612.0575,
    ]
    assert eval(run.stdout) == pytest.approx(values, rel=1e-12), run.stderr


def test_pillow_aliases(stage: Stage) -> None:
    """Image.ANTIALIAS is the Lanczos filter."""
    stage.write("script.py", "from PIL import Image\nprint(Image.ANTIALIAS == Image.LANCZOS)\n")
    run = stage.launch(compat=["pillow-aliases"])
    assert run.stdout == "True\n"
    assert run.report["shims"] == {"pillow-aliases:Image.ANTIALIAS": 1}


def test_yaml_load(stage: Stage) -> None:
    """``yaml.load(stream)`` works without a Loader, and with one as before."""
    stage.write(
        "script.py",
        "import yaml\nprint(yaml.load('a: 1'), yaml.load('b', Loader=yaml.SafeLoader))\n",
    )
    assert stage.launch().returncode == 1
    assert stage.launch(compat=["yaml-load"]).stdout == "{'a': 1} b\n"


def test_getargspec_and_collections(any_stage: Stage) -> None:
    """Names that Python 3.10 and 3.11 removed exist on every version."""
    any_stage.write(
        "script.py",
        "import warnings\nwarnings.simplefilter('ignore')\nimport collections, inspect\n"
        "from collections import Iterable\n"
        "def f(a, b=1, *c, **d):\n    pass\nprint(tuple(inspect.getargspec(f)))\n"
        "print(isinstance({}, collections.Mapping), isinstance([], Iterable))\n",
    )
    run = any_stage.launch(compat=["inspect-getargspec", "collections-abc"])
    assert run.stdout == "(['a', 'b'], 'c', 'd', (1,))\nTrue True\n", run.stderr


def test_missing_modules_stand_in_until_called(any_stage: Stage) -> None:
    """An import that is never used works, also as a base class or a decorator's module.

    A call says what to do.
    """
    any_stage.write(
        "script.py",
        "import no_thop, no_seaborn.utils as u\n"
        "from no_mmcv.runner import BaseModule, load_checkpoint as load\n"
        "from no_mmcv import *\nclass Net(BaseModule):\n    kind = u.colour.Blue\n"
        "print('imported')\nno_thop.profile(1)\n",
    )
    run = any_stage.launch(compat=["missing-modules:no_thop,no_seaborn,no_mmcv"])
    assert run.stdout == "imported\n", run.stderr
    assert run.report["exception"]["message"].startswith(
        "no_thop.profile was called, but it is a stand-in"
    )
    assert run.report["shims"]["missing-modules:no_mmcv.runner"] == 1


def test_a_module_that_is_there_is_no_stand_in(stage: Stage) -> None:
    """A stand-in never hides a real module."""
    stage.write("thop.py", "VALUE = 3\n")
    stage.write("script.py", "import thop\nprint(thop.VALUE)\n")
    run = stage.launch(compat=["missing-modules:thop"])
    assert (run.stdout, run.report["shims"]) == ("3\n", {})


def test_module_alias(any_stage: Stage) -> None:
    """A module imported under a wrong name is the same module, with its own name and spec."""
    any_stage.write("net/__init__.py", "")
    any_stage.write("net/model.py", "class Network:\n    pass\n")
    any_stage.write(
        "script.py",
        "from net.net import Network\nimport net.model, net.net\n"
        "print(net.net is net.model, Network.__module__, net.model.__spec__.name,\n"
        "      Network is net.model.Network)\n",
    )
    run = any_stage.launch(compat=["module-alias:net.net=net.model"])
    assert run.stdout == "True net.model net.model True\n", run.stderr
    assert run.report["shims"] == {"module-alias:net.net": 1}


def test_windows_paths(any_stage: Stage) -> None:
    """Backslashes separate folders in reading, listing and writing; the written image is seen."""
    any_stage.write("test_img/ir/01.txt", "x")
    any_stage.write(
        "script.py",
        "import glob, os, pathlib\npath = r'test_img\\ir'\nnames = os.listdir(path)\n"
        "text = open(os.path.join(path, names[0])).read()\nassert os.path.exists(r'.\\test_img')\n"
        "assert [os.path.basename(p) for p in glob.glob(path + '\\\\*.txt')] == ['01.txt']\n"
        "os.makedirs(r'out\\deep')\nwith open(r'out\\deep' + '\\\\' + names[0], 'w') as file:\n"
        "    file.write(text)\n"
        "print(pathlib.Path(r'test_img\\ir').exists(), os.path.basename(r'a\\b.png'))\n",
    )
    run = any_stage.launch(compat=["windows-paths"], outputs=["out/deep/01.txt"])
    assert run.stdout == "True b.png\n", run.stderr
    assert list(run.report["images"]) == ["01"]


def test_windows_paths_in_opencv(stage: Stage) -> None:
    """OpenCV gets slashes too."""
    if importlib.util.find_spec("cv2") is None:
        pytest.skip("cv2 is not installed")
    stage.write(
        "script.py",
        "import cv2, numpy, os\nos.mkdir('in')\n"
        "cv2.imwrite('in\\\\1.png', numpy.zeros((4, 4), 'uint8'))\n"
        "print(cv2.imread(r'in\\1.png', 0).shape)\n",
    )
    run = stage.launch(compat=["windows-paths"], outputs=["in/1.png"])
    assert run.stdout == "(4, 4)\n"
    assert list(run.report["images"]) == ["1"]


TENSORFLOW = """
__version__ = "2.16.0"
class compat:
    class v1:
        __version__ = "1.x"
        @staticmethod
        def disable_v2_behavior():
            print("version 1")
        @staticmethod
        def set_random_seed(seed):
            print("seed", seed)
"""


def test_tensorflow_2_plays_version_1(stage: Stage) -> None:
    """``import tensorflow as tf`` gives ``tensorflow.compat.v1``, seeded."""
    stage.write("tensorflow.py", TENSORFLOW)
    stage.write("script.py", "import tensorflow as tf\nprint(tf.__version__)\n")
    run = stage.launch(compat=["tensorflow-v1"], seed=5)
    assert run.stdout == "version 1\nseed 5\n1.x\n", run.stderr


def test_whole_pickles_are_loaded_again(torch_stage: Stage) -> None:
    """``torch-load-pickle`` sets weights_only=False unless the script says otherwise."""
    torch_stage.write("w.pt", "cpu")
    torch_stage.write(
        "script.py",
        "import torch\ntorch.load('w.pt')\ntorch.load('w.pt', weights_only=True)\n"
        "print([word for word in torch.LOG if 'weights' in word])\n",
    )
    assert torch_stage.launch().stdout == "['weights_only None', 'weights_only True']\n"
    run = torch_stage.launch(compat=["torch-load-pickle"])
    assert run.stdout == "['weights_only False', 'weights_only True']\n", run.stderr
    assert run.report["shims"]["torch-load-pickle:torch.load"] == 1


def test_every_shim_is_described() -> None:
    """``launch.py --shims`` says what each does and when to use it, and needs no library."""
    command = [sys.executable, str(HARNESS / "launch.py"), "--shims"]
    shims = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    source = (HARNESS / "compat" / "__init__.py").read_text(encoding="utf-8")
    octave = {f"octave-{path.name}" for path in (HARNESS / "octave" / "shims").iterdir()}
    known = set(re.findall(r'^    "([\w-]+)": \w+\.\w+,$', source, re.MULTILINE)) | octave
    assert "numpy-aliases" in known and set(shims) == known
    assert all(shim["does"] and shim["when"] for shim in shims.values())


TORCHVISION_IO = """
class ImageReadMode:
    class RGB:
        name = "RGB"
    class UNCHANGED:
        name = "UNCHANGED"


def read_image(path, mode=ImageReadMode.UNCHANGED):
    if path == "absent.png":
        raise RuntimeError("No such file")
    raise RuntimeError("Couldn't load the image extension.")
"""


def test_torchvision_io(stage: Stage) -> None:
    """Without torchvision's reader an image is read with Pillow as (C, H, W).

    Other errors are not caught, and a reader that works is used.
    """
    stage.write("torchvision/__init__.py", "")
    stage.write("torchvision/io.py", TORCHVISION_IO)
    stage.write(
        "script.py",
        "import sys, types\nimport numpy as np\nfrom PIL import Image\n"
        "sys.modules['torch'] = types.SimpleNamespace(from_numpy=lambda array: array)\n"
        "gray = np.arange(6, dtype='uint8').reshape(2, 3)\nImage.fromarray(gray).save('g.png')\n"
        "from torchvision.io import ImageReadMode, read_image\n"
        "assert (read_image('g.png') == gray[None]).all()\n"
        "assert (read_image('g.png', mode=ImageReadMode.RGB) == np.stack([gray] * 3)).all()\n"
        "try:\n    read_image('absent.png')\nexcept RuntimeError as error:\n    print(error)\n",
    )
    assert "image extension" in stage.launch().stderr
    run = stage.launch(compat=["torchvision-io"])
    assert run.stdout == "No such file\n", run.stderr
    assert run.report["shims"]["torchvision-io:read_image"] == 2
