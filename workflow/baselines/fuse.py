"""Fuse the same-named images of two folders by a classical method.

    python fuse.py --method laplacian-pyramid --a infrared/ --b visible/ --out fused/

Writes one PNG per pair under the pair's name.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from classical import METHODS
from image_folders import UnusableImageError, pairs, read_pair, write


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; see ``fuse.py --help``."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", required=True, choices=METHODS, help="which method")
    parser.add_argument(
        "--a", required=True, type=Path, metavar="DIR", help="folder of the first sources"
    )
    parser.add_argument(
        "--b", required=True, type=Path, metavar="DIR", help="folder of the second sources"
    )
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder of the results"
    )
    return parser.parse_args(arguments)


def fuse_folders(method: str, folder_a: Path, folder_b: Path, out: Path) -> None:
    """Fuse every pair of two folders into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    for name, files in pairs(folder_a, folder_b).items():
        write(out / f"{name}.png", METHODS[method](*read_pair(*files)))
        print(name, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 when an input cannot be used."""
    options = parse_arguments(arguments)
    try:
        fuse_folders(options.method, options.a, options.b, options.out)
    except UnusableImageError as error:
        print(f"fuse.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
