"""What a schema cannot see in the three files, each mistake in one line with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fusebench.contracts.configuration import Config
from fusebench.errors import RegistryError
from fusebench.registry.contradictions import selected_names

from tests.registry.small import METHOD, RUN, SmallProject

Change = Callable[[SmallProject], None]


def field(file: str, *place: str) -> Callable[[Any], Change]:
    """Return a function that sets one field of a project, found by its keys, to a value."""

    def to(value: Any) -> Change:
        def change(project: SmallProject) -> None:
            inner = getattr(project, file)
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = value

        return change

    return to


ENTRY = field("methods", "one")
SUITE = field("config", "suites", "s")


def without(file: str, *place: str) -> Change:
    """Return a change that removes one field of a project."""

    def change(project: SmallProject) -> None:
        inner = getattr(project, file)
        for key in place[:-1]:
            inner = inner[key]
        del inner[place[-1]]

    return change


def without_metrics(task: str) -> Change:
    """Return a change to a dataset of a task, in a suite that names no metrics."""

    def change(project: SmallProject) -> None:
        project.datasets["pairs"]["task"] = task
        without("config", "suites", "s", "metrics")(project)

    return change


def test_a_project_without_contradictions_is_silent(small: SmallProject) -> None:
    """The project of these tests is right before it is changed."""
    assert small.problems() == []


MISTAKES: list[tuple[Change, str]] = [
    (
        field("methods", "one", "env")("smal"),
        "methods.yaml:7 (one.env): unknown environment 'smal' (did you mean 'small'?); or make the"
        " folder envs/<name>",
    ),
    (
        field("methods", "one", "code")("code/mine"),
        "methods.yaml:5 (one.code): must be an address or an existing folder; found 'code/mine'",
    ),
    (
        without("methods", "one", "commit"),
        "methods.yaml:1 (one): must have 'commit', the full hash at which"
        " https://example.org/lab/one is run",
    ),
    (
        ENTRY({**METHOD, "run": {**RUN, "devices": ["cuda"]}, "resources": {"gpu": 0}}),
        "methods.yaml:17 (one.resources.gpu): must be 1 or more where run.devices is [cuda]; found"
        " 0",
    ),
    (
        field("methods", "two")({**METHOD, "code": "https://example.org/Lab/One.git/"}),
        "methods.yaml:18 (two.code): the same code, commit, env, weights and run as 'one'; keep"
        " one of them, or say how they differ",
    ),
    (
        field("methods", "two")(
            {**METHOD, "commit": "0" * 39 + "1", "code": "git@example.org:lab/one.git"}
        ),
        f"methods.yaml:19 (two.commit): must be the commit of 'one', or differ from it in the first"
        f" 12 digits; found {'0' * 39}1 beside {'0' * 40}: one of them is mistyped",
    ),
    (
        field("methods", "one", "run", "per_dataset")({"pair": {"seed": 1}}),
        "methods.yaml:15 (one.run.per_dataset.pair): unknown dataset 'pair' (did you mean"
        " 'pairs'?); or add it to datasets.yaml",
    ),
    (
        field("datasets", "pairs")(
            {
                "title": "D",
                "task": "multi-focus",
                "kind": "generated",
                "generator": "multi-focuss",
            }
        ),
        "datasets.yaml:5 (pairs.generator): unknown generator 'multi-focuss' (did you mean"
        " 'multi-focus' or 'multi-exposure'?)",
    ),
    (
        field("datasets", "pairs", "pairs")("lists/none.txt"),
        "datasets.yaml:10 (pairs.pairs): must be a list of names or an existing text file in UTF-8;"
        " found 'lists/none.txt': No such file or directory",
    ),
    (
        field("datasets", "pairs", "b")({"files": "b/*.png"}),
        "datasets.yaml:9 (pairs.b.files): must hold the placeholder {name}; found 'b/*.png'",
    ),
    (
        field("datasets", "pairs", "b")({"files": "b/{name}.png", "range": [8020, 7000]}),
        "datasets.yaml:10 (pairs.b.range): must be two values, 0 or greater, the smaller one first;"
        " found [8020, 7000]",
    ),
    (
        field("datasets", "pairs", "b")(
            {"files": "b/{name}.png", "range": {"percentiles": [99.9, 0.1]}}
        ),
        "datasets.yaml:11 (pairs.b.range.percentiles): must be two numbers of 0 to 100, the smaller"
        " one first; found [99.9, 0.1]",
    ),
    (
        field("datasets", "pairs", "b")(
            {"files": "b/{name}.png", "range": {"percentiles": [1, 101]}}
        ),
        "datasets.yaml:11 (pairs.b.range.percentiles): must be two numbers of 0 to 100, the smaller"
        " one first; found [1, 101]",
    ),
    (
        field("datasets", "pairs", "b")({"files": "b/{name}.png", "range": [0, 99], "bits": 14}),
        "datasets.yaml:13 (pairs.b.bits): must not stand beside 'range'; say the values that are"
        " used in one of them",
    ),
    (
        field("config", "suite")("s, t"),
        "config/config.yaml:1 (suite): unknown suite 't'; known: s",
    ),
    (
        field("config", "suites", "s", "methods")(["one", "won"]),
        "config/config.yaml:6 (suites.s.methods.1): unknown method 'won' (did you mean 'one'?); or"
        " add it to methods.yaml",
    ),
    (
        field("config", "suites", "s", "methods")("infrared"),
        "config/config.yaml:4 (suites.s.methods): unknown task 'infrared' (did you mean"
        " 'infrared-visible'?)",
    ),
    (
        field("config", "suites", "s", "datasets")(["llvip"]),
        "config/config.yaml:7 (suites.s.datasets.0): unknown dataset 'llvip'; known: pairs; or add"
        " it to datasets.yaml",
    ),
    (
        field("config", "suites", "s", "metrics")(["EN", "SSMI"]),
        "config/config.yaml:8 (suites.s.metrics): unknown metric 'SSMI'; near names: SSIM, MSSIM,"
        " MI; `fusebench list metrics` shows all of them",
    ),
    (
        field("config", "suites", "s", "metrics")(["EN", "QNR"]),
        "config/config.yaml:8 (suites.s.metrics): must be metrics of gray or RGB images, which is"
        " what datasets hold; found QNR, of multi-band arrays",
    ),
    (
        without_metrics("pansharpening"),
        "config/config.yaml:3 (suites.s.metrics): must be given, because dataset 'pairs' is for"
        " pansharpening, and the default metrics of this task (D_lambda, D_s, QNR, HQNR) are of"
        " multi-band arrays, where the dataset holds gray or RGB images",
    ),
    (
        without_metrics("polarization"),
        "config/config.yaml:3 (suites.s.metrics): must be given, because dataset 'pairs' is for"
        " polarization, a task without default metrics: name the metrics of this suite, e.g."
        " [EN, SSIM]",
    ),
    (
        field("config", "suites", "s", "metrics")(["PSNR-GT", "EN"]),
        "config/config.yaml:8 (suites.s.metrics): PSNR-GT need a ground truth, but dataset"
        " 'pairs' has none",
    ),
]


@pytest.mark.parametrize(("change", "told"), MISTAKES)
def test_a_contradiction_is_told_with_its_place(
    small: SmallProject, change: Change, told: str
) -> None:
    """A contradiction is reported in one line.

    The line has file, line number, place, what must be, what was found, near names, and other
    remedies.
    """
    change(small)
    assert small.problems() == [told]


def test_all_contradictions_are_told_at_once(small: SmallProject) -> None:
    """Those of all files are reported, in the order methods, datasets, configuration."""
    for change in (MISTAKES[14][0], MISTAKES[9][0], MISTAKES[0][0]):
        change(small)
    assert [line.partition(":")[0] for line in small.problems()] == [
        "methods.yaml",
        "datasets.yaml",
        "config/config.yaml",
    ]


RIGHT: list[Change] = [
    field("methods", "one", "env")("classical"),
    field("methods", "one", "code")("workflow/baselines"),
    ENTRY({**METHOD, "run": {**RUN, "devices": ["cpu", "cuda"]}, "resources": {"gpu": 0}}),
    ENTRY({**METHOD, "run": {**RUN, "devices": ["cuda"]}, "resources": {"gpu": 1}}),
    field("methods", "two")({**METHOD, "run": {**RUN, "seed": 1}}),
    field("methods", "two")({**METHOD, "commit": "1" * 40}),
    field("methods", "two")({**METHOD, "code": "https://example.org/lab/two"}),
    field("methods", "one", "run", "per_dataset")({"pairs": {"seed": 1}}),
    field("datasets", "pairs", "pairs")("pairs/tno25.txt"),
    field("datasets", "pairs", "a")({"files": "a/{name}/*.png"}),
    field("config", "suite")(["s"]),
    field("config", "suite")(" s ,"),
    field("config", "suites", "s", "methods")("all"),
    field("config", "suites", "s", "methods")("medical"),
    without("config", "suites", "s", "metrics"),
]


@pytest.mark.parametrize("change", RIGHT)
def test_what_is_no_contradiction_is_silent(small: SmallProject, change: Change) -> None:
    """Files of the workflow, variants that differ in one field, and lists of suites are right."""
    change(small)
    assert small.problems() == []


def test_a_metric_against_a_ground_truth_needs_one_on_every_dataset(small: SmallProject) -> None:
    """Datasets with a ground truth are right; the dataset without one is named."""
    small.datasets["truth"] = {**small.datasets["pairs"], "reference": {"files": "gt/{name}.png"}}
    small.config["suites"]["s"].update(metrics=["PSNR-GT"], datasets=["truth"])
    assert small.problems() == []
    small.config["suites"]["s"]["datasets"] = ["truth", "pairs"]
    [problem] = small.problems()
    assert problem.endswith("PSNR-GT need a ground truth, but dataset 'pairs' has none")


def test_a_method_that_is_not_run_needs_neither_commit_nor_environment(small: SmallProject) -> None:
    """A method that cannot be run needs only its reason."""
    idle = {"title": "I", "tasks": ["medical"], "code": "https://example.org/lab/idle"}
    small.methods["idle"] = {**idle, "status": "no-code", "reason": "the link is dead"}
    assert small.problems() == []


def test_an_unpacked_archive_runs_nothing(small: SmallProject) -> None:
    """An archive of results has no folders of local methods, but its tables can still be made."""
    small.methods["one"] = {**METHOD, "code": "code/mine"}
    assert len(small.problems()) == 1
    (small.root / "ARCHIVE.md").touch()
    assert small.problems() == []


def test_a_list_of_pairs_in_another_encoding_is_told(small: SmallProject) -> None:
    """The message names the byte that is no UTF-8; there is no traceback."""
    (small.root / "list.txt").write_bytes(b"caf\xe9\n")
    small.datasets["pairs"]["pairs"] = "list.txt"
    [problem] = small.problems()
    assert "existing text file in UTF-8; found 'list.txt': 'utf-8' codec" in problem


def test_a_list_without_a_name_is_told(small: SmallProject) -> None:
    """A file of comments alone does not stand for all pairs."""
    (small.root / "list.txt").write_text("# p\n")
    small.datasets["pairs"]["pairs"] = "list.txt"
    [problem] = small.problems()
    assert "datasets.yaml:10 (pairs.pairs): must hold at least one name; found a file" in problem


@pytest.mark.parametrize("pattern", ["/data/{name}.png", "ir**/{name}.png", "ir\\{name}.png"])
def test_a_pattern_that_cannot_work_is_told_with_its_place(
    small: SmallProject, pattern: str
) -> None:
    """Nothing is run; without this, the run would end in a traceback or find nothing."""
    small.datasets["pairs"]["a"]["files"] = pattern
    [problem] = small.problems()
    assert problem.startswith("datasets.yaml:7 (pairs.a.files): must ") and "found" in problem


def test_names_of_a_file_are_checked_like_those_of_a_list(small: SmallProject) -> None:
    """A name that occurs twice would be two pairs of one name.

    A name with a slash would be a file in another folder.
    """
    (small.root / "list.txt").write_text("p\nq\np\n../r\n{name}\n")
    small.datasets["pairs"]["pairs"] = "list.txt"
    place = "datasets.yaml:10 (pairs.pairs)"
    assert small.problems() == [
        f"{place}: must hold every name once; found 'p' 2 times",
        f"{place}: must hold names of pairs; found '../r': it begins with '.', as hidden files do",
        f"{place}: must hold names of pairs; found '{{name}}': it holds '{{', '}}'",
    ]


def test_options_of_the_command_line_are_checked_too(small: SmallProject) -> None:
    """``--config suite=t`` is checked like the line of the file that it replaces."""
    small.config["suites"]["t"] = small.config["suites"]["s"]
    assert [suite.name for suite in small.load(suite="t,s").selected] == ["t", "s"]
    with pytest.raises(RegistryError, match="unknown suite 'u'; known: s, t"):
        small.load(suite="u")


@pytest.mark.parametrize(
    ("suite", "names"),
    [
        ("s", ["s"]),
        ("s,t", ["s", "t"]),
        (" s , t ,", ["s", "t"]),
        (["t", " s "], ["t", "s"]),
        ("", []),
        ([], []),
    ],
)
def test_suites_are_asked_for_by_name(suite: str | list[str], names: list[str]) -> None:
    """``suite`` is a list, or names joined by commas, with or without spaces."""
    assert selected_names(Config(suite=suite, suites={})) == names
