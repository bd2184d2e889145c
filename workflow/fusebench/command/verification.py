"""What a run really produced, in the form of the entry's fields.

It is taken from the records, and checked against the images on disk.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import UNSET, UnsetType, to_builtins

from fusebench.arrays.values import array_sha256, read_own_cube
from fusebench.compare.devices import device_of
from fusebench.contracts.base import DeviceKind
from fusebench.contracts.files import read_stored
from fusebench.contracts.methods import Tried, Verified
from fusebench.contracts.records import FusedImage, Record
from fusebench.errors import RegistryError, UnreadableFile
from fusebench.fuse.verified import outputs_sha256
from fusebench.hashes import sha256_of_json
from fusebench.image_headers import UnreadableImageError
from fusebench.images import pixel_sha256, read_image
from fusebench.layout import FUSED, RECORD, RUNS, cell_folder
from fusebench.planning.cells import cell_spec
from fusebench.registry.loading import load_registry


def verification(
    project: Path, method: str, datasets: list[str], device: str | None = None
) -> Verified:
    """Return the field ``verified`` of a method; all its runs were on one device.

    Args:
        project: the project's folder, with its ``results/runs``.
        method: the name of the method.
        datasets: the datasets to take, in this order; none: every one whose record is good, the
            largest first.
        device: ``cpu``, or the name of a GPU; only runs on it are taken.

    Raises:
        RegistryError: no record is good, or one that was asked for is not, or the good ones are of
            several devices; says why.
    """
    names = datasets or [file.parent.name for file in _record_files(project, method)]
    problems, good = [], {}
    for name in names:
        try:
            good[name] = _good_record(project, method, name)
        except RegistryError as error:
            problems.append(str(error))
    if not good or (datasets and problems):
        raise RegistryError(
            "; ".join(problems)
            or f"{method}: must have a record below {project / RUNS}; found none"
        )
    order = names if datasets else sorted(good, key=lambda name: -len(good[name].images))
    return _facts(_on_one_device(method, [good[name] for name in order], device))


def _on_one_device(method: str, records: list[Record], device: str | None) -> list[Record]:
    """Return the records of one device: images of a GPU are not those of a processor.

    Raises:
        RegistryError: they are of several devices and none is named, or none is of the named one.
    """
    found = list(dict.fromkeys(map(_device, records)))
    if device is None and len(found) > 1:
        raise RegistryError(
            f"{method}: all runs must be on one device; found runs on {' and on '.join(found)}:"
            " name one with --device"
        )
    wanted = device or found[0]
    if wanted not in found:
        raise RegistryError(
            f"{method}: must have a good run on {wanted}; found runs on {', '.join(found)}"
        )
    return [record for record in records if _device(record) == wanted]


def _record_files(project: Path, method: str) -> list[Path]:
    return sorted((project / RUNS / method).glob(f"*/{RECORD}"))


def _facts(records: list[Record]) -> Verified:
    first = records[0]
    others = {record.dataset: outputs_sha256(record) for record in records[1:]}
    return Verified(
        date=_day(first),
        device=_device(first),
        dataset=first.dataset,
        outputs_sha256=outputs_sha256(first),
        others=others or UNSET,
        inputs={one.dataset: one.inputs.dataset for one in records if one.inputs.dataset} or UNSET,
        installed=_installed(records),
    )


def _installed(records: list[Record]) -> str | UnsetType:
    """Return what was installed in all runs; nothing where that differed or is not known."""
    found = {record.environment.installed for record in records}
    return found.pop() if len(found) == 1 else UNSET


def _day(record: Record) -> str:
    return (record.started or "")[:10]


def _device(record: Record) -> str:
    return "cpu" if record.device == "cpu" else device_of(record)


def trial(project: Path, method: str) -> Tried | None:
    """Return the field ``tried`` of a method, or None.

    A method has it where its weights are missing and its script got as far as asking for them.
    """
    for file in _record_files(project, method):
        record = _read(file)
        if record.reached_weights and record.spec == _spec_today(project, record):
            return Tried(
                date=_day(record),
                device=_device(record),
                dataset=record.dataset,
                reached="weights",
            )
    return None


def _read(file: Path) -> Record:
    try:
        return read_stored(file, Record)
    except UnreadableFile as error:
        raise RegistryError(str(error)) from error


def _good_record(project: Path, method: str, dataset: str) -> Record:
    """Return a record that can be written as a fact.

    Its run ended well, it was started as the registry says today, and its images are those on disk.
    """
    folder = project / cell_folder(method, dataset)
    what = f"{method} on {dataset}"
    if not (folder / RECORD).is_file():
        raise RegistryError(
            f"{what}: must have been run; found no {folder / RECORD}: run it with snakemake"
        )
    record = _read(folder / RECORD)
    if not record.is_ok:
        raise RegistryError(f"{what}: must have ended well; found {record.state}: {record.reason}")
    if record.spec != _spec_today(project, record):
        raise RegistryError(f"{what}: was run from another entry than today's; run it again")
    if record.source.commit != load_registry(project).methods[method].commit:
        raise RegistryError(f"{what}: was run at another commit than today's; run it again")
    for image in record.images:
        _check_image(folder / FUSED / image.fused, image, what)
    return record


def _spec_today(project: Path, record: Record) -> str:
    """Return the hash of the run that today's entry asks for, on the device of the record."""
    registry = load_registry(project)
    method = registry.methods.get(record.method)
    dataset = registry.datasets.get(record.dataset)
    if method is None or dataset is None or not method.is_active:
        return ""
    device: DeviceKind = "cuda" if record.device == "cuda" else "cpu"
    return sha256_of_json(to_builtins(cell_spec(method, dataset.images, registry.config, device)))


def _check_image(path: Path, image: FusedImage, what: str) -> None:
    try:
        if image.array:
            found = array_sha256(read_own_cube(path))
        else:
            found = pixel_sha256(read_image(path)[0])
    except (OSError, UnreadableImageError) as error:
        raise RegistryError(
            f"{what}: {path} must be the fused image of the record: {error}; run it again"
        ) from error
    if found != image.sha256:
        raise RegistryError(
            f"{what}: {path} must be the fused image of the record; its pixels are others: run it"
            " again"
        )
