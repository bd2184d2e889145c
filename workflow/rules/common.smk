# The plan of this run, and what the rules look up in it.
import sys
from pathlib import Path

from fusebench.compare.summary import summary
from fusebench.errors import RegistryError
from fusebench.plan import attempt, failures_file, make_plan, prepare_process

try:
    PLAN = make_plan(Path(), config)
except RegistryError as error:
    sys.exit(
        f"fusebench: {error}\nNothing was run; `fusebench check` repeats this check alone."
    )

prepare_process(PLAN)


wildcard_constraints:
    source=r"[^/]+",
    environment=r"[^/]+",
    method=r"[^/]+",
    dataset=r"[^/]+",
    suite=r"[^/]+",
