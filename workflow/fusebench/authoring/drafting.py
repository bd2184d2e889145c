"""A draft entry of ``methods.yaml`` from what was read of a repository.

Each field has the line of the repository that says so beside it; what is not sure is marked with
``UNSURE``. A draft is a valid entry: ``fusebench try`` runs it as it is.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from fusebench.authoring.checkpoints import foreign_classes
from fusebench.authoring.environments import SHIMMED, choose, drafted, package_of
from fusebench.authoring.facts import (
    TASK_WORDS,
    Found,
    declared_versions,
    licence_of,
    links_of,
    modalities_of,
    paper_of,
    task_of,
    title_of,
)
from fusebench.authoring.matlab import MatlabCode, read_matlab
from fusebench.authoring.samples import selfcheck_of
from fusebench.authoring.scripts import Script, archives_with, read_scripts, third_party, weights_in
from fusebench.authoring.tree import Tree
from fusebench.registry.documents import near
from fusebench.registry.methods import owner_and_name

UNSURE = "UNSURE"
WIDTH = 100
SHIM_WORDS: dict[str, str] = {
    "scipy-misc": r"from scipy\.misc import|scipy\.misc\.\w|from scipy import misc|misc\.im\w+\(",
    "numpy-aliases": r"\bnp\.(float|int|bool|object|str|complex|mat|Inf|product|asfarray)\b(?!_)",
    "skimage-compare": r"compare_(ssim|psnr|mse|nrmse)",
    "pillow-aliases": r"Image\.ANTIALIAS",
    "yaml-load": r"yaml\.load\([^,)]*\)",
    "inspect-getargspec": r"getargspec",
    "collections-abc": r"from collections import [^\n]*\b(Iterable|Mapping|Sequence|Callable)\b"
    r"|collections\.(Iterable|Mapping|Sequence|Callable)\b",
    "torchvision-io": r"torchvision\.io|from torchvision\.io",
    "module-alias:torchvision.models.utils=torch.hub": r"torchvision\.models\.utils",
}
"""Shim -> what in the code asks for it."""

NEEDS_CUDA = re.compile(
    r"if\s+not\s+torch\.cuda\.is_available\(\)\s*:(?:\s*[^\n]*\n){0,3}?\s*(?:sys\.)?(?:exit|raise)"
)


@dataclass(frozen=True)
class Line:
    """A field of the entry.

    Attributes:
        key: its name; dots lead into a field that holds others.
        value: as YAML has it.
        why: the line of the repository that says so.
        is_sure: whether a person need not look.
    """

    key: str
    value: Any
    why: str = ""
    is_sure: bool = True


@dataclass
class Draft:
    """A draft entry.

    Attributes:
        name: of the entry.
        lines: its fields, in order.
        notes: comments above it.
        problem: why nothing can be run; empty where something can.
    """

    name: str
    lines: list[Line]
    notes: list[str] = field(default_factory=list)
    problem: str = ""

    def value(self, key: str) -> Any:
        """Return the value of a field; None where the draft has not got it."""
        return next((line.value for line in self.lines if line.key == key), None)

    def text(self) -> str:
        """Return the entry as YAML with comments."""
        head = "".join(f"# {note}\n" for note in self.notes)
        return f"{head}{self.name}:\n{''.join(self._lines())}"

    def _lines(self) -> Iterator[str]:
        opened: list[str] = []
        for line in self.lines:
            *outer, last = line.key.split(".")
            for depth, part in enumerate(outer):
                if opened[depth : depth + 1] != [part]:
                    opened = [*opened[:depth], part]
                    yield f"{'  ' * (depth + 1)}{part}:\n"
            opened = opened[: len(outer)]
            comment = "; ".join(filter(None, ["" if line.is_sure else UNSURE, line.why]))
            indent = "  " * (len(outer) + 1)
            if comment:
                yield f"{indent}# {last}: {' '.join(comment.split())}\n"
            yield _dumped(last, line.value, indent)


def _dumped(key: str, value: Any, indent: str) -> str:
    """Return a field as YAML: on one line, unless a list or mapping in it holds others."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    is_flat = not any(isinstance(one, list | dict) for one in inner)
    content = value if is_flat and inner else {key: value}
    text = yaml.safe_dump(
        content,
        sort_keys=False,
        allow_unicode=True,
        width=WIDTH * 10,
        default_flow_style=bool(is_flat and inner) or (None if inner else False),
    )
    whole = f"{key}: {text}" if is_flat and inner else text
    return "".join(f"{indent}{line}\n" for line in whole.splitlines())


def draft(
    tree: Tree,
    code: str,
    commit: str,
    root: Path,
    name: str = "",
    labels: Collection[str] = (),
) -> Draft:
    """Return the draft entry of a repository.

    Args:
        tree: its clone.
        code: its address.
        commit: the full hash of the clone.
        root: the project's folder, whose ``envs/`` are chosen from.
        name: of the entry; empty for the repository's own in lower case.
        labels: of other entries; no two rows of a table may have the same.
    """
    own = owner_and_name(code)[1]
    chosen = name or entry_name(own)
    tasks, scripts = _read_for_tasks(tree)
    modalities = modalities_of(tasks[0].value if tasks else "other")
    title, licence = title_of(tree, own), licence_of(tree)
    lines = [
        Line("title", title.value, title.where, title.where.startswith("BibTeX")),
        Line("label", chosen if own in labels else own),
        *_paper(tree),
        Line(
            "tasks",
            [task.value for task in tasks] or ["other"],
            tasks[0].where if tasks else "no word of a known task was found",
            is_sure=len(tasks) == 1,
        ),
        Line("code", code),
        Line("commit", commit),
        Line("licence", licence.value, licence.where, licence.value != "see the file"),
    ]
    made = Draft(chosen, lines)
    made.notes.append(f"Draft; look at what is marked {UNSURE}, then: fusebench try {made.name}")
    matlab = read_matlab(tree, modalities) if not scripts or scripts[0].score < MATLAB_FIRST else []
    if scripts and not (matlab and matlab[0].score > scripts[0].score):
        _add_python(made, tree, scripts, root)
    elif matlab:
        _add_matlab(made, tree, matlab)
    else:
        _add_problem(made, tree)
    links = links_of(tree)
    if links:
        lines.append(Line("links", links[:8], "addresses of drives that README and texts name"))
    return made


def _read_for_tasks(tree: Tree) -> tuple[list[Found], list[Script]]:
    """Return the tasks of a repository and its scripts.

    The first task is the one whose words tell the two source images of the best script apart.
    """
    tasks = task_of(tree)
    best: list[Script] = []
    most = 0.0
    for task in tasks or [Found("other", "")]:
        scripts = read_scripts(tree, modalities_of(task.value))
        scripts.sort(key=lambda script: -_fit(script, task.value))
        if scripts and (not best or _fit(scripts[0], task.value) > most):
            best, most = scripts, _fit(scripts[0], task.value)
            tasks = [task, *(one for one in tasks if one != task)] if tasks else []
    return tasks, best


def _fit(script: Script, task: str) -> float:
    """Return the score of a script, higher where its folder has the name of the task."""
    named = re.search(TASK_WORDS.get(task, "(?!)"), script.path, re.IGNORECASE)
    return script.score + 1.5 * bool(named)


MATLAB_FIRST = 6.0
"""A Python script with a lower score is compared with MATLAB code beside it."""


def entry_name(own: str) -> str:
    """Return the name of an entry from that of the repository.

    >>> entry_name("Image_Fusion.v2")
    'image-fusion-v2'
    """
    return re.sub(r"[^a-z0-9]+", "-", own.lower()).strip("-") or "method"


def _paper(tree: Tree) -> Iterator[Line]:
    found = paper_of(tree)
    if found:
        yield Line("paper", found, "BibTeX of the README")


def _add_problem(made: Draft, tree: Tree) -> None:
    made.problem = problem_of(tree)
    made.lines += [Line("status", "no-code"), Line("reason", made.problem)]


def problem_of(tree: Tree) -> str:
    """Say why no script was found, and what to do."""
    notebooks = tree.with_suffix(".ipynb")
    python, matlab = tree.with_suffix(".py"), tree.with_suffix(".m")
    if notebooks and not python:
        return (
            f"the code lies in notebooks alone ({notebooks[0]}): export one with `jupyter nbconvert"
            " --to script` into a copy of the repository, and name its folder in `code`"
        )
    if python or matlab:
        files = [*python, *matlab]
        return (
            f"none of {len(files)} files of code, first {files[0]}, was seen to read two images and"
            " write one; name the script in `run.script` (README.md, Add a method)"
        )
    if any(name.endswith((".p", ".mexa64", ".mexw64", ".exe")) for name in tree.files):
        return "the code is compiled or encrypted: there is nothing that can be read or run here"
    first = ", ".join(tree.files[:3]) or "nothing"
    return f"the repository holds no Python and no MATLAB code; found {first}"


def _add_python(made: Draft, tree: Tree, scripts: Sequence[Script], root: Path) -> None:
    script = scripts[0]
    modules = third_party(script)
    code = "\n".join(tree.text(name) for name in script.code)
    choice = choose(root, modules, code)
    missing = {
        name: where
        for name, where in choice.missing.items()
        if name not in SHIMMED and not tree.has_folder(name)
    }
    made.lines.append(Line("env", choice.env, choice.why, is_sure=not missing))
    declared = declared_versions(tree)
    if declared:
        made.lines.append(Line("declares", declared))
    made.lines += _weights(tree, script)
    made.lines += _run(tree, script, modules, missing, code)
    made.lines.append(
        Line("resources", {"gpu": 1 if "torch" in modules else 0, "mem_mb": 4000, "runtime": 30})
    )
    made.lines += _selfcheck(tree, script)
    others = [one for one in scripts[1:4] if one.score > script.score - 2]
    if others:
        named = ", ".join(one.path for one in others)
        made.notes.append(f"Other scripts that may be meant: {named} (`run.script`).")
    if missing:
        names = ", ".join(f"{name} ({where})" for name, where in missing.items())
        made.notes.append(f"{choice.env} has not got: {names}. They are stand-ins in `compat`,")
        made.notes += drafted(choice.env, map(package_of, missing)).replace("# ", "").splitlines()


def _weights(tree: Tree, script: Script) -> Iterator[Line]:
    known = weights_in(tree)
    lost = [path for path in script.loads if path in tree.absent]
    there = [path for path in script.loads if path in tree.files or path in lost]
    if there:
        lfs = [path for path in there if path not in lost and tree.is_lfs(path)]
        why = "in the repository; loaded by the script"
        if lost:
            why = "part of the commit, but its content is not where it was cloned from"
        if lfs:
            why = f"{lfs[0]} is a pointer of Git LFS: name where the file is offered"
        yield Line("weights", [{"path": path} for path in there], why, is_sure=not lfs)
    elif archives_with(tree, script.loads):
        entries = [{"path": path} for path in script.loads]
        yield Line("weights", entries, "in the archives of run.unpack")
    elif script.loads:
        page = next(iter(links_of(tree)), "")
        entries = [{"path": path, **({"page": page} if page else {})} for path in script.loads]
        names = [PurePosixPath(path).name for path in known]
        others = f"; the repository has {', '.join(known[:3])}" if known else ""
        hint = near(PurePosixPath(script.loads[0]).name, names) or others
        yield Line("weights", entries, f"not in the repository{hint}", is_sure=False)
    elif known:
        entries = [{"path": path} for path in known[:4]]
        yield Line("weights", entries, "which of them is loaded was not seen", is_sure=False)


def _run(
    tree: Tree, script: Script, modules: dict[str, str], missing: dict[str, str], code: str
) -> Iterator[Line]:
    yield Line("run.script", script.path, f"score {script.score:.1f}")
    if script.cwd != ".":
        yield Line("run.cwd", script.cwd)
    archives = archives_with(tree, script.loads)
    if archives:
        yield Line("run.unpack", archives, "hold the weights that the script loads")
    if script.given:
        words = [
            f"{script.options[name].flag} {value}".strip() for name, value in script.given.items()
        ]
        yield Line("run.args", " ".join(words), "options without a usable default")
    if script.at_top:
        path = posixpath.relpath(".", script.cwd)
        why = f"imports {script.at_top} from the top of the repository"
        yield Line("run.environ", {"PYTHONPATH": path}, why)
    yield from _places(script)
    if script.is_single:
        yield Line("run.pairs_per_process", 1, "the script reads two fixed files")
    if script.counts_from_0:
        yield Line("run.first_index", 0, "the script counts from 0")
    if script.edits:
        edits = {name: [list(pair) for pair in pairs] for name, pairs in script.edits.items()}
        yield Line("run.edit", edits, "constants that the authors left for the user", False)
    compat = _compat(tree, script, modules, missing, code)
    if compat:
        yield Line("run.compat", compat, "what the code and its weights ask for")
    if "torch" not in modules and "tensorflow" not in modules:
        yield Line("run.devices", ["cpu"], "the script uses no GPU")


def _places(script: Script) -> Iterator[Line]:
    a, b, collect = script.a, script.b, script.collect
    yield Line(
        "run.stage.a",
        a.pattern if a else "in/a/{name}.png",
        a.where if a else "where it reads source image A was not seen",
        bool(a and a.is_sure),
    )
    yield Line(
        "run.stage.b",
        b.pattern if b else "in/b/{name}.png",
        b.where if b else "where it reads source image B was not seen",
        bool(b and b.is_sure),
    )
    yield Line(
        "run.collect",
        collect.pattern if collect else "{out}/{name}.png",
        collect.where if collect else "where it writes was not seen",
        bool(collect),
    )


def _compat(
    tree: Tree, script: Script, modules: dict[str, str], missing: dict[str, str], code: str
) -> list[str]:
    uncommented = re.sub(r"^\s*#.*$", "", code, flags=re.MULTILINE)
    found = [shim for shim, words in SHIM_WORDS.items() if re.search(words, uncommented)]
    found += sorted({SHIMMED[name] for name in modules if name in SHIMMED})
    found += [f"module-alias:{old}={new}" for old, new in script.aliases.items()]
    if any("\\" in event.path for event in script.events):
        found.append("windows-paths")
    if NEEDS_CUDA.search(uncommented):
        found.append("pretend-cuda")
    weights = [tree.root / path for path in script.loads if path in tree.files]
    if any(foreign_classes(path) for path in weights):
        found.append("torch-load-pickle")
    if re.search(r"torch\.utils\.tensorboard", uncommented):
        found.append("module-alias:torch.utils.tensorboard=tensorboardX")
    if missing:
        found.append(f"missing-modules:{','.join(sorted(missing))}")
    return found


def _selfcheck(tree: Tree, script: Script) -> Iterator[Line]:
    if not (script.a and script.b):
        return
    collect = script.collect.pattern if script.collect else ""
    found = selfcheck_of(tree, script.a.pattern, script.b.pattern, collect)
    if found:
        outputs = "with committed outputs" if "expect" in found else "no committed outputs seen"
        yield Line("selfcheck", found, f"committed images, {outputs}", "expect" in found)


def _add_matlab(made: Draft, tree: Tree, found: Sequence[MatlabCode]) -> None:
    code = found[0]
    made.lines += [
        Line("env", "octave"),
        Line(f"run.{code.kind}", code.path, code.why, is_sure=code.kind == "function"),
        *([Line("run.cwd", code.cwd)] if code.cwd != "." else []),
        Line("run.stage.a", code.a, "", is_sure=code.is_sure),
        Line("run.stage.b", code.b, "", is_sure=code.is_sure),
        Line("run.collect", code.collect, "", is_sure=code.is_sure),
        *([Line("run.edit", code.edit, "constants of one pair", False)] if code.edit else []),
        *([Line("run.pairs_per_process", 1)] if code.edit else []),
        Line("run.devices", ["cpu"]),
        Line("resources", {"gpu": 0, "mem_mb": 2000, "runtime": 30}),
    ]
    if len(found) > 1:
        named = ", ".join(one.path for one in found[1:4])
        made.notes.append(f"Other MATLAB code that may be meant: {named}.")
