"""The description of an archive as an RO-Crate 1.1 of the profile Process Run Crate 0.5.

It says of each run which method at which commit, environment, inputs and weights it had, when it
began and ended, on what, and how it ended. See https://w3id.org/ro/wfrun/process.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from fusebench.compare.devices import device_of
from fusebench.contracts.files import read_stored
from fusebench.contracts.records import Record
from fusebench.hashes import sha256_of_file
from fusebench.layout import RECORD, RUNS, dataset_marker, record_path
from fusebench.registry.loading import Registry
from fusebench.report.contents import Facts

METADATA = "ro-crate-metadata.json"
CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
SHA256 = "https://w3id.org/ro/terms/workflow-run#sha256"
FORMATS = {".yaml": "application/yaml", ".lock": "text/plain", ".md": "text/markdown"}
STATUS = {True: "CompletedActionStatus", False: "FailedActionStatus"}

Entity = Facts
"""One object of the graph, as JSON."""


def crate(root: Path, registry: Registry, files: Iterable[Path]) -> Entity:
    """Return the content of ``ro-crate-metadata.json``.

    Args:
        root: the project's folder.
        registry: titles, addresses and licences.
        files: of the archive, below ``root``; each becomes a file of the crate.
    """
    there = {file.relative_to(root).as_posix(): file for file in files}
    records = [
        read_stored(file, Record)
        for name, file in there.items()
        if name.startswith(f"{RUNS}/") and file.name == RECORD
    ]
    ran = [record for record in records if record.started]
    known = [record for record in ran if record.method in registry.methods]
    actions = [_action(record, there) for record in known]
    parts = [_file(name, file) for name, file in there.items()]
    return {
        "@context": [f"{CRATE}/context", {"sha256": SHA256}],
        "@graph": [
            _descriptor(),
            _root(registry, parts, actions),
            _profile(),
            _licences(),
            _organisation(),
            _own_software(),
            *_methods(registry, known),
            *_environments(known, there),
            *actions,
            *parts,
        ],
    }


def _reference(name: str) -> Entity:
    return {"@id": name}


def _references(names: Iterable[str]) -> Entity | list[Entity]:
    """Return references to some entities; a single one stands without a list."""
    found = [_reference(name) for name in names]
    return found[0] if len(found) == 1 else found


def _descriptor() -> Entity:
    return {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": _reference(CRATE),
        "about": _reference("./"),
    }


def _root(registry: Registry, parts: list[Entity], actions: list[Entity]) -> Entity:
    suites = ", ".join(suite.name for suite in registry.selected)
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Results of fusebench: {suites}",
        "description": "Published image-fusion methods, rerun from their authors' repositories and"
        " compared under one protocol: values per image, tables, figures, and how each run was"
        " made.",
        "datePublished": datetime.now(UTC).date().isoformat(),
        "license": _reference("#licences"),
        "conformsTo": _reference(PROFILE),
        "author": _reference("#runner"),
        "publisher": _reference("#runner"),
        "hasPart": _references(part["@id"] for part in parts),
        "mentions": _references(action["@id"] for action in actions),
    }


def _profile() -> Entity:
    return {
        "@id": PROFILE,
        "@type": "CreativeWork",
        "name": "Process Run Crate",
        "version": "0.5",
    }


def _licences() -> Entity:
    return {
        "@id": "#licences",
        "@type": "CreativeWork",
        "name": "Licences of the parts",
        "description": "Images keep the licences of their datasets and methods, which methods.yaml"
        " and datasets.yaml name; numbers, tables and figures are facts about them.",
    }


def _organisation() -> Entity:
    return {"@id": "#runner", "@type": "Organization", "name": "Whoever ran fusebench"}


def _own_software() -> Entity:
    return {
        "@id": "urn:fusebench",
        "@type": "SoftwareApplication",
        "name": "fusebench",
        "version": version("fusebench"),
    }


def _file(name: str, file: Path) -> Entity:
    kind = FORMATS.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    return {
        "@id": name,
        "@type": "File",
        "name": name,
        "encodingFormat": kind or "application/octet-stream",
        "contentSize": str(file.stat().st_size),
        "sha256": sha256_of_file(file),
    }


def _methods(registry: Registry, records: list[Record]) -> Iterator[Entity]:
    """Yield each method that ran, at its commit and in its environment."""
    for record in {_method_id(record): record for record in records}.values():
        method = registry.methods[record.method]
        told = {
            "name": method.label,
            "description": method.entry.title,
            "softwareVersion": record.source.commit or record.source.tree or version("fusebench"),
            "url": method.code if method.code.startswith("http") else "",
            "license": method.entry.licence or "",
            "citation": f"https://doi.org/{method.paper.doi}" if method.paper.doi else "",
        }
        yield {
            "@id": _method_id(record),
            "@type": "SoftwareApplication",
            **{key: value for key, value in told.items() if value},
            "softwareRequirements": _reference(_environment_id(record)),
        }


def _environments(records: list[Record], there: Mapping[str, Path]) -> Iterator[Entity]:
    """Yield each environment: its name, the hash of what is locked, its Python, its lock."""
    for record in {_environment_id(record): record for record in records}.values():
        facts = record.environment
        locks = [name for name in there if name.startswith(f"envs/{facts.env}/")]
        yield {
            "@id": _environment_id(record),
            "@type": "SoftwareApplication",
            "name": f"environment {facts.env or 'unknown'}",
            "softwareVersion": facts.key or "unknown",
            "description": f"Python {facts.python.version}" if facts.python else "no Python",
            "isBasedOn": _references(locks),
        }


def _action(record: Record, there: Mapping[str, Path]) -> Entity:
    """Return a run: what it used, what it left, when, how long, and on what."""
    began = datetime.fromisoformat(record.started or "")
    ended = began + timedelta(seconds=record.seconds or 0)
    manifest = dataset_marker(record.dataset)
    action: Entity = {
        "@id": f"#run/{record.method}/{record.dataset}",
        "@type": "CreateAction",
        "name": f"{record.method} on {record.dataset}",
        "description": _told(record),
        "instrument": _reference(_method_id(record)),
        "agent": _reference("#runner"),
        "object": _references([manifest] if manifest in there else []),
        "result": _reference(record_path(record.method, record.dataset)),
        "startTime": began.isoformat(timespec="seconds"),
        "endTime": ended.isoformat(timespec="seconds"),
        "actionStatus": f"http://schema.org/{STATUS[record.has_results]}",
    }
    if not record.has_results:
        action["error"] = f"{record.state}: {' '.join(record.reason.split())}"
    return action


def _told(record: Record) -> str:
    device = device_of(record) if record.device else "no device"
    seconds = f"{record.seconds:g} s" if record.seconds is not None else "an unknown time"
    inputs = f"{record.inputs.pairs} pairs, sha256 {record.inputs.dataset}"
    weights = "".join(f"; weights {name}: sha256 {sha}" for name, sha in record.weights.items())
    return f"{seconds} on {device}, {record.threads} threads; inputs: {inputs}{weights}"


def _method_id(record: Record) -> str:
    commit = record.source.commit or "local"
    code = record.source.code or ""
    if code.startswith("http"):
        return f"{code.removesuffix('.git')}#{record.method}@{commit}"
    return f"urn:fusebench:method:{record.method}:{commit}"


def _environment_id(record: Record) -> str:
    return f"urn:fusebench:environment:{record.environment.key or 'unknown'}"
