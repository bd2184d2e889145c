"""``datasets.yaml``: the shared datasets, as a person writes them.

Read by ``registry``; ``fusebench pin`` writes its hashes. ``workflow/schemas/datasets.schema.json``
is made from these classes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET

from fusebench.contracts.base import (
    SHA256_PATTERN,
    Commit,
    DatasetKind,
    Entry,
    Maybe,
    Name,
    Rule,
    says,
    text,
)
from fusebench.contracts.methods import Task
from fusebench.contracts.pair_names import PairName


class PercentileRange(Entry, kw_only=True):
    """A range that is found in the images: the values of two percentiles."""

    percentiles: Annotated[
        tuple[float, float],
        says(
            "the two percentiles, 0 to 100, whose values become 0 and 255, e.g. [0.1, 99.9]: 0.1 %"
            " of the values are below the first one and 0.1 % above the second one"
        ),
    ]
    of: Maybe[
        Annotated[
            Literal["image", "dataset"],
            says(
                "image or dataset: whether each image is scaled by its own percentiles, as papers"
                " do it, or all images of this side by those of all their values together, so that"
                " a gray level means the same in every scene; default image"
            ),
        ]
    ] = UNSET


class SideReading(Entry, kw_only=True):
    """How the image files of a side are read, where the files alone do not say it."""

    channel: Maybe[
        Annotated[
            int,
            says(
                "the only channel that is read, counted from 0: red, green, blue, and the fourth"
                " one (3), where files with four channels hold the infrared image; absent: gray or"
                " RGB",
                ge=0,
                le=3,
            ),
        ]
    ] = UNSET
    range: Maybe[
        Annotated[
            tuple[int, int] | PercentileRange,
            says(
                "the two values in the files that become 0 and 255, e.g. [7000, 8020], or how they"
                " are found, e.g. {percentiles: [0.1, 99.9]}; values outside are clipped, and"
                " counted in the manifest"
            ),
        ]
    ] = UNSET
    bits: Maybe[
        Annotated[
            int,
            says(
                "how many bits of 16-bit values are used, e.g. 14: the range 0 to 16383; a greater"
                " value in a file is an error",
                ge=9,
                le=16,
            ),
        ]
    ] = UNSET


class SideEntry(SideReading, kw_only=True):
    """One side of the pairs."""

    modality: Maybe[
        Annotated[
            str,
            text("what the images show, one word in lower case, e.g. infrared, mri, near-focus"),
        ]
    ] = UNSET
    files: Annotated[
        str,
        text(
            "where the image of a pair lies, in quotes: {name} stands for the pair, *, ? and [ab]"
            " for other characters of a name, ** for any depth of folders"
        ),
    ]


class BothModalities(Entry, kw_only=True):
    """What the two source images show."""

    a: Annotated[str, text("what image A shows")]
    b: Annotated[str, text("what image B shows")]


Side = Annotated[SideEntry, says("one side of the pairs: files; modality; channel, range or bits")]
PairNames = Annotated[
    list[PairName],
    says("a list of pair names, each in quotes", min_length=1),
]


class DatasetEntry(Entry, kw_only=True):
    """One dataset."""

    UNIQUE: ClassVar[tuple[str, ...]] = ("pairs",)
    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(field="kind", value="generated", required=("generator",)),
        Rule(field="kind", value="git", required=("code", "commit", "a", "b", "pairs")),
        Rule(field="kind", value="local", required=("folder", "a", "b")),
    )

    title: Annotated[str, text("the dataset's name as papers print it")]
    task: Task
    kind: DatasetKind
    generator: Maybe[Annotated[str, text("the name of a generator of fusebench")]] = UNSET
    code: Maybe[Annotated[str, text("the address of the repository that holds the images")]] = UNSET
    commit: Maybe[Commit] = UNSET
    folder: Maybe[
        Annotated[
            str,
            text("the folder of the user's images (local); paths of a and b are relative to it"),
        ]
    ] = UNSET
    a: Maybe[Side] = UNSET
    b: Maybe[Side] = UNSET
    reference: Maybe[
        Annotated[SideEntry, says("the ground truth of each pair, where there is any, as a and b")]
    ] = UNSET
    modalities: Maybe[
        Annotated[BothModalities, says("what the two source images show (generated)")]
    ] = UNSET
    pairs: Maybe[
        Annotated[
            PairNames | Annotated[str, text("a path")],
            says(
                "a list of pair names, each in quotes, or the path of a text file with one name per"
                " line"
            ),
        ]
    ] = UNSET
    sha256: Maybe[
        Annotated[
            str,
            says(
                "the sha256 over the images of all pairs that `fusebench list datasets` prints, in"
                " quotes",
                pattern=SHA256_PATTERN,
            ),
        ]
    ] = UNSET
    hashes: Maybe[
        Annotated[
            str,
            text(
                "the path of a text file with the sha256 of the pixels of every image, as"
                " `fusebench pin` writes it"
            ),
        ]
    ] = UNSET
    licence: Maybe[Annotated[str, text("the licence of the images, as far as known")]] = UNSET
    source: Maybe[Annotated[str, text("where the images come from, for a reader")]] = UNSET
    notes: Maybe[Annotated[str, text("what a reader should know")]] = UNSET


Datasets = Annotated[
    dict[Name, Annotated[DatasetEntry, says("one dataset")]],
    says("the registry of shared datasets"),
]
