"""``results/runs/<method>/<dataset>/record.json``: how a cell ended.

It also says how its images were made. ``fuse`` writes it however the run ended; ``measure``,
``compare``, ``figures``, ``report`` and ``evidence`` read it. Fields that are not known of a run
that failed early are null or empty.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET

from fusebench.contracts.base import Contract, Maybe, SandboxLevel, says
from fusebench.contracts.files import StoredFile
from fusebench.contracts.markers import (
    ArrayFacts,
    Installed,
    OctaveFacts,
    PixelHash,
    PythonFacts,
    Size,
)
from fusebench.contracts.methods import EditedFiles
from fusebench.contracts.training import TrainedWith
from fusebench.contracts.weights import WeightFacts
from fusebench.states import OK, SUSPICIOUS, State

Seconds = Annotated[float | None, says("seconds; null where they are not known")]
Versions = Annotated[
    dict[str, str | int | None], says("library -> version that was loaded; null where it has none")
]


class FusedImage(Contract, kw_only=True):
    """One fused image, or array with a picture of it."""

    name: Annotated[str, says("the name of the pair")]
    size: Annotated[
        Size,
        says(
            "width and height in pixels at which it is measured: those of its sources, or its own"
        ),
    ]
    fused: Annotated[str, says("its file in the folder fused/")]
    mode: Annotated[str, says("gray or rgb; array for one of any bands")]
    sha256: PixelHash
    array: Maybe[Annotated[ArrayFacts, says("of an array: what it is, and its picture")]] = UNSET
    result_size: Maybe[
        Annotated[Size, says("width and height that the script left, where they are others")]
    ] = UNSET
    notes: Annotated[list[str], says("what was done to its sources and to it")] = []
    model_seconds: Annotated[
        float | None, says("seconds inside the model; null where no call of it was seen")
    ] = None
    seconds: Annotated[
        float | None, says("seconds in all, reading and writing included; null where unknown")
    ] = None
    warmup: Annotated[
        bool | None, says("whether it came first, and its times are left out; null where unknown")
    ] = None

    @property
    def shown(self) -> str:
        """The file of gray or RGB pixels that readers see: the image itself, or its picture."""
        return self.array.picture if self.array else self.fused


class TimeSpread(Contract, kw_only=True):
    """Times of the images of a run."""

    median: Annotated[float, says("the median in seconds")]
    p95: Annotated[float, says("the 95th percentile in seconds, linear between neighbours")]


class Timing(Contract, kw_only=True):
    """Times and memory of a run; ``docs/clock.md`` states the protocol."""

    protocol: Annotated[str, says("the protocol; times of two protocols cannot be compared")]
    batch: Annotated[int, says("images for each call of the model")]
    repeats: Annotated[int, says("images that were timed")]
    warmup_excluded: Annotated[int, says("images that were left out as warm-up")]
    model_seconds: Annotated[TimeSpread | None, says("of the model alone; null where unknown")]
    seconds: Annotated[TimeSpread | None, says("reading and writing included; null where unknown")]
    startup_seconds: Seconds
    peak_rss_bytes: Annotated[int | None, says("the largest memory of a process, in bytes")]
    peak_device_bytes: Annotated[int | None, says("the largest memory on the GPU, in bytes")]
    exclusive: Annotated[bool, says("whether the job had the machine for itself")]


class Hardware(Contract, kw_only=True):
    """What the times of a run depend on, apart from the method."""

    cpu: Annotated[str, says("the name of the processor")]
    gpu: Annotated[str | None, says("the name of the GPU; null on the CPU")]
    driver: Annotated[str | None, says("the version of the GPU's driver")]
    cuda: Annotated[str | None, says("the version of CUDA in use")] = None
    cudnn: Annotated[str | int | None, says("the version of cuDNN in use")] = None
    torch: Annotated[str | None, says("the version of torch in use")] = None
    tensorflow: Annotated[str | None, says("the version of TensorFlow in use")] = None
    threads: Annotated[int, says("CPU threads that the job was given")]
    threads_seen: Annotated[
        dict[str, int | None], says("library -> threads that it said it uses")
    ] = {}


class Clock(Contract, kw_only=True):
    """What the launcher counted in the first process of a run."""

    startup_seconds: Seconds = None
    modules_called: Annotated[
        dict[str, int] | None, says("name of a module -> its outermost calls")
    ] = None
    peak_rss_bytes: Annotated[int | None, says("the largest memory, in bytes")] = None
    peak_device_bytes: Annotated[int | None, says("the largest memory on the GPU, in bytes")] = None
    device_name: Annotated[str | None, says("the name of the GPU as the library gives it")] = None


class Seen(Contract, kw_only=True):
    """What the job saw of the script's processes from outside; the script cannot change it."""

    seconds: Annotated[float, says("how long they ran in all, in seconds")]
    peak_rss_bytes: Annotated[
        int | None,
        says("the largest memory of one of them that was seen, in bytes; null for a short run"),
    ] = None


class SandboxFacts(Contract, kw_only=True):
    """How the script was shut in; ``docs/sandbox.md`` says what each level promises."""

    level: SandboxLevel
    landlock: Annotated[bool, says("whether the kernel's Landlock was in force beside it")] = False
    refused: Annotated[list[str], says("why each stronger level was not taken")] = []


class SourceFacts(Contract, kw_only=True):
    """The source of a run, from its marker."""

    code: Annotated[str | None, says("the address of the repository, or a local folder")] = None
    origin: Annotated[str | None, says("where it was really cloned from")] = None
    commit: Annotated[str | None, says("the full commit hash; null for a local folder")] = None
    tree: Annotated[str | None, says("the hash of its tree")] = None
    absent: Annotated[list[str] | None, says("files whose content the origin lacks")] = None
    submodules: Annotated[dict[str, str] | None, says("path of a submodule -> its commit")] = None
    submodule_addresses: Maybe[
        Annotated[dict[str, str], says("path of a submodule -> where it was asked for")]
    ] = UNSET


class EnvironmentFacts(Contract, kw_only=True):
    """The environment of a run, from its marker."""

    env: Annotated[str | None, says("the name of the environment")] = None
    key: Annotated[str | None, says("the hash of what is locked")] = None
    variant: Annotated[str | None, says("cpu or cuda; empty where one lock serves both")] = None
    python: Annotated[PythonFacts | None, says("its Python")] = None
    octave: Maybe[Annotated[OctaveFacts, says("its Octave, where it has one")]] = UNSET
    path: Annotated[str | None, says("its folder")] = None
    installed: Installed = UNSET


class Inputs(Contract, kw_only=True):
    """The images of a run, from their manifest."""

    dataset: Annotated[str | None, says("the sha256 over names and pixels of all sources")] = None
    pairs: Annotated[int, says("the number of pairs")] = 0


class Host(Contract, kw_only=True):
    """The machine of a run."""

    node: Annotated[str, says("its name in the network")]
    system: Annotated[str, says("its operating system")]
    cpus: Annotated[int | None, says("the number of its CPUs")]
    slurm_job: Annotated[str | None, says("the id of the Slurm job; null without Slurm")]
    load_per_cpu: Annotated[
        list[float | None],
        says(
            "processes that waited for each CPU in the last minute, before and after: above 1,"
            " others slow the run down"
        ),
    ] = []


class FilesSeen(Contract, kw_only=True):
    """What the scripts of a run without a result did to files, relative to the scratch copy."""

    missing: Annotated[list[str], says("files and folders that they asked for in vain")] = []
    written: Annotated[list[str], says("files that they opened to write")] = []
    listed: Annotated[list[str], says("folders that they listed")] = []


class Record(StoredFile, kw_only=True):
    """How a cell ended."""

    method: Annotated[str, says("the name of the method")]
    dataset: Annotated[str, says("the name of the dataset, or of the self-check")]
    spec: Annotated[str, says("the sha256 over what the entry says of the run")] = ""
    cell: Annotated[
        str, says("the sha256 over all that decides its result, the steps before it included")
    ] = ""
    state: Annotated[State, says("ok, or how the run ended")]
    reason: Annotated[str, says("why the state is not ok; empty where it is")]
    remedy: Maybe[
        Annotated[
            str,
            says("the field of the entry to change, where the cause is one of docs/causes.md"),
        ]
    ] = UNSET
    started: Annotated[str | None, says("when it began, in UTC; null where nothing was run")] = None
    seconds: Annotated[float | None, says("how long it took, in seconds")] = None
    images: Annotated[list[FusedImage], says("the fused images in the order of the pairs")] = []
    model_seconds: Annotated[
        float | None, says("the median of the model's seconds for each image; null where unknown")
    ] = None
    seconds_per_image: Annotated[
        float | None, says("the median of all seconds for each image; null where unknown")
    ] = None
    timing: Annotated[Timing | None, says("times and memory")] = None
    hardware: Annotated[Hardware | None, says("what the times depend on")] = None
    parameters: Annotated[int | None, says("the number of parameters of the model")] = None
    flops: Annotated[
        float | int | None, says("operations for one image, a multiply-add as two")
    ] = None
    device: Annotated[str | None, says("cpu or cuda; null where nothing was run")] = None
    threads: Annotated[int | None, says("CPU threads that the job was given")] = None
    clock: Annotated[Clock | None, says("what the launcher counted in the first process")] = None
    seen: Annotated[Seen | None, says("what was seen of the script from outside")] = None
    sandbox: Annotated[SandboxFacts | None, says("how it was shut in; null if nothing ran")] = None
    versions: Versions = {}
    shims: Annotated[dict[str, int], says("name of a shim -> how often it was used")] = {}
    compat: Annotated[list[str], says("the shims that the entry names")] = []
    edits: EditedFiles = {}
    seed: Annotated[int | None, says("the seed that was set")] = None
    hash_seed: Annotated[int | None, says("PYTHONHASHSEED")] = None
    notes: Annotated[list[str], says("what a reader should know of the run")] = []
    source: Annotated[SourceFacts, says("the source")] = SourceFacts()
    environment: Annotated[EnvironmentFacts, says("the environment")] = EnvironmentFacts()
    files: Maybe[
        Annotated[FilesSeen, says("where the script looked and wrote, for a run without a result")]
    ] = UNSET
    weights: Annotated[dict[str, str], says("path of a file of weights -> its sha256")] = {}
    weights_from: Annotated[
        dict[str, WeightFacts],
        says("path of a file of weights that is not in the repository -> where it came from"),
    ] = {}
    training: Maybe[
        Annotated[TrainedWith, says("the training that they come from, if they were trained here")]
    ] = UNSET
    weights_read: Annotated[list[str], says("files of weights that the script opened")] = []
    reached_weights: Annotated[
        bool, says("whether a script without its weights got as far as asking for them")
    ] = False
    inputs: Annotated[Inputs, says("the images")] = Inputs()
    host: Annotated[Host | None, says("the machine")] = None
    log: Annotated[str, says("the file that holds what the script printed")] = ""
    deviations: Annotated[
        list[str], says("versions that are not those which the authors declare")
    ] = []

    @property
    def is_ok(self) -> bool:
        """Whether the run ended well."""
        return self.state == OK

    @property
    def has_results(self) -> bool:
        """Whether there are fused images of all pairs, though they may be suspicious."""
        return self.state in (OK, SUSPICIOUS)


class CachedMeasures(StoredFile, kw_only=True):
    """``measures.json`` beside a record: values that need not be computed again.

    Written and read by ``measure``.
    """

    key: Annotated[str, says("the sha256 over the images and the formulas that the values are of")]
    values: Annotated[dict[str, dict[str, float]], says("image -> id of a metric -> value")] = {}
    refusals: Annotated[
        dict[str, dict[str, str]], says("image -> id of a metric -> why it has no value")
    ] = {}
