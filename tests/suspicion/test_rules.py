"""Results that cannot be right are recognised; results of honest methods are not called so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from fusebench.contracts.jobs.resources import DatasetJob
from fusebench.contracts.markers import ArrayFacts, Manifest
from fusebench.contracts.records import FusedImage
from fusebench.datasets.preparation import prepare_dataset
from fusebench.images import LOSSY, in_mode, mode_of, pixel_sha256, read_own, thumbnail, write_png
from fusebench.suspicion.rules import Finding, advice, findings, results_of, told
from msgspec.structs import replace
from numpy.typing import NDArray

from tests.datasets.made import LOCAL

Pixels = NDArray[np.uint8]
Sources = dict[str, tuple[Pixels, Pixels]]


@dataclass(frozen=True)
class Scenes:
    """A prepared dataset, and its source images in gray by the name of their pair."""

    manifest: Manifest
    sources: Sources

    def judged(self, made: dict[str, Pixels], folder: Path, *notes: str) -> list[Finding]:
        """Return the findings on some results, which are written into a folder."""
        for name, pixels in made.items():
            write_png(folder / f"{name}.png", pixels)
        images = [_image(name, pixels, notes) for name, pixels in made.items()]
        pairs = [pair for pair in self.manifest.pairs if pair.name in made]
        small = {name: thumbnail(pixels) for name, pixels in made.items()}
        return findings(results_of(pairs, images, small, Path(self.manifest.path), folder))


def _image(name: str, pixels: Pixels, notes: tuple[str, ...]) -> FusedImage:
    return FusedImage(
        name=name,
        size=(pixels.shape[1], pixels.shape[0]),
        fused=f"{name}.png",
        mode=mode_of(pixels),
        sha256=pixel_sha256(pixels),
        notes=list(notes),
    )


@pytest.fixture(scope="module", params=["night-scenes", "multi-focus", "multi-exposure"])
def scenes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    """Generated infrared and visible scenes, multi-focus and multi-exposure photographs."""
    folder = tmp_path_factory.mktemp("scenes")
    job = DatasetJob(kind="generated", generator=request.param)
    manifest = prepare_dataset("scenes", job, folder / "scenes", folder)
    sources = {
        pair.name: (_gray(folder, pair.sides["a"].file), _gray(folder, pair.sides["b"].file))
        for pair in manifest.pairs
    }
    return Scenes(manifest, sources)


def _gray(folder: Path, file: str) -> Pixels:
    return in_mode(read_own(folder / "scenes" / file), "gray")


def blend(one: Pixels, other: Pixels) -> Pixels:
    """Return the mean of two images of one size."""
    return np.asarray(cv2.addWeighted(one, 0.5, other, 0.5, 0), np.uint8)


def like(pixels: Pixels, model: Pixels) -> Pixels:
    """Return an image in the size of another one."""
    return np.asarray(cv2.resize(pixels, model.shape[::-1]), np.uint8)


def mean(sources: Sources) -> dict[str, Pixels]:
    """Return the mean of both sources of each pair."""
    return {name: blend(a, b) for name, (a, b) in sources.items()}


def greater(sources: Sources) -> dict[str, Pixels]:
    """Return the greater of both sources in each pixel, a little darker."""
    return {name: (np.maximum(a, b) * 0.9).astype(np.uint8) for name, (a, b) in sources.items()}


def sharpened(sources: Sources) -> dict[str, Pixels]:
    """Return a mean with exaggerated details and another contrast."""
    made = {}
    for name, image in mean(sources).items():
        fine = image.astype(np.float32) - cv2.GaussianBlur(image.astype(np.float32), (0, 0), 3)
        made[name] = np.clip(np.rint(40 + 0.7 * image + 1.5 * fine), 0, 255).astype(np.uint8)
    return made


@pytest.mark.parametrize("method", [mean, greater, sharpened])
def test_results_of_methods_are_not_suspicious(
    scenes: Scenes, tmp_path: Path, method: Callable[[Sources], dict[str, Pixels]]
) -> None:
    """Whatever weights, contrast and details a method chooses, nothing is found."""
    assert scenes.judged(method(scenes.sources), tmp_path) == []


def noise_from_the_second_on(scenes: Scenes) -> dict[str, Pixels]:
    """Return the right result for the first pair, noise for all others."""
    random = np.random.default_rng(5)
    made = mean(scenes.sources)
    first = next(iter(made))
    return {
        name: pixels if name == first else random.integers(0, 256, pixels.shape, dtype=np.uint8)
        for name, pixels in made.items()
    }


def next_ones(made: dict[str, Pixels]) -> dict[str, Pixels]:
    """Return for each pair the result of the next one, in its size."""
    others = dict(zip(made, [*list(made.values())[1:], next(iter(made.values()))], strict=True))
    return {name: like(others[name], made[name]) for name in made}


def blended(scenes: Scenes) -> dict[str, Pixels]:
    """Return means of the result of each pair and that of the next one."""
    made = mean(scenes.sources)
    foreign = next_ones(made)
    return {name: blend(made[name], foreign[name]) for name in made}


def first_for_all(scenes: Scenes) -> dict[str, Pixels]:
    """Return one result for every pair of the most common size."""
    made = mean(scenes.sources)
    shapes = [pixels.shape for pixels in made.values()]
    same = [name for name in made if made[name].shape == max(shapes, key=shapes.count)]
    return dict.fromkeys(same, made[same[0]])


def each(change: Callable[[Pixels], Pixels]) -> Callable[[Scenes], dict[str, Pixels]]:
    """Return what makes the mean of each pair and changes it."""
    return lambda scenes: {name: change(pixels) for name, pixels in mean(scenes.sources).items()}


def transposed(pixels: Pixels) -> Pixels:
    """Return a transposed image, resized back."""
    return like(np.ascontiguousarray(pixels.T), pixels)


def noisy(pixels: Pixels) -> Pixels:
    """Return an image with noise of 30 gray levels."""
    added = np.random.default_rng(1).normal(0, 30, pixels.shape)
    return np.clip(pixels + added, 0, 255).astype(np.uint8)


MISTAKES: dict[str, tuple[Callable[[Scenes], dict[str, Pixels]], str, str]] = {
    "noise from the second on": (noise_from_the_second_on, "unlike", "do not resemble"),
    "of the next pair": (lambda s: next_ones(mean(s.sources)), "other-pair", "another pair"),
    "blended": (blended, "mixed", "also hold the pattern of another pair"),
    "first for all": (first_for_all, "identical", "equal to the result of another pair"),
    "rotated": (each(lambda x: x[::-1, ::-1]), "turned", "are rotated by 180 degrees"),
    "mirrored": (each(lambda x: x[:, ::-1]), "turned", "are mirrored left to right"),
    "transposed": (each(transposed), "turned", "are transposed"),
    "negative": (each(lambda x: np.asarray(255 - x)), "negative", "are negatives"),
    "copy of A": (lambda s: {n: a for n, (a, _) in s.sources.items()}, "copy", "source image A"),
    "copy of B": (lambda s: {n: b for n, (_, b) in s.sources.items()}, "copy", "source image B"),
    "almost constant": (each(lambda x: x // 64 + np.uint8(99)), "flat", "nearly one value"),
    "noisy": (each(noisy), "noise", "details that no source has"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_recognised(scenes: Scenes, tmp_path: Path, name: str) -> None:
    """Most results break the rule of the mistake first, and the words say what is wrong."""
    mistake, kind, words = MISTAKES[name]
    made = {pair: np.ascontiguousarray(pixels) for pair, pixels in mistake(scenes).items()}
    found = scenes.judged(made, tmp_path)
    same = [finding for finding in found if finding.kind == kind and words in finding.words]
    assert len(same) > (len(made) - 1) // 2, [(f.pair, f.kind, f.words, f.detail) for f in found]


def test_two_exchanged_results_are_both_found(scenes: Scenes, tmp_path: Path) -> None:
    """Only the two are found, and each names the pair whose sources it resembles."""
    made = mean(scenes.sources)
    one, other = list(made)[:2]
    foreign = {one: made[other], other: made[one]}
    made |= {name: like(foreign[name], made[name]) for name in foreign}
    found = {finding.pair: finding for finding in scenes.judged(made, tmp_path)}
    assert {name: finding.kind for name, finding in found.items()} == {
        one: "other-pair",
        other: "other-pair",
    }
    assert f"to {other!r}" in found[one].detail and f"to {one!r}" in found[other].detail


def test_a_lossy_copy_is_a_copy(scenes: Scenes, tmp_path: Path) -> None:
    """A source image that was written once more as JPEG is one; a note tells that it is lossy."""
    made = {}
    for name, (_, b) in scenes.sources.items():
        _, coded = cv2.imencode(".jpg", b, [cv2.IMWRITE_JPEG_QUALITY, 95])
        made[name] = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    found = scenes.judged(made, tmp_path, f"{LOSSY}JPEG")
    assert {finding.kind for finding in found} == {"copy"} and len(found) == len(made)


def test_a_result_of_twin_sources_is_no_copy(tmp_path: Path) -> None:
    """Where A and B are one image, every fused image is a copy, and that is right."""
    a = np.random.default_rng(0).integers(0, 256, (80, 90), dtype=np.uint8)
    for side in "ab":
        write_png(tmp_path / f"images/{side}/p1.png", a)
    manifest = prepare_dataset("d", LOCAL, tmp_path / "d", tmp_path)
    assert Scenes(manifest, {}).judged({"p1": a}, tmp_path / "fused") == []


def test_sources_without_a_pattern_are_not_judged(tmp_path: Path) -> None:
    """A result of two black images may look like anything; there is no division by zero."""
    black = np.zeros((80, 90), np.uint8)
    for side in "ab":
        for name in ("p1", "p2"):
            write_png(tmp_path / f"images/{side}/{name}.png", black)
    manifest = prepare_dataset("d", LOCAL, tmp_path / "d", tmp_path)
    ramp = np.tile(np.arange(90, dtype=np.uint8), (80, 1))
    with np.errstate(all="raise"):
        assert Scenes(manifest, {}).judged({"p1": ramp, "p2": ramp // 2}, tmp_path / "fused") == []


def test_a_smaller_result_is_compared_with_that_part_of_its_sources(
    scenes: Scenes, tmp_path: Path
) -> None:
    """Results of `run.size: crop-sources` hold the top left of the scene, and are right."""
    made = {
        name: np.ascontiguousarray(pixels[: 3 * len(pixels) // 4, : 3 * pixels.shape[1] // 4])
        for name, pixels in mean(scenes.sources).items()
    }
    assert scenes.judged(made, tmp_path) == []


def test_a_reason_counts_and_names() -> None:
    """Equal findings are told once, with their number, three pairs, and what to do."""
    found = [Finding("negative", f"p{place}", "are negatives") for place in range(5)]
    found.append(Finding("copy", "q", "are copies of source image A", "exact"))
    assert told(found, 9) == (
        "5 of 9 results are negatives: 'p0', 'p1', 'p2' and 2 more; 1 of 9 results are copies of"
        " source image A: 'q' (exact)"
    )
    assert told([], 9) == "" and told([], 9, ["it may be untrained"]) == "it may be untrained"
    assert advice(["copy", "negative", "copy"]).endswith("`accept: [copy, negative]`")


def test_a_pair_is_told_once(scenes: Scenes, tmp_path: Path) -> None:
    """A result to which several rules apply is found by the first of them only."""
    made = first_for_all(scenes)
    found = scenes.judged(made, tmp_path)
    assert len({finding.pair for finding in found}) == len(found) == len(made) - 1 > 0


def test_pictures_of_arrays_are_not_judged_for_noise(scenes: Scenes, tmp_path: Path) -> None:
    """Sharp colours of small objects are details that neither PAN nor a blurred source has."""
    made = each(noisy)(scenes)
    assert "noise" in {finding.kind for finding in scenes.judged(made, tmp_path)}
    images = []
    for name, pixels in made.items():
        facts = ArrayFacts(
            shape=(*pixels.shape, 8), dtype="float32", picture=f"{name}.png", limits=[(0, 1)]
        )
        images.append(replace(_image(name, pixels, ()), fused=f"{name}.npy", array=facts))
    small = {name: thumbnail(pixels) for name, pixels in made.items()}
    folder = Path(scenes.manifest.path)
    results = results_of(scenes.manifest.pairs, images, small, folder, tmp_path)
    assert "noise" not in {finding.kind for finding in findings(results)}
