"""Run ``snakemake --lint`` and fail on every finding but those ignored here with a reason."""

from __future__ import annotations

import re
import subprocess
import sys

IGNORED = {
    "Specify a conda environment or container for each rule.": (
        "the steps run in the environment of Snakemake; a rule of its own builds the environments "
        "of the methods, because Snakemake's conda directive cannot hold hashed packages"
    ),
    "Mixed rules and functions in same snakefile.": (
        "the input functions of a rule stand right above it, where a reader looks for them; "
        "common.smk holds what several files use"
    ),
}
PLACE = re.compile(r"^Lints for (?P<place>.*):$")
FINDING = re.compile(r"^    \* (?P<title>.*):$")


def main() -> int:
    """Print the findings that are not ignored; return 1 if there are any, else 0.

    Return 1 also where the workflow cannot be read.
    """
    done = subprocess.run(["snakemake", "--lint"], capture_output=True, text=True, check=False)
    place, findings = "", []
    for line in (done.stdout + done.stderr).splitlines():
        if match := PLACE.match(line):
            place = match["place"]
        elif (match := FINDING.match(line)) and match["title"] not in IGNORED:
            findings.append(f"{place}: {match['title']}")
    if not place and done.returncode:
        findings.append(done.stderr)
    print(
        "\n".join(findings) or "snakemake --lint: nothing found that is not ignored with a reason"
    )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
