"""How far a draft of ``fusebench new`` comes without a person, and with how many edits.

For each repository, in a project without its entry: ``fusebench new``, then ``fusebench try``.
After a failure, what ``try`` proposes is written into the entry, and it is tried again. Fields are
compared with those of the catalogue's entry. Nothing of a repository is kept.

Run ``python benchmarks/authoring.py --mirror '/data/{owner}+{name}' --resources resources
> docs/authoring-numbers.md``.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = {
    "https://github.com/yanglinDeng/MMDRFuse": "night-scenes",
    "https://github.com/zyb5/LUT-Fuse": "night-scenes",
    "https://github.com/HeasonLee/FCDFusion": "night-scenes",
    "https://github.com/RollingPlain/SAGE_IVIF": "night-scenes",
    "https://github.com/RollingPlain/ALMFnet": "mri-ct21",
    "https://github.com/jialei-sc/MLFuse": "mri-ct21",
    "https://github.com/AWCXV/GIFNet": "night-scenes",
    "https://github.com/AWCXV/MUFusion": "night-scenes",
    "https://github.com/wang-x-1997/DAFusion": "night-scenes",
    "https://github.com/lok-18/GeSeNet": "mri-spect73",
    "https://github.com/ouyangbaicai/FusionGCN": "lytro20",
    "https://github.com/hli1221/imagefusion-LRRNet": "night-scenes",
}
"""Repositories of the catalogue whose weights are in git -> the dataset of the trial."""

OTHERS = {
    "https://github.com/uzeful/IFCNN": "mri-ct21",
    "https://github.com/tthinking/YDTR": "night-scenes",
    "https://github.com/tthinking/MATR": "mri-spect73",
    "https://github.com/Linfeng-Tang/PIAFusion": "night-scenes",
}
"""Repositories with weights in git that no list of the catalogue has."""

MOST_EDITS = 3
COMPARED = ("tasks", "licence", "env", "weights", "run.script", "run.cwd", "run.compat")
MINIMAL = """mean:
  title: Mean
  tasks: [infrared-visible]
  code: workflow/baselines
  env: classical
  run:
    script: fuse.py
    args: --method mean --a in/a --b in/b --out {out}
    stage: {a: "in/a/{name}.png", b: "in/b/{name}.png"}
    collect: "{out}/{name}.png"
"""
CONFIG = "suite: one\nsuites:\n  one: {methods: [mean], datasets: [night-scenes]}\n"


@dataclass
class Outcome:
    """What became of one repository."""

    code: str
    edits: int = 0
    ran: bool = False
    seconds: float = 0.0
    verdict: str = ""
    right: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)


def main() -> None:
    """Draft and try all repositories, and print the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", default="")
    parser.add_argument("--resources", type=Path, required=True, help="shared with the trials")
    parser.add_argument("--only", nargs="*", default=[], help="names of repositories")
    options = parser.parse_args()
    known = yaml.safe_load((ROOT / "methods.yaml").read_text(encoding="utf-8"))
    outcomes = []
    for code, dataset in {**CATALOGUE, **OTHERS}.items():
        if options.only and not any(code.endswith(f"/{name}") for name in options.only):
            continue
        entry = next((one for one in known.values() if one["code"] == code), None)
        outcomes.append(_tried(code, dataset, entry, options))
        print(outcomes[-1], file=sys.stderr, flush=True)
    print(page(outcomes))


def _tried(code: str, dataset: str, entry: Any, options: argparse.Namespace) -> Outcome:
    outcome, began = Outcome(code), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "config").mkdir()
        (project / "config" / "config.yaml").write_text(CONFIG)
        (project / "methods.yaml").write_text(MINIMAL)
        (project / "resources").symlink_to(options.resources.resolve())
        name = _new(project, code, options.mirror)
        if not name:
            outcome.verdict = "no draft"
            return outcome
        draft = yaml.safe_load((project / "methods.yaml").read_text(encoding="utf-8"))[name]
        if entry:
            _compare(outcome, draft, entry)
        for _ in range(MOST_EDITS + 1):
            printed = _fusebench(project, "try", name, dataset, mirror=options.mirror)
            outcome.verdict = printed.splitlines()[-1] if printed else "nothing was printed"
            outcome.ran = bool(re.search(r"^script on .*: ok", printed, re.MULTILINE))
            if (
                outcome.ran
                or outcome.edits == MOST_EDITS
                or not _edit(project, name, printed, outcome)
            ):
                break
            outcome.edits += 1
        outcome.seconds = time.monotonic() - began
        shutil.rmtree(project / "results", ignore_errors=True)
    return outcome


def _fusebench(project: Path, *words: str, mirror: str) -> str:
    command = [sys.executable, "-c", "from fusebench.command import main; raise SystemExit(main())"]
    at = [*(["--mirror", mirror] if mirror else []), "--project", str(project)]
    done = subprocess.run(
        [*command, *words, *at], capture_output=True, text=True, check=False, cwd=project
    )
    return done.stdout + done.stderr


def _new(project: Path, code: str, mirror: str) -> str:
    before = set(yaml.safe_load((project / "methods.yaml").read_text(encoding="utf-8")))
    _fusebench(project, "new", code, mirror=mirror)
    after = yaml.safe_load((project / "methods.yaml").read_text(encoding="utf-8"))
    return next(iter(set(after) - before), "")


def _edit(project: Path, name: str, printed: str, outcome: Outcome) -> bool:
    """Write what was proposed into the entry; false where nothing was."""
    file = project / "methods.yaml"
    entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    run = entries[name]["run"]
    proposed = dict(re.findall(r'^  proposal: run\.([\w.]+): "([^"]+)"', printed, re.MULTILINE))
    remedy = re.search(r"compat: \[\"?([^\]\"]+)\"?\]", printed)
    simple = re.search(r"(first_index: 0|make_folders: false)", printed)
    if remedy and remedy[1] not in run.get("compat", []):
        run.setdefault("compat", []).append(remedy[1])
        outcome.edited.append(f"compat {remedy[1]}")
    elif proposed:
        for key, value in proposed.items():
            target = run["stage"] if key.startswith("stage.") else run
            target[key.removeprefix("stage.")] = value
        outcome.edited.append(", ".join(proposed))
    elif simple:
        key, _, value = simple[1].partition(": ")
        run[key] = yaml.safe_load(value)
        outcome.edited.append(key)
    else:
        return False
    file.write_text(yaml.safe_dump(entries, sort_keys=False), encoding="utf-8")
    return True


def _compare(outcome: Outcome, draft: Any, entry: Any) -> None:
    for key in COMPARED:
        same = _field(draft, key) == _field(entry, key)
        (outcome.right if same else outcome.wrong).append(key)


def _field(entry: Any, key: str) -> Any:
    """Return a field in a form in which equal ones are equal."""
    value: Any = entry
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if key == "weights":
        return sorted(one["path"] for one in value or [])
    if key == "tasks":
        return value[0]
    if key == "run.compat":
        return sorted(value or [])
    return value or ""


def page(outcomes: list[Outcome]) -> str:
    """Return the table as Markdown."""
    rows = [
        f"| [{one.code.removeprefix('https://github.com/')}]({one.code}) |"
        f" {('no edit', '1 edit', '2 edits', '3 edits')[one.edits] if one.ran else 'did not run'} |"
        f" {one.seconds / 60:.1f} |"
        f" {f'{len(one.right)} of {len(one.right) + len(one.wrong)}' if one.right else ''} |"
        f" {', '.join(one.wrong)} | {'; '.join(one.edited)} |"
        f" {one.verdict.replace('|', ' ')[:160]} |"
        for one in outcomes
    ]
    return "\n".join(
        [
            "| repository | draft ran with | minutes | fields right | other than the catalogue |"
            " edits, as `try` proposed them | verdict of `try` |",
            "|---|---|---|---|---|---|---|",
            *rows,
        ]
    )


if __name__ == "__main__":
    main()
