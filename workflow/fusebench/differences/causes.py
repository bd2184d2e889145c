"""Why a cell differs: what two records say of code, environment, images, weights and device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fusebench.contracts.records import Record
from fusebench.texts import first_of

SHOWN = 12
"""Digits of a hash that are shown."""

MOST_NAMED = 4


def causes(old: Record, new: Record) -> list[str]:
    """Return what decides a result and differs between two records, one text each.

    A cause is named as the entry names it: source, environment, images, weights, device, seed,
    shims, edits. Where nothing of these differs and the hash of the entry does, that is said.
    """
    found = [
        *_changed("source", _source(old), _source(new)),
        *_environment(old, new),
        *_changed("source images", _short(old.inputs.dataset), _short(new.inputs.dataset)),
        *_weights(old, new),
        *_changed("device", _device(old), _device(new)),
        *_changed("seed", old.seed, new.seed),
        *_changed("shims", ", ".join(sorted(old.compat)), ", ".join(sorted(new.compat))),
        *_changed("edits", _listed(old.edits), _listed(new.edits)),
    ]
    if not found and old.spec != new.spec:
        found = ["entry: its arguments, staging or another field of `run`"]
    return found


def _changed(what: str, old: Any, new: Any) -> list[str]:
    if old == new or old is None or new is None:
        return []
    return [f"{what}: {'none' if old == '' else old} -> {'none' if new == '' else new}"]


def _source(record: Record) -> str | None:
    """Return commit or, for a folder, the hash of its files."""
    source = record.source
    return _short(source.commit or source.tree)


def _environment(old: Record, new: Record) -> list[str]:
    """Return the versions that differ, or the keys where no package of a record does."""
    if old.environment.key == new.environment.key:
        return []
    packages = [
        f"{name} {old.versions.get(name, 'none')} -> {new.versions.get(name, 'none')}"
        for name in sorted({*old.versions, *new.versions})
        if old.versions.get(name) != new.versions.get(name)
    ]
    said = first_of(packages, MOST_NAMED) if packages else ""
    keys = f"{old.environment.env} {old.environment.key} -> {new.environment.key}"
    return [f"environment: {said or keys}"]


def _weights(old: Record, new: Record) -> list[str]:
    if old.weights == new.weights or not (old.weights and new.weights):
        return []
    other = [
        path
        for path in sorted({*old.weights, *new.weights})
        if old.weights.get(path) != new.weights.get(path)
    ]
    return [f"weights: {first_of(other, MOST_NAMED)}"]


def _device(record: Record) -> str | None:
    hardware = record.hardware
    if record.device is None or hardware is None:
        return record.device
    return hardware.gpu or record.device


def _short(digest: str | None) -> str | None:
    return digest[:SHOWN] if digest else None


def _listed(edits: Mapping[str, Any] | Iterable[str]) -> str:
    return ", ".join(sorted(edits))
