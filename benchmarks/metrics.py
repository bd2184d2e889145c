"""What metrics cost: against CDDFuse's evaluator and libraries, per method of MSRS, and the bounds.

Run: ``.venv/bin/python benchmarks/metrics.py [--mirror FOLDER]``. The original is cloned from its
repository, or from ``FOLDER/<owner>+<name>/repo``; it and the libraries are installed into a
temporary environment (the package registry, 2 GB). All ratios come from one run; times are CPU
seconds of one thread on pairs of 768 x 576 pixels.

Run: ``.venv/bin/python benchmarks/metrics.py --memory [METRIC ...]``. Peak memory and CPU seconds
of each evaluator and of each canonical metric, or of those that are named, on lone pairs of 1, 4
and 12 megapixels; each in a process of its own. With ``PYTHONPATH`` set to the folder ``workflow``
of another commit, it measures that one.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from fusebench.metrics import Definition, SourcePair, default_metrics, resolve
from fusebench.metrics.catalogue import EVALUATOR_COLUMNS
from fusebench.metrics.resolving import all_definitions
from metrics_scenes import METHODS, cpu_seconds, fused_scene, scene
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.metrics.conftest import make_scene  # noqa: E402 - the root is not on the path of a script
from tests.metrics.test_agreement import FILES, SCENES, SHARED, gray_file, reference_values  # noqa: E402

Image = NDArray[np.float64]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
EIGHT = ("EN", "SD", "SF", "MI", "SCD", "VIFF", "Qabf", "SSIM")
"""The metrics that papers built on CDDFuse print."""

PACKAGES = (
    "torch==2.13.0",
    "torchmetrics",
    "piq",
    "sewar",
    "scikit-image",
    "scikit-learn",
    "opencv-python-headless",
)
EVALUATOR = "Zhaozixiang1228/MMIF-CDDFuse"
PAIRS, MSRS_PAIRS = 25, 361


def main() -> None:
    """Run every comparison and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", type=Path, help="folder of mirrors named <owner>+<name>/repo")
    parser.add_argument("--memory", nargs="*", metavar="METRIC", help="measure memory alone")
    options = parser.parse_args()
    if any(
        os.environ.get(name) != "1" for name in THREADS
    ):  # read when numerical libraries are loaded
        os.execve(
            sys.executable,
            [sys.executable, *sys.argv],
            {**os.environ, **dict.fromkeys(THREADS, "1")},
        )
    cv2.setNumThreads(1)
    if options.memory is not None:
        memory(options.memory)
        return
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        others = run_others(Path(folder), options.mirror)
    compare_evaluator(others["evaluator"], others["values"])
    compare_libraries(others["libraries"])
    whole_dataset()
    profile()
    agreement()


def memory(names: Sequence[str]) -> None:
    """Peak memory and CPU seconds of measuring one lone pair, for some metrics and sizes."""
    sizes = ((1000, 1000), (1732, 2309), (3000, 4000))
    heads = [f"{width} x {height}, {unit}" for height, width in sizes for unit in ("GB", "s")]
    print("\n## Memory\n")
    print(f"| metrics | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}")
    for name in names or [*(f"all@{one}" for one in EVALUATOR_COLUMNS), *canonical_ids()]:
        cells = []
        for size in sizes:
            script = str(Path(__file__).with_name("metrics_scenes.py"))
            command = [sys.executable, script, *map(str, size), name]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found = json.loads(done.stdout)
            cells += [f"{found['bytes'] / 1e9:.2f}", f"{found['seconds']:.1f}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def canonical_ids() -> list[str]:
    """The canonical metrics of gray images without a ground truth."""
    return [
        one.id
        for one in all_definitions().values()
        if one.definition == "canonical" and one.kind == "gray" and not one.needs_reference
    ]


def run_others(folder: Path, mirror: Path | None) -> dict[str, Any]:
    """Install the original and the libraries into a temporary environment; measure them there."""
    owner_name = EVALUATOR.replace("/", "+")
    source = str(mirror / owner_name / "repo") if mirror else f"https://github.com/{EVALUATOR}"
    clone = folder / "evaluator"
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", source, str(clone)], check=True)
    subprocess.run(
        ["git", "-C", str(clone), "checkout", "--quiet", "HEAD", "--", "utils/Evaluator.py"],
        check=True,
    )
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run(
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")], check=True
    )
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *PACKAGES], check=True)
    # piq asks for a torchvision that is built for another torch; nothing measured here uses it
    subprocess.run(
        [uv, "pip", "uninstall", "--quiet", "--python", python, "torchvision"], check=True
    )
    script = str(Path(__file__).with_name("metrics_originals.py"))
    done = subprocess.run(
        [python, script, str(clone / "utils")], check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compare_evaluator(original: float, values: dict[str, float]) -> None:
    """Eight metrics: a lone pair, and 25 pairs with 10 methods; the original shares nothing."""
    definitions = resolve([f"{name}@cddfuse" for name in EIGHT])
    a, b = scene(0), scene(1)
    fused = fused_scene(a, b, 0)
    lone = cpu_seconds(lambda: SourcePair(a, b).measure(fused, definitions))
    own = SourcePair(a, b).measure(fused, definitions)
    difference = max(abs(own[f"{name}@cddfuse"] / value - 1) for name, value in values.items())
    dataset = sum(measure_pair(index, definitions) for index in range(PAIRS))
    print("\n## The eight metrics of the CDDFuse evaluator, 768 x 576\n")
    print(f"largest relative difference from the original in float64: {difference:.1e}\n")
    print("| | original, s | fusebench, s | times |\n|---|---|---|---|")
    print(f"| one lone pair | {original:.3f} | {lone:.4f} | {original / lone:.1f} |")
    count = PAIRS * METHODS
    print(
        f"| {PAIRS} pairs x {METHODS} methods | {original * count:.1f} | {dataset:.2f}"
        f" | {original * count / dataset:.1f} |"
    )


def measure_pair(index: int, definitions: list[Definition]) -> float:
    """CPU seconds for all methods of one pair."""
    a, b = scene(2 * index), scene(2 * index + 1)
    fused = [fused_scene(a, b, method) for method in range(METHODS)]
    start = time.process_time()
    pair = SourcePair(a, b)
    for image in fused:
        pair.measure(image, definitions)
    return time.process_time() - start


def compare_libraries(rows: list[list[Any]]) -> None:
    """SSIM and VIF against one reference image, in float64."""
    reference, other = scene(0), scene(1)
    fused = fused_scene(reference, other, 0)
    print("\n## SSIM and VIF against one image, 768 x 576, float64\n")
    print(
        "| library | metric | value | relative difference | s | fusebench, s | times |\n"
        "|---|---|---|---|---|---|---|"
    )
    for metric in ("SSIM", "VIF"):
        definitions = resolve([f"{metric}-GT"])

        def call(wanted: list[Any] = definitions) -> dict[str, float]:
            return SourcePair(reference, reference, reference).measure(fused, wanted)

        own, seconds = call()[f"{metric}-GT"], cpu_seconds(call)
        for name, _, value, other_seconds in (row for row in rows if row[1] == metric):
            print(
                f"| {name} | {metric} | {value:.10f} | {abs(value / own - 1):.1e} "
                f"| {other_seconds:.4f} | {seconds:.4f} | {other_seconds / seconds:.1f} |"
            )


def whole_dataset() -> None:
    """The infrared/visible default on pairs of MSRS's size, 640 x 480, and of other sizes."""
    definitions = resolve(default_metrics("infrared-visible"))
    print("\n## The infrared/visible default\n")
    print("| size | s for a pair | ns for a pixel |\n|---|---|---|")
    for height, width in ((240, 320), (480, 640), (960, 1280), (1920, 2560)):
        a, b = scene(0, height, width), scene(1, height, width)
        fused = fused_scene(a, b, 0)
        seconds = cpu_seconds(partial(_lone_pair, a, b, fused, definitions), repeat=3)
        print(f"| {width} x {height} | {seconds:.4f} | {seconds / (height * width) * 1e9:.0f} |")
        if (height, width) == (480, 640):
            per_method = seconds * MSRS_PAIRS / 60
    print(
        f"\nMSRS, {MSRS_PAIRS} pairs of 640 x 480: {per_method:.2f} minutes of CPU"
        " for one method measured alone"
    )


def _lone_pair(a: Image, b: Image, fused: Image, definitions: Sequence[Definition]) -> None:
    """Measure one fused image of a pair that was never seen before."""
    SourcePair(a, b).measure(fused, definitions)


def profile() -> None:
    """Each canonical metric alone, beside what the machine can do at best."""
    a, b = scene(0), scene(1)
    fused, speed = fused_scene(a, b, 0), machine_speeds()
    one_pass = 3 * a.nbytes / speed["copy"] / 1e6  # ms
    print("\n## Each metric alone, 768 x 576\n")
    print(
        "| metric | lone pair, ms | one more fused image, ms"
        " | as passes over three images in memory |"
    )
    print("|---|---|---|---|")
    more = {}
    for definition in resolve(canonical_ids()):
        pair, repeat = SourcePair(a, b), 1 if definition.id.startswith(("FMI", "Q_P")) else 3
        more[definition.id] = cpu_seconds(partial(pair.measure, fused, [definition]), repeat) * 1e3
        lone = cpu_seconds(partial(_lone_pair, a, b, fused, [definition]), repeat) * 1e3
        print(
            f"| {definition.id} | {lone:.1f} | {more[definition.id]:.1f}"
            f" | {more[definition.id] / one_pass:.1f} |"
        )
    print_bounds(more, speed, a.size)


def print_bounds(more: dict[str, float], speed: dict[str, float], pixels: int) -> None:
    """What bounds the three most costly metrics of the default set, and how near they are to it."""
    print(
        f"\nMemory copies {speed['copy']:.1f} GB/s; a matrix product does"
        f" {speed['multiply-add']:.1f} multiply-adds a ns;"
    )
    print(
        f"numpy's vector exp takes {speed['exp']:.2f} ns and its arctan {speed['arctan']:.2f} ns.\n"
    )
    print("| metric | bound | at best, ms | is, ms |\n|---|---|---|---|")
    for metric in ("VIF", "SSIM"):
        count = multiply_adds(metric, pixels)
        best = count / speed["multiply-add"] / 1e6
        print(
            f"| {metric} | {count / pixels:.0f} multiply-adds of filters a pixel | {best:.1f}"
            f" | {more[metric]:.1f} |"
        )
    best = pixels * (4 * speed["exp"] + speed["arctan"]) / 1e6
    print(f"| Qabf | 4 exponentials and 1 angle a pixel | {best:.1f} | {more['Qabf']:.1f} |")


def machine_speeds() -> dict[str, float]:
    """GB/s of a copy, multiply-adds a ns of a matrix product, ns of a vector exp and arctan."""
    source, small, square = (
        np.linspace(0, 1, 2**24),
        np.linspace(0, 1, 2**14),
        np.ones((1000, 1000)),
    )
    target, result = np.empty_like(source), np.empty_like(small)
    return {
        "copy": 2 * source.nbytes / cpu_seconds(lambda: np.copyto(target, source)) / 1e9,
        "multiply-add": 1000**3 / cpu_seconds(lambda: square @ square) / 1e9,
        "exp": cpu_seconds(lambda: np.exp(small, out=result), 50) / small.size * 1e9,
        "arctan": cpu_seconds(lambda: np.arctan(small, out=result), 50) / small.size * 1e9,
    }


def multiply_adds(metric: str, pixels: int) -> float:
    """Multiply-adds of separable filters of one more fused image: F, F^2, FA, FB in each window."""
    if metric == "SSIM":
        return 4.0 * 2 * 11 * pixels
    sizes = {1: 17, 2: 9, 3: 5, 4: 3}
    statistics = sum(4 * 2 * size * pixels / 4.0 ** (scale - 1) for scale, size in sizes.items())
    return statistics + sum(
        2 * size * pixels / 4.0 ** (scale - 2) for scale, size in sizes.items() if scale > 1
    )


def agreement() -> None:
    """Largest relative difference from the originals, of each definition, on two sets of images."""
    worst: dict[str, tuple[float, int]] = {}
    for name, difference in (*generated_differences(), *shared_differences()):
        largest, count = worst.get(name, (0.0, 0))
        worst[name] = (max(largest, difference), count + 1)
    print("\n## Agreement with the originals\n")
    print("| definition | largest relative difference | images |\n|---|---|---|")
    for name, (largest, count) in sorted(
        worst.items(), key=lambda item: (item[0].partition("@")[2], item[0])
    ):
        print(f"| {name} | {largest:.1e} | {count} |")


def generated_differences() -> list[tuple[str, float]]:
    """Differences from the reference values that the tests carry."""
    sys.path.insert(0, str(ROOT))
    scenes = {name: make_scene(*arguments) for name, arguments in SCENES.items()}
    differences = []
    for evaluator in (*EVALUATOR_COLUMNS, "tang-uint8"):
        for row in reference_values(evaluator):
            a, b, fused = scenes[row["scene"]]
            name = f"{row['metric']}@{evaluator}"
            value = SourcePair(a, b).measure(fused, resolve([name]))[name]
            differences.append((name, abs(value / float(row["value"]) - 1)))
    return differences


def shared_differences() -> list[tuple[str, float]]:
    """Differences from the values beside the shared images, where those are present."""
    differences = []
    for file, evaluator, _ in FILES if SHARED.is_dir() else []:
        with (SHARED / file).open() as lines:
            rows = [row for row in csv.DictReader(lines) if row["value"] != "NaN"]
        pairs: dict[str, SourcePair] = {}
        for row in rows:
            folder, name = SHARED / "images" / row["dataset"], f"{row['metric']}@{evaluator}"
            picture = f"{row['pair']}.png"
            pair = pairs.setdefault(
                f"{row['dataset']}{picture}",
                SourcePair(gray_file(folder / "ir" / picture), gray_file(folder / "vi" / picture)),
            )
            value = pair.measure(gray_file(folder / row["fusion"] / picture), resolve([name]))[name]
            differences.append((name, abs(value / float(row["value"]) - 1)))
    return differences


if __name__ == "__main__":
    main()
