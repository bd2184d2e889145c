# The plan of this run, and what the rules look up in it.
import os
import sys
from pathlib import Path

from fusebench.compare.summary import summary
from fusebench.errors import RegistryError
from fusebench.plan import attempt, failures_file, make_plan

try:
    PLAN = make_plan(Path(), config)
except RegistryError as error:
    sys.exit(f"fusebench: {error}\nNothing was run; `fusebench check` repeats this check alone.")

# Steps run in the environment that Snakemake itself runs in, also where it was started without activating it.
STEP = f"{sys.executable} -m fusebench.steps"

# Where repositories are cloned from changes no result: jobs get it in a variable, not as a parameter.
os.environ["FUSEBENCH_MIRROR"] = PLAN.registry.options.get("mirror", "")


def print_summary():
    print(summary(PLAN), flush=True)


wildcard_constraints:
    source=r"[^/]+",
    environment=r"[^/]+",
    method=r"[^/]+",
    dataset=r"[^/]+",
    suite=r"[^/]+",
