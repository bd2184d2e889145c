"""The parameters of a fusing job, and what it asks for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from fusebench.contracts.base import DeviceKind
from fusebench.contracts.configuration import Config
from fusebench.contracts.jobs.fusing import CellPart, MethodPart, Run
from fusebench.contracts.methods import MethodEntry, Stage
from fusebench.fuse.records import spec_of
from fusebench.planning.cells import (
    SLACK_MINUTES,
    CellPlan,
    Needs,
    cell_spec,
    device_for,
    fuse_job,
    gpus_of,
    method_part,
    needs,
    threads_of,
)
from fusebench.registry.datasets import ImageSet
from fusebench.registry.methods import Method

CONFIG = Config(suite="s", suites={}, threads=3)
RUN: dict[str, Any] = {
    "script": "test.py",
    "stage": {"a": "a/{name}.png", "b": "b/{name}.png"},
    "collect": "o/{name}.png",
}
IMAGES = ImageSet("pairs", "infrared-visible", ("infrared", "visible"))


def method(run: dict[str, Any] | None = None, **fields: Any) -> Method:
    """Return a method whose entry has these fields beside those that it must have."""
    entry = {
        "title": "M",
        "tasks": ["infrared-visible"],
        "code": "https://github.com/o/m",
        "env": "classical",
        "run": {**RUN, **(run or {})},
        **fields,
    }
    return Method("m", msgspec.convert(entry, MethodEntry))


@pytest.mark.parametrize(
    ("resources", "asked", "device", "gpus"),
    [
        ({}, "cuda", "cuda", 1),
        ({"gpu": 2}, "cuda", "cuda", 2),
        ({"gpu": 0}, "cuda", "cpu", 0),
        ({"gpu": 2}, "cpu", "cpu", 0),
    ],
)
def test_an_entry_says_how_many_gpus_its_job_takes(
    resources: dict[str, int], asked: DeviceKind, device: str, gpus: int
) -> None:
    """A job asks for one GPU unless the entry says otherwise.

    0 keeps the method on the CPU, and the job then asks the scheduler for no GPU.
    """
    found = method({"devices": ["cuda", "cpu"]}, resources=resources)
    assert device_for(found, asked) == device
    assert gpus_of(found, asked) == needs(found, asked).gpus == gpus
    assert needs(found, asked, attempt=0).gpus == min(gpus, 1)


@pytest.mark.parametrize(
    ("devices", "resources", "asked", "device"),
    [
        (None, {}, "cpu", "cpu"),
        (None, {}, "cuda", "cuda"),
        (["cpu"], {}, "cuda", "cpu"),
        (["cuda"], {}, "cpu", "cuda"),
        (["cuda"], {"gpu": 0}, "cuda", "cuda"),
    ],
)
def test_a_script_runs_on_what_it_can(
    devices: list[str] | None, resources: dict[str, int], asked: DeviceKind, device: str
) -> None:
    """A script that knows one device gets that one, whatever the session has.

    A script for both devices gets the device of the session.
    """
    found = method({"devices": devices} if devices else {}, resources=resources)
    assert device_for(found, asked) == device


def test_a_method_that_cannot_be_run_has_a_device_all_the_same() -> None:
    """An entry without ``run`` is planned for the device of the session, without an error."""
    entry = {"title": "M", "tasks": ["medical"], "code": "x", "status": "no-code", "reason": "gone"}
    assert device_for(Method("m", msgspec.convert(entry, MethodEntry)), "cuda") == "cuda"


@pytest.mark.parametrize(
    ("resources", "cells", "attempt", "memory", "minutes"),
    [
        ({}, 1, 1, 8000, 60),
        ({}, 1, 2, 16000, 2 * 70 - SLACK_MINUTES),
        ({}, 20, 1, 8000, 20 * 60),
        ({"mem_mb": 500, "runtime": 7}, 1, 1, 500, 7),
        ({"mem_mb": 500, "runtime": 7}, 3, 1, 500, 21),
        ({"runtime": 7.9}, 1, 1, 8000, 7),
    ],
)
def test_a_job_asks_for_its_cells_and_some_slack(
    resources: dict[str, float], cells: int, attempt: int, memory: int, minutes: int
) -> None:
    """A job asks for the time of all its cells and some slack.

    After a killed attempt it asks for twice as much.
    """
    assert needs(method(resources=resources), "cpu", cells, attempt) == Needs(
        0, memory, minutes + SLACK_MINUTES
    )


def test_the_final_attempt_asks_for_little() -> None:
    """The final attempt runs nothing.

    It does not ask for the memory and the time of the entry, however many cells there are.
    """
    found = method(resources={"mem_mb": 64000, "runtime": 600, "gpu": 4})
    assert needs(found, "cuda", 20, attempt=0) == Needs(1, 2000, SLACK_MINUTES)


def test_threads_are_the_entry_s_or_the_configuration_s() -> None:
    """The entry's number of threads replaces that of the configuration."""
    assert threads_of(method(), CONFIG) == 3
    assert threads_of(method(resources={"threads": 8}), CONFIG) == 8


def test_a_job_is_told_of_weights_what_decides_a_result() -> None:
    """The job gets the path and sha256 of weights, but not the address they are fetched from.

    It gets the marker only where weights are fetched, and the origin only where it is not the
    authors: the hashes of cells do not change by naming the usual case.
    """
    weights = [{"path": "w.pth", "url": "https://example.org/w"}, {"path": "v", "sha256": "0" * 64}]
    markers = {"source": "s.json", "environment": "e.json"}
    found = method_part(method(weights=weights), {**markers, "weights": "w.json"}, CONFIG, "cuda")
    assert msgspec.to_builtins(found) == {
        "name": "m",
        "source": "s.json",
        "environment": "e.json",
        "fetched": "w.json",
        "weights": [{"path": "w.pth"}, {"path": "v", "sha256": "0" * 64}],
        "threads": 3,
        "minutes": 60.0,
        "device": "cuda",
        "gpus": 1,
    }
    of_person = method(weights=[{"path": "w", "sha256": "0" * 64, "origin": "by hand"}])
    (told,) = method_part(of_person, markers, CONFIG, "cpu").weights
    assert told.origin == "by hand"
    authors = method(weights=[{"path": "w", "sha256": "0" * 64, "origin": "authors"}])
    assert method_part(authors, markers, CONFIG, "cpu").weights[0].origin is msgspec.UNSET
    plain = method_part(method(), markers, CONFIG, "cpu")
    assert (plain.fetched, plain.commit) == (None, msgspec.UNSET)
    pinned = method(commit="0" * 40)
    assert method_part(pinned, markers, CONFIG, "cpu").commit == "0" * 40


def plan(name: str, seed: int = 0, exclusive: bool = False) -> CellPlan:
    """Return a planned cell."""
    run = Run(stage=Stage(a="a", b="b"), collect="o", script="test.py", seed=seed)
    images = ImageSet(name, "infrared-visible", ("infrared", "visible"), exclusive)
    return CellPlan(f"repeats/{name}/2", images, f"resources/datasets/{name}.json", run)


def part() -> MethodPart:
    """Return the parameters of a job that describe its method."""
    return method_part(method(), {"source": "s", "environment": "e"}, CONFIG, "cpu")


def test_cells_that_are_started_alike_share_their_fields() -> None:
    """A job has each way of starting the script once, and each cell names the one it uses."""
    job = fuse_job(part(), [plan("x"), plan("y", seed=1), plan("z")])
    assert [run.seed for run in job.runs] == [0, 1]
    assert [(cell.images, cell.run) for cell in job.cells] == [("x", 0), ("y", 1), ("z", 0)]
    assert job.cells[1] == CellPart(
        name="repeats/y/2",
        images="y",
        manifest="resources/datasets/y.json",
        run=1,
        modalities=("infrared", "visible"),
    )


@pytest.mark.parametrize("of_method", [False, True])
@pytest.mark.parametrize("of_images", [False, True])
def test_a_machine_is_wanted_alone_by_the_method_or_for_the_images(
    of_method: bool, of_images: bool
) -> None:
    """Either is enough; where neither asks for it, the hash of the cell does not hold the field."""
    job = fuse_job(part(), [plan("x", exclusive=of_images)], of_method)
    told = msgspec.to_builtins(spec_of(job, job.cells[0]))
    assert told.get("exclusive", False) == (of_method or of_images)
    assert ("exclusive" in told) == (of_method or of_images)


def test_a_cell_is_told_the_fields_of_its_dataset() -> None:
    """The dataset's part replaces the task's part of ``run``, which replaces the entry's.

    A number of GPUs above one is also there.
    """
    found = method(
        {
            "args": "--all",
            "seed": 1,
            "per_task": {"infrared-visible": {"seed": 2, "args": "--task"}},
            "per_dataset": {"pairs": {"seed": 3}},
        },
        resources={"gpu": 2, "runtime": 5},
    )
    spec = cell_spec(found, IMAGES, CONFIG, "cuda")
    assert (spec.method, spec.dataset, spec.modalities) == ("m", "pairs", ("infrared", "visible"))
    assert (spec.run.args, spec.run.seed, spec.gpus, spec.minutes) == ("--task", 3, 2, 5)
    assert cell_spec(found, IMAGES, CONFIG, "cpu").gpus is msgspec.UNSET


def test_what_does_not_decide_a_result_is_no_part_of_a_cell() -> None:
    """A changed title, licence, memory or address of weights leaves the cell as it was."""
    weights = [{"path": "w.pth", "sha256": "1" * 64}]
    first = cell_spec(method(weights=weights), IMAGES, CONFIG, "cpu")
    again = method(
        title="Corrected",
        label="M+",
        licence="MIT",
        notes="a note",
        paper={"year": 2024},
        resources={"mem_mb": 32000},
        weights=[{**weights[0], "url": "https://example.org/w"}],
    )
    assert cell_spec(again, IMAGES, CONFIG, "cpu") == first
