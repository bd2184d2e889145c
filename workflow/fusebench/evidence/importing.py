"""Import published tables of numbers from their repositories as files of claims.

Each file names its origin.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from fusebench.errors import FusebenchError
from fusebench.files import write_text
from fusebench.folders import scratch_folder
from fusebench.hashes import sha256_of_file, source_files
from fusebench.registry.claims import COLUMNS, NUMBER, UNKNOWN_DEFINITION, decimals_of

README = "README.md"
"""The file to read in a repository whose table is in no folder."""

TABLE_SUFFIXES = frozenset({".txt", ".csv", ".md", ".xlsx", ".mat"})

MOST_DECIMALS = 4
"""Spreadsheets hold all digits of a float; papers print no more than these."""

Row = dict[str, str]


@dataclass(frozen=True)
class PublishedTable:
    """A table of numbers in a repository.

    Attributes:
        title: whose table it is.
        code: the address of the repository.
        commit: the full hash at which it is read.
        folder: the folder that holds the table's files; ``""`` for the top.
        read: yields the rows of ``claims.COLUMNS`` from that folder.
    """

    title: str
    code: str
    commit: str
    folder: str
    read: Callable[[Path], Iterable[Row]]


def row(name: str, image: str, metric: str, value: Any, where: str, **others: Any) -> Row:
    """Return one row; ``decimals`` are those of the value as it is written, or those given."""
    text = str(value)
    decimals = others.pop("decimals", min(decimals_of(text), MOST_DECIMALS))
    return {
        **{"dataset": "", "definition": UNKNOWN_DEFINITION, **others},
        **{
            "name": name,
            "image": image,
            "metric": metric,
            "value": text,
            "decimals": str(decimals),
            "where": where,
        },
    }


def with_means(rows: Iterable[Row], where: str) -> Iterator[Row]:
    """Yield the rows of single images, then the mean of each method and metric.

    The mean is taken over all images of the method.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for one in rows:
        groups.setdefault((one["name"], one["metric"]), []).append(one)
        yield one
    for (name, metric), group in groups.items():
        if not all(NUMBER.fullmatch(one["value"]) for one in group):
            continue  # the value that is no number is reported when the table is written
        mean = f"{fmean(float(one['value']) for one in group):.{MOST_DECIMALS}f}"
        others = {"dataset": group[0]["dataset"], "definition": group[0]["definition"]}
        yield row(name, "", metric, mean, f"mean of the {len(group)} values of {where}", **others)


def read_vifb(folder: Path) -> Iterator[Row]:
    """Yield VIFB's values: one small text file for each image, method and metric."""
    metrics = (
        "Avg_gradient|Cross_entropy|Edge_intensity|Entropy|Mutinf|Psnr|Qabf|Qcb|Qcv|Rmse"
        "|Spatial_frequency|Ssim|Variance"
    )
    pattern = re.compile(rf"(?P<image>[^_]+)_(?P<name>.+)_(?P<metric>{metrics})\.txt")
    where = "output/evaluation_metrics_single"
    values = [
        row(
            match["name"],
            match["image"],
            match["metric"],
            path.read_text(encoding="utf-8").strip(),
            where,
            dataset="vifb21",
            definition="vifb",
        )
        for path in sorted((folder / where).glob("*.txt"))
        if (match := pattern.fullmatch(path.name))
    ]
    yield from with_means(values, where)


def read_tang(folder: Path) -> Iterator[Row]:
    """Yield the spreadsheet of the TNO-42 comparison.

    It has a sheet for each metric, a column for each method and a row for each pair.
    """
    import openpyxl

    where = "Metric/Metric_TNO.xlsx"
    sheets = openpyxl.load_workbook(folder / where, read_only=True, data_only=True)
    values = [
        row(
            str(name),
            f"{index:02d}",
            sheet.title,
            repr(value),
            f"{where}, sheet {sheet.title}",
            dataset="tno42",
            definition="tang",
        )
        for sheet in sheets
        for names, *lines in [list(sheet.iter_rows(min_row=2, values_only=True))]
        for index, line in enumerate(lines, start=1)
        for name, value in zip(names, line, strict=True)
    ]
    yield from with_means(values, where)


def read_cddfuse(folder: Path) -> Iterator[Row]:
    """Yield the tables of CDDFuse's README.

    Its script rounds to two decimals and drops zeros at the end.
    """
    datasets = {
        "TNO": "tno25",
        "RoadScene": "roadscene50",
        "MRI_CT": "mri-ct21",
        "MRI_PET": "mri-pet42",
        "MRI_SPECT": "mri-spect73",
    }
    columns = {"VIF": "VIFF"}
    text = (folder / README).read_text(encoding="utf-8")
    for block in re.finditer(r"The test result of (\w+) :\n +(.+)\n((?:CDDFuse.+\n)+)", text):
        names = block[2].split()
        for line in block[3].splitlines():
            weights, *values = line.split()
            for name, value in zip(names, values, strict=True):
                yield row(
                    weights,
                    "",
                    columns.get(name, name),
                    value,
                    f"README.md, test result of {block[1]}",
                    dataset=datasets[block[1]],
                    definition="cddfuse",
                    decimals=2,
                )


def read_fcdfusion(folder: Path) -> Iterator[Row]:
    """Yield FCDFusion's colour deviations: each image of each method, and the average."""
    where = "output/color_deviation_values.txt"
    fixed = {"dataset": "selfcheck", "definition": "fcdfusion", "decimals": 6}
    name = ""
    for line in (folder / where).read_text(encoding="utf-8").splitlines():
        words = line.split()
        if line.startswith("Computing"):
            name = words[-1].removesuffix("...")
        elif line.startswith("Average"):
            yield row(name, "", "colour-deviation", words[-1], f"{where}, average", **fixed)
        elif words:
            yield row(
                name,
                Path(words[0].replace("\\", "/")).stem,
                "colour-deviation",
                words[-1],
                where,
                **fixed,
            )


ZLIU_COLUMNS = {
    **{
        "Wang": "QNCIE",
        "Xydeas": "QG",
        "Xydeas-Q": "QG",
        "PWW": "QM",
        "Zheng": "QSF",
        "Zhao": "QP",
        "Peilla": "QS",
    },
    **{"Cvejic-2": "QC", "Yang": "QY", "Chen": "QCV", "ChenBlum": "QCB"},
}
"""pyFusionSR's name of a function of zhengliu6699/imageFusionMetrics -> its column here.

pyFusionSR carries a copy of these functions.
"""


def read_pyfusionsr(folder: Path) -> Iterator[Row]:
    """Yield pyFusionSR's averages over VIFB: of its own variants and of the methods beside them."""
    from scipy.io import loadmat

    for path in sorted((folder / "tests").glob("*_results.mat")):
        table = loadmat(path)
        columns = [str(name[0]) for name in table["names"][0]]
        own = [path.name.removesuffix("_results.mat").replace("_normalized", " normalized")]
        methods = (
            [str(name[0]) for name in table["method_names"][0]] if "method_names" in table else own
        )
        values = next(
            value
            for key, value in table.items()
            if key in ("total_result",) or key.startswith("average_result")
        )
        for method, line in zip(methods, values, strict=True):
            for column, value in zip(columns, line, strict=True):
                definition = "zliu" if column in ZLIU_COLUMNS else UNKNOWN_DEFINITION
                metric = ZLIU_COLUMNS.get(column, column)
                yield row(
                    method,
                    "",
                    metric,
                    float(value),
                    f"tests/{path.name}, {column}",
                    dataset="vifb21",
                    definition=definition,
                )


TABLES = {
    "cddfuse": PublishedTable(
        "CDDFuse's README (Zhaozixiang1228/MMIF-CDDFuse)",
        "https://github.com/Zhaozixiang1228/MMIF-CDDFuse",
        "fd8da1f39d8d403b7343e577bd5a30cba38c7b7b",
        "",
        read_cddfuse,
    ),
    "fcdfusion": PublishedTable(
        "FCDFusion's results (HeasonLee/FCDFusion)",
        "https://github.com/HeasonLee/FCDFusion",
        "185afadd17e5977acf2562568e5bbaf125b762d9",
        "output",
        read_fcdfusion,
    ),
    "pyfusionsr": PublishedTable(
        "pyFusionSR's results (ferhatcan/pyFusionSR)",
        "https://github.com/ferhatcan/pyFusionSR",
        "c8600c7b7f1559cbe2987247e5795b7da416eb6d",
        "tests",
        read_pyfusionsr,
    ),
    "tang-tno42": PublishedTable(
        "Evaluation-for-Image-Fusion (Linfeng-Tang/Evaluation-for-Image-Fusion)",
        "https://github.com/Linfeng-Tang/Evaluation-for-Image-Fusion",
        "0e87153be77320e31ef2cabb5820518d2ac56bac",
        "Metric",
        read_tang,
    ),
    "vifb": PublishedTable(
        "VIFB (xingchenzhang/VIFB)",
        "https://github.com/xingchenzhang/VIFB",
        "22b2ea9d91499cc5962d9bdcae9c290270f0fade",
        "output/evaluation_metrics_single",
        read_vifb,
    ),
}
"""The published tables that can be imported, by the name of the file they become."""


def import_table(name: str, wanted: set[str], target: Path, root: Path, mirror: str = "") -> int:
    """Write the rows of some methods of a published table, and return how many.

    The file names the origin of the rows.

    Args:
        name: of ``TABLES``.
        wanted: the methods, as the table names them; none for all of them.
        target: the CSV file.
        root: the project's folder.
        mirror: a path template that replaces the network, see ``sources``.

    Raises:
        FusebenchError: the repository cannot be fetched, or the table holds no row or a value that
            is no number.
    """
    from fusebench.sources.repositories import checkout_folders

    table = TABLES[name]
    with scratch_folder() as scratch:
        folder = scratch / "checkout"
        absent = checkout_folders(table.code, table.commit, [table.folder], folder, root, mirror)
        _refuse_absent(
            name, absent if table.folder else [file for file in absent if file == README]
        )
        every = _rows_of(name, table, folder)
        files = sorted(source_files(folder / table.folder)) if table.folder else [folder / README]
        digest = hashlib.sha256(
            "".join(sha256_of_file(path) for path in files).encode()
        ).hexdigest()
    rows = [one for one in every if not wanted or one["name"] in wanted]
    if not rows:
        known = ", ".join(dict.fromkeys(one["name"] for one in every)) or "none"
        asked = ", ".join(sorted(wanted)) or "any method"
        raise FusebenchError(f"{name}: must hold rows of {asked}; found those of {known}")
    bad = next((one for one in rows if not NUMBER.fullmatch(one["value"])), None)
    if bad:
        raise FusebenchError(
            f"{name}: {bad['where']}: {bad['name']}, {bad['image']}, {bad['metric']}: must be a"
            f" number; found {bad['value']!r}"
        )
    write_text(target, _origin(name, table, digest) + _csv(rows))
    return len(rows)


def _refuse_absent(name: str, absent: list[str]) -> None:
    """Refuse a mirror that lacks a file of the table: means would be those of fewer values."""
    lacking = [file for file in absent if Path(file).suffix.lower() in TABLE_SUFFIXES]
    if lacking:
        raise FusebenchError(
            f"{name}: every file of the table must be there; the mirror lacks {len(lacking)},"
            f" first: {lacking[0]}; take a whole mirror, or run without it"
        )


def _rows_of(name: str, table: PublishedTable, folder: Path) -> list[Row]:
    """Read a table; any error of its reader is reported as a table of another form."""
    try:
        return list(table.read(folder))
    except Exception as error:
        raise FusebenchError(
            f"{name}: {table.title} at {table.commit[:12]} must have the form that its reader"
            f" knows; found {type(error).__name__}: {str(error).replace(f'{folder}/', '')}"
        ) from error


def _origin(name: str, table: PublishedTable, digest: str) -> str:
    facts = {
        "source": table.title,
        "code": table.code,
        "commit": table.commit,
        "folder": table.folder or README,
        "sha256": f"{digest} (of the sha256 of its files, joined)",
        "imported by": f"fusebench claims {name}",
    }
    return "".join(f"# {key}: {text}\n" for key, text in facts.items())


def _csv(rows: list[Row]) -> str:
    import csv

    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
