"""What a job is told that is too long for its parameters: Snakemake would keep those for each output, and read them at every start.

The process of Snakemake writes it into a scratch folder of its own and gives the job its digest, which changes when it does.
"""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from fusebench.files import sha256_of_json, write_text
from fusebench.staging import scratch_folder

FOLDER_VARIABLE = "FUSEBENCH_HANDED"


def hand_over(text: str) -> str:
    """Keep a text for the jobs that this process starts on this machine, and return the digest by which they ask for it."""
    digest = sha256_of_json(text)
    write_text(_folder() / digest, text)
    return digest


def handed_over(digest: str) -> str:
    """Return the text that was kept under a digest."""
    return Path(os.environ[FOLDER_VARIABLE], digest).read_text(encoding="utf-8")


@cache
def _folder() -> Path:
    stack = ExitStack()
    folder = stack.enter_context(scratch_folder())
    atexit.register(stack.close)
    os.environ[FOLDER_VARIABLE] = str(folder)
    return folder
