"""Published tables become files of claims that name their origin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import git
import numpy as np
import openpyxl
import pytest
from fusebench.command import main
from fusebench.contracts.methods import ClaimEntry
from fusebench.errors import FusebenchError
from fusebench.evidence import importing
from fusebench.registry.claims import claims_of, formula_of, read_claims_file
from scipy.io import savemat

README = """
The test result of TNO :
                 EN      SD
CDDFuse         7.12    46.0
=====
The test result of MRI_CT :
                 EN      VIF
CDDFuse_IVF     4.83    0.5
CDDFuse_MIF     4.88    0.61
"""


def short(rows: list[importing.Row], *columns: str) -> list[tuple[str, ...]]:
    """Return some columns of rows."""
    return [tuple(row[column] for column in columns) for row in rows]


def test_vifb_is_one_text_file_for_each_value(tmp_path: Path) -> None:
    """Names of methods may hold underscores; the mean follows the images."""
    folder = tmp_path / "output" / "evaluation_metrics_single"
    folder.mkdir(parents=True)
    for image, value in (("man", "1.5000"), ("car", "2.5")):
        (folder / f"{image}_HMSD_GF_Edge_intensity.txt").write_text(value + "\n")
    rows = list(importing.read_vifb(tmp_path))
    assert short(rows, "name", "image", "metric", "value", "decimals") == [
        ("HMSD_GF", "car", "Edge_intensity", "2.5", "1"),
        ("HMSD_GF", "man", "Edge_intensity", "1.5000", "4"),
        ("HMSD_GF", "", "Edge_intensity", "2.0000", "4"),
    ]
    assert {(row["dataset"], row["definition"]) for row in rows} == {("vifb21", "vifb")}


def test_the_spreadsheet_has_a_sheet_for_each_metric(tmp_path: Path) -> None:
    """Rows are pairs in order, columns are methods.

    All digits are kept, and four decimals are claimed.
    """
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "EN"
    for line in (
        ["method_name", "method_name"],
        ["SDNet", "U2Fusion"],
        [6.123456789, 7.5],
        [6.5, 7.25],
    ):
        sheet.append(line)
    (tmp_path / "Metric").mkdir()
    book.save(tmp_path / "Metric" / "Metric_TNO.xlsx")
    rows = list(importing.read_tang(tmp_path))
    assert short(rows[:2], "name", "image", "value", "decimals") == [
        ("SDNet", "01", "6.123456789", "4"),
        ("U2Fusion", "01", "7.5", "1"),
    ]
    assert short(rows[-1:], "name", "image", "value") == [("U2Fusion", "", "7.3750")]


def test_the_readme_names_weights_and_columns(tmp_path: Path) -> None:
    """Zeros that the authors' script drops are still printed digits.

    Their VIF is the evaluator's VIFF.
    """
    (tmp_path / "README.md").write_text(README)
    assert short(
        list(importing.read_cddfuse(tmp_path)), "name", "dataset", "metric", "value", "decimals"
    ) == [
        ("CDDFuse", "tno25", "EN", "7.12", "2"),
        ("CDDFuse", "tno25", "SD", "46.0", "2"),
        ("CDDFuse_IVF", "mri-ct21", "EN", "4.83", "2"),
        ("CDDFuse_IVF", "mri-ct21", "VIFF", "0.5", "2"),
        ("CDDFuse_MIF", "mri-ct21", "EN", "4.88", "2"),
        ("CDDFuse_MIF", "mri-ct21", "VIFF", "0.61", "2"),
    ]


def test_colour_deviations_are_of_the_authors_own_images(tmp_path: Path) -> None:
    """Paths of the authors' machine become names of pairs."""
    (tmp_path / "output").mkdir()
    text = (
        "Computing color deviation of method RGB...\n"
        "./output/RGB\\man.jpg : 0.0191307\nAverage: 0.038\n"
    )
    (tmp_path / "output" / "color_deviation_values.txt").write_text(text)
    assert short(list(importing.read_fcdfusion(tmp_path)), "name", "image", "value", "dataset") == [
        ("RGB", "man", "0.0191307", "selfcheck"),
        ("RGB", "", "0.038", "selfcheck"),
    ]


def test_matrices_of_own_variants_and_of_other_methods(tmp_path: Path) -> None:
    """A column of a known function of the evaluator gets its definition; any other is unknown."""
    (tmp_path / "tests").mkdir()
    names = np.array([["Wang", "MI_orig"]], dtype=object)
    savemat(
        tmp_path / "tests" / "Y+IR_results.mat",
        {"names": names, "average_result": np.array([[0.8, 0.3]])},
    )
    methods = np.array([["GFF", "TIF"]], dtype=object)
    table = {
        "names": names,
        "method_names": methods,
        "total_result": np.array([[1.4, 0.5], [1.5, 0.6]]),
    }
    savemat(tmp_path / "tests" / "compare_method_results.mat", table)
    rows = list(importing.read_pyfusionsr(tmp_path))
    assert short(rows, "name", "metric", "definition", "value") == [
        ("Y+IR", "QNCIE", "zliu", "0.8"),
        ("Y+IR", "MI_orig", "unknown", "0.3"),
        ("GFF", "QNCIE", "zliu", "1.4"),
        ("GFF", "MI_orig", "unknown", "0.5"),
        ("TIF", "QNCIE", "zliu", "1.5"),
        ("TIF", "MI_orig", "unknown", "0.6"),
    ]


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Publish a README as that of CDDFuse, and return the path template of the mirrors."""
    folder = tmp_path / "mirrors" / "Zhaozixiang1228+MMIF-CDDFuse"
    repository = git.Repo.init(folder)
    (folder / "README.md").write_text(README)
    repository.git.add("--all")
    actor = git.Actor("An Author", "author@example.org")
    commit = str(repository.index.commit("publish", author=actor, committer=actor).hexsha)
    monkeypatch.setitem(
        importing.TABLES, "cddfuse", replace(importing.TABLES["cddfuse"], commit=commit)
    )
    return str(tmp_path / "mirrors" / "{owner}+{name}")


def test_a_file_of_claims_tells_its_origin(
    tmp_path: Path, mirror: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Repository, commit and hash are above the rows.

    An entry that names the file has its claims.
    """
    arguments = [
        "claims",
        "cddfuse",
        "--name",
        "CDDFuse",
        "--project",
        str(tmp_path),
        "--mirror",
        mirror,
    ]
    assert main(arguments) == 0
    assert "2 numbers of CDDFuse's README" in capsys.readouterr().out
    origin, rows = read_claims_file(tmp_path / "claims" / "cddfuse.csv")
    assert origin["code"] == "https://github.com/Zhaozixiang1228/MMIF-CDDFuse"
    assert origin["commit"] == importing.TABLES["cddfuse"].commit and len(rows) == 2
    item = ClaimEntry(file="claims/cddfuse.csv", name="CDDFuse")
    claims = claims_of("m", [item], tmp_path)
    assert [(formula_of(claim), claim.value, claim.decimals) for claim in claims] == [
        ("EN@cddfuse", 7.12, 2),
        ("SD@cddfuse", 46.0, 2),
    ]
    assert claims[0].source.startswith("CDDFuse's README")


def test_a_method_that_the_table_lacks_is_named(tmp_path: Path, mirror: str) -> None:
    """The methods that the table does hold are listed."""
    with pytest.raises(
        FusebenchError, match=r"must hold rows of CDDFus; found those of CDDFuse, CDDFuse_IVF"
    ):
        importing.import_table("cddfuse", {"CDDFus"}, tmp_path / "x.csv", tmp_path, mirror)


def test_a_value_that_is_no_number_is_named(
    tmp_path: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comma in a published file is reported with method, image and metric.

    Such a value is in no mean.
    """
    values = [
        importing.row("GFF", image, "EN", value, "t")
        for image, value in (("p", "7,12"), ("q", "7.0"))
    ]
    table = replace(importing.TABLES["cddfuse"], read=lambda _: importing.with_means(values, "t"))
    monkeypatch.setitem(importing.TABLES, "cddfuse", table)
    with pytest.raises(FusebenchError, match=r"t: GFF, p, EN: must be a number; found '7,12'"):
        importing.import_table("cddfuse", set(), tmp_path / "x.csv", tmp_path, mirror)
    assert not (tmp_path / "x.csv").exists()


def test_a_table_of_another_form_is_told(
    tmp_path: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of a parser becomes one line with the table, its commit and the cause."""
    table = replace(importing.TABLES["cddfuse"], read=importing.read_tang)
    monkeypatch.setitem(importing.TABLES, "cddfuse", table)
    with pytest.raises(
        FusebenchError, match=r"must have the form that its reader knows; found FileNotFoundError"
    ):
        importing.import_table("cddfuse", set(), tmp_path / "x.csv", tmp_path, mirror)


def test_a_mirror_without_the_tables_content_is_refused(tmp_path: Path, mirror: str) -> None:
    """Means over the values that happen to be there would not be means of the table."""
    repository = git.Repo(tmp_path / "mirrors" / "Zhaozixiang1228+MMIF-CDDFuse")
    digest = repository.head.commit.tree["README.md"].hexsha
    Path(repository.git_dir, "objects", digest[:2], digest[2:]).unlink()
    with pytest.raises(
        FusebenchError, match=r"the mirror lacks 1, first: README.md; take a whole mirror"
    ):
        importing.import_table("cddfuse", set(), tmp_path / "x.csv", tmp_path, mirror)
