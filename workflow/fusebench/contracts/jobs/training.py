"""The parameters of the jobs that train."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET

from fusebench.contracts.base import Contract, DeviceKind, MarkerPath, Maybe, says
from fusebench.contracts.jobs.fusing import Run, WeightRef
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.methods import (
    Archives,
    Compat,
    Cwd,
    EditedFiles,
    Environ,
    Script,
    TrainData,
)
from fusebench.contracts.training import Resume, SelectedOn


class TrainSpec(Contract, kw_only=True):
    """All that decides what is trained, except for the seed; its hash is the key of the folder."""

    source: Annotated[str, says("the key of the source")]
    environment: Annotated[str, says("the key of the environment")]
    datasets: Annotated[dict[str, DatasetJob], says("dataset -> which images it holds")]
    pretrained: Annotated[list[WeightRef], says("the weights that the training starts from")] = []
    files: Annotated[
        dict[str, str], says("file that is added to the repository -> sha256 of its text")
    ] = {}
    script: Script
    args: Annotated[str, says("the arguments as on a command line")] = ""
    cwd: Cwd = "."
    unpack: Archives = []
    edit: EditedFiles = {}
    compat: Compat = []
    environ: Environ = {}
    data: Annotated[list[TrainData], says("the training images")]
    checkpoint: Annotated[
        dict[str, str], says("path of a file of weights -> pattern of what the script writes")
    ]
    resume: Annotated[Resume, says("how a training that was cut off goes on")] = Resume()
    threads: Annotated[int, says("CPU threads", ge=1)]
    device: DeviceKind


class TrialRun(Contract, kw_only=True):
    """How the test script is started on one training pair, to see whether it uses the weights."""

    run: Annotated[Run, says("how the authors' test script is started and fed")]
    weights: Annotated[list[WeightRef], says("the files of weights that it reads")]
    dataset: Annotated[str, says("the dataset of the pair")]
    modalities: Annotated[tuple[str, str], says("what the source images A and B show")]
    minutes: Annotated[int | float, says("the time limit of the script, in minutes")]


class TrainJob(Contract, kw_only=True):
    """One training: a method with a seed."""

    name: Annotated[str, says("the name of the trained method, with variant and seed")]
    method: Annotated[str, says("the name of its entry")]
    variant: Annotated[str, says("retrained, or smoke")]
    seed: Annotated[int, says("the seed", ge=1)]
    spec: Annotated[TrainSpec, says("all else that decides what is trained")]
    selected: SelectedOn
    source: Annotated[MarkerPath, says("the marker of the clone")]
    commit: Maybe[Annotated[str, says("the commit of the entry; absent for a local folder")]] = (
        UNSET
    )
    environment: Annotated[MarkerPath, says("the marker of the environment")]
    fetched: Annotated[
        MarkerPath | None, says("the marker of pretrained weights that are fetched; null for none")
    ] = None
    manifests: Annotated[dict[str, MarkerPath], says("dataset -> its marker")]
    texts: Annotated[
        dict[str, str], says("file that is added to the repository -> file of the project")
    ] = {}
    minutes: Annotated[int | float, says("the time limit of the whole training, in minutes")]
    job_minutes: Annotated[
        int | float, says("the most minutes of one job (`training_minutes`); 0 for no limit")
    ] = 0
    gpus: Annotated[int, says("the number of GPUs", ge=0)] = 0
    test: Annotated[TrialRun, says("how the test script is tried")]
