"""The parameters of the jobs that fuse."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, field

from fusebench.contracts.base import Contract, DeviceKind, MarkerPath, Maybe, says
from fusebench.contracts.methods import (
    Adapter,
    Archives,
    Args,
    Collect,
    Compat,
    Convert,
    Converting,
    Cwd,
    Devices,
    EditedFiles,
    Environ,
    FirstIndex,
    Function,
    Interpreter,
    MakeFolders,
    Mex,
    ModelFunctions,
    OutputRange,
    PairsPerProcess,
    ResultArray,
    Script,
    Seed,
    SizePolicy,
    Staging,
    is_matlab,
)
from fusebench.contracts.suspicion import Suspicion


class Run(Contract, kw_only=True):
    """How the authors' script is started and fed on one dataset: ``run`` with its defaults.

    The fields are those of ``methods.RunPart``. A field that has no default and that the entry
    leaves out is not there.
    """

    script: Maybe[Script] = UNSET
    adapter: Maybe[Adapter] = UNSET
    function: Maybe[Function] = UNSET
    interpreter: Maybe[Interpreter] = UNSET
    mex: Maybe[Mex] = UNSET
    args: Args = ""
    cwd: Cwd = "."
    stage: Staging
    convert: Converting = Convert()
    collect: Collect
    result: Maybe[ResultArray] = UNSET
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

    @property
    def is_matlab(self) -> bool:
        """Whether the code is MATLAB's, a function or a script."""
        return is_matlab(self.script, self.function)


class WeightRef(Contract, kw_only=True):
    """A file of weights as far as it decides a result."""

    path: Annotated[str, says("where the script expects the file, below the repository's top")]
    sha256: Maybe[Annotated[str, says("the sha256 that the file must have")]] = UNSET
    origin: Maybe[
        Annotated[str, says("where the file with that sha256 came from, if not from the authors")]
    ] = UNSET


class CellSpec(Contract, kw_only=True):
    """All that an entry says which decides what a run of a method on a dataset gives.

    Its hash (``spec`` of the record) shows whether a finished run is still the one that is asked
    for. Title, paper, claims, memory and address are not in it; source and environment are in the
    markers.
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
    accept: Maybe[
        Annotated[list[Suspicion], says("rules of suspicion that the method breaks on purpose")]
    ] = UNSET


class MethodPart(Contract, kw_only=True):
    """What the cells of a fusing job have in common: their method."""

    name: Annotated[str, says("the name of the method")]
    source: Annotated[MarkerPath, says("the marker of the clone")]
    commit: Maybe[Annotated[str, says("the commit of the entry; absent for a local folder")]] = (
        UNSET
    )
    environment: Annotated[MarkerPath, says("the marker of the environment")]
    fetched: Annotated[MarkerPath | None, says("the marker of the fetched weights; null for none")]
    weights: Annotated[list[WeightRef], says("the files of trained parameters")]
    threads: Annotated[int, says("CPU threads", ge=1)]
    minutes: Annotated[int | float, says("the time limit of the script on one dataset, in minutes")]
    device: DeviceKind
    gpus: Annotated[int, says("the number of GPUs", ge=0)]
    accept: Maybe[
        Annotated[list[Suspicion], says("rules of suspicion that the method breaks on purpose")]
    ] = UNSET


class CellPart(Contract, kw_only=True):
    """The parameters of one cell of a fusing job."""

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
