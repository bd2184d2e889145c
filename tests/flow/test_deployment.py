"""The workflow as a module of another workflow, whose folder holds only a configuration."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import git
import pytest
import yaml
from fusebench.command import main

from tests.flow.projects import REPOSITORY

# As `snakedeploy deploy-workflow` writes it.
DEPLOYED = """
from snakemake.utils import min_version

min_version("6.10.0")


configfile: "config/config.yaml"


module fusebench:
    snakefile:
        {snakefile}
    config:
        config


use rule * from fusebench
"""
CHECKOUT = repr(str(REPOSITORY / "workflow" / "Snakefile"))

SMALL = {
    "suite": "quickstart",
    "suites": {
        "quickstart": {
            "methods": ["mean", "copy-a"],
            "datasets": ["night-scenes"],
            "metrics": ["EN", "SSIM"],
        }
    },
}


def deploy(folder: Path, snakefile: str, configuration: str) -> None:
    """Write the files of a deployment: a Snakefile and a configuration."""
    for name, text in (
        ("workflow/Snakefile", DEPLOYED.format(snakefile=snakefile)),
        ("config/config.yaml", configuration),
    ):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text, encoding="utf-8")


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a folder, as a person does."""
    command = [str(Path(sys.executable).with_name("snakemake")), "--cores", "2", *arguments]
    environ = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return done


def states(folder: Path) -> dict[tuple[str, str], str]:
    """Return the state of each cell."""
    with (folder / "results" / "status.csv").open(encoding="utf-8", newline="") as stream:
        return {(row["method"], row["dataset"]): row["state"] for row in csv.DictReader(stream)}


def test_a_suite_runs_as_a_module(tmp_path: Path) -> None:
    """A suite runs in the folder of a deployment; a second run has nothing to do.

    Methods, datasets and environments are those of the workflow. The results are in the folder.
    """
    deploy(tmp_path, CHECKOUT, yaml.safe_dump(SMALL))
    snakemake(tmp_path)
    assert states(tmp_path) == {
        ("mean", "night-scenes"): "ok",
        ("copy-a", "night-scenes"): "ok",
    }
    assert (tmp_path / "results" / "tables" / "quickstart" / "night-scenes.tex").is_file()
    assert "Nothing to be done" in snakemake(tmp_path).stderr
    made = {path.name for path in tmp_path.iterdir()} - {"cache", ".snakemake"}
    assert made == {"config", "workflow", "results", "resources", "logs"}


@pytest.mark.slow
def test_quickstart_runs_as_a_module(tmp_path: Path) -> None:
    """The default suite runs, with the configuration that is deployed."""
    deploy(tmp_path, CHECKOUT, (REPOSITORY / "config" / "config.yaml").read_text(encoding="utf-8"))
    snakemake(tmp_path)
    assert len(states(tmp_path)) == 27 and set(states(tmp_path).values()) == {"ok"}


def test_the_rules_come_from_a_commit(tmp_path: Path) -> None:
    """Snakemake may read the rules from a commit of a repository instead of a folder.

    It reads a hosted repository in the same way.
    """
    if not (REPOSITORY / ".git").exists():
        pytest.skip("needs the git repository of fusebench; this is a copy without it")
    commit = git.Repo(REPOSITORY).head.commit.hexsha
    snakefile = f"gitfile({str(REPOSITORY)!r}, 'workflow/Snakefile', commit={commit!r})"
    deploy(tmp_path, snakefile, yaml.safe_dump(SMALL))
    done = snakemake(tmp_path, "--dry-run")
    assert "fuse" in done.stdout + done.stderr and not (tmp_path / "results").exists()


def test_own_methods_and_datasets_go_before_those_of_the_workflow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A registry file of the folder replaces that of the workflow as a whole.

    What its entries name is found in both places.
    """
    deploy(tmp_path, CHECKOUT, yaml.safe_dump(SMALL))
    entries = yaml.safe_load((REPOSITORY / "methods.yaml").read_text(encoding="utf-8"))
    own = {"mean": entries["mean"], "copy-a": {**entries["copy-a"], "title": "My own title"}}
    (tmp_path / "methods.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    assert main(["check", "--project", str(tmp_path)]) == 0
    assert "2 methods, 2 active" in capsys.readouterr().out
    del own["mean"]
    (tmp_path / "methods.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    assert main(["check", "--project", str(tmp_path)]) == 1
    assert "unknown method 'mean'" in capsys.readouterr().err
