"""Runs the script of a job as ``python script.py args`` would, with every hook in place."""

from time import perf_counter

BEGAN = perf_counter()

import atexit  # noqa: E402 - the clock starts before anything else
import builtins  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import types  # noqa: E402

from . import compat, determinism, devices, network, processes, writes  # noqa: E402
from .asked import Asked  # noqa: E402
from .clock import Clock  # noqa: E402
from .edits import Edits  # noqa: E402
from .imports import Finder  # noqa: E402
from .job import JobError, read_job  # noqa: E402
from .loading import Loading  # noqa: E402
from .matlab import MatlabRun, shim_folders  # noqa: E402
from .models import Models  # noqa: E402
from .report import Report, describe_exception  # noqa: E402
from .tally import Tally  # noqa: E402
from .training import Training  # noqa: E402
from .wrap import wrap  # noqa: E402


class Harness:
    """Every hook of one process.

    Args:
        job: from :func:`~.job.read_job`.
        job_path: real path of job.json, for spawned children.
    """

    def __init__(self, job, job_path):
        self.open, self.replace = builtins.open, os.replace
        self.job = job
        self.job_path = job_path
        self.tally = Tally()
        self.edits = Edits(job["root"], job["edits"])
        self.clock = Clock(job["outputs"], job["inputs"], job["warmup"], BEGAN)
        self.weights = writes.Weights(job["weights"])
        self.asked = Asked(job["root"], job["report"])
        self.loading = Loading()
        self.models = Models(self.clock, job, self.tally)
        self.training = Training()
        self.finder = Finder(job["root"], self.edits, job["model_functions"])

    def install(self):
        """Put every hook in place; the order matters where two hooks wait for the same module."""
        self.finder.install()
        writes.install(self.clock, self.weights, self.asked, self.finder)
        devices.install(self.job, self.tally, self.finder)
        compat.install(self.job["compat"], self.tally, self.finder)
        self.loading.install(self.finder)
        determinism.install(self.job, self.asked, self.finder)
        network.install(self.tally, self.finder)
        if self.job["training"]:  # a model that trains is not timed, and its parts are many
            self.training.install(self.finder)
        else:
            self.models.install(self.finder)
        processes.install(self.job_path, self.tally, self.finder)
        wrap(os, "_exit", self._tell_before_exit)
        if "PYTHONHASHSEED" not in os.environ:
            self.tally.note("PYTHONHASHSEED was not set: the order of sets differs from run to run")

    def _tell_before_exit(self, original):
        def _exit(status):
            self.leave(status)
            original(status)

        return _exit

    def leave(self, status):
        """Note that the process ends through ``os._exit``, where no other hook runs."""
        self.leave_child_counts()

    def leave_child_counts(self):
        """In a child, write what fired here beside the report, for the parent to read."""
        if self.tally.pid != os.getpid() or self.tally.pid == self.clock.pid:
            return
        path = "%s.child-%d" % (self.job["report"], os.getpid())
        with self.open(path, "w", encoding="utf-8") as file:
            json.dump({"shims": self.tally.shims, "notes": self.tally.notes}, file)


class MainHarness(Harness):
    """The hooks of the process that runs the script; it writes the report."""

    def __init__(self, job, job_path, started_with):
        super().__init__(job, job_path)
        self.started_with = started_with
        self.report = Report(job["report"], job, self)
        self.clock.after_image.append(self.report.write_now_and_then)

    def leave(self, status):
        """Write the report before ``os._exit``; in a forked child, leave the counts."""
        self.end("os._exit", status)
        self.leave_child_counts()

    def install(self):
        """Hook every kind of end of the process, too."""
        atexit.register(self.at_exit)
        signal.signal(signal.SIGTERM, self.on_sigterm)
        super().install()

    def end(self, how, status):
        """The script has ended; ``how`` is ``exit``, ``exception``, ``os._exit`` or ``SIGTERM``."""
        if os.getpid() == self.clock.pid:
            self.report.ended, self.report.exit_status = how, status
            self.report.write()

    def at_exit(self):
        """Write once more: threads and exit functions of the script may have gone on writing."""
        if os.getpid() == self.clock.pid:
            self.take_in_children()
            self.report.write()
        self.leave_child_counts()

    def on_sigterm(self, number, frame):
        """Write the report, then die of the signal."""
        self.end("SIGTERM", -number)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def take_in_children(self):
        """Add what child processes counted."""
        folder, name = os.path.split(self.job["report"])
        for child in sorted(os.listdir(folder)):
            if not child.startswith(name + ".child-"):
                continue
            path = os.path.join(folder, child)
            with self.open(path, encoding="utf-8") as file:
                self.tally.merge(json.load(file))
            os.remove(path)

    def run(self):
        """Run the script; returns the exit status."""
        self.report.write()  # stays if the process dies before its first result
        try:
            self.execute()
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else int(error.code is not None)
            self.end("exit", status)
            raise
        except BaseException as error:
            self.report.exception = describe_exception(
                error, self.job["root"], self.job["script_path"]
            )
            self.end("exception", 1)
            print_exception(error)
            return 1
        self.end("exit", 0)
        return 0

    def execute(self):
        """Run the script in this process."""
        run_as_main(self.job, self.finder, self.started_with)

    def versions(self):
        """Versions of interpreters that this process started."""
        return {}


class MatlabHarness(MainHarness):
    """For MATLAB code, which runs in a process of its own: no hook for Python code is needed."""

    def __init__(self, job, job_path, started_with):
        super().__init__(job, job_path, started_with)
        self.matlab = MatlabRun(job, self.clock, self.tally)

    def install(self):
        """Hook the ends of this process; refuse shims that MATLAB code cannot have."""
        atexit.register(self.at_exit)
        signal.signal(signal.SIGTERM, self.on_sigterm)
        shim_folders(self.job["compat"])

    def execute(self):
        """Run the code, and end as its process ended."""
        status = self.matlab.run()
        if status:
            sys.exit(status)

    def versions(self):
        """Version of Octave or MATLAB, where it told one."""
        return self.matlab.versions


def run_as_main(job, finder, started_with):
    """Execute the script in a new ``__main__``, with arguments, folder and path as in Python."""
    os.chdir(job["cwd"])
    path = os.path.abspath(job["script_path"])
    sys.argv = [job["script"]] + [str(word) for word in job["args"]]
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    forget_shadowed(sys.path[0], started_with)
    main = types.ModuleType("__main__")
    main.__file__ = path if sys.version_info >= (3, 9) else job["script"]
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    with open(path, "rb") as file:
        code = finder.compile(main.__file__, file.read())
    exec(code, main.__dict__)


def forget_shadowed(folder, started_with):
    """Forget modules of the standard library that have the name of a module beside the script.

    Only modules that the launcher alone imported are forgotten.
    """
    names = os.listdir(folder)
    beside = {name[:-3] for name in names if name.endswith(".py")}
    beside.update(
        name for name in names if os.path.isfile(os.path.join(folder, name, "__init__.py"))
    )
    for name in set(sys.modules) - started_with:
        if name.split(".")[0] in beside:
            del sys.modules[name]


def print_exception(error):
    """Print the traceback as Python would, without the frames of the launcher."""
    own = os.path.dirname(os.path.abspath(__file__))
    trace = error.__traceback__
    while (
        trace is not None
        and os.path.dirname(os.path.abspath(trace.tb_frame.f_code.co_filename)) == own
    ):
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def prepare_child(job_path):
    """Hook a process that ``multiprocessing`` spawned, before it imports the script."""
    job = read_job(job_path)
    harness = Harness(job, job_path)
    harness.clock.pid = None
    harness.install()
    processes.run_main_of_child(harness.finder, job["script_path"])
    atexit.register(harness.leave_child_counts)


def main(arguments, started_with):
    """Run the job named on the command line; see the module :mod:`launch`.

    Args:
        arguments: the path of job.json, or ``--shims`` for a list of the shims and what each does,
            as JSON.
        started_with: names of the modules that were loaded before the launcher imported its own.
    """
    if arguments == ["--shims"]:
        print(json.dumps(compat.documentation(), indent=1))
        return
    if len(arguments) != 1:
        sys.exit("usage: python launch.py job.json | --shims")
    job_path = os.path.realpath(arguments[0])
    try:
        job = read_job(job_path)
        kind = MatlabHarness if job["matlab"] else MainHarness
        harness = kind(job, job_path, started_with)
        harness.install()
    except JobError as error:
        sys.stderr.write("fusebench launcher: %s\n" % error)
        sys.exit(2)
    sys.exit(harness.run())
