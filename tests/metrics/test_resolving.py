"""Names of metrics: what each stands for, near names, and protocols behind a plus sign."""

from __future__ import annotations

import pytest
from fusebench.errors import MetricError
from fusebench.metrics import default_metrics, metrics_table, resolve
from fusebench.metrics.catalogue import EVALUATOR_COLUMNS
from fusebench.metrics.definitions import PROTOCOLS
from fusebench.metrics.resolving import all_definitions, evaluators, in_every_protocol, related
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.measuring import examples


@pytest.mark.parametrize(
    ("name", "metric", "definition"),
    [
        ("SSIM", "SSIM", "canonical"),
        ("SSIM@cddfuse", "SSIM", "cddfuse"),
        ("Ssim@vifb", "SSIM", "vifb"),
        ("SSIM@vifb", "SSIM", "vifb"),
        ("FMI_edge@tang", "FMI_edge", "tang"),
        ("Nabf_as_called@tang", "Nabf", "tang:Nabf_as_called"),
        ("TE_cvejic@zliu", "TE", "zliu:TE_cvejic"),
        ("VIF@mean", "VIF", "mean"),
        ("SSIM+rgb-mean", "SSIM", "canonical+rgb-mean"),
        ("SSIM@vifb+matlab-gray", "SSIM", "vifb+matlab-gray"),
    ],
)
def test_a_name_keeps_its_spelling(name: str, metric: str, definition: str) -> None:
    """The id is the name that was asked for; metric and definition are those of the table."""
    (found,) = resolve([name])
    assert (found.id, found.metric, found.definition) == (name, metric, definition)


@pytest.mark.parametrize("evaluator", list(EVALUATOR_COLUMNS))
def test_all_of_an_evaluator_is_its_columns_in_their_order(evaluator: str) -> None:
    """``all@EVALUATOR`` is the evaluator's own set.

    With a protocol, each definition of the set has that protocol.
    """
    ids = [f"{column}@{evaluator}" for column in EVALUATOR_COLUMNS[evaluator]]
    assert [found.id for found in resolve([f"all@{evaluator}"])] == ids
    under = resolve([f"all@{evaluator}+rgb-mean"])
    assert [found.id for found in under] == [f"{name}+rgb-mean" for name in ids]
    assert {found.protocol for found in under} == {"rgb-mean"}


def test_a_name_inside_a_set_is_not_repeated() -> None:
    """A definition that is asked for alone and in a set occurs once, at its first position."""
    found = [definition.id for definition in resolve(["Qcv@vifb", "all@vifb", "EN"])]
    assert found[0] == "Qcv@vifb" and found[-1] == "EN"
    assert len(found) == len(set(found)) == len(EVALUATOR_COLUMNS["vifb"]) + 1


def test_nothing_asked_is_nothing_found() -> None:
    """Without names there are no definitions."""
    assert resolve([]) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ssim", "unknown metric 'ssim'; near names: SSIM, "),
        ("SSIM@cdfuse", "unknown metric 'SSIM@cdfuse'; near names: SSIM@cddfuse, "),
        ("all@tangs", "unknown metric 'all@tangs'; near names: all@tang, "),
        ("xyzzy", "unknown metric 'xyzzy'; no name is near; "),
        ("", "unknown metric ''; no name is near; "),
        ("all@canonical", "unknown metric 'all@canonical'; "),
        ("SD@vifb+", "unknown protocol '' in 'SD@vifb+'; must be one of rgb-mean, "),
        ("SD+rgb", "unknown protocol 'rgb' in 'SD+rgb'; must be one of rgb-mean, matlab-gray"),
        ("SD+luma", "unknown protocol 'luma' in 'SD+luma'; must be one of rgb-mean"),
        ("SD+rgb-mean+rgb-mean", "unknown protocol 'rgb-mean+rgb-mean' in "),
    ],
)
def test_a_name_that_stands_for_nothing(name: str, told: str) -> None:
    """An unknown name is refused, and the message lists near names.

    The canonical protocol has no name, because it is that of the bare name.
    """
    with pytest.raises(MetricError) as refused:
        resolve(["EN", name])
    assert str(refused.value).startswith(told)


def test_a_wrong_definition_lists_those_of_its_metric() -> None:
    """For ``AG@nobody`` the message lists the other definitions of AG."""
    with pytest.raises(MetricError) as refused:
        resolve(["SF@nobody"])
    for name in ("SF@cddfuse", "SF@tang", "SF@vifb", "SF@ivif-zoo", "SF@mefb"):
        assert name in str(refused.value)
    assert str(refused.value).endswith("; `fusebench list metrics` shows all of them")


def test_two_columns_of_one_metric_have_no_common_name() -> None:
    """imageFusionMetrics has two columns of TE, so ``TE@zliu`` is ambiguous.

    The near names are those two.
    """
    with pytest.raises(MetricError, match="TE@mefb"):
        resolve(["TE@zliu"])
    assert [found.metric for found in resolve(["QTE_nava@zliu", "TE_cvejic@zliu"])] == ["TE", "TE"]


@examples
@given(st.text(max_size=20) | st.sampled_from(list(all_definitions())).map(lambda name: name[:-1]))
def test_any_text_is_resolved_or_refused(text: str) -> None:
    """Any text gives a definition of that id or a MetricError."""
    try:
        found = resolve([text])
    except MetricError as refused:
        assert repr(text) in str(refused)
    else:
        assert [definition.id for definition in found] == [text]


def test_every_definition_is_found_under_its_id_and_every_protocol() -> None:
    """Every id of the table can be asked for, with and without a protocol."""
    for name, definition in all_definitions().items():
        assert resolve([name]) == [definition]
        for protocol in PROTOCOLS[1:]:
            (under,) = resolve([f"{name}+{protocol}"])
            assert (under.protocol, under.target) == (protocol, definition.target)


def test_related_definitions_are_those_of_one_metric() -> None:
    """Any name of a metric leads to all of its definitions, the canonical one first."""
    from_canonical = related("VIF")
    assert from_canonical[0].id == "VIF"
    assert {"VIFF@cddfuse", "VIF@mefb", "VIF@mean", "VIF@tang-uint8"} < {
        definition.id for definition in from_canonical
    }
    assert {definition.metric for definition in from_canonical} == {"VIF"}
    assert related("VIFF@cddfuse") == related("VIF@ivif-zoo") == from_canonical
    with pytest.raises(MetricError, match="unknown metric 'VIFX'"):
        related("VIFX")


def test_every_protocol_follows_the_plain_definitions() -> None:
    """The plain definitions come first, then each of them under every other protocol."""
    plain = resolve(["EN", "SD"])
    every = in_every_protocol(plain)
    assert every[:2] == plain
    assert [definition.id for definition in every[2:]] == [
        *("EN+rgb-mean", "SD+rgb-mean"),
        *("EN+matlab-gray", "SD+matlab-gray"),
        *("EN+unrounded-luma", "SD+unrounded-luma"),
    ]


def test_evaluators_are_those_with_a_whole_set() -> None:
    """The name of a variant that belongs to no evaluator's set is not an evaluator."""
    assert evaluators() == ("cddfuse", "tang", "vifb", "zliu", "ivif-zoo", "mefb")


def test_defaults_can_be_changed_by_who_asks() -> None:
    """Each call returns a new list."""
    default_metrics("medical").append("changed")
    assert "changed" not in default_metrics("medical")


def test_the_table_says_what_needs_a_ground_truth() -> None:
    """Metrics against a ground truth are marked, all others are not."""
    needing = {row["id"] for row in metrics_table() if row["needs_reference"] == "yes"}
    plain = {name for name in needing if "@" not in name}
    bands = {"SAM", "ERGAS", "SCC", "Q", "Q2n", "MPSNR", "MSSIM", "RMSE"}
    assert plain == {"PSNR-GT", "SSIM-GT", "VIF-GT", *bands}
    assert {name.partition("@")[0] for name in needing - plain} <= bands
    assert {row["needs_reference"] for row in metrics_table()} == {"yes", "no"}


@pytest.mark.parametrize(("name", "kind"), [("EN", "gray"), ("SSIM-GT", "gray"), ("QNR", "bands")])
def test_the_kind_of_a_definition_is_what_it_is_computed_from(name: str, kind: str) -> None:
    """A definition whose tasks use multi-band arrays is one of bands."""
    assert resolve([name])[0].kind == kind
