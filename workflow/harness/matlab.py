"""Runs MATLAB code through GNU Octave, or through MATLAB itself.

The job's key ``matlab``: ``interpreter`` (``octave`` or ``matlab``), ``packages`` of Octave and
``package_list`` (the file that lists those of the environment itself, or empty),
``mex`` (for each mex file its sources), ``function`` (whether the script is a function of VIFB's
interface, called for each of ``pairs``: paths of A, B and of the result).

A small start file calls the functions in the folder ``octave``. They print lines that begin with
:data:`MARK` when something has happened; these lines are read here and all others are passed on.
"""

import os
import subprocess
import sys
from time import perf_counter

from .job import JobError

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "octave")
SHIMS = os.path.join(FOLDER, "shims")
PREFIX = "octave-"
# What code calls to show its images. octave-cli without a display can do none of it.
SILENT = (
    "axes axis colorbar colormap drawnow figure grid hold image imagesc imshow imtool legend line"
    " mesh pause plot subplot surf text title waitbar xlabel ylabel"
).split()
SILENT_FUNCTION = """function varargout = %s(varargin)
  varargout = num2cell(ones(1, nargout));
end
"""
MARK = "\x1efusebench: "
COMMANDS = {
    "octave": ["octave-cli", "--quiet", "--no-init-file", "--no-history"],
    "matlab": ["matlab", "-batch"],
}


class MatlabRun:
    """One process of Octave or MATLAB.

    Args:
        job: of the harness.
        clock: is told when the first pair begins and when a result is written.
        tally: is told which shims were used.
    """

    def __init__(self, job, clock, tally):
        self.job = job
        self.call = job["matlab"]
        self.clock = clock
        self.tally = tally
        self.versions = {}

    def run(self):
        """Compile, start, watch; returns the exit status."""
        for sources in self.call["mex"]:
            status = self._compile(sources)
            if status:
                return status
        folder = os.path.dirname(self.job["report"])
        start = os.path.join(folder, "fusebench_start.m")
        silent = os.path.join(folder, "fusebench_silent")
        if self.call["interpreter"] == "octave":
            write_silent_functions(silent)
        with open(start, "w", encoding="utf-8") as file:
            file.write("\n".join(self.lines(silent)) + "\n")
        return self._watch(command(self.call["interpreter"], start))

    def _compile(self, sources):
        """Compile one mex file beside the first of its sources."""
        folder, name = os.path.split(sources[0])
        names = [name] + [os.path.relpath(path, folder) for path in sources[1:]]
        words = {"octave": ["mkoctfile", "--mex"], "matlab": ["mex"]}[self.call["interpreter"]]
        print("compiling " + name, flush=True)
        try:
            return subprocess.call(words + names, cwd=folder)
        except OSError as error:
            sys.stderr.write(
                "a mex file must be compiled, and %s cannot be started: %s; install it (apt"
                " install octave-dev)\n" % (words[0], error)
            )
            return 1

    def lines(self, silent):
        """The lines of the start file; ``silent`` is the folder of functions that show nothing."""
        first = [silent] if os.path.isdir(silent) else []
        yield "addpath(%s);" % quoted(FOLDER)
        yield "try"
        if self.call["package_list"]:
            yield "pkg('local_list', %s);" % quoted(self.call["package_list"])
        yield "fusebench_prepare(%d, %s, %s, %s);" % (
            self.job["seed"],
            listed(self.call["packages"]),
            listed(shim_folders(self.job["compat"]) + first),
            quoted(self.job["cwd"]),
        )
        for line in self._calls():
            yield line
        yield "catch fusebench_error"
        yield "fusebench_failed(fusebench_error);"
        yield "end"

    def _calls(self):
        """The script as it is, or a call of the function for each pair."""
        path = os.path.realpath(self.job["script_path"])
        if not self.call["function"]:
            yield "run(%s);" % quoted(path)
            return
        name = os.path.splitext(os.path.basename(path))[0]
        for pair in self.call["pairs"]:
            yield "fusebench_fuse(%s, %s);" % (quoted(name), ", ".join(map(quoted, pair)))

    def _watch(self, words):
        """Start the interpreter, pass on what it prints, and read the marked lines."""
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self.job["cwd"],
            )
        except OSError as error:
            sys.stderr.write("%s cannot be started: %s\n" % (words[0], error))
            return 1
        for line in process.stdout:
            text = line.decode("utf-8", errors="replace")
            before, mark, told = text.partition(MARK)
            if mark:
                self._told(told.strip())
            sys.stdout.write(before if mark else text)
            sys.stdout.flush()
        return process.wait()

    def _told(self, told):
        word, _, rest = told.partition(" ")
        if word == "ready":
            self.versions[self.call["interpreter"]] = rest
            self.clock.start(perf_counter())
        elif word == "written":
            real = self.clock.expected(rest)
            if real is not None:
                self.clock.written(real)
        elif word == "shim":
            self.tally.count(PREFIX + rest)


def write_silent_functions(folder):
    """Write a function for each of :data:`SILENT` that does nothing and returns ones."""
    os.makedirs(folder, exist_ok=True)
    for name in SILENT:
        with open(os.path.join(folder, name + ".m"), "w") as file:
            file.write(SILENT_FUNCTION % name)


def command(interpreter, start):
    """The words that run a start file.

    >>> command("matlab", "/a/fusebench_start.m")
    ['matlab', '-batch', "run('/a/fusebench_start.m')"]
    """
    last = start if interpreter == "octave" else "run(%s)" % quoted(start)
    return COMMANDS[interpreter] + [last]


def quoted(text):
    """A text as MATLAB writes it."""
    return "'%s'" % text.replace("'", "''")


def listed(texts):
    """A cell array of texts."""
    return "{%s}" % ", ".join(quoted(text) for text in texts)


def shims():
    """Name of a shim for Octave -> one line that says what it does."""
    found = {}
    for name in sorted(os.listdir(SHIMS)):
        with open(os.path.join(SHIMS, name, name + ".m"), encoding="utf-8") as file:
            found[PREFIX + name] = file.readline().strip("% \n")
    return found


def shim_folders(names):
    """Folders of the shims ``names``.

    Raises:
        JobError: there is no such shim for Octave.
    """
    known = shims()
    for name in names:
        if name not in known:
            raise JobError(
                "compat: no shim for MATLAB code is called %r; there are %s"
                % (name, ", ".join(known))
            )
    return [os.path.join(SHIMS, name[len(PREFIX) :]) for name in names]
