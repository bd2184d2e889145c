"""``datasets.yaml``: the shared datasets, with their pairing rules and frozen lists of pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import UNSET

from fusebench.contracts.base import DatasetKind
from fusebench.contracts.datasets import BothModalities, DatasetEntry, SideEntry
from fusebench.generated import WITH_GROUND_TRUTH

SPEED_SIZES = ("640x480", "1024x768")
"""The sizes at which the suite option ``speed`` repeats one fixed pair."""

DEFAULT_MODALITIES = {
    "infrared-visible": ("infrared", "visible"),
    "multi-focus": ("near-focus", "far-focus"),
    "multi-exposure": ("under-exposed", "over-exposed"),
}
"""What the source images A and B of a task show, where an entry does not say."""


@dataclass(frozen=True)
class ImageSet:
    """What a fusing job must know of its images, whatever their origin.

    Attributes:
        name: of the dataset, or of the self-check.
        task: the fusion task.
        modalities: what the source images A and B show, one word in lower case each.
        exclusive: whether methods are timed on it, and want the machine for themselves.
    """

    name: str
    task: str
    modalities: tuple[str, str]
    exclusive: bool = False


@dataclass(frozen=True)
class Dataset:
    """An entry of ``datasets.yaml`` under its name; ``exclusive`` as ``ImageSet`` has it."""

    name: str
    entry: DatasetEntry
    exclusive: bool = False

    @property
    def title(self) -> str:
        """The dataset's name as papers print it."""
        return self.entry.title

    @property
    def task(self) -> str:
        """The fusion task that its pairs belong to."""
        return self.entry.task

    @property
    def kind(self) -> DatasetKind:
        """Where the images come from."""
        return self.entry.kind

    @property
    def licence(self) -> str:
        """The licence of the images; ``""`` where it is not known."""
        return self.entry.licence or ""

    @property
    def modalities(self) -> tuple[str, str]:
        """What the source images A and B show, one word in lower case each."""
        default = DEFAULT_MODALITIES.get(self.task, ("a", "b"))
        stated = self.entry.modalities
        if stated is not UNSET:
            return stated.a, stated.b
        a, b = (
            side.modality if isinstance(side, SideEntry) else UNSET
            for side in (self.entry.a, self.entry.b)
        )
        return a or default[0], b or default[1]

    @property
    def images(self) -> ImageSet:
        """What a fusing job must know of it."""
        return ImageSet(self.name, self.task, self.modalities, self.exclusive)

    @property
    def has_reference(self) -> bool:
        """Whether each pair comes with a ground truth."""
        if self.kind == "generated":
            return self.entry.generator in WITH_GROUND_TRUTH or self._derives_reference
        return self.entry.reference is not UNSET or self._derives_reference

    @property
    def _derives_reference(self) -> bool:
        return bool(self.entry.cube and self.entry.cube.derive)

    @property
    def measured_as(self) -> str:
        """The kind of metrics that its parts have: ``gray`` of images, ``bands`` of arrays."""
        return "bands" if self.entry.cube else "gray"


def speed_datasets(datasets: Iterable[Dataset], exclusive: bool) -> tuple[Dataset, ...]:
    """Return what methods are timed on: the fixed pair at each size.

    Each task among ``datasets`` has a dataset for each size.
    """
    first_of_task = {dataset.task: dataset for dataset in reversed(list(datasets))}
    return tuple(
        Dataset(f"speed-{size}-{task}", _repeated_pair(known, size), exclusive)
        for task, known in first_of_task.items()
        for size in SPEED_SIZES
    )


def _repeated_pair(known: Dataset, size: str) -> DatasetEntry:
    a, b = known.modalities
    return DatasetEntry(
        title=f"One fixed pair at {size}",
        task=known.entry.task,
        kind="generated",
        generator=f"repeated-{size}",
        modalities=BothModalities(a=a, b=b),
    )
