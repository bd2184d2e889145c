"""What fusebench assumes about Snakemake, checked against the Snakemake that is installed.

A slow test repeats these checks, and runs a whole project, with the oldest and the newest supported
Snakemake.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flow.projects import REPOSITORY
from tests.snakemake_runs import snakemake

ASKING = """
import json
from pathlib import Path
from fusebench import snakemake_facts as facts

READ = {
    "cluster": facts.is_on_cluster(workflow),
    "main": facts.is_main(workflow),
    "resources": {place: dict(own) for place, own in facts.resources_as_written(workflow).items()},
}

def ask(wildcards):
    READ.update(
        targets=facts.targets_of(workflow),
        forced=facts.forced_of(workflow),
        cores=facts.cores_of(workflow),
        rate=workflow.scheduling_settings.max_jobs_per_timespan is not None,
    )
    if facts.is_main(workflow):
        READ["retries"] = facts.retries_of(workflow)
        facts.lift_rate_limit(workflow)
        Path("facts.json").write_text(json.dumps(READ))
    return []

rule all:
    input: ask
    output: "all.txt"
    shell: "touch {output}"

rule other:
    output: "other.txt"
    shell: "touch {output}"
"""


def run(
    folder: Path, snakefile: str, *arguments: str, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake on a Snakefile."""
    (folder / "Snakefile").write_text(snakefile)
    done = snakemake("--cores", "2", *arguments, folder=folder)
    assert done.returncode == status, done.stderr
    return done


def asked(folder: Path, *arguments: str) -> dict[str, Any]:
    """Return the facts that a workflow reads while it is run with some arguments."""
    run(folder, ASKING, *arguments)
    return dict(json.loads((folder / "facts.json").read_text()))


def test_a_plain_run_asks_for_nothing(tmp_path: Path) -> None:
    """Without options there are no targets and no cluster; nothing is forced.

    The run has the two cores that it was given, and no retries.
    """
    facts = asked(tmp_path)
    expected = {"targets": [], "forced": [], "cluster": False, "main": True}
    assert {key: facts[key] for key in expected} == expected
    assert (facts["cores"], facts["retries"]) == (2, 0)


@pytest.mark.parametrize(
    ("arguments", "targets", "forced"),
    [
        (("all", "other.txt"), ["all", "other.txt"], []),
        (("all", "--forcerun", "other"), ["all"], ["other"]),
        (("--force", "all"), ["all"], ["all"]),
        (("--forceall", "all"), ["all"], ["*"]),
    ],
    ids=["targets", "forcerun", "force", "forceall"],
)
def test_what_is_asked_for_and_by_force_is_known(
    arguments: tuple[str, ...], targets: list[str], forced: list[str], tmp_path: Path
) -> None:
    """When jobs are planned, targets and what is forced are known as they were typed."""
    facts = asked(tmp_path, *arguments)
    assert (facts["targets"], facts["forced"]) == (targets, forced)


def test_retries_are_known(tmp_path: Path) -> None:
    """How often a job that died is retried is known."""
    assert asked(tmp_path, "--retries", "2")["retries"] == 2


def test_resources_are_known_as_they_were_written(tmp_path: Path) -> None:
    """Default resources and those of a rule are known as text.

    So a placeholder that was left in them is found.
    """
    options = ("--default-resources", "mem_mb=100", "qos=<qos>", "--set-resources", "all:a='<b>'")
    resources = asked(tmp_path, *options)["resources"]
    assert resources["default-resources"]["qos"] == "<qos>"
    assert resources["set-resources: all"]["a"] == "'<b>'"


def test_a_resource_scope_tells_of_a_cluster(tmp_path: Path) -> None:
    """The scope that the cluster's profile defines reaches the workflow."""
    scopes = ("--set-resource-scopes", "cells_per_job=local")
    assert asked(tmp_path, *scopes)["cluster"] is True
    profile = yaml.safe_load((REPOSITORY / "slurm" / "config.yaml").read_text())
    assert "cells_per_job" in profile["set-resource-scopes"]


def test_the_rate_limit_can_be_lifted_while_jobs_are_planned(tmp_path: Path) -> None:
    """Snakemake limits job starts per second; without the limit its scheduler starts no timer."""
    assert asked(tmp_path)["rate"] is True
    counting = "import threading, atexit\nTIMERS = []\nstart = threading.Timer.start\n"
    counting += "threading.Timer.start = lambda self: (TIMERS.append(self), start(self))\n"
    counting += (
        "atexit.register(lambda: Path('timers.txt').write_text(str(len(TIMERS))))\n" + ASKING
    )
    run(tmp_path, counting, "--forceall")
    assert (tmp_path / "timers.txt").read_text() == "0"


def test_a_command_may_hold_text_that_no_rerun_depends_on(tmp_path: Path) -> None:
    """Text that a command takes from a global object is no parameter of the rule.

    Another text reruns nothing; another parameter does.
    """
    rule = (
        "class Later:\n    def __str__(self):\n        return {text!r}\n"
        "TEXT = Later()\nrule all:\n    output: 'all.txt'\n    params: number={number}\n"
        "    shell: 'echo {{TEXT:q}} {{params.number}} > {{output}}'\n"
    )
    for text, number, content in (("a b", 0, "a b 0"), ("c", 0, "a b 0"), ("d", 1, "d 1")):
        run(tmp_path, rule.format(text=text, number=number))
        assert (tmp_path / "all.txt").read_text() == f"{content}\n"


def test_an_updated_output_is_there_until_it_is_written_again(tmp_path: Path) -> None:
    """A job finds the output of `update()` as it was; a failed job leaves it in place."""
    rule = (
        "rule all:\n    output: update('all.txt')\n    params: number={number}\n"
        "    shell: '{command}'\n"
    )
    run(tmp_path, rule.format(number=0, command="echo one > {output}"))
    run(tmp_path, rule.format(number=1, command="false"), status=1)
    assert (tmp_path / "all.txt").read_text() == "one\n"
    run(tmp_path, rule.format(number=2, command="echo two >> {output}"))
    assert (tmp_path / "all.txt").read_text() == "one\ntwo\n"


def test_resources_know_the_attempt(tmp_path: Path) -> None:
    """A failed job is retried as often as asked; its resources know the attempt, from 1 on."""
    rule = (
        "rule all:\n    output: 'all.txt'\n"
        "    resources: job_attempt=lambda wildcards, attempt: attempt\n"
        "    shell: 'echo {resources.job_attempt} >> attempts.txt; "
        "test {resources.job_attempt} = 3; touch {output}'\n"
    )
    run(tmp_path, rule, "--retries", "2")
    assert (tmp_path / "attempts.txt").read_text().split() == ["1", "2", "3"]


def test_resources_are_asked_for_again_when_the_inputs_are_there(tmp_path: Path) -> None:
    """What a job needs may depend on a file that another job of the same run makes."""
    text = """
from pathlib import Path

def need(wildcards, attempt):
    return 5000 * attempt if Path("size.txt").exists() else 4000

rule all:
    input: "b.txt"
rule b:
    input: "size.txt"
    output: "b.txt"
    resources: mem_mb=need
    shell: "echo {resources.mem_mb} > {output}"
rule a:
    output: "size.txt"
    shell: "touch {output}"
"""
    run(tmp_path, text)
    assert (tmp_path / "b.txt").read_text().strip() == "5000"


def test_a_failed_job_runs_again_in_the_next_run(tmp_path: Path) -> None:
    """Snakemake removes the output of a failed job, so that the next run makes it."""
    rule = "rule all:\n    output: 'all.txt'\n    shell: 'touch {{output}}; {command}'\n"
    run(tmp_path, rule.format(command="false"), status=1)
    assert not (tmp_path / "all.txt").exists()
    run(tmp_path, rule.format(command="true"))


def test_the_top_snakefile_sets_the_target_of_the_included_one(tmp_path: Path) -> None:
    """An included Snakefile does not set the default target; the workflow's attribute does."""
    (tmp_path / "inner").write_text(
        "rule first:\n    output: 'first.txt'\n    shell: 'touch {output}'\n"
        "rule all:\n    default_target: True\n    output: 'all.txt'\n    shell: 'touch {output}'\n"
    )
    run(tmp_path, "include: 'inner'\nworkflow.default_target = 'all'\n")
    assert (tmp_path / "all.txt").exists() and not (tmp_path / "first.txt").exists()


def test_a_rule_of_another_device_inherits_everything_but_its_methods(tmp_path: Path) -> None:
    """`use rule ... with` inherits resources and commands and replaces wildcard constraints."""
    rules = (
        "rule all:\n    input: 'a.txt', 'b.txt'\n"
        "rule fuse:\n    output: '{m}.txt'\n    wildcard_constraints: m='a'\n"
        "    shell: 'echo {rule} > {output}'\n"
        "use rule fuse as fuse_on_gpu with:\n    wildcard_constraints: m='b'\n"
    )
    run(tmp_path, rules)
    assert [(tmp_path / f"{m}.txt").read_text().strip() for m in "ab"] == ["fuse", "fuse_on_gpu"]


def limits(package: str) -> tuple[str, str]:
    """Return the lowest supported version of a package and the range that is supported."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = (one for one in project["dependencies"] if one.startswith(f"{package}>"))
    return wanted.partition(">=")[2].partition(",")[0], wanted


def test_the_workflow_names_the_lowest_snakemake() -> None:
    """`min_version` of the Snakefile and the range of the package agree."""
    lowest = limits("snakemake")[0]
    assert f'min_version("{lowest}")' in (REPOSITORY / "workflow" / "Snakefile").read_text()


CHECKED = ("test_snakemake_facts.py", "test_grouping.py", "test_incremental.py")


@pytest.mark.slow
@pytest.mark.parametrize("which", ["lowest", "newest"])
def test_the_oldest_and_the_newest_snakemake_run_it(which: str, tmp_path: Path) -> None:
    """The facts hold with the oldest and with the newest supported Snakemake.

    Whole projects run as with the locked version.
    """
    uv = str(Path(sys.executable).with_name("uv"))
    environ = {**os.environ, "VIRTUAL_ENV": str(tmp_path / "env")}
    wanted = [limits(name) for name in ("snakemake", "snakemake-executor-plugin-slurm")]
    versions = [
        f"{range_.partition('>')[0]}=={lowest}.*" if which == "lowest" else range_
        for lowest, range_ in wanted
    ]
    resolution = "lowest-direct" if which == "lowest" else "highest"
    subprocess.run([uv, "venv", "--quiet", str(tmp_path / "env")], check=True)
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode"]
    subprocess.run(
        [*install, "--resolution", resolution, *versions], env=environ, check=True, timeout=600
    )
    locked = ["--editable", str(REPOSITORY), "pytest", "hypothesis", "psutil"]
    held = tmp_path / "held.txt"
    held.write_text("\n".join(frozen(uv, environ)))
    subprocess.run(
        [*install, "--constraint", str(held), *locked], env=environ, check=True, timeout=600
    )
    files = [str(REPOSITORY / "tests" / "flow" / name) for name in CHECKED]
    path = f"{tmp_path / 'env' / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        [str(tmp_path / "env" / "bin" / "python"), "-m", "pytest", "-q", *files],
        cwd=REPOSITORY,
        env={**environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]


def frozen(uv: str, environ: dict[str, str]) -> list[str]:
    """Return the versions of Snakemake and its plugins that were installed."""
    done = subprocess.run(
        [uv, "pip", "freeze"], env=environ, capture_output=True, text=True, check=True
    )
    return [line for line in done.stdout.splitlines() if line.startswith("snakemake")]
