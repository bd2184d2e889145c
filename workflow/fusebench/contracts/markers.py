"""Markers: how a step tells the later steps how it ended.

Each of the steps that fetch or build ends by writing ``resources/<step>/<key>.json``, whether it
succeeded or not. In a marker of a step that failed, ``state`` and ``reason`` say why, and the
fields for its output are empty.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import UNSET

from fusebench.contracts.base import Contract, Maybe, says
from fusebench.contracts.datasets import Cube
from fusebench.contracts.files import StoredFile, Upgrade
from fusebench.contracts.training import TrainedWith
from fusebench.contracts.weights import WeightFacts
from fusebench.states import OK, State

Size = Annotated[tuple[int, int], says("width and height in pixels")]
PixelHash = Annotated[str, says("the sha256 over the pixel values")]
Notes = Annotated[list[str], says("what was done to the image while it was read")]
Installed = Maybe[
    Annotated[
        str,
        says(
            "the sha256 over names and sha256 of the files that its wheels installed; two builds of"
            " one version have different ones"
        ),
    ]
]
ARRAY = "array"
"""The mode of a part that is an array of any number of bands."""
Packages = Annotated[dict[str, str], says("package -> version")]


class Marker(StoredFile, kw_only=True):
    """What every marker says."""

    state: Annotated[State, says("ok, or the state that cells which need this take over")] = OK
    reason: Annotated[str, says("why the state is not ok; empty where it is")] = ""
    path: Annotated[
        str, says("the folder that was made, from the project's folder on; empty where it failed")
    ] = ""

    @property
    def is_ok(self) -> bool:
        """Whether the step succeeded."""
        return self.state == OK


class SourceMarker(Marker, kw_only=True):
    """A clone, or the copy of a local folder.

    Written by ``sources``, read by ``fuse`` and ``evidence``.
    """

    code: Annotated[str, says("the address of the repository, or a local folder")] = ""
    origin: Annotated[str, says("where it was really cloned from")] = ""
    commit: Annotated[str | None, says("the full commit hash; null for a local folder")] = None
    tree: Annotated[
        str, says("the hash of the commit's tree, or the sha256 over a local folder's files")
    ] = ""
    absent: Annotated[list[str], says("files of the commit whose content the origin lacks")] = []
    submodules: Annotated[dict[str, str], says("path of a submodule -> its commit")] = {}
    carried: Maybe[
        Annotated[
            str,
            says(
                "the sha256 over the files of a clone that was carried to another machine without"
                " its history"
            ),
        ]
    ] = UNSET
    submodule_addresses: Maybe[
        Annotated[dict[str, str], says("path of a submodule -> where it was asked for")]
    ] = UNSET


class WeightsMarker(Marker, kw_only=True):
    """Fetched weights: written by ``sources``, read by ``fuse``."""

    sha256: Annotated[dict[str, str], says("path of a file -> its sha256")] = {}
    facts: Annotated[dict[str, WeightFacts], says("path of a file -> where it came from")] = {}
    training: Maybe[
        Annotated[TrainedWith, says("the training that they come from, if they were trained here")]
    ] = UNSET


class KeptWeight(Contract, kw_only=True):
    """What is known of one file of weights since it was last read."""

    sha256: Annotated[str, says("the sha256 of the file")]
    source: Annotated[str, says("the address that it was fetched from; by hand for a person's")]
    stat: Annotated[
        list[int], says("its size in bytes, times of content and inode in ns, and inode")
    ]


class KeptWeights(StoredFile, kw_only=True):
    """``resources/weights/<method>/.files.json``: spares reading a file again that is the same.

    Written and read by ``sources``.
    """

    files: Annotated[dict[str, KeptWeight], says("path of a file -> what is known of it")] = {}


class PythonFacts(Contract, kw_only=True):
    """The Python of an environment."""

    version: Annotated[str, says("the full version")]
    executable: Annotated[str, says("the interpreter that the environment was made with")]
    origin: Annotated[str, says("where that interpreter was found")]


class OctaveFacts(Contract, kw_only=True):
    """The GNU Octave of an environment."""

    version: Annotated[str, says("the full version")]
    executable: Annotated[str, says("its program")]
    origin: Annotated[str, says("where it was found: conda, or the machine")]
    packages: Packages = {}


class EnvironmentMarker(Marker, kw_only=True):
    """A built environment: written by ``environments``, read by ``fuse``.

    A receipt with the same content lies inside the environment.
    """

    key: Annotated[str, says("the hash of what is locked, the name of its folder")] = ""
    env: Annotated[str, says("the name of the environment, a folder of envs/")] = ""
    variant: Annotated[str, says("cpu or cuda; empty where one lock serves both")] = ""
    lock: Annotated[str, says("the file name of its lock")] = ""
    python: Annotated[PythonFacts | None, says("its Python; null where it was not built")] = None
    octave: Maybe[Annotated[OctaveFacts, says("its Octave, where it asks for one")]] = UNSET
    packages: Packages = {}
    conda_packages: Packages = {}
    cuda_architectures: Annotated[
        list[str] | None,
        says("what its torch has kernels for, such as sm_80; null without torch for CUDA"),
    ] = None
    notes: Annotated[list[str], says("what was found odd while it was built")] = []
    bytes: Annotated[int, says("the size of its files in bytes")] = 0
    files: Annotated[int, says("the number of its files")] = 0
    manifest: Annotated[str, says("the sha256 of the list of its files")] = ""
    installed: Installed = UNSET
    seconds: Annotated[float, says("how long it was built, in seconds")] = 0.0


class OriginalFile(Contract, kw_only=True):
    """The file that an image was read from."""

    file: Annotated[str, says("its path in the repository, or in the user's folder")]
    sha256: Annotated[str, says("the sha256 of its bytes")]


class ArrayFacts(Contract, kw_only=True):
    """What is known of an array (H, W, C), and the 8-bit picture that shows it."""

    shape: Annotated[tuple[int, int, int], says("rows, columns and bands")]
    dtype: Annotated[str, says("the type of its values, as NumPy names it")]
    content: Maybe[
        Annotated[
            str,
            says(
                "the sha256 over the values of a derived array as they are stored; its own sha256"
                " is that of what it was derived from, and how, which is the same on every machine"
            ),
        ]
    ] = UNSET
    picture: Annotated[str, says("the path of its picture in the folder of the marker")]
    limits: Annotated[
        list[tuple[float, float]],
        says("for each band of the picture, the values that became 0 and 255"),
    ]


class ImageFile(Contract, kw_only=True):
    """One part of a scene: an image, or an array with a picture of it."""

    file: Annotated[str, says("its path in the folder of the marker")]
    mode: Annotated[str, says("gray or rgb; array for one of any bands")]
    sha256: PixelHash
    notes: Notes = []
    size: Maybe[Size] = UNSET
    original: Maybe[OriginalFile] = UNSET
    file_sha256: Maybe[Annotated[str, says("the sha256 of the bytes of this file")]] = UNSET
    array: Maybe[Annotated[ArrayFacts, says("of an array: what it is, and its picture")]] = UNSET

    @property
    def shown(self) -> str:
        """The file of gray or RGB pixels that readers see: the image itself, or its picture."""
        return self.array.picture if self.array else self.file


class Pair(Contract, kw_only=True):
    """One pair of a dataset, or of a self-check's images."""

    name: Annotated[str, says("the name of the pair")]
    size: Size
    a: Annotated[ImageFile, says("source image A")]
    b: Annotated[ImageFile, says("source image B")]
    reference: Maybe[Annotated[ImageFile, says("the ground truth")]] = UNSET
    others: Maybe[Annotated[dict[str, ImageFile], says("further parts by name")]] = UNSET
    expect: Maybe[
        Annotated[
            ImageFile | None, says("the committed output; null where there is none to compare with")
        ]
    ] = UNSET
    why: Maybe[Annotated[str, says("why there is no committed output to compare with")]] = UNSET

    @property
    def sides(self) -> dict[str, ImageFile]:
        """The images that metrics are computed from, by side.

        The sides are a, b and, where there is one, reference.
        """
        known = {"a": self.a, "b": self.b}
        return known if self.reference is UNSET else {**known, "reference": self.reference}

    @property
    def parts(self) -> dict[str, ImageFile]:
        """All parts of the scene by name: the sides, and further ones."""
        return {**self.sides, **(self.others or {})}


class Manifest(Marker, kw_only=True):
    """A dataset in its normal form, or the images of a self-check.

    Written by ``datasets`` and ``evidence``.
    """

    pairs: Annotated[list[Pair], says("its pairs in their order; empty where it failed")] = []
    sha256: Annotated[str, says("the sha256 over names and pixels of all sources")] = ""
    cube: Maybe[Annotated[Cube, says("of arrays: what is known of them")]] = UNSET
    unpaired: Maybe[Annotated[list[str], says("committed outputs that belong to no pair")]] = UNSET
    one_image: Maybe[
        Annotated[list[str], says("pairs whose two source images are equal in every pixel")]
    ] = UNSET
    left_out: Maybe[
        Annotated[
            dict[str, list[str]],
            says("reason -> source images that match a pattern and belong to no pair"),
        ]
    ] = UNSET


class Attempts(StoredFile, kw_only=True):
    """How often a step or a cell was tried, see ``attempts.py``.

    In ``resources/failures/...`` and ``results/failures/...``.
    """

    attempts: Annotated[
        int, says("how many times it was asked for beyond the first: failed, lost or forced", ge=0)
    ]
    failed: Annotated[bool, says("whether the last one failed")]


class FusedCell(Contract, kw_only=True):
    """What a fusing job says about one of its cells."""

    state: Annotated[State, says("the state of the cell")]
    record: Annotated[str, says("the sha256 of its record")]


class FusedCells(StoredFile, kw_only=True):
    """``results/jobs/<method>/<job>.json``: all cells of a fusing job have their records.

    Written by ``fuse``.
    """

    cells: Annotated[dict[str, FusedCell], says("name of a cell -> its state and record")]


class WrittenFile(Contract, kw_only=True):
    """One file of results as a step left it."""

    sha256: Annotated[str, says("the sha256 of its bytes")]
    stat: Annotated[
        list[int], says("its size in bytes, times of content and inode in ns, and inode")
    ]


class WrittenFiles(StoredFile, kw_only=True):
    """``results/.written/...json``: what a job has made of the results, and from what.

    Written by ``steps``, read when a run begins (``outputs.py``).
    """

    files: Annotated[dict[str, WrittenFile], says("path of a file -> what is known of it")]
    made_from: Annotated[list[str], says("the paths of the files that it was made from")] = []


class Holder(StoredFile, kw_only=True):
    """``.lease`` in the folder of a run: the job that holds it, or held it last.

    Written and read by ``fuse``.
    """

    UPGRADES: ClassVar[dict[int, Upgrade]] = {
        1: lambda data: {("session" if key == "run" else key): data[key] for key in data}
    }

    host: Annotated[str, says("the machine")]
    pid: Annotated[int, says("the process")]
    slurm_job: Annotated[str | None, says("the Slurm job; null without Slurm")]
    session: Annotated[str | None, says("the run of Snakemake that it belongs to")] = None
    since: Annotated[str, says("when it took the run, in UTC")]
