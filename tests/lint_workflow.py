"""Run ``snakemake --lint`` and fail on every finding but those ignored here with a reason."""

from __future__ import annotations

import json
import subprocess
import sys

IGNORED = {
    "Specify a conda environment or container for each rule.": (
        "the steps run in the environment that Snakemake runs in; those of the methods are built by a rule of their own, "
        "because Snakemake's conda directive cannot hold hashed packages"
    ),
    "Mixed rules and functions in same snakefile.": "workflow/rules/common.smk holds the functions; it has no rule",
}


def main() -> int:
    """Print the findings that are not ignored; 1 where there are any."""
    command = ["snakemake", "--lint", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        print(done.stdout, done.stderr, file=sys.stderr)
        return 1
    findings = [
        f"{part.get('rule') or part.get('snakefile')}: {lint['title']}"
        for part in [*report["snakefiles"], *report["rules"]]
        for lint in part["lints"]
        if lint["title"] not in IGNORED
    ]
    print("\n".join(findings) or "snakemake --lint: nothing found")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
