"""The two JSON files of a GPU run: what was carried to the machine, and what was seen there."""

from __future__ import annotations

from typing import Annotated

from fusebench.compare.speed import SpeedRow
from fusebench.contracts.base import Contract, says
from fusebench.contracts.jobs.fusing import FuseJob
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.records import TimeSpread
from fusebench.states import State


class PlannedMethod(Contract, kw_only=True):
    """A method that was carried, with the parameters of its jobs."""

    name: Annotated[str, says("the name of the method")]
    label: Annotated[str, says("its name in tables")]
    whole: Annotated[str, says("the dataset that it fuses on the GPU")]
    part: Annotated[str, says("the dataset that it fuses on the CPU: some pairs of the other one")]
    metrics: Annotated[list[str], says("ids of the metrics that are compared")]
    on_gpu: Annotated[FuseJob, says("the job on the whole dataset")]
    on_cpu: Annotated[FuseJob, says("the job on the part")]
    speed: Annotated[FuseJob, says("the job on the fixed pair at each size")]
    left_out: Annotated[int, says("files of the repository that were not carried")] = 0


class Plan(Contract, kw_only=True):
    """``plan.json``: what ``prepare`` put into the folder."""

    date: Annotated[str, says("when it was prepared, in UTC")]
    commit: Annotated[str, says("the commit of fusebench, with + where files were changed")]
    methods: Annotated[list[PlannedMethod], says("the methods, in the order in which they are run")]
    generated: Annotated[
        dict[str, DatasetJob], says("datasets that are made on the machine, by their markers")
    ]


class Seen(Contract, kw_only=True):
    """A cell as it ended on the machine."""

    state: Annotated[State, says("ok, or how the run ended")]
    reason: Annotated[str, says("why the state is not ok")] = ""
    device: Annotated[str, says("the device that the times belong to")] = ""
    images: Annotated[int, says("the number of fused images")] = 0
    seconds: Annotated[float | None, says("how long the cell took, in seconds")] = None
    model: Annotated[TimeSpread | None, says("seconds of the model for each image")] = None
    total: Annotated[TimeSpread | None, says("all seconds for each image")] = None
    startup_seconds: Annotated[float | None, says("seconds until the first image is read")] = None
    peak_device_bytes: Annotated[int | None, says("the largest memory on the GPU")] = None
    load_per_cpu: Annotated[float | None, says("the higher load of before and after")] = None
    shims: Annotated[dict[str, int], says("what fired -> how often")] = {}
    notes: Annotated[list[str], says("what a reader should know")] = []
    versions: Annotated[dict[str, str], says("library -> version")] = {}
    log: Annotated[list[str], says("the last lines that the script printed")] = []


class Differing(Contract, kw_only=True):
    """Two runs compared image by image."""

    images: Annotated[int, says("images that both runs have")]
    exact: Annotated[int, says("those whose pixels are equal")]
    worst: Annotated[int, says("the largest difference in gray levels")]
    psnr: Annotated[float | None, says("the lowest PSNR in dB; null where nothing differs")] = None
    psnr_median: Annotated[
        float | None, says("the median PSNR of those that differ, in dB; null where none does")
    ] = None
    metrics: Annotated[
        dict[str, tuple[float, float]],
        says("id of a metric -> its mean of the first run, and of the second"),
    ] = {}


class MethodResult(Contract, kw_only=True):
    """What was seen of one method; a part that was not run is null."""

    name: Annotated[str, says("the name of the method")]
    label: Annotated[str, says("its name in tables")]
    whole: Annotated[str, says("the dataset that it fused on the GPU")]
    part: Annotated[str, says("the dataset that it fused on the CPU")]
    gpu: Annotated[Seen | None, says("on the GPU")] = None
    again: Annotated[Seen | None, says("on the GPU once more, with the same seeds")] = None
    cpu: Annotated[Seen | None, says("on the CPU")] = None
    cpu_to_gpu: Annotated[Differing | None, says("the CPU's images beside the GPU's")] = None
    gpu_to_gpu: Annotated[Differing | None, says("the two runs on the GPU")] = None
    speed: Annotated[list[SpeedRow], says("at each size, the device synchronised")] = []
    unsynchronised: Annotated[
        list[SpeedRow], says("the same where no call waits for the device")
    ] = []


class Machine(Contract, kw_only=True):
    """The machine, as the driver and its torch tell it; empty where neither does."""

    gpu: Annotated[str, says("the name of the GPU")] = ""
    driver: Annotated[str, says("the version of its driver")] = ""
    capability: Annotated[str, says("its compute capability")] = ""
    memory_mib: Annotated[str, says("its memory in MiB")] = ""
    cpu: Annotated[str, says("the name of the processor")] = ""
    cpus: Annotated[int, says("the number of CPUs")] = 0
    system: Annotated[str, says("the operating system")] = ""
    python: Annotated[str, says("the version of the Python that runs the methods")] = ""
    torch: Annotated[str, says("the version of its torch")] = ""
    cuda: Annotated[str, says("the version of CUDA that its torch was built with")] = ""
    cudnn: Annotated[str, says("the version of cuDNN")] = ""
    architectures: Annotated[list[str], says("what its torch has kernels for")] = []
    tf32: Annotated[
        dict[str, bool], says("cudnn and matmul -> whether torch may round float32 to TF32")
    ] = {}
    stand_in: Annotated[bool, says("whether CUDA was a stand-in: then nothing here is of a GPU")]


class Interval(Contract, kw_only=True):
    """A process of a script that ran while another job wanted the same GPU."""

    method: Annotated[str, says("the name of the method")]
    state: Annotated[State, says("the state of its cell")]
    began: Annotated[float | None, says("when its script started, in seconds since 1970")] = None
    ended: Annotated[float | None, says("when its script ended")] = None


class Sharing(Contract, kw_only=True):
    """Two jobs that were started at once and want the same GPU."""

    jobs: Annotated[list[Interval], says("the two jobs")]
    overlap_seconds: Annotated[
        float | None, says("how long both scripts ran at once; null where it is not known")
    ] = None


class Fault(Contract, kw_only=True):
    """A run that must end in a certain state."""

    what: Annotated[str, says("what is wrong with the machine or the environment")]
    expected: Annotated[State, says("the state in which it must end")]
    seen: Annotated[Seen, says("how it ended")]


class Step(Contract, kw_only=True):
    """A step of the run."""

    name: Annotated[str, says("what it does")]
    state: Annotated[str, says("ok, failed or skipped")]
    reason: Annotated[str, says("why it failed or was skipped")] = ""
    seconds: Annotated[float, says("how long it took, in seconds")] = 0.0
    planned_seconds: Annotated[float, says("how long it was planned to take")] = 0.0


class GpuRun(Contract, kw_only=True):
    """The file ``docs/gpu/<card>.json``; it is written again after each step."""

    date: Annotated[str, says("when the run began, in UTC")]
    commit: Annotated[str, says("the commit of fusebench")]
    budget_seconds: Annotated[float, says("the seconds that it was given")]
    machine: Machine
    clocks_before: Annotated[dict[str, str], says("what nvidia-smi says of clocks and load")] = {}
    clocks_after: Annotated[dict[str, str], says("the same at the end")] = {}
    methods: Annotated[list[MethodResult], says("the methods in their order")] = []
    redirections: Annotated[
        Seen | None, says("a script that names GPUs which the job was not given")
    ] = None
    sharing: Annotated[Sharing | None, says("two methods at once on one GPU")] = None
    faults: Annotated[list[Fault], says("runs that must fail, and how")] = []
    steps: Annotated[list[Step], says("the steps in the order in which they were run")] = []
