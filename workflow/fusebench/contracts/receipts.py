"""The receipt of a training, and what is kept of one that has not ended.

``train`` writes both beside the trained weights, see ``layout.py``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fusebench.contracts.base import Contract, says
from fusebench.contracts.files import StoredFile
from fusebench.contracts.harness import LaunchReport
from fusebench.contracts.records import EnvironmentFacts, SourceFacts, Versions
from fusebench.contracts.training import Parameters, SelectedOn


class TrainedOn(Contract, kw_only=True):
    """The training images from one dataset."""

    dataset: Annotated[str, says("the name of the dataset")]
    sha256: Annotated[str, says("the sha256 over names and pixels of the whole dataset")]
    pairs: Annotated[int, says("the number of pairs that were staged", ge=0)]


class Stretch(Contract, kw_only=True):
    """One stretch of a training: from a start of the script to its end."""

    started: Annotated[str, says("when it began, in UTC")]
    seconds: Annotated[float, says("how long it ran, in seconds")]
    node: Annotated[str, says("the machine")]
    slurm_job: Annotated[str | None, says("the id of the Slurm job; null without Slurm")] = None
    device: Annotated[str, says("cpu or cuda")] = "cpu"
    device_name: Annotated[str | None, says("the name of the processor or the GPU")] = None
    ended: Annotated[str, says("how it ended: complete, cut off, or the error")] = "cut off"


class TrainingProgress(StoredFile, kw_only=True):
    """``progress.json`` of a training that has not ended: what was done, and what is kept of it."""

    identity: Annotated[str, says("the sha256 over all that decides what is trained")]
    stretches: Annotated[list[Stretch], says("the stretches so far")] = []
    kept: Annotated[dict[str, str], says("path of a kept file -> its sha256")] = {}
    report: Annotated[
        LaunchReport | None,
        says("what the launcher saw of a script that has ended well; null while there is more"),
    ] = None

    @property
    def hours(self) -> float:
        """The hours of training that were done."""
        return sum(stretch.seconds for stretch in self.stretches) / 3600


class UseCheck(Contract, kw_only=True):
    """Whether the test script uses the weights: one image with them, and with others."""

    verdict: Annotated[
        Literal["differs", "same", "unknown"],
        says(
            "differs: as it must; same: the test script gives the same image whatever the weights;"
            " unknown: it could not be tried"
        ),
    ]
    reason: Annotated[str, says("what was seen")] = ""


class TrainingReceipt(StoredFile, kw_only=True):
    """``receipt.json`` of a training: what was trained, from what, and what was checked."""

    method: Annotated[str, says("the registry's name of the method")]
    variant: Annotated[str, says("retrained, or smoke")]
    seed: Annotated[int, says("the seed of the training")]
    identity: Annotated[str, says("the sha256 over all that decides what is trained")]
    source: Annotated[SourceFacts, says("the source")]
    environment: Annotated[EnvironmentFacts, says("the environment")]
    data: Annotated[list[TrainedOn], says("the training images")]
    pretrained: Annotated[dict[str, str], says("path of a pretrained part -> its sha256")] = {}
    files: Annotated[
        dict[str, str], says("file that was added to the repository -> its sha256")
    ] = {}
    stretches: Annotated[list[Stretch], says("the stretches of the training")]
    seconds: Annotated[float, says("how long it took in all, in seconds")]
    versions: Versions = {}
    shims: Annotated[dict[str, int], says("name of a shim -> how often it was used")] = {}
    parameters: Annotated[
        Parameters | None, says("what was seen of the parameters; null where nothing was")
    ] = None
    checkpoint: Annotated[dict[str, str], says("path of a file of weights -> its sha256")]
    written: Annotated[
        dict[str, str], says("path of a file of weights -> the file that the script wrote")
    ] = {}
    selected: SelectedOn
    test: Annotated[UseCheck, says("whether the test script uses the weights")]
    test_run: Annotated[str, says("the sha256 over how the test script was started for that")] = ""
    notes: Annotated[list[str], says("what a reader should know of the training")] = []
    log: Annotated[str, says("the file that holds what the script printed")] = ""
    log_sha256: Annotated[str, says("the sha256 of that file when the training ended")] = ""
