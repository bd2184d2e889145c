"""MATLAB code as text: functions of VIFB's interface, and scripts that read two images."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from fusebench.authoring.roles import role_of
from fusebench.authoring.tree import Tree

FUNCTION = re.compile(
    r"^\s*function\s+\w+\s*=\s*(\w+)\s*\(\s*(\w+)\s*,\s*(\w+)\s*,\s*(\w+)\s*\)", re.M
)
READ = re.compile(
    r"(?P<target>\w+)\s*=[^=\n]*?imread\s*\(\s*(?P<quote>['\"])(?P<path>[^'\"\n]+)(?P=quote)"
)
WRITE = re.compile(
    r"imwrite\s*\(\s*(?P<value>[^,\n]+),\s*(?P<quote>['\"])(?P<path>[^'\"\n]+)(?P=quote)"
)
RUNS = 4.0
READS_BOTH = 6.0


@dataclass(frozen=True)
class MatlabCode:
    """MATLAB code that may fuse two images.

    Attributes:
        path: of the file.
        kind: script or function.
        a: where it looks for source image A.
        b: where it looks for source image B.
        collect: where it leaves its result.
        score: how likely it is meant.
        why: the line that says so.
        is_sure: whether the places were read from the code.
        edit: constants that must be replaced.
    """

    path: str
    kind: str
    a: str
    b: str
    collect: str
    score: float
    why: str
    is_sure: bool = True
    edit: dict[str, list[list[str]]] = field(default_factory=dict)

    @property
    def cwd(self) -> str:
        """The folder in which it starts."""
        return str(PurePosixPath(self.path).parent)


def read_matlab(tree: Tree, modalities: tuple[str, str]) -> list[MatlabCode]:
    """Return the MATLAB code that may fuse two images, the most likely first."""
    found = [_read(tree, name, modalities) for name in tree.with_suffix(".m")]
    return sorted(filter(None, found), key=lambda one: -one.score)


def _read(tree: Tree, name: str, modalities: tuple[str, str]) -> MatlabCode | None:
    text = re.sub(r"^\s*%.*$", "", tree.text(name), flags=re.MULTILINE)
    function = FUNCTION.search(text)
    if function and PurePosixPath(name).stem.lower().startswith("run_"):
        why = f"{PurePosixPath(name).name}: a function of three arguments, as VIFB calls it"
        stage = ("in/VI/{name}.png", "in/IR/{name}.png")
        return MatlabCode(name, "function", stage[1], stage[0], "{out}/{name}.png", RUNS, why)
    reads = list(READ.finditer(text))
    if re.match(r"\s*function", text) or not reads:
        return None
    return _script(name, text, reads, modalities)


def _script(
    name: str, text: str, reads: list[re.Match[str]], modalities: tuple[str, str]
) -> MatlabCode | None:
    """Return a script that reads two fixed images: its constants are replaced."""
    sides: dict[str, re.Match[str]] = {}
    for match in reads:
        side = role_of(match["path"], modalities) or role_of(match["target"], modalities)
        sides.setdefault(side, match)
    if "" in sides and len(reads) > 1:
        sides.setdefault("a", reads[0])
        sides.setdefault("b", reads[1])
    if not {"a", "b"} <= set(sides) or sides["a"]["path"] == sides["b"]["path"]:
        return None
    write = WRITE.search(text)
    edit = [[_quoted(sides[side]), f"'in/{side}.png'"] for side in ("a", "b")]
    if write:
        edit.append([_quoted(write), "'{out}/fused.png'"])
    folder = str(PurePosixPath(name).parent)
    inside = "" if folder == "." else f"{folder}/"
    line = text[: reads[0].start()].count("\n") + 1
    return MatlabCode(
        name,
        "script",
        f"{inside}in/a.png",
        f"{inside}in/b.png",
        "{out}/fused.png",
        READS_BOTH + bool(write) - 0.3 * name.count("/"),
        f"{name}:{line}: {reads[0][0][:60]}",
        bool(write),
        {name: edit},
    )


def _quoted(match: re.Match[str]) -> str:
    return f"{match['quote']}{match['path']}{match['quote']}"
