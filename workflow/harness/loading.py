"""Sees what becomes of trained parameters in torch.

A script may catch the error of a refused file, or load with ``strict=False`` names that do not fit:
it then fuses with an untrained network and ends well.
"""

from .wrap import dress, wrap


class Loading:
    """Loads that failed, and parameters that no load has changed."""

    def __init__(self):
        self.refused = {}
        self.modules = {}
        self.changed = set()

    def install(self, finder):
        """Watch ``torch.load`` and ``load_state_dict`` once torch is imported."""
        finder.after_import("torch", self._patch_torch)

    def _patch_torch(self, torch):
        # Outside of every other replacement: those of devices and shims carry the mark of wrap().
        original = torch.load
        watched = self._watch(original, lambda file: "torch.load(%s)" % _short(file))
        torch.load = dress(watched, original)
        wrap(torch.nn.Module, "load_state_dict", self._watch_state)

    def _watch(self, original, name_of):
        def load(*args, **kwargs):
            name = name_of(args[0] if args else kwargs.get("f"))
            try:
                result = original(*args, **kwargs)
            except Exception as error:
                self.refused[name] = error
                raise
            self.refused.pop(name, None)
            return result

        return load

    def _watch_state(self, original):
        load = self._watch(original, lambda module: "load_state_dict of %s" % _kind(module))

        def load_state_dict(self_, *args, **kwargs):
            before = _stamps(self_)
            result = load(self_, *args, **kwargs)
            after = _stamps(self_)
            if before is not None and after is not None:
                self.changed.update(key for key in after if before.get(key) != after[key])
                self.modules[id(self_)] = (_kind(self_), tuple(after))
            return result

        return load_state_dict

    def notes(self, ended_by):
        """Sentences for the report.

        Args:
            ended_by: what the report says of the exception that ended the script, or None.
        """
        notes = []
        for name, error in self.refused.items():
            told = {"type": type(error).__name__, "message": str(error)}
            if ended_by is None or any(ended_by[key] != told[key] for key in told):
                lines = told["message"].strip().splitlines() or [""]
                notes.append(
                    "%s failed and the script went on: %s: %s" % (name, told["type"], lines[0])
                )
        for kind, keys in dict.fromkeys(self.modules.values()):
            same = len([key for key in keys if key not in self.changed])
            if keys and same == len(keys):
                notes.append("loading changed no parameter of %s: it may be untrained" % kind)
            elif same:
                notes.append(
                    "loading left %d of %d parameters of %s as they were" % (same, len(keys), kind)
                )
        return notes


def _short(file):
    """The last part of a path, or the kind of a file object."""
    return str(file).replace("\\", "/").split("/")[-1] if _is_path(file) else type(file).__name__


def _is_path(file):
    return isinstance(file, str) or hasattr(file, "__fspath__")


def _kind(module):
    return getattr(module, "original_name", None) or type(module).__qualname__


def _stamps(module):
    """Identity of each parameter -> how often torch has changed it; None where torch cannot tell.

    Nothing is computed: torch counts the changes of a tensor by itself.
    """
    try:
        return {id(one): one._version for one in module.parameters()}
    except (AttributeError, RuntimeError):  # old versions, and tensors of inference mode
        return None
