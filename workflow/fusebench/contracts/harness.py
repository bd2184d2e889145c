"""The two files between fusebench and the harness inside a method's environment.

``job.json`` goes in: ``fuse`` writes it, ``workflow/harness/job.py`` reads it. ``launch.json``
comes out: ``workflow/harness/report.py`` writes it, ``fuse`` reads it. The harness uses the
standard library only, on Python 3.6 to 3.13, so it declares the same fields by itself;
``tests/harness/test_contract.py`` checks that both sides agree.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fusebench.contracts.base import Contract, DeviceKind, says
from fusebench.contracts.methods import EditedFiles

PairOfPath = dict[str, str]

UNTRAINED = ("it may be untrained", "failed and the script went on")
"""Parts of those notes of the launcher that speak of a network without its weights."""


class MatlabCall(Contract, kw_only=True):
    """How MATLAB code is started; part of ``job.json``."""

    interpreter: Annotated[Literal["octave", "matlab"], says("what runs it")] = "octave"
    packages: Annotated[list[str], says("packages of Octave that are loaded first")] = []
    package_list: Annotated[
        str, says("the list of Octave packages of the environment itself; empty without any")
    ] = ""
    mex: Annotated[
        list[list[str]], says("mex files to compile: the absolute paths of their sources")
    ] = []
    function: Annotated[
        bool,
        says("whether `script` is a function of VIFB's interface that is called for each pair"),
    ] = False
    pairs: Annotated[
        list[tuple[str, str, str]],
        says("for each pair, the absolute paths of source images A and B and of the result"),
    ] = []


class HarnessJob(Contract, kw_only=True):
    """``job.json``: what to run, where, on which device, with which edits and shims."""

    script: Annotated[str, says("the script, relative to cwd, or absolute for an adapter")]
    args: Annotated[list[str], says("its arguments")] = []
    cwd: Annotated[str, says("the working folder")]
    root: Annotated[
        str, says("the scratch copy of the clone; edits and bytecode concern files below it")
    ]
    report: Annotated[str, says("where launch.json is written")]
    device: DeviceKind = "cpu"
    threads: Annotated[int, says("threads of torch and OpenCV", ge=1)] = 1
    seed: Annotated[int, says("the seed of random, numpy, torch, OpenCV and TensorFlow")] = 0
    edits: EditedFiles = {}
    compat: Annotated[list[str], says("names of shims")] = []
    weights: Annotated[
        list[str], says("absolute paths of the files of weights, present or not")
    ] = []
    outputs: Annotated[PairOfPath, says("absolute path of an expected result -> pair")] = {}
    inputs: Annotated[PairOfPath, says("absolute path of a staged input -> pair")] = {}
    warmup: Annotated[int, says("how many first images are marked as warm-up", ge=0)] = 0
    flops: Annotated[bool, says("whether operations are counted on the first of them")] = True
    model_functions: Annotated[
        dict[str, list[str]],
        says("file relative to root -> functions (f, Class.f) timed as the model"),
    ] = {}
    matlab: Annotated[MatlabCall | None, says("how MATLAB code is started; null for Python")] = None


class ImageTimes(Contract, kw_only=True):
    """The times of one image, as the clock measured them."""

    model_seconds: Annotated[
        float | None,
        says("seconds inside models; null where none was called since the image before"),
    ] = None
    seconds: Annotated[float | None, says("seconds in all, reading and writing included")] = None
    calls: Annotated[int, says("outermost calls of models", ge=0)] = 0
    warmup: Annotated[bool | None, says("whether it came first")] = None


class ScriptError(Contract, kw_only=True):
    """The exception that ended a script."""

    type: Annotated[str, says("its class")]
    message: Annotated[str, says("its message")]
    where: Annotated[str | None, says("the last line of the authors' files that led to it")]


class AppliedEdit(Contract, kw_only=True):
    """An edit that was made as a file was compiled."""

    file: Annotated[str, says("the file, relative to the scratch copy")]
    old: Annotated[str, says("the text that was replaced")]
    new: Annotated[str, says("its replacement")]
    count: Annotated[int, says("how often it was found", ge=0)]


class LaunchReport(Contract, kw_only=True):
    """``launch.json``: what the launcher saw, written at the end of the script, however it ended.

    It is also written from time to time before the end. An empty report stands for a process that
    was killed before it wrote any.
    """

    state: Annotated[
        Literal["exit", "exception", "os._exit", "SIGTERM", "running"],
        says("how the script ended; running where the process was killed"),
    ] = "running"
    exit_status: Annotated[
        int | None, says("as Python gives it, negative for a signal; null while running")
    ] = None
    exception: Annotated[ScriptError | None, says("what ended the script")] = None
    images: Annotated[
        dict[str, ImageTimes], says("pair -> its times, in the order of writing")
    ] = {}
    startup_seconds: Annotated[
        float | None, says("seconds until the first model call or the first reading of an input")
    ] = None
    wall_seconds: Annotated[float | None, says("seconds until now")] = None
    model_seconds_total: Annotated[
        float | None, says("seconds inside models; null where a part was not timed")
    ] = None
    model_calls_total: Annotated[int, says("outermost calls of models", ge=0)] = 0
    modules_called: Annotated[
        dict[str, int] | None, says("name of a module or function -> outermost calls")
    ] = None
    parameters: Annotated[
        int | None,
        says("unique parameters of the modules called for one image; null without torch"),
    ] = None
    flops: Annotated[
        float | int | None, says("operations of the first image when it is a warm-up")
    ] = None
    flops_reason: Annotated[str | None, says("why flops is null or incomplete")] = None
    peak_rss_bytes: Annotated[int | None, says("the largest memory, in bytes")] = None
    peak_rss_children_bytes: Annotated[
        int | None, says("the memory of the largest child, in bytes")
    ] = None
    peak_device_bytes: Annotated[
        int | None, says("the largest memory on the GPU, in bytes; null on the CPU")
    ] = None
    weights_read: Annotated[
        list[str], says("files of weights, relative to the clone, that the script asked open for")
    ] = []
    inputs_read: Annotated[
        list[str],
        says(
            "staged inputs, relative to the clone, that the script itself was seen to open; those"
            " that child processes or unknown libraries open are not among them"
        ),
    ] = []
    files_missing: Annotated[
        list[str],
        says("files and folders, relative to the clone, that the script asked for in vain"),
    ] = []
    files_written: Annotated[
        list[str], says("files, relative to the clone, that the script opened to write")
    ] = []
    folders_listed: Annotated[
        list[str], says("folders, relative to the clone, that the script listed")
    ] = []
    device: Annotated[str | None, says("cpu or cuda, as the job asked")] = None
    device_name: Annotated[str | None, says("the name of the processor or the GPU")] = None
    threads: Annotated[dict[str, int | None], says("library -> threads that it says it uses")] = {}
    versions: Annotated[
        dict[str, str | int | None], says("python and each imported library -> version")
    ] = {}
    shims: Annotated[dict[str, int], says("name of a shim -> how often it was used")] = {}
    edits_applied: Annotated[list[AppliedEdit], says("the edits that were made")] = []
    notes: Annotated[list[str], says("what a reader should know")] = []
