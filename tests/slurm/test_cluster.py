"""A suite of miniature methods on a real Slurm: what Slurm records, and which jobs die."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flow.projects import MiniProject
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS
from tests.slurm.cluster import GPUS_PER_NODE, NODES, FinishedJob
from tests.slurm.conftest import SECONDS, Submitter

GPU_METHODS = ["gpu1", "gpu2", "gpu3", "gpu4", "gpu5"]
RESOURCES = {"mem_mb": 900, "runtime": 5, "threads": 1}
SLOW = (
    ARGPARSE
    + "\nimport time\nprint('visible:', os.environ['CUDA_VISIBLE_DEVICES'])\ntime.sleep(3)\n"
)
WAITS = "import os, time\nwhile not os.path.exists({flag!r}):\n    time.sleep(0.1)\n" + ARGPARSE
HOG = (
    "import os, time\nif not os.path.exists({flag!r}):\n"
    "    hog = b'x' * 1500_000_000\n    time.sleep(60)\n" + WAITS
)


def wait_until(done: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Wait for something that happens on the cluster."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not after {seconds} s: {what}"
        time.sleep(0.2)


def started(project: MiniProject, method: str) -> str:
    """Return the Slurm job that last took the lease of a method's run; empty without one."""
    from fusebench.fuse.leases import holder

    held = holder(project.root / "results" / "runs" / method / "pairs")
    return str(held.slurm_job or "") if held else ""


def submitter_with_suite(submitter: Submitter) -> Submitter:
    """Register methods on GPUs and one on the CPU, and two whose jobs die.

    Of these two, one waits for its cancellation and one takes too much memory.
    """
    project = submitter.project
    for name in GPU_METHODS:
        project.add_method(name, {"test.py": SLOW}, BY_OPTIONS, resources=RESOURCES)
    on_cpu = {**BY_OPTIONS, "devices": ["cpu"]}
    project.add_method("on-cpu", {"test.py": ARGPARSE}, on_cpu, resources=RESOURCES)
    for name, script in (("cancelled", WAITS), ("hog", HOG)):
        mended = script.format(flag=str(project.told / "mended"))
        project.add_method(name, {"test.py": mended}, on_cpu, resources=RESOURCES)
    return submitter


@pytest.fixture(scope="module")
def ran(make_submitter: Callable[[], Submitter]) -> Iterator[tuple[Submitter, list[FinishedJob]]]:
    """Run the suite, each job once and then its final attempt; cancel one job while it runs."""
    submitter = submitter_with_suite(make_submitter())
    snakemake = submitter.start("--retries", "1")
    try:
        wait_until(
            lambda: bool(started(submitter.project, "cancelled")), "the job to be cancelled runs"
        )
        submitter.cluster.ask("scancel", started(submitter.project, "cancelled"))
        assert snakemake.wait(timeout=SECONDS) == 1, submitter.output[-5000:]
        yield submitter, submitter.cluster.finished()
    finally:
        snakemake.kill()


def test_every_compute_job_went_through_slurm(ran: tuple[Submitter, list[FinishedJob]]) -> None:
    """Each record names a job that Slurm finished.

    Clones, environments and datasets are made without Slurm.
    """
    submitter, finished = ran
    states = {job.id: job.state for job in finished}
    jobs = [
        submitter.project.record(name)["host"]["slurm_job"] for name in [*GPU_METHODS, "on-cpu"]
    ]
    assert [states[job] for job in jobs] == ["COMPLETED"] * 6
    # six that end well, two that die, the final attempts of these two, and the measuring
    assert len(finished) == 11, submitter.output[-5000:]


def test_jobs_on_gpus_are_given_one_gpu_each_and_use_it(
    ran: tuple[Submitter, list[FinishedJob]],
) -> None:
    """Slurm gave each GPU job one GPU, and the script saw no other; a CPU job was given none."""
    submitter, finished = ran
    gpus = {job.id: job.gpus for job in finished}
    for name in GPU_METHODS:
        record = submitter.project.record(name)
        log = (submitter.project.root / "logs" / "fuse" / name / "pairs.log").read_text()
        assert gpus[record["host"]["slurm_job"]] == 1
        assert record["device"] == "cuda"
        assert "visible: 0" in log or "visible: 1" in log
    assert gpus[submitter.project.record("on-cpu")["host"]["slurm_job"]] == 0
    assert submitter.project.record("on-cpu")["device"] == "cpu"


def test_never_more_gpu_jobs_than_gpus(ran: tuple[Submitter, list[FinishedJob]]) -> None:
    """At no moment did more jobs hold GPUs than the cluster has, on any node."""
    on_gpus = [job for job in ran[1] if job.gpus]
    assert len(on_gpus) == len(GPU_METHODS)
    for node in NODES:
        jobs = [job for job in on_gpus if job.node == node]
        at_once = [sum(other.start <= job.start < other.end for other in jobs) for job in jobs]
        assert max(at_once, default=0) <= GPUS_PER_NODE


@pytest.mark.parametrize(
    ("method", "state", "words"),
    [
        ("cancelled", "crashed", "ended as CANCELLED"),
        ("hog", "out-of-memory", "raise `resources.mem_mb`"),
    ],
)
def test_jobs_that_died_have_a_state(
    ran: tuple[Submitter, list[FinishedJob]], method: str, state: str, words: str
) -> None:
    """A cancelled job, and one killed for its memory, have a state with Slurm's words.

    The other methods have results in the table.
    """
    project = ran[0].project
    row = next(row for row in project.table("status.csv") if row["method"] == method)
    assert row["state"] == state
    assert words in row["reason"]
    assert {
        row["method"] for row in project.table("tables/mini/pairs.csv") if row["state"] == "ok"
    } == {
        *GPU_METHODS,
        "on-cpu",
    }


def test_a_killed_snakemake_leaves_no_second_writer(
    ran: tuple[Submitter, list[FinishedJob]],
) -> None:
    """After a kill -9, a new run cancels the jobs that still run, then submits them again.

    All of them end well.
    """
    submitter, _ = ran
    project = submitter.project
    before = {name: started(project, name) for name in ("cancelled", "hog")}
    for name in before:
        script = WAITS.format(flag=str(project.told / "go"))
        project.methods[name]["commit"] = project.publish(name, {"test.py": script})
    killed = submitter.start()
    wait_until(
        lambda: all(started(project, name) not in ("", job) for name, job in before.items()),
        "both jobs run",
    )
    orphans = {started(project, name) for name in before}
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert orphans <= set(submitter.cluster.jobs("RUNNING"))
    again = submitter.start()
    wait_until(lambda: not orphans & set(submitter.cluster.jobs()), "the orphans are gone")
    (project.told / "go").touch()
    assert again.wait(timeout=SECONDS) == 0, submitter.output[-5000:]
    jobs = {job.id: job for job in submitter.cluster.finished()}
    assert {jobs[orphan].state for orphan in orphans} == {"CANCELLED"}
    gone = max(jobs[orphan].end for orphan in orphans)
    for name in before:
        record = project.record(name)
        assert record["state"] == "ok"
        assert jobs[record["host"]["slurm_job"]].start >= gone
    assert {row["state"] for row in project.table("status.csv")} == {"ok"}


def test_default_resources_on_the_command_line_keep_the_gpus(
    make_submitter: Callable[[], Submitter],
) -> None:
    """An option that replaces the profile's default resources leaves methods on GPUs.

    That holds here and in the job on the node.
    """
    submitter = make_submitter()
    submitter.project.add_method("gpu", {"test.py": ARGPARSE}, BY_OPTIONS, resources=RESOURCES)
    asked = (
        "results/runs/gpu/pairs/record.json",
        "--default-resources",
        "mem_mb=2000",
        "runtime=5",
    )
    assert submitter.run(*asked) == 0, submitter.output[-5000:]
    assert submitter.project.record("gpu")["device"] == "cuda"


@pytest.fixture
def two_cells(make_submitter: Callable[[], Submitter]) -> Submitter:
    """Return a project of one method, on the CPU, on two datasets."""
    submitter = make_submitter()
    project = submitter.project
    project.add_images("more", ["q1"])
    project.config["suites"]["mini"]["datasets"] = ["pairs", "more"]
    on_cpu = {**BY_OPTIONS, "devices": ["cpu"]}
    project.add_method("on-cpu", {"test.py": ARGPARSE}, on_cpu, resources=RESOURCES)
    return submitter


@pytest.mark.slow
def test_cells_fused_without_slurm_are_not_run_again(two_cells: Submitter) -> None:
    """A job on a node takes over the record of a cell that a local job fused with others.

    A forced cell is run on the node.
    """
    project, cluster = two_cells.project, two_cells.cluster
    project.config["together_from"] = 2
    jobs = project.jobs(project.snakemake("results/jobs/on-cpu/more+1.json"))
    assert jobs["fuse"] == 1
    before = len(cluster.finished())
    targets = [f"results/jobs/on-cpu/{dataset}.json" for dataset in ("pairs", "more")]
    assert two_cells.run(*targets) == 0, two_cells.output[-5000:]
    assert len(cluster.finished()) == before + 2
    ran = [project.record("on-cpu", name)["host"]["slurm_job"] for name in ("pairs", "more")]
    assert ran == [None, None]
    assert two_cells.run("--force", targets[0]) == 0, two_cells.output[-5000:]
    assert project.record("on-cpu")["host"]["slurm_job"]
    assert project.record("on-cpu", "more")["host"]["slurm_job"] is None


def test_several_short_cells_are_one_submission(two_cells: Submitter) -> None:
    """With `cells_per_job` several cells of a method are one Slurm job.

    Each cell has its own record and state. The job asks for the sum of their times.
    """
    two_cells.project.config["cells_per_job"] = 2
    before = len(two_cells.cluster.finished())
    assert two_cells.run("results/jobs/on-cpu/more+1.json") == 0, two_cells.output[-5000:]
    assert len(two_cells.cluster.finished()) == before + 1
    records = [two_cells.project.record("on-cpu", name) for name in ("pairs", "more")]
    assert [record["state"] for record in records] == ["ok", "ok"]
    (job,) = {record["host"]["slurm_job"] for record in records}
    told = two_cells.cluster.ask("scontrol", "--oneliner", "show", "job", job)
    assert "TimeLimit=00:20:00" in told, told


def profile_with(folder: Path, **placeholders: str) -> Path:
    """Return a copy of the profile with some lines uncommented and filled in."""
    from tests.flow.projects import REPOSITORY

    text = (REPOSITORY / "slurm" / "config.yaml").read_text()
    for key, value in placeholders.items():
        lines = text.splitlines()
        places = [
            number for number, line in enumerate(lines) if line.strip().startswith(f"# {key}:")
        ]
        for index in [place for place in places if place > lines.index("set-resources:")] or places:
            lines[index] = f"{lines[index].partition('#')[0]}{key}: {value}"
        text = "\n".join(lines)
    folder.mkdir()
    (folder / "config.yaml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("setting", "resources", "words"),
    [
        ({"slurm_partition": "nowhere"}, {}, "invalid partition specified: nowhere"),
        ({"gpu_model": "h-100"}, {}, "  Invalid GPU model format: h-100."),
        pytest.param(
            {"gpu_model": "h100"},
            {},
            "Requested node configuration is not available",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {}, {"gpu": 3}, "Requested node configuration is not available", marks=pytest.mark.slow
        ),
    ],
)
def test_impossible_requests_are_refused_with_slurms_words(
    ran: tuple[Submitter, list[FinishedJob]],
    tmp_path: Path,
    setting: dict[str, str],
    resources: dict[str, int],
    words: str,
) -> None:
    """A request that the cluster cannot grant is refused at once, with Slurm's words and our hint.

    Such requests are an unknown partition or GPU model, and more GPUs than a node has. Where Slurm
    accepts the final attempt of the cell, which asks for little, the table has these words too.
    """
    submitter, _ = ran
    project = submitter.project
    (project.told / "mended").touch()
    project.methods["gpu1"]["resources"] = {**RESOURCES, **resources}
    project.methods["gpu1"]["run"] = {**BY_OPTIONS, "seed": len(words) + len(resources)}
    status = submitter.run("--retries", "1", profile=profile_with(tmp_path / "profile", **setting))
    project.methods["gpu1"]["resources"] = RESOURCES
    assert status == 1
    assert words in submitter.output
    assert "slurm/README.md" in submitter.output
    if not setting:
        row = next(row for row in project.table("status.csv") if row["method"] == "gpu1")
        assert row["state"] == "crashed"
        assert "the scheduler refused the job" in row["reason"] and words in row["reason"]


@pytest.mark.parametrize(
    ("setting", "option", "words"),
    [
        (
            {"slurm_account": "<account>", "qos": "'<qos>'"},
            (),
            "`qos` under `default-resources` must be",
        ),
        ({"gpu_model": "<model>"}, (), "`gpu_model` under `set-resources: fuse_on_gpu` must be"),
        ({}, ("--default-resources", "qos=<qos>"), "found <qos>"),
    ],
)
def test_a_placeholder_is_refused_before_anything_is_run(
    make_submitter: Callable[[], Submitter],
    tmp_path: Path,
    setting: dict[str, str],
    option: tuple[str, ...],
    words: str,
) -> None:
    """A placeholder is refused when the workflow is read; the message gives its place.

    That holds also where Slurm would accept it.
    """
    submitter = make_submitter()
    submitter.project.add_method("gpu1", {"test.py": ARGPARSE}, BY_OPTIONS)
    assert submitter.run(*option, profile=profile_with(tmp_path / "profile", **setting)) == 1
    assert words in submitter.output
    assert "slurm/README.md says where" in submitter.output
    assert not (submitter.project.root / "results").exists()
