"""Files of results that were changed, cut off or lost after a step wrote them.

Snakemake makes a file again where its inputs or parameters changed, and not where the file itself
was damaged; a file in the middle of the flow may even be gone. Each step therefore writes down the
hashes of what it made. A run that begins compares them, and removes what is damaged with all that
was made from it: Snakemake makes it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.markers import WrittenFile, WrittenFiles
from fusebench.errors import UnreadableFile
from fusebench.file_facts import facts_of
from fusebench.hashes import sha256_of_file

FOLDER = Path("results", ".written")
"""One file for each job, named by its first output."""

LAST = "results/verdict.txt"
"""What is made from all tables, by no step of fusebench."""

TELLS_ONLY = re.compile(
    r"-[a-zA-Z]*n[a-zA-Z]*|--dry-?run|--unlock|-S|-D|--(detailed-)?summary|-l|--list.*|--lint"
    r"|--report.*|--(dag|rulegraph|filegraph|d3dag)|-t|--touch|--cleanup-.*|--delete-.*|--archive"
)
"""Options of Snakemake with which it makes nothing."""


def tells_only(arguments: Iterable[str]) -> bool:
    """Say whether Snakemake was asked to tell something, and not to run jobs.

    >>> tells_only(["snakemake", "--cores", "2", "-np"])
    True
    >>> tells_only(["snakemake", "--cores", "2", "tables", "--retries", "1"])
    False
    """
    return any(TELLS_ONLY.fullmatch(word) for word in arguments)


def write_down(outputs: Sequence[str], made_from: Sequence[str]) -> None:
    """Write down what a job has made; folders among its outputs are left out.

    Args:
        outputs: its files, from the project's folder on, which is the working folder.
        made_from: its inputs, likewise.
    """
    files = {name: Path(name) for name in outputs if Path(name).is_file()}
    facts = facts_of(files)
    known = {
        name: WrittenFile(sha256=sha256_of_file(path), stat=facts[name])
        for name, path in files.items()
    }
    if known:
        told = WrittenFiles(files=known, made_from=list(made_from))
        write_stored(_note_of(outputs[0]), told)


def remove_damaged(root: Path) -> list[str]:
    """Remove the results that are damaged, and all that was made from them.

    It is called where no other run of the project lives.

    Returns:
        What to tell: a line for each file that is damaged or gone.
    """
    notes = _read_notes(root)
    told = [
        line
        for note in notes.values()
        for name in note.files
        if (line := _damage(root, name, note))
    ]
    if told:
        _remove(root, notes, {line.partition(": ")[0] for line in told})
    return told


def _note_of(output: str) -> Path:
    return FOLDER / f"{Path(output).relative_to('results')}.json"


def _read_notes(root: Path) -> dict[Path, WrittenFiles]:
    notes = {}
    for path in sorted((root / FOLDER).glob("**/*.json")):
        try:
            notes[path] = read_stored(path, WrittenFiles)
        except UnreadableFile:  # then nothing is known of its files
            path.unlink(missing_ok=True)
    return notes


def _damage(root: Path, name: str, note: WrittenFiles) -> str:
    """Return what is wrong with a file; empty where nothing is."""
    facts = facts_of({name: root / name}).get(name)
    if facts is None:
        return f"{name}: must be there since it was written; it is gone: made again"
    if facts == note.files[name].stat or sha256_of_file(root / name) == note.files[name].sha256:
        return ""
    return f"{name}: must be as it was written; it was changed since: made again"


def _remove(root: Path, notes: dict[Path, WrittenFiles], damaged: set[str]) -> None:
    """Remove the outputs of the jobs that made damaged files, and of those that read them."""
    left, gone = dict(notes), set(damaged)
    while affected := [
        path
        for path, note in left.items()
        if not gone.isdisjoint(note.files) or not gone.isdisjoint(note.made_from)
    ]:
        for path in affected:
            gone |= left.pop(path).files.keys()
            path.unlink(missing_ok=True)
    for name in (*gone, LAST):
        with suppress(FileNotFoundError):
            (root / name).unlink()
