"""Processes that a script starts.

Children of multiprocessing are hooked like the script itself; other programs are noted.
"""

import os
import sys

from .wrap import wrap

# Programs that platform and ctypes call when many libraries are imported.
PROBES = ("uname", "ldconfig", "gcc", "cc", "ld", "objdump")
CHILD = (
    "import sys, types; package = types.ModuleType('_fusebench_harness'); "
    "package.__path__ = [%r]; sys.modules['_fusebench_harness'] = package; "
    "from _fusebench_harness.run import prepare_child; prepare_child(%r); %s"
)


def install(job_path, tally, finder):
    """Have spawned children run :func:`run.prepare_child` first; note other programs."""
    finder.after_import("multiprocessing.util", lambda util: _hook_children(util, job_path))
    finder.after_import("subprocess", lambda subprocess: _note_programs(subprocess, tally))
    wrap(os, "system", lambda original: _noting(original, tally))


def _hook_children(util, job_path):
    """The methods ``spawn`` and ``forkserver`` both start Python with a line of code."""
    folder = os.path.dirname(os.path.abspath(__file__))

    def hooked(original):
        def spawnv_passfds(path, args, passfds):
            args = list(args)
            at = args.index("-c") + 1 if "-c" in args else 0
            if at and ("spawn_main" in args[at] or "forkserver" in args[at]):
                args[at] = CHILD % (folder, job_path, args[at])
            return original(path, args, passfds)

        return spawnv_passfds

    wrap(util, "spawnv_passfds", hooked)


def run_main_of_child(finder, script_path):
    """Have a spawned child import the script with its edits, as ``__mp_main__``."""
    import runpy

    def hooked(original):
        def run_path(path_name, init_globals=None, run_name=None):
            if os.path.realpath(path_name) != os.path.realpath(script_path):
                return original(path_name, init_globals, run_name)
            with open(path_name, "rb") as file:
                code = finder.compile(path_name, file.read())
            names = {"__name__": run_name, "__file__": path_name, "__builtins__": __builtins__}
            exec(code, names)
            return names

        return run_path

    wrap(runpy, "run_path", hooked)


def _note_programs(subprocess, tally):
    wrap(subprocess.Popen, "__init__", lambda original: _noting(original, tally, skip_self=True))


def _noting(original, tally, skip_self=False):
    def started(*args, **kwargs):
        command = args[1 if skip_self else 0] if len(args) > skip_self else kwargs.get("args", "?")
        name = command if isinstance(command, str) else os.fspath(command[0]) if command else "?"
        if os.path.realpath(name) == os.path.realpath(sys.executable):
            name = " ".join(str(word) for word in command[:2])
        if os.path.basename(name) not in PROBES:
            tally.note("a program was started and ran without hooks: %s" % name)
        return original(*args, **kwargs)

    return started
