"""How many steps of each kind there are, and how far they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

STEPS = {
    "obtain_source": "sources",
    "fetch_weights": "weights",
    "build_environment": "environments",
    "prepare_dataset": "datasets",
    "copy_committed_images": "datasets",
    "fuse": "fuse",
    "fuse_on_gpu": "fuse",
    "measure": "measure",
    "measure_table": "measure",
    "judge_selfcheck": "evidence",
    "judge_spread": "evidence",
    "judge_claims": "evidence",
    "write_evidence_pages": "evidence",
    "analyse_table": "tables",
    "write_tables": "tables",
    "write_table": "tables",
    "write_paper_table": "tables",
    "write_speed_tables": "tables",
    "draw_figure": "figures",
    "write_page": "page",
}
"""Rule -> the kind of step that a person sees, in the order of the flow."""
OTHER = "others"
"""The kind of all other steps: they only collect files."""


@dataclass(frozen=True)
class Step:
    """One job of Snakemake.

    Attributes:
        rule: its rule.
        wildcards: what it is about, such as method and dataset.
        outputs: the files that it writes, from the project's folder on.
        logs: the files that hold what it printed.
    """

    rule: str
    wildcards: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of step that a person sees."""
        return STEPS.get(self.rule, OTHER)

    @property
    def words(self) -> str:
        """What a person reads of it.

        >>> Step("fuse", ("mean", "tno25")).words
        'fuse mean tno25'
        """
        return " ".join([self.rule.replace("_", " "), *self.wildcards])


@dataclass
class Tally:
    """Counts of steps: all, done and running, by kind.

    Attributes:
        total: kind -> how many there are.
        done: kind -> how many are done.
        running: number of a job -> the step.
    """

    total: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    running: dict[int, Step] = field(default_factory=dict)

    def plan(self, rules: Mapping[str, int]) -> None:
        """Count the steps of a run, by rule."""
        counts = {rule: number for rule, number in rules.items() if rule != "total"}
        for kind in [*dict.fromkeys(STEPS.values()), OTHER]:
            number = sum(n for rule, n in counts.items() if STEPS.get(rule, OTHER) == kind)
            if number:
                self.total[kind] = number
                self.done.setdefault(kind, 0)

    def start(self, job: int, step: Step) -> None:
        """Count a job as running."""
        self.running[job] = step

    def stop(self, job: int) -> Step | None:
        """Count a job as no longer running, without counting it as done; return its step."""
        return self.running.pop(job, None)

    def finish(self, job: int) -> Step | None:
        """Count a job as done; return its step, None where none was started."""
        step = self.stop(job)
        if step:
            self.done[step.kind] = self.done.get(step.kind, 0) + 1
            self.total[step.kind] = max(self.total.get(step.kind, 0), self.done[step.kind])
        return step

    @property
    def counts(self) -> tuple[int, int]:
        """How many steps are done, and how many there are."""
        return sum(self.done.values()), sum(self.total.values())

    def now(self) -> Sequence[str]:
        """Return what is running, in words."""
        return [step.words for step in self.running.values()]
