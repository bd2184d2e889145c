"""job.json and launch.json mean the same to fusebench and to the harness.

The harness imports nothing of fusebench.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from fusebench.contracts.harness import HarnessJob, ImageTimes, LaunchReport
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import FieldInfo, fields

from tests.harness.conftest import HARNESS, Stage


def module_of(name: str) -> ModuleType:
    """Return a module of the harness, loaded as the launcher loads it."""
    spec = importlib.util.spec_from_file_location(f"harness_{name}", HARNESS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


JOB = module_of("job")
REPORT = module_of("report")
FIELDS: dict[str, FieldInfo] = {one.name: one for one in fields(HarnessJob)}


def default_of(field: FieldInfo) -> Any:
    """Return the value of a field that is left out."""
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def test_both_sides_require_the_same_fields() -> None:
    """What the harness requires has no default in the contract."""
    assert set(JOB.REQUIRED) == {name for name, field in FIELDS.items() if field.required}


def test_both_sides_have_the_same_defaults() -> None:
    """A field that is left out has the same meaning on both sides."""
    defaults = {name: default_of(field) for name, field in FIELDS.items() if not field.required}
    assert defaults == JOB.DEFAULTS


@pytest.mark.parametrize(
    ("module", "kinds"),
    [(JOB, [HarnessJob]), (REPORT, [LaunchReport, ImageTimes])],
    ids=["job.json", "launch.json"],
)
def test_the_harness_describes_every_field(
    module: ModuleType, kinds: list[type[msgspec.Struct]]
) -> None:
    """The docstring of the harness describes every field of the contract."""
    described = set(re.findall(r"``(\w+)``", module.__doc__ or ""))
    assert {name for kind in kinds for name in kind.__struct_fields__} <= described


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
names = st.from_regex(r"[a-z]{1,8}\.py", fullmatch=True)
jobs = st.fixed_dictionaries(
    {},
    optional={
        "args": st.lists(texts, max_size=3),
        "device": st.sampled_from(["cpu", "cuda"]),
        "threads": st.integers(1, 64),
        "seed": st.integers(0, 2**32 - 1),
        "edits": st.dictionaries(names, st.lists(st.tuples(texts, texts).map(list), max_size=2)),
        "compat": st.lists(texts, max_size=2),
        "warmup": st.integers(0, 3),
        "flops": st.booleans(),
        "model_functions": st.dictionaries(names, st.lists(texts, max_size=2)),
    },
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(told=jobs)
def test_the_harness_reads_what_fusebench_writes(told: dict[str, Any], stage: Stage) -> None:
    """The harness reads the same values that any job has, defaults included."""
    stage.write("script.py", "")
    place = {"script": "script.py", "cwd": str(stage.root), "root": str(stage.root)}
    whole = {**place, "report": str(stage.root / "launch.json"), **told}
    job = msgspec.convert(whole, HarnessJob)
    path = stage.root / "job.json"
    path.write_bytes(msgspec.json.encode(job))
    read = JOB.read_job(str(path))
    assert {name: read[name] for name in told} == told
    assert read["threads"] == job.threads and read["flops"] == job.flops


@pytest.mark.parametrize(
    ("change", "words"),
    [({"scirpt": "x"}, "scirpt"), ({"device": "gpu"}, "device"), ({"script": None}, "script")],
    ids=["unknown field", "wrong value", "missing field"],
)
def test_both_sides_refuse_the_same(change: dict[str, Any], words: str, stage: Stage) -> None:
    """An unknown field, a wrong value and a missing field are refused by name on both sides."""
    stage.write("script.py", "")
    given_job = json.loads(stage.job().read_text()) | change
    given_job = {name: value for name, value in given_job.items() if value is not None}
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(given_job, HarnessJob)
    path = stage.root / "job.json"
    path.write_text(json.dumps(given_job))
    with pytest.raises(JOB.JobError, match=words):
        JOB.read_job(str(path))


RESULT = "open('out.png', 'wb').write(b'x')\n"
SCRIPTS: dict[str, tuple[str, dict[str, Any]]] = {
    "empty": ("", {}),
    "one result": (RESULT, {"outputs": ["out.png"]}),
    "one warm-up": (RESULT, {"outputs": ["out.png"], "warmup": 1}),
    "an exception": ("raise ValueError('no')\n", {}),
    "an exit status": ("import sys\nsys.exit(3)\n", {}),
    "a hard exit": ("import os\nos._exit(4)\n", {}),
    "a signal": ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n", {}),
    "an edit": ("print('old')\n", {"edits": {"script.py": [["old", "new"]]}}),
    "missing weights": (
        "try:\n    open('w.pth')\nexcept OSError:\n    pass\n",
        {"weights": ["w.pth"]},
    ),
    "a shim": ("import inspect\ninspect.getargspec(len)\n", {"compat": ["inspect-getargspec"]}),
}


def read_report(stage: Stage, script: str, **job: Any) -> LaunchReport:
    """Run a script under the launcher and read its report; every field of the contract is in it."""
    stage.write("script.py", script)
    if "weights" in job:
        job["weights"] = [str(stage.root / name) for name in job["weights"]]
    written = stage.launch(**job).report
    assert set(written) == set(LaunchReport.__struct_fields__)
    return msgspec.convert(written, LaunchReport)


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_report_is_one(name: str, stage: Stage) -> None:
    """However a script ends, its report has the fields of the contract with the right types."""
    script, job = SCRIPTS[name]
    report = read_report(stage, script, **job)
    assert report.state != "running"


def test_every_python_writes_the_same_report(any_stage: Stage) -> None:
    """The report follows the contract under each version of Python that is found."""
    report = read_report(any_stage, RESULT, outputs=["out.png"])
    assert list(report.images) == ["out"] and report.exit_status == 0


def test_a_report_with_models_is_one(torch_stage: Stage) -> None:
    """Module names, calls and parameters of models are in the contract, too."""
    model = (
        "from torch import nn\nclass Net(nn.Module):\n"
        "    def forward(self):\n        pass\nNet()()\n"
    )
    report = read_report(torch_stage, model + RESULT, outputs=["out.png"], warmup=1)
    assert report.modules_called == {"Net": 1} and report.images["out"].calls == 1


WRONG: dict[str, Callable[[dict[str, Any]], None]] = {
    "$.state": lambda report: report.update(state="asleep"),
    "$.images": lambda report: report.update(images=[]),
    "`wall`": lambda report: report.update(wall=1),
    "$.exit_status": lambda report: report.update(exit_status="0"),
}


@pytest.mark.parametrize("words", WRONG)
def test_a_report_that_is_none_is_refused(words: str, stage: Stage) -> None:
    """A field of another type, an unknown value and an unknown field are refused by name."""
    stage.write("script.py", "")
    report = stage.launch().report
    WRONG[words](report)
    with pytest.raises(msgspec.ValidationError, match=re.escape(words)):
        msgspec.convert(report, LaunchReport)


def test_the_launcher_refuses_a_job_before_the_script_starts(stage: Stage) -> None:
    """A wrong job ends the launcher with a message and starts nothing."""
    stage.write("script.py", "open('started', 'w').close()\n")
    run = stage.launch(scirpt="x")
    assert run.returncode != 0 and "scirpt" in run.stderr
    assert not (stage.root / "started").exists()


def test_nothing_of_fusebench_is_imported_by_the_harness() -> None:
    """The harness imports only the standard library and itself, so that it runs everywhere."""
    imports = re.compile(r"^\s*(?:from|import) fusebench", re.MULTILINE)
    files = [path for path in Path(HARNESS).rglob("*.py") if imports.search(path.read_text())]
    assert not files
