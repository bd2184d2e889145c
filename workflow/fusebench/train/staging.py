"""What a training script finds: the training images, lists of them, and added files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import UNSET

from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.markers import Manifest, Pair
from fusebench.contracts.methods import Convert, TrainData
from fusebench.errors import Crashed
from fusebench.fuse.staging import clear_folders, stage_pairs
from fusebench.links import place_for
from fusebench.registry.placeholders import Values, fill


@dataclass(frozen=True)
class TrainingImages:
    """The training images of one dataset.

    Attributes:
        data: what the entry says of them.
        manifest: of the dataset.
    """

    data: TrainData
    manifest: Manifest

    @property
    def pairs(self) -> Sequence[Pair]:
        """The pairs that are staged."""
        return self.manifest.pairs[: self.data.pairs or None]


def stage_images(images: Sequence[TrainingImages], work: Path, values: Values) -> None:
    """Stage the training images of all datasets, and the lists that name them.

    The authors' own samples in the same folders are removed first.

    Raises:
        Crashed: two images would lie at one path, or outside the scratch folder.
        DatasetUnavailable: a prepared image was changed since.
    """
    for one in images:
        clear_folders(_run_of(one.data), work, values)
    for one in images:
        stage_pairs(one.pairs, Path(one.manifest.path), _run_of(one.data), work, values)
        _write_lists(one, work, values)


def _run_of(data: TrainData) -> Run:
    """Return how images are staged, in the form in which a test has it."""
    return Run(
        script="train",
        stage=data.stage,
        convert=data.convert or Convert(),
        collect="{out}/{index}",
        first_index=1 if data.first_index is UNSET else data.first_index,
    )


def _write_lists(images: TrainingImages, work: Path, values: Values) -> None:
    first = _run_of(images.data).first_index
    for path, line in (images.data.lists or {}).items():
        lines = [
            fill(line, {**values, "name": pair.name, "index": index})
            for index, pair in enumerate(images.pairs, start=first)
        ]
        with place_for(work / path, work).open("a", encoding="utf-8") as stream:
            stream.write("".join(f"{one}\n" for one in lines))


def add_files(texts: Mapping[str, Path], work: Path, values: Values) -> None:
    """Write the files that the repository lacks, with their placeholders filled.

    Raises:
        Crashed: one of them cannot be read.
    """
    for target, source in texts.items():
        try:
            text = source.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Crashed(
                f"train.files: {target} must be a text file in UTF-8; {source}: {error}"
            ) from error
        place_for(work / target, work).write_text(fill(text, values), encoding="utf-8")
