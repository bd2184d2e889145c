"""What entries of MATLAB code must not say: fields that only Python's scripts can use."""

from __future__ import annotations

from collections.abc import Iterator

from fusebench.contracts.methods import MethodEntry, is_matlab
from fusebench.registry.documents import Document

ONLY_PYTHON = ("args", "model_functions")
ONLY_MATLAB = ("interpreter", "mex")


def matlab_problems(methods: Document[dict[str, MethodEntry]]) -> Iterator[str]:
    """Yield one line for each field of ``run`` that does not belong to the kind of its code."""
    for name, entry in methods.data.items():
        if not entry.run:
            continue
        matlab = is_matlab(entry.run.script, entry.run.function)
        for field in ONLY_PYTHON if matlab else ONLY_MATLAB:
            if getattr(entry.run, field):
                kind = "MATLAB code; replace texts of the code with `edit`" if matlab else "Python"
                needed = "" if matlab else ", without `function` or a script that ends with .m"
                yield (
                    f"{methods.where((name, 'run', field))}: must not be given for"
                    f" {kind}{needed}; found {getattr(entry.run, field)!r}"
                )
        if entry.run.function and not entry.run.function.endswith(".m"):
            yield (
                f"{methods.where((name, 'run', 'function'))}: must be the file of a MATLAB function"
                f" (.m); found {entry.run.function!r}"
            )
