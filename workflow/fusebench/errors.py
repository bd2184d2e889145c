"""Every error that fusebench raises on purpose, in one tree.

::

    FusebenchError
    |-- RegistryError          methods.yaml, datasets.yaml or config is wrong (file, line, entry)
    |-- NothingToDraft         no entry can be drafted from this address
    |-- WrongCall              a step was called with other options than it has
    |-- UnreadableFile         a marker, record or manifest is damaged, or of a newer version
    |   `-- OutdatedFile       it is of an older version, and must be made again
    |-- StepError              a step of the flow ended in a state other than ``ok``
    |   |-- SourceUnavailable  the repository or commit cannot be fetched
    |   |-- WeightsMissing     weights are absent, or their hash is another
    |   |-- EnvironmentFailed  the environment is not locked, does not build, or was damaged
    |   |-- DatasetUnavailable the dataset cannot be prepared
    |   |-- Crashed            the authors' script failed
    |   |-- OutOfMemory        the authors' script ran out of memory
    |   |-- TimedOut           the authors' script ran past its time limit
    |   |-- Interrupted        a training was cut off, and goes on in the next run
    |   |-- BadOutput          the script ended, but what it wrote cannot be used
    |   |   `-- Untrained      a training changed none of its parameters
    |   `-- Suspicious         what it wrote can be measured, but cannot be right
    |-- GitFailed              a command of git failed
    |-- RunIsAlive             a run of Snakemake goes on in the project's folder
    `-- MetricError            a metric cannot be resolved, or cannot be computed on these images

A message says what must be, what was found, where, and what to do next.
"""

from __future__ import annotations

from fusebench.states import State
from fusebench.texts import plain


class FusebenchError(Exception):
    """Base of all errors that the user sees without a traceback."""


class RegistryError(FusebenchError):
    """A registry or configuration file is wrong; the message names file, line and entry."""


class NothingToDraft(FusebenchError):
    """An address from which no entry can be drafted; the message says what to do."""


class WrongCall(FusebenchError):
    """A step of the workflow was called with other options than it has."""


class UnreadableFile(FusebenchError):
    """A file that fusebench wrote is damaged, or of a newer version.

    The message names the file, the field and what was found.
    """


class OutdatedFile(UnreadableFile):
    """A file that an older fusebench wrote can no longer be used."""


class StepError(FusebenchError):
    """A step ended in a state other than ``ok``.

    Its message becomes the reason in tables, and often quotes another program: colours and control
    characters are taken out.

    Attributes:
        state: the word that goes into ``status.csv`` and the tables.
        remedy: the field of the entry to change, where the cause is a known one.
    """

    state: State = "crashed"
    remedy: str = ""

    def __init__(self, message: str = "") -> None:
        """Take the message."""
        super().__init__(plain(message))

    @classmethod
    def taken_over(cls, state: State, reason: str) -> StepError:
        """Return the error of a step that was needed here, from the state in its marker."""
        error = cls(reason)
        error.state = state
        return error

    @classmethod
    def unexpected(cls, error: Exception) -> StepError:
        """Return the error of this kind for an exception that fusebench did not expect.

        It is a defect of fusebench, but the repository, images or machine that brought it to light
        must not stop the tables of all others.
        """
        told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return cls(f"fusebench did not expect this, please report it with the log: {told}")


class SourceUnavailable(StepError):
    """The repository, or the commit in it, cannot be fetched."""

    state: State = "source-unavailable"


class WeightsMissing(StepError):
    """Weights that an entry names are absent, or have another sha256."""

    state: State = "weights-missing"


class EnvironmentFailed(StepError):
    """The environment is not locked, does not build, or differs from its lock."""

    state: State = "env-failed"


class DatasetUnavailable(StepError):
    """The dataset cannot be prepared; cells that need it are skipped."""

    state: State = "skipped"


class Crashed(StepError):
    """The authors' script failed before it wrote every result."""

    state: State = "crashed"


class OutOfMemory(StepError):
    """The authors' script ran out of host or device memory."""

    state: State = "out-of-memory"


class TimedOut(StepError):
    """The authors' script ran past the time limit of its entry."""

    state: State = "timeout"


class Interrupted(StepError):
    """A training was cut off; what it has done is kept, and the next run goes on from there."""

    state: State = "interrupted"


class BadOutput(StepError):
    """The script ended, but a result is missing, has the wrong size, or holds no usable values.

    It is also raised where the script did not read the staged images.
    """

    state: State = "bad-output"


class Untrained(BadOutput):
    """A training has changed nothing: what it left is not worth keeping."""


class Suspicious(StepError):
    """The script ended and its results can be measured, but they cannot be right.

    Unlike after every other error, the fused images are there; they are shown and not ranked.
    """

    state: State = "suspicious"


class GitFailed(FusebenchError):
    """A command of git failed; the message is git's own reason."""


class RunIsAlive(FusebenchError):
    """A run of Snakemake goes on in the project's folder, so nothing may be removed there."""


class MetricError(FusebenchError):
    """A metric or definition is unknown, or cannot be computed on the images given."""
