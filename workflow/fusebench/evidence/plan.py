"""The plan of the evidence: which self-checks, further runs and claims there are, and what their jobs are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fusebench.evidence.checks import Check, checks_of
from fusebench.evidence.claims import SELFCHECK, Claim, claims_of
from fusebench.evidence.pages import entry_facts
from fusebench.files import folder_digest, json_parameter, sha256_of_file, sha256_of_json
from fusebench.fuse.specs import cell_spec
from fusebench.measure.runs import formulas_digest
from fusebench.metrics import default_metrics
from fusebench.plan import DATASETS, RUNS, Plan
from fusebench.registry import Method

COMMITTED = "resources/committed"
SELFCHECKS = "results/selfcheck"
REPEATS = "results/repeats"
EVIDENCE = "results/evidence"
KEEP_SIZE = "crop-sources"
"""The size policy of self-checks: a result is compared as the script left it, and never scaled."""

FURTHER_HASH_SEEDS = {2: 13, 3: 9, 4: 134}
"""Of a further run -> its PYTHONHASHSEED.

Of 32 pairs of words of this field (``ir`` and ``vi``, ``mri`` and ``ct``, ...), a set has another order than with 0 for 19 with
13, and for 29 with 13 or 9 (Python 3.8 and 3.11); with 0 and 1, the seeds of the frameworks, most stay as they are.
"""


@dataclass(frozen=True)
class EvidencePlan:
    """What the rules of the evidence look up.

    Attributes:
        plan: of the run as a whole, for sources and environments.
        methods: those that evidence is asked for.
    """

    plan: Plan
    methods: list[Method]

    @cached_property
    def code(self) -> str:
        """The digest of the rules of judgement and of the metrics: a changed rule judges again, and runs nothing."""
        return sha256_of_json([folder_digest(Path(__file__).parent), formulas_digest()])

    @cached_property
    def checks(self) -> dict[tuple[str, str], Check]:
        """The self-checks of every method that can be run, also of those not asked for."""
        methods = self.plan.registry.methods.values()
        return {
            (method.name, check.name): check
            for method in methods
            if method.is_active
            for check in checks_of(method)
        }

    @property
    def asked_checks(self) -> list[tuple[str, str]]:
        """Method and name of the self-checks asked for."""
        names = {method.name for method in self.methods}
        return [key for key in self.checks if key[0] in names]

    @property
    def judged_checks(self) -> list[str]:
        """The files that judge the self-checks asked for."""
        return [f"{SELFCHECKS}/{method}/{check}.json" for method, check in self.asked_checks]

    def images_spec(self, method: str, check: str) -> str:
        """Return the parameters of the job that copies a check's images as JSON."""
        return json_parameter(self.checks[method, check].definition)

    def source_marker(self, method: str) -> str:
        """Return the marker of a method's clone."""
        return self.plan.method_inputs(method)["source"]

    def check_inputs(self, method: str, check: str) -> dict[str, str]:
        """Return the markers that a run of a self-check reads."""
        return {**self.plan.method_inputs(method), "dataset": f"{COMMITTED}/{method}/{check}.json"}

    def check_spec(self, method: str, check: str, run: int) -> str:
        """Return the parameters of a run of a self-check as JSON: its seed is the entry's plus the runs before it."""
        known = self.checks[method, check]
        spec = cell_spec(known.method, known.dataset, self.plan.registry)
        fields = {**spec["run"], "size": KEEP_SIZE, **known.entry.get("run", {})}
        return json_parameter(_again({**spec, "run": fields}, run, known.threads(run)))

    def check_threads(self, method: str, check: str, run: int) -> int:
        """Return the CPU threads of a run of a self-check."""
        return int(json.loads(self.check_spec(method, check, run))["threads"])

    def resource(self, method: str, resource: str, attempt: int) -> int:
        """Return what a run of a method asks of the scheduler; attempt 0 only writes down how the others died."""
        return self.plan.run_resource(self.plan.registry.methods[method], resource, attempt)

    def check_records(self, method: str, check: str) -> list[str]:
        """Return the records of all runs of a self-check."""
        runs = range(1, self.checks[method, check].runs + 1)
        return [f"{SELFCHECKS}/{method}/{check}/{run}/record.json" for run in runs]

    def judge_spec(self, method: str, check: str) -> str:
        """Return the parameters of the job that judges a self-check as JSON."""
        known = self.checks[method, check]
        return json_parameter(
            {
                "code": self.code,
                "method": method,
                "check": check,
                "tolerance": known.tolerance,
                "metrics": default_metrics(known.task),
            }
        )

    def repeat_spec(self, method: str, dataset: str, run: int) -> str:
        """Return the parameters of a further run on a dataset as JSON."""
        spec = json.loads(self.plan.cell_spec(method, dataset))
        return json_parameter(_again(spec, run, None))

    def claims(self, method: str) -> list[Claim]:
        """Return the claims about a method."""
        registry = self.plan.registry
        return claims_of(method, registry.methods[method].entry, registry.root)

    @cached_property
    def claimed(self) -> list[str]:
        """The methods asked for about which something is claimed."""
        return [method.name for method in self.methods if method.entry.get("claims")]

    @property
    def judged_claims(self) -> list[str]:
        """The files that judge the claims about the methods asked for."""
        return [f"{EVIDENCE}/claims/{method}.json" for method in self.claimed]

    def claimed_images(self, method: str) -> dict[str, dict[str, Any]]:
        """Return dataset of a claim -> marker of its images and records of its runs; none for a method that cannot be run."""
        if not self.plan.registry.methods[method].is_active:
            return {}
        names = dict.fromkeys(claim.dataset for claim in self.claims(method) if claim.dataset)
        return {name: self._images(method, name) for name in names}

    def _images(self, method: str, name: str) -> dict[str, Any]:
        if name.partition("/")[0] == SELFCHECK:
            check = name.partition("/")[2] or next(
                known for owner, known in self.checks if owner == method
            )
            return {
                "marker": f"{COMMITTED}/{method}/{check}.json",
                "records": self.check_records(method, check),
            }
        return {"marker": f"{DATASETS}/{name}.json", "records": self.records(method, name)}

    def repeats(self, method: str) -> int:
        """Return how often a method is run on a dataset: what its entry asks for, or the configuration, whichever is more."""
        registry = self.plan.registry
        return max(
            int(registry.methods[method].entry.get("repeats", 1)),
            int(registry.options.get("repeats", 1)),
        )

    def records(self, method: str, dataset: str) -> list[str]:
        """Return the records of all runs of a method on a dataset: the one that tables show, and the further ones."""
        further = [
            f"{REPEATS}/{method}/{dataset}/{run}/record.json"
            for run in range(2, self.repeats(method) + 1)
        ]
        return [f"{RUNS}/{method}/{dataset}/record.json", *further]

    @property
    def spreads(self) -> list[str]:
        """The files that tell the spread of the cells of the selected suites whose methods are run more than once."""
        cells = [
            (method, dataset) for method, dataset in self.plan.cells if self.repeats(method) > 1
        ]
        return [f"{REPEATS}/{method}/{dataset}/spread.json" for method, dataset in cells]

    def spread_spec(self, method: str, dataset: str) -> str:
        """Return the parameters of the job that tells the spread of a cell as JSON."""
        registered = self.plan.registry.datasets[dataset]
        metrics = (
            self.plan.metrics(dataset)
            if dataset in self.plan.datasets
            else default_metrics(registered.task)
        )
        return json_parameter(
            {"code": self.code, "method": method, "dataset": dataset, "metrics": metrics}
        )

    def claim_files(self, method: str) -> list[str]:
        """Return the markers and records that judging the claims about a method reads."""
        return [
            file
            for images in self.claimed_images(method).values()
            for file in (images["marker"], *images["records"])
        ]

    def claims_spec(self, method: str) -> str:
        """Return the parameters of the job that judges the claims about a method as JSON; files stand for their rows."""
        known = self.plan.registry.methods[method]
        items = known.entry["claims"]
        files = {
            item["file"]: sha256_of_file(self.plan.registry.root / item["file"])
            for item in items
            if "file" in item
        }
        reason = "" if known.is_active else f"{known.status}: {known.entry['reason']}"
        return json_parameter(
            {
                "code": self.code,
                "method": method,
                "claims": items,
                "files": files,
                "images": self.claimed_images(method),
                "reason": reason,
            }
        )

    @property
    def pages(self) -> list[str]:
        """The pages of the methods asked for."""
        return [f"{EVIDENCE}/{method.name}.md" for method in self.methods]

    @property
    def names(self) -> list[str]:
        """The names of the methods asked for."""
        return [method.name for method in self.methods]

    def pages_digest(self) -> str:
        """Return the digest of what the pages say of the entries asked for; all of it is too long for a command."""
        return sha256_of_json([self.code, [entry_facts(method) for method in self.methods]])


def _again(spec: dict[str, Any], run: int, threads: int | None) -> dict[str, Any]:
    """Return a job's parameters for its n-th run: other seeds, and other threads where they are asked for."""
    if run == 1:
        return {**spec, "threads": threads or spec["threads"]}
    seed = spec["run"]["seed"] + run - 1
    fields = {**spec["run"], "seed": seed, "hash_seed": FURTHER_HASH_SEEDS.get(run, 1000 + seed)}
    return {**spec, "run": fields, "threads": threads or spec["threads"]}


def make_evidence_plan(plan: Plan, overrides: Mapping[str, Any]) -> EvidencePlan:
    """Plan the evidence of every method, or of the suites that were named on the command line.

    Args:
        plan: of the run.
        overrides: the options given on the command line; the suite of the configuration file restricts nothing.
    """
    registry = plan.registry
    if "suite" not in overrides:
        return EvidencePlan(plan, list(registry.methods.values()))
    chosen = {method.name: method for suite in registry.selected for method in suite.methods}
    return EvidencePlan(plan, list(chosen.values()))
