"""The archive of a comparison: all that is needed to make every table and figure again.

No method has to be run for that.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import platform
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from fusebench.contracts.files import read_stored
from fusebench.contracts.records import Record
from fusebench.layout import FUSED, RECORD, RUNS
from fusebench.markers import read_manifest
from fusebench.registry.contradictions import ARCHIVE_NOTE
from fusebench.registry.loading import CONFIG, Registry
from fusebench.report.crate import METADATA, crate

ALLOWED = (
    "analyse_table", "draw_figure", "figures", "tables", "write_paper_table", "write_speed_tables",
    "write_table", "write_tables",
)  # fmt: skip
"""Rules that make tables and figures from the archive; no other is needed, and none may run."""
PLACES = (
    "methods.yaml", "datasets.yaml", "config", "pairs", "claims", "envs", "requirements.lock",
    "resources/*/*.json", "results/*.csv", "results/*.csv.gz", "results/datapackage.json",
    "results/measures", "results/statistics", "results/speed", "results/tables", "results/figures",
    "results/evidence/summary.csv", "results/runs/*/*/record.json", "results/jobs",
)  # fmt: skip
NAME = "fusebench-results"


def write_archive(
    root: Path,
    options: Mapping[str, Any],
    named: Sequence[Path],
    path: Path,
    registry: Registry | None = None,
) -> None:
    """Write the archive, a compressed tar file.

    It holds registry, locks, records, markers, measures, statistics, tables, figures and their
    data. The images that grids show are in it; no others are.

    Args:
        root: the project's folder.
        options: the options that the results were made with, which other files and the command line
            may have changed: the archive has them as its configuration.
        named: tables and figures that are to be asked for by their names, as
            ``PaperTables.named_files`` has them.
        path: the file.
        registry: of these options, for the descriptions of the archive for other machines: an
            RO-Crate, and what Zenodo asks for. None leaves them out.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with tarfile.open(part, "w:gz", compresslevel=6, format=tarfile.PAX_FORMAT) as archive:
        files = list(dict.fromkeys([*_files(root), *_grid_images(root)]))
        for file in files:
            archive.add(
                file,
                f"{NAME}/{file.relative_to(root).as_posix()}",
                recursive=False,
                filter=_anonymous,
            )
        _add(
            archive,
            CONFIG.as_posix(),
            yaml.safe_dump(dict(options), sort_keys=False, allow_unicode=True),
        )
        _add(archive, ARCHIVE_NOTE, note(named))
        _add(archive, "versions.json", json.dumps(versions(), indent=1))
        if registry:
            _add(archive, METADATA, json.dumps(crate(root, registry, files), indent=1))
            _add(archive, ".zenodo.json", json.dumps(zenodo(registry), indent=1))
    part.replace(path)


def _files(root: Path) -> Iterator[Path]:
    for place in PLACES:
        for found in sorted(root.glob(place)):
            below = [found] if found.is_file() else sorted(found.rglob("*"))
            yield from (file for file in below if file.is_file() and file != root / CONFIG)


def _grid_images(root: Path) -> Iterator[Path]:
    """Yield sources and fused images of the pairs that the drawn grids show."""
    import pandas as pd

    for drawn in sorted(root.glob("results/figures/*/grid-*.csv")):
        if drawn.stat().st_size <= 1:
            continue
        dataset = drawn.stem.removeprefix("grid-")
        pairs = set(pd.read_csv(drawn, dtype=str, keep_default_na=False)["pair"])
        manifest = read_manifest(root, dataset)
        for pair in manifest.pairs:
            if pair.name in pairs:
                yield from (root / manifest.path / image.shown for image in (pair.a, pair.b))
        for file in sorted(root.glob(f"{RUNS}/*/{dataset}/{RECORD}")):
            shown = _fused(read_stored(file, Record), pairs)
            yield from (file.parent / FUSED / name for name in shown)


def _fused(record: Record, pairs: set[str]) -> list[str]:
    shown = record.images if record.is_ok else []
    return [image.shown for image in shown if image.name in pairs]


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _add(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    member = tarfile.TarInfo(f"{NAME}/{name}")
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def zenodo(registry: Registry) -> dict[str, object]:
    """Return the metadata of a Zenodo record of the archive; the creators are to be filled in."""
    suites = ", ".join(suite.name for suite in registry.selected)
    return {
        "title": f"Results of fusebench: {suites}",
        "upload_type": "dataset",
        "description": "Published image-fusion methods, rerun from their authors' repositories and"
        " compared under one protocol. ro-crate-metadata.json describes every run, ARCHIVE.md how"
        " to make all tables and figures again.",
        "creators": [{"name": "Family, Given"}],
        "keywords": ["image fusion", "benchmark", "reproducibility"],
        "access_right": "open",
    }


def versions() -> dict[str, object]:
    """Return what the tables and figures were made with."""
    packages = {
        found.metadata["Name"]: found.version for found in importlib.metadata.distributions()
    }
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": dict(sorted(packages.items())),
    }


def note(named: Sequence[Path]) -> str:
    """Return how to make the tables and figures again; ``named`` as for ``write_archive``."""
    targets = "".join(f" \\\n        {file.as_posix()}" for file in named)
    return f"""# Results of fusebench

`results/` holds tables, figures, statistics and per-image values; `results/datapackage.json`
describes every CSV file. `results/runs/*/*/record.json` says how each method was run, `envs/` has
the locks, `versions.json` the versions that made the tables, `config/config.yaml` the options that
they were made with.

To make every table and figure of that configuration again, without running any method, unpack this
folder. Then run the workflow of a checkout of fusebench in it, with the environment of that
checkout:

    snakemake --snakefile CHECKOUT/Snakefile --cores 2 --forceall tables figures{targets} \\
        --allowed-rules {" ".join(ALLOWED)}

`ro-crate-metadata.json` describes every file and run for machines (RO-Crate 1.1, Process Run
Crate). `.zenodo.json` is what Zenodo asks for: write your names into it before you upload.

Only the images that the grids show are here; the licences of their datasets and methods apply to
them.
"""
