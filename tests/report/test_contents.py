"""The data of the page, as JSON and as packed numbers."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from fusebench.contracts.datasets import DatasetEntry
from fusebench.contracts.markers import ImageFile, Manifest, Pair, PythonFacts
from fusebench.contracts.methods import MethodEntry
from fusebench.contracts.records import EnvironmentFacts, SourceFacts
from fusebench.metrics import resolve
from fusebench.registry.datasets import Dataset
from fusebench.registry.methods import Method
from fusebench.report.contents import (
    SUMMARY_FIELDS,
    dataset_facts,
    method_facts,
    metric_facts,
    packed_values,
    ranking_of,
    run_facts,
    runs_of,
    statistics_of,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.compare.made import Values, long, on_cpu, on_gpu, record
from tests.evidence.makers import claim_result

RAN = {"date": "2026-01-02", "device": "cpu", "dataset": "d", "outputs_sha256": "0" * 64}


def method(**fields: Any) -> Method:
    """Return an entry with as few fields as possible."""
    least = {"title": "T", "tasks": ["medical"], "code": "code", "status": "no-code", "reason": "r"}
    return Method("m", msgspec.convert({**least, **fields}, MethodEntry))


def test_a_method_is_known_as_far_as_its_entry_says() -> None:
    """A missing field is empty, not absent: the page reads it."""
    assert method_facts(method(), "") == {
        "name": "m",
        "label": "m",
        "title": "T",
        "year": None,
        "venue": "",
        "paper": "",
        "tasks": ["medical"],
        "code": "code",
        "commit": "",
        "licence": "",
        "env": "",
        "status": "no-code",
        "reason": "r",
        "notes": "",
        "evidence": "–",
        "verified": False,
        "checked": False,
        "selfcheck": "",
        "claims": [],
    }


def test_published_numbers_stand_beside_what_was_measured() -> None:
    """They are as printed; those of single images are left to the CSV file."""
    claims = [
        claim_result("not-reproduced", measured=7.25, reason="off", source="S", where="table 2"),
        claim_result(image="01"),
        claim_result("not-comparable", dataset="", images="21 pairs of TNO", value=7.0),
    ]
    assert method_facts(method(), "test: exact", claims)["claims"] == [
        {
            "dataset": "d",
            "metric": "EN",
            "published": "7.1",
            "measured": 7.25,
            "verdict": "not-reproduced",
            "reason": "off",
            "where": "S table 2",
        },
        {
            "dataset": "21 pairs of TNO",
            "metric": "EN",
            "published": "7.0",
            "measured": None,
            "verdict": "not-comparable",
            "reason": "",
            "where": "",
        },
    ]


def test_methods_are_ranked_on_each_pair() -> None:
    """A method that lacks a value is left out; metrics without a direction do not count.

    With three methods and two pairs there is a critical difference.
    """
    values: Values = {
        ("a", "EN"): [3.0, 3.0],
        ("b", "EN"): [2.0, 2.0],
        ("c", "EN"): [1.0, 1.0],
        ("d", "EN"): [9.0, None],
    }
    ranking = ranking_of(long(values), "d", ["EN"], ["c", "b", "a"])
    assert ranking["ranks"] == {"c": 3.0, "b": 2.0, "a": 1.0} and ranking["pairs"] == 2
    assert ranking["difference"] == pytest.approx(2.3437, abs=1e-3)
    two = ranking_of(
        long({k: v for k, v in values.items() if k[0] in "ab"}), "d", ["EN"], ["a", "b"]
    )
    assert two["difference"] is None
    none = ranking_of(long({}), "d", ["EN"], ["a"])
    assert none == {"pairs": 0, "difference": None, "ranks": {}}


def test_texts_of_several_lines_are_one_line() -> None:
    """The text is that of a table cell."""
    facts = method_facts(method(title="One\n  two", notes="three\n\nfour", label="M"), "")
    assert (facts["title"], facts["notes"], facts["label"]) == ("One two", "three four", "M")


@pytest.mark.parametrize(
    ("paper", "link"),
    [
        ({"doi": "10.1/x", "arxiv": "2401.1", "url": "https://x"}, "https://doi.org/10.1/x"),
        ({"arxiv": "2401.1", "url": "https://x"}, "https://arxiv.org/abs/2401.1"),
        ({"url": "https://x"}, "https://x"),
        ({"venue": "CVPR"}, ""),
    ],
)
def test_the_link_leads_to_the_publisher_first(paper: dict[str, str], link: str) -> None:
    """The preprint comes second, and any other address last."""
    assert method_facts(method(paper=paper), "")["paper"] == link


@pytest.mark.parametrize(
    ("verified", "self_check", "evidence", "borne_out"),
    [
        ("none", "", "–", False),
        (RAN, "", "ran 2026-01-02", True),
        (RAN, "t: exact", "t: exact", True),
        (RAN, "t: differs", "t: differs", False),
    ],
)
def test_evidence_is_the_mark_of_the_tables(
    verified: Any, self_check: str, evidence: str, borne_out: bool
) -> None:
    """Beside it is whether any self-check compared an image."""
    facts = method_facts(method(verified=verified), self_check)
    assert (facts["evidence"], facts["verified"]) == (evidence, borne_out)
    assert facts["checked"] is bool(self_check)


def test_a_dataset_has_its_pairs_and_their_files() -> None:
    """Pairs have the order of the manifest, with metrics; a failed dataset has none."""
    entry = {"title": "D", "task": "multi-focus", "kind": "generated", "generator": "multi-focus"}
    dataset = Dataset("d", msgspec.convert(entry, DatasetEntry))
    sides = {side: ImageFile(file=f"{side}/p.png", mode="gray", sha256="") for side in "ab"}
    pair = Pair(name="p", size=(4, 4), a=sides["a"], b=sides["b"])
    facts = dataset_facts(dataset, Manifest(path="resources/datasets/d", pairs=[pair]), ["EN"])
    assert facts == {
        "name": "d",
        "title": "D",
        "task": "multi-focus",
        "modalities": ["near-focus", "far-focus"],
        "pairs": ["p"],
        "originals": [["resources/datasets/d/a/p.png", "resources/datasets/d/b/p.png"]],
        "metrics": [metric_facts(resolve(["EN"])[0])],
    }
    failed = dataset_facts(dataset, Manifest(state="skipped", reason="x"), [])
    assert failed["pairs"] == failed["originals"] == failed["metrics"] == []


def test_a_metric_has_its_direction_and_its_source() -> None:
    """They are those of `fusebench list metrics`."""
    (definition,) = resolve(["Q_CV"])
    assert metric_facts(definition) == {
        "id": "Q_CV",
        "definition": "canonical",
        "direction": "lower",
        "unit": definition.unit,
        "source": definition.source,
    }


def test_a_run_is_told_without_what_is_empty() -> None:
    """Empty fields are left out; a seed of zero and zero seconds are not empty."""
    python = PythonFacts(version="3.8.18", executable="python", origin="x")
    told = run_facts(
        record(
            "m",
            **on_gpu("H100"),
            seed=0,
            model_seconds=0.0,
            environment=EnvironmentFacts(env="torch", key="abc", python=python),
            source=SourceFacts(commit="c0ffee"),
            shims={"np.int": 2},
        )
    )
    assert told == {
        "state": "ok",
        "model_seconds": 0.0,
        "device": "H100",
        "seed": 0,
        "log": "logs/m.log",
        "shims": {"np.int": 2},
        "environment": "torch abc 3.8.18",
        "commit": "c0ffee",
    }


def test_a_run_that_never_started_has_neither_device_nor_environment() -> None:
    """Both are empty; the reason is given, and what to change where that is known."""
    told = run_facts(record("m", state="skipped", reason="no images", remedy="`env`", log=""))
    assert told == {
        "state": "skipped",
        "reason": "no images",
        "remedy": "`env`",
        "device": "",
        "environment": "",
        "commit": "",
    }


def test_runs_are_found_by_their_method() -> None:
    """The runs are those of one dataset."""
    found = runs_of([record("a"), record("b", **on_cpu())])
    assert {name: facts["device"] for name, facts in found.items()} == {"a": "", "b": "Xeon"}


def test_statistics_are_shortened_to_seven_digits() -> None:
    """The page shows fewer digits.

    An unknown number is null, and a metric without values has nothing.
    """
    measures = long(
        {
            ("a", "EN"): [1 / 3, 2 / 3, 1.0],
            ("b", "EN"): [1.0, 2.0, 3.0],
            ("c", "EN"): [1.0, None, 2.0],
        }
    )
    found = statistics_of(measures, "d", ["EN", "SD"])
    assert found["SD"] == {}
    mean, std, median, low, high, measured, tied = found["EN"]["a"]
    assert (mean, std, median) == (0.6666667, 0.3333333, 0.6666667)
    assert low < mean < high and (measured, tied) == (3, False)
    assert found["EN"]["b"][-1] is False
    incomplete = dict(zip(SUMMARY_FIELDS, found["EN"]["c"], strict=True))
    assert (incomplete["low"], incomplete["tied"], incomplete["measured"]) == (None, None, 2)


@pytest.mark.parametrize(("pairs", "tied"), [(5, False), (6, True)])
def test_nothing_is_marked_where_the_set_is_too_small_for_the_test(pairs: int, tied: bool) -> None:
    """Two methods need six pairs: with fewer, a mark would say nothing of them."""
    values = [float(number) for number in range(pairs)]
    wavering = [value + (-1) ** number for number, value in enumerate(values)]
    measures = long({("a", "EN"): values, ("b", "EN"): wavering})
    found = statistics_of(measures, "d", ["EN"])["EN"]
    assert (found["a"][-1] or found["b"][-1]) is tied


def unpacked(packed: str, pairs: int, methods: int) -> Any:
    """Return packed values as the script of the page unpacks them."""
    values = np.frombuffer(gzip.decompress(base64.b64decode(packed)), "<f4")
    return values.reshape(pairs, methods, -1)


FACTS = {"pairs": ["02", "01"], "metrics": [{"id": "SD"}, {"id": "VIFF@cddfuse"}]}


def test_packed_values_stand_by_pair_method_and_metric() -> None:
    """The order is that of the page, whatever that of the file; other places are NaN."""
    table = long({("b", "SD"): [1.0, 2.0], ("a", "SD"): [3.0, None], ("x", "SD"): [9.0, 9.0]})
    other = pd.DataFrame(
        [("a", "d", "02", "VIF", "cddfuse", 4.0), ("a", "d", "99", "SD", "canonical", 9.0)],
        columns=list(table)[:-1],
    )
    values = unpacked(packed_values(pd.concat([table, other]), FACTS, ["a", "b"]), 2, 2)
    expected = [[[np.nan, 4.0], [2.0, np.nan]], [[3.0, np.nan], [1.0, np.nan]]]
    assert np.array_equal(values, expected, equal_nan=True)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=2))
def test_packed_values_are_those_of_the_file(found: list[float]) -> None:
    """They have the digits of 32 bits; equal values give the same text."""
    values: Values = {("a", "SD"): found}
    packed = packed_values(long(values), FACTS, ["a"])
    assert unpacked(packed, 2, 1)[:, 0, 0].tolist() == found[::-1]
    assert packed_values(long(values), FACTS, ["a"]) == packed


def test_a_dataset_without_pairs_packs_nothing() -> None:
    """Its page has no values and no error."""
    packed = packed_values(long({}), {"pairs": [], "metrics": []}, ["a"])
    assert gzip.decompress(base64.b64decode(packed)) == b""
