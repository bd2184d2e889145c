"""``methods.yaml``: one entry for each published method."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

ACTIVE = "active"

RUN_DEFAULTS: dict[str, Any] = {
    "args": "",
    "cwd": ".",
    "convert": {},
    "first_index": 1,
    "make_folders": True,
    "unpack": [],
    "size": "fail",
    "output_range": "0-255",
    "edit": {},
    "compat": [],
    "devices": ["cpu", "cuda"],
    "environ": {},
    "model_functions": {},
    "seed": 0,
}
"""Values of the fields of ``run`` that an entry leaves out."""


@dataclass(frozen=True)
class Method:
    """An entry of ``methods.yaml`` under its name; ``entry`` holds its fields as the schema describes them."""

    name: str
    entry: dict[str, Any]

    @property
    def label(self) -> str:
        """The name shown in tables."""
        return str(self.entry.get("label", self.name))

    @property
    def tasks(self) -> list[str]:
        """The fusion tasks that the method was published for."""
        return list(self.entry["tasks"])

    @property
    def code(self) -> str:
        """The address of the repository, or a local folder."""
        return str(self.entry["code"])

    @property
    def commit(self) -> str | None:
        """The pinned commit; None for a plain local folder, which is pinned by its content."""
        return self.entry.get("commit")

    @property
    def env(self) -> str:
        """The name of the environment, a folder of ``envs/``."""
        return str(self.entry["env"])

    @property
    def weights(self) -> list[dict[str, Any]]:
        """The files that hold the trained parameters."""
        return list(self.entry.get("weights", []))

    @property
    def resources(self) -> dict[str, Any]:
        """What a job of this method needs."""
        return dict(self.entry.get("resources", {}))

    @property
    def status(self) -> str:
        """``active``, or the word that says why the method cannot be run."""
        return str(self.entry.get("status", ACTIVE))

    @property
    def is_active(self) -> bool:
        """Whether the method can be run at all."""
        return self.status == ACTIVE

    @property
    def verified(self) -> dict[str, Any]:
        """What was really produced: date, device, dataset, outputs_sha256; empty where nothing was."""
        known = self.entry.get("verified", "none")
        return {} if known == "none" else dict(known)

    def run_for(self, dataset: str, task: str) -> dict[str, Any]:
        """Return the fields of ``run`` for one dataset: defaults, then the entry, its task's part, its dataset's part."""
        run = dict(self.entry["run"])
        per_task, per_dataset = run.pop("per_task", {}), run.pop("per_dataset", {})
        return {**RUN_DEFAULTS, **run, **per_task.get(task, {}), **per_dataset.get(dataset, {})}


def owner_and_name(code: str) -> tuple[str, str]:
    """Return owner and name of a repository from its address; the owner of a local folder is ``local``.

    >>> owner_and_name("https://github.com/RollingPlain/ALMFnet.git")
    ('RollingPlain', 'ALMFnet')
    """
    if is_local(code):
        return "local", PurePosixPath(code.rstrip("/")).name or "folder"
    parts = [
        part
        for part in code.removesuffix("/").removesuffix(".git").replace(":", "/").split("/")
        if part
    ]
    return (parts[-2] if len(parts) > 1 else "unknown"), parts[-1]


def is_local(code: str) -> bool:
    """Tell whether ``code`` is a folder of this machine rather than an address."""
    return "://" not in code and not code.startswith("git@")
