"""``docs/gpu.md``: on which GPUs fusebench ran, and what was seen there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from fusebench.compare.markdown import escaped
from fusebench.compare.speed import speed_markdown
from fusebench.contracts.records import TimeSpread

from on_gpu.contents import Differing, GpuRun, Machine, MethodResult, Seen

RUNS = Path(__file__).resolve().parents[2] / "docs" / "gpu"
NOTHING = "–"

HEAD = """# On a GPU

<!-- Written by `python benchmarks/gpu.py page`; the files in docs/gpu hold the numbers. -->

`benchmarks/gpu.py` carries published methods to a machine with a GPU and runs them there, on the
GPU and on the CPU, through the same launcher and the same device code as the pipeline. This page
shows what its runs saw.
"""

NONE = """
**No run on a GPU is recorded yet.** Redirection of devices, reservation of GPUs, synchronised
clocks, peak memory, and the states `out-of-memory` and `env-failed` were tested with stand-ins
only: a torch and an `nvidia-smi` that pretend to have a GPU.
"""

HOW = """
## How to run it

On a machine with the mirrors or the network:

    python benchmarks/gpu.py prepare --mirror '/mirrors/{owner}+{name}/repo' --into gpu-run

It prints the size of the folder (47 MiB for eight methods, all pairs of TNO 25 and MRI-CT 21, and
the wheels of what the machine lacks) and how long the steps are planned to take.

On the machine with the GPU, which needs no network, one command:

    python3 gpu-run/benchmarks/gpu.py run gpu-run --out out/h100.json --results out --seconds 540

`python3` has torch, OpenCV, SciPy, numba, pandas, scikit-image and PyYAML, and the version that
`prepare --python` names (3.12). The most valuable steps come first. The JSON file is written again
after each, so that a run which is cut off leaves what it has seen; a step that no longer fits into
the budget is skipped and named.

Back here, with the file in `docs/gpu/`:

    python benchmarks/gpu.py page

The archives `results-*.tar` hold the records and images of the GPU's runs. Unpacked in a project's
folder, `fusebench verified METHOD` writes them into `methods.yaml` with the name of the GPU, and
the speed tables show them in a table of that GPU. Records of a CPU and of a GPU are never mixed:
`fusebench verified` refuses that, and asks for `--device`.
"""


def read_run(path: Path) -> GpuRun:
    """Read the file of a run."""
    return msgspec.json.decode(path.read_bytes(), type=GpuRun)


def page(runs: Sequence[GpuRun]) -> str:
    """Return the page as Markdown."""
    real = [run for run in runs if not run.machine.stand_in]
    stood_in = [run for run in runs if run.machine.stand_in]
    parts = [HEAD, *([] if real else [NONE]), *map(_section, [*real, *stood_in]), HOW]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _section(run: GpuRun) -> str:
    """Return what one run saw."""
    blocks = [f"## {_title(run.machine)}", _facts(run), *_blocks(run)]
    return "\n\n".join(blocks)


def _title(machine: Machine) -> str:
    name = escaped(machine.gpu or "no GPU")
    return f"{name} (a stand-in, no GPU)" if machine.stand_in else name


def _facts(run: GpuRun) -> str:
    machine = run.machine
    rows = {
        "date": run.date,
        "commit of fusebench": run.commit,
        "GPU": f"{machine.gpu}, {machine.memory_mib} MiB, sm_{machine.capability.replace('.', '')}",
        "driver": machine.driver,
        "torch": f"{machine.torch}, CUDA {machine.cuda}, cuDNN {machine.cudnn}",
        "kernels for": ", ".join(machine.architectures),
        "TF32 allowed": ", ".join(f"{k}: {_yes(v)}" for k, v in machine.tf32.items()),
        "Python": machine.python,
        "processor": f"{machine.cpu}, {machine.cpus} CPUs",
        "clocks before": _told(run.clocks_before),
        "clocks after": _told(run.clocks_after),
    }
    return _table(("what", "value"), [(name, value or NOTHING) for name, value in rows.items()])


def _told(clocks: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in clocks.items() if value)


def _blocks(run: GpuRun) -> Iterator[str]:
    """Yield the tables of a run that have anything to show."""
    yield "### Every method"
    yield _states(run.methods)
    yield "### The images of CPU and GPU, and of two runs on the GPU"
    yield _differences(run.methods)
    yield from _metrics(run.methods)
    yield from _speed(run.methods)
    yield from _redirections(run)
    yield from _sharing(run)
    yield from _faults(run)
    yield "### Steps"
    yield _steps(run)


def _states(methods: Iterable[MethodResult]) -> str:
    heads = (
        "method",
        "dataset",
        "GPU",
        "images",
        "model s",
        "total s",
        "device MB",
        "CPU",
        "model s",
        "total s",
        "what fired on the GPU",
    )
    return _table(heads, [_state_row(one) for one in methods])


def _state_row(method: MethodResult) -> tuple[str, ...]:
    gpu, cpu = method.gpu, method.cpu
    memory = gpu.peak_device_bytes if gpu else None
    return (
        escaped(method.label),
        method.whole,
        _state(gpu),
        str(gpu.images) if gpu else NOTHING,
        *_times(gpu),
        f"{memory / 1e6:.0f}" if memory is not None else NOTHING,
        _state(cpu),
        *_times(cpu),
        _fired(gpu),
    )


def _state(seen: Seen | None) -> str:
    if seen is None:
        return "not run"
    return seen.state if seen.state == "ok" else f"{seen.state}: {escaped(seen.reason)}"


def _times(seen: Seen | None) -> tuple[str, str]:
    return (_median(seen.model), _median(seen.total)) if seen else (NOTHING, NOTHING)


def _median(times: TimeSpread | None) -> str:
    return f"{times.median:.4f}" if times else NOTHING


def _fired(seen: Seen | None) -> str:
    shims = seen.shims if seen else {}
    return ", ".join(f"`{name}` {count}" for name, count in sorted(shims.items())) or NOTHING


def _differences(methods: Iterable[MethodResult]) -> str:
    heads = (
        "method",
        "CPU to GPU: exact",
        "worst",
        "lowest PSNR",
        "median PSNR",
        "GPU to GPU: exact",
        "worst",
        "lowest PSNR",
    )
    rows = [
        (escaped(one.label), *_differing(one.cpu_to_gpu), *_differing(one.gpu_to_gpu)[:3])
        for one in methods
    ]
    return (
        "Gray levels of 8 bits, over all values; PSNR in dB of the images that differ."
        f"\n\n{_table(heads, rows)}"
    )


def _differing(found: Differing | None) -> tuple[str, str, str, str]:
    if found is None:
        return (NOTHING,) * 4
    psnr = (NOTHING if one is None else f"{one:.1f}" for one in (found.psnr, found.psnr_median))
    lowest, median = psnr
    return f"{found.exact} of {found.images}", str(found.worst), lowest, median


def _metrics(methods: Iterable[MethodResult]) -> Iterator[str]:
    """Yield the largest relative difference of a metric's mean, for each method."""
    rows = []
    for one in methods:
        found = one.cpu_to_gpu.metrics if one.cpu_to_gpu else {}
        for name, (cpu, gpu) in found.items():
            if cpu != gpu:
                difference = abs(gpu - cpu) / max(abs(cpu), 1e-12)
                rows.append(
                    (escaped(one.label), name, f"{cpu:.6g}", f"{gpu:.6g}", f"{difference:.1e}")
                )
    if rows:
        yield "Metrics whose means differ between CPU and GPU (the same pairs):"
        yield _table(("method", "metric", "CPU", "GPU", "relative difference"), rows)


def _speed(methods: Sequence[MethodResult]) -> Iterator[str]:
    rows = [row for one in methods for row in one.speed]
    if not rows:
        return
    yield "### Speed"
    yield speed_markdown(rows).strip().replace("\n### ", "\n#### ")
    pairs = [(one.label, *_both(one)) for one in methods if one.unsynchronised]
    if pairs:
        yield (
            "The same at the first size, model milliseconds, where no call waits for the device:"
            " a clock that does not synchronise sees how long it takes to hand the work over."
        )
        heads = ("method", "synchronised ms", "not synchronised ms", "shown of the true time")
        yield _table(heads, pairs)


def _both(method: MethodResult) -> tuple[str, str, str]:
    """Return model milliseconds with and without waiting, and the share that the latter show."""
    size, hasty = method.unsynchronised[0].size, method.unsynchronised[0].model_ms_median
    true = next((row.model_ms_median for row in method.speed if row.size == size), None)
    share = f"{100 * hasty / true:.0f} %" if hasty is not None and true else NOTHING
    return _milliseconds(true), _milliseconds(hasty), share


def _milliseconds(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _redirections(run: GpuRun) -> Iterator[str]:
    seen = run.redirections
    if seen is None:
        return
    yield "### Redirections"
    yield (
        "A script names GPUs that the job was not given, in each way that published scripts do."
        f" State: {_state(seen)}. Fired: {_fired(seen)}."
    )
    yield "\n".join(["```text", *seen.log, "```"])


def _sharing(run: GpuRun) -> Iterator[str]:
    found = run.sharing
    if found is None:
        return
    yield "### Two methods at once on one GPU"
    first = min((one.began for one in found.jobs if one.began is not None), default=0.0)
    rows = [
        (one.method, one.state, _since(first, one.began), _since(first, one.ended))
        for one in found.jobs
    ]
    yield _table(("method", "state", "its script started at s", "ended at s"), rows)
    overlap = NOTHING if found.overlap_seconds is None else f"{found.overlap_seconds:g} s"
    yield f"Both jobs were started together. Both scripts ran at once for: {overlap}."


def _since(first: float, moment: float | None) -> str:
    return NOTHING if moment is None else f"{moment - first:.1f}"


def _faults(run: GpuRun) -> Iterator[str]:
    if not run.faults:
        return
    yield "### What must fail"
    rows = [
        (one.what, f"`{one.expected}`", f"`{one.seen.state}`", escaped(one.seen.reason))
        for one in run.faults
    ]
    yield _table(("what is wrong", "must be", "was", "reason"), rows)


def _steps(run: GpuRun) -> str:
    used = sum(step.seconds for step in run.steps)
    done = sum(step.state == "ok" for step in run.steps)
    others = [
        (step.name, step.state, escaped(step.reason)) for step in run.steps if step.state != "ok"
    ]
    told = f"{done} of {len(run.steps)} steps in {used:.0f} of {run.budget_seconds:g} s."
    return f"{told}\n\n{_table(('step', 'state', 'reason'), others)}" if others else told


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
