"""What a repository says of itself outside its code: task, paper, licence, versions, links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from fusebench.authoring.tree import Tree
from fusebench.registry.datasets import DEFAULT_MODALITIES

TASK_WORDS: dict[str, str] = {
    "infrared-visible": (r"infrared|thermal|\bIVIF\b|\bIVF\b|\bTNO\b|RoadScene|MSRS|M3FD|LLVIP"),
    "medical": r"medical|\bMRI\b|\bPET\b|\bSPECT\b|\bCT\b|Harvard|\bMIF\b",
    "multi-focus": r"multi[- ]?focus|\bMFF\b|\bMFIF\b|Lytro|MFFW|MFI-WHU",
    "multi-exposure": r"multi[- ]?exposure|\bMEF\b|\bMEFB\b|SICE|over-?exposed",
    "pansharpening": r"pan-?sharpening|panchromatic",
    "hsi-msi": r"hyper-?spectral",
}
"""Task -> the words that speak of it."""

FEW = 8
"""A task that is spoken of less often than the first one, by this factor, is left out."""

LICENCES = {
    "MIT": "Permission is hereby granted, free of charge",
    "Apache-2.0": "Apache License",
    "AGPL-3.0": "GNU AFFERO GENERAL PUBLIC LICENSE",
    "LGPL-3.0": "GNU LESSER GENERAL PUBLIC LICENSE",
    "GPL-3.0": "GNU GENERAL PUBLIC LICENSE",
    "BSD-3-Clause": "Neither the name of",
    "BSD-2-Clause": "Redistribution and use in source and binary forms",
    "CC-BY-NC-4.0": "Attribution-NonCommercial 4.0",
    "Unlicense": "This is free and unencumbered software",
}
DRIVES = re.compile(
    r"https?://(?:drive\.google\.com|pan\.baidu\.com|1drv\.ms|onedrive\.live\.com|huggingface\.co"
    r"|www\.dropbox\.com|zenodo\.org|github\.com/[^\s)\"'<>]+/releases)[^\s)\"'<>\]]*"
)
_VERSION = re.compile(
    r"(?<![\w-])(python|torch|pytorch|tensorflow(?:-gpu)?|torchvision|numpy|scipy|kornia|timm)\b"
    r"[ \t]*(?:==|=|>=|version)?[ \t:]*v?(\d+\.\d+(?:\.\d+)?(?:\+\w+)?)",
    re.IGNORECASE,
)
_BIBTEX = re.compile(r"(\w+)\s*=\s*(?:\{((?:[^{}]|\{[^{}]*\})*)\}|\"([^\"]*)\"|(\d+))\s*,?")


TOP = 25
"""Lines of a README in which a title is looked for."""
FEWEST_WORDS = 3
"""A first heading with fewer words is the name of the method, no title."""
_QUOTED = re.compile(r'["“]((?=[A-Z])(?:[^"“”\s]+\s+){3,}[^"“”\s]+)["”]')


@dataclass(frozen=True)
class Found:
    """A fact with the line that says so."""

    value: str
    where: str


def task_of(tree: Tree) -> list[Found]:
    """Return the tasks that a repository speaks of, the most frequent one first."""
    text = f"{tree.readme}\n{' '.join(tree.files)}"
    counts = Counter(
        {task: len(re.findall(words, text, re.IGNORECASE)) for task, words in TASK_WORDS.items()}
    )
    best = max(1, counts.most_common(1)[0][1])
    chosen = [task for task, count in counts.most_common() if count * FEW >= best]
    return [Found(task, _line_with(tree, TASK_WORDS[task])) for task in chosen]


def modalities_of(task: str) -> tuple[str, str]:
    """Return what A and B show in a task, where nothing else is said."""
    return {"medical": ("mri", "ct"), **DEFAULT_MODALITIES}.get(task, ("a", "b"))


def _line_with(tree: Tree, words: str) -> str:
    """Return the first line of the README with one of some words, or a file with it."""
    for number, line in enumerate(tree.readme.splitlines(), 1):
        if re.search(words, line, re.IGNORECASE):
            return f"README:{number}: {' '.join(line.split())[:90]}"
    return next((name for name in tree.files if re.search(words, name, re.IGNORECASE)), "")


def title_of(tree: Tree, name: str) -> Found:
    """Return the title of the paper: of BibTeX, else of the top of the README, else the name.

    There it is the first heading, a quoted text, or a line that begins with the name and a colon.
    """
    cited = bibtex(tree.readme).get("title")
    if cited:
        return Found(" ".join(re.sub(r"[{}]", "", cited).split()), "BibTeX of the README")
    lines = tree.readme.splitlines()[:TOP]
    heads = [number for number, line in enumerate(lines) if line.startswith("#")]
    words = _plain(lines[heads[0]]) if heads else ""
    if len(words.split()) >= FEWEST_WORDS:
        return Found(words, f"README:{heads[0] + 1}")
    quoted = _QUOTED.search("\n".join(lines))
    if quoted:
        number = "\n".join(lines)[: quoted.start()].count("\n") + 1
        return Found(_plain(quoted[1]), f"README:{number}")
    for number, line in enumerate(lines, 1):
        if _plain(line).lower().startswith(f"{name.lower()}:"):
            return Found(_plain(line), f"README:{number}")
    return Found(name, "the name of the repository")


def _plain(line: str) -> str:
    """Return a line of Markdown without its marks and pictures."""
    bare = re.sub(r"^#+\s*|[*`]|!\[[^\]]*\]\([^)]*\)|<[^>]*>", "", line)
    return " ".join(bare.split())


def bibtex(text: str) -> dict[str, str]:
    """Return the fields of the first BibTeX entry of a text, in lower case."""
    start = re.search(r"@\s*(article|inproceedings|misc|conference)\s*\{", text, re.IGNORECASE)
    if not start:
        return {}
    body = text[start.end() : start.end() + 3000]
    fields: dict[str, str] = {}
    for match in _BIBTEX.finditer(body):
        fields.setdefault(match[1].lower(), match[2] or match[3] or match[4] or "")
    return fields


def paper_of(tree: Tree) -> dict[str, object]:
    """Return the fields of ``paper`` that the BibTeX of the README gives."""
    cited = bibtex(tree.readme)
    venue = cited.get("journal") or cited.get("booktitle")
    found: dict[str, object] = {}
    if venue:
        found["venue"] = " ".join(re.sub(r"[{}]", "", venue).split())
    if re.fullmatch(r"(19[89]|20\d)\d", cited.get("year", "")):
        found["year"] = int(cited["year"])
    if cited.get("doi"):
        found["doi"] = cited["doi"]
    if cited.get("author"):
        authors = re.split(r"\s+and\s+", " ".join(cited["author"].split()))
        found["authors"] = [re.sub(r"[{}]", "", author) for author in authors if author != "others"]
    return found


def licence_of(tree: Tree) -> Found:
    """Return the SPDX name of the licence at the top of a repository; ``none`` without one."""
    for name in tree.files:
        if "/" not in name and re.match(r"(licen[cs]e|copying)", name, re.IGNORECASE):
            text = tree.text(name)
            known = [spdx for spdx, words in LICENCES.items() if words.lower() in text.lower()]
            return Found(known[0] if known else "see the file", name)
    return Found("none", "no LICENSE at the top")


def declared_versions(tree: Tree) -> dict[str, str]:
    """Return the versions that README and requirements name, as ``declares`` has them."""
    named = [
        name
        for name in tree.files
        if re.fullmatch(r"(.*/)?(requirements?.*\.txt|environment\.ya?ml)", name)
        and name.count("/") < len("..")
    ]
    found: dict[str, str] = {}
    for text in [tree.readme, *map(tree.text, named)]:
        for library, version in _VERSION.findall(text):
            name = {"pytorch": "torch", "tensorflow-gpu": "tensorflow"}.get(
                library.lower(), library.lower()
            )
            found.setdefault(name, version)
    return found


def links_of(tree: Tree) -> list[str]:
    """Return the addresses of drives and releases in the README and in other texts."""
    texts = [tree.readme, *map(tree.text, _stray_texts(tree))]
    found = (match[0].rstrip(".,;") for text in texts for match in DRIVES.finditer(text))
    return list(dict.fromkeys(found))


def _stray_texts(tree: Tree) -> Iterator[str]:
    for name in tree.with_suffix(".txt", ".md"):
        words = PurePosixPath(name).name.lower()
        if re.search(r"weight|model|pretrain|download|readme|link|checkpoint|data", words):
            yield name
