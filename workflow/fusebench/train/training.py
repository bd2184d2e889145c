"""One training, from the markers of the steps before it to the folder of its weights."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from fusebench.contracts.jobs.training import TrainJob
from fusebench.contracts.markers import WeightsMarker
from fusebench.contracts.receipts import TrainingProgress
from fusebench.errors import EnvironmentFailed, Interrupted, StepError, TimedOut, Untrained
from fusebench.folders import remove_folder, scratch_folder
from fusebench.fuse.devices import Device, reserved_device
from fusebench.fuse.launching import Launch
from fusebench.fuse.leases import lease
from fusebench.sources.changes import refuse_changed_source
from fusebench.train.checkpoints import known_files
from fusebench.train.inputs import Inputs, Order, identity_of, read_inputs
from fusebench.train.keeping import Keeper, begun_stretch, read_progress
from fusebench.train.product import Trained, finished_marker, make_product
from fusebench.train.stage import Stage


def train(job: TrainJob, order: Order) -> WeightsMarker:
    """Train a method with a seed, or take over what was trained before.

    Raises:
        StepError: a step before it failed; the training cannot fit into its job; the script failed,
            changed no parameter, or wrote no checkpoint.
        Interrupted: the time of the job is over; the next one goes on.
    """
    inputs = read_inputs(job, order.root)
    for marker in inputs.all:
        if not marker.is_ok:
            raise StepError.taken_over(marker.state, marker.reason)
    with lease(order.lease, order.session):  # a job of a killed Snakemake may still train
        return _train(job, order, inputs)


def _train(job: TrainJob, order: Order, inputs: Inputs) -> WeightsMarker:
    identity = identity_of(job, inputs)
    if finished := finished_marker(job, order, inputs, identity):
        return finished
    refuse_changed_source(inputs.source)
    if not Path(inputs.environment.path, "bin", "python").exists():
        raise EnvironmentFailed(
            f"the environment must have an interpreter at {inputs.environment.path}/bin/python;"
            f" found none: delete {inputs.environment.path}.json and run again"
        )
    progress = read_progress(order.part, identity)
    refuse_too_long(job, progress)
    with reserved_device(job.spec.device, job.gpus or 1, order.on_cluster) as device:
        marker = _trained(job, order, inputs, progress, device)
    remove_folder(order.part)
    return marker


def refuse_too_long(job: TrainJob, progress: TrainingProgress) -> None:
    """Refuse a training before it begins that its job, or its time limit, cannot hold.

    Raises:
        TimedOut: it has no more time.
    """
    goes_on = job.spec.resume.by != "none"
    if job.job_minutes and job.minutes > job.job_minutes and not goes_on:
        raise TimedOut(
            f"the training needs {job.minutes:g} minutes (`train.resources.runtime`), a job may"
            f" have {job.job_minutes:g} (`training_minutes`), and the script cannot go on where it"
            " was cut off (`train.resume`): nothing was run; raise `training_minutes`, or train it"
            " where jobs may run longer"
        )
    if goes_on and progress.hours * 60 >= job.minutes:
        raise TimedOut(
            f"the training has run {progress.hours:.2f} hours, all that it may have"
            f" (`train.resources.runtime`: {job.minutes:g} minutes); what it has done is kept:"
            " raise `runtime` and run again"
        )


def _trained(
    job: TrainJob, order: Order, inputs: Inputs, progress: TrainingProgress, device: Device
) -> WeightsMarker:
    """Run the script, and return the marker of the weights that it made.

    A script that has ended well before, whose weights failed a check, is not run again.
    """
    order.log.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder() as scratch, order.log.open("a+", encoding="utf-8", buffering=1) as log:
        stage = Stage(job, scratch, device)
        pretrained = stage.prepare(inputs, order.root)
        before = known_files(stage.work, job.spec.checkpoint.values())
        patterns = (*(job.spec.resume.files or ()), *job.spec.checkpoint.values())
        keeper = Keeper(order.part, stage.work, patterns, progress, begun_stretch(device.kind))
        report, whole = progress.report, progress
        if report:
            keeper.put_back()
        else:
            report = _run(stage, order, inputs, keeper, log).report
            whole = keeper.keep(ended="complete", report=report)
        trained = Trained(stage, report, whole, pretrained, before)
        try:
            return make_product(trained, order, inputs, log)
        except Untrained:
            remove_folder(order.part)
            raise


def _run(stage: Stage, order: Order, inputs: Inputs, keeper: Keeper, log: IO[str]) -> Launch:
    """Run the script until it ends, or until its time is over; keep what it has done.

    Raises:
        Interrupted: its time is over, and it can go on.
        TimedOut: its time is over, and it cannot.
        StepError: it failed.
    """
    job, resume = stage.job, stage.job.spec.resume
    done = keeper.progress.hours * 60 if resume.by != "none" else 0
    back = keeper.put_back() if resume.by != "none" else []
    added = ""
    if back and resume.by == "argument":
        added = f" {resume.args}".replace("{checkpoint}", str(back[-1]))
    seconds = 60 * min(filter(None, (job.minutes - done, job.job_minutes)))
    log.write(f"\nfusebench: seed {job.seed}, {len(back)} kept file(s) put back\n")
    ended = "cut off"
    try:
        with keeper.running():
            launched = stage.start(job.spec.args + added, seconds, inputs, order, log)
        if launched.status != 0:
            raise launched.failure()
    except TimedOut as error:
        ended = "its time was over"
        raise _cut_off(job, keeper, error) from error
    except StepError as error:
        ended = f"{error.state}: {error}"
        raise
    else:
        ended = ""
        return launched
    finally:
        if ended:  # also where a scheduler ends this process
            keeper.keep(ended=ended)


def _cut_off(job: TrainJob, keeper: Keeper, error: TimedOut) -> StepError:
    """Return how a training ends whose time is over."""
    whole = keeper.keep(ended="its time was over")
    if job.spec.resume.by == "none":
        return TimedOut(
            f"{error} of {job.minutes:g} minutes, and cannot go on (`train.resume`); raise"
            " `train.resources.runtime` of the entry"
        )
    return Interrupted(told_progress(job, whole))


def told_progress(job: TrainJob, progress: TrainingProgress) -> str:
    """Return what was done of a training that goes on."""
    kept = len(progress.kept)
    return (
        f"{progress.hours:.2f} hours of at most {job.minutes / 60:.2f} are done in"
        f" {len(progress.stretches)} stretch(es), {kept} file(s) are kept; the next run goes on"
    )
