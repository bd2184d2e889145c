"""What ``environment.yml`` may contain, and the messages for a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.environments.definition import environment_folders, read_environment, variants_of
from fusebench.errors import EnvironmentFailed

GOOD = """
name: one
channels: [some-channel]
dependencies:
  - python=3.8
  - pip:
      - numpy<2
x-fusebench:
  exclude-newer: 2020-06-01
"""


def write(folder: Path, text: str) -> Path:
    """Write ``one/environment.yml`` and return the folder."""
    (folder / "one").mkdir(exist_ok=True)
    (folder / "one" / "environment.yml").write_text(text, encoding="utf-8")
    return folder / "one"


def test_pip_only_has_no_conda_side(tmp_path: Path) -> None:
    """An environment with only Python from conda takes the machine's Python instead."""
    environment = read_environment(write(tmp_path, GOOD), "cpu")
    assert (environment.python, environment.pip, environment.conda) == ("3.8", ("numpy<2",), ())
    assert environment.exclude_newer == "2020-06-01"
    assert environment.pip_lock.name == "requirements.lock"


def test_conda_packages_bring_python(tmp_path: Path) -> None:
    """With other conda packages, Python is a conda package too."""
    environment = read_environment(
        write(tmp_path, GOOD.replace("=3.8", "=3.8\n  - cudatoolkit=10.0")), "cpu"
    )
    assert environment.conda == ("cudatoolkit=10.0", "python=3.8")


def test_variants_have_their_own_requirements_and_locks(tmp_path: Path) -> None:
    """A variant adds requirements to the common ones, and its locks are named for it."""
    folder = write(tmp_path, GOOD + "  variants: {cpu: {pip: [a]}, cuda: {pip: [b]}}\n")
    assert variants_of(folder) == ("cpu", "cuda")
    cuda = read_environment(folder, "cuda")
    assert cuda.pip == ("b", "numpy<2")
    assert (cuda.pip_lock.name, cuda.conda_lock.name) == (
        "requirements.cuda.lock",
        "conda-lock.cuda.yml",
    )


def test_comments_and_order_ask_for_the_same(tmp_path: Path) -> None:
    """The request hash depends on what is asked for, not on comments or the order of lines."""
    first = read_environment(
        write(tmp_path, GOOD.replace("- numpy<2", "- numpy<2\n      - scipy")), "cpu"
    ).request
    shuffled = "# why\n" + GOOD.replace("- numpy<2", "- scipy # here\n      - numpy<2")
    assert read_environment(write(tmp_path, shuffled), "cpu").request == first
    assert (
        read_environment(write(tmp_path, shuffled.replace("2020-06", "2020-07")), "cpu").request
        != first
    )


@pytest.mark.parametrize(
    ("text", "must", "found"),
    [
        (GOOD.replace("python=3.8", "python"), "python=3.8", "['python']"),
        (GOOD.replace("x-fusebench", "x-fusebnch"), "keys must be of", "'x-fusebnch'"),
        (GOOD.replace("exclude-newer", "newer"), "in x-fusebench of", "'newer'"),
        (GOOD + "  variants: {gpu: {}}\n", "variants must be of ['cpu', 'cuda']", "'gpu'"),
        (GOOD.replace("- pip:", "- pipp:"), "must be `pip:`", "pipp"),
        ("- a\n", "must be a mapping", "list"),
        (GOOD + "  variants: [cpu, cuda]\n", "`variants` must be a mapping", "['cpu', 'cuda']"),
        (GOOD + "  variants: {cpu: {pip: alpha}}\n", "`pip` must be a list", "'alpha'"),
        (GOOD + "  variants: {cpu: {pipp: [alpha]}}\n", "keys of variant cpu", "'pipp'"),
        (GOOD + "  from-source: alpha\n", "`from-source` must be a list", "'alpha'"),
        (
            GOOD.replace("[some-channel]", "some-channel"),
            "`channels` must be a list",
            "'some-channel'",
        ),
        (GOOD.replace("- numpy<2", "numpy"), "`pip` must be a list", "'numpy'"),
        (
            GOOD.replace("- numpy<2", "- a @ file:///a.whl"),
            "packages of the registry",
            "file:///a.whl",
        ),
        (GOOD.replace("2020-06-01", "June"), "must be a date", "'June'"),
        ("a: [", "is not YAML", ""),
    ],
)
def test_wrong_file_is_told(tmp_path: Path, text: str, must: str, found: str) -> None:
    """The message has the environment, the file, what must be there and what was found."""
    with pytest.raises(EnvironmentFailed) as error:
        variants_of(write(tmp_path, text))
        read_environment(write(tmp_path, text), "cpu")
    assert str(error.value).startswith("one: ")
    assert "environment.yml" in str(error.value)
    assert must in str(error.value)
    assert found in str(error.value)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    """A damaged file is an error of this environment only."""
    (write(tmp_path, GOOD) / "environment.yml").write_bytes(b"\xff\xfe")
    with pytest.raises(EnvironmentFailed, match=r"one: .*environment.yml is not YAML"):
        read_environment(tmp_path / "one", "cpu")


def test_unknown_environment_is_told(tmp_path: Path) -> None:
    """An environment without a folder is an error that says what to do."""
    with pytest.raises(EnvironmentFailed, match="correct `env:` of the entry"):
        read_environment(tmp_path / "no-such", "cpu")


def test_folders_without_a_definition_are_no_environments(tmp_path: Path) -> None:
    """Only folders with an ``environment.yml`` are listed."""
    (tmp_path / "notes").mkdir()
    assert environment_folders(tmp_path) == []
    assert environment_folders(write(tmp_path, GOOD).parent) == [tmp_path / "one"]
