"""One finder in front of importlib's own: edits, hooks after an import, aliases, stand-ins.

Modules of the authors' clone are compiled from their text every time: bytecode beside them may be
stale (some repositories commit it) and none is written.
"""

import importlib
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader

from .edits import text_of
from .job import JobError
from .timed_functions import decorate


class Finder:
    """Finds modules as ``PathFinder`` does and changes what is done with them.

    Args:
        root: the scratch copy of the clone (real path).
        edits: :class:`~.edits.Edits`.
        model_functions: file relative to ``root`` -> names of functions to be timed as the model.

    Raises:
        JobError: a file or function of ``model_functions`` is not there.
    """

    def __init__(self, root, edits, model_functions):
        self.root = root + os.sep
        self.edits = edits
        self.model_functions = {
            os.path.join(root, file): names for file, names in model_functions.items()
        }
        for path, names in self.model_functions.items():
            self._check_functions(path, names)
        self.hooks = {}
        self.aliases = {}
        self.substitutes = {}

    def _check_functions(self, path, names):
        if not os.path.isfile(path):
            raise JobError("model_functions: there is no file %s" % path)
        with open(path, "rb") as file:
            decorate(text_of(file.read(), path), path, names)

    def install(self):
        """Insert this finder before ``PathFinder``: built-in and frozen modules stay first."""
        sys.meta_path.insert(sys.meta_path.index(PathFinder), self)

    def after_import(self, name, hook):
        """Call ``hook(module)`` once the module ``name`` is executed, or now if it already is."""
        self.hooks.setdefault(name, []).append(hook)
        if name in sys.modules:
            hook(sys.modules[name])

    def find_spec(self, fullname, path=None, target=None):
        """Return the spec of ``fullname`` (``importlib`` protocol)."""
        if fullname in self.aliases:
            return ModuleSpec(fullname, AliasLoader(*self.aliases[fullname]))
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None and fullname in self.substitutes:
            spec = ModuleSpec(fullname, SubstituteLoader(self.substitutes[fullname]))
        if spec is None or not hasattr(spec.loader, "exec_module"):
            return spec
        if fullname in self.hooks:
            spec.loader = HookLoader(spec.loader, self.hooks[fullname])
        elif type(spec.loader) is SourceFileLoader and self.in_clone(spec.origin):
            spec.loader = CloneLoader(fullname, spec.origin, self)
        return spec

    def in_clone(self, path):
        """Whether ``path`` lies in the scratch copy of the clone."""
        return os.path.realpath(path).startswith(self.root)

    def compile(self, path, data):
        """Compile the bytes ``data`` of the file ``path``, with its edits."""
        real = os.path.realpath(path)
        source = self.edits.apply(real, text_of(data, path))
        if real in self.model_functions:
            source = decorate(source, path, self.model_functions[real])
        return compile(source, path, "exec", dont_inherit=True)


class CloneLoader(SourceFileLoader):
    """Loads a module of the clone from its text."""

    def __init__(self, fullname, path, finder):
        super().__init__(fullname, path)
        self.finder = finder

    def get_code(self, fullname):
        """Compile the text; bytecode is neither read nor written."""
        return self.finder.compile(self.path, self.get_data(self.path))


class HookLoader:
    """Loads as ``loader`` does, then calls the hooks.

    Afterwards the module knows only its own loader.
    """

    def __init__(self, loader, hooks):
        self.loader = loader
        self.hooks = hooks

    def __getattr__(self, name):
        return getattr(self.loader, name)

    def create_module(self, spec):
        """Create the module as the real loader does."""
        return self.loader.create_module(spec)

    def exec_module(self, module):
        """Execute the module, then call every hook with it."""
        module.__loader__ = module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        for hook in self.hooks:
            hook(sys.modules.get(module.__name__, module))


class SubstituteLoader:
    """Makes an empty module, where a library no longer has one of that name."""

    def __init__(self, make):
        self.make = make

    def create_module(self, spec):
        """Make the module."""
        return self.make()

    def exec_module(self, module):
        """Nothing to execute: the hooks fill it."""


class AliasLoader:
    """Gives the module ``target`` under another name."""

    def __init__(self, target, fired):
        self.target = target
        self.fired = fired

    def create_module(self, spec):
        """Import the target; it keeps its own name and spec."""
        self.fired()
        module = importlib.import_module(self.target)
        self.own_spec = module.__spec__
        return module

    def exec_module(self, module):
        """Undo what ``importlib`` wrote on the module: it was executed under its own name."""
        module.__spec__ = self.own_spec
