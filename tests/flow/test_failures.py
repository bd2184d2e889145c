"""A failing method stops no other: it has a state and a reason, in every table.

The next run tries it again.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.flow.projects import MiniProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS, PLAIN, READ

BOTH = READ + "inputs = [read(path) for path in glob.glob('[ab]/*')]\n"
NOTHING = "print('done')\n"
TOO_FEW = BOTH + "cv2.imwrite('f/p1.png', cv2.imread('a/p1.png'))\n"
WRONG_SIZE = BOTH + "[cv2.imwrite('f/' + n, cv2.imread('a/' + n)[:-1]) for n in os.listdir('a')]\n"
NAN_ARRAY = (
    BOTH + "[np.save('f/' + n[:-4] + '.npy', read('a/' + n) * np.nan) for n in os.listdir('a')]\n"
)
NAN_IMAGE = (
    BOTH
    + "[cv2.imwrite('f/' + n, (read('a/' + n) * np.nan).astype(np.uint8))"
    + " for n in os.listdir('a')]\n"
)
SWALLOWED = (
    "import traceback\ntry:\n    open('no-such-file')\n"
    "except Exception:\n    traceback.print_exc()\n"
)
RAISES = "raise RuntimeError('shapes do not match')\n"
COLOURED = "raise RuntimeError('\\x1b[1;31mbad \\x07shape\\x1b[0m & \\x1b]0;t\\x07more')\n"
ELSEWHERE = (
    BOTH
    + "os.makedirs('other')\n"
    + "[cv2.imwrite('other/' + n, cv2.imread('a/' + n)) for n in os.listdir('a')]\n"
)
TRUNCATED = (
    BOTH
    + """
for n in os.listdir('a'):
    content = open('a/' + n, 'rb').read()
    open('f/' + n, 'wb').write(content[:len(content) // 2])
"""
)
RAISES_AT_SECOND = (
    BOTH
    + "assert os.listdir('a') != ['p2.png']\n"
    + "for n in os.listdir('a'):\n    cv2.imwrite('f/' + n, read('a/' + n))\n"
)
SLEEPS = "import subprocess, time\nsubprocess.Popen(['sleep', '3600'])\ntime.sleep(3600)\n"
OUT_OF_MEMORY = (
    "print('torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB')\n"
    "raise SystemExit(1)\n"
)
KILLED = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"

GREEDY = "import time\nkept = [b'x' * 10_000_000 for _ in range(60)]\ntime.sleep(60)\n"

NUMERIC_ORDER = (
    READ
    + """
names = sorted(os.listdir('a'), key=lambda n: -int(n[1]))
for i, n in enumerate(names):
    cv2.imwrite('f/%d.png' % (i + 1), (read('a/' + n) + read('b/' + n)) / 2)
"""
)

NOISE = (
    BOTH
    + "for n in os.listdir('a'):\n"
    + "    a, b = read('a/' + n), read('b/' + n)\n"
    + "    noise = np.random.randint(0, 256, a.shape)\n"
    + "    cv2.imwrite('f/' + n, (a + b) / 2 if n == 'p1.png' else noise)\n"
)
COPIES = BOTH + "[cv2.imwrite('f/' + n, cv2.imread('a/' + n)) for n in os.listdir('a')]\n"

FAILURES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "writes-nothing": (NOTHING, PLAIN, "bad-output", "left no result"),
    "too-few": (TOO_FEW, PLAIN, "bad-output", "1 of 3 results"),
    "wrong-size": (WRONG_SIZE, PLAIN, "bad-output", "must have the size 48x40"),
    "nan-array": (NAN_ARRAY, {**PLAIN, "collect": "f/{name}.npy"}, "bad-output", "NaN"),
    "nan-image": (NAN_IMAGE, PLAIN, "bad-output", "more than one value"),
    "swallowed-traceback": (SWALLOWED, PLAIN, "crashed", "FileNotFoundError"),
    "raises": (RAISES, PLAIN, "crashed", "shapes do not match"),
    "coloured": (COLOURED, PLAIN, "crashed", "RuntimeError: bad shape & more"),
    "raises-at-second": (
        RAISES_AT_SECOND,
        {**PLAIN, "pairs_per_process": 1},
        "crashed",
        "(1 of 3 results written)",
    ),
    "elsewhere": (ELSEWHERE, PLAIN, "bad-output", "other/p1.png"),
    "truncated": (TRUNCATED, PLAIN, "bad-output", "damaged"),
    "sleeps": (SLEEPS, PLAIN, "timeout", "limit of 0.05 minutes"),
    "out-of-memory": (OUT_OF_MEMORY, PLAIN, "out-of-memory", "CUDA out of memory"),
    "killed": (KILLED, PLAIN, "out-of-memory", "ran out of memory"),
    "greedy": (GREEDY, PLAIN, "out-of-memory", "MB of memory; its limit is 300 MB; raise"),
    "other-order": (
        NUMERIC_ORDER,
        {**PLAIN, "collect": "f/{index}.png"},
        "bad-output",
        "another pair (likeness 0.0",
    ),
    "noise": (NOISE, PLAIN, "suspicious", "2 of 3 results do not resemble their sources: 'p2'"),
    "no-script": (NOTHING, {**PLAIN, "script": "other.py"}, "crashed", "other.py"),
    "no-such-text": (
        NOTHING,
        {**PLAIN, "edit": {"test.py": [["not there", "x"]]}},
        "crashed",
        "not there",
    ),
}

Ran = tuple[MiniProject, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def ran(make_project: Callable[..., MiniProject]) -> Ran:
    """Run all failures beside one method that works."""
    project = make_project()
    project.add_method("works", {"test.py": ARGPARSE}, BY_OPTIONS)
    for name, (script, run, _, _) in FAILURES.items():
        limits = {"sleeps": {"runtime": 0.05}, "greedy": {"mem_mb": 300}}
        project.add_method(name, {"test.py": script}, run, resources=limits.get(name, {}))
    _add_failures_of_other_steps(project)
    return project, project.snakemake()


def _add_failures_of_other_steps(project: MiniProject) -> None:
    project.add_method("commit-vanished", {"test.py": ARGPARSE}, BY_OPTIONS)
    project.methods["commit-vanished"]["commit"] = "0" * 39 + "1"
    project.add_method("no-mirror", {"test.py": ARGPARSE}, BY_OPTIONS)
    project.methods["no-mirror"]["code"] = "https://example.org/somebody/else"
    project.add_method(
        "no-weights", {"test.py": ARGPARSE}, BY_OPTIONS, weights=[{"path": "model.pth"}]
    )
    project.add_method(
        "other-weights",
        {"test.py": ARGPARSE, "model.pth": "x"},
        BY_OPTIONS,
        weights=[{"path": "model.pth", "sha256": "0" * 64}],
    )
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    project.add_method(
        "lfs-pointer",
        {"test.py": ARGPARSE, "model.pth": pointer},
        BY_OPTIONS,
        weights=[{"path": "model.pth"}],
    )
    unlocked = project.root / "envs" / "unlocked"
    unlocked.mkdir()
    (unlocked / "environment.yml").write_text(
        "name: unlocked\ndependencies:\n  - python>=3.11\n  - pip:\n      - numpy\n"
    )
    project.add_method("unlocked-environment", {"test.py": ARGPARSE}, BY_OPTIONS, env="unlocked")


STEPS = {
    "commit-vanished": ("source-unavailable", "found nothing under that hash"),
    "no-mirror": ("source-unavailable", "no mirror of https://example.org/somebody/else at"),
    "no-weights": ("weights-missing", "model.pth"),
    "other-weights": ("weights-missing", "must have the sha256 000000"),
    "lfs-pointer": ("weights-missing", "git-lfs pointer"),
    "unlocked-environment": ("env-failed", "fusebench lock unlocked"),
}
EXPECTED = {**{name: (state, words) for name, (_, _, state, words) in FAILURES.items()}, **STEPS}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_failure_has_its_state_and_reason(name: str, ran: Ran) -> None:
    """A failing method ends in the state that fits, with a reason that names what was found."""
    project, _ = ran
    row = next(row for row in project.table("status.csv") if row["method"] == name)
    state, words = EXPECTED[name]
    assert row["state"] == state
    assert words in row["reason"]


def test_the_other_method_has_its_numbers(ran: Ran) -> None:
    """A method that works is run, measured and tabulated beside failing ones."""
    project, _ = ran
    rows = [row for row in project.table("measures.csv") if row["method"] == "works"]
    assert len(rows) == 6


def test_every_table_has_every_method(ran: Ran) -> None:
    """Every table shows the failed methods with their state."""
    project, _ = ran
    rows = {row["method"]: row for row in project.table("tables/mini/pairs.csv")}
    assert set(rows) == {"works", *EXPECTED}
    assert rows["raises"]["state"] == "crashed"
    for suffix in ("md", "tex"):
        text = (project.root / "results" / "tables" / "mini" / f"pairs.{suffix}").read_text()
        assert "shapes do not match" in text


def test_suspicious_results_are_shown_and_not_ranked(ran: Ran) -> None:
    """Tables have their numbers with the reason, unmarked; the long file of values lacks them."""
    project, done = ran
    rows = {row["method"]: row for row in project.table("tables/mini/pairs.csv")}
    assert float(rows["noise"]["EN"]) > float(rows["works"]["EN"])
    assert "cannot be right" in done.stdout and "do not resemble" in rows["noise"]["reason"]
    shown = (project.root / "results" / "tables" / "mini" / "pairs.md").read_text()
    [line] = [line for line in shown.splitlines() if line.startswith("| noise")]
    [best] = [line for line in shown.splitlines() if line.startswith("| works")]
    assert "**" not in line and "<u>" not in line and "**" in best
    assert f"{float(rows['noise']['EN']):.4f}" in line
    assert "noise" not in {row["method"] for row in project.table("measures.csv")}
    assert len(list((project.root / "results/runs/noise/pairs/fused").iterdir())) == 3


def test_no_escape_of_a_script_reaches_a_result(ran: Ran) -> None:
    """Records, states and tables hold no colours and no control characters of a script."""
    project, done = ran
    results = project.root / "results"
    files = [results / "status.csv", *results.glob("tables/mini/pairs.*")]
    texts = [path.read_text(encoding="utf-8") for path in files]
    texts += [project.record("coloured")["reason"], done.stdout]
    assert len(texts) == 6 and all("bad shape" in text for text in texts)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", "".join(texts).replace("\r\n", "\n"))


def test_the_run_names_failures_and_logs_and_exits_with_one(ran: Ran) -> None:
    """The run ends by naming each failing method with its log, and its exit status says so."""
    _, done = ran
    assert done.returncode != 0
    assert "logs/fuse/raises/pairs.log" in done.stdout
    assert "raises" in done.stdout and "shapes do not match" in done.stdout


def test_nothing_is_left_running(ran: Ran) -> None:
    """When a script is ended, the processes that it started are ended too."""
    import psutil

    assert ran[1].returncode != 0
    assert [
        p.pid for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "3600"]
    ] == []


def test_failures_are_tried_again_without_being_told(project: MiniProject) -> None:
    """The next run tries only the failed method again.

    A suspicious one is tried again when its entry changes, here to accept what it does. Once all
    methods work, nothing is left to do.
    """
    project.add_method("works", {"test.py": ARGPARSE}, BY_OPTIONS)
    flaky = f"import os\nassert os.path.exists({str(project.told / 'mended')!r})\n{ARGPARSE}"
    project.add_method("flaky", {"test.py": flaky}, BY_OPTIONS)
    project.add_method("copies", {"test.py": COPIES}, PLAIN)
    assert project.snakemake().returncode != 0
    second = project.snakemake()
    assert project.jobs(second)["fuse"] == 1 and second.returncode != 0
    assert project.record("copies")["state"] == "suspicious" and "SUSPICIOUS" in second.stdout
    (project.told / "mended").touch()
    project.methods["copies"]["accept"] = ["copy"]
    third = project.snakemake()
    assert third.returncode == 0, third.stderr[-2000:]
    assert [project.record(name)["state"] for name in ("flaky", "copies")] == ["ok", "ok"]
    assert any("3 of 3 results are copies" in note for note in project.record("copies")["notes"])
    assert "Nothing to be done" in (fourth := project.snakemake()).stderr + fourth.stdout


def test_one_cell_tells_how_it_ended(project: MiniProject) -> None:
    """A cell by the name of its record ends with an exit status that says whether it has a result.

    The record of a failed cell stays; the next run tries the cell again. The last words are about
    this cell and not about the suite, whose other cells have not been run.
    """
    project.add_method("works", {"test.py": ARGPARSE}, BY_OPTIONS)
    flaky = f"import os\nassert os.path.exists({str(project.told / 'mended')!r})\n{ARGPARSE}"
    project.add_method("flaky", {"test.py": flaky}, BY_OPTIONS)
    record = "results/runs/flaky/pairs/record.json"
    for _ in range(2):
        done = project.snakemake(record)
        assert done.returncode != 0 and project.jobs(done)["fuse"] == 1
        assert project.record("flaky")["state"] == "crashed"
        assert done.stdout.strip().splitlines()[-3:] == [
            "flaky on pairs: crashed",
            f"    {project.record('flaky')['reason']}",
            "    log: logs/fuse/flaky/pairs.log",
        ]
        assert "not finished" not in done.stdout
    shown = project.snakemake("tables")
    assert shown.returncode == 0, shown.stderr[-2000:]
    states = {row["method"]: row["state"] for row in project.table("tables/mini/pairs.csv")}
    assert states == {"works": "ok", "flaky": "crashed"}
    (project.told / "mended").touch()
    done = project.snakemake(record)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().splitlines()[-1] == (
        "flaky on pairs: ok, 3 fused images in results/runs/flaky/pairs/fused/"
    )
    assert "Nothing to be done" in (last := project.snakemake(record)).stderr + last.stdout


def test_tables_alone_try_no_failed_method_again(project: MiniProject) -> None:
    """A changed table runs no method, whatever state its cells have.

    The next run of everything tries the failed methods again.
    """
    project.add_method("works", {"test.py": ARGPARSE}, BY_OPTIONS)
    flaky = f"import os\nassert os.path.exists({str(project.told / 'mended')!r})\n{ARGPARSE}"
    project.add_method("flaky", {"test.py": flaky}, BY_OPTIONS)
    assert project.snakemake().returncode != 0
    project.config["suites"]["mini"]["metrics"] = ["EN"]
    shown = project.snakemake("tables")
    assert shown.returncode == 0 and "fuse" not in project.jobs(shown), shown.stderr[-2000:]
    assert "not tried again for tables and figures alone" in shown.stdout
    (project.told / "mended").touch()
    assert project.jobs(project.snakemake())["fuse"] == 1
    assert project.record("flaky")["state"] == "ok"
    assert "Nothing to be done" in (last := project.snakemake()).stderr + last.stdout
    assert "Nothing to be done" in (last := project.snakemake("tables")).stderr + last.stdout


def test_files_that_the_mirror_lacks_are_listed(project: MiniProject) -> None:
    """A repository with a missing object is used without it.

    If weights are among the missing files, the method ends as weights-missing.
    """
    commit = project.add_method(
        "partial",
        {"test.py": ARGPARSE, "big.pth": "w" * 100},
        BY_OPTIONS,
        weights=[{"path": "big.pth"}],
    )
    project.add_method("same-code", {"unused": "x"}, {**BY_OPTIONS, "seed": 1})
    project.methods["same-code"].update(code=project.methods["partial"]["code"], commit=commit)
    mirror = project.root / "mirrors" / "mini+partial"
    blob = subprocess.run(
        ["git", "-C", str(mirror), "rev-parse", "HEAD:big.pth"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (mirror / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    done = project.snakemake()
    assert done.returncode != 0
    assert project.record("partial")["state"] == "weights-missing"
    assert "big.pth" in project.record("partial")["reason"]
    assert project.record("same-code")["state"] == "ok"
    assert project.record("same-code")["source"]["absent"] == ["big.pth"]


def test_methods_without_weights_are_tried_where_that_is_asked_for(
    make_project: Callable[..., MiniProject],
) -> None:
    """With ``try`` a script without its weights is started.

    The reason says whether the script got as far as asking for them.
    """
    project = make_project()
    asks = "import os\nassert len(os.listdir('a')) == 3\nopen('models/w.pth', 'rb')\n"
    for name, script in (("asks", asks), ("stumbles", "import no_such_module\n")):
        project.add_method(name, {"test.py": script}, PLAIN, weights=[{"path": "models/w.pth"}])
    project.config["try"] = True
    project.snakemake()
    reached = (
        "models/w.pth: must be in the repository .*; "
        "tried without it, the script starts, .* asks for its weights"
    )
    assert re.fullmatch(reached, project.record("asks")["reason"])
    assert project.record("asks")["weights_read"] == ["models/w.pth"]
    assert project.record("stumbles")["reason"].endswith(
        "the script ends before it asks for its weights: "
        "ModuleNotFoundError: No module named 'no_such_module'"
    )
    assert {project.record(name)["state"] for name in ("asks", "stumbles")} == {"weights-missing"}
