"""``methods.yaml``: one entry for each published method."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

import msgspec
from msgspec import UNSET

from fusebench.contracts.base import given
from fusebench.contracts.jobs.fusing import Run
from fusebench.contracts.methods import (
    ACTIVE,
    MethodEntry,
    Paper,
    Resources,
    RunEntry,
    TrainEntry,
    Verified,
)
from fusebench.contracts.training import Variant
from fusebench.contracts.weights import WeightEntry
from fusebench.errors import RegistryError


@dataclass(frozen=True)
class Training:
    """The training that the weights of a method come from.

    Attributes:
        base: the name of its entry.
        variant: retrained, or smoke.
        seed: of the training.
        entry: ``train`` of the entry, with the fields of the variant.
        row: the name of the row that shows all seeds in tables of a suite; ``""`` for its own.
    """

    base: str
    variant: Variant
    seed: int
    entry: TrainEntry
    row: str = ""


@dataclass(frozen=True)
class Method:
    """An entry of ``methods.yaml`` under its name.

    A field that the entry leaves out has its default here.

    Attributes:
        name: of the entry, or that of a method that is trained here (``registry.training``).
        entry: what the file says.
        training: where its weights come from; None for those of its entry.
    """

    name: str
    entry: MethodEntry
    training: Training | None = None

    @property
    def label(self) -> str:
        """The name shown in tables."""
        return self.entry.label or self.name

    @property
    def title(self) -> str:
        """The paper's title on one line."""
        return " ".join(self.entry.title.split())

    @property
    def tasks(self) -> list[str]:
        """The fusion tasks that the method was published for."""
        return list(self.entry.tasks)

    @property
    def code(self) -> str:
        """The address of the repository, or a local folder."""
        return self.entry.code

    @property
    def commit(self) -> str | None:
        """The pinned commit; None for a plain local folder, which is pinned by its content."""
        return self.entry.commit or None

    @property
    def env(self) -> str:
        """The name of the environment, a folder of ``envs/``; ``""`` where the entry names none."""
        return self.entry.env or ""

    @property
    def paper(self) -> Paper:
        """Where the method was published, as far as the entry says."""
        return self.entry.paper or Paper()

    @property
    def weights(self) -> list[WeightEntry]:
        """The files that hold the trained parameters."""
        return list(self.entry.weights or ())

    @property
    def resources(self) -> Resources:
        """What a job of this method needs, as far as the entry says."""
        return self.entry.resources or Resources()

    @property
    def status(self) -> str:
        """``active``, or the word that says why the method cannot be run."""
        return self.entry.status

    @property
    def is_active(self) -> bool:
        """Whether the method can be run at all."""
        return self.status == ACTIVE

    @property
    def why_not(self) -> str:
        """Why the method cannot be run; ``""`` for an active one."""
        return "" if self.is_active else f"{self.status}: {self.entry.reason or ''}"

    @property
    def verified(self) -> Verified | None:
        """What was really produced; None where nothing was."""
        known = self.entry.verified
        return known if isinstance(known, Verified) else None

    @property
    def run(self) -> RunEntry:
        """How the authors' script is started.

        Raises:
            RegistryError: the entry does not say it, because the method cannot be run.
        """
        if self.entry.run is UNSET:
            raise RegistryError(
                f"methods.yaml: {self.name} cannot be run: {why_skipped(self)}; its entry must have"
                " `env` and `run` (README.md, Add a method); `fusebench list methods` prints those"
                " that can be run"
            )
        return self.entry.run

    def run_for(self, dataset: str, task: str) -> Run:
        """Return the fields of ``run`` for one dataset.

        Defaults come first, then the entry's fields, its task's part and its dataset's part; a
        later one replaces an earlier one.
        """
        fields = given(self.run)
        per_task = fields.pop("per_task", {}).get(task)
        per_dataset = fields.pop("per_dataset", {}).get(dataset)
        parts = [given(part) for part in (per_task, per_dataset) if part is not None]
        for part in parts:
            fields |= part
        return Run(**fields)


def links_of(method: Method) -> list[str]:
    """Return the addresses that belong to an entry, those of its weights included."""
    of_weights = (address for item in method.weights for address in item.addresses.values())
    return list(dict.fromkeys([*(method.entry.links or ()), *of_weights]))


def why_skipped(method: Method) -> str:
    """Return why a method cannot be run, with the addresses that a reader may open."""
    links = links_of(method)
    return f"{method.why_not}; see {', '.join(links)}" if links else method.why_not


def with_fields(run: Run, *parts: msgspec.Struct | dict[str, object]) -> Run:
    """Return the fields of ``run`` with some of them replaced by what other parts give."""
    changed: dict[str, object] = {}
    for part in parts:
        changed |= part if isinstance(part, dict) else given(part)
    return msgspec.structs.replace(run, **changed)


def owner_and_name(code: str) -> tuple[str, str]:
    """Return owner and name of a repository from its address.

    The owner of a local folder is ``local``.

    >>> owner_and_name("https://github.com/RollingPlain/ALMFnet.git")
    ('RollingPlain', 'ALMFnet')
    """
    if is_local(code):
        return "local", PurePosixPath(code.rstrip("/")).name or "folder"
    address = code.removesuffix("/").removesuffix(".git").replace(":", "/")
    parts = [part for part in address.split("/") if part]
    return (parts[-2] if len(parts) > 1 else "unknown"), parts[-1]


NAMING_DIGITS = 12
"""Digits of a commit in the name of its clone."""


def clone_name(code: str, pin: str) -> str:
    """Return the name of a source: ``owner+name@`` and the first digits of its commit or digest."""
    return f"{'+'.join(owner_and_name(code))}@{pin[:NAMING_DIGITS]}"


def is_local(code: str) -> bool:
    """Tell whether ``code`` is a folder of this machine rather than an address."""
    return "://" not in code and not code.startswith("git@")
