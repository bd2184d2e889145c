"""``tables:`` of the configuration: defaults come from the suite; mistakes are reported at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from fusebench.compare.bibliography import bibliography
from fusebench.contracts.files import from_parameter, write_stored
from fusebench.contracts.jobs.papers import PaperTableJob
from fusebench.contracts.markers import ImageFile, Manifest, Pair
from fusebench.contracts.methods import MethodEntry
from fusebench.errors import RegistryError
from fusebench.evidence.marks import evidence_mark, is_borne_out
from fusebench.planning.papers import paper_spec
from fusebench.planning.plan import make_plan
from fusebench.registry.loading import Registry, load_registry
from fusebench.registry.methods import Method

RUN = {
    "script": "x.py",
    "stage": {"a": "a/{name}.png", "b": "b/{name}.png"},
    "collect": "{out}/{name}.png",
}
METHOD: dict[str, Any] = {
    "title": "M",
    "tasks": ["infrared-visible"],
    "code": "code",
    "env": "classical",
    "run": RUN,
}
METHODS: dict[str, Any] = {
    "alpha": {**METHOD, "label": "Alpha", "paper": {"venue": "CVPR", "year": 2024}},
    "beta": {**METHOD, "run": {**RUN, "args": "--beta"}},
    "idle": {**METHOD, "status": "no-weights", "reason": "the link is dead"},
    "spare": {**METHOD, "tasks": ["multi-exposure"], "run": {**RUN, "args": "--spare"}},
    "medic": {**METHOD, "tasks": ["medical"], "run": {**RUN, "args": "--medic"}},
}
SIDES = {"a": {"files": "a/{name}.png"}, "b": {"files": "b/{name}.png"}}
DATASETS: dict[str, Any] = {
    "tno": {
        "title": "TNO",
        "task": "infrared-visible",
        "kind": "local",
        "folder": "images",
        **SIDES,
    },
    "truth": {
        "title": "T",
        "task": "infrared-visible",
        "kind": "local",
        "folder": "images",
        **SIDES,
        "reference": {"files": "gt/{name}.png"},
    },
    "focus": {"title": "F", "task": "multi-focus", "kind": "local", "folder": "images", **SIDES},
    "listed": {
        "title": "L",
        "task": "infrared-visible",
        "kind": "local",
        "folder": "images",
        "pairs": ["one", "two"],
        **SIDES,
    },
    "drawn": {
        "title": "D",
        "task": "multi-exposure",
        "kind": "generated",
        "generator": "multi-exposure",
    },
    "mri": {"title": "MRI", "task": "medical", "kind": "local", "folder": "images", **SIDES},
}
RAN = {
    "date": "2026-01-02",
    "device": "cpu",
    "dataset": "tno",
    "outputs_sha256": "0" * 64,
}
SUITES = {
    "bare": {"methods": ["alpha"], "datasets": ["tno"]},
    "s": {
        "methods": ["alpha", "beta"],
        "datasets": ["tno"],
        "metrics": ["EN", "SSIM"],
        "decimals": 3,
    },
}

Load = Callable[..., Registry]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a project with one table and read it."""

    def read(**table: Any) -> Registry:
        (tmp_path / "envs" / "classical").mkdir(parents=True, exist_ok=True)
        (tmp_path / "code").mkdir(exist_ok=True)
        config = {"suite": "s", "suites": SUITES, "tables": {"t": {"suite": "s", **table}}}
        for file, content in (
            ("methods.yaml", METHODS),
            ("datasets.yaml", DATASETS),
            ("config/config.yaml", config),
        ):
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return load_registry(tmp_path)

    return read


def prepare(root: Path, dataset: str, pair: str) -> None:
    """Write the marker of a dataset of one pair of 40 x 30 pixels."""
    images = {side: ImageFile(file=f"{side}/{pair}.png", mode="gray", sha256=side) for side in "ab"}
    pairs = [Pair(name=pair, size=(40, 30), a=images["a"], b=images["b"])]
    write_stored(root / "resources" / "datasets" / f"{dataset}.json", Manifest(pairs=pairs))


def test_what_is_left_out_is_the_suites(load: Load) -> None:
    """Methods, datasets, metrics and decimals come from the suite; labels from the entries."""
    spec = paper_spec(load().tables["t"], {})
    assert spec.groups == {"": ["alpha", "beta"]} and spec.labels == {
        "alpha": "Alpha",
        "beta": "beta",
    }
    assert [dataset.metrics for dataset in spec.datasets] == [["EN", "SSIM"]]
    assert spec.decimals == {"EN": 3, "SSIM": 3} and spec.cite == {"alpha": "alpha2024"}


def test_own_fields_win(load: Load) -> None:
    """Groups keep their order; decimals, labels and keys replace only those they name."""
    table = load(
        groups={"Z": ["beta"], "A": ["alpha"]},
        decimals={"SSIM": 1},
        labels={"beta": "B"},
        cite={"alpha": "own"},
    ).tables["t"]
    spec = paper_spec(table, {})
    assert list(spec.groups) == ["Z", "A"] and spec.decimals == {"EN": 3, "SSIM": 1}
    assert (spec.labels["beta"], spec.cite["alpha"]) == ("B", "own")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"methods": ["alpa"]}, "tables.t.methods.0): unknown method 'alpa' (did you mean 'alpha'"),
        ({"groups": {"G": ["betta"]}}, "unknown method 'betta' (did you mean 'beta'"),
        ({"datasets": ["tnoo"]}, "unknown dataset 'tnoo' (did you mean 'tno'"),
        ({"suite": "t"}, "unknown suite 't'"),
        ({"metrics": ["SSIMM"]}, "unknown metric 'SSIMM'; near names: SSIM"),
        ({"metrics": ["SSIM@cdfuse"]}, "SSIM@ivif-zoo, SSIM@vifb"),
        ({"decimals": {"ENN": 2}}, "unknown metric 'ENN'"),
        ({"labels": {"alpa": "A"}}, "unknown method of this table 'alpa' (did you mean 'alpha'"),
        ({"crops": {"tn": {"1": [[0, 0, 4, 4]]}}}, "unknown dataset of this table 'tn'"),
        (
            {"groups": {"Dead": ["idle"]}},
            "group 'Dead' must have a method that can be run; found idle (no-weights)",
        ),
        (
            {"methods": ["medic"]},
            "method 'medic' is for medical; must be for a task of the table's datasets: infrared",
        ),
        ({"methods": ["alpha", "alpha"]}, "method 'alpha' must stand in one row; found it 2 times"),
        (
            {"methods": ["alpha"], "groups": {"G": ["beta"]}},
            "must have `methods` or `groups`, not both",
        ),
        ({"metrics": ["PSNR_ref"]}, "need a ground truth, but dataset 'tno' has none"),
        ({"layout": "beside"}, "must be one of side-by-side, stacked; found \"beside\""),
        ({"colum": ["year"]}, "unknown key 'colum' (did you mean 'columns'"),
        ({"crops": {"tno": {"1": [[0, 0, 4]]}}}, "a box as [x, y, width, height]"),
        ({"datasets": ["tno", "tno"]}, "a list of dataset names, each once"),
        ({"columns": ["year", "year"]}, "columns besides the metrics, each once"),
        ({"metrics": ["EN", "QNR"]}, "found QNR, of multi-band arrays"),
        (
            {"metrics": ["EN"], "decimals": {"SSIM": 2}},
            "unknown metric of this table 'SSIM'; known: EN",
        ),
        ({"heads": {"VIF": "V"}}, "unknown metric of this table 'VIF'"),
        (
            {"labels": {"alpha": "beta"}},
            "found 'beta' for alpha and beta: give one of them another",
        ),
        ({"labels": {"alpha": " "}}, "must be a name to be shown"),
        ({"cite": {"alpha": "a b"}}, "must be a BibTeX key"),
        (
            {"layout": "stacked", "datasets": ["tno", "truth"]},
            "stacked datasets must have the same metrics; found 2 sets",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_when_the_configuration_is_read(
    load: Load, table: dict[str, Any], message: str
) -> None:
    """The message has file, line and place, what must be, what was found, and near names."""
    if table.get("metrics") == ["PSNR_ref"]:
        from fusebench.metrics.resolving import all_definitions

        table = {
            "metrics": [
                next(
                    d.id
                    for d in all_definitions().values()
                    if d.needs_reference and d.kind == "gray"
                )
            ]
        }
    with pytest.raises(RegistryError) as error:
        load(**table)
    assert message in str(error.value) and "config.yaml:" in str(error.value)


def test_a_table_becomes_a_file_so_its_name_has_no_point(load: Load, tmp_path: Path) -> None:
    """No rule could distinguish the name `a.b` from a name with a suffix."""
    load()
    config = yaml.safe_load((tmp_path / "config" / "config.yaml").read_text())
    config["tables"] = {"a.b": config["tables"]["t"]}
    (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(
        RegistryError, match=r"bad name 'a\.b': a name is made of letters, digits, '_' and '-'"
    ):
        load_registry(tmp_path)


def test_decimals_and_heads_reach_metrics_under_any_of_their_names(load: Load) -> None:
    """`all@EVALUATOR` sets all its columns, a later name sets one; 2 may be written 2.0."""
    table = load(metrics=["all@cddfuse"], decimals={"all@cddfuse": 2, "VIF@cddfuse": 1.0}).tables[
        "t"
    ]
    decimals = paper_spec(table, {}).decimals
    assert (decimals["SSIM@cddfuse"], decimals["VIFF@cddfuse"]) == (2, 1)
    assert load(pairs=2.0, decimals=2.0).tables["t"].pairs_of("tno") == 2
    heads = load(metrics=["VIFF@cddfuse"], heads={"VIF@cddfuse": "V"}).tables["t"].heads
    assert heads == {"VIFF@cddfuse": "V"}


def test_shown_texts_are_one_line(load: Load) -> None:
    """A line break in a shown text becomes a space: it would end a caption or a row."""
    table = load(title="One\n\ntwo", labels={"alpha": "A\nB"}).tables["t"]
    assert (table.title, table.label(table.methods[0])) == ("One two", "A B")


def test_an_unpublished_method_is_cited_where_the_table_has_its_key(
    load: Load, tmp_path: Path
) -> None:
    """Without a paper in its entry, the bibliography has its title under the table's key."""
    load(cite={"beta": "own2026"})
    job = from_parameter(make_plan(tmp_path, {}).paper_jobs.table("t"), PaperTableJob)
    assert job.table.cite == {"alpha": "alpha2024", "beta": "own2026"}
    assert "@misc{own2026," in bibliography(job.papers)


def test_crops_of_a_prepared_dataset_must_lie_inside(load: Load, tmp_path: Path) -> None:
    """A box outside the image is reported with the image's size, a missing pair with near names."""
    prepare(tmp_path, "tno", "pair1")
    with pytest.raises(
        RegistryError, match=r"inside the image of 40x30 pixels; found \[30, 0, 20, 10\]"
    ):
        load(crops={"tno": {"pair1": [[30, 0, 20, 10]]}})
    with pytest.raises(RegistryError, match=r"no pair 'pair2' \(did you mean 'pair1'"):
        load(pairs={"tno": ["pair2"]})
    assert load(crops={"tno": {"pair1": [[30, 0, 10, 30]]}}).tables["t"].pairs_of("tno") == [
        "pair1"
    ]


def test_pairs_of_a_dataset_that_is_not_prepared_are_known(load: Load, tmp_path: Path) -> None:
    """They come from the local folder, the list of names, or the generator.

    A folder that is absent gives none.
    """
    assert load(pairs={"tno": ["pair2"]}).tables["t"].pairs_of("tno") == ["pair2"]
    for side in "ab":
        (tmp_path / "images" / side).mkdir(parents=True)
        (tmp_path / "images" / side / "pair1.png").touch()
    with pytest.raises(
        RegistryError, match=r"no pair 'pair2' \(did you mean 'pair1'\?\); it has 1 pairs"
    ):
        load(pairs={"tno": ["pair2"]})
    with pytest.raises(RegistryError, match="dataset 'listed' has no pair 'pair1'; it has 2 pairs"):
        load(datasets=["listed"], crops={"listed": {"pair1": [[0, 0, 4, 4]]}})
    with pytest.raises(RegistryError, match=r"no pair 'caffee' \(did you mean 'coffee'"):
        load(datasets=["drawn"], pairs={"drawn": ["caffee"]}, metrics=["EN"], methods=["spare"])


def test_a_pair_that_was_added_to_the_list_is_known(load: Load, tmp_path: Path) -> None:
    """A name in the list counts even if the dataset was prepared from an older list."""
    prepare(tmp_path, "listed", "one")
    assert load(datasets=["listed"], pairs={"listed": ["two"]}).tables["t"].pairs_of("listed") == [
        "two"
    ]


def test_stacked_datasets_need_the_same_metrics(load: Load) -> None:
    """Without `metrics`, datasets of two tasks have different metrics: they cannot be stacked."""
    with pytest.raises(
        RegistryError, match="stacked datasets must have the same metrics; found 2 sets"
    ):
        load(suite="bare", datasets=["tno", "focus"], layout="stacked")
    registry = load(suite="bare", datasets=["tno", "focus"], layout="stacked", metrics=["EN"])
    assert registry.tables["t"].metrics_for(registry.datasets["focus"]) == ["EN"]


def test_figures_are_named_by_kind_and_dataset(load: Load, tmp_path: Path) -> None:
    """A kind for the whole table has one figure, the others have one for each dataset."""
    load(figures=["ranks", "grid"])
    papers = make_plan(tmp_path, {}).papers
    assert papers.figure_files == [
        "results/figures/t/ranks.pdf",
        "results/figures/t/grid-tno.pdf",
    ]
    assert papers.kind_of("t", "boxes-tno") == ("boxes", "tno")


@pytest.mark.parametrize(
    ("entry", "self_check", "shown", "counts"),
    [
        ({}, "", "–", False),
        ({"verified": "none"}, "", "–", False),
        ({"verified": RAN}, "", "ran 2026-01-02", True),
        ({"verified": RAN}, "test: exact", "test: exact", True),
        ({}, "test: close; more: within-tolerance", "test: close; more: within-tolerance", True),
        (
            {},
            "test: exact; more: nothing-to-compare",
            "test: exact; more: nothing-to-compare",
            True,
        ),
        ({"verified": RAN}, "test: differs", "test: differs", False),
        ({}, "test: exact; more: size-differs", "test: exact; more: size-differs", False),
    ],
)
def test_evidence_is_the_self_check_or_what_ran(
    entry: dict[str, Any], self_check: str, shown: str, counts: bool
) -> None:
    """The worst verdict of self-checks that compared an image counts; nothing else is verified."""
    method = Method("m", msgspec.convert({**METHOD, **entry}, MethodEntry))
    assert evidence_mark(method, self_check) == shown
    assert is_borne_out(method, self_check) is counts


def test_a_self_check_that_compared_nothing_says_nothing(load: Load, tmp_path: Path) -> None:
    """After `snakemake evidence`, methods without a self-check keep the registry's evidence."""
    load()
    summary = tmp_path / "results" / "evidence" / "summary.csv"
    summary.parent.mkdir(parents=True)
    summary.write_text(
        "method,self-check\nalpha,none\nbeta,t: nothing-to-compare\n"
        "idle,t: exact; u: nothing-to-compare\n"
    )
    assert make_plan(tmp_path, {}).papers.self_checks == {"idle": "t: exact; u: nothing-to-compare"}
