"""Bad input: each mistake has one clear message.

The message says what must be, what was found, where, and what to do next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from fusebench.command import main
from numpy.typing import NDArray

from tests.flow.projects import MiniProject, image
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS


@pytest.fixture
def written(project: MiniProject) -> MiniProject:
    """Return a valid project with two methods."""
    for name in ("one", "two"):
        project.add_method(name, {"test.py": ARGPARSE}, BY_OPTIONS)
    project.write()
    return project


def check(project: MiniProject, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run ``fusebench check`` on a project; return its exit status and what it printed."""
    status = main(["check", "--project", str(project.root)])
    captured = capsys.readouterr()
    return status, captured.out + captured.err


def replace(project: MiniProject, file: str, old: str, new: str) -> None:
    """Replace the first occurrence of a text in a file of the registry."""
    path = project.root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_valid_registry_is_counted(
    written: MiniProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """A valid registry passes, and the command prints how many methods it has."""
    status, printed = check(written, capsys)
    assert status == 0 and "2 methods, 2 active" in printed


MISTAKES: dict[str, tuple[str, str, str, list[str]]] = {
    "unknown key": (
        "methods.yaml",
        "  commit:",
        "  comit:",
        [r"methods\.yaml:\d+ \(one\.comit\)", "did you mean 'commit'"],
    ),
    "short hash": (
        "methods.yaml",
        "env: classical",
        "env: classical\n  commit: abc123",
        ["two entries named 'commit'"],
    ),
    "unknown environment": (
        "methods.yaml",
        "env: classical",
        "env: clasical",
        ["unknown environment 'clasical'", "did you mean 'classical'"],
    ),
    "bad name with dots": (
        "methods.yaml",
        "one:",
        "../one:",
        [r"bad name '\.\./one'", "letters, digits"],
    ),
    "bad name with a space": ("methods.yaml", "one:", "one two:", ["bad name 'one two'"]),
    "two entries of one name": (
        "methods.yaml",
        "two:",
        "one:",
        ["two entries named 'one'", "rename or remove"],
    ),
    "no YAML": ("methods.yaml", "title:", "title: [", [r"methods\.yaml:\d+: not valid YAML"]),
    "unknown task": (
        "methods.yaml",
        "- infrared-visible",
        "- infrared",
        ["one of infrared-visible, medical", 'found "infrared"'],
    ),
    "missing field": ("methods.yaml", "title:", "label:", ["must have 'title'"]),
    "path that leaves the repository": (
        "methods.yaml",
        "script: test.py",
        "script: ../test.py",
        [r"one\.run\.script"],
    ),
    "no GPU for a script that needs one": (
        "methods.yaml",
        "run: &id001\n",
        "resources: {gpu: 0}\n  run: &id001\n    devices: [cuda]\n",
        [
            r"methods\.yaml:\d+ \(one\.resources\.gpu\)",
            "1 or more where run.devices is [cuda]; found 0",
        ],
    ),
    "unknown dataset": (
        "config/config.yaml",
        "- pairs",
        "- pears",
        ["unknown dataset 'pears'", "did you mean 'pairs'"],
    ),
    "unknown method": (
        "config/config.yaml",
        "- one",
        "- onne",
        [r"config\.yaml:\d+", "unknown method 'onne'"],
    ),
    "unknown suite": ("config/config.yaml", "suite: mini", "suite: maxi", ["unknown suite 'maxi'"]),
    "unknown metric": ("config/config.yaml", "- SSIM", "- SSMI", ["SSMI", "SSIM"]),
    "pattern without name": (
        "datasets.yaml",
        "a/{name}.png",
        "a/name.png",
        ["must hold the placeholder {name}"],
    ),
    "unknown kind": (
        "datasets.yaml",
        "kind: local",
        "kind: remote",
        ["one of generated, git, local"],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place(
    name: str, written: MiniProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake in the registry is refused; the message says where and what it is.

    It gives the file, the line, the entry, what must be and what was found.
    """
    file, old, new, words = MISTAKES[name]
    replace(written, file, old, new)
    status, printed = check(written, capsys)
    assert status == 1
    for word in words:
        assert re.search(word if "\\" in word else re.escape(word), printed), printed


@pytest.mark.parametrize(
    ("commit", "words"),
    [
        ("1234567890123456789012345678901234567890", "needs quotes"),
        ("'abc123'", "40 lower-case hexadecimal digits"),
        ("main", "a branch, a tag or a short hash"),
        ("'ABCDEF7890123456789012345678901234567890'", "lower-case"),
    ],
)
def test_a_commit_that_is_no_full_hash_is_refused(
    commit: str, words: str, written: MiniProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """A branch, a short hash and an all-digit hash without quotes are refused."""
    path = written.root / "methods.yaml"
    path.write_text(re.sub(r"commit: \S+", f"commit: {commit}", path.read_text(), count=1))
    status, printed = check(written, capsys)
    assert status == 1
    assert "(one.commit)" in printed and words in printed


def test_all_mistakes_are_told_at_once(
    written: MiniProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """One check reports several mistakes, in the order of the file."""
    replace(written, "methods.yaml", "title:", "tittle:")
    replace(written, "methods.yaml", "env: classical", "envi: classical")
    printed = check(written, capsys)[1]
    assert printed.index("'tittle'") < printed.index("'envi'")


def test_the_same_code_under_two_names_is_reported(
    written: MiniProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two entries with the same repository, commit and run are refused."""
    written.methods["two"].update(
        code=written.methods["one"]["code"] + ".git", commit=written.methods["one"]["commit"]
    )
    written.write()
    status, printed = check(written, capsys)
    assert status == 1 and "the same code, commit, env, weights and run as 'one'" in printed


def test_a_missing_registry_file_is_named(
    project: MiniProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without a configuration is refused; one with a configuration alone passes.

    It then uses the methods and datasets of the workflow.
    """
    status, printed = check(project, capsys)
    assert status == 1 and "config.yaml: must be a readable YAML file" in printed
    suite = {"methods": ["mean"], "datasets": ["night-scenes"], "metrics": ["EN"]}
    config = {"suite": "mini", "suites": {"mini": suite}}
    (project.root / "config").mkdir()
    (project.root / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    status, printed = check(project, capsys)
    assert status == 0 and "1 suites" in printed, printed


def test_snakemake_refuses_a_wrong_registry_and_runs_nothing(written: MiniProject) -> None:
    """The workflow shows the same message and starts no job."""
    replace(written, "methods.yaml", "  commit:", "  comit:")
    done = written.snakemake(write=False)
    assert done.returncode != 0
    assert "did you mean 'commit'" in done.stdout + done.stderr
    assert not (written.root / "results").exists()


def damage(project: MiniProject, dataset: str, side: str, change: Callable[[Path], Any]) -> None:
    """Add a dataset of three pairs to the suite, and change image p2 of one side."""
    project.add_images(dataset, ["p1", "p2", "p3"])
    change(project.root / "images" / dataset / side / "p2.png")
    project.config["suites"]["mini"]["datasets"].append(dataset)


def truncate(path: Path) -> None:
    """Cut a file in half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def leave(path: Path) -> None:
    """Leave a file as it is."""


def write(pixels: NDArray[Any]) -> Callable[[Path], Any]:
    """Return a function that writes an image to a file."""
    return lambda path: cv2.imwrite(str(path), pixels)


DEEP = np.linspace(0, 65535, 48 * 40).reshape(40, 48).astype(np.uint16)


@pytest.fixture(scope="module")
def taken(make_project: Callable[..., MiniProject]) -> MiniProject:
    """Return a project that ran with unusual images, which are taken; the run ended well."""
    project = make_project()
    project.config["together_from"] = 2  # one job for all datasets takes less time
    project.add_method("one", {"test.py": ARGPARSE}, BY_OPTIONS)
    damage(project, "deep", "a", write(DEEP))
    damage(project, "alpha", "a", write(image(3, channels=4)))
    damage(project, "untidy", "a", leave)
    folder = project.root / "images" / "untidy"
    for name in ("._p1", "x{y}"):
        for side in "ab":
            (folder / side / f"{name}.png").write_text("no image")
    (folder / "a" / "p4.png").write_text("no image")
    done = project.snakemake()
    assert done.returncode == 0, done.stderr[-2000:]
    assert {row["state"] for row in project.table("status.csv")} == {"ok"}
    return project


@pytest.fixture(scope="module")
def refused(make_project: Callable[..., MiniProject]) -> dict[str, dict[str, str]]:
    """Return the rows of ``status.csv`` by dataset, where most datasets cannot be prepared."""
    project = make_project()
    project.add_method("one", {"test.py": ARGPARSE}, BY_OPTIONS)
    damage(project, "sizes", "b", write(image(1, 40, 40)))
    damage(project, "cut", "a", truncate)
    damage(project, "text", "a", lambda path: path.write_text("no image"))
    for name in ("nowhere", "listed", "braces", "nobody"):
        damage(project, name, "a", leave)
    (project.root / "images" / "braces").rename(project.root / "images" / "{old}")
    project.datasets["nowhere"]["folder"] = "images/gone"
    project.datasets["listed"]["pairs"] = ["p1", "p9"]
    project.datasets["braces"]["folder"] = "images/{old}"
    project.datasets["nobody"]["folder"] = "~nobody-here/x"
    assert project.snakemake().returncode != 0
    return {row["dataset"]: row for row in project.table("status.csv")}


def test_a_wrong_dataset_stops_no_other(refused: dict[str, dict[str, str]]) -> None:
    """A dataset that cannot be prepared is skipped with its reason; others have results.

    A folder with braces is no wildcard of Snakemake.
    """
    states = {dataset: row["state"] for dataset, row in refused.items()}
    wrong = ("sizes", "cut", "text", "nowhere", "listed", "nobody")
    assert states == {**dict.fromkeys(wrong, "skipped"), "pairs": "ok", "braces": "ok"}


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        ("sizes", ["pair 'p2'", "A 48x40, B 40x40"]),
        ("cut", ["a/p2.png: must be a whole image"]),
        ("text", ["a/p2.png"]),
        ("nowhere", ["images/gone: must be the folder of your images"]),
        ("listed", ["pair 'p9'"]),
        ("nobody", ["found no user 'nobody-here'"]),
    ],
)
def test_images_that_cannot_be_taken_are_refused(
    dataset: str, words: list[str], refused: dict[str, dict[str, str]]
) -> None:
    """The reason names the pair, file, folder or user, and what was found.

    Refused are two sizes in one pair, a truncated PNG, which is not read as an image whose lower
    half is gray, a text file with the name of an image, a missing folder, a pair of the frozen list
    without a file, and the folder of a user who does not exist.
    """
    assert all(word in refused[dataset]["reason"] for word in words), refused[dataset]["reason"]


def test_a_16_bit_image_is_scaled_and_noted(taken: MiniProject) -> None:
    """16 bits become 8 by the stated rule, and the manifest says so."""
    datasets = taken.root / "resources" / "datasets"
    noted = "16 bits scaled to 8 (times 255/65535, rounded)"
    assert noted in (datasets / "deep.json").read_text()
    prepared = cv2.imread(str(datasets / "deep" / "a" / "p2.png"), -1)
    assert prepared is not None and (prepared == np.rint(DEEP / 257)).all()


def test_an_alpha_channel_is_dropped_and_noted(taken: MiniProject) -> None:
    """RGBA becomes RGB, and the manifest says so."""
    manifest = (taken.root / "resources" / "datasets" / "alpha.json").read_text()
    assert "alpha channel dropped" in manifest


def test_images_without_a_pair_are_told_in_manifest_and_log(taken: MiniProject) -> None:
    """What macOS left behind, a name with braces and an image on one side do not end the run."""
    manifest = json.loads((taken.root / "resources" / "datasets" / "untidy.json").read_text())
    assert sorted(file for files in manifest["left_out"].values() for file in files) == [
        *("a/._p1.png", "a/p4.png", "a/x{y}.png", "b/._p1.png", "b/x{y}.png")
    ]
    log = (taken.root / "logs" / "datasets" / "untidy.log").read_text()
    assert "untidy: left out 1 image(s), no image B of the same name: a/p4.png\n" in log


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("PSNR-GT", "need a ground truth, but dataset 'pairs' has none"),
        ("SAM", "found SAM, of multi-band arrays"),
    ],
)
def test_a_metric_that_a_dataset_cannot_have_is_refused(
    metric: str, words: str, written: MiniProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """A metric that the dataset cannot have is refused when the configuration is read.

    One metric needs a ground truth and one needs several bands; the dataset has neither.
    """
    replace(written, "config/config.yaml", "- SSIM", f"- {metric}")
    status, printed = check(written, capsys)
    assert status == 1 and words in printed


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("results/runs/oen/pairs/record.json", "methods.yaml: .* 'oen' .did you mean 'one'"),
        ("results/runs/one/pears/record.json", "datasets.yaml: .* 'pears' .did you mean 'pairs'"),
        ("results/tables/mimi/pairs.md", "config.yaml: .* 'mimi' .did you mean 'mini'"),
    ],
)
def test_a_mistyped_target_is_told_with_the_nearest_name(
    target: str, words: str, written: MiniProject
) -> None:
    """For a mistyped target, the message names the registry file and the nearest name in it."""
    done = written.snakemake(target)
    assert done.returncode != 0
    assert re.search(words, done.stdout + done.stderr), done.stderr
