"""`snakemake evidence` on a miniature project whose authors committed outputs of every kind."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fusebench.images import in_mode, pixel_sha256
from fusebench.planning.evidence import make_evidence_plan
from fusebench.planning.plan import make_plan
from numpy.typing import NDArray

from tests.flow.projects import MiniProject, image

NAMES = ("close", "differs", "exact", "missing", "size", "within")

MEAN = """
import glob, os, sys, cv2, numpy as np
os.makedirs(sys.argv[1], exist_ok=True)
for path in sorted(glob.glob('in/a/*')):
    a = cv2.imread(path, 0).astype(float)
    b = cv2.imread(path.replace('/a/', '/b/'), 0).astype(float)
    result = os.path.join(sys.argv[1], os.path.basename(path))
    cv2.imwrite(result, np.rint((a + b) / 2).astype(np.uint8))
"""
SEEDED = MEAN.replace(
    "np.rint((a + b) / 2)", "np.clip((a + b) / 2 + np.random.normal(0, 2, a.shape), 0, 255)"
)
HASHED = MEAN.replace("(a + b) / 2", "{'a': a, 'b': b}[list({'a', 'b'})[0]]")
LARGER = MEAN.replace("np.rint((a + b) / 2)", "np.rint((a + b) / 2).repeat(2, axis=0)")
SHORTER = MEAN.replace(
    ".astype(np.uint8)", ".astype(np.uint8)[min(1, int(os.environ['PYTHONHASHSEED'])) :]"
)
WEIGHTED = MEAN.replace("(a + b) / 2", "0.75 * a + 0.25 * b")
CRASHING = "raise RuntimeError('no such layer')\n"

RUN = {
    "script": "test.py",
    "args": "{out}",
    "stage": {"a": "in/a/{name}.png", "b": "in/b/{name}.png"},
    "collect": "{out}/{name}.png",
    "devices": ["cpu"],
}
COLOUR = {
    "metric": "colour-deviation",
    "definition": "fcdfusion",
    "value": "0.5",
    "where": "Table 4",
}
INPUTS = {"a": "samples/a", "b": "samples/b"}


def png(pixels: NDArray[np.uint8], suffix: str = ".png") -> bytes:
    """Return an image file."""
    return bytes(cv2.imencode(suffix, pixels)[1].tobytes())


def samples(names: tuple[str, ...]) -> dict[str, str | bytes]:
    """Return committed inputs."""
    return {
        f"samples/{side}/{name}.png": png(image(2 * index + seed))
        for index, name in enumerate(names)
        for side, seed in (("a", 1), ("b", 2))
    }


def fused(index: int) -> NDArray[np.uint8]:
    """Return the result of the script for the pair at a position."""
    a, b = image(2 * index + 1).astype(float), image(2 * index + 2).astype(float)
    return np.asarray(np.rint((a + b) / 2).astype(np.uint8))


def weighted(index: int) -> NDArray[np.uint8]:
    """Return the result of ``WEIGHTED`` for the pair at a position."""
    a, b = image(2 * index + 1).astype(float), image(2 * index + 2).astype(float)
    return np.asarray(np.rint(0.75 * a + 0.25 * b).astype(np.uint8))


def committed_outputs() -> dict[str, str | bytes]:
    """Return outputs for each verdict; ``missing`` has none, and ``stray`` has no inputs."""
    found = {name: fused(index) for index, name in enumerate(NAMES)}
    found["within"][3, 3] += 1
    found["close"][5:10, 5:10] += 6
    found["differs"] = np.roll(found["differs"], 7)
    outputs = {
        f"runs/{name}.png": png(pixels)
        for name, pixels in found.items()
        if name not in ("missing", "size")
    }
    return {
        **outputs,
        "runs/size.png": png(found["size"][:-2]),
        "runs/stray.png": png(found["exact"]),
    }


@pytest.fixture(scope="module")
def project(make_project: Callable[..., MiniProject]) -> MiniProject:
    """Return a project whose evidence was made once."""
    made = make_project()
    files = {"test.py": MEAN, **samples(NAMES), **committed_outputs()}
    claims = [
        {"dataset": "pairs", "metric": "EN", "value": "9.99", "where": "Table 1"},
        {"images": "TNO", "metric": "EN", "value": "6.5", "where": "Table 2"},
        {
            "dataset": "selfcheck",
            "metric": "SD",
            "definition": "unknown",
            "value": "1.5",
            "where": "README",
        },
    ]
    made.add_method(
        "all-verdicts",
        files,
        RUN,
        selfcheck={"inputs": INPUTS, "expect": "runs"},
        claims=claims,
        declares={"numpy": "1.0"},
    )
    one = samples(("p",))
    repeated = {"inputs": INPUTS, "expect": "runs", "repeats": 2}
    edit = {"test.py": [["in/a/*", "in/a/*.png"], ["sys.argv[1], os.path", "'{out}', os.path"]]}
    made.add_method(
        "same",
        {"test.py": MEAN, **one, "runs/p.png": png(fused(0))},
        {**RUN, "edit": edit},
        selfcheck=repeated,
    )
    made.add_method(
        "seeded", {"test.py": SEEDED, **one}, RUN, selfcheck={"inputs": INPUTS, "repeats": 2}
    )
    made.add_method(
        "hashed", {"test.py": HASHED, **one}, RUN, selfcheck={"inputs": INPUTS, "repeats": 2}
    )
    made.add_method(
        "exchanged",
        {"test.py": WEIGHTED, **one, "runs/p.png": png(weighted(0))},
        RUN,
        selfcheck={"inputs": {"a": INPUTS["b"], "b": INPUTS["a"]}, "expect": "runs"},
    )
    made.add_method("crashing", {"test.py": CRASHING, **one}, RUN, selfcheck={"inputs": INPUTS})
    larger = {"test.py": LARGER, **one, "runs/p.png": png(fused(0).repeat(2, axis=0))}
    made.add_method(
        "larger",
        larger,
        RUN,
        selfcheck={"inputs": INPUTS, "expect": "runs"},
        claims=[
            {"dataset": "selfcheck", "metric": "SSIM", "value": "0.5", "where": "Table 3"},
            {**COLOUR, "dataset": "selfcheck"},
        ],
    )
    made.add_method(
        "shorter",
        {"test.py": SHORTER, **one},
        RUN,
        selfcheck={"inputs": INPUTS, "repeats": 2},
        claims=[{**COLOUR, "dataset": "selfcheck"}],
    )
    made.methods["no-weights"] = {
        **{
            "title": "No weights",
            "tasks": ["infrared-visible"],
            "code": "https://example.org/mini/none",
        },
        **{"status": "weights-external", "reason": "a cloud folder", "claims": [claims[0]]},
    }
    made.config["suites"]["mini"]["methods"].append("no-weights")
    done = made.snakemake("evidence")
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def check(project: MiniProject, method: str) -> dict[str, Any]:
    """Return the result of a self-check."""
    path = project.root / "results" / "selfcheck" / method / "committed.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_every_verdict_is_found(project: MiniProject) -> None:
    """Each committed output gets its verdict, and the check gets the worst of them."""
    found = check(project, "all-verdicts")
    assert {image["name"]: image["verdict"] for image in found["images"]} == {
        "close": "close",
        "differs": "differs",
        "exact": "exact",
        "missing": "nothing-to-compare",
        "size": "size-differs",
        "within": "within-tolerance",
    }
    assert found["verdict"] == "size-differs"
    assert "theirs is 48x38, ours 48x40" in found["reason"]
    assert found["unpaired"] == ["stray"]


def test_a_verdict_carries_its_proof(project: MiniProject) -> None:
    """It has hashes of the inputs and of both outputs, the commit and the environment's key."""
    found = check(project, "all-verdicts")
    assert found["proof"]["commit"] == project.methods["all-verdicts"]["commit"]
    assert (
        found["proof"]["environment"]["env"] == "classical" and found["proof"]["environment"]["key"]
    )
    exact = next(image for image in found["images"] if image["name"] == "exact")
    assert exact["ours"] == exact["theirs"] == pixel_sha256(fused(NAMES.index("exact")))
    assert exact["inputs"].keys() == {"a", "b"}


def test_inputs_are_staged_byte_for_byte(project: MiniProject) -> None:
    """The script reads the committed file, not a copy of its pixels."""
    manifest = json.loads(
        (project.root / "resources/committed/all-verdicts/committed.json").read_text()
    )
    pair = manifest["pairs"][0]
    original = project.root / "mirrors" / "mini+all-verdicts" / pair["a"]["original"]["file"]
    assert (
        Path(project.root, manifest["path"], pair["a"]["file"]).read_bytes()
        == original.read_bytes()
    )


def test_determinism(project: MiniProject) -> None:
    """Images are equal under every seed, or images and metrics have a spread.

    The order of a set depends on the hash seed.
    """
    assert check(project, "same")["determinism"]["verdict"] == "deterministic"
    for method in ("seeded", "hashed"):
        runs = check(project, method)["determinism"]
        assert runs["verdict"] == "not-deterministic"
        assert runs["images"][0]["max_abs"] > 0
        assert runs["metrics"]["EN"]["range"] > 0
    assert [run["seed"] for run in check(project, "seeded")["determinism"]["runs"]] == [0, 1]
    assert check(project, "all-verdicts")["determinism"]["verdict"] == "unknown"


def test_a_result_larger_than_its_sources_is_compared(project: MiniProject) -> None:
    """It is compared as the script left it; no metric compares it with its sources."""
    assert check(project, "larger")["verdict"] == "exact"
    rows = csv.DictReader((project.root / "results" / "claims.csv").open(encoding="utf-8"))
    reasons = [row["reason"] for row in rows if row["method"] == "larger"]
    assert reasons == [
        f"{name} has no value on 1 of 1 images" for name in ("SSIM", "colour-deviation@fcdfusion")
    ]


def test_colours_of_a_smaller_result(project: MiniProject) -> None:
    """Colours are compared with the top left part of the visible image.

    A gray image beside a gray one does not deviate.
    """
    rows = csv.DictReader((project.root / "results" / "claims.csv").open(encoding="utf-8"))
    claim = next(row for row in rows if row["method"] == "shorter")
    assert claim["verdict"] == "not-reproduced"
    assert float(claim["measured"]) == pytest.approx(0, abs=1e-3)


def test_results_of_another_size_from_run_to_run(project: MiniProject) -> None:
    """Images whose size depends on the hash seed are reported.

    They are not compared pixel by pixel.
    """
    runs = check(project, "shorter")["determinism"]
    assert runs["verdict"] == "not-deterministic"
    assert runs["reason"] == "1 of 1 images differ from run to run, 1 of them in size"
    page = (project.root / "results" / "evidence" / "shorter.md").read_text(encoding="utf-8")
    assert "| p | another size |" in page


def test_without_committed_outputs_there_is_nothing_to_compare(project: MiniProject) -> None:
    """Inputs alone still show whether a method is deterministic."""
    assert check(project, "seeded")["verdict"] == "nothing-to-compare"


def test_exchanged_inputs_are_recognised(project: MiniProject) -> None:
    """An entry whose A is the authors' B differs; the run in the other order tells why."""
    found = check(project, "exchanged")
    assert found["verdict"] == "differs"
    assert found["reason"].startswith("with A and B exchanged it would be exact: exchange `a`")
    assert "with A and B exchanged" in (project.root / "results/selfcheck.md").read_text()


def test_a_script_that_fails_is_told_with_its_state(project: MiniProject) -> None:
    """The reason is the state and the script's own message; there is no verdict on images."""
    found = check(project, "crashing")
    assert (found["verdict"], found["images"]) == ("nothing-to-compare", [])
    assert found["reason"].startswith("crashed: ") and "no such layer" in found["reason"]


def test_claims(project: MiniProject) -> None:
    """A claim is measured on its own images; other claims say why they cannot be compared."""
    rows = list(csv.DictReader((project.root / "results" / "claims.csv").open(encoding="utf-8")))
    found = {(row["method"], row["where"]): row for row in rows}
    table = found["all-verdicts", "Table 1"]
    assert table["verdict"] == "not-reproduced"
    assert float(table["measured"]) - 9.99 == pytest.approx(float(table["difference"]))
    assert table["commit"] == project.methods["all-verdicts"]["commit"]
    assert len(table["inputs"]) == len(table["outputs"]) == 64 and table["environment"]
    assert found["all-verdicts", "Table 2"]["reason"] == "other images: TNO"
    assert found["all-verdicts", "README"]["verdict"] == "not-comparable"
    assert found["no-weights", "Table 1"]["reason"] == "weights-external: a cloud folder"


def test_pages_and_summary(project: MiniProject) -> None:
    """Each method has a page with its worst image side by side, and a line in the summary."""
    folder = project.root / "results" / "evidence"
    page = (folder / "all-verdicts.md").read_text(encoding="utf-8")
    assert "images/all-verdicts-committed.png" in page
    assert "nothing was edited in the authors' script" in page
    assert "Deviation: numpy: declared 1.0" in page
    assert "`in/a/*` becomes `in/a/*.png`" in (folder / "same.md").read_text(encoding="utf-8")
    picture: Any = cv2.imread(str(folder / "images" / "all-verdicts-committed.png"))
    theirs = np.roll(fused(NAMES.index("differs")), 7)
    assert (picture[:, :48] == in_mode(theirs, "rgb")).all()
    assert "- claims on pairs: commit `" in page and "stray" in page
    summary = {
        row["method"]: row
        for row in csv.DictReader((folder / "summary.csv").open(encoding="utf-8"))
    }
    assert summary.keys() == project.methods.keys()
    assert summary["same"]["determinism"] == "deterministic"
    assert summary["no-weights"]["status"] == "weights-external"
    assert "no-weights" in (folder / "summary.md").read_text(encoding="utf-8")


def test_means_with_their_spread(project: MiniProject) -> None:
    """A repeated suite gives each mean with the range that it has over the runs."""
    project.config |= {"repeats": 2, "suite": "pair"}
    project.config["suites"]["pair"] = {
        "methods": ["same", "seeded"],
        "datasets": ["pairs"],
        "metrics": ["EN"],
    }
    done = project.snakemake("spread")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["method"]: row for row in project.table("spread.csv")}
    assert (rows["same"]["verdict"], float(rows["same"]["range"])) == ("deterministic", 0.0)
    assert rows["seeded"]["verdict"] == "not-deterministic" and float(rows["seeded"]["range"]) > 0
    assert rows["seeded"]["runs"] == "2"
    assert "± 0.0000" in (project.root / "results" / "spread.md").read_text(encoding="utf-8")


def test_only_what_failed_runs_again(project: MiniProject) -> None:
    """A further run retries the failed script, and nothing that is up to date."""
    project.config.pop("repeats", None)
    project.config["suite"] = "mini"
    done = project.snakemake("selfcheck", "--dry-run")
    again = {"fuse": 1, "judge_selfcheck": 1, "write_selfcheck_table": 1, "selfcheck": 1}
    assert project.jobs(done) == again, done.stdout + done.stderr


def test_a_suite_restricts_the_evidence(project: MiniProject) -> None:
    """Self-checks are made of the methods of the selected suite."""
    overrides = {"suite": "few"}
    project.config["suites"]["few"] = {"methods": ["same", "seeded"], "datasets": ["pairs"]}
    project.write()
    plan = make_plan(project.root, overrides)
    assert make_evidence_plan(plan.grouping).judged_checks == [
        "results/selfcheck/same/committed.json",
        "results/selfcheck/seeded/committed.json",
    ]
