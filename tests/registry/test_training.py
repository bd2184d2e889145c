"""Methods that are trained here: their names, fields and mistakes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from fusebench.contracts.methods import MethodEntry
from fusebench.errors import RegistryError
from fusebench.registry.loading import NamedMethods
from fusebench.registry.methods import Method
from fusebench.registry.methods_file import METHODS
from fusebench.registry.training import (
    all_trained,
    row_labels,
    seeds_by_row,
    seeds_named,
    trained_names,
)

from tests.train.scripts import RUN, train_entry


def entry(**train: Any) -> MethodEntry:
    """Return an entry that is trained here, with a pretrained part."""
    told = {
        "title": "Mini",
        "label": "MINI",
        "tasks": ["infrared-visible"],
        "code": "https://example.org/o/mini",
        "commit": "0" * 40,
        "env": "classical",
        "run": RUN,
        "weights": [{"path": "model/weights.npz", "page": "https://p"}, {"path": "vgg.pth"}],
        "claims": [{"images": "x", "metric": "EN", "value": 1.0, "where": "T1"}],
        "train": train_entry(**train),
        "status": "training-only",
        "reason": "none are published",
    }
    return msgspec.convert(told, MethodEntry)


SMOKE = {"smoke": {"args": "--epochs 1", "edit": {"a.py": [["2", "3"]]}, "seeds": 1}}


@pytest.fixture
def methods() -> NamedMethods:
    """Return a registry of one method, which is trained here in both ways."""
    made = entry(edit={"a.py": [["1", "2"]], "b.py": [["3", "4"]]}, **SMOKE)
    return NamedMethods(METHODS, {"mini": Method("mini", made)})


def test_a_method_is_known_under_the_names_of_its_trainings(methods: NamedMethods) -> None:
    """Each seed is an ordinary method; without ``smoke`` there is no smoke training."""
    names = list(trained_names({"mini": methods["mini"].entry}))
    assert names == [
        "mini@retrained",
        "mini@retrained-seed1",
        "mini@retrained-seed2",
        "mini@smoke",
        "mini@smoke-seed1",
    ]
    assert [method.name for method in all_trained(methods)] == [names[1], names[2], names[4]]
    assert list(trained_names({"mini": entry()}))[-1] == "mini@retrained-seed2"
    assert "mini@retrained-seed1" not in list(methods)  # no suite finds it that does not name it


def test_a_trained_method_has_its_own_weights_and_nothing_of_the_authors(
    methods: NamedMethods,
) -> None:
    """It is active, whatever its entry is; claims and checks stay with the authors' weights."""
    made = methods["mini@retrained-seed2"]
    assert made.is_active and made.label == "MINI (retrained, seed 2)"
    assert [(item.path, item.origin) for item in made.weights] == [
        ("model/weights.npz", "retrained"),
        ("vgg.pth", msgspec.UNSET),
    ]
    assert not made.entry.claims and not made.entry.reason
    assert made.training and made.training.seed == 2 and made.training.base == "mini"


def test_the_fields_of_smoke_come_after_those_of_train(methods: NamedMethods) -> None:
    """Edits of one file are joined, arguments replaced."""
    training = methods["mini@smoke-seed1"].training
    assert "unlike" in (methods["mini@smoke-seed1"].entry.accept or [])
    assert training and training.entry.args == "--epochs 1"
    assert training.entry.edit == {
        "a.py": [("1", "2"), ("2", "3")],
        "b.py": [("3", "4")],
    }


def test_the_seeds_of_a_suite_have_one_row(methods: NamedMethods) -> None:
    """One seed that is named alone has a row of its own."""
    both = [*seeds_named("mini@retrained", methods), methods["mini@smoke-seed1"]]
    assert seeds_by_row(both) == {
        "mini@retrained": ["mini@retrained-seed1", "mini@retrained-seed2"]
    }
    assert row_labels(both) == {
        "mini@retrained": "MINI (retrained, 2 seeds)",
        "mini@smoke-seed1": "MINI (smoke training, seed 1)",
    }


@pytest.mark.parametrize("name", ["mini@retrained-seed3", "mini@other", "none@retrained"])
def test_an_unknown_training_is_refused(name: str, methods: NamedMethods) -> None:
    """So is one name for several trainings, where one method is meant."""
    with pytest.raises(RegistryError, match="must have the entry"):
        methods[name]
    with pytest.raises(RegistryError, match="stands for 2 trainings; name one of them"):
        methods["mini@retrained"]
