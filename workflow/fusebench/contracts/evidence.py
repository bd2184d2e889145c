"""Verdicts: the results of self-checks, repeated runs and claims.

Written by ``evidence`` into ``results/selfcheck``, ``results/repeats`` and
``results/evidence/claims``, read by its tables, pages and summary. Verdicts of an older version are
never taken over: when a rule of judgement changes, everything is judged again.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET

from fusebench.contracts.base import Contract, Maybe, says
from fusebench.contracts.files import FORMAT, StoredFile
from fusebench.contracts.markers import OriginalFile, PixelHash
from fusebench.contracts.methods import EditedFiles
from fusebench.contracts.records import EnvironmentFacts, Versions
from fusebench.contracts.weights import WeightFacts

ImageVerdict = Annotated[
    Literal["exact", "within-tolerance", "close", "differs", "size-differs", "nothing-to-compare"],
    says("how an image stands to the committed one; of a self-check, the worst of its images"),
]
RunsVerdict = Annotated[
    Literal["deterministic", "not-deterministic", "unknown"],
    says("whether all runs gave the same images"),
]
ClaimVerdict = Annotated[
    Literal[
        "reproduced",
        "close",
        "not-reproduced",
        "not-comparable",
        "within-seeds",
        "outside-seeds",
    ],
    says(
        "how the value measured here stands to the published one; within-seeds and outside-seeds"
        " for weights that were trained here"
    ),
]


class Proof(Contract, kw_only=True):
    """What a verdict rests on."""

    inputs: Annotated[str | None, says("the sha256 over names and pixels of the sources")] = None
    outputs: Annotated[
        dict[str, str] | str | None,
        says("image -> sha256 of its pixels; of a claim, that of its image or one over all"),
    ] = None
    weights: Annotated[dict[str, str], says("path of a file of weights -> its sha256")] = {}
    weights_from: Annotated[
        dict[str, WeightFacts],
        says("path of a file of weights that is not in the repository -> where it came from"),
    ] = {}
    code: Annotated[str | None, says("the address of the repository")] = None
    commit: Annotated[str | None, says("the full commit hash; null for a local folder")] = None
    tree: Annotated[str | None, says("the hash of its tree")] = None
    environment: Annotated[EnvironmentFacts, says("env, key, variant and Python")] = (
        EnvironmentFacts()
    )
    device: Annotated[str | None, says("cpu or cuda")] = None
    threads: Annotated[int | None, says("CPU threads")] = None
    seed: Annotated[int | None, says("the seed")] = None
    hash_seed: Annotated[int | None, says("PYTHONHASHSEED")] = None


class ComparedImage(Contract, kw_only=True):
    """One image of ours beside the committed one."""

    name: Annotated[str, says("the name of the pair")]
    verdict: ImageVerdict
    reason: Annotated[str, says("why there is nothing to compare, or in what they differ")] = ""
    inputs: Annotated[dict[str, str], says("side -> sha256 of the file of the input")]
    ours: PixelHash
    theirs: Maybe[PixelHash] = UNSET
    theirs_file: Maybe[Annotated[OriginalFile, says("the committed file")]] = UNSET
    lossy: Annotated[bool, says("whether one of the files is a JPEG")] = False
    max_abs: Annotated[
        int | None, says("the greatest difference of a value, in gray levels; null: not compared")
    ] = None
    mean_abs: Annotated[
        float | None, says("the mean difference over all values, in gray levels")
    ] = None
    psnr: Annotated[float | None, says("PSNR in dB; null where nothing differs")] = None
    differing: Annotated[
        float | None, says("the share, 0 to 1, of pixels with a difference in any channel")
    ] = None
    notes: Annotated[list[str], says("what was done to either before they were compared")] = []


class RunFacts(Contract, kw_only=True):
    """One of the runs that are compared with each other."""

    seed: Annotated[int | None, says("the seed")] = None
    hash_seed: Annotated[int | None, says("PYTHONHASHSEED")] = None
    threads: Annotated[int | None, says("CPU threads")] = None
    state: Annotated[str, says("how it ended")]


class RepeatedImage(Contract, kw_only=True):
    """The greatest difference of one image from the first run to any other.

    Null where the size differs.
    """

    name: Annotated[str, says("the name of the pair")]
    sha256: Annotated[list[str], says("the sha256 of its pixels in each run")]
    max_abs: Annotated[int | None, says("the greatest difference, in gray levels")]
    mean_abs: Annotated[float | None, says("the greatest mean difference, in gray levels")]
    differing: Annotated[float | None, says("the greatest share of differing pixels, 0 to 1")]


class MetricSpread(Contract, kw_only=True):
    """A metric over the runs."""

    mean: Annotated[float, says("the mean over the runs of the mean over the images")]
    range: Annotated[float, says("the range of the means")]
    range_of_one_image: Annotated[float, says("the greatest range of one image")]


class Determinism(Contract, kw_only=True):
    """The runs of one cell compared with the first of them."""

    verdict: RunsVerdict
    reason: Annotated[str, says("by how much they differ, or why that is not known")]
    runs: Annotated[list[RunFacts], says("the runs in their order")]
    images: Annotated[list[RepeatedImage], says("each image over the runs")] = []
    metrics: Annotated[
        dict[str, MetricSpread], says("id of a metric -> its spread, where images differ")
    ] = {}


class CheckedRun(Contract, kw_only=True):
    """What the page of a method says about the first run of a self-check."""

    state: Annotated[str, says("how it ended")]
    reason: Annotated[str, says("why it did not end well")]
    remedy: Maybe[
        Annotated[str, says("the field of the entry to change, where the cause is a known one")]
    ] = UNSET
    seconds: Annotated[float | None, says("how long it took, in seconds")] = None
    versions: Versions = {}
    deviations: Annotated[
        list[str], says("versions that are not those which the authors declare")
    ] = []
    shims: Annotated[dict[str, int], says("name of a shim -> how often it was used")] = {}
    compat: Annotated[list[str], says("the shims that the entry names")] = []
    edits: EditedFiles = {}
    notes: Annotated[list[str], says("what a reader should know of the run")] = []
    log: Annotated[str, says("the file that holds what the script printed")] = ""


class SelfcheckFiles(Contract, kw_only=True):
    """Where the images of a self-check lie."""

    marker: Annotated[str, says("the marker of the committed images")]
    fused: Annotated[str, says("the folder of ours")]


class SelfcheckResult(StoredFile, kw_only=True):
    """``results/selfcheck/<method>/<check>.json``."""

    OLDEST: ClassVar[int] = FORMAT

    method: Annotated[str, says("the name of the method")]
    check: Annotated[str, says("the name of the check")]
    verdict: ImageVerdict
    reason: Annotated[str, says("what the verdict alone does not say")]
    tolerance: Annotated[float, says("gray levels by which a value may differ")]
    counts: Annotated[dict[str, int], says("verdict -> number of images")]
    images: Annotated[list[ComparedImage], says("each image")]
    unpaired: Annotated[list[str], says("committed outputs that belong to no pair")] = []
    files: Annotated[SelfcheckFiles, says("where the images lie")]
    determinism: Annotated[Determinism, says("the runs compared with each other")]
    record: Annotated[CheckedRun, says("the first run")]
    proof: Annotated[Proof, says("what the verdict rests on")]


class SpreadResult(StoredFile, kw_only=True):
    """``results/repeats/<method>/<dataset>/spread.json``."""

    OLDEST: ClassVar[int] = FORMAT

    method: Annotated[str, says("the name of the method")]
    dataset: Annotated[str, says("the name of the dataset")]
    determinism: Annotated[Determinism, says("the runs compared with each other")]


class Claim(Contract, kw_only=True):
    """One number that somebody published about a method.

    It comes from the entry of the method or from a file of claims.
    """

    method: Annotated[str, says("the registry's name of the method")]
    dataset: Annotated[
        str,
        says(
            "the registry's name of the images, or selfcheck; empty where the registry does not"
            " hold them"
        ),
    ]
    images: Annotated[
        str, says("the images in the source's own words, where `dataset` is empty")
    ] = ""
    image: Annotated[
        str, says("the pair that the number is of; empty for the mean over all of them")
    ] = ""
    metric: Annotated[str, says("the metric's name, or an evaluator's own column name")]
    definition: Annotated[str, says("the evaluator whose formula it is, canonical, or unknown")]
    value: Annotated[float, says("the number as published")]
    decimals: Annotated[int, says("digits after the point that were published")]
    where: Annotated[str, says("the table, page or file that gives it")] = ""
    source: Annotated[str, says("who gives it; the method's own paper where empty")] = ""
    note: Annotated[str, says("what a reader should know where it is not reproduced")] = ""


class ClaimResult(Claim, kw_only=True):
    """A claim beside what is measured here."""

    id: Annotated[str, says("the id of the formula")]
    verdict: ClaimVerdict
    reason: Annotated[str, says("why it is not reproduced, or cannot be compared")] = ""
    measured: Annotated[float | None, says("the value measured here; null without one")] = None
    difference: Annotated[float | None, says("measured minus claimed")] = None
    tolerance: Annotated[
        float | None, says("half a unit of the last printed digit, plus the spread")
    ] = None
    spread: Annotated[float | None, says("the range over the runs; null where it was run once")] = (
        None
    )
    proof: Annotated[Proof | None, says("what the verdict rests on; null where nothing was run")]


class ClaimResults(StoredFile, kw_only=True):
    """``results/evidence/claims/<method>.json``."""

    OLDEST: ClassVar[int] = FORMAT

    claims: Annotated[list[ClaimResult], says("each claim about the method")]
