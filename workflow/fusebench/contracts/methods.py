"""``methods.yaml``: one entry for each published method, as a person writes it.

Read by ``registry``; nothing but ``fusebench verified`` and ``fusebench pin`` writes it. A field that an entry leaves out is
``UNSET``. ``workflow/schemas/methods.schema.json`` is made from these classes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from fusebench.contracts.base import (
    NAME_PATTERN,
    SHA256_PATTERN,
    Commit,
    Entry,
    Name,
    Rule,
    inside,
    says,
    text,
)

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

DeviceKind = Annotated[Literal["cpu", "cuda"], says("cpu or cuda")]
Mode = Annotated[
    Literal["keep", "gray", "rgb"],
    says("keep, gray or rgb: how a staged image is converted before the script reads it"),
]
Sha256 = Annotated[
    str,
    says("a sha256 of 64 lower-case hexadecimal digits, in quotes", pattern=SHA256_PATTERN),
]
Outputs = Annotated[
    str,
    says("the sha256 over names and pixels of all fused images", pattern=SHA256_PATTERN),
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


class Stage(Entry, kw_only=True):
    """Where the script looks for each pair of source images."""

    a: Annotated[
        str,
        inside(
            "where the script looks for source image A of a pair, below {work}; placeholders {name},"
            " {index}, {modality_a}, {modality_b}"
        ),
    ]
    b: Annotated[
        str,
        inside(
            "where the script looks for source image B of a pair, below {work}; placeholders {name},"
            " {index}, {modality_a}, {modality_b}"
        ),
    ]


class Convert(Entry, kw_only=True):
    """The colour mode in which each source image is staged; default keep."""

    a: Mode | UnsetType = UNSET
    b: Mode | UnsetType = UNSET


# The types of the fields of `run`, once for what an entry gives (RunPart) and once for what a job is told (Run).
Script = Annotated[str, inside("the authors' script, a path inside the repository")]
Adapter = Annotated[
    str,
    inside(
        "a Python file of workflow/adapters, for a repository that has no script that can be driven"
    ),
]
Args = Annotated[
    str,
    says(
        "the script's arguments as one line; placeholders {work} {out} {count} {modality_a}"
        " {modality_b} {device}, and {name} {index} where one process handles one pair"
    ),
]
Cwd = Annotated[
    str, inside("the folder, inside the repository, in which the script starts; default its top")
]
Staging = Annotated[Stage, says("where the script looks for each pair of source images")]
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
        "true (default) when the folders of the results shall exist before the script starts, false"
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
Compat = Annotated[list[str], says("named shims of the harness that this code needs")]
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
        "for a method whose work is not in an nn.Module: for each Python file of the repository, the"
        " functions (f or Class.f) that are timed as the model"
    ),
]
Seed = Annotated[int, says("the seed set before the script starts; default 0")]


class RunPart(Entry, kw_only=True):
    """Fields of ``run`` that an entry gives; for a task, a dataset or a self-check only those that differ."""

    UNIQUE: ClassVar[tuple[str, ...]] = ("compat",)

    script: Script | UnsetType = UNSET
    adapter: Adapter | UnsetType = UNSET
    args: Args | UnsetType = UNSET
    cwd: Cwd | UnsetType = UNSET
    stage: Staging | UnsetType = UNSET
    convert: Converting | UnsetType = UNSET
    collect: Collect | UnsetType = UNSET
    first_index: FirstIndex | UnsetType = UNSET
    pairs_per_process: PairsPerProcess | UnsetType = UNSET
    make_folders: MakeFolders | UnsetType = UNSET
    unpack: Archives | UnsetType = UNSET
    size: SizePolicy | UnsetType = UNSET
    output_range: OutputRange | UnsetType = UNSET
    edit: EditedFiles | UnsetType = UNSET
    compat: Compat | UnsetType = UNSET
    devices: Devices | UnsetType = UNSET
    environ: Environ | UnsetType = UNSET
    model_functions: ModelFunctions | UnsetType = UNSET
    seed: Seed | UnsetType = UNSET


class RunEntry(RunPart, kw_only=True):
    """How the authors' script is started and fed."""

    ONE_OF: ClassVar[tuple[str, ...]] = ("script", "adapter")

    stage: Staging
    collect: Collect
    per_task: (
        Annotated[
            dict[Task, Annotated[RunPart, says("fields of run that differ for this task")]],
            says("for each task, the fields of run that differ"),
        ]
        | UnsetType
    ) = UNSET
    per_dataset: (
        Annotated[
            dict[str, Annotated[RunPart, says("fields of run that differ for this dataset")]],
            says("for each dataset, the fields of run that differ"),
        ]
        | UnsetType
    ) = UNSET


class Paper(Entry, kw_only=True):
    """Where the method was published."""

    authors: (
        Annotated[
            list[Annotated[str, text("a name")]],
            says(
                "all authors in their order, each as BibTeX writes a name: `Family, Given` or `Given"
                " Family`",
                min_length=1,
            ),
        ]
        | UnsetType
    ) = UNSET
    venue: Annotated[str, text("the journal or conference")] | UnsetType = UNSET
    year: Annotated[int, says("a year", ge=1980, le=2100)] | UnsetType = UNSET
    doi: Annotated[str, text("a DOI")] | UnsetType = UNSET
    arxiv: Annotated[str, text("an arXiv number in quotes")] | UnsetType = UNSET
    url: Annotated[str, text("an address")] | UnsetType = UNSET
    cite: Annotated[str, text("a BibTeX key")] | UnsetType = UNSET


class WeightEntry(Entry, kw_only=True):
    """One file of trained parameters: path, and sha256, url or page."""

    path: Annotated[str, inside("where the script expects the file, below the repository's top")]
    sha256: Sha256 | UnsetType = UNSET
    url: Annotated[str, text("an address from which the file can be fetched")] | UnsetType = UNSET
    page: (
        Annotated[str, text("an address that a person can open (a drive or a cloud folder)")]
        | UnsetType
    ) = UNSET
    password: Annotated[str, text("the code that the page asks for")] | UnsetType = UNSET


class Resources(Entry, kw_only=True):
    """What a job of this method needs."""

    gpu: (
        Annotated[int, says("the number of GPUs; 0 keeps the method on the CPU", ge=0)] | UnsetType
    ) = UNSET
    mem_mb: Annotated[int, says("memory in MB", ge=100)] | UnsetType = UNSET
    runtime: Minutes | UnsetType = UNSET
    threads: Annotated[int, says("a number of CPU threads", ge=1)] | UnsetType = UNSET
    exclusive: Annotated[bool, says("true where the job wants the node for itself")] | UnsetType = (
        UNSET
    )


class Modalities(Entry, kw_only=True):
    """What the two source images show."""

    a: Annotated[str, says("what source image A shows, one word in lower case")] | UnsetType = UNSET
    b: Annotated[str, says("what source image B shows, one word in lower case")] | UnsetType = UNSET


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

    a: Annotated[str, inside("source image A inside the repository")] | UnsetType = UNSET
    b: Annotated[str, inside("source image B inside the repository")] | UnsetType = UNSET
    expect: Annotated[str, inside("the committed output inside the repository")] | UnsetType = UNSET


class Tolerance(Entry, kw_only=True):
    """By how much a value may differ."""

    max_abs: GrayLevels | UnsetType = UNSET


CheckNames = Annotated[
    list[Annotated[str, says("a name in quotes")]],
    says("a list of names, as strings", min_length=1),
]
CheckFiles = Annotated[
    dict[str, Annotated[CheckPair, says("the files of one pair: a, b, expect")]],
    says("a list of names, or the files of each pair", min_length=1),
]


class SelfcheckEntry(Entry, kw_only=True):
    """Inputs and outputs that the authors committed: the script is run on the inputs, and its results are compared."""

    UNIQUE: ClassVar[tuple[str, ...]] = ("pairs",)

    name: (
        Annotated[
            str,
            says(
                "a name for this check where the entry has several; default committed",
                pattern=NAME_PATTERN,
            ),
        ]
        | UnsetType
    ) = UNSET
    task: (
        Annotated[
            Task,
            says("the fusion task of these images; default the first of the method's tasks"),
        ]
        | UnsetType
    ) = UNSET
    modalities: (
        Annotated[Modalities, says("what the source images show; default those of the task")]
        | UnsetType
    ) = UNSET
    inputs: (
        Annotated[CheckInputs, says("where the committed source images lie, a and b")] | UnsetType
    ) = UNSET
    expect: (
        Annotated[
            str,
            inside(
                "the committed outputs inside the repository: a folder, or a path with {name};"
                " without it the runs are only compared with each other"
            ),
        ]
        | UnsetType
    ) = UNSET
    pairs: (
        Annotated[
            CheckNames | CheckFiles,
            says(
                "the names of the pairs; default all that are found on both sides. Or, where no"
                " pattern fits, name: {a: ..., b: ..., expect: ...}"
            ),
        ]
        | UnsetType
    ) = UNSET
    unpack: Archives | UnsetType = UNSET
    tolerance: (
        Annotated[
            Tolerance,
            says(
                "by how much a value may differ and still be called within-tolerance; default"
                " {max_abs: 1}"
            ),
        ]
        | UnsetType
    ) = UNSET
    repeats: (
        Annotated[
            int,
            says(
                "how often the script is run, each time with another seed and hash seed; default 1",
                ge=1,
                le=20,
            ),
        ]
        | UnsetType
    ) = UNSET
    threads: (
        Annotated[
            list[Annotated[int, says("a number of CPU threads", ge=1)]],
            says(
                "the CPU threads of the first run, the second, and so on; default those of the"
                " entry",
                min_length=1,
            ),
        ]
        | UnsetType
    ) = UNSET
    run: Annotated[RunPart, says("fields of run that differ for these images")] | UnsetType = UNSET


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

    dataset: (
        Annotated[
            str,
            says(
                "the images: a name of datasets.yaml, or selfcheck (selfcheck/NAME where there are"
                " several)"
            ),
        ]
        | UnsetType
    ) = UNSET
    images: (
        Annotated[
            str,
            text("the images in the source's own words, where datasets.yaml does not hold them"),
        ]
        | UnsetType
    ) = UNSET
    image: (
        Annotated[str, text("the pair that the number is of; default the mean over all of them")]
        | UnsetType
    ) = UNSET
    metric: Annotated[str, text("a metric, or an evaluator's own column name")] | UnsetType = UNSET
    definition: (
        Annotated[
            str,
            text(
                "the evaluator whose formula it is (fusebench list metrics), or unknown; default"
                " canonical"
            ),
        ]
        | UnsetType
    ) = UNSET
    value: (
        Annotated[
            int
            | float
            | Annotated[
                str, says("a number", pattern=r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")
            ],
            says("a number with a point, in quotes where it ends with zeros"),
        ]
        | UnsetType
    ) = UNSET
    decimals: (
        Annotated[
            int,
            says(
                "digits after the point as published; default those that are written here",
                ge=0,
                le=15,
            ),
        ]
        | UnsetType
    ) = UNSET
    where: Annotated[str, text("the table, page or file that gives the number")] | UnsetType = UNSET
    source: (
        Annotated[str, text("who gives it, where that is not the method's own paper")] | UnsetType
    ) = UNSET
    file: (
        Annotated[str, inside("a file of claims in this project, as `fusebench claims` writes it")]
        | UnsetType
    ) = UNSET
    name: (
        Annotated[str, text("the name of the method in that file; default the entry's name")]
        | UnsetType
    ) = UNSET
    note: (
        Annotated[str, text("what a reader should know where the number is not reproduced")]
        | UnsetType
    ) = UNSET


class Tried(Entry, kw_only=True):
    """What was seen of a method whose weights are missing here, as `fusebench verified` writes it."""

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
    others: (
        Annotated[
            dict[str, Outputs],
            says("further datasets that were fused as a whole, with their outputs_sha256"),
        ]
        | UnsetType
    ) = UNSET


class MethodEntry(Entry, kw_only=True):
    """One published method."""

    UNIQUE: ClassVar[tuple[str, ...]] = ("tasks",)
    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(field="status", value=ACTIVE, required=("env", "run")),
        Rule(field="status", value=ACTIVE, unless=True, required=("reason",)),
    )

    title: Annotated[str, text("the paper's title")]
    label: (
        Annotated[str, text("the name shown in tables; default the entry's name")] | UnsetType
    ) = UNSET
    paper: Annotated[Paper, says("where the method was published")] | UnsetType = UNSET
    tasks: Annotated[list[Task], says("a list of fusion tasks", min_length=1)]
    code: Annotated[str, text("the address of the repository, or a local folder")]
    commit: Commit | UnsetType = UNSET
    licence: (
        Annotated[str, text("the SPDX name of the repository's licence, or none")] | UnsetType
    ) = UNSET
    env: Annotated[str, says("the name of a folder of envs/", pattern=NAME_PATTERN)] | UnsetType = (
        UNSET
    )
    declares: (
        Annotated[
            dict[str, str],
            says(
                'the versions that the authors declare, e.g. {python: "3.8", torch: 1.7.0}, as'
                " strings"
            ),
        ]
        | UnsetType
    ) = UNSET
    weights: (
        Annotated[
            list[
                Annotated[
                    WeightEntry,
                    says("one file of trained parameters: path, and sha256, url or page"),
                ]
            ],
            says("the files that hold the trained parameters"),
        ]
        | UnsetType
    ) = UNSET
    run: Annotated[RunEntry, says("how the authors' script is started and fed")] | UnsetType = UNSET
    resources: Annotated[Resources, says("what a job of this method needs")] | UnsetType = UNSET
    selfcheck: Selfchecks | UnsetType = UNSET
    claims: (
        Annotated[
            list[Annotated[ClaimEntry, says("one published number, or a file of them")]],
            says("numbers that were published about the method", min_length=1),
        ]
        | UnsetType
    ) = UNSET
    repeats: (
        Annotated[
            int,
            says(
                "how often the method is run on each dataset of a claim, each time with another"
                " seed, for the spread of what is measured; default 1",
                ge=1,
                le=20,
            ),
        ]
        | UnsetType
    ) = UNSET
    tried: (
        Annotated[
            Tried,
            says(
                "what was seen of a method whose weights are missing here, as `fusebench verified`"
                " writes it: its script started, imported what it needs and asked for its weights"
            ),
        ]
        | UnsetType
    ) = UNSET
    verified: (
        Annotated[
            Literal["none"] | Verified,
            says(
                "none, or what was really produced, as `fusebench verified` writes it: {date,"
                " device, dataset, outputs_sha256, others}"
            ),
        ]
        | UnsetType
    ) = UNSET
    status: Annotated[
        Status,
        says(
            "whether the method can be run; default active; unsupported: the code is there, but"
            " needs what fusebench has not (MATLAB, spectral cubes, video)"
        ),
    ] = ACTIVE
    reason: Annotated[str, text("why the status is not active")] | UnsetType = UNSET
    links: Annotated[list[str], says("addresses that belong to the entry")] | UnsetType = UNSET
    notes: Annotated[str, text("what a reader should know")] | UnsetType = UNSET


Methods = Annotated[
    dict[Name, Annotated[MethodEntry, says("one published method")]],
    says("the registry of methods: one entry for each published method"),
]
