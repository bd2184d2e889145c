"""Tables of papers: several datasets, groups, ties, footnotes, and formats ready for a paper."""

from __future__ import annotations

import csv
import dataclasses
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fusebench.compare.bibliography import bibliography, citation_key
from fusebench.compare.means import Mean
from fusebench.compare.paper import PaperTable, caption, paper_table
from fusebench.compare.paper_files import SUFFIXES, wide_frame, write_paper_table
from fusebench.compare.paper_html import html
from fusebench.compare.paper_latex import latex
from fusebench.compare.paper_markdown import markdown
from fusebench.contracts.configuration import Layout
from fusebench.contracts.files import from_parameter
from fusebench.contracts.jobs.comparing import TablesJob
from fusebench.contracts.jobs.papers import PaperTableJob, StatisticsJob
from fusebench.contracts.methods import Paper
from fusebench.contracts.tables import PaperReference, PaperSpec, ShownDataset
from fusebench.planning.job_files import job_folder, store_job
from fusebench.planning.plan import make_plan
from fusebench.steps import comparing, papers
from msgspec.structs import replace

from tests.compare.made import named, on_cpu, on_gpu, record
from tests.fake_results import TABLE, FakeResults

METRICS = ["SSIM", "SSIM@cddfuse", "Q_CV"]
SPEC = PaperSpec(
    name="trial",
    title="Trial of A_1 & others",
    groups={"Classical": ["alpha", "beta"], "Learned": ["gamma", "broken", "medical"]},
    labels={
        "alpha": "Alpha",
        "beta": "Beta_2",
        "gamma": "Gamma",
        "broken": "Broken",
        "medical": "Medical",
    },
    datasets=[
        ShownDataset(
            name="tno",
            title="TNO 25",
            methods=["alpha", "beta", "gamma", "broken"],
            metrics=METRICS,
        ),
        ShownDataset(name="mri", title="MRI-CT", methods=["gamma", "medical"], metrics=METRICS),
    ],
    decimals={"SSIM": 2, "SSIM@cddfuse": 3, "Q_CV": 0},
    cite={"alpha": "alpha2020"},
    years={"alpha": "2020"},
    evidence={"gamma": "exact"},
    columns=["year", "evidence", "model-seconds", "parameters"],
)
PAPERS = {
    "alpha": PaperReference(
        key="alpha2020",
        title="Alpha & Omega_1",
        paper=Paper(venue="IEEE TIP", year=2020, doi="10.1/x_y"),
    )
}


RECORDS = [
    record("alpha", "tno", model_seconds=0.01234, parameters=1_190_000, flops=2e9),
    record("beta", "tno"),
    record("gamma", "tno", model_seconds=1.5),
    record("broken", "tno", state="weights-missing", reason="no x_1.pth & no link"),
    record("gamma", "mri"),
    record("medical", "mri"),
]


def key(dataset: str, method: str, metric: str) -> tuple[str, str, str, str]:
    """The key of a mean."""
    return dataset, method, *named(metric)


MEANS = {
    key("tno", "alpha", "SSIM"): Mean(0.801, 2, std=0.05, interval=(0.7, 0.9)),
    key("tno", "beta", "SSIM"): Mean(0.804, 2, tied=True),
    key("tno", "gamma", "SSIM"): Mean(0.5, 2),
    key("tno", "alpha", "SSIM@cddfuse"): Mean(1.2, 2),
    key("tno", "beta", "SSIM@cddfuse"): Mean(1.3, 1, "image is flat"),
    key("tno", "gamma", "SSIM@cddfuse"): Mean(1.1, 2, tied=True),
    key("tno", "alpha", "Q_CV"): Mean(300.4, 2),
    key("tno", "beta", "Q_CV"): Mean(150.0, 2),
    key("tno", "gamma", "Q_CV"): Mean(150.4, 2),
    key("mri", "gamma", "SSIM"): Mean(0.2, 2),
    key("mri", "medical", "SSIM"): Mean(0.3, 2),
}


def table(**changes: Any) -> PaperTable:
    """The table of ``SPEC`` with some fields changed."""
    return paper_table(replace(SPEC, **changes), RECORDS, MEANS)


def row(text: str, start: str) -> list[str]:
    """The cells of the one Markdown row that starts so."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[2:-1]]


def test_ranks_follow_printed_digits_and_directions() -> None:
    """0.801 and 0.804 print alike and are both best; of Q_CV the lower is better.

    Its 150.0 and 150.4 print alike.
    """
    text = markdown(table())
    assert row(text, "Alpha")[2] == "**0.80**" and row(text, "Beta")[2] == "**0.80** ≈"
    assert (row(text, "Beta")[4], row(text, "Gamma")[4], row(text, "Alpha")[4]) == (
        "**150**",
        "**150**",
        "300",
    )


def test_more_decimals_part_what_was_tied() -> None:
    """With three digits 0.804 is best and 0.801 second."""
    text = markdown(table(decimals={"SSIM": 3, "SSIM@cddfuse": 3, "Q_CV": 0}))
    assert row(text, "Alpha")[2] == "<u>0.801</u>" and row(text, "Beta")[2] == "**0.804** ≈"


def test_a_failed_cell_is_a_dash_with_a_footnote() -> None:
    """A run without result has dashes; state and reason are below, once for the same text."""
    text = markdown(table())
    (cell,) = set(row(text, "Broken")[2:5])
    assert re.fullmatch(r"–<sup>\w</sup>", cell)
    assert f"{cell[1:]} weights-missing: no x\\_1.pth & no link" in text


def test_a_mean_of_fewer_pairs_is_not_ranked() -> None:
    """1.300 of one pair of two would be best; it is shown with a footnote, and 1.200 is best."""
    text = markdown(table())
    assert row(text, "Beta")[3] == "1.300<sup>b</sup>" and row(text, "Alpha")[3] == "**1.200**"
    assert "SSIM@cddfuse: 1 of 2 pairs have a value (image is flat)" in text


def test_a_method_of_another_task_is_told() -> None:
    """A method that was not published for a dataset's task has dashes there, and a footnote."""
    text = markdown(table())
    letter = re.search(r"–<sup>(\w)</sup>", row(text, "Medical")[2])
    assert letter and f"<sup>{letter[1]}</sup> not published for this task" in text


def test_ties_are_marked_only_where_statistics_say_so() -> None:
    """Tied cells have the mark, the caption explains it, and `ties: false` leaves both out.

    A metric whose test had too few pairs has no mark, and the caption says so.
    """
    assert "≈" in caption(table()) and markdown(table()).count("≈") == 2
    small = "Too few pairs for this test of 2 methods, which needs 6: TNO 25 (2 for SSIM@cddfuse)."
    assert small in caption(table())
    assert "≈" not in markdown(table(ties=False)) and "Too few" not in caption(table(ties=False))


def test_where_no_difference_is_carried_the_caption_says_so() -> None:
    """If every method is tied with every best one, the caption says so instead of marks."""
    means = {
        key("mri", "gamma", "SSIM"): Mean(0.2, 2, tied=True),
        key("mri", "medical", "SSIM"): Mean(0.3, 2),
    }
    shown = paper_table(SPEC, RECORDS, {**MEANS, **means})
    sentence = "With the 2 pairs of MRI-CT, no method is told from a best mean"
    assert sentence in caption(shown)
    assert "≈" not in row(markdown(shown), "Gamma")[-4] and "≈" in row(markdown(shown), "Beta")[2]


def test_the_caption_tells_it_once_for_all_datasets() -> None:
    """One sentence names all undecided datasets, after the meaning of the others' marks."""
    tied = {
        name: dataclasses.replace(mean, tied=name[1] != "alpha")
        for name, mean in MEANS.items()
        if name[2] == "SSIM"
    }
    tied[key("mri", "gamma", "SSIM")] = Mean(0.2, 2, tied=True)
    tied[key("mri", "medical", "SSIM")] = Mean(0.3, 2)
    decimals = {"SSIM": 4, "SSIM@cddfuse": 3, "Q_CV": 0}
    means = {**tied, key("tno", "alpha", "SSIM"): Mean(0.9, 2)}
    text = caption(paper_table(replace(SPEC, decimals=decimals), RECORDS, means))
    assert "With the 2 pairs of TNO 25 or the 2 pairs of MRI-CT, no method is told" in text
    assert text.count("Wilcoxon") == 1


def test_the_caption_says_which_image_flops_are_of() -> None:
    """FLOPs depend on the size of the image, so the caption names the image."""
    layouts: tuple[Layout, ...] = ("side-by-side", "stacked")
    side, stacked = (caption(table(columns=["flops"], layout=layout)) for layout in layouts)
    assert "FLOPs of the first pair of the first dataset that a method ran on." in side
    assert "FLOPs of the first pair of each dataset." in stacked


@pytest.mark.parametrize(("highlight", "marks"), [(0, (0, 0)), (1, (1, 0)), (2, (1, 1))])
def test_highlight_is_how_many_ranks_are_marked(highlight: int, marks: tuple[int, int]) -> None:
    """0 marks nothing, 1 the best, 2 the second as well; the caption says what is marked."""
    text = latex(table(highlight=highlight, layout="stacked"))
    assert (r"\textbf{1.200}" in text, r"\underline{1.100" in text) == tuple(
        bool(mark) for mark in marks
    )
    assert ("second underlined" in caption(table(highlight=highlight))) == (highlight == 2)


def test_spread_follows_the_mean_with_its_digits() -> None:
    """It is the standard deviation, half the width of the interval, or nothing if unknown."""
    assert row(markdown(table(spread="std")), "Alpha")[2] == "**0.80** ± 0.05"
    assert row(markdown(table(spread="interval")), "Alpha")[2] == "**0.80** ± 0.10"
    assert row(markdown(table(spread="std")), "Gamma")[2] == "0.50"


def test_columns_besides_metrics() -> None:
    """Year and evidence come first, seconds with their dataset, parameters and FLOPs last."""
    shown = table(columns=["flops", "year", "model-seconds", "parameters", "evidence"])
    assert [column.head for column in shown.columns] == [
        "year", "evidence", *METRICS, "model s", *METRICS, "model s", "FLOPs", "params",
    ]  # fmt: skip
    assert (
        row(markdown(shown), "Alpha")[:2] == ["2020", "–"]
        and row(markdown(shown), "Gamma")[1] == "exact"
    )
    assert row(markdown(shown), "Alpha")[5] == "0.0123" and row(markdown(shown), "Alpha")[-2:] == [
        "2 G",
        "1.19 M",
    ]


def test_stacked_datasets_are_ranked_each_on_its_own() -> None:
    """Each dataset has a block of rows with its title; a group without methods has none."""
    text = markdown(table(layout="stacked"))
    blocks = text.split("**MRI-CT (2 pairs)")
    assert row(blocks[1], "Medical")[2] == "**0.30**" and "Classical" not in blocks[1]
    assert "**TNO 25 (2 pairs) · Classical**" in blocks[0]


def test_latex_has_heads_groups_and_citations() -> None:
    """Datasets span their columns, groups have their own rows, citations follow the names."""
    text = latex(table())
    assert r"\multicolumn{4}{c}{TNO 25} & \multicolumn{4}{c}{MRI-CT}" in text
    assert r"\cmidrule(lr){4-7}\cmidrule(lr){8-11}" in text
    assert r"\multicolumn{12}{l}{\textit{Classical}} \\" in text
    assert r"Alpha~\cite{alpha2020} & 2020" in text and r"Beta\_2 &" in text
    assert text.startswith("% Needs \\usepackage{booktabs,graphicx}\n\\begin{table*}")


def test_a_narrow_table_stands_in_one_column() -> None:
    """Up to eight columns of numbers take `table`, more take `table*`."""
    narrow = table(columns=[], layout="stacked")
    assert r"\begin{table}[tbp]" in latex(narrow) and r"\begin{table*}[tbp]" in latex(table())


def test_only_the_at_of_a_definition_makes_a_subscript() -> None:
    """A head of the user stays as written, with its `@`, in LaTeX and in HTML."""
    shown = table(heads={"SSIM": "H @ scale"})
    assert r"H @ scale $\uparrow$" in latex(shown) and "H @ scale ↑" in html(shown)
    assert r"SSIM\textsubscript{cddfuse}" in latex(shown) and "SSIM<sub>cddfuse</sub>" in html(
        shown
    )


def test_a_table_of_failed_methods_says_how_many_pairs_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any image of a run the number of pairs is the dataset's.

    This holds for tables of papers and of suites.
    """
    root = FakeResults(tmp_path, methods=2, datasets=1, failed=2, images=False).write().root
    monkeypatch.chdir(root)
    plan = make_plan(root, {})
    summary, output = root / "results/statistics/summary.csv", root / f"results/tables/{TABLE}.md"
    measures = root / "results/measures/set-00.csv"
    papers.statistics(StatisticsJob(metrics={"set-00": ["EN"]}), [measures], summary)
    papers.paper_table(from_parameter(plan.paper_jobs.table(TABLE), PaperTableJob), summary, output)
    assert "Means over 8 pairs (Set 00)" in output.read_text()
    job = job_folder() / store_job(TablesJob(tables=[plan.steps.table("fake", "set-00")]))
    comparing.tables(job, [measures])
    assert "mean over 8 pairs" in (root / "results/tables/fake/set-00.md").read_text()


def test_html_is_whole_and_escaped() -> None:
    """It has language, caption, scoped heads and escaped names; it loads nothing from elsewhere."""
    text = html(table(labels={**SPEC.labels, "alpha": "<b>A"}))
    assert '<html lang="en">' in text and "&lt;b&gt;A" in text and "<b>A" not in text
    assert text.count('scope="colgroup"') == 2 and "<caption>" in text
    assert not re.search(r"(src|href)=", text)


def test_every_row_has_all_columns() -> None:
    """Rows of numbers, of states and of headings are equally wide in Markdown."""
    lines = [line for line in markdown(table()).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {13}


def test_csv_has_full_digits_for_each_dataset(tmp_path: Path) -> None:
    """It has unrounded means, group, state and reason of every method on every dataset."""
    paths = write_paper_table(tmp_path, table(), PAPERS)
    rows = list(csv.DictReader(paths[0].open(encoding="utf-8")))
    assert [(row["dataset"], row["method"]) for row in rows][:2] == [
        ("tno", "alpha"),
        ("tno", "beta"),
    ]
    assert (rows[0]["SSIM"], rows[0]["group"], rows[3]["state"]) == (
        "0.801",
        "Classical",
        "weights-missing",
    )
    assert [path.name for path in paths] == [f"trial{suffix}" for suffix in SUFFIXES]


def test_bibliography_tells_conferences_from_journals() -> None:
    """CVPR is proceedings, a journal an article, arXiv alone neither; text is escaped."""

    def entry(venue: str, **more: Any) -> str:
        paper = Paper(venue=venue, year=2024, **more)
        return bibliography({"m": PaperReference(key="k", title="T", paper=paper)})

    assert "@inproceedings{k," in entry("CVPR") and "booktitle = {CVPR}" in entry("CVPR")
    assert "@article{k," in entry("Information Fusion") and "@misc{k," in entry(
        "arXiv", arxiv="2401.1"
    )
    assert "eprint = {2401.1}" in entry("arXiv", arxiv="2401.1")
    assert r"title = {{Alpha \& Omega\_1}}" in bibliography(PAPERS)
    assert "author = {Li, Hui and Ren\u00e9 Descartes}," in entry(
        "CVPR", authors=["Li, Hui", "Ren\u00e9 Descartes"]
    )
    assert "author" not in entry("CVPR").partition("@")[2]


def test_citation_keys_are_the_entrys_own_or_made() -> None:
    """`paper.cite` wins; otherwise the name's letters with the year."""
    assert citation_key("lut-fuse", Paper(year=2025)) == "lutfuse2025"
    assert citation_key("x", Paper(year=2025, cite="yi2025")) == "yi2025"
    assert citation_key("lut-fuse", Paper(year=2025), {"lutfuse2025"}) == "lut-fuse2025"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"layout": "stacked", "colour": True, "highlight": 3, "spread": "std"},
        {"labels": {**SPEC.labels, "alpha": "*α² [ours]", "beta": "[1] & $x$", "gamma": "[2pt]"}},
    ],
)
def test_latex_compiles_without_complaint(tmp_path: Path, changes: dict[str, Any]) -> None:
    """The proof compiles, the table sticks out nowhere, and BibTeX reads the bibliography."""
    write_paper_table(tmp_path, table(**changes), PAPERS)
    for command in (
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "trial.proof.tex"],
        ["bibtex", "trial.proof"],
    ):
        if shutil.which(command[0]) is None:
            continue
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False
        )
        assert done.returncode == 0 and "Overfull" not in done.stdout, done.stdout[-2000:]
        assert "\n!" not in done.stdout, done.stdout[-2000:]
    assert (tmp_path / "trial.proof.pdf").stat().st_size > 0


def long_table(groups: dict[str, int], **changes: Any) -> PaperTable:
    """A table of groups of the given sizes on two datasets; the last of each group failed."""
    names = {
        heading: [f"{heading}-{n:03}" for n in range(size)] for heading, size in groups.items()
    }
    methods = [method for group in names.values() for method in group]
    datasets = [replace(dataset, methods=methods) for dataset in SPEC.datasets]
    failed: dict[str, dict[str, Any]] = {
        group[-1]: {"state": "crashed", "reason": f"{group[-1]} " * 12} for group in names.values()
    }
    records = [
        record(m, dataset.name, **failed.get(m, {})) for dataset in datasets for m in methods
    ]
    labels = dict(zip(methods, methods, strict=True))
    spec = replace(SPEC, groups=names, labels=labels, datasets=datasets, cite={}, **changes)
    means = {key(d.name, m, "SSIM"): Mean(0.5, 2) for d in datasets for m in methods}
    return paper_table(spec, records, means)


def floats(text: str) -> list[str]:
    """The environments of a table, without what makes them float."""
    return re.split(r"\\begin\{table\*?\}", text)[1:]


def test_a_table_longer_than_a_page_is_broken_before_a_group() -> None:
    """Each part has heads, the footnotes of its rows, and a reference to the first part.

    Only the first part has caption and label.
    """
    first, second = floats(latex(long_table({"one": 30, "two": 30, "three": 5})))
    assert (
        "one-029" in first and "two-" not in first and "two-000" in second and "three-004" in second
    )
    assert r"\caption{" in first and r"\label{tab:trial}" in first
    assert r"Table~\ref{tab:trial}, continued." in second and r"\caption" not in second
    assert all(
        part.count(r"\toprule") == 1 and r"SSIM $\uparrow$" in part for part in (first, second)
    )
    assert (
        "crashed: one-029" in first
        and "crashed: one-029" not in second
        and "crashed: two-029" in second
    )


def test_a_group_longer_than_a_page_is_broken_in_equal_parts() -> None:
    """The heading is above each part, and every row is in one of them."""
    parts = floats(latex(long_table({"all": 100})))
    counts = [len(re.findall(r"^all-\d+ &", part, re.MULTILINE)) for part in parts]
    assert sum(counts) == 100 and max(counts) - min(counts) <= 1 < len(counts)
    assert all(r"\textit{all}" in part for part in parts)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize(
    "changes", [{"layout": "stacked"}, {"layout": "stacked", "columns": []}, {}]
)
def test_no_part_of_a_long_table_sticks_out_of_its_page(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    """TeX warns of no float, neither in one column nor in both."""
    sizes = {"one": 17, "two": 26, **{f"few-{letter}": 2 for letter in "abcdefgh"}}
    write_paper_table(tmp_path, long_table(sizes, **changes), {})
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "trial.proof.tex"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False
    )
    assert done.returncode == 0 and "Float too large" not in done.stdout, done.stdout[-2000:]


def test_times_of_several_devices_are_told_apart() -> None:
    """Each time then has a footnote that names its device, and the caption warns."""
    devices = {"alpha": on_gpu("H100"), "gamma": on_cpu("Xeon", threads=2)}
    records = [replace(one, **devices.get(one.method, {})) for one in RECORDS]
    text = markdown(paper_table(SPEC, records, MEANS))
    assert "on H100" in text and "on Xeon (2 threads)" in text
    assert "times of different devices cannot be compared" in text
    same = [replace(one, **devices["gamma"]) for one in RECORDS]
    assert "of the model alone, on Xeon (2 threads)." in markdown(paper_table(SPEC, same, MEANS))


def test_methods_without_a_result_may_stand_in_the_caption() -> None:
    """They have no rows and no footnotes; the caption names each with its state.

    The CSV file still has their lines.
    """
    shown = table(unfinished="caption")
    assert "Without a result, hence not shown: Broken (weights-missing)." in caption(shown)
    assert "| Broken" not in markdown(shown) and "no x" not in markdown(shown)
    assert "Without a result" not in caption(table()) and "| Broken" in markdown(table())
    assert "broken" in set(wide_frame(shown)["method"])


def test_a_table_of_nothing_keeps_its_rows() -> None:
    """If no method has a result, all rows stay, with their footnotes."""
    records = [replace(one, state="crashed", reason="x") for one in RECORDS]
    assert "| Alpha" in markdown(paper_table(replace(SPEC, unfinished="caption"), records, {}))
