"""How often the rules of suspicion are right and wrong, on the runs of finished projects.

    python benchmarks/suspicion.py FOLDER [FOLDER ...] [--pairs 8]

Each folder holds `results/runs` and `resources/datasets`. Every run that ended well is judged as it
is (false alarms), and once more after each of the mistakes below was made with its results (what is
missed). Mistakes are made with the first pairs of each dataset, because they take long. Prints two
tables in Markdown. Runs of controls that copy a source image are left out.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from fusebench.contracts.files import read_stored
from fusebench.contracts.markers import Manifest, Pair
from fusebench.contracts.records import FusedImage, Record
from fusebench.errors import UnreadableFile
from fusebench.images import in_mode, mode_of, pixel_sha256, read_own, thumbnail, write_png
from fusebench.layout import FUSED, dataset_marker
from fusebench.suspicion.rules import Finding, findings, results_of
from msgspec.structs import replace
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Images = dict[str, Pixels]

CONTROLS = ("copy-a", "copy-b", "maximum")


@dataclass(frozen=True)
class Run:
    """A finished run and its images.

    Attributes:
        record: how it ended.
        pairs: of its dataset.
        dataset: the folder of the prepared dataset.
        fused: the results by the name of their pair, gray (H, W) or colour (H, W, 3).
    """

    record: Record
    pairs: list[Pair]
    dataset: Path
    fused: Images

    def part(self, pairs: int) -> Run:
        """Return the run on its first pairs."""
        kept = self.pairs[:pairs]
        names = [pair.name for pair in kept]
        images = [image for image in self.record.images if image.name in names]
        record = replace(self.record, images=images)
        return Run(record, kept, self.dataset, {name: self.fused[name] for name in names})

    def source(self, side: str) -> Images:
        """Return source images A or B."""
        return {pair.name: read_own(self.dataset / pair.sides[side].file) for pair in self.pairs}

    def judged(self, made: Images, folder: Path) -> list[Finding]:
        """Return the findings on results that lie in a folder."""
        images = [_of(image, made[image.name]) for image in self.record.images]
        small = {name: thumbnail(pixels) for name, pixels in made.items()}
        return findings(results_of(self.pairs, images, small, self.dataset, folder))


def _of(image: FusedImage, pixels: Pixels) -> FusedImage:
    return replace(image, sha256=pixel_sha256(pixels), mode=mode_of(pixels))


def runs_of(project: Path) -> Iterator[Run]:
    """Yield the finished runs of a project that are no controls."""
    for path in sorted(project.glob("results/runs/*/*/record.json")):
        try:
            record = read_stored(path, Record)
            manifest = read_stored(project / dataset_marker(record.dataset), Manifest)
        except (FileNotFoundError, UnreadableFile):
            continue
        if not record.has_results or record.method in CONTROLS:
            continue
        folder = path.parent / FUSED
        fused = {image.name: read_own(folder / image.fused) for image in record.images}
        yield Run(record, manifest.pairs, project / manifest.path, fused)


def like(pixels: Pixels, model: Pixels) -> Pixels:
    """Return an image in the size and mode of another one."""
    sized = cv2.resize(pixels, model.shape[1::-1], interpolation=cv2.INTER_AREA)
    return in_mode(np.asarray(sized, np.uint8), mode_of(model))


def of_next(fused: Images) -> Images:
    """Return for each pair the result of the next one."""
    names = list(fused)
    following = dict(zip(names, [*names[1:], names[0]], strict=True))
    return {name: like(fused[following[name]], fused[name]) for name in names}


def blended(fused: Images, share: float) -> Images:
    """Return results into which that of the next pair is mixed."""
    foreign = of_next(fused)
    return {
        name: np.asarray(cv2.addWeighted(pixels, 1 - share, foreign[name], share, 0))
        for name, pixels in fused.items()
    }


def exchanged(fused: Images) -> Images:
    """Return results of which the first two have changed places."""
    one, other = list(fused)[:2]
    return {**fused, one: like(fused[other], fused[one]), other: like(fused[one], fused[other])}


def noisy(fused: Images, strength: float) -> Images:
    """Return results with normally distributed noise of a strength in gray levels."""
    random = np.random.default_rng(0)
    return {
        name: np.clip(pixels + random.normal(0, strength, pixels.shape), 0, 255).astype(np.uint8)
        for name, pixels in fused.items()
    }


def noise_later(fused: Images) -> Images:
    """Return noise from the second result on."""
    random = np.random.default_rng(0)
    first = next(iter(fused))
    return {
        name: pixels if name == first else random.integers(0, 256, pixels.shape, dtype=np.uint8)
        for name, pixels in fused.items()
    }


def each(change: Callable[[Pixels], Pixels]) -> Callable[[Images], Images]:
    """Return what changes every result."""
    return lambda fused: {
        name: np.ascontiguousarray(change(pixels)) for name, pixels in fused.items()
    }


MISTAKES: Mapping[str, Callable[[Images], Images]] = {
    "noise from the second pair on": noise_later,
    "noise of 20 gray levels added": lambda fused: noisy(fused, 20),
    "blended half and half with the next pair": lambda fused: blended(fused, 0.5),
    "blended 70 to 30 with the next pair": lambda fused: blended(fused, 0.3),
    "the result of the next pair": of_next,
    "two results exchanged": exchanged,
    "the first result for all pairs": lambda fused: {
        name: like(next(iter(fused.values())), pixels) for name, pixels in fused.items()
    },
    "rotated by 180 degrees": each(lambda pixels: pixels[::-1, ::-1]),
    "mirrored left to right": each(lambda pixels: pixels[:, ::-1]),
    "transposed and resized back": each(lambda pixels: like(pixels.swapaxes(0, 1), pixels)),
    "negatives": each(lambda pixels: np.asarray(255 - pixels)),
    "nearly one value": each(lambda pixels: pixels // 64 + np.uint8(99)),
}
NEED_OTHERS = ("pair", "exchanged", "blended")


@dataclass
class Rate:
    """How often something was found: in runs, in single results, by rule."""

    runs: int = 0
    found: int = 0
    results: int = 0
    found_results: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, results: int, found: list[Finding]) -> None:
        """Count a run."""
        self.runs += 1
        self.found += bool(found)
        self.results += results
        self.found_results += len(found)
        self.kinds.update(finding.kind for finding in found)

    def line(self, name: str) -> str:
        """Return a line of the table."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.kinds.most_common())
        shares = f"{self.found} of {self.runs} | {self.found_results} of {self.results}"
        return f"| {name} | {shares} | {kinds or '–'} |"


def judge_mistakes(run: Run, rates: dict[str, Rate]) -> None:
    """Make each mistake with the results of a run and count what is found."""
    made: dict[str, Images] = {
        name: mistake(run.fused)
        for name, mistake in MISTAKES.items()
        if len(run.pairs) > 1 or not any(word in name for word in NEED_OTHERS)
    }
    made |= {f"copies of source image {side.upper()}": run.source(side) for side in "ab"}
    for name, results in made.items():
        with TemporaryDirectory() as folder:
            for image in run.record.images:
                write_png(Path(folder) / image.fused, results[image.name])
            found = run.judged(results, Path(folder))
        rates.setdefault(name, Rate()).add(len(results), found)
        if not found:
            print(f"missed: {run.record.method} on {run.record.dataset}: {name}", flush=True)


def main() -> None:
    """Judge all runs and print the tables."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("folders", nargs="+", type=Path)
    asked.add_argument("--pairs", type=int, default=8, help="for each mistake; 0 makes none")
    told = asked.parse_args()
    alarms, rates = Rate(), dict[str, Rate]()
    for folder in told.folders:
        for run in runs_of(folder):
            name = f"{run.record.method}/{run.record.dataset}"
            found = run.judged(run.fused, folder / f"results/runs/{name}" / FUSED)
            alarms.add(len(run.fused), found)
            for finding in found:
                print(f"false alarm: {name}: {finding}", flush=True)
            if told.pairs:
                judge_mistakes(run.part(told.pairs), rates)
    heads = "| | runs | results | rules |\n| --- | --- | --- | --- |"
    print(heads, alarms.line("as they are"), sep="\n")
    for name, rate in rates.items():
        print(rate.line(name))


if __name__ == "__main__":
    main()
