"""What is refused before and after a training."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from fusebench.contracts.jobs.training import TrainJob
from fusebench.contracts.receipts import Stretch, TrainingProgress, UseCheck
from fusebench.contracts.records import FusedImage, Record
from fusebench.contracts.training import Parameters
from fusebench.errors import BadOutput, TimedOut, Untrained
from fusebench.train.checks import compared
from fusebench.train.product import refuse_unchanged, refuse_unused
from fusebench.train.training import refuse_too_long, told_progress


def job(**fields: Any) -> TrainJob:
    """Return the parameters of a training."""
    run = {"script": "t.py", "stage": {"a": "a/{name}", "b": "b/{name}"}, "collect": "{name}"}
    stage = {"a": "a/{name}", "b": "b/{name}"}
    spec = {
        "source": "s",
        "environment": "e",
        "datasets": {},
        "script": "train.py",
        "data": [{"dataset": "d", "stage": stage}],
        "checkpoint": {"m.pth": "*.pth"},
        "resume": fields.pop("resume", {}),
        "threads": 1,
        "device": "cpu",
    }
    test = {"run": run, "weights": [], "dataset": "d", "modalities": ["a", "b"], "minutes": 5}
    told = {
        "name": "mini@retrained-seed1",
        "method": "mini",
        "variant": "retrained",
        "seed": 1,
        "spec": spec,
        "selected": "nothing",
        "source": "s.json",
        "environment": "e.json",
        "manifests": {},
        "minutes": 600,
        "test": test,
        **fields,
    }
    return msgspec.convert(told, TrainJob)


def progress(hours: float) -> TrainingProgress:
    """Return what was done of a training."""
    stretch = Stretch(started="", seconds=3600 * hours, node="n")
    return TrainingProgress(identity="", stretches=[stretch], kept={"a": "b"})


RERUN = {"by": "rerun", "files": ["*.pth"]}


def test_a_training_that_cannot_fit_is_refused_beforehand() -> None:
    """It is longer than a job may be, and its script cannot go on."""
    with pytest.raises(TimedOut, match=r"needs 600 minutes .* may have 120 .* nothing was run"):
        refuse_too_long(job(job_minutes=120), progress(0))
    refuse_too_long(job(job_minutes=120, resume=RERUN), progress(0))
    refuse_too_long(job(), progress(0))


def test_a_training_ends_when_its_whole_time_is_over() -> None:
    """Otherwise a script that never ends would be started again and again."""
    refuse_too_long(job(resume=RERUN), progress(9.9))
    with pytest.raises(TimedOut, match=r"has run 10\.00 hours.* is kept: raise `runtime`"):
        refuse_too_long(job(resume=RERUN), progress(10))


def test_what_was_done_is_told() -> None:
    """In hours, with what is kept."""
    told = told_progress(job(resume=RERUN), progress(2))
    assert told == (
        "2.00 hours of at most 10.00 are done in 1 stretch(es), 1 file(s) are kept; the next run"
        " goes on"
    )


def parameters(changed: int) -> Parameters:
    """Return what the launcher saw of four tensors."""
    return Parameters(tensors=4, changed=changed, values=14, before="0", after="1")


def test_a_training_that_changed_nothing_is_refused() -> None:
    """Where no optimiser was seen, it is a note and no error."""
    with pytest.raises(Untrained, match="none of 4 tensors changed"):
        refuse_unchanged(parameters(0))
    refuse_unchanged(parameters(3))
    refuse_unchanged(None)


def record(sha256: str | None) -> Record:
    """Return the record of a run of one image, or of one that failed."""
    if sha256 is None:
        return Record(method="m", dataset="d", state="bad-output", reason="NaN")
    image = FusedImage(name="p", size=(4, 4), fused="p.png", mode="gray", sha256=sha256)
    return Record(method="m", dataset="d", state="ok", reason="", images=[image])


@pytest.mark.parametrize(
    ("second", "verdict"), [("other", "differs"), ("one", "same"), (None, "differs")]
)
def test_the_image_must_change_with_the_weights(second: str | None, verdict: str) -> None:
    """A test that fails with shuffled weights has used them as well."""
    tested = compared(record("one"), record(second))
    assert tested.verdict == verdict
    if verdict == "same":
        with pytest.raises(BadOutput, match="must use the trained weights; it gave the same image"):
            refuse_unused(tested)
    else:
        refuse_unused(tested)


def test_a_test_that_could_not_be_tried_is_no_error() -> None:
    """The cells say why it does not run; the receipt says that it is not known."""
    refuse_unused(UseCheck(verdict="unknown", reason="it crashed"))
