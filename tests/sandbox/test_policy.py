"""The configuration decides in which sandbox programs of strangers run, and with what limits."""

from __future__ import annotations

import pytest
from fusebench.contracts.jobs.session import Session
from fusebench.sandbox.policy import PROCESSES, policy_of
from msgspec.structs import replace

SESSION = Session(
    id="s",
    device="cpu",
    sandbox="userns",
    min_sandbox="userns",
    sandbox_reads=["/data"],
    file_mb=5,
    scratch_mb=50,
)


@pytest.mark.parametrize(("on_cluster", "memory_mb"), [(False, 1000), (True, None)])
def test_levels_and_limits_are_those_of_the_session(
    on_cluster: bool, memory_mb: int | None
) -> None:
    """A scheduler sees to the memory itself."""
    session = replace(SESSION, on_cluster=on_cluster)
    policy = policy_of(session, 1000)
    assert (policy.highest, policy.lowest, policy.reads) == ("userns", "userns", ("/data",))
    limits = policy.limits
    assert (limits.memory_mb, limits.file_mb, limits.processes, limits.scratch_mb) == (
        memory_mb,
        5,
        PROCESSES,
        50,
    )
