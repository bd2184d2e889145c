"""Datasets in their normal form: which files become which images, and what is refused."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import cv2
import git
import numpy as np
import pytest
from fusebench.contracts.datasets import PercentileRange, SideReading
from fusebench.contracts.files import read_stored
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.jobs.session import Session
from fusebench.contracts.markers import ImageFile, Manifest, OriginalFile, Pair
from fusebench.datasets.preparation import prepare_dataset, sha256_of_pairs
from fusebench.datasets.thumbnails import read_thumbnails
from fusebench.errors import DatasetUnavailable
from fusebench.hashes import sha256_of_file
from fusebench.images import pixel_sha256, read_image, thumbnail, write_png
from fusebench.steps.datasets import dataset
from msgspec import UNSET
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

from tests.datasets.made import LOCAL, SIDES, pixels

URL = "https://example.org/lab/images"


def add(folder: Path, **files: NDArray[Any]) -> None:
    """Write images below a folder: ``a_p=...`` is ``a/p.png``."""
    for key, values in files.items():
        write_png(folder / f"{key.replace('_', '/', 1)}.png", values)


def prepare(root: Path, job: DatasetJob = LOCAL, mirror: str = "") -> Manifest:
    """Prepare a dataset of a project."""
    return prepare_dataset("d", job, root / "out", root, mirror)


def refused(root: Path, job: DatasetJob = LOCAL, mirror: str = "") -> str:
    """Return why a dataset cannot be prepared; nothing of it may be left."""
    with pytest.raises(DatasetUnavailable) as caught:
        prepare(root, job, mirror)
    assert not (root / "out").exists()
    assert not [path for path in (root / ".staging").iterdir() if path.is_dir()]
    return str(caught.value)


def test_images_are_brought_to_their_normal_form(tmp_path: Path) -> None:
    """Images become gray or RGB PNG files under the names of the pairs.

    The manifest has size, mode, pixels and the file that each came from.
    """
    folder = tmp_path / "images"
    gray, colour = pixels(1), pixels(2, 6, 7, 3)
    (folder / "ir").mkdir(parents=True)
    cv2.imwrite(str(folder / "ir" / "x y.bmp"), gray)
    write_png(folder / "vi_x y.png", colour)
    job = replace(LOCAL, patterns={"a": "ir/{name}.*", "b": "vi_{name}.png"})
    manifest = prepare(tmp_path, job)
    out = tmp_path / "out"
    assert (read_image(out / "a" / "x y.png")[0] == gray).all()
    assert (read_image(out / "b" / "x y.png")[0] == colour).all()
    [pair] = manifest.pairs
    assert pair == Pair(
        name="x y",
        size=(7, 6),
        a=ImageFile(
            file="a/x y.png",
            mode="gray",
            sha256=pixel_sha256(gray),
            original=OriginalFile(
                file="ir/x y.bmp", sha256=sha256_of_file(folder / "ir" / "x y.bmp")
            ),
        ),
        b=ImageFile(
            file="b/x y.png",
            mode="rgb",
            sha256=pixel_sha256(colour),
            original=OriginalFile(file="vi_x y.png", sha256=sha256_of_file(folder / "vi_x y.png")),
        ),
    )
    assert (manifest.path, manifest.sha256) == (str(out), sha256_of_pairs([pair]))
    assert manifest.is_ok and [*pair.sides] == ["a", "b"]


def test_thumbnails_are_kept_with_it(tmp_path: Path) -> None:
    """The prepared dataset has the thumbnails of the sources, in the order of the pairs."""
    add(tmp_path / "images", a_p=pixels(1), b_p=pixels(2), a_q=pixels(3), b_q=pixels(4))
    manifest = prepare(tmp_path)
    small = read_thumbnails(tmp_path / "out", manifest.pairs)
    assert np.array_equal(small[0], [thumbnail(pixels(1)), thumbnail(pixels(3))])
    assert np.array_equal(small[1], [thumbnail(pixels(2)), thumbnail(pixels(4))])


def test_images_without_a_pair_stand_in_the_manifest(tmp_path: Path) -> None:
    """Each with its reason; a dataset that uses every image has no such field."""
    add(tmp_path / "images", a_p=pixels(1), b_p=pixels(2))
    assert prepare(tmp_path).left_out is UNSET
    add(tmp_path / "images", a_q=pixels(3))
    assert prepare(tmp_path).left_out == {"no image B of the same name": ["a/q.png"]}


def test_images_are_found_as_tno_lies_on_disk(tmp_path: Path) -> None:
    """The folders above a pair, and what follows the modality, differ from pair to pair."""
    tno = tmp_path / "images"
    for seed, (group, name) in enumerate((("Athena", "bunker"), ("DHV", "Fire sequence"))):
        (tno / group / name).mkdir(parents=True)
        for side in ("IR", "VIS"):
            cv2.imwrite(str(tno / group / name / f"{side}_{seed}_g.bmp"), pixels(seed))
    sides = {"a": "*/{name}/IR_*.bmp", "b": "*/{name}/VIS_*.bmp"}
    manifest = prepare(tmp_path, replace(LOCAL, patterns=sides))
    assert [pair.name for pair in manifest.pairs] == ["Fire sequence", "bunker"]
    original = manifest.pairs[1].b.original
    assert original and original.file == "Athena/bunker/VIS_0_g.bmp"


def test_a_ground_truth_is_prepared_as_well(tmp_path: Path) -> None:
    """It is a side of the pair, but not part of the hash that runs depend on."""
    add(tmp_path / "images", a_p=pixels(1), b_p=pixels(2), gt_p=pixels(3))
    manifest = prepare(tmp_path, replace(LOCAL, patterns={**SIDES, "reference": "gt/{name}.png"}))
    [pair] = manifest.pairs
    assert pair.reference and pair.reference.file == "reference/p.png"
    assert [*pair.sides] == ["a", "b", "reference"]
    assert manifest.sha256 == prepare(tmp_path).sha256


def test_pairs_of_one_image_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest and the step's log name pairs whose two images are equal in every pixel.

    A gray image stored as RGB is the same image; a difference of one value is another. A dataset
    without such pairs is silent.
    """
    gray = pixels(1)
    other = gray.copy()
    other[0, 0] ^= 1
    add(tmp_path / "images", a_p=gray, b_p=gray, a_q=gray, b_q=np.stack([gray] * 3, axis=2))
    monkeypatch.chdir(tmp_path)
    session, marker = Session(id="s", device="cpu"), Path("resources/datasets/d.json")
    dataset(LOCAL, session, 0, marker, {})
    assert read_stored(marker, Manifest).one_image == ["p", "q"]
    assert capsys.readouterr().err == (
        "d: the two source images of a pair should differ; in 2 of 2 pairs every pixel is equal,"
        " first 'p': is the file of one side stored under the name of the other?\n"
    )
    add(tmp_path / "images", b_p=other, b_q=pixels(2))
    dataset(LOCAL, session, 0, marker, {})
    assert read_stored(marker, Manifest).one_image is UNSET
    assert capsys.readouterr().err == ""


def test_pairs_come_in_the_order_of_their_list(tmp_path: Path) -> None:
    """Without a list they are sorted; a list may leave some out."""
    for seed, name in enumerate(("p1", "p2", "p10")):
        add(tmp_path / "images", **{f"a_{name}": pixels(seed), f"b_{name}": pixels(seed + 9)})
    assert [pair.name for pair in prepare(tmp_path).pairs] == ["p1", "p10", "p2"]
    listed = prepare(tmp_path, replace(LOCAL, names=["p2", "p1"]))
    assert [pair.name for pair in listed.pairs] == ["p2", "p1"]


def test_what_was_done_to_an_image_is_noted(tmp_path: Path) -> None:
    """The notes name scaling from 16 bits and a dropped alpha channel."""
    folder = tmp_path / "images"
    add(folder, b_p=pixels(1))
    cv2.imwrite(str(folder / "b" / "p.png"), pixels(1).astype(np.uint16) * 257)
    (folder / "a").mkdir()
    cv2.imwrite(str(folder / "a" / "p.png"), pixels(2, 6, 7, 4))
    [pair] = prepare(tmp_path).pairs
    assert pair.a.notes == ["alpha channel dropped"]
    assert pair.b.notes == ["16 bits scaled to 8 (times 255/65535, rounded)"]
    assert pair.b.sha256 == pixel_sha256(pixels(1))


def test_one_file_can_hold_both_sides(tmp_path: Path) -> None:
    """Infrared is the fourth channel of a PNG or TIFF, the visible image its first three."""
    (tmp_path / "images").mkdir()
    four = pixels(2, 6, 7, 4)
    Image.fromarray(four).save(tmp_path / "images" / "p.png")
    Image.fromarray(four).save(tmp_path / "images" / "q.tif")
    job = replace(
        LOCAL,
        patterns={"a": "{name}.*", "b": "{name}.*"},
        readings={"a": SideReading(channel=3)},
    )
    for pair in prepare(tmp_path, job).pairs:
        assert (read_image(tmp_path / "out" / pair.a.file)[0] == four[..., 3]).all()
        assert (read_image(tmp_path / "out" / pair.b.file)[0] == four[..., :3]).all()
        assert pair.a.mode == "gray" and pair.a.notes == ["channel 3 of 4, counted from 0"]
        assert pair.b.notes == ["alpha channel dropped"]


def test_a_stated_range_is_part_of_the_images(tmp_path: Path) -> None:
    """The side is scaled by it; the manifest notes it and has another hash."""
    raw = np.linspace(7000, 8020, 42, dtype=np.uint16).reshape(6, 7)
    add(tmp_path / "images", b_p=pixels(1))
    (tmp_path / "images" / "a").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a" / "p.png"), raw)
    found = {}
    for stated in (SideReading(range=(7000, 8020)), SideReading(bits=14), None):
        job = replace(LOCAL, readings=UNSET if stated is None else {"a": stated})
        manifest = prepare(tmp_path, job)
        [pair] = manifest.pairs
        stored = read_image(tmp_path / "out" / pair.a.file)[0]
        found[manifest.sha256] = (int(stored.min()), int(stored.max()), pair.a.notes)
    assert [*found.values()] == [
        (0, 255, ["values 7000 to 8020 scaled to 0 to 255"]),
        (109, 125, ["values 0 to 16383 scaled to 0 to 255"]),
        (
            27,
            31,
            [
                "16 bits scaled to 8 (times 255/65535, rounded)",
                "16-bit values fill only 7000 to 8020 of 0 to 65535: 5 of 256 gray levels are left",
            ],
        ),
    ]


def two_scenes(folder: Path) -> None:
    """Write two thermal images of 16 bits, one of them warmer, and their visible images."""
    add(folder, b_p=pixels(1), b_q=pixels(2))
    (folder / "a").mkdir()
    for name, low in (("p", 7000), ("q", 8000)):
        raw = np.linspace(low, low + 1000, 42).astype(np.uint16).reshape(6, 7)
        cv2.imwrite(str(folder / "a" / f"{name}.png"), raw)


@pytest.mark.parametrize(
    ("of", "ranges", "notes"),
    [
        (UNSET, [(0, 255), (0, 255)], ["values 7000 to 8000 (percentiles 0 and 100 of the image)"]),
        (
            "dataset",
            [(0, 128), (128, 255)],
            ["values 7000 to 9000 (percentiles 0 and 100 of all images of this side)"],
        ),
    ],
)
def test_percentiles_are_of_each_image_or_of_the_dataset(
    tmp_path: Path, of: Any, ranges: list[tuple[int, int]], notes: list[str]
) -> None:
    """Of each image, both scenes fill all gray levels; of the dataset, the warmer one is brighter.

    The manifest has the values that were found.
    """
    two_scenes(tmp_path / "images")
    stated = SideReading(range=PercentileRange(percentiles=(0, 100), of=of))
    pairs = prepare(tmp_path, replace(LOCAL, readings={"a": stated})).pairs
    stored = [read_image(tmp_path / "out" / pair.a.file)[0] for pair in pairs]
    assert [(int(one.min()), int(one.max())) for one in stored] == ranges
    assert pairs[0].a.notes == [f"{note} scaled to 0 to 255" for note in notes]


def test_percentiles_of_a_dataset_need_two_values(tmp_path: Path) -> None:
    """A side of one value has no range, and a file that is damaged is told as always."""
    add(tmp_path / "images", a_p=pixels(1) * 0, b_p=pixels(2))
    stated = SideReading(range=PercentileRange(percentiles=(1, 99), of="dataset"))
    job = replace(LOCAL, readings={"a": stated})
    told = "all images of side a: must have different values at the percentiles 1 and 99, as"
    assert refused(tmp_path, job).startswith(told)
    (tmp_path / "images" / "a" / "p.png").write_bytes(b"no image")
    assert refused(tmp_path, job).startswith("pair 'p': a/p.png: must be a whole image")


def test_a_wrong_statement_names_the_pair(tmp_path: Path) -> None:
    """The files, not the entry, show that it is wrong."""
    add(tmp_path / "images", a_p=pixels(1), b_p=pixels(2))
    told = refused(tmp_path, replace(LOCAL, readings={"a": SideReading(bits=14)}))
    assert told.startswith("pair 'p': a/p.png: must be able to hold 16383")
    told = refused(tmp_path, replace(LOCAL, readings={"b": SideReading(channel=3)}))
    assert told.startswith("pair 'p': b/p.png: must have a channel 3")


def test_a_generated_dataset_is_what_its_generator_draws(tmp_path: Path) -> None:
    """Its images are those of the generator and name no original file."""
    manifest = prepare(tmp_path, DatasetJob(kind="generated", generator="multi-focus"))
    assert len(manifest.pairs) >= 6
    for pair in manifest.pairs:
        assert pair.reference and pair.a.original is UNSET
        assert pixel_sha256(read_image(tmp_path / "out" / pair.b.file)[0]) == pair.b.sha256


def test_what_was_there_is_replaced(tmp_path: Path) -> None:
    """An image of an earlier list of pairs is removed."""
    add(tmp_path / "images", a_p=pixels(1), b_p=pixels(2), a_q=pixels(3), b_q=pixels(4))
    prepare(tmp_path)
    prepare(tmp_path, replace(LOCAL, names=["q"]))
    assert sorted(path.name for path in (tmp_path / "out" / "a").iterdir()) == ["q.png"]


def test_a_dataset_that_cannot_be_prepared_again_is_gone(tmp_path: Path) -> None:
    """A failed preparation removes the old images, so that nothing uses them by mistake."""
    add(tmp_path / "images", a_p=pixels(1), b_p=pixels(2))
    prepare(tmp_path)
    (tmp_path / "images" / "b" / "p.png").unlink()
    assert "no pair has a file on every side" in refused(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The message names the folder as the entry writes it, and its full path."""
    assert refused(tmp_path) == (
        f"images: must be the folder of your images; found nothing at {tmp_path}/images"
    )


def test_all_damaged_pairs_are_told_at_once(tmp_path: Path) -> None:
    """The message has the first ten and the number of the others; paths start at the dataset."""
    names = [f"p{number:02}" for number in range(13)]
    for number, name in enumerate(names):
        add(tmp_path / "images", **{f"a_{name}": pixels(number), f"b_{name}": pixels(number)})
        (tmp_path / "images" / "a" / f"{name}.png").write_text("no image")
    told = refused(tmp_path)
    assert told.startswith("pair 'p00': a/p00.png: must be a whole image; found a damaged file")
    assert re.findall(r"pair '(\w+)'", told) == names[:10] and told.endswith("; and 3 more")


def test_images_of_a_pair_must_have_one_size(tmp_path: Path) -> None:
    """The message has the pair, all sizes, and what to do; a ground truth counts too."""
    job = replace(LOCAL, patterns={**SIDES, "reference": "gt/{name}.png"})
    add(tmp_path / "images", a_p=pixels(1), b_p=pixels(2), gt_p=pixels(3, 5, 7))
    assert refused(tmp_path, job) == (
        "pair 'p': the images of a pair must have one size; found A 7x6, B 7x6, reference 7x5;"
        " register or crop them, or take the pair off the list"
    )


@pytest.mark.parametrize("names", [["p", "q"], ["q", "p"]])
def test_a_listed_pair_that_is_not_there_is_told(tmp_path: Path, names: list[str]) -> None:
    """The message has its name and the file that was expected."""
    add(tmp_path / "images", a_p=pixels(1), b_p=pixels(2), a_q=pixels(3))
    told = refused(tmp_path, replace(LOCAL, names=names))
    assert told == "pair 'q': b/q.png: must be an image file; found nothing there"


def test_a_star_that_matches_two_files_is_told(tmp_path: Path) -> None:
    """A pattern that matches two files is refused, because it does not say which one counts."""
    add(tmp_path / "images", a_p=pixels(1), b_p=pixels(2))
    write_png(tmp_path / "images" / "a" / "p.bmp", pixels(3))
    job = replace(LOCAL, patterns={"a": "a/{name}.*", "b": "b/{name}.png"})
    assert refused(tmp_path, job).endswith(
        "a/p.*: must match exactly one image; found 2: a/p.bmp, a/p.png"
    )


def test_other_images_than_the_pinned_ones_are_refused(tmp_path: Path) -> None:
    """The message has the expected and the found sum; the right sum is accepted."""
    add(tmp_path / "images", a_p=pixels(1), b_p=pixels(2))
    found = prepare(tmp_path).sha256
    assert refused(tmp_path, replace(LOCAL, sha256="0" * 64)) == (
        f"d: its images must have the sha256 {'0' * 64} together; found {found}: these are other"
        " images, or another selection"
    )
    assert prepare(tmp_path, replace(LOCAL, sha256=found)).sha256 == found


def test_the_sum_is_of_names_and_pixels(tmp_path: Path) -> None:
    """File formats do not count; another order, or A and B swapped, gives another sum."""
    folder = tmp_path / "images"
    add(folder, a_p=pixels(1), b_p=pixels(2), a_q=pixels(3), b_q=pixels(4))
    first = prepare(tmp_path).sha256
    cv2.imwrite(str(folder / "a" / "p.bmp"), pixels(1))
    (folder / "a" / "p.bmp").replace(folder / "a" / "p.png")
    assert prepare(tmp_path).sha256 == first
    swapped = {"a": SIDES["b"], "b": SIDES["a"]}
    others = [replace(LOCAL, names=["q", "p"]), replace(LOCAL, patterns=swapped)]
    assert len({first, *(prepare(tmp_path, job).sha256 for job in others)}) == 3


@pytest.fixture
def origin(tmp_path: Path) -> git.Repo:
    """The mirror of a repository with images of two pairs, and a large file beside them."""
    folder = tmp_path / "mirrors" / "lab+images"
    for seed, name in enumerate(("p", "q")):
        add(folder / "set", **{f"ir_{name}": pixels(seed), f"vi_{name}": pixels(seed + 9)})
    (folder / "weights.pth").write_text("large")
    repository = git.Repo.init(folder)
    repository.git.add("--all")
    actor = git.Actor("An Author", "author@example.org")
    repository.index.commit("images", author=actor, committer=actor)
    return repository


def of_git(origin: git.Repo, names: list[str]) -> DatasetJob:
    """Return the job of a dataset of that repository."""
    return DatasetJob(
        kind="git",
        code=URL,
        commit=origin.head.commit.hexsha,
        patterns={"a": "set/ir/{name}.png", "b": "set/vi/{name}.png"},
        names=names,
    )


def test_images_of_a_repository_are_taken_at_its_commit(tmp_path: Path, origin: git.Repo) -> None:
    """The listed images come from the mirror.

    The manifest has their path in the repository.
    """
    manifest = prepare(
        tmp_path, of_git(origin, ["q", "p"]), f"{tmp_path}/mirrors/{{owner}}+{{name}}"
    )
    assert [pair.name for pair in manifest.pairs] == ["q", "p"]
    [first, _] = manifest.pairs
    assert first.a.original and first.a.original.file == "set/ir/q.png"
    assert first.a.sha256 == pixel_sha256(pixels(1))


def test_a_repository_that_cannot_be_had_makes_the_dataset_unavailable(
    tmp_path: Path, origin: git.Repo
) -> None:
    """The message is that of the clone.

    The error is DatasetUnavailable: the dataset is at fault, not the source of a method.
    """
    job = of_git(origin, ["p"])
    mirror = f"{tmp_path}/mirrors/{{owner}}+{{name}}"
    told = refused(tmp_path, replace(job, commit="0" * 40), mirror)
    assert "must be a commit of" in told
    told = refused(
        tmp_path, replace(job, patterns={"a": "no/{name}.png", "b": "set/vi/{name}.png"}), mirror
    )
    assert f"{URL}: must have the folder 'no' at" in told
    told = refused(tmp_path, job, f"{tmp_path}/elsewhere/{{name}}")
    assert f"no mirror of {URL} at {tmp_path}/elsewhere/images" in told


def test_images_that_a_mirror_lacks_are_told(tmp_path: Path, origin: git.Repo) -> None:
    """A partial mirror has the commit, but not the content of every file.

    Only listed images count.
    """
    blob = origin.head.commit.tree["set/ir/q.png"].hexsha
    loose = Path(origin.git_dir, "objects", blob[:2], blob[2:])
    subprocess.run(["chmod", "-R", "u+w", origin.git_dir], check=True)
    loose.unlink()
    mirror = f"{tmp_path}/mirrors/{{owner}}+{{name}}"
    told = refused(tmp_path, of_git(origin, ["p", "q"]), mirror)
    assert re.fullmatch(
        rf"{URL}: 1 image\(s\) are part of the commit, but their content is not where it was cloned"
        r" from; first: set/ir/q\.png",
        told,
    )
    wild = {"a": "set/i?/{name}.*", "b": "set/vi/{name}.png"}
    assert "first: set/ir/q.png" in refused(
        tmp_path, replace(of_git(origin, ["p", "q"]), patterns=wild), mirror
    )
    assert len(prepare(tmp_path, of_git(origin, ["p"]), mirror).pairs) == 1
