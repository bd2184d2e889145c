"""Methods that are trained here: ``NAME@retrained`` and ``NAME@smoke``, one for each seed.

A method with ``train`` is known under further names: ``amlca@retrained-seed1`` is an ordinary
method, whose weights come from a training with the seed 1. A suite that names ``amlca@retrained``
has one row for all seeds. ``smoke`` is a training of minutes, which shows that everything works.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import UNSET

from fusebench.contracts.base import choices_of, given
from fusebench.contracts.methods import ACTIVE, MethodEntry, RunEntry, TrainEntry
from fusebench.contracts.suspicion import Suspicion
from fusebench.contracts.training import RETRAINED, SMOKE, Variant
from fusebench.contracts.weights import WeightEntry
from fusebench.registry.methods import Method, Training

DEFAULT_SEEDS = 3
VARIANTS: tuple[Variant, ...] = choices_of(Variant)
SHOWN: Mapping[Variant, str] = {RETRAINED: "retrained", SMOKE: "smoke training"}
JOINED = frozenset({"edit", "files", "environ"})
"""Fields of ``smoke`` that are added to those of ``train``; any other replaces it."""

_NAME = re.compile(rf"(?P<base>[^@]+)@(?P<variant>{'|'.join(VARIANTS)})(-seed(?P<seed>[1-9]\d*))?")


def part_for(train: TrainEntry, variant: Variant) -> TrainEntry:
    """Return how a method is trained: ``train`` of its entry, with the fields of ``smoke``.

    Edits, files and environment variables of ``smoke`` come after those of ``train``.
    """
    if variant != SMOKE or train.smoke is UNSET:
        return train
    fields = given(train.smoke)
    for name in JOINED & fields.keys():
        fields[name] = _joined(getattr(train, name) or {}, fields[name])
    return msgspec.structs.replace(train, **fields)


def _joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return both mappings; the lists of a key that both have are joined."""
    both = {**first, **second}
    for key in first.keys() & second.keys():
        if isinstance(second[key], list):
            both[key] = [*first[key], *second[key]]
    return both


def variants_of(entry: MethodEntry) -> list[Variant]:
    """Return how an entry can be trained: with ``smoke`` only where it has those fields."""
    if entry.train is UNSET:
        return []
    return [RETRAINED, *([SMOKE] if entry.train.smoke is not UNSET else [])]


def seeds_of(entry: MethodEntry, variant: Variant) -> range:
    """Return the seeds of an entry's trainings, from 1 on."""
    assert entry.train is not UNSET
    return range(1, (part_for(entry.train, variant).seeds or DEFAULT_SEEDS) + 1)


def trained_names(entries: Mapping[str, MethodEntry]) -> Iterator[str]:
    """Yield every further name under which methods with ``train`` are known."""
    for name, entry in entries.items():
        for variant in variants_of(entry):
            yield f"{name}@{variant}"
            yield from (f"{name}@{variant}-seed{seed}" for seed in seeds_of(entry, variant))


def seeds_named(name: str, methods: Mapping[str, Method]) -> list[Method]:
    """Return the methods that a name with ``@`` stands for: all seeds, or one.

    Empty where there is no such method, or it is not trained in this way.
    """
    found = _NAME.fullmatch(name)
    base = methods.get(found["base"]) if found else None
    if not found or base is None:
        return []
    variant: Variant = SMOKE if found["variant"] == SMOKE else RETRAINED
    if variant not in variants_of(base.entry):
        return []
    seeds = seeds_of(base.entry, variant)
    if found["seed"]:
        seed = int(found["seed"])
        return [trained_method(base, variant, seed)] if seed in seeds else []
    rows = [trained_method(base, variant, seed) for seed in seeds]
    return [replace(one, training=replace(_of(one), row=name)) for one in rows]


def all_trained(methods: Mapping[str, Method]) -> Iterator[Method]:
    """Yield every trained method of a registry, one for each seed."""
    for method in methods.values():
        for variant in variants_of(method.entry):
            yield from seeds_named(f"{method.name}@{variant}", methods)


def trained_method(base: Method, variant: Variant, seed: int) -> Method:
    """Return a method whose weights are trained here.

    It has the fields of its entry, but none that are about results with the authors' weights.
    """
    train = base.entry.train
    assert train is not UNSET
    part = part_for(train, variant)
    trained = [WeightEntry(path=path, origin="retrained") for path in part.checkpoint.files]
    run = base.run if part.run is UNSET else _changed(base.run, given(part.run))
    entry = msgspec.structs.replace(
        base.entry,
        label=f"{base.label} ({SHOWN[variant]}, seed {seed})",
        status=ACTIVE,
        weights=[*trained, *pretrained_parts(base.entry)],
        run=run,
        accept=list(UNLIKE_AFTER_MINUTES) if variant == SMOKE else base.entry.accept,
        **dict.fromkeys(ABOUT_THE_AUTHORS_WEIGHTS, UNSET),
    )
    training = Training(base=base.name, variant=variant, seed=seed, entry=part)
    return Method(f"{base.name}@{variant}-seed{seed}", entry, training)


def _changed(run: RunEntry, fields: Mapping[str, Any]) -> RunEntry:
    """Return ``run`` with other fields; another program stands in place of its own."""
    own = dict.fromkeys(RunEntry.ONE_OF, UNSET) if fields.keys() & {*RunEntry.ONE_OF} else {}
    return msgspec.structs.replace(run, **{**own, **fields})


UNLIKE_AFTER_MINUTES: tuple[Suspicion, ...] = ("flat", "unlike", "mixed", "negative", "noise")
"""What the results of a network may be that was trained for minutes: nobody takes them for more."""
ABOUT_THE_AUTHORS_WEIGHTS = ("reason", "selfcheck", "claims", "repeats", "tried", "verified")


def pretrained_parts(entry: MethodEntry) -> list[WeightEntry]:
    """Return the weights of an entry that its training needs and does not make."""
    made = entry.train.checkpoint.files if entry.train else {}
    return [item for item in entry.weights or [] if item.path not in made]


def all_parts(entry: MethodEntry) -> list[WeightEntry]:
    """Return the weights that a training starts from, those that the test does not need included.

    The training of minutes has the same.
    """
    assert entry.train
    return [*pretrained_parts(entry), *(entry.train.weights or ())]


def pretrained_name(base: str) -> str:
    """Return the name under which the pretrained parts of a method are fetched.

    >>> pretrained_name("amlca")
    'amlca@pretrained'
    """
    return f"{base}@pretrained"


def pretrained_method(base: Method) -> Method:
    """Return a method as ``fusebench weights`` has it, whose weights are the pretrained parts."""
    parts = all_parts(base.entry)
    entry = msgspec.structs.replace(base.entry, status=ACTIVE, reason=UNSET, weights=parts)
    return Method(pretrained_name(base.name), entry)


def seeds_by_row(methods: Iterable[Method]) -> dict[str, list[str]]:
    """Return row -> the methods of its seeds, for the rows that show several trainings."""
    rows: dict[str, list[str]] = {}
    for method in methods:
        if method.training and method.training.row:
            rows.setdefault(method.training.row, []).append(method.name)
    return rows


def row_labels(methods: Sequence[Method]) -> dict[str, str]:
    """Return the name of each row of a table -> its label: a method, or all seeds of one."""
    seeds = seeds_by_row(methods)
    labels = {}
    for method in methods:
        row = method.training.row if method.training else ""
        labels[row or method.name] = _row_label(method, len(seeds[row])) if row else method.label
    return labels


def _row_label(method: Method, seeds: int) -> str:
    """Return the label of the row that shows all seeds of a trained method."""
    label = method.label.rpartition(" (")[0]
    counted = f"{seeds} seed{'s' if seeds > 1 else ''}"
    return f"{label} ({SHOWN[_of(method).variant]}, {counted})"


def _of(method: Method) -> Training:
    assert method.training is not None
    return method.training
