"""Datasets of arrays in the registry: what they must state, and who can be put on them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from fusebench.registry.fitting import why_not_on
from fusebench.registry.suites import Suite

from tests.registry.small import SmallProject, dataset, method

CUBE: dict[str, Any] = {"ratio": 4, "bands": 8, "sensor": "WV2", "peak": 2047}
SCENES: dict[str, Any] = {
    "task": "pansharpening",
    "a": {"files": "imgs/{name}.mat", "key": "I_PAN", "axes": "hw"},
    "b": {"files": "imgs/{name}.mat", "key": "I_MS", "axes": "hwc"},
    "cube": CUBE,
}
STAGE = {"arrays": {"in/{name}.mat": {"ms": {"from": "b"}, "pan": {"from": "a", "axes": "hw"}}}}
RUN: dict[str, Any] = {
    "script": "test.py",
    "stage": STAGE,
    "collect": "{out}/{name}.mat",
    "result": {"key": "sr", "axes": "hwc"},
}


@pytest.fixture
def spectral(small: SmallProject) -> SmallProject:
    """A project of one dataset of arrays and one method for it."""
    small.datasets["pairs"].update(copy.deepcopy(SCENES))
    small.methods["one"].update(tasks=["pansharpening"], run=copy.deepcopy(RUN))
    small.config["suites"]["s"].pop("metrics")
    return small


def test_a_project_of_arrays_is_right(spectral: SmallProject) -> None:
    """Two sides in one file are told apart by their keys; no metrics have to be named."""
    assert spectral.problems() == []
    suite = spectral.load().suites["s"]
    assert suite.metrics_for(suite.datasets[0]) == ["D_lambda", "D_s", "QNR", "HQNR"]


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("a.axes", None, "datasets.yaml:{} (pairs.a.axes): must be stated beside `cube`"),
        ("a.axes", "hwx", "must be letters of h, w, c, n and 1, e.g. hwc; found 'hwx'"),
        ("a.key", None, "(pairs.a.key): must be stated for .mat files, which hold several arrays"),
        ("a.files", "imgs/{name}.raw", "must end in one of .h5, .hdf5, .mat, .npy, .npz, .tif"),
        ("a.channel", 1, "(pairs.a.channel): must not stand beside `axes`"),
        ("a.pixels", [3, 4], "must be stated where, and only where, rows and columns are one"),
        ("cube", None, "(pairs.a.axes): must stand in a dataset with `cube`"),
        ("cube.ratio", 5, "`ratio` must be a power of 2, or 3 times one; found 5"),
        ("reference", SCENES["b"], "must be another file than that of `b`"),
    ],
)
def test_what_a_dataset_states_must_fit(
    spectral: SmallProject, place: str, value: Any, told: str
) -> None:
    """Each mistake is told with its place when the files are read."""
    entry = spectral.datasets["pairs"]
    *folders, last = place.split(".")
    for folder in folders:
        entry = entry[folder]
    entry.pop(last, None)
    if value is not None:
        entry[last] = value
    problems = "\n".join(spectral.problems())
    assert all(part in problems for part in told.split("{}"))


def test_images_need_no_fields_of_arrays(small: SmallProject) -> None:
    """A key without axes would be ignored."""
    small.datasets["pairs"]["a"] = {"files": "a/{name}.png", "key": "I_PAN"}
    assert "must stand beside `axes`, which makes files arrays" in small.problems()[0]


def test_who_takes_images_cannot_be_put_on_arrays(spectral: SmallProject) -> None:
    """The kind of an entry is checked when the configuration is read, before anything runs."""
    del spectral.methods["one"]["run"]["result"]
    assert "on dataset 'pairs', its entry must have `run.result`" in spectral.problems()[0]
    spectral.methods["one"]["run"]["stage"] = {"a": "a/{name}.png", "b": "b/{name}.png"}
    assert "its entry must have `run.stage.arrays`, because the dataset" in spectral.problems()[0]


def test_who_takes_arrays_cannot_be_put_on_images(small: SmallProject) -> None:
    """Neither arrays to stage, nor placeholders of arrays, have a meaning there."""
    small.methods["one"]["run"] = copy.deepcopy(RUN)
    assert "its entry must have `run.stage.a` and `b`, because the dataset" in small.problems()[0]
    small.methods["one"]["run"] = {
        **RUN,
        "stage": {"a": "a/{name}.png", "b": "b/{name}.png"},
        "args": "--ratio {ratio}",
    }
    assert "its entry must not use {ratio} in `run.args`" in small.problems()[0]


@pytest.mark.parametrize("field", [{"repeats": 2}, {"selfcheck": {"inputs": {"a": "a", "b": "b"}}}])
def test_runs_on_arrays_are_not_compared_with_each_other(
    spectral: SmallProject, field: dict[str, Any]
) -> None:
    """Self-checks and repeats compare 8-bit images."""
    spectral.methods["one"].update(field)
    assert "must not stand in an entry that stages arrays" in "\n".join(spectral.problems())


def test_methods_are_not_timed_on_arrays(spectral: SmallProject) -> None:
    """The fixed pair of the option speed is an 8-bit one."""
    spectral.config["suites"]["s"]["speed"] = True
    assert "`speed` must be absent with datasets of arrays" in "\n".join(spectral.problems())


def test_metrics_of_a_suite_go_to_what_they_are_of(spectral: SmallProject) -> None:
    """Images get those of images, arrays those of bands, or the default ones of their task."""
    arrays = dataset("cubes", **SCENES)
    derived = dataset("wald", **{**SCENES, "cube": {**CUBE, "derive": "wald"}})
    suite = Suite("s", (), (dataset(), arrays), ("EN", "SD"))
    assert suite.metrics_for(dataset()) == ["EN", "SD"]
    assert suite.metrics_for(arrays) == ["D_lambda", "D_s", "QNR", "HQNR"]
    assert suite.metrics_for(derived) == ["Q2n", "Q", "SAM", "ERGAS", "SCC"]
    both = Suite("s", (), (dataset(), derived), ("EN", "SAM"))
    assert (both.metrics_for(dataset()), both.metrics_for(derived)) == (["EN"], ["SAM"])


def test_metrics_must_be_of_some_dataset(spectral: SmallProject) -> None:
    """Gray metrics in a suite of arrays are told."""
    spectral.config["suites"]["s"]["metrics"] = ["EN"]
    assert (
        "must be metrics of multi-band arrays, which is what datasets hold; found EN, of gray or"
        " RGB images" in spectral.problems()[0]
    )


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"sensors": ["WV3"]}, "its weights are of WV3; these images are of WV2"),
        ({"sensors": ["WV3", "WV2"]}, ""),
        ({"bands": [4]}, "made for 4 bands; these images have 8"),
        ({"ratios": [2, 3]}, "made for the ratio 2 or 3; these images have 4"),
        ({"status": "no-weights", "reason": "none"}, "no-weights: none"),
    ],
)
def test_weights_of_another_sensor_are_not_run(fields: dict[str, Any], told: str) -> None:
    """A method on another sensor's data has a reason instead of a number."""
    known = method(tasks=["pansharpening"], run=RUN, **fields)
    assert why_not_on(known, dataset(**SCENES)) == told


def test_a_method_for_ct_is_not_put_on_pet() -> None:
    """``modalities`` restricts a method to what it was made for, in the order A and B."""
    sides = {side: {"files": f"{side}/{{name}}.png"} for side in "ab"}

    def images(a: str, b: str) -> Any:
        one, other = {**sides["a"], "modality": a}, {**sides["b"], "modality": b}
        return dataset(task="medical", a=one, b=other)

    known = method(tasks=["medical"], modalities=[["mri", "ct"], ["mri", "spect"]])
    assert why_not_on(known, images("mri", "ct")) == ""
    assert why_not_on(known, images("mri", "pet")) == (
        "made for mri with ct or mri with spect; these images are mri with pet"
    )


def test_a_cell_that_does_not_fit_is_skipped_with_its_reason(spectral: SmallProject) -> None:
    """It is in the tables with the state skipped, and no job is planned for it."""
    from fusebench.planning.selection import select
    from fusebench.planning.steps import cell_list

    spectral.methods["one"]["sensors"] = ["WV3"]
    registry = spectral.load()
    cells = cell_list(registry.suites["s"].cells())
    assert cells.runs == {}
    assert cells.skipped[0].reason == "its weights are of WV3; these images are of WV2"
    assert select(registry, "cpu").cells == {}


def test_a_suite_of_a_task_skips_who_takes_images(spectral: SmallProject) -> None:
    """A method of the task whose entry stages images is skipped with the reason."""
    from fusebench.planning.steps import cell_list

    spectral.methods["one"]["run"] = {
        "script": "test.py",
        "stage": {"a": "a/{name}.png", "b": "b/{name}.png"},
        "collect": "{out}/{name}.png",
    }
    spectral.config["suites"]["s"]["methods"] = "pansharpening"
    cells = cell_list(spectral.load().suites["s"].cells())
    assert "its entry must have `run.stage.arrays`" in cells.skipped[0].reason


HYPER = {"size": 9, "sigma": 2, "phase": 2, "response": {"windows": [[1, 4], [5, 8]]}}


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, ""),
        ({"size": 8}, "`size` must be an odd number; found 8"),
        ({"phase": 4}, "`phase` must be less than the ratio 4; found 4"),
        ({"response": {"windows": [[5, 9]]}}, "must lie within the 8 bands of B"),
        (
            {"response": [[1, 0, 0]]},
            "a weight for each of the 8 bands of B; found 3 for band 1 of A",
        ),
        ({"response": [[-1] * 8]}, "no weight below 0"),
    ],
)
def test_a_degradation_must_fit(spectral: SmallProject, how: dict[str, Any], told: str) -> None:
    """Blur, phase and response are checked when the files are read."""
    entry = spectral.datasets["pairs"]
    del entry["a"]
    entry["cube"]["derive"] = {**HYPER, **how}
    assert told in "\n".join(spectral.problems())
    assert told or not spectral.problems()


def test_side_a_is_stated_or_made(spectral: SmallProject) -> None:
    """A response makes A; every other dataset states it."""
    spectral.datasets["pairs"]["cube"]["derive"] = HYPER
    assert "must not state 'a': `cube.derive` makes it" in "\n".join(spectral.problems())
    del spectral.datasets["pairs"]["a"], spectral.datasets["pairs"]["cube"]["derive"]
    assert "(pairs): must have a" in "\n".join(spectral.problems())
