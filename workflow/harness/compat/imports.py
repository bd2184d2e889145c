"""Modules that are not there, or not where the script says."""

import sys
import types
from importlib.machinery import ModuleSpec

from ..job import JobError


def missing_modules(argument, tally, finder):
    """Stand-ins for modules that are never called (``missing-modules:thop,seaborn``).

    A call of one fails.
    """
    if not argument:
        raise JobError("compat: missing-modules needs names, as in missing-modules:thop,seaborn")
    sys.meta_path.append(InertFinder(argument.split(","), tally))


def module_alias(argument, tally, finder):
    """Import a module under the wrong name that a script uses (``module-alias:OLD=NEW``)."""
    old, _, new = argument.partition("=")
    if not (old and new):
        raise JobError(
            "compat: module-alias needs two names, as in module-alias:package.old=package.new"
        )
    finder.aliases[old] = (new, lambda: tally.count("module-alias:%s" % old))


class InertFinder:
    """Finds stand-ins for ``names`` and everything below them.

    It is the last finder, so that a real module comes first.
    """

    def __init__(self, names, tally):
        self.names = names
        self.tally = tally

    def find_spec(self, fullname, path=None, target=None):
        """Return the spec of a stand-in (``importlib`` protocol)."""
        if any(fullname == name or fullname.startswith(name + ".") for name in self.names):
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec):
        """Create the stand-in."""
        self.tally.count("missing-modules:%s" % spec.name)
        return InertModule(spec.name)

    def exec_module(self, module):
        """Nothing to execute."""


class InertModule(types.ModuleType):
    """A module in which every name exists."""

    __all__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return InertType(self.__name__ + "." + name, (), {})


class InertType(type):
    """A class that can be named, inherited from and asked for attributes, but not called."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return InertType(cls.__name__ + "." + name, (), {})

    def __call__(cls, *args, **kwargs):
        """Refuse: what is called has to be real."""
        raise ImportError(
            "%s was called, but it is a stand-in: install the module in the environment, or take it"
            " out of missing-modules" % cls.__name__
        )
