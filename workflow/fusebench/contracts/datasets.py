"""``datasets.yaml``: the shared datasets, as a person writes them.

Read by ``registry``; ``fusebench pin`` writes its hashes. ``workflow/schemas/datasets.schema.json`` is made from these classes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, UnsetType

from fusebench.contracts.base import SHA256_PATTERN, Commit, Entry, Name, Rule, says, text
from fusebench.contracts.methods import Task

Kind = Literal["generated", "git", "local"]


class SideEntry(Entry, kw_only=True):
    """One side of the pairs."""

    modality: (
        Annotated[
            str,
            text("what the images show, one word in lower case, e.g. infrared, mri, near-focus"),
        ]
        | UnsetType
    ) = UNSET
    files: Annotated[
        str,
        text("where the image of a pair lies; the placeholder {name} stands for the pair"),
    ]


class BothModalities(Entry, kw_only=True):
    """What the two source images show."""

    a: Annotated[str, text("what image A shows")]
    b: Annotated[str, text("what image B shows")]


Side = Annotated[SideEntry, says("one side of the pairs: files, and modality")]
PairNames = Annotated[
    list[Annotated[str, says("a name without '/', '\\', '{' and '}'", pattern=r"^[^/\\{}]+$")]],
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
    kind: Annotated[Kind, says("generated, git or local")]
    generator: Annotated[str, text("the name of a generator of fusebench")] | UnsetType = UNSET
    code: (
        Annotated[str, text("the address of the repository that holds the images")] | UnsetType
    ) = UNSET
    commit: Commit | UnsetType = UNSET
    folder: (
        Annotated[
            str,
            text("the folder of the user's images (local); paths of a and b are relative to it"),
        ]
        | UnsetType
    ) = UNSET
    a: Side | UnsetType = UNSET
    b: Side | UnsetType = UNSET
    reference: (
        Annotated[SideEntry, says("the ground truth of each pair, where there is any: files")]
        | UnsetType
    ) = UNSET
    modalities: (
        Annotated[BothModalities, says("what the two source images show (generated)")] | UnsetType
    ) = UNSET
    pairs: (
        Annotated[
            PairNames | Annotated[str, text("a path")],
            says(
                "a list of pair names, each in quotes, or the path of a text file with one name per"
                " line"
            ),
        ]
        | UnsetType
    ) = UNSET
    sha256: (
        Annotated[
            str,
            says(
                "the sha256 over the images of all pairs that `fusebench list datasets` prints, in"
                " quotes",
                pattern=SHA256_PATTERN,
            ),
        ]
        | UnsetType
    ) = UNSET
    hashes: (
        Annotated[
            str,
            text(
                "the path of a text file with the sha256 of the pixels of every image, as"
                " `fusebench pin` writes it"
            ),
        ]
        | UnsetType
    ) = UNSET
    licence: Annotated[str, text("the licence of the images, as far as known")] | UnsetType = UNSET
    source: Annotated[str, text("where the images come from, for a reader")] | UnsetType = UNSET
    notes: Annotated[str, text("what a reader should know")] | UnsetType = UNSET


Datasets = Annotated[
    dict[Name, Annotated[DatasetEntry, says("one dataset")]],
    says("the registry of shared datasets"),
]
