"""``gpu.py run``: every step on the machine, the most valuable first."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
from fusebench.compare.speed import speed_row
from fusebench.contracts.jobs.fusing import CellPart, FuseJob, MethodPart, Run
from fusebench.contracts.methods import Convert, Stage
from fusebench.fuse.devices import gpus_of_this_machine
from fusebench.fuse.timing import cpu_model
from fusebench.layout import ENVIRONMENTS, RUNS, dataset_marker
from msgspec.structs import replace

from on_gpu.cells import (
    Project,
    StepFailedError,
    ending,
    fuse,
    prepare_images,
    read_record,
    start_fusing,
)
from on_gpu.comparing import compare_runs, with_metrics
from on_gpu.contents import GpuRun, Interval, Machine, MethodResult, Plan, PlannedMethod, Sharing
from on_gpu.environments import HOOKS, NEVER_WAIT, OWN, TIMED, make_environments, time_logged
from on_gpu.faults import WRONG, Wrong, run_fault
from on_gpu.machine import STATE, describe, smi
from on_gpu.steps import Action, Report, perform

PLAN = "plan.json"
PROBE = "redirections"
PROBE_SOURCE = "resources/sources/redirections"
NO_GPU = "no GPU: nvidia-smi lists none, or CUDA_VISIBLE_DEVICES is empty"

GPU, CPU, AGAIN, UNSYNCHRONISED = "gpu", "cpu", "gpu-again", "unsynchronised"
"""Project folders; that of the GPU has the runs that others can take over."""

KEPT_FOR_THE_END = 15.0
"""Seconds of the budget for the archives and the last look at the clocks."""
ARCHIVE_BYTES = 15_000_000


@dataclass(frozen=True)
class Seconds:
    """How long the steps are planned to take, for one method each; less is left: it is skipped.

    For a machine with 16 CPUs: 6 to 8 s until a script has torch and CUDA, 0.1 s for an image on
    the GPU. No GPU has confirmed these numbers yet.
    """

    environments: float = 15.0
    gpu: float = 11.0
    redirections: float = 8.0
    cpu: float = 60.0
    comparing: float = 4.0
    sharing: float = 18.0
    fault: float = 7.0
    again: float = 8.0
    images: float = 2.0
    speed: float = 16.0
    unsynchronised: float = 8.0


SECONDS = Seconds()


@dataclass(frozen=True)
class Options:
    """What a run reads and writes.

    Attributes:
        carried: the folder that ``prepare`` made.
        packages: the folder of the unpacked packages.
        out: the JSON file.
        results: receives archives of the GPU's runs, each at most 15 MB; None for none.
        patience: see ``steps.perform``.
    """

    carried: Path
    packages: Path
    out: Path
    results: Path | None
    patience: float


def run_all(options: Options, python: Path, seconds: float, until: float) -> None:
    """Run everything that the time allows, and write the JSON file after each step.

    Args:
        options: what is read and written.
        python: the interpreter with torch that runs the methods.
        seconds: the whole budget.
        until: its end, by ``time.monotonic``.
    """
    plan = msgspec.json.decode((options.carried / PLAN).read_bytes(), type=Plan)
    with tempfile.TemporaryDirectory(prefix="gpu-run-") as folder:
        project = Project(options.carried.resolve(), options.packages.resolve(), Path(folder))
        report = Report(options.out, _empty(plan, seconds))
        gpus = gpus_of_this_machine()
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[0] if gpus else ""
        start = Action("environments", 0.0, partial(_begin, project, report, python))
        perform([start], report, until)
        if report.run.steps[-1].state == "ok":
            actions = _actions(project, plan, report, "" if gpus else NO_GPU)
            perform(actions, report, until - KEPT_FOR_THE_END, options.patience)
        report.change(clocks_after=smi(STATE))
        if options.results:
            pack = partial(_pack, project.work / GPU, options.results)
            perform([Action("archives", 0.0, pack)], report, until)


def _empty(plan: Plan, seconds: float) -> GpuRun:
    return GpuRun(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=plan.commit,
        budget_seconds=seconds,
        machine=Machine(stand_in=False, cpu=cpu_model(), cpus=os.cpu_count() or 0),
        methods=[
            MethodResult(name=one.name, label=one.label, whole=one.whole, part=one.part)
            for one in plan.methods
        ],
    )


def _begin(project: Project, report: Report, python: Path, until: float) -> None:
    """Lay out the work folder, make the environments, and look at the machine."""
    shutil.copytree(project.carried / "resources", project.work / "resources")
    steps = project.work / "steps"
    steps.mkdir()
    shutil.copyfile(HOOKS / "sitecustomize.py", steps / "sitecustomize.py")
    settings = msgspec.json.encode({"change": "", "packages": str(project.packages)})
    (steps / "settings.json").write_bytes(settings)
    own = make_environments(project.work, python, project.packages)
    program = project.work / ENVIRONMENTS / OWN.name / "bin" / "python"
    report.change(machine=describe(program, own), clocks_before=smi(STATE))


def _actions(project: Project, plan: Plan, report: Report, no_gpu: str) -> Iterator[Action]:
    """Yield all steps in the order of their value."""
    methods, seconds = plan.methods, SECONDS

    def on_gpu(name: str, planned: float, what: partial[None]) -> Action:
        return Action(name, planned, what, no_gpu)

    for one in methods:
        step = partial(_on_gpu, project, report, one)
        yield on_gpu(f"{one.name} on the GPU", seconds.gpu, step)
    probe = partial(_redirections, project, report, methods[0])
    yield on_gpu("redirections", seconds.redirections, probe)
    yield Action("methods on the CPU", seconds.cpu, partial(_on_cpu, project, report, methods))
    for one in methods:
        step = partial(_compare, project, report, one)
        yield on_gpu(f"{one.name}: CPU and GPU", seconds.comparing, step)
    pair = (methods * 2)[:2]
    yield on_gpu("two at once", seconds.sharing, partial(_share, project, report, pair))
    for wrong in WRONG:
        step = partial(_fault, project, report, wrong, methods[0])
        yield on_gpu(f"fault: {wrong.name}", seconds.fault, step)
    for one in methods:
        step = partial(_again, project, report, one)
        yield on_gpu(f"{one.name} again", seconds.again, step)
    for marker, job in plan.generated.items():
        images = partial(prepare_images, project, marker, job)
        yield on_gpu(marker, seconds.images, images)
    for one in methods:
        step = partial(_speed, project, report, one)
        yield on_gpu(f"{one.name}: speed", seconds.speed, step)
        step = partial(_unsynchronised, project, report, one)
        yield on_gpu(f"{one.name}: speed without waiting", seconds.unsynchronised, step)


def planned_seconds(plan: Plan) -> float:
    """Return how long all steps of a plan are planned to take."""
    nowhere = Project(Path(), Path(), Path())
    actions = _actions(nowhere, plan, Report(Path(), _empty(plan, 0.0)), "")
    return SECONDS.environments + sum(action.seconds for action in actions) + KEPT_FOR_THE_END


def _on_gpu(project: Project, report: Report, method: PlannedMethod, until: float) -> None:
    fusing = fuse(project, GPU, method.on_gpu, until)
    report.change_method(method.name, gpu=fusing.seen())


def _on_part(method: PlannedMethod) -> FuseJob:
    """Return the job of a method that fuses the part on the GPU."""
    return replace(method.on_gpu, runs=method.on_cpu.runs, cells=method.on_cpu.cells)


def _again(project: Project, report: Report, method: PlannedMethod, until: float) -> None:
    """Fuse the part once more, and compare it with the first run."""
    fusing = fuse(project, AGAIN, _on_part(method), until)
    report.change_method(method.name, again=fusing.seen())
    first, again = (project.root(GPU), method.whole), (project.root(AGAIN), method.part)
    report.change_method(method.name, gpu_to_gpu=compare_runs(method.name, first, again))


def _on_cpu(
    project: Project, report: Report, methods: Sequence[PlannedMethod], until: float
) -> None:
    """Run all methods on the CPU, as many at once as there are CPUs for twice over.

    Raises:
        StepFailedError: some could not be run; the others have their results.
    """
    threads = max(one.on_cpu.method.threads for one in methods)
    at_once = max(1, (os.cpu_count() or 1) // (2 * threads))
    failed = []
    for start in range(0, len(methods), at_once):
        group = methods[start : start + at_once]
        with ending([start_fusing(project, CPU, one.on_cpu) for one in group]) as jobs:
            for fusing in jobs:
                try:
                    fusing.wait(until)
                    report.change_method(fusing.job.method.name, cpu=fusing.seen())
                except StepFailedError as error:
                    failed.append(str(error))
    if failed:
        raise StepFailedError("; ".join(failed))


def _compare(project: Project, report: Report, method: PlannedMethod, until: float) -> None:
    """Compare the images of the CPU with those of the GPU, first their pixels."""
    cpu, gpu = (project.root(CPU), method.part), (project.root(GPU), method.whole)
    found = compare_runs(method.name, cpu, gpu)
    report.change_method(method.name, cpu_to_gpu=found)
    found = with_metrics(found, method.name, cpu, gpu, method.metrics)
    report.change_method(method.name, cpu_to_gpu=found)


def _speed(project: Project, report: Report, method: PlannedMethod, until: float) -> None:
    """Time a method on the fixed pair at each size."""
    fuse(project, GPU, method.speed, until)
    root, cells = project.root(GPU), method.speed.cells
    rows = [speed_row(read_record(root, method.name, cell.name)) for cell in cells]
    report.change_method(method.name, speed=rows)


def _unsynchronised(project: Project, report: Report, method: PlannedMethod, until: float) -> None:
    """Time a method at the first size where no call waits for the device."""
    job = replace(method.speed, cells=method.speed.cells[:1])
    fusing = fuse(project, UNSYNCHRONISED, job, until, NEVER_WAIT)
    record = read_record(fusing.root, method.name, job.cells[0].name)
    report.change_method(method.name, unsynchronised=[speed_row(record)])


def _share(
    project: Project, report: Report, methods: Sequence[PlannedMethod], until: float
) -> None:
    """Start two jobs at once that want the same GPU."""
    pairs = enumerate(zip(methods, TIMED, strict=True), start=1)
    started = [
        start_fusing(project, f"sharing-{number}", _on_part(method), environment)
        for number, (method, environment) in pairs
    ]
    with ending(started) as jobs:
        for fusing in jobs:
            fusing.wait(until)
    times = [time_logged(project.work, environment) for environment in TIMED]
    intervals = [
        Interval(
            method=fusing.job.method.name,
            state=fusing.seen().state,
            began=known[0] if known else None,
            ended=known[1] if known else None,
        )
        for fusing, known in zip(jobs, times, strict=True)
    ]
    report.change(sharing=Sharing(jobs=intervals, overlap_seconds=_overlap(times)))


def _overlap(times: Sequence[tuple[float, float] | None]) -> float | None:
    known = [one for one in times if one is not None]
    if len(known) < len(times):
        return None
    both = min(ended for _, ended in known) - max(began for began, _ in known)
    return round(max(0.0, both), 3)


def _fault(
    project: Project, report: Report, wrong: Wrong, method: PlannedMethod, until: float
) -> None:
    fault = run_fault(project, wrong, _on_part(method), until)
    report.change(faults=[*report.run.faults, fault])


def _redirections(project: Project, report: Report, method: PlannedMethod, until: float) -> None:
    """Run the script that names GPUs which the job was not given."""
    fusing = fuse(project, PROBE, probe_job(method), until)
    seen = fusing.seen()
    log = fusing.root / "logs" / "fuse" / PROBE / f"{method.part}.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    report.change(redirections=replace(seen, log=lines))


def probe_job(method: PlannedMethod) -> FuseJob:
    """Return the job of the script that names other GPUs, on the images of a method's part."""
    run = Run(
        script="redirections.py",
        args="--data in --out {out}",
        stage=Stage(a="in/a/{name}.png", b="in/b/{name}.png"),
        convert=Convert(a="gray", b="gray"),
        collect="{out}/{name}.png",
    )
    part = method.on_cpu.cells[0]
    return FuseJob(
        method=MethodPart(
            name=PROBE,
            source=f"{PROBE_SOURCE}.json",
            environment="",
            fetched=None,
            weights=[],
            threads=1,
            minutes=5,
            device="cuda",
            gpus=1,
        ),
        runs=[run],
        cells=[
            CellPart(
                name=part.name,
                images=part.images,
                manifest=dataset_marker(part.images),
                run=0,
                modalities=part.modalities,
            )
        ],
    )


def _pack(root: Path, results: Path, _: float) -> None:
    """Write the records and images of the GPU's runs as archives, to be unpacked in a project."""
    results.mkdir(parents=True, exist_ok=True)
    for number, files in enumerate(_parts(root), start=1):
        with tarfile.open(results / f"results-{number}.tar", "w") as archive:
            for path in files:
                archive.add(path, path.relative_to(root))


def _parts(root: Path) -> Iterator[list[Path]]:
    """Yield the files below ``results/runs`` in groups that fit into one archive each."""
    group: list[Path] = []
    size = 0
    for path in sorted(path for path in (root / RUNS).rglob("*") if path.is_file()):
        more = path.stat().st_size + 1024
        if group and size + more > ARCHIVE_BYTES:
            yield group
            group, size = [], 0
        group.append(path)
        size += more
    if group:
        yield group
