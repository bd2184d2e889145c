"""The parameters of the jobs that judge self-checks, further runs and claims."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET

from fusebench.contracts.base import (
    Contract,
    MarkerPath,
    Maybe,
    MetricIds,
    RecordPath,
    says,
)
from fusebench.contracts.methods import Archives, CheckPair, ClaimEntry


class CommittedJob(Contract, kw_only=True):
    """Which images of a clone a self-check takes.

    They are patterns below its top folder; a folder stands for all images in it.
    """

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
    """The runs that claims on some images are compared with."""

    manifest: Annotated[MarkerPath, says("the marker of the images")]
    records: Annotated[list[RecordPath], says("the records of the runs, the first one first")]


class ClaimsJob(Contract, kw_only=True):
    """The judgement of the claims about a method."""

    code: Annotated[str, says("the sha256 over the rules of judgement and the metrics")]
    method: Annotated[str, says("the name of the method")]
    claims: Annotated[list[ClaimEntry], says("the claims of the entry")]
    files: Annotated[dict[str, str], says("file of claims -> its sha256")]
    images: Annotated[dict[str, ClaimedImages], says("dataset of a claim -> its runs")]
    reason: Annotated[str, says("why nothing can be compared with the claims; empty where it can")]
    entry: Maybe[
        Annotated[
            str,
            says("the name of the entry, where its claims are judged by the seeds of trainings"),
        ]
    ] = UNSET
