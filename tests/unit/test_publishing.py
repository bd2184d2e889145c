"""What others read of the repository: its version, how it is cited, CI, containers, issue forms."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
FORMS = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def text(name: str) -> str:
    """Return a file of the repository."""
    return (REPOSITORY / name).read_text(encoding="utf-8")


def data(name: str) -> dict[str, Any]:
    """Return a YAML file of the repository."""
    told: dict[str, Any] = yaml.safe_load(text(name))
    return told


def test_there_is_one_version() -> None:
    """The package, the citation and the newest part of the changelog have the same one."""
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## (\S+?),", text("CHANGELOG.md"), re.MULTILINE)
    assert newest and newest[1] == version == data("CITATION.cff")["version"]


def test_the_citation_has_what_the_format_requires() -> None:
    """CITATION.cff 1.2.0 requires a message, a title, authors and its own version."""
    citation = data("CITATION.cff")
    assert citation["cff-version"] == "1.2.0" and citation["type"] == "software"
    assert citation["message"] and citation["title"] and citation["license"] == "MIT"
    assert all("name" in author or "family-names" in author for author in citation["authors"])


def test_zenodo_says_the_same_as_the_citation() -> None:
    """Title, licence and authors of both are equal."""
    zenodo, citation = json.loads(text(".zenodo.json")), data("CITATION.cff")
    assert zenodo["title"] == citation["title"] and zenodo["license"] == citation["license"]
    assert [c["name"] for c in zenodo["creators"]] == [a["name"] for a in citation["authors"]]
    assert zenodo["upload_type"] == "software"


def test_continuous_integration_calls_the_two_commands() -> None:
    """GitHub and GitLab run `make` and `make test`, and nothing else of ours."""
    jobs = data(".github/workflows/checks.yml")["jobs"]
    assert [s["run"] for s in jobs["checks"]["steps"] if "run" in s] == ["make", "make test"]
    assert data(".gitlab-ci.yml")["checks"]["script"] == ["make", "make test"]


@pytest.mark.parametrize("name", ["containers/Dockerfile", "containers/fusebench.def"])
def test_containers_install_from_the_locks(name: str) -> None:
    """Both start from a supported Python, make the environment, and say what was not tried."""
    told = text(name)
    assert re.search(r"^(FROM|From:) python:3\.1[123]-slim", told, re.MULTILINE)
    assert "make setup" in told and "pip install" not in told
    assert "Not built where this file was written" in told


def test_the_catalog_of_workflows_finds_what_it_asks_for() -> None:
    """Its file says how the workflow is deployed; layout and licence are where it looks."""
    usage = data(".snakemake-workflow-catalog.yml")["usage"]
    assert "software-stack-deployment" in usage
    for name in ("workflow/Snakefile", "config/README.md", "config/config.yaml", "LICENSE"):
        assert (REPOSITORY / name).is_file()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_an_issue_form_can_be_filled_in(form: Path) -> None:
    """It has a name, a description, and fields with unique ids and labels."""
    told = yaml.safe_load(form.read_text(encoding="utf-8"))
    ids = [field["id"] for field in told["body"]]
    assert told["name"] and told["description"] and len(ids) == len(set(ids))
    assert all(field["attributes"]["label"] for field in told["body"])


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "containers/README.md"])
def test_pages_name_only_files_that_exist(name: str) -> None:
    """Each `file.md` in them is there."""
    named = set(re.findall(r"`((?:docs/)?[\w.-]+\.(?:md|yaml|def))`", text(name)))
    here = (REPOSITORY, REPOSITORY / name.rpartition("/")[0])
    assert [one for one in named if not any((folder / one).is_file() for folder in here)] == []


def test_the_pictures_of_the_readme_are_there_and_small() -> None:
    """Each has a text for those who do not see it, and less than 300 kB."""
    pictures = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", text("README.md"))
    assert len(pictures) == 2
    for words, file in pictures:
        assert len(words) > 20 and (REPOSITORY / file).stat().st_size < 300_000
