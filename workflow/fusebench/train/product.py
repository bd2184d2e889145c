"""The folder of trained weights: the chosen checkpoint, what was checked, and the receipt."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
from msgspec.structs import replace

from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.harness import LaunchReport
from fusebench.contracts.jobs.training import TrainJob
from fusebench.contracts.markers import WeightsMarker
from fusebench.contracts.receipts import TrainedOn, TrainingProgress, TrainingReceipt, UseCheck
from fusebench.contracts.records import EnvironmentFacts, SourceFacts
from fusebench.contracts.training import Parameters, TrainedWith
from fusebench.contracts.weights import WeightFacts
from fusebench.errors import BadOutput, UnreadableFile, Untrained
from fusebench.folders import remove_folder, staged_folder
from fusebench.fuse.records import same_fields
from fusebench.hashes import sha256_of_file, sha256_of_json
from fusebench.suspicion.overlap import write_training_images
from fusebench.train.checkpoints import chosen_files, place_checkpoints
from fusebench.train.checks import check_test
from fusebench.train.inputs import Inputs, Order, identity_of
from fusebench.train.stage import Stage

RECEIPT = "receipt.json"
IMAGES = "training-images.npz"
UNSEEN = "no optimiser of torch was seen: whether the training changed its parameters is not known"


@dataclass(frozen=True)
class Trained:
    """A training whose script has ended well.

    Attributes:
        stage: its scratch folder.
        report: what the launcher saw of its last stretch.
        progress: all stretches.
        pretrained: path of a pretrained part -> its sha256.
        before: path -> sha256 of files like checkpoints that were there before.
    """

    stage: Stage
    report: LaunchReport
    progress: TrainingProgress
    pretrained: Mapping[str, str]
    before: Mapping[str, str]


def make_product(trained: Trained, order: Order, inputs: Inputs, log: IO[str]) -> WeightsMarker:
    """Make the folder of trained weights, whole or not at all, and return its marker.

    Raises:
        Untrained: no parameter was changed.
        BadOutput: there is no checkpoint, or the test does not use it.
    """
    job, parameters = trained.stage.job, trained.report.trained
    refuse_unchanged(parameters)
    chosen = chosen_files(job.spec.checkpoint, trained.stage.work, trained.before)
    with staged_folder(order.root / order.folder) as made:
        checkpoint = place_checkpoints(chosen, made)
        needed = needed_parts(job, trained.pretrained)
        for path in needed:
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(trained.stage.work / path, made / path)
        hashes = {**needed, **checkpoint}
        tested = check_test(job, order, inputs, made, hashes)
        log.write(f"\nfusebench: the test with other weights: {tested.verdict}: {tested.reason}\n")
        refuse_unused(tested)
        written = {
            target: str(path.relative_to(trained.stage.work)) for target, path in chosen.items()
        }
        receipt = _receipt(trained, order, inputs, checkpoint, written, tested)
        images = inputs.images(job)
        write_training_images(
            made / IMAGES,
            [(one.data.dataset, Path(one.manifest.path), one.pairs) for one in images],
        )
        write_stored(made / RECEIPT, receipt)
        remove_folder(order.root / order.folder)
    return marker_of(job, receipt, order.folder)


def needed_parts(job: TrainJob, pretrained: Mapping[str, str]) -> dict[str, str]:
    """Return the pretrained parts that the test needs too: path -> sha256."""
    tested = {item.path for item in job.test.weights}
    return {path: sha256 for path, sha256 in pretrained.items() if path in tested}


def _receipt(
    trained: Trained,
    order: Order,
    inputs: Inputs,
    checkpoint: dict[str, str],
    written: dict[str, str],
    tested: UseCheck,
) -> TrainingReceipt:
    job, report = trained.stage.job, trained.report
    return TrainingReceipt(
        method=job.method,
        variant=job.variant,
        seed=job.seed,
        identity=identity_of(job, inputs),
        source=same_fields(inputs.source, SourceFacts),
        environment=same_fields(inputs.environment, EnvironmentFacts),
        data=[
            TrainedOn(dataset=one.data.dataset, sha256=one.manifest.sha256, pairs=len(one.pairs))
            for one in inputs.images(job)
        ],
        pretrained=dict(trained.pretrained),
        files=job.spec.files,
        stretches=trained.progress.stretches,
        seconds=round(sum(one.seconds for one in trained.progress.stretches), 3),
        versions=report.versions,
        shims=report.shims,
        parameters=report.trained,
        checkpoint=checkpoint,
        written=written,
        selected=job.selected,
        test=tested,
        test_run=test_run_of(job),
        notes=[*report.notes, *([] if report.trained else [UNSEEN])],
        log=str(order.log),
        log_sha256=sha256_of_file(order.log),
    )


def refuse_unchanged(parameters: Parameters | None) -> None:
    """Refuse a training that has changed nothing; where nothing was seen it is a note.

    Raises:
        Untrained: no tensor of parameters has changed.
    """
    if parameters and not parameters.changed:
        raise Untrained(
            f"the training must change the parameters of its optimisers; found none of"
            f" {parameters.tensors} tensors changed: there was no batch, or the loss has no"
            " gradient; look at the log, the number of images and the batch size"
        )


def refuse_unused(tested: UseCheck) -> None:
    """Refuse weights that the test script does not use.

    Raises:
        BadOutput: the test gives the same image whatever the weights.
    """
    if tested.verdict == "same":
        raise BadOutput(
            f"the test script must use the trained weights; {tested.reason}: it has not loaded"
            " them, perhaps because it catches the error; look at what it prints, and correct"
            " `run` or `train.run`"
        )


def test_run_of(job: TrainJob) -> str:
    """Return the sha256 over how the test script is started."""
    return sha256_of_json(msgspec.to_builtins(job.test))


def finished_marker(
    job: TrainJob, order: Order, inputs: Inputs, identity: str
) -> WeightsMarker | None:
    """Return the marker of a training that has ended; None where its weights are not all there.

    Where the test script could not be tried, and is started in another way now, it is tried again.

    Raises:
        BadOutput: the test does not use the weights.
    """
    folder = order.root / order.folder
    try:
        receipt = read_stored(folder / RECEIPT, TrainingReceipt)
    except (FileNotFoundError, UnreadableFile):
        return None
    files = {**receipt.checkpoint, **needed_parts(job, receipt.pretrained)}
    right = receipt.identity == identity and all(
        (folder / path).is_file() and sha256_of_file(folder / path) == sha256
        for path, sha256 in files.items()
    )
    if not right:
        return None
    if receipt.test.verdict != "differs" and receipt.test_run != test_run_of(job):
        tested = check_test(job, order, inputs, folder, files)
        receipt = replace(receipt, test=tested, test_run=test_run_of(job))
        write_stored(folder / RECEIPT, receipt)
    refuse_unused(receipt.test)
    return marker_of(job, receipt, order.folder)


def marker_of(job: TrainJob, receipt: TrainingReceipt, folder: Path) -> WeightsMarker:
    """Return the marker of weights that were trained here, as cells read it."""
    told = str(folder / RECEIPT)
    return WeightsMarker(
        path=str(folder),
        sha256={**needed_parts(job, receipt.pretrained), **receipt.checkpoint},
        facts={
            path: WeightFacts(origin="retrained", source=told, pinned=True)
            for path in receipt.checkpoint
        },
        training=TrainedWith(
            seed=receipt.seed,
            variant=receipt.variant,
            selected=receipt.selected,
            receipt=told,
            images=str(folder / IMAGES),
        ),
    )
