"""What the job of each step is told: one structure for each step.

Written by ``planning`` as JSON into the parameters of a rule, read by ``steps``. Only what decides a result is in it, so that a
corrected title runs nothing; what is the same for all jobs of a run of Snakemake is in ``Session``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, field

from fusebench.contracts.base import Contract, Maybe, says
from fusebench.contracts.methods import (
    Adapter,
    Archives,
    Args,
    CheckPair,
    ClaimEntry,
    Collect,
    Compat,
    Convert,
    Converting,
    Cwd,
    DeviceKind,
    Devices,
    EditedFiles,
    Environ,
    FirstIndex,
    MakeFolders,
    ModelFunctions,
    OutputRange,
    PairsPerProcess,
    Script,
    Seed,
    SizePolicy,
    Staging,
    WeightEntry,
)
from fusebench.contracts.tables import CellList, FigureSpec, PaperReference, PaperSpec, TableSpec

MarkerPath = Annotated[str, says("the path of a marker, from the project's folder on")]
RecordPath = Annotated[str, says("the path of a record, from the project's folder on")]
MetricIds = Annotated[list[str], says("ids of metrics, as `fusebench list metrics` prints them")]


class Session(Contract, kw_only=True):
    """What all jobs of one run of Snakemake share; none of it changes a result.

    Made when Snakemake reads the workflow. Snakemake on a node of a cluster reads the workflow again, and takes the session from
    the variable ``FUSEBENCH_SESSION`` (``planning/session.py``).
    """

    id: Annotated[str, says("a name of this run of Snakemake, which no other run has")]
    device: Annotated[DeviceKind, says("cpu or cuda: what the option `device` stands for here")]
    on_cluster: Annotated[bool, says("true where a scheduler gives each job its GPUs")] = False
    final_attempt: Annotated[
        int,
        says(
            "the attempt of a job, from 1 on, that runs nothing and records how the others ended;"
            " 0 where jobs are not retried",
            ge=0,
        ),
    ] = 0
    tables_only: Annotated[
        bool,
        says(
            "true where nothing but tables, figures and pages was asked for: what failed is not"
            " tried again"
        ),
    ] = False
    mirror: Annotated[
        str,
        says("a path with {owner} and {name} that replaces the network; empty for the network"),
    ] = ""
    trial: Annotated[bool, says("true where methods without weights are run as far as they go")] = (
        False
    )
    forced: Annotated[
        list[str], says("rules and files that are asked for by force; * for everything")
    ] = []


class SourceJob(Contract, kw_only=True):
    """Which repository is cloned."""

    code: Annotated[str, says("the address of a repository, or a local folder")]
    commit: Annotated[str | None, says("the full commit hash; null for a local folder as it is")]


class WeightsJob(Contract, kw_only=True):
    """Which weights are fetched."""

    weights: Annotated[list[WeightEntry], says("the files of the entry")]


class EnvironmentJob(Contract, kw_only=True):
    """Which environment is built."""

    env: Annotated[str, says("the name of a folder of envs/")]
    variant: Annotated[str, says("cpu or cuda")]


class DatasetJob(Contract, kw_only=True):
    """Which images a dataset holds."""

    kind: Annotated[Literal["generated", "git", "local"], says("generated, git or local")]
    patterns: Annotated[
        dict[str, str], says("side (a, b, reference) -> path of its image, with {name}")
    ] = {}
    names: Annotated[
        list[str] | None,
        says("the frozen list of the pairs; null where all that are found are taken"),
    ] = None
    generator: Annotated[str, says("the name of a generator")] = ""
    generator_code: Annotated[
        str, says("the sha256 over the code of the generators, which decides their images")
    ] = ""
    code: Annotated[str, says("the address of the repository that holds the images")] = ""
    commit: Annotated[str, says("the full commit hash of that repository")] = ""
    folder: Annotated[str, says("the folder of the user's images")] = ""
    sha256: Annotated[str, says("the sha256 that all images must have together, or empty")] = ""
    hashes: Annotated[str, says("a file with the sha256 of each image, or empty")] = ""


class Run(Contract, kw_only=True):
    """How the authors' script is started and fed on one dataset: the entry's ``run`` with its defaults.

    The fields are those of ``methods.RunPart``; what an entry may leave out and has no default is not there.
    """

    script: Maybe[Script] = UNSET
    adapter: Maybe[Adapter] = UNSET
    args: Args = ""
    cwd: Cwd = "."
    stage: Staging
    convert: Converting = Convert()
    collect: Collect
    first_index: FirstIndex = 1
    pairs_per_process: Maybe[PairsPerProcess] = UNSET
    make_folders: MakeFolders = True
    unpack: Archives = []
    size: SizePolicy = "fail"
    output_range: OutputRange = "0-255"
    edit: EditedFiles = {}
    compat: Compat = []
    devices: Devices = field(default_factory=lambda: ["cpu", "cuda"])
    environ: Environ = {}
    model_functions: ModelFunctions = {}
    seed: Seed = 0
    hash_seed: Maybe[
        Annotated[int, says("PYTHONHASHSEED of a further run; otherwise the seed")]
    ] = UNSET


class WeightRef(Contract, kw_only=True):
    """A file of weights as far as it decides a result."""

    path: Annotated[str, says("where the script expects the file, below the repository's top")]
    sha256: Maybe[Annotated[str, says("the sha256 that the file must have")]] = UNSET


class CellSpec(Contract, kw_only=True):
    """All that an entry says which decides what a run of a method on a dataset gives.

    Its hash (``spec`` of the record) tells whether a finished run is still the one that is asked for. Neither title nor paper,
    claims, memory or address are in it; source and environment are in the markers.
    """

    method: Annotated[str, says("the name of the method")]
    dataset: Annotated[str, says("the name of the dataset, or of a self-check")]
    run: Annotated[Run, says("how the authors' script is started and fed")]
    weights: Annotated[list[WeightRef], says("the files of trained parameters")]
    modalities: Annotated[tuple[str, str], says("what the source images A and B show")]
    threads: Annotated[int, says("CPU threads", ge=1)]
    minutes: Annotated[int | float, says("the time limit of the script, in minutes")]
    device: DeviceKind
    gpus: Maybe[Annotated[int, says("the number of GPUs, where it is more than one")]] = UNSET
    exclusive: Maybe[Annotated[bool, says("true where the job wants the machine for itself")]] = (
        UNSET
    )


class MethodPart(Contract, kw_only=True):
    """What the cells of a fusing job have in common: their method."""

    name: Annotated[str, says("the name of the method")]
    source: Annotated[MarkerPath, says("the marker of the clone")]
    environment: Annotated[MarkerPath, says("the marker of the environment")]
    fetched: Annotated[MarkerPath | None, says("the marker of the fetched weights; null for none")]
    weights: Annotated[list[WeightRef], says("the files of trained parameters")]
    threads: Annotated[int, says("CPU threads", ge=1)]
    minutes: Annotated[int | float, says("the time limit of the script on one dataset, in minutes")]
    device: DeviceKind
    gpus: Annotated[int, says("the number of GPUs", ge=0)]


class CellPart(Contract, kw_only=True):
    """What a fusing job is told of one of its cells."""

    name: Annotated[
        str,
        says(
            "the name of the cell among those of its method: a dataset, selfcheck/CHECK/RUN or"
            " repeats/DATASET/RUN"
        ),
    ]
    images: Annotated[str, says("the name of the dataset, or of the self-check")]
    manifest: Annotated[MarkerPath, says("the marker of the images")]
    run: Annotated[int, says("the place of its fields among the runs of the job", ge=0)]
    modalities: Annotated[tuple[str, str], says("what the source images A and B show")]
    exclusive: Annotated[bool, says("true where the job wants the machine for itself")] = False


class FuseJob(Contract, kw_only=True):
    """A fusing job: a method on one or several datasets, one after the other."""

    method: Annotated[MethodPart, says("what its cells have in common")]
    runs: Annotated[
        list[Run], says("the different ways in which the script is started on its cells")
    ]
    cells: Annotated[list[CellPart], says("its cells, in the order in which they are run")]


class Measured(Contract, kw_only=True):
    """What is measured on one dataset."""

    dataset: Annotated[str, says("the name of the dataset")]
    methods: Annotated[list[str], says("the methods whose runs are measured")]
    metrics: MetricIds


class MeasureJob(Contract, kw_only=True):
    """A measuring job: the runs on one or several datasets, one after the other."""

    datasets: Annotated[list[Measured], says("what is measured on each dataset")]


class TableJob(Contract, kw_only=True):
    """One table of a suite."""

    table: Annotated[TableSpec, says("what the table shows")]
    cells: Annotated[CellList, says("its cells: those that run, and those that cannot")]


class TablesJob(Contract, kw_only=True):
    """A tabulating job: tables of suites, and the long files where they are asked for."""

    tables: Annotated[list[TableJob], says("the tables, each in every format")]
    collected: Annotated[
        CellList | None, says("the cells of the long files; null where only tables are written")
    ] = None


class SpeedJob(Contract, kw_only=True):
    """The speed tables of a suite."""

    suite: Annotated[str, says("the name of the suite")]
    cells: Annotated[CellList, says("its methods on the fixed pairs")]


class StatisticsJob(Contract, kw_only=True):
    """The statistics of a table of a paper."""

    metrics: Annotated[dict[str, list[str]], says("dataset -> ids of the metrics shown for it")]


class PaperTableJob(Contract, kw_only=True):
    """A table of a paper in every format."""

    table: Annotated[PaperSpec, says("what the table shows")]
    cells: Annotated[CellList, says("its cells: those that run, and those that cannot")]
    papers: Annotated[dict[str, PaperReference], says("method -> what the bibliography says of it")]


class FigureJob(Contract, kw_only=True):
    """A figure of a table."""

    figure: Annotated[FigureSpec, says("what is drawn")]


class CommittedJob(Contract, kw_only=True):
    """Which images of a clone a self-check takes: patterns below its top, a folder stands for all images in it."""

    a: Annotated[str | None, says("source images A; null where the pairs name their files")]
    b: Annotated[str | None, says("source images B; null where the pairs name their files")]
    expect: Annotated[str | None, says("the committed outputs; null where there are none")]
    pairs: Annotated[
        list[str] | dict[str, CheckPair] | None,
        says("names, or name -> files; null for all that are found on both sides"),
    ]
    unpack: Archives


class SelfcheckJob(Contract, kw_only=True):
    """The judgement of a self-check."""

    code: Annotated[str, says("the sha256 over the rules of judgement and the metrics")]
    method: Annotated[str, says("the name of the method")]
    check: Annotated[str, says("the name of the check")]
    tolerance: Annotated[float, says("gray levels by which a value may differ")]
    metrics: MetricIds


class SpreadJob(Contract, kw_only=True):
    """The judgement of repeated runs of a method on a dataset."""

    code: Annotated[str, says("the sha256 over the rules of judgement and the metrics")]
    method: Annotated[str, says("the name of the method")]
    dataset: Annotated[str, says("the name of the dataset")]
    metrics: MetricIds


class ClaimedImages(Contract, kw_only=True):
    """The runs that claims on some images are held against."""

    manifest: Annotated[MarkerPath, says("the marker of the images")]
    records: Annotated[list[RecordPath], says("the records of the runs, the first one first")]


class ClaimsJob(Contract, kw_only=True):
    """The judgement of the claims about a method."""

    code: Annotated[str, says("the sha256 over the rules of judgement and the metrics")]
    method: Annotated[str, says("the name of the method")]
    claims: Annotated[list[ClaimEntry], says("the claims of the entry")]
    files: Annotated[dict[str, str], says("file of claims -> its sha256")]
    images: Annotated[dict[str, ClaimedImages], says("dataset of a claim -> its runs")]
    reason: Annotated[str, says("why the method cannot be run; empty where it can")]
