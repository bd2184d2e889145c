"""What the rules of the evidence call: ``python -m fusebench.evidence.steps STEP ...``, one function for each step."""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from pathlib import Path

from fusebench.files import read_json, write_json
from fusebench.markers import write_marker
from fusebench.stepping import add_step, run_step

ROOT = Path()
"""The project's folder: Snakemake starts every job in it."""


def copy_images(options: argparse.Namespace) -> None:
    """Copy the committed images of a self-check out of the method's clone."""
    from fusebench.evidence.committed import prepare_committed

    source, final = read_json(options.source), options.marker.with_suffix("")
    write_marker(
        options.marker, options.failures, lambda: prepare_committed(source, options.spec, final)
    )


def judge_selfcheck(options: argparse.Namespace) -> None:
    """Compare the runs of a self-check with the committed outputs, and with each other."""
    from fusebench.evidence.selfcheck import judge_selfcheck as judge

    write_json(options.output, judge(options.spec, options.images, options.records))


def judge_claims(options: argparse.Namespace) -> None:
    """Compare the claims about a method with what is measured here."""
    from fusebench.evidence.claims import claims_of
    from fusebench.evidence.judging import Measured, judge, measured_on

    spec = options.spec
    claims = sorted(
        claims_of(spec["method"], {"claims": spec["claims"]}, ROOT), key=lambda claim: claim.dataset
    )
    rows = []
    for dataset, group in groupby(claims, key=lambda claim: claim.dataset):
        here, images = list(group), spec["images"].get(dataset)
        measured = Measured(spec["reason"])
        if images:
            measured = measured_on(
                here, Path(images["marker"]), [Path(path) for path in images["records"]]
            )
        rows += [judge(claim, measured) for claim in here]
    write_json(options.output, rows)


def judge_spread(options: argparse.Namespace) -> None:
    """Compare the runs of a method on a dataset with each other."""
    from fusebench.evidence.determinism import judge_cell

    write_json(options.output, judge_cell(options.spec, options.images, options.records))


def write_spreads(options: argparse.Namespace) -> None:
    """Write the means of all repeated cells with their spread, in CSV and Markdown."""
    from fusebench.evidence.tables import write_spreads as write

    write(options.output, [read_json(path) for path in options.spreads])


def write_claims(options: argparse.Namespace) -> None:
    """Write all claims as one table, in CSV and Markdown."""
    from fusebench.evidence.tables import write_claims as write

    write(options.output, [row for path in options.claims for row in read_json(path)])


def write_selfchecks(options: argparse.Namespace) -> None:
    """Write all self-checks as one table, in CSV and Markdown."""
    from fusebench.evidence.tables import write_selfchecks as write

    write(options.output, [read_json(path) for path in options.checks])


def write_pages(options: argparse.Namespace) -> None:
    """Write one page for each method, and the summary."""
    from fusebench.evidence.pages import entry_facts
    from fusebench.evidence.pages import write_pages as write
    from fusebench.registry import METHODS, Method
    from fusebench.registry.documents import read_document

    methods = read_document(ROOT / METHODS).data
    entries = [entry_facts(Method(name, methods[name])) for name in options.methods]
    checks = [read_json(path) for path in options.checks]
    claims = [row for path in options.claims for row in read_json(path)]
    write(options.output.parent, entries, checks, claims)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fusebench.evidence.steps", description=__doc__)
    steps = parser.add_subparsers(required=True)
    add_step(steps, "images", copy_images, "spec", "source", "marker", "failures")
    add_step(steps, "selfcheck", judge_selfcheck, "spec", "images", "output", lists=["records"])
    add_step(steps, "spread", judge_spread, "spec", "images", "output", lists=["records"])
    add_step(steps, "spread-table", write_spreads, "output", lists=["spreads"])
    add_step(steps, "claims", judge_claims, "spec", "output")
    add_step(steps, "selfcheck-table", write_selfchecks, "output", lists=["checks"])
    add_step(steps, "claims-table", write_claims, "output", lists=["claims"])
    pages = add_step(steps, "pages", write_pages, "output", lists=["checks", "claims"])
    pages.add_argument("--methods", nargs="*", default=[], help="names of the registry")
    return parser


if __name__ == "__main__":
    sys.exit(run_step(_parser()))
