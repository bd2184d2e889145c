"""A run tells when its images are not those that ``verified`` of its entry says."""

from __future__ import annotations

import pytest
from fusebench.contracts.methods import Verified
from fusebench.contracts.records import EnvironmentFacts, Inputs, Record
from fusebench.fuse.verified import OTHER_IMAGES, note_of_other_images, outputs_sha256
from msgspec import UNSET
from msgspec.structs import replace

from tests.compare.made import fused, record

RUN = replace(
    record("m", "d", images=[fused("01"), fused("02")]),
    device="cpu",
    environment=EnvironmentFacts(installed="1" * 64),
    inputs=Inputs(dataset="3" * 64, pairs=2),
)
OTHER = "0" * 64
KNOWN = Verified(
    date="2026-01-02",
    device="cpu",
    dataset="d",
    outputs_sha256=outputs_sha256(RUN),
    inputs={"d": "3" * 64},
)


def test_the_same_images_have_no_note() -> None:
    """Neither have runs that are not comparable: of other datasets, devices, or without results."""
    assert note_of_other_images(KNOWN, RUN) == ""
    assert note_of_other_images(None, RUN) == ""
    other = replace(KNOWN, outputs_sha256=OTHER)
    for run in (
        replace(RUN, dataset="e"),
        replace(RUN, device="cuda"),
        replace(RUN, state="crashed", reason="r"),
    ):
        assert note_of_other_images(other, run) == ""


@pytest.mark.parametrize(
    ("installed", "cause"),
    [
        (UNSET, "likely another build of a package"),
        ("2" * 64, "another build of a package is installed"),
        ("1" * 64, "another processor or number of threads: the same packages are installed"),
    ],
)
@pytest.mark.parametrize("further", [False, True])
def test_other_images_are_told_with_the_likely_cause(
    installed: str, cause: str, further: bool
) -> None:
    """The note names the dataset, the day and the device; further datasets are compared too."""
    known = replace(KNOWN, outputs_sha256=OTHER, installed=installed)
    if further:
        known = replace(known, dataset="first", others={"d": OTHER})
    note = note_of_other_images(known, RUN)
    assert note.startswith(f"{OTHER_IMAGES} (d, 2026-01-02, on cpu): {cause}")


def test_a_run_on_a_gpu_is_held_against_one_on_the_same_kind_of_device() -> None:
    """The name of the GPU stands in the note."""
    run: Record = replace(RUN, device="cuda")
    known = replace(KNOWN, outputs_sha256=OTHER, device="NVIDIA H100")
    assert "on NVIDIA H100" in note_of_other_images(known, run)


def test_other_source_images_are_the_cause_where_they_are_known() -> None:
    """What was verified before this was written down may have had other images."""
    changed = replace(KNOWN, outputs_sha256=OTHER, inputs={"d": "4" * 64})
    assert note_of_other_images(changed, RUN).endswith("the source images are others than then")
    unknown = replace(KNOWN, outputs_sha256=OTHER, inputs=UNSET)
    told = note_of_other_images(unknown, RUN)
    assert told.endswith("likely other source images, or another build of a package")
