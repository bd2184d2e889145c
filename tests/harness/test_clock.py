"""Model seconds and wall seconds of each image, whichever library writes the results."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.harness.conftest import Stage

FUSE = """
import time
import torch
from torch import nn

class Inner(nn.Module):
    def __init__(self):
        self.weight = nn.Parameter([1.0] * 3)
    def forward(self, seconds):
        time.sleep(seconds)

class Net(nn.Module):
    def __init__(self):
        self.inner, self.bias = Inner(), nn.Parameter([0.0])
        self.again = self.inner
    def forward(self, seconds):
        self.inner(seconds / 2)
        self.again(seconds / 2)

class Head(nn.Module):
    def __init__(self):
        self.weight = nn.Parameter([1.0] * 10)
    def forward(self, seconds):
        time.sleep(seconds)

net, head = Net(), Head()
time.sleep(0.1)
"""


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """A clone in which only sleeping takes time."""
    stage.virtual_time = True
    return stage


def near(seconds: float) -> Any:
    """Return a value that equals a sum of seconds that were slept."""
    return pytest.approx(seconds, abs=1e-9)


def test_outermost_calls_are_timed_image_by_image(torch_stage: Stage) -> None:
    """Two outermost calls add up, and inner ones are not counted twice.

    The time between results is wall time.
    """
    torch_stage.write(
        "script.py",
        FUSE + "for i in (1, 2):\n    net(0.1)\n    time.sleep(0.1)\n    head(0.05)\n"
        "    open(f'{i}.txt', 'w').close()\n",
    )
    report = torch_stage.launch(outputs=["1.txt", "2.txt"], warmup=1).report
    for name, warmup in (("1", True), ("2", False)):
        image = report["images"][name]
        assert image["model_seconds"] == near(0.15)
        assert image["seconds"] == near(0.25)
        assert (image["calls"], image["warmup"]) == (2, warmup)
    assert report["startup_seconds"] == near(0.1)
    assert report["modules_called"] == {"Net": 2, "Head": 2}
    assert report["parameters"] == 3 + 1 + 10


def test_a_model_built_anew_for_each_image_counts_once(torch_stage: Stage) -> None:
    """The parameters are those of one image."""
    torch_stage.write(
        "script.py", FUSE + "for i in (1, 2):\n    Head()(0)\n    open(f'{i}.txt', 'w').close()\n"
    )
    assert torch_stage.launch(outputs=["1.txt", "2.txt"]).report["parameters"] == 10


TOGETHER = """
inputs = [open(f"in/{i}.txt").read() for i in (1, 2, 3)]
%s
for i in (1, 2, 3):
    %s
    open(f"{i}.txt", "w").close()
"""


@pytest.mark.parametrize(
    ("before", "each", "together"),
    [
        ("for _ in inputs: head(0.02)", "pass", True),
        ("time.sleep(0.2)", "pass", True),
        ("pass", "head(0.02)", False),
        ("pass", "time.sleep(0.05)", False),
    ],
)
def test_images_that_are_made_together_have_no_time_each(
    torch_stage: Stage, before: str, each: str, together: bool
) -> None:
    """A script that computes everything and then saves it gets no seconds per image.

    A note has the seconds of all images.
    """
    inputs = {str(torch_stage.write(f"in/{name}.txt", name)): name for name in ("1", "2", "3")}
    torch_stage.write("script.py", FUSE + TOGETHER % (before, each))
    outputs = ["1.txt", "2.txt", "3.txt"]
    report = torch_stage.launch(outputs=outputs, inputs=inputs, warmup=1).report
    assert all((image["seconds"] is None) == together for image in report["images"].values())
    assert any("makes 3 images together" in note for note in report["notes"]) == together


def test_a_result_written_twice_in_a_row_has_the_time_of_both(torch_stage: Stage) -> None:
    """What is done between the two writes belongs to this image, not to the next one."""
    torch_stage.write(
        "script.py",
        FUSE + "for i in (1, 2):\n    head(0.05)\n    open(f'{i}.txt', 'w').close()\n"
        "    head(0.02)\n    time.sleep(0.1)\n    open(f'{i}.txt', 'w').close()\n",
    )
    report = torch_stage.launch(outputs=["1.txt", "2.txt"]).report
    for image in report["images"].values():
        assert (image["model_seconds"], image["calls"]) == (near(0.07), 2)
        assert image["seconds"] == near(0.17)
    assert report["notes"] == []


@pytest.mark.parametrize(
    ("again", "model_seconds"), [("head(0.2)", None), ("time.sleep(0.1)", near(0.05))]
)
def test_a_result_written_again_after_others_has_no_time(
    torch_stage: Stage, again: str, model_seconds: Any
) -> None:
    """The images are those of the second round, the times were those of the first.

    Where the second round calls no model, the seconds of the model are still right.
    """
    torch_stage.write(
        "script.py",
        FUSE + "for i in (1, 2, 3):\n    head(0.05)\n    open(f'{i}.txt', 'w').close()\n"
        f"for i in (1, 2):\n    {again}\n    open(f'{{i}}.txt', 'a').close()\n",
    )
    report = torch_stage.launch(outputs=["1.txt", "2.txt", "3.txt"]).report
    first, second, third = report["images"].values()
    assert [image["model_seconds"] for image in (first, second)] == [model_seconds] * 2
    assert (first["seconds"], second["seconds"]) == (None, None)
    assert (third["model_seconds"], third["seconds"]) == (near(0.05), near(0.05))
    note = "the script wrote 2 results once more after others: no time for 1, 2"
    assert report["notes"] == [note]


FORWARD = """
class Outer(nn.Module):
    def __init__(self):
        self.net, self.scale = Net(), nn.Parameter([1.0] * 5)
    def forward(self, seconds):
        self.net(seconds / 4)
        time.sleep(seconds / 2)
        self.net(seconds / 4)
    def encode(self, seconds):
        time.sleep(seconds)
        self.net(seconds)

outer = Outer()
"""


def test_a_forward_that_the_script_calls_itself_is_timed(torch_stage: Stage) -> None:
    """Its own work counts, not only its modules; the first image has no number, and a note."""
    torch_stage.write(
        "script.py",
        FUSE + FORWARD + "for i in (1, 2, 3):\n    outer.forward(0.4)\n"
        "    open(f'{i}.txt', 'w').close()\n",
    )
    report = torch_stage.launch(outputs=["1.txt", "2.txt", "3.txt"], warmup=1).report
    times = [image["model_seconds"] for image in report["images"].values()]
    assert times == [None, near(0.4), near(0.4)]
    assert report["parameters"] == 3 + 1 + 5
    assert report["model_seconds_total"] is None
    assert report["flops"] is None and "forward() itself" in report["flops_reason"]
    note = "the script calls forward() of Outer itself: no model time for its first image"
    assert report["notes"] == [note]


def test_a_forward_that_cannot_be_timed_has_no_number(torch_stage: Stage) -> None:
    """An instance with a ``forward`` of its own is called past its class."""
    torch_stage.write(
        "script.py",
        FUSE + FORWARD + "outer.forward = outer.forward\n"
        "for i in (1, 2):\n    outer.forward(0.4)\n    open(f'{i}.txt', 'w').close()\n",
    )
    report = torch_stage.launch(outputs=["1.txt", "2.txt"]).report
    assert [image["model_seconds"] for image in report["images"].values()] == [None, None]


def test_another_method_of_a_model_is_told(torch_stage: Stage) -> None:
    """It may read and write files as well: its modules are timed, and a note says so."""
    torch_stage.write(
        "script.py", FUSE + FORWARD + "outer.encode(0.1)\nopen('1.txt', 'w').close()\n"
    )
    report = torch_stage.launch(outputs=["1.txt"]).report
    assert report["images"]["1"]["model_seconds"] == near(0.1)
    assert report["notes"] == [
        "the script calls encode() of Outer: the modules in it are timed, other work in it is not"
    ]


def test_a_model_that_is_called_is_told_nothing(torch_stage: Stage) -> None:
    """The inside of a call is never looked at."""
    torch_stage.write("script.py", FUSE + FORWARD + "outer(0.4)\nopen('1.txt', 'w').close()\n")
    report = torch_stage.launch(outputs=["1.txt"]).report
    assert report["images"]["1"]["model_seconds"] == near(0.4) and report["notes"] == []


def test_without_a_model_the_first_input_starts_the_clock(stage: Stage) -> None:
    """A plain script has wall times; reading the first input ends the start-up."""
    stage.write("in/1.txt", "a")
    stage.write(
        "script.py",
        "import time\ntime.sleep(0.3)\nopen('in/1.txt').read()\ntime.sleep(0.1)\n"
        "open('1.txt', 'w').close()\n"
        "time.sleep(0.05)\nopen('2.txt', 'w').close()\n",
    )
    inputs = {str(stage.root / "in/1.txt"): "1"}
    report = stage.launch(outputs=["1.txt", "2.txt"], inputs=inputs).report
    assert [image["seconds"] for image in report["images"].values()] == [near(0.1), near(0.05)]
    assert report["images"]["1"]["model_seconds"] is None
    assert report["startup_seconds"] == near(0.3)
    assert report["parameters"] is None


def test_functions_that_the_entry_names_are_the_model(any_stage: Stage) -> None:
    """A function of the script or a module, or a method, is timed like a module.

    Line numbers stay.
    """
    any_stage.write(
        "lib/lut.py",
        "import time\nclass Lut:\n    @staticmethod\n    def apply(seconds):\n"
        "        time.sleep(seconds)\n",
    )
    any_stage.write(
        "script.py",
        "import time\nfrom lib.lut import Lut\ndef fuse(seconds):\n    time.sleep(seconds)\n"
        "    Lut.apply(seconds)\n"
        "fuse(0.05)\nLut.apply(0.1)\nopen('1.txt', 'w').close()\nraise ValueError\n",
    )
    functions = {"script.py": ["fuse"], "lib/lut.py": ["Lut.apply"]}
    report = any_stage.launch(outputs=["1.txt"], model_functions=functions).report
    assert report["images"]["1"]["model_seconds"] == pytest.approx(0.25, abs=0.06)
    assert report["images"]["1"]["calls"] == 2
    assert report["exception"]["where"] == "script.py:9: raise ValueError"


def test_modules_that_prepare_images_are_no_model(torch_stage: Stage) -> None:
    """A resize of torchvision, called before the model, is not the model's time."""
    resize = (
        "import time\nfrom torch import nn\nclass Resize(nn.Module):\n"
        "    def forward(self):\n        time.sleep(0.1)\n"
    )
    torch_stage.write("torchvision/transforms/transforms.py", resize)
    torch_stage.write(
        "script.py",
        FUSE + "from torchvision.transforms.transforms import Resize\nResize()()\nhead(0.05)\n"
        "open('1.txt', 'w').close()\n",
    )
    report = torch_stage.launch(outputs=["1.txt"]).report
    assert report["images"]["1"]["model_seconds"] == near(0.05)
    assert report["modules_called"] == {"Head": 1}


WRITERS = {
    "open": "f = open(path, 'wb')\nf.write(b'x')\nf.close()",
    "with-open": "with open(path, 'w') as f:\n    f.write('x')",
    "never-closed": "open(path, 'wb').write(b'x')",
    "unbuffered": "with open(path, 'wb', buffering=0) as f:\n    f.write(b'x')",
    "io-open": "import io\nwith io.open(path, 'a+') as f:\n    f.write('x')",
    "pathlib": "import pathlib\npathlib.Path(path).write_bytes(b'x')",
    "os-rename": "import os\nopen('draft', 'w').close()\nos.rename('draft', path)",
    "shutil-move": "import shutil\nopen('draft', 'w').close()\nshutil.move('draft', path)",
    "shutil-copy": "import shutil\nopen('draft', 'w').close()\nshutil.copyfile('draft', path)",
}


@pytest.mark.parametrize("writer", WRITERS)
def test_every_way_of_writing_with_python_ends_the_image(any_stage: Stage, writer: str) -> None:
    """The image is ended once, and the file holds what was written."""
    any_stage.write(
        "script.py", f"import os\nos.chdir('out')\npath = '../out/1.png'\n{WRITERS[writer]}\n"
    )
    (any_stage.root / "out").mkdir()
    run = any_stage.launch(outputs=["out/1.png"])
    assert list(run.report["images"]) == ["1"], run.stderr
    assert (any_stage.root / "out/1.png").read_bytes() in (b"x", b"")


LIBRARIES = {
    "cv2": "import cv2\ncv2.imwrite(path, image)",
    "PIL": "from PIL import Image\nImage.fromarray(image).save(path)",
    "imageio": "import imageio\nimageio.imwrite(path, image)",
    "skimage": "from skimage import io\nio.imsave(path, image, check_contrast=False)",
    "matplotlib": "import matplotlib\nmatplotlib.use('Agg')\n"
    "from matplotlib import pyplot\npyplot.imsave(path, image)",
    "numpy": "path = path.replace('.png', '.npy')\nnumpy.save(path, image)",
    "scipy": "import scipy.io\npath = path.replace('.png', '.mat')\n"
    "scipy.io.savemat(path, {'F': image})",
    "tifffile": "import tifffile\npath = path.replace('.png', '.tif')\n"
    "tifffile.imwrite(path, image)",
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_library_that_writes_images_ends_the_image(stage: Stage, library: str) -> None:
    """The image ends when the file is complete.

    The bytes are those of a run without the launcher.
    """
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    stage.write(
        "script.py",
        "import os, numpy\n"
        "image = (numpy.arange(200 * 300 * 3) % 251).astype('uint8').reshape(200, 300, 3)\n"
        "path = 'out/1.png'\nos.makedirs('out', exist_ok=True)\n"
        f"{LIBRARIES[library]}\nprint(os.path.getsize(path))\n",
    )
    bare = stage.bare().stdout
    written = next((stage.root / "out").iterdir())
    content = written.read_bytes()
    written.unlink()
    run = stage.launch(outputs=["out/1.png", "out/1.npy", "out/1.mat", "out/1.tif"])
    assert (run.stdout, list(run.report["images"])) == (bare, ["1"]), run.stderr
    if library != "scipy":  # a .mat file holds the time when it was written
        assert written.read_bytes() == content


def test_reading_through_opencv_starts_the_clock(stage: Stage) -> None:
    """``cv2.imread`` of an input is seen, though it never calls ``open``."""
    stage.write(
        "script.py",
        "import cv2, numpy, time\ncv2.imwrite('in.png', numpy.zeros((4, 4), 'uint8'))\n"
        "cv2.imread('in.png')\n"
        "time.sleep(0.1)\ncv2.imwrite('1.png', numpy.zeros((4, 4), 'uint8'))\n",
    )
    report = stage.launch(outputs=["1.png"], inputs={str(stage.root / "in.png"): "1"}).report
    assert report["images"]["1"]["seconds"] == near(0.1)
    assert report["versions"].keys() >= {"cv2", "numpy", "python"}


def test_results_that_nobody_saw_are_told(stage: Stage) -> None:
    """A result of another process has no time, and the report has the number of such results."""
    stage.write("script.py", "import subprocess\nsubprocess.call(['touch', '1.txt'])\n")
    report = stage.launch(outputs=["1.txt", "2.txt"]).report
    assert report["images"] == {}
    assert any(note.startswith("1 results exist that were not seen") for note in report["notes"])


def test_the_gpu_is_waited_for_on_both_sides(torch_stage: Stage) -> None:
    """On a GPU each outermost call is between two synchronisations; inner calls have none."""
    torch_stage.environ["FAKE_CUDA_DEVICES"] = "1"
    torch_stage.write(
        "script.py",
        FUSE + "net(0.01)\nopen('1.txt', 'w').close()\nprint(torch.LOG.count('synchronize'))\n",
    )
    run = torch_stage.launch(outputs=["1.txt"], device="cuda")
    assert run.stdout == "2\n", run.stderr
    assert (run.report["device_name"], run.report["peak_device_bytes"]) == ("Fake cuda:0", 4096)


SESSION = """
class Graph:
    def get_collection(self, name):
        assert name == "trainable_variables"
        return []

class BaseSession:
    graph = Graph()
    def run(self, seconds):
        import time
        time.sleep(seconds)

class Session(BaseSession):
    pass
"""


def test_sessions_of_tensorflow_1_are_timed(stage: Stage, tmp_path: Path) -> None:
    """``Session.run`` is the model of a TensorFlow 1 script."""
    library = tmp_path / "library"
    for name in ("", "python", "python/client"):
        (library / "tensorflow" / name).mkdir(parents=True, exist_ok=True)
        (library / "tensorflow" / name / "__init__.py").write_text("")
    (library / "tensorflow/python/client/session.py").write_text(SESSION)
    (library / "tensorflow/__init__.py").write_text(
        "def set_random_seed(seed):\n    print('seed', seed)\n"
    )
    stage.environ["PYTHONPATH"] = str(library)
    stage.write(
        "script.py",
        "import tensorflow\nfrom tensorflow.python.client.session import Session\n"
        "Session().run(0.1)\nopen('1.txt', 'w').close()\n",
    )
    run = stage.launch(outputs=["1.txt"], seed=4)
    assert run.stdout == "seed 4\n", run.stderr
    assert run.report["images"]["1"]["model_seconds"] == near(0.1)
    assert run.report["modules_called"] == {"Session.run": 1}
