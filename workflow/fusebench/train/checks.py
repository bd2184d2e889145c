"""Whether the test script uses trained weights: one pair fused with them, and with others.

A script that catches the error of a refused file fuses with an untrained network and ends well. Its
image is then the same whatever the weights are. The other weights are the trained ones with the
values of each tensor in another order: the same form, and as good as untrained.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from fusebench.contracts.harness import HarnessJob
from fusebench.contracts.jobs.fusing import CellSpec
from fusebench.contracts.jobs.training import TrainJob
from fusebench.contracts.markers import WeightsMarker
from fusebench.contracts.receipts import UseCheck
from fusebench.contracts.records import Record
from fusebench.errors import StepError
from fusebench.folders import remove_folder, scratch_folder
from fusebench.fuse.cells import run_cell
from fusebench.fuse.launching import LAUNCHER, launch
from fusebench.fuse.records import Cell
from fusebench.fuse.staging import copy_repository
from fusebench.hashes import sha256_of_file
from fusebench.layout import PROBES, probe_cell
from fusebench.train.inputs import Inputs, Order

SHUFFLING = LAUNCHER.with_name("shuffled_weights.py")
SHUFFLING_SECONDS = 600.0


def check_test(
    job: TrainJob, order: Order, inputs: Inputs, made: Path, hashes: Mapping[str, str]
) -> UseCheck:
    """Fuse one training pair with the trained weights and with others, and compare the images.

    Args:
        job: what was trained.
        order: for the sandbox.
        inputs: the markers of source, environment and datasets.
        made: the folder of the trained weights.
        hashes: path -> sha256 of all files of weights in it.
    """
    first = _fused("trained", job, order, inputs, made, hashes)
    if not first.has_results:
        return UseCheck(
            verdict="unknown", reason=f"with the trained weights it ended {_told(first)}"
        )
    with scratch_folder() as scratch:
        others = scratch / "others"
        shutil.copytree(made, others)
        try:
            _shuffle_all(job, order, inputs, made, others, scratch)
        except StepError as error:
            return UseCheck(verdict="unknown", reason=f"no other weights could be made: {error}")
        changed = {path: sha256_of_file(others / path) for path in hashes}
        second = _fused("shuffled", job, order, inputs, others, changed)
    remove_folder(order.root / PROBES / job.name)
    return compared(first, second)


def compared(first: Record, second: Record) -> UseCheck:
    """Return whether the images of two runs with different weights differ."""
    if not second.images:
        return UseCheck(verdict="differs", reason=f"with other weights it ended {_told(second)}")
    one, other = ([image.sha256 for image in record.images] for record in (first, second))
    if one == other:
        return UseCheck(
            verdict="same", reason="it gave the same image with shuffled weights, in every pixel"
        )
    return UseCheck(verdict="differs", reason="it gave another image with shuffled weights")


def _told(record: Record) -> str:
    return f"{record.state}: {record.reason}"


def _fused(
    kind: str,
    job: TrainJob,
    order: Order,
    inputs: Inputs,
    folder: Path,
    hashes: Mapping[str, str],
) -> Record:
    """Fuse the smallest training pair with the weights in a folder."""
    test, spec = job.test, job.spec
    manifest = inputs.manifests[test.dataset]
    smallest = min(manifest.pairs, key=lambda pair: pair.size[0] * pair.size[1])
    cell = Cell(
        name=probe_cell(kind),
        spec=CellSpec(
            method=job.name,
            dataset=test.dataset,
            run=test.run,
            weights=test.weights,
            modalities=test.modalities,
            threads=spec.threads,
            minutes=test.minutes,
            device=spec.device,
        ),
        source=inputs.source,
        environment=inputs.environment,
        manifest=replace(manifest, pairs=[smallest]),
        weights=WeightsMarker(path=str(folder), sha256=dict(hashes)),
        root=order.root,
        on_cluster=order.on_cluster,
        commit=job.commit or None,
        policy=order.policy,
    )
    return run_cell(cell)


def _shuffle_all(
    job: TrainJob, order: Order, inputs: Inputs, made: Path, others: Path, scratch: Path
) -> None:
    """Write each trained file again, with its values in another order.

    Raises:
        StepError: a file is in no form that is known.
    """
    work = scratch / "work"
    copy_repository(Path(inputs.source.path), work, [], {})
    python, root = Path(inputs.environment.path, "bin", "python").absolute(), order.root.resolve()
    for target in job.spec.checkpoint:
        trained, other = work / "trained-weights", work / "other-weights"
        shutil.copyfile(made / target, trained)
        told = HarnessJob(
            script=str(SHUFFLING),
            args=[str(trained), str(other)],
            root=str(work),
            cwd=str(work),
            compat=[name for name in job.test.run.compat if name != "pretend-cuda"],
            flops=False,
            report=str(scratch / "launch.json"),
        )
        with (order.log.with_suffix(".shuffling")).open("w+", encoding="utf-8") as log:
            launched = launch(told, python, scratch, log, SHUFFLING_SECONDS, {}, order.policy, root)
        if launched.status != 0:
            raise launched.failure()
        other.replace(others / target)
