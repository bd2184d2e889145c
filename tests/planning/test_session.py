"""The session: what all jobs of one run of Snakemake share."""

from __future__ import annotations

from typing import Any

import pytest
from fusebench.contracts.configuration import Config
from fusebench.contracts.files import as_parameter, from_parameter
from fusebench.contracts.jobs.session import Session
from fusebench.errors import UnreadableFile
from fusebench.planning.session import LaterText, begun_session, whole_session
from fusebench.variables import SESSION

CONFIG = Config(suite="s", suites={}, device="cpu", mirror="/m/{owner}+{name}")


@pytest.fixture(autouse=True)
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin each test without a session in the environment, and leave none behind."""
    monkeypatch.setenv(SESSION, "")


def test_a_session_begins_with_what_the_configuration_says() -> None:
    """Device, mirror and trial; no two runs have one id."""
    begun, other = (begun_session(CONFIG, on_cluster=False) for _ in range(2))
    assert (begun.device, begun.mirror, begun.trial) == ("cpu", CONFIG.mirror, False)
    assert begun.id != other.id


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, ("bwrap", "env-only", [], 20_000)),
        (
            {
                "sandbox": "userns",
                "min_sandbox": "userns",
                "sandbox_reads": "/a, /b/c,",
                "file_mb": 5,
            },
            ("userns", "userns", ["/a", "/b/c"], 5),
        ),
        ({"sandbox_reads": ["/a,b"]}, ("bwrap", "env-only", ["/a,b"], 20_000)),
    ],
)
def test_the_sandbox_is_chosen_by_the_configuration(
    told: dict[str, Any], expected: tuple[object, ...]
) -> None:
    """Without a word, the strongest one that works; paths stand in a list, or between commas."""
    begun = begun_session(Config(suite="s", suites={}, **told), on_cluster=False)
    found = (begun.sandbox, begun.min_sandbox, begun.sandbox_reads, begun.file_mb)
    assert found == expected


@pytest.mark.parametrize(("told", "trial"), [(True, True), ("true", True), (False, False)])
def test_a_trial_is_asked_for_by_a_word_or_a_value(told: bool | str, trial: bool) -> None:
    """The command line gives a word, the file a value."""
    config = Config(suite="s", suites={}, device="cpu", try_=told)  # type: ignore[arg-type]
    assert begun_session(config, on_cluster=False).trial is trial


def test_a_node_takes_the_session_of_the_run_that_submitted_its_job() -> None:
    """Whatever its own configuration says: the same id, device, attempts, and what is forced."""
    begun = begun_session(CONFIG, on_cluster=True)
    whole = whole_session(begun, ["tables"], ["fuse", "all"], retries=2)
    assert begun_session(Config(suite="t", suites={}, device="cuda"), on_cluster=False) == whole


def test_the_session_is_whole_once_the_rules_are_read() -> None:
    """What is asked for and forced, and which attempt is the final one."""
    begun = begun_session(CONFIG, on_cluster=False)
    whole = whole_session(begun, ["figures"], ["measure", "fuse"], retries=2)
    assert (whole.tables_only, whole.forced, whole.final_attempt) == (True, ["fuse", "measure"], 3)
    assert (whole.id, whole.device, whole.mirror) == (begun.id, begun.device, begun.mirror)


def test_without_retries_there_is_no_final_attempt() -> None:
    """A first attempt must run the method."""
    begun = begun_session(CONFIG, on_cluster=False)
    assert whole_session(begun, [], [], retries=0).final_attempt == 0


def test_a_damaged_session_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for another one."""
    monkeypatch.setenv(SESSION, as_parameter(Session(id="1", device="cpu"))[:-3])
    with pytest.raises(UnreadableFile):
        begun_session(CONFIG, on_cluster=False)


def test_a_session_is_read_as_it_was_written() -> None:
    """Through the parameter of a job."""
    session = Session(id="1", device="cuda", forced=["*"], tables_only=True)
    assert from_parameter(as_parameter(session), Session) == session


def test_a_text_that_is_made_later_is_made_when_it_is_asked_for() -> None:
    """Each time: it may have changed since."""
    numbers = iter("12")
    later = LaterText(lambda: next(numbers))
    assert (str(later), str(later)) == ("1", "2")
