"""``datasets.yaml``: the shared datasets, each with its pairing rule and its frozen list of pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SPEED_SIZES = ("640x480", "1024x768")
"""The sizes at which the suite option ``speed`` repeats one fixed pair."""

DEFAULT_MODALITIES = {
    "infrared-visible": ("infrared", "visible"),
    "multi-focus": ("near-focus", "far-focus"),
    "multi-exposure": ("under-exposed", "over-exposed"),
}
"""What the source images A and B of a task show, where an entry does not say."""


@dataclass(frozen=True)
class Dataset:
    """An entry of ``datasets.yaml`` under its name; ``entry`` holds its fields as the schema describes them."""

    name: str
    entry: dict[str, Any]

    @property
    def title(self) -> str:
        """The dataset's name as papers print it."""
        return str(self.entry["title"])

    @property
    def task(self) -> str:
        """The fusion task that its pairs belong to."""
        return str(self.entry["task"])

    @property
    def kind(self) -> str:
        """``generated``, ``git`` or ``local``."""
        return str(self.entry["kind"])

    @property
    def modalities(self) -> tuple[str, str]:
        """What the source images A and B show, one word in lower case each."""
        given = self.entry.get("modalities", {})
        default = DEFAULT_MODALITIES.get(self.task, ("a", "b"))
        return (
            str(given.get("a") or self.entry.get("a", {}).get("modality") or default[0]),
            str(given.get("b") or self.entry.get("b", {}).get("modality") or default[1]),
        )

    @property
    def has_reference(self) -> bool:
        """Whether each pair comes with a ground truth."""
        if self.kind != "generated":
            return "reference" in self.entry
        from fusebench.datasets.generated import WITH_GROUND_TRUTH

        return self.entry["generator"] in WITH_GROUND_TRUTH

    @property
    def definition(self) -> dict[str, Any]:
        """The fields that decide which images the dataset holds; changing one prepares it again."""
        fields = (
            "kind",
            "generator",
            "code",
            "commit",
            "folder",
            "a",
            "b",
            "reference",
            "pairs",
            "sha256",
            "hashes",
        )
        return {key: self.entry[key] for key in fields if key in self.entry}


def speed_datasets(datasets: Iterable[Dataset], exclusive: bool) -> tuple[Dataset, ...]:
    """Return what methods are timed on: the fixed pair at each size, as a dataset of each task among ``datasets``."""
    first_of_task = {dataset.task: dataset for dataset in reversed(list(datasets))}
    return tuple(
        Dataset(
            f"speed-{size}-{task}",
            {
                "title": f"One fixed pair at {size}",
                "task": task,
                "kind": "generated",
                "generator": f"repeated-{size}",
                "modalities": dict(zip("ab", known.modalities, strict=True)),
                "exclusive": exclusive,
            },
        )
        for task, known in first_of_task.items()
        for size in SPEED_SIZES
    )
