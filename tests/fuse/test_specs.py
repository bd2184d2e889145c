"""What a fusing job is told and asks for."""

from __future__ import annotations

import pytest
from fusebench.fuse.specs import cell_resources, device_for, last_words_resources
from fusebench.registry import Method


@pytest.mark.parametrize(
    ("resources", "options", "device", "gpus"),
    [
        ({}, {"device": "cuda"}, "cuda", 1),
        ({"gpu": 2}, {"device": "cuda"}, "cuda", 2),
        ({"gpu": 0}, {"device": "cuda"}, "cpu", 0),
        ({"gpu": 2}, {"device": "cpu"}, "cpu", 0),
    ],
)
def test_an_entry_says_how_many_gpus_its_job_takes(
    resources: dict[str, int], options: dict[str, str], device: str, gpus: int
) -> None:
    """One unless the entry says otherwise; 0 keeps the method on the CPU, where it asks the scheduler for no GPU."""
    method = Method("m", {"resources": resources, "run": {"devices": ["cuda", "cpu"]}})
    assert device_for(method, options) == device
    assert cell_resources(method, options)["gpu"] == gpus
    assert last_words_resources(method, options)["gpu"] == min(gpus, 1)
