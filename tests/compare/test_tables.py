"""Tables: means, ranks on printed digits, states instead of missing numbers, ready formats."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from fusebench.compare import (
    failures,
    read_measures,
    terminal_table,
    write_measures,
    write_status,
    write_tables,
)
from fusebench.compare import latex as latex_format
from fusebench.compare import markdown as markdown_format
from fusebench.compare.contents import printed, ranks_of, table_of
from fusebench.compare.wording import mark, parameters, seconds
from fusebench.contracts.records import Record
from fusebench.contracts.tables import TableSpec
from fusebench.errors import MetricError
from msgspec.structs import replace

from tests.compare.made import PAIRS, on_cpu, on_gpu, record

METHODS = {
    "alpha": "Alpha",
    "beta": "Beta_2 & 50%",
    "gamma": "Gamma|net",
    "partial": "Partial",
    "unmeasured": "Unmeasured",
    "broken": "Broken",
    "absent": "Absent",
}
SPEC = TableSpec(
    suite="trial",
    dataset="tno_25",
    title="TNO 25 (5 % of it)",
    methods=METHODS,
    metrics=["SSIM", "SSIM@cddfuse", "Q_CV"],
    decimals=2,
)
REASON = (
    "weights/model_50%.pth: must have sha256 ab, found cd\n"
    "at C:\\x ~ 模型 #1 {é} | `x` <y> 5^2 $ę → end"
)


@pytest.fixture
def records() -> list[Record]:
    """Four runs that ended well, one that did not, one of another dataset; ``absent`` has none."""
    return [
        record(
            "alpha",
            model_seconds=0.01234,
            seconds_per_image=1.5,
            parameters=1_190_000,
            device="cpu",
        ),
        record("beta"),
        record("gamma"),
        record("partial"),
        record("unmeasured"),
        record("broken", state="weights-missing", reason=REASON, seconds=3.25),
        record("alpha", "other"),
    ]


@pytest.fixture
def measures() -> pd.DataFrame:
    """Values so that on two digits alpha and beta tie in SSIM; alpha and gamma never tie."""
    rows = []
    values = {
        "alpha": ((0.801, 0.801), (1.1, 1.3), (300.0, 100.0)),
        "beta": ((0.804, 0.804), (1.0, 1.0), (150.0, 150.0)),
        "gamma": ((0.5, 0.1), (0.9, 0.9), (400.0, 400.0)),
        "partial": ((0.99,), (1.9,), (1.0,)),
    }
    for method, columns in values.items():
        for (metric, definition), numbers in zip(
            (("SSIM", "canonical"), ("SSIM", "cddfuse"), ("Q_CV", "canonical")),
            columns,
            strict=True,
        ):
            rows += [
                (method, "tno_25", name, metric, definition, value)
                for name, value in zip(PAIRS, numbers, strict=False)
            ]
    rows.append(("alpha", "other", "01", "SSIM", "canonical", 99.0))
    return pd.DataFrame(
        rows, columns=["method", "dataset", "image", "metric", "definition", "value"]
    )


@pytest.fixture
def paths(tmp_path: Path, records: list[Record], measures: pd.DataFrame) -> dict[str, Path]:
    """The files of one table by suffix."""
    return {
        path.suffix[1:]: path for path in write_tables(tmp_path / "tables", SPEC, records, measures)
    }


def line_with(text: str, start: str) -> str:
    """The one line that starts with ``start``."""
    (line,) = [line for line in text.splitlines() if line.startswith(start)]
    return line


def test_files_are_named_by_suite_and_dataset(tmp_path: Path, paths: dict[str, Path]) -> None:
    """One file for each format under the suite's folder, named for the dataset."""
    assert paths == {
        suffix: tmp_path / "tables" / "trial" / f"tno_25.{suffix}"
        for suffix in ("csv", "md", "tex")
    }
    assert all(path.is_file() for path in paths.values())


def test_ties_on_printed_digits_share_the_first_rank(paths: dict[str, Path]) -> None:
    """0.801 and 0.804 print as 0.80 and are both best; the next is third, so none is second."""
    text = paths["md"].read_text()
    assert "| Alpha | **0.80** |" in text
    assert line_with(text, "| Beta").split("|")[2].strip() == "**0.80**"
    assert "<u>0.30</u>" not in text


def test_direction_decides_what_is_best(paths: dict[str, Path]) -> None:
    """Of Q_CV the lower is better: beta's 150 is best, alpha's 200 second."""
    text = paths["md"].read_text()
    assert line_with(text, "| Beta").split("|")[4].strip() == "**150.00**"
    assert line_with(text, "| Alpha").split("|")[4].strip() == "<u>200.00</u>"
    assert line_with(text, "| method") == (
        "| method | SSIM ↑ | SSIM (cddfuse) ↑ | Q\\_CV ↓ | model s | total s | params |"
    )


def test_a_run_with_some_pairs_is_not_ranked(paths: dict[str, Path]) -> None:
    """The mean of one pair of two would win every column; it is shown with its count, unranked."""
    line = line_with(paths["md"].read_text(), "| Partial")
    assert "0.99 (1 of 2)" in line
    assert "**" not in line
    assert "<u>" not in line


def test_missing_measures_of_a_good_run_are_told(paths: dict[str, Path]) -> None:
    """A run that ended well without values says so in its row and in a footnote."""
    text = paths["md"].read_text()
    assert "no value" in line_with(text, "| Unmeasured")
    assert (
        "SSIM: 0 of 2 pairs have a value (the others were not measured); SSIM@cddfuse: 0 of 2"
        in text
    )


def test_reason_of_a_refused_value_is_told(records: list[Record], measures: pd.DataFrame) -> None:
    """If the measures say why a value is missing, the table says it too."""
    measures["reason"] = ""
    late = measures.index[(measures["method"] == "beta") & (measures["image"] == "02")]
    measures.loc[late, "value"] = float("nan")
    measures.loc[late, "reason"] = "image is flat"
    table = table_of(SPEC, records, measures)
    assert table.rows[1].cells[0].problem == "SSIM: 1 of 2 pairs have a value (image is flat)"
    assert table.rows[1].cells[0].rank is None


def test_states_stand_where_there_is_no_number(paths: dict[str, Path]) -> None:
    """A failed run shows its state with a footnote for the reason; no record means skipped."""
    text = paths["md"].read_text()
    assert re.search(r"\| Broken \| weights-missing<sup>c</sup> \| – \| – \|", text)
    assert re.search(r"\| Absent \| skipped<sup>d</sup> \|", text)
    assert "<sup>c</sup> weights/model\\_50%.pth: must have sha256 ab, found cd at C:" in text


def test_csv_holds_full_digits_and_states(paths: dict[str, Path]) -> None:
    """The CSV has unrounded means, and state and reason in columns of their own."""
    rows = {row["method"]: row for row in csv.DictReader(paths["csv"].open(encoding="utf-8"))}
    assert list(rows) == list(METHODS)
    assert float(rows["alpha"]["SSIM@cddfuse"]) == (1.1 + 1.3) / 2
    assert rows["alpha"]["parameters"] == "1190000"
    assert (rows["broken"]["state"], rows["broken"]["reason"]) == ("weights-missing", REASON)
    assert (rows["broken"]["SSIM"], rows["absent"]["state"]) == ("", "skipped")
    assert (rows["partial"]["pairs"], rows["partial"]["measured"]) == ("2", "1")


def test_costs_are_shown(paths: dict[str, Path]) -> None:
    """Costs are model seconds, total seconds and parameters; an unknown one is a dash."""
    text = paths["md"].read_text()
    assert line_with(text, "| Alpha").endswith("| 0.0123 | 1.50 | 1.19 M |")
    assert line_with(text, "| Beta").endswith("| – | – | – |")


def test_other_datasets_do_not_leak_in(records: list[Record], measures: pd.DataFrame) -> None:
    """Values and records of another dataset are not in the table."""
    assert table_of(SPEC, records, measures).rows[0].cells[0].mean == pytest.approx(0.801)


def test_measures_of_a_failed_run_are_not_shown(
    records: list[Record], measures: pd.DataFrame
) -> None:
    """A failed run shows no values that an earlier run left."""
    records[0] = record("alpha", state="crashed", reason="exit status 1")
    row = table_of(SPEC, records, measures).rows[0]
    assert [cell.printed for cell in row.cells] == ["", "", ""]


def test_unknown_metric_is_refused(records: list[Record], measures: pd.DataFrame) -> None:
    """The error names the metric that does not exist."""
    with pytest.raises(MetricError, match="SSIMM"):
        table_of(replace(SPEC, metrics=["SSIMM"]), records, measures)


def test_a_table_without_any_measure_is_complete(tmp_path: Path) -> None:
    """If nothing could be run, every format still has a row and a state for each method."""
    nothing = read_measures([])
    for path in write_tables(tmp_path, SPEC, [], nothing):
        assert path.read_text().count("skipped") >= len(METHODS), path


def test_latex_marks_best_and_second(paths: dict[str, Path]) -> None:
    """Best is bold and second underlined, names are escaped, heads carry arrows and definitions."""
    text = paths["tex"].read_text()
    assert line_with(text, "Beta").startswith(
        r"Beta\_2 \& 50\% & \textbf{0.80} & \underline{1.00} & \textbf{150.00}"
    )
    assert r"SSIM\textsubscript{cddfuse} $\uparrow$ & Q\_CV $\downarrow$" in text
    assert line_with(text, "Broken") == (
        r"Broken & \multicolumn{3}{l}{weights-missing\textsuperscript{c}} & -- & -- & -- \\"
    )
    assert all(command in text for command in (r"\toprule", r"\midrule", r"\bottomrule"))


def test_latex_escapes_everything() -> None:
    """Special characters are escaped, accents stay, and what LaTeX may lack becomes ``?``."""
    assert latex_format.escaped(r"a_b\c{d}%&#$^~") == (
        r"a\_b\textbackslash{}c\{d\}\%\&\#\$\textasciicircum{}\textasciitilde{}"
    )
    assert latex_format.escaped("é e\u0301 ß → 模 ę") == r"é é ß $\rightarrow$ ? ?"


def test_latex_knows_the_letters_of_names() -> None:
    """U²Fusion, β-VAE and H₂O keep their signs; a negative number has a real minus sign."""
    assert (
        latex_format.escaped("U²Fusion β-VAE H₂O ΔE") == r"U$^2$Fusion $\beta$-VAE H$_2$O $\Delta$E"
    )
    assert (latex_format.signed("-0.50"), latex_format.signed("0.50")) == ("$-$0.50", "0.50")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(tmp_path: Path, paths: dict[str, Path]) -> None:
    """The file compiles as it is in a document that loads booktabs only."""
    compiled(paths["tex"])
    assert (tmp_path / "document.pdf").stat().st_size > 0


def compiled(table: Path) -> str:
    """Compile a document of one table in the folder above the tables, and return TeX's output."""
    document = (
        r"\documentclass{article}\usepackage{booktabs}"
        rf"\begin{{document}}\input{{{table}}}\end{{document}}"
    )
    folder = table.parents[2]
    (folder / "document.tex").write_text(document)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "document.tex"],
        cwd=folder, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("devices", [1, 2])
def test_a_long_table_is_broken_where_a_page_ends(
    tmp_path: Path, measures: pd.DataFrame, devices: int
) -> None:
    """Every row, footnote and time of sixty methods is in one float that fits on a page."""
    methods = {f"m{n:02}": f"M{n:02}" for n in range(60)}
    records = [
        record(
            method,
            state="crashed" if n % 12 == 11 else "ok",
            reason=f"{method} " * 50,
            seconds_per_image=1.5,
            **on_cpu(f"Xeon {n % devices}"),
        )
        for n, method in enumerate(methods)
    ]
    (*_, path) = write_tables(
        tmp_path / "tables", replace(SPEC, methods=methods), records, measures
    )
    assert "Float too large" not in compiled(path)
    text = path.read_text()
    assert (
        text.count(r"\caption{") == 1
        and text.count("m11 m11 ")
        and text.count(r"\begin{table}") > 1
    )
    assert all(len(re.findall(rf"^M{n:02} &", text, re.MULTILINE)) == devices for n in range(60))


def test_markdown_escapes_what_would_break_a_table() -> None:
    """A bar in a name does not start another column."""
    assert markdown_format.escaped("Gamma|net_1 *x*") == r"Gamma\|net\_1 \*x\*"


def test_every_markdown_row_has_all_columns(paths: dict[str, Path]) -> None:
    """Rows with numbers and rows with states are equally wide."""
    rows = [line for line in paths["md"].read_text().splitlines() if line.startswith("| ")]
    widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert len(rows) == len(METHODS) + 2
    assert widths == {8}


def test_terminal_table_is_aligned(records: list[Record], measures: pd.DataFrame) -> None:
    """In plain text best and second are marked, states are shown, gaps are explained below."""
    lines = terminal_table(SPEC, records, measures).splitlines()
    assert lines[0] == "TNO 25 (5 % of it), mean over 2 pairs (* best, + second)"
    assert lines[1].split()[:4] == ["method", "SSIM↑", "SSIM@cddfuse↑", "Q_CV↓"]
    assert lines[3].split() == ["Alpha", "0.80*", "1.20*", "200.00+", "0.0123", "1.50", "1.19", "M"]
    assert "weights-missing" in line_with("\n".join(lines), "Broken")
    assert "Unmeasured: SSIM: 0 of 2 pairs have a value" in lines[-1]


def test_failures_name_state_reason_and_log(records: list[Record]) -> None:
    """Each run without result has its reason and log; if all runs are ok the text is empty."""
    text = failures(records)
    assert text.splitlines()[0] == "broken on tno_25: weights-missing"
    assert "found cd at C:" in text
    assert text.splitlines()[-1] == "    log: logs/broken.log"
    assert failures(records[:2]) == ""


def test_measures_survive_the_file(tmp_path: Path, measures: pd.DataFrame) -> None:
    """Values come back to the last bit, and an image called 01 is not the number 1."""
    measures.loc[0, "value"] = 0.1 + 0.2
    write_measures(tmp_path / "measures.csv", measures)
    back = read_measures([tmp_path / "measures.csv"])
    assert back["value"].tolist() == measures["value"].tolist()
    assert back["image"].tolist() == measures["image"].tolist()
    assert (tmp_path / "measures.csv").read_text().splitlines()[:2] == [
        "method,dataset,image,metric,definition,value",
        "alpha,tno_25,01,SSIM,canonical,0.30000000000000004",
    ]


def test_measures_of_nothing_have_every_column(tmp_path: Path, measures: pd.DataFrame) -> None:
    """A dataset that could not be prepared leaves a file of heads that can still be read."""
    measures[:0].to_csv(tmp_path / "gone.csv", index=False)
    assert [*read_measures([tmp_path / "gone.csv"])] == [
        "method", "dataset", "image", "metric", "definition", "reason", "value",
    ]  # fmt: skip


def test_several_datasets_are_read_as_one(tmp_path: Path, measures: pd.DataFrame) -> None:
    """Measures of all datasets come back in the order of the files; an empty file adds nothing."""
    write_measures(tmp_path / "one.csv", measures[:3])
    write_measures(tmp_path / "none.csv", measures[:0])
    write_measures(tmp_path / "two.csv", measures[3:])
    back = read_measures([tmp_path / name for name in ("one.csv", "none.csv", "two.csv")])
    assert len(back) == len(measures)
    assert back["value"].dtype == float


def test_status_has_one_line_for_each_run(tmp_path: Path, records: list[Record]) -> None:
    """Every run is in status.csv, failed or not, a reason of several lines in one field."""
    write_status(tmp_path / "status.csv", records)
    rows = list(csv.DictReader((tmp_path / "status.csv").open(encoding="utf-8")))
    assert list(rows[0]) == ["method", "dataset", "state", "reason", "seconds"]
    assert len(rows) == len(records)
    assert (rows[5]["state"], rows[5]["reason"], rows[5]["seconds"]) == (
        "weights-missing",
        REASON,
        "3.25",
    )


@pytest.mark.parametrize(
    ("shown", "direction", "ranks"),
    [
        (["1.0", "3.0", "2.0"], "higher", [3, 1, 2]),
        (["1.0", "3.0", "2.0"], "lower", [1, 3, 2]),
        (["2.0", "2.0", "1.0"], "higher", [1, 1, 3]),
        (["3.0", "2.0", "2.0"], "higher", [1, 2, 2]),
        (["3.0", "2.0"], "none", [None, None]),
        ([], "higher", []),
    ],
)
def test_ranks(shown: list[str], direction: str, ranks: list[int | None]) -> None:
    """Equal digits share a rank, and the rank after two firsts is 3."""
    assert ranks_of(shown, direction) == ranks


def test_printed_zero_has_no_sign() -> None:
    """-0.00001 is printed as 0.0000, so that it ties with zero."""
    assert (printed(-0.00001, 4), printed(-0.1, 1), printed(2.0, 0)) == ("0.0000", "-0.1", "2")


def test_wording_of_costs() -> None:
    """Three significant digits, units for parameters, letters for footnotes."""
    assert [seconds(value) for value in (0.00001, 0.00123, 0.5, 2.0, 12.34, 123.4, None)] == [
        "<0.0001", "0.0012", "0.500", "2.00", "12.3", "123", "–",
    ]  # fmt: skip
    assert [parameters(value) for value in (12, 74_000, 1_190_000, None)] == [
        "12",
        "74 k",
        "1.19 M",
        "–",
    ]
    assert [mark(number) for number in (0, 25, 26, 27)] == ["a", "z", "aa", "ab"]


def two_devices(records: list[Record]) -> list[Record]:
    """The records, with times of alpha from a GPU and of beta from a processor."""
    changes = {
        "alpha": {**on_gpu("H_100"), "model_seconds": 0.001, "seconds_per_image": 0.5},
        "beta": {**on_cpu(), "model_seconds": 3.0},
    }
    return [replace(one, **changes.get(one.method, {})) for one in records]


def test_times_of_two_devices_stand_in_two_tables(
    records: list[Record], measures: pd.DataFrame, tmp_path: Path
) -> None:
    """The quality table has no times, and each device has its own table.

    The CSV file names the device of each line.
    """
    mixed = two_devices(records)
    write_tables(tmp_path, SPEC, mixed, measures)
    text = (tmp_path / "trial" / "tno_25.md").read_text()
    quality, on_gpu, on_cpu = re.split(r"Seconds per image on .*:\n", text)
    assert "total s" not in quality and "params" in quality
    assert "0.0010" in on_gpu and "Beta" not in on_gpu
    assert "3.00" in on_cpu and "Alpha" not in on_cpu
    assert terminal_table(SPEC, mixed, measures).count("total s") == 2
    assert (tmp_path / "trial" / "tno_25.tex").read_text().count(r"\begin{tabular}") == 3


def test_times_of_one_device_name_it(records: list[Record], measures: pd.DataFrame) -> None:
    """If all times are of one device, the caption names it."""
    one = [two_devices(records)[1], *records[2:]]
    text = markdown_format.markdown(table_of(SPEC, one, measures))
    assert (
        "Seconds per image on Xeon (2 threads) of the model alone" in text
        and text.count("total s") == 1
    )


def test_threads_are_told_and_part_no_table(records: list[Record], measures: pd.DataFrame) -> None:
    """Methods with different thread counts on one processor share a table; its caption says so."""
    one = replace(records[0], **on_cpu(threads=1))
    text = markdown_format.markdown(table_of(SPEC, [one, two_devices(records)[1]], measures))
    assert "on Xeon (1 or 2 threads) of the model alone" in text and text.count("total s") == 1
