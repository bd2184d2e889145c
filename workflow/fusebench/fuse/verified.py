"""Whether a run gave the images that ``verified`` of its entry says."""

from __future__ import annotations

from msgspec import UNSET

from fusebench.contracts.methods import Verified
from fusebench.contracts.records import Record
from fusebench.hashes import sha256_of_json

OTHER_IMAGES = "its images are not those of `verified` in methods.yaml"
"""How the note begins on a run that gave other images."""


def outputs_sha256(record: Record) -> str:
    """Return the sha256 over names and pixels of all fused images of a record.

    The images are taken in the order of their names.
    """
    return sha256_of_json(sorted([image.name, image.sha256] for image in record.images))


def note_of_other_images(verified: Verified | None, record: Record) -> str:
    """Return a note on a run that gave other images than its entry says; else an empty text.

    Runs on another device, of other images and without results are not compared.
    """
    if verified is None or not record.has_results or record.device != _kind(verified):
        return ""
    known = {verified.dataset: verified.outputs_sha256, **(verified.others or {})}
    wanted = known.get(record.dataset)
    if wanted is None or wanted == outputs_sha256(record):
        return ""
    return (
        f"{OTHER_IMAGES} ({record.dataset}, {verified.date}, on {verified.device}):"
        f" {_likely_cause(verified, record)}"
    )


def _kind(verified: Verified) -> str:
    return "cpu" if verified.device == "cpu" else "cuda"


def _likely_cause(verified: Verified, record: Record) -> str:
    inputs = (verified.inputs or {}).get(record.dataset)
    installed = record.environment.installed
    if inputs is not None and inputs != record.inputs.dataset:
        return "the source images are others than then"
    others = "" if inputs is not None else "other source images, or "
    if verified.installed is UNSET or installed is UNSET:
        return f"likely {others}another build of a package"
    if verified.installed != installed:
        return f"{others}another build of a package is installed"
    return f"{others}another processor or number of threads: the same packages are installed"
