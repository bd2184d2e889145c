"""``methods.yaml``: one entry for each published method, as a person writes it.

``registry`` reads it; of the commands only ``fusebench verified`` and ``fusebench pin`` write it. A
field that an entry leaves out is ``UNSET``. ``workflow/schemas/methods.schema.json`` is made from
these classes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta

from fusebench.contracts.base import (
    NAME_PATTERN,
    SHA256_PATTERN,
    Commit,
    DeviceKind,
    Entry,
    Maybe,
    Name,
    Rule,
    inside,
    says,
    text,
)
from fusebench.contracts.causes import shims_in_words
from fusebench.contracts.pair_names import PairName
from fusebench.contracts.suspicion import Suspicion
from fusebench.contracts.training import Checkpoint, Resume, Stated
from fusebench.contracts.weights import WeightEntry

Task = Annotated[
    Literal[
        "infrared-visible",
        "medical",
        "multi-focus",
        "multi-exposure",
        "pansharpening",
        "hsi-msi",
        "visible-nir",
        "remote-sensing",
        "polarization",
        "video",
        "detection",
        "segmentation",
        "other",
    ],
    says("a fusion task"),
]
Status = Literal[
    "active",
    "no-code",
    "no-weights",
    "weights-external",
    "training-only",
    "not-fusion",
    "unavailable",
    "unsupported",
]
ACTIVE: Status = "active"

Mode = Annotated[
    Literal["keep", "gray", "rgb"],
    says("keep, gray or rgb: how a staged image is converted before the script reads it"),
]
Outputs = Annotated[
    str,
    says("the sha256 over names and pixels of all fused images", pattern=SHA256_PATTERN),
]
Sources = Annotated[
    str,
    says("the sha256 over names and pixels of all source images", pattern=SHA256_PATTERN),
]
Day = Annotated[str, says("the day of the run", pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
DeviceName = Annotated[str, text("cpu, or the name of the GPU")]
Minutes = Annotated[
    Annotated[int, Meta(gt=0)] | Annotated[float, Meta(gt=0)], says("the time limit in minutes")
]
GrayLevels = Annotated[
    Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)], says("a number of gray levels")
]
Edits = Annotated[
    list[
        Annotated[
            tuple[str, str],
            says("a pair of two strings: the text as the authors wrote it, and its replacement"),
        ]
    ],
    says("a list of [text as the authors wrote it, replacement] pairs"),
]
Archives = Annotated[
    list[Annotated[str, inside("an archive inside the repository")]],
    says(
        "archives of the repository (zip, tar) that are unpacked where they lie before the script"
        " starts"
    ),
]


ArrayScale = Annotated[
    Literal["keep", "unit"],
    says("keep (default): in the numbers of the dataset; unit: divided by its peak, 0 to 1"),
]


class StagedArray(Entry, kw_only=True):
    """One array of a file that the script reads."""

    source: Annotated[
        str,
        says(
            "what the array holds: a, b, reference or a further part of the scene; enlarged: B at"
            " the size of A by the 23-tap filter of DLPan-Toolbox; stand-in: the same, where a"
            " script wants a ground truth that it must not see; ratio, peak or wavelengths",
            min_length=1,
        ),
    ] = msgspec.field(name="from")
    axes: Maybe[
        Annotated[
            str,
            text(
                "the axes that the script wants, as a dataset states them, e.g. nchw; default hwc"
            ),
        ]
    ] = UNSET
    dtype: Maybe[
        Annotated[
            Literal["uint8", "uint16", "int16", "int32", "float32", "float64"],
            says("the type of its values; default that of the dataset"),
        ]
    ] = UNSET
    scale: Maybe[ArrayScale] = UNSET


class Stage(Entry, kw_only=True):
    """Where the script looks for each pair of source images, or for the arrays of a scene."""

    RULES: ClassVar[tuple[Rule, ...]] = (Rule(field="arrays", unless=True, required=("a", "b")),)

    a: Maybe[
        Annotated[
            str,
            inside(
                "where the script looks for source image A of a pair, below {work}; placeholders"
                " {name}, {index}, {modality_a}, {modality_b}"
            ),
        ]
    ] = UNSET
    b: Maybe[
        Annotated[
            str,
            inside(
                "where the script looks for source image B of a pair, below {work}; placeholders"
                " {name}, {index}, {modality_a}, {modality_b}"
            ),
        ]
    ] = UNSET
    arrays: Maybe[
        Annotated[
            dict[
                Annotated[str, inside("a file of arrays below {work}, placeholders as for a")],
                Annotated[
                    dict[str, Annotated[StagedArray, says("one array of the file")]],
                    says("the name of each array in the file, and what it holds", min_length=1),
                ],
            ],
            says(
                "for datasets of arrays, each file that the script reads (.mat, .h5, .npy, .npz,"
                " .tif) and the arrays in it",
                min_length=1,
            ),
        ]
    ] = UNSET
    matlab: Maybe[
        Annotated[
            Literal["5", "7.3"],
            says("the version of staged .mat files, in quotes; default 5"),
        ]
    ] = UNSET

    @property
    def patterns(self) -> dict[str, str]:
        """The place of each staged file: field of ``stage`` -> path pattern."""
        sides = {"stage.a": self.a, "stage.b": self.b}
        arrays = {f"stage.arrays.{path}": path for path in self.arrays or ()}
        return {**{field: path for field, path in sides.items() if path}, **arrays}


class Result(Entry, kw_only=True):
    """What the script writes for a scene of arrays."""

    key: Maybe[
        Annotated[str, text("the name of the array in its file, where the format has names")]
    ] = UNSET
    axes: Annotated[str, text("the axes of the array, as a dataset states them, e.g. hwc")]
    scale: Maybe[ArrayScale] = UNSET


class Convert(Entry, kw_only=True):
    """The colour mode in which each source image is staged; default keep."""

    a: Maybe[Mode] = UNSET
    b: Maybe[Mode] = UNSET


# The types of the fields of `run`. An entry gives them in RunPart, a job gets them in Run.
Script = Annotated[
    str, inside("the authors' script (.py, or .m for MATLAB code), a path inside the repository")
]
Adapter = Annotated[
    str,
    inside(
        "a Python file of workflow/adapters, for a repository that has no script that can be driven"
    ),
]
Function = Annotated[
    str,
    inside(
        "the file of a MATLAB function img = f(visible, infrared, 0), a path inside the"
        " repository; its arguments have the fields img (the file), path, name and ext, as in VIFB"
    ),
]
Interpreter = Annotated[
    Literal["octave", "matlab"],
    says(
        "octave (default) or matlab: what runs MATLAB code; matlab must be on PATH with a licence,"
        " and serves in any environment"
    ),
]
Mex = Annotated[
    list[
        Annotated[
            list[Annotated[str, inside("a C or C++ file inside the repository")]],
            says("the sources of one mex file; the first names it", min_length=1),
        ]
    ],
    says("mex files that are compiled before MATLAB code starts, each as a list of its sources"),
]
Args = Annotated[
    str,
    says(
        "the script's arguments as one line; placeholders {work} {out} {count} {modality_a}"
        " {modality_b} {device}, of arrays {ratio} {sensor} {peak} {bands}, and {name} {index}"
        " where one process handles one pair"
    ),
]
Cwd = Annotated[
    str, inside("the folder, inside the repository, in which the script starts; default its top")
]
Staging = Annotated[
    Stage, says("where the script looks for each pair of source images, or for the arrays")
]
Converting = Annotated[
    Convert, says("the colour mode in which each source image is staged; default keep")
]
Collect = Annotated[
    str,
    text(
        "where the script leaves the result of each pair: a path below {work}, or {out}/...;"
        " placeholders {name}, {index}, {modality_a}, {modality_b}"
    ),
]
ResultArray = Annotated[
    Result, says("for datasets of arrays, what the file of `collect` holds: key, axes, scale")
]
FirstIndex = Annotated[
    int, says("the number of the first pair where {index} is used; default 1", ge=0)
]
PairsPerProcess = Annotated[
    int,
    says(
        "how many pairs the script handles in one process where that is fixed (the last batch is"
        " filled up with its last pair); default all",
        ge=1,
    ),
]
MakeFolders = Annotated[
    bool,
    says(
        "true (default) when the folders of the results must exist before the script starts, false"
        " when the script insists on making them"
    ),
]
SizePolicy = Annotated[
    Literal["fail", "resize-back", "crop-sources"],
    says(
        "fail (default), resize-back or crop-sources: what is done when a result has another size"
        " than its sources"
    ),
]
OutputRange = Annotated[
    Literal["0-255", "0-1"],
    says(
        "0-255 or 0-1: the value range of results written as floating-point arrays; default 0-255"
    ),
]
EditedFiles = Annotated[
    dict[str, Edits], says("for each file of the repository, a list of [text, replacement] pairs")
]
Compat = Annotated[
    list[Annotated[str, says(f"a shim of the harness: {shims_in_words()}", min_length=1)]],
    says("named shims of the harness that this code needs (`fusebench list compat`)"),
]
Devices = Annotated[
    list[DeviceKind],
    says("the devices on which the script can run; default cpu and cuda", min_length=1),
]
Environ = Annotated[dict[str, str], says("environment variables that the script needs, as strings")]
ModelFunctions = Annotated[
    dict[
        str,
        Annotated[list[str], says("a list of function names", min_length=1)],
    ],
    says(
        "for a method whose work is not in an nn.Module: for each Python file of the repository,"
        " the functions (f or Class.f) that are timed as the model"
    ),
]
Seed = Annotated[int, says("the seed set before the script starts; default 0")]


def is_matlab(script: Maybe[str], function: Maybe[str]) -> bool:
    """Say whether the code of an entry is MATLAB's: a function, or a script that ends with .m."""
    return bool(function) or bool(script and script.endswith(".m"))


class RunPart(Entry, kw_only=True):
    """Fields of ``run`` that an entry gives.

    For a task, a dataset or a self-check these are only the fields that differ.
    """

    UNIQUE: ClassVar[tuple[str, ...]] = ("compat",)

    script: Maybe[Script] = UNSET
    adapter: Maybe[Adapter] = UNSET
    function: Maybe[Function] = UNSET
    interpreter: Maybe[Interpreter] = UNSET
    mex: Maybe[Mex] = UNSET
    args: Maybe[Args] = UNSET
    cwd: Maybe[Cwd] = UNSET
    stage: Maybe[Staging] = UNSET
    convert: Maybe[Converting] = UNSET
    collect: Maybe[Collect] = UNSET
    result: Maybe[ResultArray] = UNSET
    first_index: Maybe[FirstIndex] = UNSET
    pairs_per_process: Maybe[PairsPerProcess] = UNSET
    make_folders: Maybe[MakeFolders] = UNSET
    unpack: Maybe[Archives] = UNSET
    size: Maybe[SizePolicy] = UNSET
    output_range: Maybe[OutputRange] = UNSET
    edit: Maybe[EditedFiles] = UNSET
    compat: Maybe[Compat] = UNSET
    devices: Maybe[Devices] = UNSET
    environ: Maybe[Environ] = UNSET
    model_functions: Maybe[ModelFunctions] = UNSET
    seed: Maybe[Seed] = UNSET


class RunEntry(RunPart, kw_only=True):
    """How the authors' script is started and fed."""

    ONE_OF: ClassVar[tuple[str, ...]] = ("script", "adapter", "function")

    stage: Staging
    collect: Collect
    per_task: Maybe[
        Annotated[
            dict[Task, Annotated[RunPart, says("fields of run that differ for this task")]],
            says("for each task, the fields of run that differ"),
        ]
    ] = UNSET
    per_dataset: Maybe[
        Annotated[
            dict[str, Annotated[RunPart, says("fields of run that differ for this dataset")]],
            says("for each dataset, the fields of run that differ"),
        ]
    ] = UNSET


class Paper(Entry, kw_only=True):
    """Where the method was published."""

    authors: Maybe[
        Annotated[
            list[Annotated[str, text("a name")]],
            says(
                "all authors in their order, each as BibTeX writes a name: `Family, Given` or"
                " `Given Family`",
                min_length=1,
            ),
        ]
    ] = UNSET
    venue: Maybe[Annotated[str, text("the journal or conference")]] = UNSET
    year: Maybe[Annotated[int, says("a year", ge=1980, le=2100)]] = UNSET
    doi: Maybe[Annotated[str, text("a DOI")]] = UNSET
    arxiv: Maybe[Annotated[str, text("an arXiv number in quotes")]] = UNSET
    url: Maybe[Annotated[str, text("an address")]] = UNSET
    cite: Maybe[Annotated[str, text("a BibTeX key")]] = UNSET


class Resources(Entry, kw_only=True):
    """What a job of this method needs."""

    gpu: Maybe[Annotated[int, says("the number of GPUs; 0 keeps the method on the CPU", ge=0)]] = (
        UNSET
    )
    mem_mb: Maybe[Annotated[int, says("memory in MB", ge=100)]] = UNSET
    runtime: Maybe[Minutes] = UNSET
    threads: Maybe[Annotated[int, says("a number of CPU threads", ge=1)]] = UNSET
    exclusive: Maybe[Annotated[bool, says("true where the job wants the node for itself")]] = UNSET


class TrainData(Entry, kw_only=True):
    """Images of a dataset, staged where the training script looks for them."""

    dataset: Annotated[str, says("a name of datasets.yaml")]
    stage: Staging
    convert: Maybe[Converting] = UNSET
    first_index: Maybe[FirstIndex] = UNSET
    pairs: Maybe[Annotated[int, says("only the first pairs of the dataset, so many", ge=1)]] = UNSET
    lists: Maybe[
        Annotated[
            dict[str, Annotated[str, text("the line of a pair, with {name} or {index}")]],
            says("text files that the script reads: its path -> the line that it holds of a pair"),
        ]
    ] = UNSET


class TrainPart(Entry, kw_only=True):
    """Fields of ``train`` that an entry gives; for ``smoke`` only those that differ."""

    UNIQUE: ClassVar[tuple[str, ...]] = ("compat",)

    script: Maybe[Script] = UNSET
    args: Maybe[
        Annotated[
            str,
            says(
                "the arguments as on a command line; placeholders {work}, {out}, {device}, {seed}"
            ),
        ]
    ] = UNSET
    cwd: Maybe[Cwd] = UNSET
    unpack: Maybe[Archives] = UNSET
    edit: Maybe[EditedFiles] = UNSET
    compat: Maybe[Compat] = UNSET
    environ: Maybe[Environ] = UNSET
    data: Maybe[
        Annotated[
            list[Annotated[TrainData, says("images of one dataset: {dataset, stage}")]],
            says("the training images, of one or several datasets", min_length=1),
        ]
    ] = UNSET
    files: Maybe[
        Annotated[
            dict[str, Annotated[str, inside("a file of this project")]],
            says(
                "files that the repository lacks: path in the repository -> file of this project;"
                " placeholders in its text are filled as in `args`"
            ),
        ]
    ] = UNSET
    seeds: Maybe[
        Annotated[
            int,
            says("how often it is trained, each time with another seed; default 3", ge=1, le=20),
        ]
    ] = UNSET
    resources: Maybe[
        Annotated[
            Resources,
            says("what the training needs; `runtime` is that of the whole training in minutes"),
        ]
    ] = UNSET


class TrainEntry(TrainPart, kw_only=True):
    """How the authors' training script is started and fed, and what of it the test uses."""

    script: Script
    data: Annotated[
        list[Annotated[TrainData, says("images of one dataset: {dataset, stage}")]],
        says("the training images, of one or several datasets", min_length=1),
    ]
    weights: Maybe[
        Annotated[
            list[
                Annotated[
                    WeightEntry,
                    says("one file of trained parameters: path, sha256, and where it comes from"),
                ]
            ],
            says("pretrained files that the training needs and the test does not"),
        ]
    ] = UNSET
    checkpoint: Annotated[
        Checkpoint, says("which of the files that the script writes are the trained weights")
    ]
    resume: Maybe[
        Annotated[
            Resume, says("how a training that was cut off goes on; default from the beginning")
        ]
    ] = UNSET
    run: Maybe[
        Annotated[RunPart, says("fields of run that differ where the weights were trained here")]
    ] = UNSET
    smoke: Maybe[
        Annotated[TrainPart, says("fields that differ for a training of minutes on a CPU")]
    ] = UNSET
    stated: Maybe[Annotated[Stated, says("what the authors say of their training")]] = UNSET


class Modalities(Entry, kw_only=True):
    """What the two source images show."""

    a: Maybe[Annotated[str, says("what source image A shows, one word in lower case")]] = UNSET
    b: Maybe[Annotated[str, says("what source image B shows, one word in lower case")]] = UNSET


class CheckInputs(Entry, kw_only=True):
    """Where the committed source images lie."""

    a: Annotated[
        str, inside("source images A inside the repository: a folder, or a path with {name}")
    ]
    b: Annotated[
        str, inside("source images B inside the repository: a folder, or a path with {name}")
    ]


class CheckPair(Entry, kw_only=True):
    """The files of one pair of a self-check."""

    a: Maybe[Annotated[str, inside("source image A inside the repository")]] = UNSET
    b: Maybe[Annotated[str, inside("source image B inside the repository")]] = UNSET
    expect: Maybe[Annotated[str, inside("the committed output inside the repository")]] = UNSET


class Tolerance(Entry, kw_only=True):
    """By how much a value may differ."""

    max_abs: Maybe[GrayLevels] = UNSET


CheckNames = Annotated[
    list[PairName],
    says("a list of names, as strings", min_length=1),
]
CheckFiles = Annotated[
    dict[PairName, Annotated[CheckPair, says("the files of one pair: a, b, expect")]],
    says("a list of names, or the files of each pair", min_length=1),
]


class SelfcheckEntry(Entry, kw_only=True):
    """Inputs and outputs that the authors committed.

    The script is run on the inputs, and its results are compared with the outputs.
    """

    UNIQUE: ClassVar[tuple[str, ...]] = ("pairs",)

    name: Maybe[
        Annotated[
            str,
            says(
                "a name for this check where the entry has several; default committed",
                pattern=NAME_PATTERN,
            ),
        ]
    ] = UNSET
    task: Maybe[
        Annotated[
            Task,
            says("the fusion task of these images; default the first of the method's tasks"),
        ]
    ] = UNSET
    modalities: Maybe[
        Annotated[Modalities, says("what the source images show; default those of the task")]
    ] = UNSET
    inputs: Maybe[
        Annotated[CheckInputs, says("where the committed source images lie, a and b")]
    ] = UNSET
    expect: Maybe[
        Annotated[
            str,
            inside(
                "the committed outputs inside the repository: a folder, or a path with {name};"
                " without it the runs are only compared with each other"
            ),
        ]
    ] = UNSET
    pairs: Maybe[
        Annotated[
            CheckNames | CheckFiles,
            says(
                "the names of the pairs; default all that are found on both sides. Or, where no"
                " pattern fits, name: {a: ..., b: ..., expect: ...}"
            ),
        ]
    ] = UNSET
    unpack: Maybe[Archives] = UNSET
    tolerance: Maybe[
        Annotated[
            Tolerance,
            says(
                "by how much a value may differ and still be called within-tolerance; default"
                " {max_abs: 1}"
            ),
        ]
    ] = UNSET
    repeats: Maybe[
        Annotated[
            int,
            says(
                "how often the script is run, each time with another seed and hash seed; default 1",
                ge=1,
                le=20,
            ),
        ]
    ] = UNSET
    threads: Maybe[
        Annotated[
            list[Annotated[int, says("a number of CPU threads", ge=1)]],
            says(
                "the CPU threads of the first run, the second, and so on; default those of the"
                " entry",
                min_length=1,
            ),
        ]
    ] = UNSET
    run: Maybe[Annotated[RunPart, says("fields of run that differ for these images")]] = UNSET


Selfchecks = Annotated[
    SelfcheckEntry
    | Annotated[list[SelfcheckEntry], says("several checks, each with its name", min_length=1)],
    says("inputs and outputs that the authors committed: one check, or a list of them"),
]


class ClaimEntry(Entry, kw_only=True):
    """One published number, or a file of them."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(field="file", alone_with=("name", "note")),
        Rule(field="file", unless=True, required=("metric", "value", "where")),
    )

    dataset: Maybe[
        Annotated[
            str,
            says(
                "the images: a name of datasets.yaml, or selfcheck (selfcheck/NAME where there are"
                " several)"
            ),
        ]
    ] = UNSET
    images: Maybe[
        Annotated[
            str,
            text("the images in the source's own words, where datasets.yaml does not hold them"),
        ]
    ] = UNSET
    image: Maybe[
        Annotated[str, text("the pair that the number is of; default the mean over all of them")]
    ] = UNSET
    metric: Maybe[Annotated[str, text("a metric, or an evaluator's own column name")]] = UNSET
    definition: Maybe[
        Annotated[
            str,
            text(
                "the evaluator whose formula it is (fusebench list metrics), or unknown; default"
                " canonical"
            ),
        ]
    ] = UNSET
    value: Maybe[
        Annotated[
            int
            | float
            | Annotated[
                str, says("a number", pattern=r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")
            ],
            says("a number with a point, in quotes where it ends with zeros"),
        ]
    ] = UNSET
    decimals: Maybe[
        Annotated[
            int,
            says(
                "digits after the point as published; default those that are written here",
                ge=0,
                le=15,
            ),
        ]
    ] = UNSET
    where: Maybe[Annotated[str, text("the table, page or file that gives the number")]] = UNSET
    source: Maybe[
        Annotated[str, text("who gives it, where that is not the method's own paper")]
    ] = UNSET
    file: Maybe[
        Annotated[str, inside("a file of claims in this project, as `fusebench claims` writes it")]
    ] = UNSET
    name: Maybe[
        Annotated[str, text("the name of the method in that file; default the entry's name")]
    ] = UNSET
    note: Maybe[
        Annotated[str, text("what a reader should know where the number is not reproduced")]
    ] = UNSET


class Tried(Entry, kw_only=True):
    """What was seen of a method whose weights are missing here.

    In the form that `fusebench verified` writes.
    """

    date: Day
    device: DeviceName
    dataset: Annotated[str, text("the dataset whose pairs were staged")]
    reached: Annotated[Literal["weights"], says("how far the script got")]


class Verified(Entry, kw_only=True):
    """What was really produced, as `fusebench verified` writes it."""

    date: Day
    device: DeviceName
    dataset: Annotated[str, text("the dataset that was fused as a whole")]
    outputs_sha256: Outputs
    others: Maybe[
        Annotated[
            dict[str, Outputs],
            says("further datasets that were fused as a whole, with their outputs_sha256"),
        ]
    ] = UNSET
    inputs: Maybe[
        Annotated[
            dict[str, Sources],
            says("dataset -> the sha256 over names and pixels of its source images"),
        ]
    ] = UNSET
    installed: Maybe[
        Annotated[
            str,
            says(
                "the sha256 over the files of the packages that were installed",
                pattern=SHA256_PATTERN,
            ),
        ]
    ] = UNSET


class MethodEntry(Entry, kw_only=True):
    """One published method."""

    UNIQUE: ClassVar[tuple[str, ...]] = ("tasks", "accept")
    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(field="status", value=ACTIVE, required=("env", "run")),
        Rule(field="status", value=ACTIVE, unless=True, required=("reason",)),
        Rule(field="train", required=("env", "run")),
    )

    title: Annotated[str, text("the paper's title")]
    label: Maybe[Annotated[str, text("the name shown in tables; default the entry's name")]] = UNSET
    paper: Maybe[Annotated[Paper, says("where the method was published")]] = UNSET
    tasks: Annotated[list[Task], says("a list of fusion tasks", min_length=1)]
    code: Annotated[str, text("the address of the repository, or a local folder")]
    commit: Maybe[Commit] = UNSET
    implementation: Maybe[
        Annotated[
            Literal["authors", "own", "third-party"],
            says(
                "whose code it is: authors, own (written after the paper by fusebench or by you) or"
                " third-party; published numbers are compared with the authors' code alone;"
                " default authors, and own for workflow/baselines"
            ),
        ]
    ] = UNSET
    licence: Maybe[Annotated[str, text("the SPDX name of the repository's licence, or none")]] = (
        UNSET
    )
    modalities: Maybe[
        Annotated[
            list[
                Annotated[tuple[str, str], says("what A and B show, e.g. [mri, ct], in lower case")]
            ],
            says(
                "the modalities of A and B that the method was made for, in this order; on other"
                " datasets it is skipped with the reason; default any",
                min_length=1,
            ),
        ]
    ] = UNSET
    sensors: Maybe[
        Annotated[
            list[Annotated[str, text("a sensor, as `cube.sensor` of a dataset names it")]],
            says(
                "of arrays, the sensors that its weights were trained for; on those of others it"
                " is skipped with the reason; default any",
                min_length=1,
            ),
        ]
    ] = UNSET
    bands: Maybe[
        Annotated[
            list[Annotated[int, Meta(ge=1)]],
            says("of arrays, the numbers of bands that it takes; default any", min_length=1),
        ]
    ] = UNSET
    ratios: Maybe[
        Annotated[
            list[Annotated[int, Meta(ge=1)]],
            says("of arrays, the ratios of resolutions that it takes; default any", min_length=1),
        ]
    ] = UNSET
    env: Maybe[Annotated[str, says("the name of a folder of envs/", pattern=NAME_PATTERN)]] = UNSET
    declares: Maybe[
        Annotated[
            dict[str, str],
            says(
                'the versions that the authors declare, e.g. {python: "3.8", torch: 1.7.0}, as'
                " strings"
            ),
        ]
    ] = UNSET
    weights: Maybe[
        Annotated[
            list[
                Annotated[
                    WeightEntry,
                    says("one file of trained parameters: path, sha256, and where it comes from"),
                ]
            ],
            says("the files that hold the trained parameters"),
        ]
    ] = UNSET
    run: Maybe[Annotated[RunEntry, says("how the authors' script is started and fed")]] = UNSET
    train: Maybe[
        Annotated[
            TrainEntry,
            says(
                "how the authors' training script is started; suites then name the method as"
                " NAME@retrained, or NAME@smoke for a training of minutes"
            ),
        ]
    ] = UNSET
    accept: Maybe[
        Annotated[
            list[Suspicion],
            says(
                "rules that the method breaks on purpose, as a control that copies a source image"
                " does: its results are not called suspicious for them",
                min_length=1,
            ),
        ]
    ] = UNSET
    resources: Maybe[Annotated[Resources, says("what a job of this method needs")]] = UNSET
    selfcheck: Maybe[Selfchecks] = UNSET
    claims: Maybe[
        Annotated[
            list[Annotated[ClaimEntry, says("one published number, or a file of them")]],
            says("numbers that were published about the method", min_length=1),
        ]
    ] = UNSET
    repeats: Maybe[
        Annotated[
            int,
            says(
                "how often the method is run on each dataset of a claim, each time with another"
                " seed, for the spread of what is measured; default 1",
                ge=1,
                le=20,
            ),
        ]
    ] = UNSET
    tried: Maybe[
        Annotated[
            Tried,
            says(
                "what was seen of a method whose weights are missing here, as `fusebench verified`"
                " writes it: its script started, imported what it needs and asked for its weights"
            ),
        ]
    ] = UNSET
    verified: Maybe[
        Annotated[
            Literal["none"] | Verified,
            says(
                "none, or what was really produced, as `fusebench verified` writes it: {date,"
                " device, dataset, outputs_sha256, others}"
            ),
        ]
    ] = UNSET
    status: Annotated[
        Status,
        says(
            "whether the method can be run; default active; unsupported: the code is there, but"
            " needs what fusebench does not offer (encrypted MATLAB code, video, a"
            " mask or a sentence beside each pair), or its result is not the committed one"
        ),
    ] = ACTIVE
    reason: Maybe[Annotated[str, text("why the status is not active")]] = UNSET
    links: Maybe[Annotated[list[str], says("addresses that belong to the entry")]] = UNSET
    notes: Maybe[Annotated[str, text("what a reader should know")]] = UNSET


Methods = Annotated[
    dict[Name, Annotated[MethodEntry, says("one published method")]],
    says("the registry of methods: one entry for each published method"),
]
