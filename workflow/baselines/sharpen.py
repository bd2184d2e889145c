"""Sharpen the scenes of a folder by a classical method.

    python sharpen.py --method gsa --scenes in/ --out fused/ --ratio 4 --sensor WV2

A scene is a file ``NAME.npz`` with the arrays ``sharp`` (H, W, m), ``bands`` (h, w, C) and
``enlarged`` (H, W, C). Writes ``NAME.npy``, (H, W, C), in the same numbers.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from spectral import METHODS, Scene

KEYS = ("sharp", "bands", "enlarged")


class UnusableSceneError(Exception):
    """A file or folder cannot be used; the message names it and what it must be."""


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; see ``sharpen.py --help``."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", required=True, choices=METHODS, help="which method")
    parser.add_argument(
        "--scenes", required=True, type=Path, metavar="DIR", help="folder of the scenes"
    )
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder of the results"
    )
    parser.add_argument("--ratio", required=True, type=int, help="of the resolutions")
    parser.add_argument("--sensor", default="none", help="which decides the blur, e.g. WV2")
    return parser.parse_args(arguments)


def read_scene(path: Path, ratio: int, sensor: str) -> Scene:
    """Read a scene.

    Raises:
        UnusableSceneError: it lacks an array, or their sizes do not fit the ratio.
    """
    with np.load(path, allow_pickle=False) as held:
        if lacking := [key for key in KEYS if key not in held.files]:
            raise UnusableSceneError(f"{path}: must hold {', '.join(KEYS)}; lacks {lacking[0]}")
        sharp, bands, enlarged = (held[key].astype(np.float64) for key in KEYS)
    size = (bands.shape[0] * ratio, bands.shape[1] * ratio)
    if sharp.ndim != 3 or sharp.shape[:2] != size or enlarged.shape != (*size, bands.shape[2]):
        raise UnusableSceneError(
            f"{path}: sharp must be {ratio} times as large as bands, and enlarged as large as"
            f" sharp; found {sharp.shape}, {bands.shape} and {enlarged.shape}"
        )
    return Scene(sharp, bands, enlarged, ratio, sensor)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 when an input cannot be used."""
    options = parse_arguments(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        scenes = sorted(options.scenes.glob("*.npz"))
        if not scenes:
            raise UnusableSceneError(f"{options.scenes}: must hold scenes (.npz), and holds none")
        for path in scenes:
            scene = read_scene(path, options.ratio, options.sensor)
            np.save(options.out / f"{path.stem}.npy", METHODS[options.method](scene))
            print(path.stem, flush=True)
    except UnusableSceneError as error:
        print(f"sharpen.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
