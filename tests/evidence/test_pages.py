"""The page of a method: the evidence about it, and the changes that it needs to run."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from fusebench.contracts.evidence import (
    CheckedRun,
    ClaimResult,
    Determinism,
    MetricSpread,
    Proof,
    RepeatedImage,
    RunFacts,
    SelfcheckFiles,
    SelfcheckResult,
)
from fusebench.contracts.methods import MethodEntry
from fusebench.contracts.records import EnvironmentFacts
from fusebench.contracts.weights import WeightFacts
from fusebench.evidence import pages
from fusebench.hashes import sha256_of_json
from fusebench.images import in_mode, write_png
from fusebench.registry.methods import Method

from tests.evidence.makers import (
    Pixels,
    check_result,
    claim_result,
    compared_image,
    idle_method,
    written_manifest,
)

RUN: dict[str, Any] = {
    "script": "s.py",
    "stage": {"a": "a/{name}.png", "b": "b/{name}.png"},
    "collect": "{out}/{name}.png",
}
PROOF = Proof(
    inputs="in",
    outputs="out",
    weights={"w.pth": "abc"},
    commit="c",
    environment=EnvironmentFacts(key="k"),
)


def active_method(run: dict[str, Any] | None = None, **fields: Any) -> Method:
    """Return a method that can be run."""
    entry = {
        "title": "A method",
        "tasks": ["infrared-visible"],
        "code": "https://example.org/mini/m",
        "commit": "0" * 40,
        "env": "e",
        "run": {**RUN, **(run or {})},
        **fields,
    }
    return Method("m", msgspec.convert(entry, MethodEntry))


def page(
    folder: Path,
    method: Method,
    checks: tuple[SelfcheckResult, ...] = (),
    claims: tuple[ClaimResult, ...] = (),
) -> dict[str, str]:
    """Write a page and return its sections by heading; the part above them has the heading ""."""
    pages.write_pages(folder, [method], checks, claims)
    text = (folder / f"{method.name}.md").read_text(encoding="utf-8")
    assert text.endswith("\n") and not text.endswith("\n\n")
    top, *sections = text.split("\n## ")
    return {"": top, **dict(section.split("\n\n", 1) for section in sections)}


def summary(folder: Path) -> list[dict[str, str]]:
    """Return the rows of the summary."""
    with (folder / "summary.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_method_without_evidence_says_so_everywhere(tmp_path: Path) -> None:
    """No section is empty."""
    found = page(tmp_path, idle_method())
    assert found["Self-check"].strip() == "The entry has no self-check."
    assert found["Determinism"].strip().startswith("Not measured: each self-check was run once")
    assert found["Claims"].strip() == "No claim is entered."
    assert "- nothing was edited in the authors' script" in found["What it took to run"]
    assert "- Ran with: nothing was run" in found["Environment"]
    assert "- Declared by the authors: nothing" in found["Environment"]
    assert found["Proof"].strip() == "Nothing was run for this page."
    assert summary(tmp_path) == [
        {
            **{"method": "m", "status": "no-code", "self-check": "none"},
            **{"images": "", "determinism": "", "claims": ""},
        }
    ]


def test_the_head_tells_of_paper_code_and_status(tmp_path: Path) -> None:
    """Facts that the entry lacks are shown as not given."""
    paper = {"venue": "CVPR", "year": 2020, "arxiv": "2001.00001"}
    found = page(
        tmp_path, active_method(label="M*", paper=paper, licence="MIT", notes="Mind | it.")
    )
    assert found[""].startswith("# M\\*\n\nA method\n")
    assert "- Paper: CVPR, 2020, 2001.00001" in found[""]
    assert f"- Code: https://example.org/mini/m at `{'0' * 40}`" in found[""]
    assert "- Licence: MIT" in found[""] and "- Status: active\n" in found[""]
    assert "- Notes: Mind \\| it." in found[""]
    idle = page(tmp_path, idle_method())[""]
    assert "- Paper: not given" in idle and "- Licence: not given" in idle
    assert "- Code: https://example.org/mini/m\n" in idle
    assert "- Status: no-code: an announcement" in idle and "Notes" not in idle


def images_on_disk(folder: Path, ours: Pixels, theirs: Pixels) -> SelfcheckFiles:
    """Write our image and the committed one of the pair ``p``."""
    marker = written_manifest(folder / "images", {"p": (ours, ours)}, {"p": theirs})
    write_png(folder / "fused" / "p.png", ours)
    return SelfcheckFiles(marker=str(marker), fused=str(folder / "fused"))


def test_the_worst_image_is_shown_side_by_side(tmp_path: Path) -> None:
    """It shows theirs, ours and the enlarged difference, below a table of all compared images."""
    ours = np.full((6, 5), 100, np.uint8)
    theirs = ours.copy()
    theirs[0, 0] = 110
    images = [
        compared_image("p", "close", max_abs=10, mean_abs=0.3, psnr=40.0, differing=0.1),
        compared_image("q", "exact", max_abs=0, mean_abs=0.0, differing=0.0),
        compared_image("r", "nothing-to-compare"),
    ]
    check = check_result(
        images, "close", counts={"exact": 1, "close": 1},
        files=images_on_disk(tmp_path, ours, theirs),
        reason="r: no committed output", unpaired=["x", "y"], tolerance=2.0,
    )  # fmt: skip
    found = page(tmp_path, active_method(), (check,))["Self-check"]
    assert "### committed: close (r: no committed output)" in found
    assert "1 exact, 1 close; tolerance 2 gray levels." in found
    assert "Committed outputs that no pair of this check has: x, y." in found
    assert "| p | close | 10 | 0.3000 | 40.0 | 10.000 % |" in found
    assert "| q | exact | 0 | 0.0000 |  | 0.000 % |" in found and "| r |" not in found
    assert "![p](images/m-committed.png)" in found
    assert "The image that differs most, p: theirs, ours, difference (times 25)." in found
    picture: Any = cv2.imread(str(tmp_path / "images" / "m-committed.png"))
    assert picture.shape == (6, 3 * 5 + 2 * 8, 3)
    assert (picture[:, :5] == in_mode(theirs, "rgb")).all()


def test_images_that_do_not_differ_are_shown_as_they_are(tmp_path: Path) -> None:
    """The difference is black, and the text says that nothing differs."""
    ours = np.full((6, 5), 100, np.uint8)
    images = [compared_image("p", "exact", max_abs=0, mean_abs=0.0, differing=0.0)]
    check = check_result(images, files=images_on_disk(tmp_path, ours, ours))
    found = page(tmp_path, active_method(), (check,))["Self-check"]
    assert "difference (nothing differs)." in found


def test_a_check_without_compared_images_shows_no_picture(tmp_path: Path) -> None:
    """A failed run has its reason, and neither counts nor a table."""
    check = check_result([], "nothing-to-compare", reason="crashed: a | b")
    found = page(tmp_path, active_method(), (check,))["Self-check"]
    assert found.strip().endswith("### committed: nothing-to-compare (crashed: a \\| b)")
    assert not (tmp_path / "images").exists()


@pytest.mark.parametrize(
    ("level", "factor"), [(0, 255), (1, 255), (2, 127), (100, 2), (200, 1), (255, 1)]
)
def test_differences_are_enlarged_as_far_as_they_go(level: int, factor: int) -> None:
    """The factor is the largest whole number that keeps the greatest difference up to 255."""
    black = np.zeros((4, 3), np.uint8)
    other = black.copy()
    other[1, 1] = level
    picture, found = pages.side_by_side(other, black)
    assert found == factor
    assert picture[:, -3:].max() == level * factor <= 255
    assert (picture[:, 3:11] == 255).all() and (picture[:, 14:22] == 255).all()


def test_gray_beside_colour_is_shown_in_colour() -> None:
    """Both are brought to three channels."""
    gray = np.full((4, 3), 9, np.uint8)
    picture, factor = pages.side_by_side(gray, np.stack([gray, gray, gray + 1], axis=2))
    assert factor == 255
    assert picture[0, -1].tolist() == [0, 0, 255]


def test_a_note_is_told_once_with_its_images(tmp_path: Path) -> None:
    """A note on all images says so instead of a list."""
    ours = np.full((6, 5), 100, np.uint8)
    images = [
        compared_image("p", "exact", max_abs=0, mean_abs=0.0, differing=0.0, notes=["n 1", "n 2"]),
        compared_image("q", "exact", max_abs=0, mean_abs=0.0, differing=0.0, notes=["n 2"]),
        compared_image("r", "size-differs", notes=["n 3"]),
    ]
    check = check_result(images, files=images_on_disk(tmp_path, ours, ours))
    found = page(tmp_path, active_method(), (check,))["Self-check"]
    assert "- n 1 (p)\n" in found and "- n 2 (all images)\n" in found
    assert "n 3" not in found


def repeated(**fields: Any) -> Determinism:
    """Return what two runs gave."""
    runs = [RunFacts(seed=seed, hash_seed=13 * seed, threads=2, state="ok") for seed in (0, 1)]
    return Determinism(**{"verdict": "not-deterministic", "reason": "why", "runs": runs, **fields})


def test_runs_that_differ_are_told_by_metric_and_image(tmp_path: Path) -> None:
    """An image of another size has no numbers; an equal image is not listed."""
    images = [
        RepeatedImage(name="p", sha256=["1", "2"], max_abs=4, mean_abs=0.25, differing=0.5),
        RepeatedImage(name="q", sha256=["1", "1"], max_abs=0, mean_abs=0.0, differing=0.0),
        RepeatedImage(name="r", sha256=["1", "2"], max_abs=None, mean_abs=None, differing=None),
    ]
    metrics = {"EN": MetricSpread(mean=7.12345678, range=0.001, range_of_one_image=0.01)}
    check = check_result(determinism=repeated(images=images, metrics=metrics))
    found = page(tmp_path, active_method(), (check,))["Determinism"]
    assert (
        "committed: **not-deterministic**: why (seed 0, hash seed 0, 2 threads: ok; seed 1" in found
    )
    assert "| EN | 7.12346 | 0.001 | 0.01 |" in found
    assert "| p | 4 | 0.2500 | 50.000 % |" in found
    assert "| r | another size |  |  |" in found and "| q |" not in found


def test_claims_on_repeated_runs_are_mentioned(tmp_path: Path) -> None:
    """Each dataset is named once; a claim without a spread was measured once."""
    claims = (
        claim_result(spread=0.1, dataset="d1"),
        claim_result(spread=0.2, dataset="d1", metric="SD"),
        claim_result(dataset="d2"),
    )
    found = page(tmp_path, active_method(), claims=claims)["Determinism"]
    assert found.strip() == (
        "Run more than once for the claims on d1; their tolerance holds the measured spread."
    )


def test_too_many_claims_of_single_images_are_left_to_the_table(tmp_path: Path) -> None:
    """Then the page shows the claims on whole sets, and says where the others are."""
    single = tuple(claim_result(image=str(number)) for number in range(pages.MOST_CLAIMS))
    assert page(tmp_path, active_method(), claims=single)["Claims"].count("| m |") == len(single)
    found = page(tmp_path, active_method(), claims=(*single, claim_result()))["Claims"]
    assert found.count("| m |") == 1
    assert "60 more, of single images, are in results/claims.csv." in found


def test_only_a_methods_own_evidence_is_on_its_page(tmp_path: Path) -> None:
    """Checks and claims of other methods are left out.

    Each method has a line in the summary.
    """
    methods = [active_method(), idle_method("n")]
    checks = [check_result(), check_result(method="n", check="theirs")]
    claims = [claim_result(), claim_result("close", method="n", metric="SD", id="SD")]
    pages.write_pages(tmp_path, methods, checks, claims)
    first, second = ((tmp_path / f"{name}.md").read_text(encoding="utf-8") for name in "mn")
    assert "### committed: exact" in first and "theirs" not in first and "| SD |" not in first
    assert "### theirs: exact" in second and "| SD |" in second and "| EN |" not in second
    assert [row["method"] for row in summary(tmp_path)] == ["m", "n"]
    lines = (tmp_path / "summary.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Evidence" and lines[4].startswith("| m | active | committed: exact |")


def test_what_it_took_to_run(tmp_path: Path) -> None:
    """The page has adapter, shims, archives and every edit, with the name of a task or dataset.

    It says which shims were really used.
    """
    run = {
        "compat": ["np-int", "torch-load"],
        "unpack": ["a.zip"],
        "edit": {"a.py": [["x = `1`\n  y", "x = 2"]]},
        "per_task": {"infrared-visible": {"edit": {"b.py": [["u", "v"]]}}},
        "per_dataset": {"d": {"edit": {"c.py": [["s", "t"]]}}},
    }
    shims = CheckedRun(state="ok", reason="", shims={"np-int": 2, "torch-load": 0, "a": 1})
    found = page(tmp_path, active_method(run), (check_result(record=shims),))["What it took to run"]
    assert "- compat: np-int\n- compat: torch-load\n- unpack: a.zip" in found
    assert "- edit of a.py: `x = '1' y` becomes `x = 2`" in found
    assert "- edit of b.py (infrared-visible): `u` becomes `v`" in found
    assert "- edit of c.py (d): `s` becomes `t`" in found
    assert "- used while running: a (1), np-int (2)" in found
    assert "nothing was edited" not in found
    only = {"per_task": {"infrared-visible": {"edit": {"b.py": [["u", "v"]]}}}}
    told = page(tmp_path, active_method(only))["What it took to run"]
    assert told.strip() == "- edit of b.py (infrared-visible): `u` becomes `v`"
    shimmed = {"per_dataset": {"d": {"compat": ["np-int"], "unpack": ["b.zip"]}}}
    told = page(tmp_path, active_method(shimmed))["What it took to run"]
    assert told.strip() == "- compat (d): np-int\n- unpack (d): b.zip"
    adapted = {key: value for key, value in RUN.items() if key != "script"} | {"adapter": "a.py"}
    entry = msgspec.to_builtins(active_method().entry) | {"run": adapted}
    told = page(tmp_path, Method("m", msgspec.convert(entry, MethodEntry)))["What it took to run"]
    assert told.strip() == "- adapter: a.py, in place of a script of the authors"


def test_a_failed_check_says_what_to_change(tmp_path: Path) -> None:
    """The remedy of a known cause stands under the verdict; without one there is no such line."""
    failed = CheckedRun(state="crashed", reason="x", remedy="`env`: another one")
    found = page(tmp_path, active_method(), (check_result(record=failed),))["Self-check"]
    assert "\nWhat to change: \\`env\\`: another one\n" in found
    assert "What to change" not in page(tmp_path, active_method(), (check_result(),))["Self-check"]


def test_versions_that_ran_stand_beside_those_declared(tmp_path: Path) -> None:
    """The versions are those of the first check that has any; each deviation has a line."""
    silent = check_result(check="one")
    run = CheckedRun(
        state="ok", reason="", versions={"torch": "2.1", "cuda": None},
        deviations=["torch: declared 1.7"],
    )  # fmt: skip
    method = active_method(declares={"torch": "1.7", "python": "3.8"})
    found = page(tmp_path, method, (silent, check_result(record=run)))["Environment"]
    assert "- Environment: e" in found
    assert "- Declared by the authors: torch 1.7, python 3.8" in found
    assert "- Ran with: torch 2.1, cuda None" in found
    assert "- Deviation: torch: declared 1.7" in found
    claimed = page(tmp_path, method, claims=(claim_result(proof=PROOF),))["Environment"]
    assert "- Ran with: the environment of the proof below" in claimed


def test_the_proof_names_every_hash(tmp_path: Path) -> None:
    """The proof has the hashes of each check and image, and of the claims on each dataset.

    Claims on single images repeat nothing.
    """
    images = [
        compared_image("p", "exact", theirs="t", max_abs=None),
        compared_image("q", "nothing-to-compare"),
    ]
    claims = (
        claim_result(proof=PROOF),
        claim_result(proof=PROOF, image="p", dataset="e"),
        claim_result("not-comparable", dataset="f"),
    )
    found = page(tmp_path, active_method(), (check_result(images, proof=PROOF),), claims)["Proof"]
    assert "- committed: commit `c`, environment `k`, inputs `in`" in found
    assert found.count("  - weights w.pth: `abc`") == 2
    facts = WeightFacts(origin="by hand", source="by hand", pinned=False)
    brought = msgspec.structs.replace(PROOF, weights_from={"w.pth": facts})
    told = page(tmp_path, active_method(), (check_result(images, proof=brought),), ())["Proof"]
    assert "  - weights w.pth: `abc` (by hand, unpinned: by hand)" in told
    assert "  - p: ours `ours-p`, theirs `t`" in found
    assert "  - q: ours `ours-q`, theirs `none`" in found
    assert "- claims on d: commit `c`, environment `k`, inputs `in`, outputs `out`" in found
    assert "claims on e" not in found and "claims on f" not in found


def test_the_summary_counts_what_was_compared(tmp_path: Path) -> None:
    """It has checks with verdicts, the number of compared images, and verdicts of claims.

    Each kind of determinism is listed once.
    """
    images = [compared_image("p", "exact"), compared_image("q", "nothing-to-compare")]
    checks = (check_result(images), check_result((), "nothing-to-compare", check="more"))
    claims = (claim_result("close"), claim_result("reproduced"), claim_result("close"))
    page(tmp_path, active_method(), checks, claims)
    assert summary(tmp_path) == [
        {
            **{"method": "m", "status": "active", "images": "1, 0", "determinism": "unknown"},
            "self-check": "committed: exact; more: nothing-to-compare",
            "claims": "2 close, 1 reproduced",
        }
    ]


def test_a_page_is_written_again_only_for_what_it_says() -> None:
    """The digest of an entry holds title, edits and notes.

    Memory, weights and verified runs are not in it.
    """
    plain = pages.entry_facts(active_method())
    unseen: list[dict[str, Any]] = [
        *({"resources": {"mem_mb": 9000}}, {"weights": [{"path": "w"}]}, {"repeats": 3})
    ]
    for fields in unseen:
        assert pages.entry_facts(active_method(**fields)) == plain
    seen: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {"title": "Another"}),
        ({}, {"notes": "n"}),
        ({"edit": {"a.py": [["x", "y"]]}}, {}),
        ({"per_dataset": {"d": {"seed": 3}}}, {}),
    ]
    for run, changed in seen:
        assert pages.entry_facts(active_method(run, **changed)) != plain
    assert pages.entry_facts(active_method({"args": "--x"})) == plain
    assert len(sha256_of_json(plain)) == 64
    assert pages.entry_facts(idle_method()) != plain
