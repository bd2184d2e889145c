"""Training: parts of ``train`` of an entry, and what later steps know of a training."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET

from fusebench.contracts.base import Contract, Entry, Maybe, Rule, inside, says, text

SelectedOn = Annotated[
    Literal["nothing", "training", "validation", "test"],
    says(
        "on which images the script chooses the checkpoint: nothing (the last one), training,"
        " validation, or test; the last is a footnote of every table"
    ),
]
Variant = Literal["retrained", "smoke"]
RETRAINED: Variant = "retrained"
SMOKE: Variant = "smoke"
ChangedParameters = Annotated[int, says("how many of them training has changed", ge=0)]


class Checkpoint(Entry, kw_only=True):
    """Which of the files that the script writes are the trained weights."""

    files: Annotated[
        dict[str, Annotated[str, inside("a file that the script writes; * and ** stand for any")]],
        says(
            "where the test script expects a file of weights -> the file that the training script"
            " writes; of several that match, the last in natural order (epoch_10 after epoch_9)",
            min_length=1,
        ),
    ]
    selected: SelectedOn
    how: Maybe[Annotated[str, text("how the checkpoint is chosen, in a sentence")]] = UNSET


class Resume(Entry, kw_only=True):
    """How a training that was cut off goes on."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(field="by", value="argument", required=("args", "files")),
        Rule(field="by", value="rerun", required=("files",)),
    )

    by: Annotated[
        Literal["rerun", "argument", "none"],
        says(
            "rerun: the same command finds its checkpoint; argument: with `args` added to its"
            " arguments; none (default): only from the beginning"
        ),
    ] = "none"
    files: Maybe[
        Annotated[
            list[Annotated[str, inside("a file that the script writes; * and ** stand for any")]],
            says("the files that are kept when it is cut off, and put back", min_length=1),
        ]
    ] = UNSET
    args: Maybe[
        Annotated[
            str,
            text("arguments that are added; {checkpoint} is the last kept file in natural order"),
        ]
    ] = UNSET


class Stated(Entry, kw_only=True):
    """What the authors say of their training."""

    epochs: Maybe[Annotated[int, says("epochs", ge=1)]] = UNSET
    iterations: Maybe[Annotated[int, says("iterations", ge=1)]] = UNSET
    batch: Maybe[Annotated[int, says("images or pairs of a batch", ge=1)]] = UNSET
    data: Maybe[Annotated[str, text("their training images, in their own words")]] = UNSET
    gpu: Maybe[Annotated[str, text("their GPU")]] = UNSET
    hours: Maybe[Annotated[float, says("how long it took, in hours", gt=0)]] = UNSET
    where: Annotated[str, text("the page, table or file that says so")]


class TrainedWith(Contract, kw_only=True):
    """What a cell says of the training that its weights come from."""

    seed: Annotated[int, says("the seed of the training")]
    variant: Annotated[str, says("retrained, or smoke for a training of minutes")]
    selected: SelectedOn
    receipt: Annotated[str, says("the receipt of the training, from the project's folder on")]
    images: Annotated[
        str, says("the file with the training images' thumbnails and hashes, likewise")
    ]


class Parameters(Contract, kw_only=True):
    """The parameters that optimisers of the script were given, as the launcher saw them."""

    tensors: Annotated[int, says("how many tensors of parameters", ge=0)]
    changed: ChangedParameters
    values: Annotated[int, says("how many values they hold", ge=0)]
    before: Annotated[str, says("the sha256 over all of them when their optimiser was made")]
    after: Annotated[str, says("the same at the end of the script")]
