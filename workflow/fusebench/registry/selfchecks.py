"""``selfcheck`` of an entry: committed images to run on, and to compare with.

It says which images are inputs, which are outputs, and how both are paired.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from msgspec import UNSET

from fusebench.contracts.base import given
from fusebench.contracts.jobs.evidence import CommittedJob
from fusebench.contracts.methods import (
    CheckInputs,
    CheckPair,
    MethodEntry,
    Modalities,
    SelfcheckEntry,
    Tolerance,
)
from fusebench.contracts.pair_names import why_no_name
from fusebench.images import SUFFIXES
from fusebench.registry.datasets import DEFAULT_MODALITIES, ImageSet
from fusebench.registry.documents import Document, Place
from fusebench.registry.methods import Method
from fusebench.registry.placeholders import fields

DEFAULT_NAME = "committed"
"""The name of an entry's only check."""

DEFAULT_TOLERANCE = 1.0
"""Gray levels by which every pixel may differ.

Another machine, or another version of a library, may round differently.
"""


@dataclass(frozen=True)
class Check:
    """One self-check of a method; a field that its entry leaves out has its default here."""

    method: Method
    entry: SelfcheckEntry

    @property
    def name(self) -> str:
        """Its name among the checks of the method."""
        return self.entry.name or DEFAULT_NAME

    @property
    def task(self) -> str:
        """The fusion task of its images."""
        return self.entry.task or self.method.tasks[0]

    @property
    def tolerance(self) -> float:
        """Gray levels by which every pixel may differ and still count as ``within-tolerance``."""
        stated = (self.entry.tolerance or Tolerance()).max_abs
        return DEFAULT_TOLERANCE if stated is UNSET else float(stated)

    @property
    def runs(self) -> int:
        """How often the script is run, each time with another seed."""
        return self.entry.repeats or 1

    def threads(self, run: int) -> int | None:
        """Return the CPU threads of a run (1 is the first), None where the entry does not say."""
        asked = self.entry.threads or []
        return asked[(run - 1) % len(asked)] if asked else None

    @property
    def images(self) -> ImageSet:
        """What a fusing job must know of the check's images."""
        stated = self.entry.modalities or Modalities()
        a, b = DEFAULT_MODALITIES.get(self.task, ("a", "b"))
        return ImageSet(self.name, self.task, (stated.a or a, stated.b or b))

    @property
    def job(self) -> CommittedJob:
        """The parameters of the job that copies the check's images."""
        inputs = self.entry.inputs
        return CommittedJob(
            a=pattern_of(inputs.a) if isinstance(inputs, CheckInputs) else None,
            b=pattern_of(inputs.b) if isinstance(inputs, CheckInputs) else None,
            expect=pattern_of(self.entry.expect) if self.entry.expect else None,
            pairs=self.entry.pairs or None,
            unpack=self.entry.unpack or [],
        )


def pattern_of(path: str) -> str:
    """Return a path pattern.

    A path that does not end as an image does is a folder, and stands for all images in it.

    >>> pattern_of("runs/mri_ct")
    'runs/mri_ct/{name}.*'
    >>> pattern_of("results/v1.0")
    'results/v1.0/{name}.*'
    """
    if fields(path) & {"name"} or PurePosixPath(path).suffix.lower() in SUFFIXES:
        return path
    return f"{path.rstrip('/')}/{{name}}.*"


def checks_of(method: Method) -> list[Check]:
    """Return the self-checks of an entry: none, one, or several."""
    given_checks = method.entry.selfcheck or []
    entries = [given_checks] if isinstance(given_checks, SelfcheckEntry) else given_checks
    return [Check(method, entry) for entry in entries]


def placed_checks(name: str, entry: MethodEntry) -> list[tuple[Place, Check]]:
    """Return the self-checks of an entry, each with its place in ``methods.yaml``."""
    checks = checks_of(Method(name, entry))
    if not isinstance(entry.selfcheck, list):
        return [((name, "selfcheck"), check) for check in checks]
    return [((name, "selfcheck", index), check) for index, check in enumerate(checks)]


def check_problems(methods: Document[dict[str, MethodEntry]]) -> Iterator[str]:
    """Yield mistakes in each ``selfcheck`` of ``methods.yaml`` that the schema cannot see."""
    for name, entry in methods.data.items():
        checks = placed_checks(name, entry)
        names = [check.name for _, check in checks]
        for index, (place, check) in enumerate(checks):
            if names.index(check.name) != index:
                yield (
                    f"{methods.where(place)}: the self-checks of an entry must have different"
                    f" names; found {check.name!r} twice"
                )
            if check.task not in entry.tasks:
                yield (
                    f"{methods.where((*place, 'task'))}: must be one of the method's tasks"
                    f" ({', '.join(entry.tasks)}); found {check.task!r}"
                )
            yield from _pairing_problems(methods, place, check.entry)


def _pairing_problems(
    methods: Document[dict[str, MethodEntry]], place: Place, check: SelfcheckEntry
) -> Iterator[str]:
    """Yield images that cannot be paired: one file for several pairs, or a pair without a side."""
    pairs = check.pairs or None
    for pair in pairs or []:
        if why := why_no_name(pair):
            where = methods.where((*place, "pairs"))
            yield f"{where}: must be names of pairs; found {pair!r}: {why}"
    if isinstance(pairs, dict):
        yield from _explicit_problems(methods, place, pairs, bool(check.expect))
    elif not isinstance(check.inputs, CheckInputs):
        yield (
            f"{methods.where(place)}: must have `inputs` (a, b), or `pairs` that give a and b for"
            " each name"
        )
    elif pairs is None or len(pairs) > 1:
        paths = {**given(check.inputs), **({"expect": check.expect} if check.expect else {})}
        for side, path in paths.items():
            if "name" not in fields(pattern_of(path)):
                yield (
                    f"{methods.where((*place, side))}: must hold {{name}}, or be a folder, so that"
                    f" each pair has its own image; found the single file {path!r}; name the one"
                    " pair that it belongs to in `pairs`"
                )


def _explicit_problems(
    methods: Document[dict[str, MethodEntry]],
    place: Place,
    pairs: Mapping[str, CheckPair],
    pattern: bool,
) -> Iterator[str]:
    files: dict[str, str] = {}
    for name, pair in pairs.items():
        where = methods.where((*place, "pairs", name))
        lacking = [side for side in ("a", "b") if side not in given(pair)]
        if lacking:
            yield f"{where}: must give both a and b; found no {' and no '.join(lacking)}"
        if pattern and pair.expect:
            yield (
                f"{where}: must not give `expect`, because the check has a pattern for it; remove"
                " one of the two"
            )
        if pair.expect and pair.expect in files:
            yield (
                f"{where}: the committed output {pair.expect!r} must belong to one pair; it is"
                f" given for {files[pair.expect]!r} too"
            )
        files.setdefault(pair.expect or "", name)
