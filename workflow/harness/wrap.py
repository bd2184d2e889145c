"""Replacing functions of a module or class, once."""

import functools
import types


def wrap(owner, name, make):
    """Replace ``owner.name`` by ``make(original)``, when it exists and was not replaced before.

    A module may be executed twice under one name (OpenCV does so), and its functions copied: the
    mark on the new function tells.
    """
    original = getattr(owner, name, None)
    if original is None or getattr(original, "_fusebench", False):
        return
    setattr(owner, name, dress(make(original), original))


def dress(replacement, original):
    """Make ``replacement`` look like ``original``.

    It stays unbound in a class where a built-in function would.
    """
    if isinstance(original, types.BuiltinFunctionType):
        replacement = Unbound(replacement)
    updated = ("__dict__",) if isinstance(original, types.FunctionType) else ()
    functools.update_wrapper(replacement, original, updated=updated)
    replacement._fusebench = True
    return replacement


class Unbound:
    """Calls a function; unlike a function it is not bound when it is an attribute of a class.

    ``pathlib`` keeps ``os.listdir`` and ``io.open`` as attributes of a class up to Python 3.10.
    """

    def __init__(self, function):
        self._function = function

    def __call__(self, *args, **kwargs):
        """Call the function."""
        return self._function(*args, **kwargs)


def provide(module, makers, fired=None):
    """Let ``module`` answer for attributes it lacks.

    Args:
        module: the module.
        makers: attribute name -> function without arguments that returns the value.
        fired: called with the attribute's name at each access (twice by ``from module import
            name``).
    """
    missing = {name: make for name, make in makers.items() if name not in vars(module)}
    own = vars(module).get("__getattr__")

    def __getattr__(name):
        if name in missing:
            if fired is not None:
                fired(name)
            return missing[name]()
        if own is not None:
            return own(name)
        raise AttributeError("module %r has no attribute %r" % (module.__name__, name))

    if own is not None:
        module.__getattr__ = __getattr__
    else:
        # Python 3.6 knows no __getattr__ of a module; a class of its own does the same on every
        # version.
        methods = {"__getattr__": lambda self, name: __getattr__(name)}
        module.__class__ = type("ModuleWithAliases", (type(module),), methods)
