"""Starts a published script inside its own environment: ``python launch.py job.json``.

``python launch.py --shims`` prints the names of the shims and what each does, as JSON.

This file and the modules beside it use the standard library only and run on Python 3.6 to 3.13.
They are imported under one private package name, so that none of them can shadow a module of the
authors.

Exit status: the script's own; 2 when the job itself cannot be run (the message says why).
"""

import os
import sys
import types

PACKAGE = "_fusebench_harness"


def register_package(folder):
    """Make the modules of ``folder`` importable as ``_fusebench_harness.<name>``."""
    package = types.ModuleType(PACKAGE)
    package.__path__ = [folder]
    sys.modules[PACKAGE] = package


if __name__ == "__main__":
    started_with = set(sys.modules)
    register_package(os.path.dirname(os.path.abspath(__file__)))
    from _fusebench_harness.run import main

    main(sys.argv[1:], started_with)
