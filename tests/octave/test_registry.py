"""Entries of MATLAB code: fields of Python's scripts are refused, and the reverse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fusebench.errors import RegistryError
from fusebench.registry.loading import load_registry

from tests.registry.small import RUN, SmallProject

FUNCTION = {**RUN, "function": "m/run_X.m", "mex": [["m/a.c", "m/b.c"]], "cwd": "m"}
del FUNCTION["script"]


@pytest.fixture
def small(tmp_path: Path) -> SmallProject:
    """A project with one method of MATLAB code."""
    project = SmallProject(tmp_path)
    project.methods["one"]["run"] = dict(FUNCTION)
    return project


def problems(small: SmallProject, **run: Any) -> str:
    """Return what is reported when these fields of ``run`` are added."""
    small.methods["one"]["run"].update(run)
    small.write()
    with pytest.raises(RegistryError) as told:
        load_registry(small.root)
    return str(told.value)


def test_an_entry_of_matlab_code_is_read(small: SmallProject) -> None:
    """Its fields come to the run as they are."""
    small.write()
    run = load_registry(small.root).methods["one"].run_for("pairs", "infrared-visible")
    assert run.is_matlab and run.mex == [["m/a.c", "m/b.c"]] and not run.interpreter


def test_arguments_are_refused(small: SmallProject) -> None:
    """A MATLAB script has no command line; the message says what to use."""
    told = problems(small, args="--in a")
    assert (
        "(one.run.args): must not be given for MATLAB code; replace texts of the code with" in told
    )


def test_a_function_is_a_file_of_matlab_code(small: SmallProject) -> None:
    """A name without its file is told."""
    assert "must be the file of a MATLAB function (.m); found 'run_X'" in problems(
        small, function="run_X"
    )


def test_script_and_function_exclude_each_other(small: SmallProject) -> None:
    """An entry says one of the three ways to start its code."""
    told = problems(small, script="main.m")
    assert "must have one of 'script', 'adapter', 'function'; found 'script' and 'function'" in told


def test_python_code_has_no_mex_files(small: SmallProject) -> None:
    """They belong to MATLAB code only."""
    small.methods["one"]["run"] = dict(RUN)
    told = problems(small, mex=[["a.c"]])
    assert "(one.run.mex): must not be given for Python, without `function` or a script" in told
