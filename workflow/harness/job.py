"""job.json: what to run, where, on which device, with which edits and shims.

Keys of the file; those with a default may be left out:

- ``script``: relative to ``cwd``, or absolute (an adapter). ``args``: its arguments.
- ``cwd``: the working folder. ``root``: the scratch copy of the clone; ``edits`` and bytecode
  concern files below it.
- ``device``: ``cpu`` or ``cuda``. ``threads``: for torch and OpenCV. ``seed``: for random, numpy,
  torch, OpenCV, TensorFlow. (``OMP_NUM_THREADS`` and ``PYTHONHASHSEED`` are the caller's to set:
  Python reads them before it starts.)
- ``edits``: file relative to ``root`` -> list of [old, new], applied as the file is compiled.
- ``model_functions``: file relative to ``root`` -> names of functions (``f``, ``Class.f``) timed as
  the model, for methods whose work is not in an ``nn.Module``.
- ``compat``: names of shims, see :mod:`compat`.
- ``weights``: absolute paths of the files of weights, present or not.
- ``outputs``: absolute path of an expected result -> pair name; ``inputs``: the same for staged
  inputs.
- ``warmup``: how many first images are marked as warm-up. ``flops``: count operations on the first
  of them.
- ``matlab``: null, or how MATLAB code is started, see :mod:`matlab`.
- ``training``: whether the script trains: its optimisers are watched, and no model is timed.
- ``report``: where launch.json is written.
"""

import json
import os

DEFAULTS = {
    "args": [],
    "device": "cpu",
    "threads": 1,
    "seed": 0,
    "edits": {},
    "compat": [],
    "weights": [],
    "outputs": {},
    "inputs": {},
    "warmup": 0,
    "flops": True,
    "model_functions": {},
    "matlab": None,
    "training": False,
}
REQUIRED = ("script", "cwd", "root", "report")


class JobError(Exception):
    """The job cannot be run as it is written; nothing of the authors' code was started."""


def read_job(path):
    """Read and check ``job.json``; every key of :data:`DEFAULTS` is present in what is returned.

    Raises:
        JobError: a key is missing or unknown, or a value cannot be used; the message names it.
    """
    try:
        with open(path, encoding="utf-8") as file:
            given = json.load(file)
    except (OSError, ValueError) as error:
        raise JobError("%s must be a readable JSON file: %s" % (path, error)) from error
    job = dict(DEFAULTS, **given)
    _check_keys(job, path)
    _check_values(job, path)
    for folder in ("cwd", "root"):
        job[folder] = os.path.realpath(job[folder])
    job["script_path"] = os.path.join(job["cwd"], job["script"])
    if not os.path.isfile(job["script_path"]):
        raise JobError(
            "the script %r must be a file, relative to %s; there is none"
            % (job["script"], job["cwd"])
        )
    job["weights"] = [os.path.realpath(path) for path in job["weights"]]
    job["outputs"] = {os.path.realpath(path): pair for path, pair in job["outputs"].items()}
    job["inputs"] = {os.path.realpath(path): pair for path, pair in job["inputs"].items()}
    return job


def _check_keys(job, path):
    missing = [key for key in REQUIRED if key not in job]
    unknown = sorted(set(job) - set(DEFAULTS) - set(REQUIRED))
    if missing or unknown:
        raise JobError(
            "%s: keys missing: %s; keys unknown: %s; known are %s"
            % (path, missing, unknown, ", ".join(sorted(list(DEFAULTS) + list(REQUIRED))))
        )


def _check_values(job, path):
    if job["device"] not in ("cpu", "cuda"):
        raise JobError("%s: device must be cpu or cuda, found %r" % (path, job["device"]))
    for folder in ("cwd", "root"):
        if not os.path.isdir(job[folder]):
            raise JobError("%s: %s must be a folder, found %r" % (path, folder, job[folder]))
