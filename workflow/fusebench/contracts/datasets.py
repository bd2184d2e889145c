"""``datasets.yaml``: the shared datasets, as a person writes them.

Read by ``registry``; ``fusebench pin`` writes its hashes. ``workflow/schemas/datasets.schema.json``
is made from these classes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta

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
    axes: Maybe[
        Annotated[
            str,
            text(
                "the axes of an array, one letter each in the order of the file: h rows, w columns,"
                " c bands, n scenes and 1 for an axis of length 1, (hw) or (wh) for rows and"
                " columns in one axis; those of a .mat file as MATLAB shows them; with it, the"
                " files are arrays (.mat, .h5, .npy, .npz, .tif) and no 8-bit images"
            ),
        ]
    ] = UNSET
    key: Maybe[
        Annotated[str, text("the name of the array in its file (.mat, .h5, .npz); never guessed")]
    ] = UNSET
    pixels: Maybe[
        Annotated[
            tuple[Annotated[int, Meta(ge=1)], Annotated[int, Meta(ge=1)]],
            says("width and height of an array whose rows and columns are one axis"),
        ]
    ] = UNSET
    bands: Maybe[
        Annotated[
            list[Annotated[int, Meta(ge=1)]],
            says("the bands of an array that are taken, counted from 1; default all", min_length=1),
        ]
    ] = UNSET


Weights = Annotated[
    list[Annotated[list[float], says("the weight of each band of B", min_length=1)]],
    says("a list of weights for each band of A", min_length=1),
]


class Windows(Entry, kw_only=True):
    """A spectral response of equal weights."""

    windows: Annotated[
        list[tuple[Annotated[int, Meta(ge=1)], Annotated[int, Meta(ge=1)]]],
        says(
            "for each band of A, the first and the last band of B whose mean it is, counted from 1",
            min_length=1,
        ),
    ]


class Degradation(Entry, kw_only=True):
    """How both sides of a hyperspectral scene are made from B; the field has no common way."""

    size: Annotated[int, says("rows and columns of the Gaussian blur, an odd number", ge=1)]
    sigma: Annotated[
        Annotated[float, Meta(gt=0)] | Annotated[int, Meta(gt=0)],
        says("the standard deviation of the blur in pixels of the ground truth"),
    ]
    phase: Annotated[int, says("the first row and column that is kept, counted from 0", ge=0)]
    border: Annotated[
        Literal["replicate", "circular", "reflect"],
        says("replicate (default), circular or reflect: what lies beyond the border of the scene"),
    ] = "replicate"
    response: Annotated[
        Weights | Windows,
        says(
            "the spectral response: for each band of A, in their order, its weights of the bands of"
            " B, which are used as they are; or windows: the mean of some bands of B"
        ),
    ]


class Cube(Entry, kw_only=True):
    """What is known of the arrays of a dataset: side A is the sharp one, B that of many bands."""

    ratio: Annotated[
        int, says("how many times the sides of B go into those of A, as the files are", ge=1)
    ]
    bands: Annotated[int, says("the number of bands of B that are taken", ge=1)]
    sensor: Annotated[
        str,
        text(
            "the sensor as DLPan-Toolbox names it (QB, IKONOS, GeoEye1, WV2, WV3, WV4), which"
            " decides its blur; any other name stands for a gain of 0.3 in all bands"
        ),
    ] = "none"
    peak: Annotated[
        Annotated[int, Meta(gt=0)] | Annotated[float, Meta(gt=0)],
        says("the largest value that the sensor can give, e.g. 2047 with 11 bits"),
    ]
    rgb: Maybe[
        Annotated[
            tuple[int, int, int],
            says("the bands shown as red, green and blue, counted from 1; default their mean"),
        ]
    ] = UNSET
    wavelengths: Maybe[
        Annotated[list[float], says("the wavelength of each band of B in nanometres", min_length=1)]
    ] = UNSET
    crop: Maybe[
        Annotated[
            tuple[int, int, int, int],
            says("the part that is taken: x, y, width and height in pixels of B as it is stored"),
        ]
    ] = UNSET
    derive: Maybe[
        Annotated[
            Literal["wald"] | Degradation,
            says(
                "wald: both sides are reduced by the ratio as DLPan-Toolbox does it, and B as it is"
                " stored is the ground truth; or blur, phase and spectral response: B as it is"
                " stored is the ground truth, from which both sides are made; absent: the files"
                " are used as they are"
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


Side = Annotated[
    SideEntry, says("one side of the pairs: files; modality; channel, range or bits; axes and key")
]
PartName = Annotated[
    str,
    says(
        "a name in lower case that is none of a, b and reference",
        pattern=r"^(?!a$|b$|reference$)[a-z][a-z0-9-]*$",
    ),
]
PairNames = Annotated[
    list[PairName],
    says("a list of pair names, each in quotes", min_length=1),
]


class DatasetEntry(Entry, kw_only=True):
    """One dataset."""

    UNIQUE: ClassVar[tuple[str, ...]] = ("pairs",)
    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(field="kind", value="generated", required=("generator",)),
        Rule(field="kind", value="git", required=("code", "commit", "b", "pairs")),
        Rule(field="kind", value="local", required=("folder", "b")),
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
    parts: Maybe[
        Annotated[
            dict[PartName, SideEntry],
            says("further parts of each scene by name, e.g. mask, as a and b"),
        ]
    ] = UNSET
    cube: Maybe[
        Annotated[Cube, says("of arrays: the ratio of their sizes, sensor, peak, what is derived")]
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
