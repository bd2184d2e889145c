"""``config/config.yaml``: what is run, and which tables and figures are made.

A person writes it, ``registry`` reads it. Options of the command line (``--config``) replace its
values. ``workflow/schemas/config.schema.json`` is made from these classes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta

from fusebench.contracts.base import (
    DEFAULT_FILE_MB,
    DEFAULT_SCRATCH_MB,
    Entry,
    Maybe,
    Name,
    SandboxLevel,
    says,
    text,
)

FigureKind = Literal[
    "grid",
    "quality-speed",
    "boxes",
    "ranks",
    "radar",
    "curves",
    "critical-difference",
    "correlation",
    "errors",
]
CostColumn = Literal["year", "evidence", "model-seconds", "seconds", "parameters", "flops"]
Layout = Literal["side-by-side", "stacked"]
Unfinished = Literal["rows", "caption"]
SpreadShown = Literal["none", "std", "interval"]
DeviceAsked = Literal["auto", "cpu", "cuda"]
SandboxAsked = Literal["auto", "bwrap", "userns", "apptainer", "env-only"]

Shown = Annotated[str, says("a name to be shown", pattern=r"\S")]
MethodNames = Annotated[
    list[str], says("a list of method names, in the order of the rows", min_length=1)
]
Digits = Annotated[int, says("a number of digits", ge=0, le=12)]
Box = Annotated[
    tuple[
        Annotated[int, says("x", ge=0)],
        Annotated[int, says("y", ge=0)],
        Annotated[int, says("a width", ge=0)],
        Annotated[int, says("a height", ge=0)],
    ],
    says("a box as [x, y, width, height] in pixels of the source images"),
]
Crops = dict[
    str,
    Annotated[
        dict[str, Annotated[list[Box], says("one to three boxes", min_length=1, max_length=3)]],
        says("pair name: boxes"),
    ],
]


class SuiteEntry(Entry, kw_only=True):
    """One suite: methods, datasets and metrics."""

    title: Maybe[Annotated[str, text("a line that says what the suite is for")]] = UNSET
    methods: Annotated[
        Annotated[list[str], says("a list of method names", min_length=1)] | str,
        says("a list of method names, or a task: every active method of that task"),
    ]
    datasets: Annotated[list[str], says("a list of dataset names", min_length=1)]
    metrics: Maybe[
        Annotated[
            list[str],
            says(
                "a list of metrics, as `fusebench list metrics` names them; default those of each"
                " dataset's task",
                min_length=1,
            ),
        ]
    ] = UNSET
    decimals: Maybe[
        Annotated[int, says("digits after the point in the tables; default 4", ge=0, le=12)]
    ] = UNSET
    speed: Annotated[
        bool | Literal["exclusive"],
        says(
            "true: time every method on one fixed pair at 640x480 and 1024x768, see docs/clock.md;"
            " exclusive: with whole nodes"
        ),
    ] = False


class TableEntry(Entry, kw_only=True):
    """One table of a paper, with its statistics and figures."""

    UNIQUE: ClassVar[tuple[str, ...]] = ("datasets", "columns", "figures")

    title: Maybe[
        Annotated[str, says("the first sentence of the caption, without full stop", pattern=r"\S")]
    ] = UNSET
    suite: Maybe[
        Annotated[
            str,
            says(
                "the name of a suite: what is left out here is the suite's, and the table is made"
                " with the suite"
            ),
        ]
    ] = UNSET
    methods: Maybe[MethodNames] = UNSET
    groups: Maybe[
        Annotated[
            dict[str, MethodNames],
            says("headings with the method names below each, instead of `methods`", min_length=1),
        ]
    ] = UNSET
    labels: Maybe[
        Annotated[
            dict[str, Shown], says("method name: the name shown, instead of the entry's label")
        ]
    ] = UNSET
    cite: Maybe[
        Annotated[
            dict[
                str,
                Annotated[
                    str,
                    says(
                        "a BibTeX key: no spaces, commas, braces, quotes, backslashes, %, #, ~, =,"
                        " or parentheses",
                        pattern="^[^\\s,{}\\\\%#~\"'()=]+$",
                    ),
                ],
            ],
            says("method name: BibTeX key, instead of the entry's or a made one"),
        ]
    ] = UNSET
    citations: Annotated[
        bool,
        says("true (default) or false: whether names in LaTeX are followed by a citation"),
    ] = True
    datasets: Maybe[
        Annotated[list[str], says("a list of dataset names, each once", min_length=1)]
    ] = UNSET
    metrics: Maybe[
        Annotated[
            list[str],
            says("a list of metrics, as `fusebench list metrics` names them", min_length=1),
        ]
    ] = UNSET
    heads: Maybe[
        Annotated[
            dict[str, Annotated[str, says("the head of a column", pattern=r"\S")]],
            says("metric: the head of its column, instead of its name"),
        ]
    ] = UNSET
    decimals: Maybe[
        Annotated[
            Digits | dict[str, Digits],
            says("digits after the point: a number, or metric: number for some of them"),
        ]
    ] = UNSET
    layout: Annotated[Layout, says("datasets side by side (default), or stacked")] = "side-by-side"
    unfinished: Annotated[
        Unfinished,
        says(
            "where methods without any result are listed: in rows of dashes with footnotes"
            " (default), or in one sentence of the caption"
        ),
    ] = "rows"
    spread: Annotated[
        SpreadShown,
        says(
            "what follows a mean: nothing (default), the standard deviation over the pairs, or half"
            " the width of the 95 % interval"
        ),
    ] = "none"
    highlight: Annotated[
        int,
        says(
            "how many ranks are marked: 2 (default) is best bold and second underlined; 3 sets the"
            " third in italics",
            ge=0,
            le=3,
        ),
    ] = 2
    colour: Annotated[
        bool,
        says("true or false (default): marked ranks in red, blue and green as well"),
    ] = False
    ties: Annotated[
        bool,
        says(
            "true (default) or false: whether methods that the intervals do not tell from the best"
            " one are marked"
        ),
    ] = True
    columns: Maybe[
        Annotated[
            list[CostColumn],
            says("columns besides the metrics, each once; default model-seconds and parameters"),
        ]
    ] = UNSET
    figures: Maybe[
        Annotated[
            list[FigureKind],
            says("the kinds of figures that `snakemake figures` draws, each once; default all"),
        ]
    ] = UNSET
    pairs: Maybe[
        Annotated[
            Annotated[int, says("a number of pairs", ge=1, le=20)]
            | dict[
                str,
                Annotated[list[str], says("a list of pair names, numbers in quotes", min_length=1)],
            ],
            says(
                "the pairs that grids show: dataset: list of names (numbers in quotes), or how many"
                " are chosen among those on which methods differ most (default 2)"
            ),
        ]
    ] = UNSET
    crops: Maybe[
        Annotated[
            Crops,
            says(
                "dataset: pair name: the boxes that are shown enlarged; without any, the place"
                " where methods differ most"
            ),
        ]
    ] = UNSET


class ReportEntry(Entry, kw_only=True):
    """The page results/report/index.html."""

    preview_pixels: Annotated[
        int, says("the longer side of a preview; default 512", ge=64, le=2048)
    ] = 512
    inline_mb: Annotated[
        int,
        says(
            "the total size in megabytes up to which previews are stored inside the page; above it"
            " they are stored beside the page; default 25",
            ge=0,
        ),
    ] = 25


class Config(Entry, kw_only=True, rename={"try_": "try"}):
    """What is run."""

    suite: Annotated[
        str | list[str],
        says("the suite to run, or several: a list, or names joined by commas"),
    ]
    suites: Annotated[
        dict[Name, Annotated[SuiteEntry, says("one suite: methods, datasets and metrics")]],
        says("the suites by name"),
    ]
    methods: Maybe[
        Annotated[
            str | list[str],
            says(
                "on the command line: methods of a suite of its own, instead of `suite`: names"
                " joined by commas, a task, or all"
            ),
        ]
    ] = UNSET
    datasets: Maybe[
        Annotated[
            str | list[str],
            says("on the command line: datasets of that suite, names joined by commas"),
        ]
    ] = UNSET
    tables: Annotated[
        dict[
            Annotated[
                str,
                says(
                    "a name is made of letters, digits, '_' and '-', and begins with a letter or"
                    " digit (it becomes a file)",
                    pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
                ),
            ],
            Annotated[TableEntry, says("one table of a paper, with its statistics and figures")],
        ],
        says("the tables of papers by name"),
    ] = {}
    report: Annotated[ReportEntry, says("the page results/report/index.html")] = ReportEntry()
    device: Annotated[
        DeviceAsked, says("auto (default: cuda where a GPU is seen), cpu or cuda")
    ] = "auto"
    mirror: Annotated[
        str,
        says(
            "a path with {owner} and {name} from which repositories are cloned instead of the"
            " network; empty for the network"
        ),
    ] = ""
    try_: Annotated[
        bool | Literal["true", "false"],
        says(
            "true or false: try methods whose weights are missing as far as they go, and say so in"
            " their reason; default false"
        ),
    ] = False
    sandbox: Annotated[
        SandboxAsked,
        says(
            "auto (default: the strongest sandbox that works), or the strongest one that is tried:"
            " bwrap, userns, apptainer or env-only; see docs/sandbox.md"
        ),
    ] = "auto"
    min_sandbox: Annotated[
        SandboxLevel,
        says(
            "the weakest sandbox that may be taken: bwrap, userns, apptainer or env-only (default);"
            " where none works, cells end as env-failed"
        ),
    ] = "env-only"
    sandbox_reads: Annotated[
        str | list[str],
        says(
            "files and folders of the machine that every script may read, absolute: a list, or"
            " paths joined by commas; default none"
        ),
    ] = ""
    file_mb: Annotated[
        int,
        says("the size in MB of the largest file that a script may write; default 20000", ge=1),
    ] = DEFAULT_FILE_MB
    scratch_mb: Annotated[
        int,
        says(
            "the size in MB that all files in the scratch folder of a script may have together, its"
            " copy of the repository and the staged images included; default 100000",
            ge=1,
        ),
    ] = DEFAULT_SCRATCH_MB
    threads: Annotated[
        int,
        says("CPU threads of a fusing job whose entry does not say; default 2", ge=1),
    ] = 2
    together_from: Annotated[
        int,
        says(
            "from this number of cells on, a run without a cluster fuses the datasets of a method"
            " in one job, and measures and tabulates in one job; default 200",
            ge=1,
        ),
    ] = 200
    cells_per_job: Maybe[
        Annotated[
            int,
            says(
                "how many cells of a method one job fuses, one after the other; default 1, or 20"
                " where `together_from` holds",
                ge=1,
                le=100,
            ),
        ]
    ] = UNSET
    training_minutes: Annotated[
        Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)],
        says(
            "the most minutes of one job that trains, such as the time limit of a partition; a"
            " longer training goes on in further jobs, where its script can, and is refused where"
            " it cannot; default 0: no limit"
        ),
    ] = 0
    repeats: Annotated[
        int,
        says(
            "how often a method is run on each dataset of a suite or claim, for the spread of what"
            " is measured; default 1, or what the entry says",
            ge=1,
            le=20,
        ),
    ] = 1
