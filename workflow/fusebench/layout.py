"""Where files lie in a project's folder.

By these paths one part of fusebench finds what another part wrote.

::

    resources/sources/<owner>+<name>@<commit12>/   a clone, and its marker .json beside it
    resources/weights/<method>.json                fetched weights
    resources/envs/<key>.json                      a built environment
    resources/datasets/<dataset>.json              a dataset in its normal form
    resources/trained/<method>/<key>/seed<n>/      weights that were trained here, their receipt and
                                                   their marker seed<n>.json beside it
    resources/trained/<method>/<key>/seed<n>.part/ what is kept of a training that has not ended
    resources/committed/<method>/<check>.json      the images of a self-check
    results/runs/<method>/<dataset>/record.json    a cell
    results/selfcheck/<method>/<check>/<run>/      a run of a self-check, or `exchanged`
    results/repeats/<method>/<dataset>/<run>/      a further run of a cell
    results/jobs/<method>/<job>.json               that a fusing job has ended
    results/measures/<datasets>.csv                per-image values

All paths start at the project's folder, which is the working folder of every job.
"""

from __future__ import annotations

from pathlib import Path

SOURCES = "resources/sources"
WEIGHTS = "resources/weights"
ENVIRONMENTS = "resources/envs"
DATASETS = "resources/datasets"
COMMITTED = "resources/committed"
TRAINED = "resources/trained"
RESOURCE_FAILURES = "resources/failures"

RUNS = "results/runs"
JOBS = "results/jobs"
SELFCHECKS = "results/selfcheck"
EXCHANGED = "exchanged"
"""The folder of the run of a self-check with A and B exchanged."""
REPEATS = "results/repeats"
PROBES = "results/probes"
"""The runs by which a training checks that the test script uses its weights; removed afterwards."""
TRIALS = "results/try"
"""The runs of ``fusebench try``, which no table shows."""
EVIDENCE = "results/evidence"
MEASURES = "results/measures"
TABLES = "results/tables"
FIGURES = "results/figures"
SPEED = "results/speed"
RUN_FAILURES = "results/failures"

RECORD = "record.json"
CACHE = "measures.json"
"""The values that are kept beside a record, so that they need not be computed again."""
FUSED = "fused"
"""The folder of the fused images beside a record."""


def dataset_marker(dataset: str) -> str:
    """Return the marker of a dataset."""
    return f"{DATASETS}/{dataset}.json"


def trained_marker(method: str, key: str, seed: int) -> str:
    """Return the marker of a training, by the name of its entry, its key and its seed."""
    return f"{TRAINED}/{method}/{key}/seed{seed}.json"


def training_log(marker: str) -> str:
    """Return the file that holds what the script of a training printed, by its marker.

    >>> training_log("resources/trained/amlca/0123/seed1.json")
    'logs/train/amlca/0123/seed1.script.log'
    """
    place = Path(marker).relative_to(TRAINED).with_suffix(".script.log")
    return f"logs/train/{place.as_posix()}"


def committed_marker(method: str, check: str) -> str:
    """Return the marker of the images of a self-check."""
    return f"{COMMITTED}/{method}/{check}.json"


def selfcheck_cell(check: str, run: int) -> str:
    """Return the name of a run of a self-check among the cells of its method."""
    return f"selfcheck/{check}/{run}"


def exchanged_cell(cell: str) -> str:
    """Return the name of the run with A and B exchanged, for the first run of a self-check.

    It is empty for every other cell.

    >>> exchanged_cell("selfcheck/committed/1")
    'selfcheck/committed/exchanged'
    >>> exchanged_cell("tno25")
    ''
    """
    kind, _, rest = cell.partition("/")
    check, _, run = rest.partition("/")
    return f"{kind}/{check}/{EXCHANGED}" if (kind, run) == ("selfcheck", "1") else ""


def repeat_cell(dataset: str, run: int) -> str:
    """Return the name of a further run on a dataset among the cells of its method."""
    return f"repeats/{dataset}/{run}"


def probe_cell(kind: str) -> str:
    """Return the name of a run that checks trained weights among the cells of its method."""
    return f"probes/check/{kind}"


def cell_folder(method: str, cell: str) -> str:
    """Return the folder of a cell by its name.

    The name is a dataset, ``selfcheck/CHECK/RUN`` or ``repeats/DATASET/RUN``.

    >>> cell_folder("mean", "tno25")
    'results/runs/mean/tno25'
    >>> cell_folder("mean", "repeats/tno25/2")
    'results/repeats/mean/tno25/2'
    """
    kind, _, rest = cell.partition("/")
    return f"results/{kind}/{method}/{rest}" if rest else f"{RUNS}/{method}/{cell}"


def record_path(method: str, cell: str) -> str:
    """Return the record of a cell."""
    return f"{cell_folder(method, cell)}/{RECORD}"


def cell_log(method: str, cell: str) -> str:
    """Return the file that holds what the script of a cell printed."""
    return f"logs/fuse/{method}/{cell}.log"


def cell_attempts(method: str, cell: str) -> str:
    """Return the file that counts the attempts of a cell."""
    kind, _, rest = cell.partition("/")
    place = f"{kind}/{method}/{rest}" if rest else f"{method}/{cell}"
    return f"{RUN_FAILURES}/{place}.json"


def marker_attempts(marker: str) -> str:
    """Return the file that counts the attempts of the step that writes a marker.

    >>> marker_attempts("resources/envs/0123.json")
    'resources/failures/envs/0123.json'
    """
    return f"{RESOURCE_FAILURES}/{Path(marker).relative_to('resources').as_posix()}"


def fusing_job(method: str, job: str) -> str:
    """Return the file that says that a fusing job has ended, by the name of the job."""
    return f"{JOBS}/{method}/{job}.json"


def measures_path(datasets: str) -> str:
    """Return the file of per-image values, by the name of the datasets measured together."""
    return f"{MEASURES}/{datasets}.csv"
