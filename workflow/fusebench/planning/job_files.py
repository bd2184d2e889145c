"""Jobs that are too long for a command line: stored in a file named by the digest of its content.

Snakemake stores the parameters of a job for each of its outputs, and reads them at every start. The
digest stands there instead, and changes when the content does. The files lie in a scratch folder of
this process, for the jobs that it starts on this machine.
"""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from fusebench.contracts.base import Contract
from fusebench.contracts.files import as_parameter
from fusebench.files import write_text
from fusebench.folders import scratch_folder
from fusebench.hashes import sha256_of_json


def store_job(job: Contract) -> str:
    """Store a job in a file and return its digest."""
    text = as_parameter(job, keep_order=True)
    digest = sha256_of_json(text)
    write_text(job_folder() / digest, text)
    return digest


@cache
def job_folder() -> Path:
    """Return the folder of the files; it is removed at the end of this process."""
    stack = ExitStack()
    folder = stack.enter_context(scratch_folder())
    atexit.register(stack.close)
    return folder
