"""Every way in which published scripts read their inputs and write their results.

The ways are those that the survey of repositories found.
"""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.flow.projects import MiniProject

READ = "import cv2, glob, os, sys, numpy as np\nread = lambda p: cv2.imread(p, 0).astype(float)\n"
MEAN = "save = lambda p, a, b: cv2.imwrite(p, np.rint((a + b) / 2).astype(np.uint8))\n"

ARGPARSE = (
    READ
    + MEAN
    + """
import argparse
p = argparse.ArgumentParser()
p.add_argument('--ir'); p.add_argument('--vis'); p.add_argument('--out')
o = p.parse_args()
os.makedirs(o.out, exist_ok=True)
for name in os.listdir(o.ir):
    save(os.path.join(o.out, name), read(os.path.join(o.ir, name)), read(os.path.join(o.vis, name)))
"""
)
HARD_CODED = (
    READ
    + MEAN
    + """
for path in glob.glob('./input/visible/*.jpg'):
    save(path.replace('input/visible', 'output/ours'),
         read(path.replace('visible', 'infrared')), read(path))
"""
)
NUMBERED = (
    READ
    + MEAN
    + """
for i in range(3):
    save('./results/%d.png' % (i + 1),
         read('./test/IR%d.png' % (i + 1)), read('./test/VIS%d.png' % (i + 1)))
"""
)
LISTING = (
    READ
    + MEAN
    + """
from pathlib import Path
for i, path in enumerate(Path('data/ir').iterdir()):
    save('out_%03d.bmp' % i, read(str(path)), read(str(path).replace('/ir/', '/vi/')))
"""
)
GRAY_ONLY = (
    READ
    + MEAN
    + """
for name in sorted(os.listdir('a')):
    a, b = cv2.imread('a/' + name, -1), cv2.imread('b/' + name, -1)
    assert a.ndim == 2 and b.ndim == 2, 'only gray images'
    save('f/' + name, a.astype(float), b.astype(float))
"""
)
RGB_ONLY = GRAY_ONLY.replace(
    "a.ndim == 2 and b.ndim == 2, 'only gray images'", "a.shape[2] == 3 == b.shape[2]"
)
BACKSLASHES = (
    READ
    + MEAN
    + """
for path in glob.glob('.\\\\data\\\\ir\\\\*.png'):
    name = path.split('\\\\')[-1]
    save('.\\\\results\\\\' + name, read(path), read('.\\\\data\\\\vis\\\\' + name))
"""
)
OUT_MUST_EXIST = (
    READ
    + MEAN
    + """
assert os.path.isdir('save/here'), 'make the folder first'
for name in os.listdir('in/a'):
    save('save/here/fused_' + name, read('in/a/' + name), read('in/b/' + name))
"""
)
OUT_MUST_NOT_EXIST = OUT_MUST_EXIST.replace(
    "assert os.path.isdir('save/here'), 'make the folder first'", "os.makedirs('save/here')"
)
ONE_PAIR = READ + MEAN + "save(sys.argv[3], read(sys.argv[1]), read(sys.argv[2]))\n"
EXACTLY_TWO = (
    READ
    + MEAN
    + """
for i in (1, 2):
    save('out/%d.png' % i, read('in/ir%d.png' % i), read('in/vi%d.png' % i))
"""
)
FAILS_AT_THE_END = ARGPARSE + "raise SystemExit(1)\n"
SLOW = ARGPARSE + "import time; time.sleep(1.5)\n"
FLOAT_ARRAYS = (
    READ
    + """
for name in os.listdir('a'):
    np.save('f/' + name.replace('.png', '.npy'), (read('a/' + name) + read('b/' + name)) / 510)
"""
)
SMALLER = (
    READ
    + """
for name in sorted(os.listdir('a')):
    f = (read('a/' + name) + read('b/' + name)) / 2
    cv2.imwrite('f/' + name, f[:f.shape[0] // 16 * 16, :f.shape[1] // 16 * 16])
"""
)
SHRUNK = SMALLER.replace(
    "f[:f.shape[0] // 16 * 16, :f.shape[1] // 16 * 16]", "cv2.resize(f, (44, 36))"
)
SETTINGS_FILE = (
    READ
    + MEAN
    + """
import json
o = json.load(open('settings.json'))
assert o['number'] == 3
for name in os.listdir(o['ir']):
    save(o['out'] + name, read(o['ir'] + name), read(o['vi'] + name))
"""
)
EMPTY_SETTINGS = (
    READ
    + MEAN
    + "import options\n"
    + """
for i in range(options.test_num):
    name = '%d.png' % (i + 1)
    save(options.save_path + name,
         read(options.path + 'IR/' + name), read(options.path + 'VIS/' + name))
"""
)
IN_A_FOLDER = HARD_CODED.replace(
    "glob.glob('./input", "__import__('helper') and glob.glob('./input"
)


def archived() -> bytes:
    """Return a zip archive that holds the code and the weights."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("code/test.py", "open('code/weights.bin', 'rb').read()\n" + ARGPARSE)
        archive.writestr("code/weights.bin", b"weights")
    return content.getvalue()


FOLDERS = {"stage": {"a": "in/a/{name}.png", "b": "in/b/{name}.png"}, "collect": "{out}/{name}.png"}
BY_OPTIONS = {**FOLDERS, "script": "test.py", "args": "--ir in/a --vis {work}/in/b --out {out}"}
PLAIN = {
    "script": "test.py",
    "stage": {"a": "a/{name}.png", "b": "b/{name}.png"},
    "collect": "f/{name}.png",
}
HARD_CODED_RUN = {
    "script": "test.py",
    "stage": {"a": "input/infrared/{name}.jpg", "b": "input/visible/{name}.jpg"},
    "collect": "output/ours/{name}.jpg",
}
OLD_SAMPLES = {"input/infrared/old.jpg": b"no image", "input/visible/old.jpg": b"no image"}

Wiring = tuple[dict[str, str | bytes], dict[str, Any]]

WIRINGS: dict[str, Wiring] = {
    "argparse-folders": ({"test.py": ARGPARSE}, BY_OPTIONS),
    "hard-coded-paths": ({"test.py": HARD_CODED, **OLD_SAMPLES}, HARD_CODED_RUN),
    "numbered": (
        {"test.py": NUMBERED},
        {
            "script": "test.py",
            "stage": {"a": "test/IR{index}.png", "b": "test/VIS{index}.png"},
            "collect": "results/{index}.png",
        },
    ),
    "listing-order": (
        {"test.py": LISTING},
        {
            "script": "test.py",
            "stage": {"a": "data/ir/{name}.png", "b": "data/vi/{name}.png"},
            "collect": "out_{index:03d}.bmp",
            "first_index": 0,
        },
    ),
    "gray-only": ({"test.py": GRAY_ONLY}, {**PLAIN, "convert": {"a": "gray", "b": "gray"}}),
    "rgb-only": (
        {
            "test.py": RGB_ONLY.replace(
                "save('f/' + name, a.astype(float), b.astype(float))",
                "save('f/' + name, read('a/' + name), read('b/' + name))",
            )
        },
        {**PLAIN, "convert": {"a": "rgb", "b": "rgb"}},
    ),
    "backslashes": (
        {"test.py": BACKSLASHES},
        {
            "script": "test.py",
            "stage": {"a": ".\\data\\ir\\{name}.png", "b": ".\\data\\vis\\{name}.png"},
            "collect": ".\\results\\{name}.png",
        },
    ),
    "backslashes-shimmed": (
        {
            "test.py": BACKSLASHES.replace(
                "glob.glob('.\\\\data\\\\ir\\\\*.png')",
                "['.\\\\data\\\\ir\\\\' + n for n in os.listdir('.\\\\data\\\\ir')]",
            )
        },
        {
            "script": "test.py",
            "stage": {"a": "data/ir/{name}.png", "b": "data/vis/{name}.png"},
            "collect": "results/{name}.png",
            "compat": ["windows-paths"],
        },
    ),
    "out-must-exist": (
        {"test.py": OUT_MUST_EXIST},
        {**FOLDERS, "script": "test.py", "collect": "save/here/fused_{name}.png"},
    ),
    "out-must-not-exist": (
        {"test.py": OUT_MUST_NOT_EXIST},
        {
            **FOLDERS,
            "script": "test.py",
            "collect": "save/here/fused_{name}.png",
            "make_folders": False,
        },
    ),
    "one-pair-per-process": (
        {"test.py": ONE_PAIR},
        {
            **FOLDERS,
            "script": "test.py",
            "args": "in/a/{name}.png in/b/{name}.png {out}/{name}.png",
            "pairs_per_process": 1,
        },
    ),
    "two-pairs-per-process": (
        {"test.py": EXACTLY_TWO},
        {
            "script": "test.py",
            "stage": {"a": "in/ir{index}.png", "b": "in/vi{index}.png"},
            "collect": "out/{index}.png",
            "pairs_per_process": 2,
        },
    ),
    "archive": (
        {"release.zip": archived()},
        {**BY_OPTIONS, "script": "code/test.py", "unpack": ["release.zip"]},
    ),
    "exit-status-1": ({"test.py": FAILS_AT_THE_END}, BY_OPTIONS),
    "slow": ({"test.py": SLOW}, BY_OPTIONS),
    "float-arrays": (
        {"test.py": FLOAT_ARRAYS},
        {**PLAIN, "collect": "f/{name}.npy", "output_range": "0-1"},
    ),
    "settings-file": (
        {
            "test.py": SETTINGS_FILE,
            "settings.json": '{"number": 0, "ir": "?1", "vi": "?2", "out": "?3"}',
        },
        {
            **FOLDERS,
            "script": "test.py",
            "edit": {
                "settings.json": [
                    ['"number": 0', '"number": {count}'],
                    ["?1", "in/a/"],
                    ["?2", "in/b/"],
                    ["?3", "{out}/"],
                ]
            },
        },
    ),
    "empty-settings": (
        {"test.py": EMPTY_SETTINGS, "options.py": "path = ''\nsave_path = ''\ntest_num = ''\n"},
        {
            "script": "test.py",
            "stage": {"a": "in/IR/{index}.png", "b": "in/VIS/{index}.png"},
            "collect": "{out}/{index}.png",
            "edit": {
                "options.py": [
                    ["path = ''\nsave_path = ''", "path = 'in/'\nsave_path = '{out}/'"],
                    ["test_num = ''", "test_num = {count}"],
                ]
            },
        },
    ),
    "in-a-folder": (
        {
            "tools/test.py": IN_A_FOLDER,
            "tools/helper.py": "",
            **{f"tools/{path}": content for path, content in OLD_SAMPLES.items()},
        },
        {
            "script": "tools/test.py",
            "cwd": "tools",
            "stage": {
                "a": "tools/input/infrared/{name}.jpg",
                "b": "tools/input/visible/{name}.jpg",
            },
            "collect": "tools/output/ours/{name}.jpg",
        },
    ),
    "resized-back": ({"test.py": SHRUNK}, {**PLAIN, "size": "resize-back"}),
    "cropped-sources": ({"test.py": SMALLER}, {**PLAIN, "size": "crop-sources"}),
}
LOSSY = {"hard-coded-paths", "in-a-folder"}
OTHER_SIZE = {"resized-back", "cropped-sources"}


@pytest.fixture(scope="module")
def ran(
    make_project: Callable[..., MiniProject],
) -> tuple[MiniProject, subprocess.CompletedProcess[str]]:
    """Run all wirings in one project."""
    project = make_project(("10", "2", "b"))
    for name, (files, run) in WIRINGS.items():
        project.add_method(name, files, run)
    return project, project.snakemake()


def test_every_wiring_ends_well(ran: tuple[MiniProject, subprocess.CompletedProcess[str]]) -> None:
    """The run of all wirings exits with 0 and every cell has the state ok."""
    project, done = ran
    states = {row["method"]: (row["state"], row["reason"]) for row in project.table("status.csv")}
    assert {name: state for name, state in states.items() if state[0] != "ok"} == {}
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("name", sorted(WIRINGS.keys() - OTHER_SIZE))
def test_results_come_back_to_their_pairs(
    name: str, ran: tuple[MiniProject, subprocess.CompletedProcess[str]]
) -> None:
    """Each fused image is the mean of the two sources of the pair whose name it has."""
    project, _ = ran
    for pair in ("10", "2", "b"):
        a, b = (project.source("pairs", side, pair).astype(float) for side in "ab")
        difference = np.abs(project.fused(name, pair) - np.rint((a + b) / 2))
        assert difference.max() <= (12 if name in LOSSY else 0), f"pair {pair}"


def test_resize_back_gives_the_size_of_the_sources(
    ran: tuple[MiniProject, subprocess.CompletedProcess[str]],
) -> None:
    """A smaller result is resized to the size of its sources; the record has both sizes."""
    project, _ = ran
    image = project.record("resized-back")["images"][0]
    assert project.fused("resized-back", "10").shape == (40, 48)
    assert image["result_size"] == [44, 36]
    assert "resized back from 44x36 to 48x40 (bicubic)" in image["notes"]


def test_cropped_sources_are_measured_at_the_size_of_the_result(
    ran: tuple[MiniProject, subprocess.CompletedProcess[str]],
) -> None:
    """A smaller result keeps its size and is measured against the top left of its sources."""
    project, _ = ran
    assert project.fused("cropped-sources", "10").shape == (32, 48)
    assert project.record("cropped-sources")["images"][0]["size"] == [48, 32]
    rows = [row for row in project.table("measures.csv") if row["method"] == "cropped-sources"]
    assert len(rows) == 6 and all(float(row["value"]) > 0 for row in rows)


def test_an_unhappy_ending_after_the_last_result_is_noted(
    ran: tuple[MiniProject, subprocess.CompletedProcess[str]],
) -> None:
    """Exit status 1 after every image was written is no failure; the record notes it."""
    project, _ = ran
    assert any(
        "exit status 1 after every result" in note
        for note in project.record("exit-status-1")["notes"]
    )


def test_the_clones_stay_as_committed(
    ran: tuple[MiniProject, subprocess.CompletedProcess[str]],
) -> None:
    """Nothing that a script writes or an entry edits reaches the clone."""
    import git

    project, _ = ran
    clones = [
        path for path in (project.root / "resources" / "sources").glob("mini+*") if path.is_dir()
    ]
    assert len(clones) == len(WIRINGS)
    assert [clone.name for clone in clones if git.Repo(clone).git.status("--porcelain")] == []


def test_a_second_run_has_nothing_to_do(
    ran: tuple[MiniProject, subprocess.CompletedProcess[str]],
) -> None:
    """A second run of an unchanged project says that nothing is to be done."""
    project, _ = ran
    again = project.snakemake()
    assert "Nothing to be done" in again.stdout + again.stderr
    assert again.returncode == 0
