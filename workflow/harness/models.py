"""Times the outermost calls of models.

Models are ``nn.Module``, TensorFlow sessions and functions that the entry names.
"""

import builtins
import functools
import sys
from time import perf_counter

from . import flops
from .timed_functions import TIMED
from .wrap import wrap

# Modules of these packages prepare images or judge results; they are no part of the fusing model.
NOT_MODELS = ("torchvision.transforms", "torch.nn.modules.loss")


class Models:
    """What has been called: names of the outermost modules, their parameters, their operations.

    Args:
        clock: :class:`~.clock.Clock`.
        job: ``flops`` and ``warmup`` are used.
        tally: takes the notes.
    """

    def __init__(self, clock, job, tally):
        self.clock = clock
        self.tally = tally
        self.in_module = False
        self.names = {}
        self.current = {}
        self.known = None
        self.parameters = None
        self.sessions = {}
        self.flops = None
        self.counting = job["flops"] and job["warmup"] > 0
        self.flops_reason = None if self.counting else "no warm-up image to count on"
        self.module_class = None
        self.callers = {}
        self.device = job["device"]
        self.synchronize = _nothing
        self.flop_counter = None
        clock.after_image.append(self._end_image)

    def install(self, finder):
        """Hook torch and TensorFlow once imported.

        Functions that the entry names find the timer at once.
        """
        setattr(builtins, TIMED, self._timed_function)
        finder.after_import("torch", self._patch_torch)
        finder.after_import("tensorflow.python.client.session", self._patch_session)

    def _patch_torch(self, torch):
        if self.device == "cuda":
            self.synchronize = _synchronizer(torch)
        if self.counting:
            self.flop_counter = flops.make_counter(self)
        self.module_class = torch.nn.Module
        wrap(torch.nn.Module, "__call__", self._timed_module)

    def _timed_module(self, original):
        def __call__(self_, *args, **kwargs):
            if self.in_module or type(self_).__module__.startswith(NOT_MODELS):
                return original(self_, *args, **kwargs)
            self._look_outside(sys._getframe(1))
            self.in_module = True
            try:
                self._note_module(self_)
                return self._timed(original, self_, *args, **kwargs)
            finally:
                self.in_module = False

        return __call__

    def _look_outside(self, frame):
        """See whether an outermost call is made inside a ``forward`` that the script called itself.

        Then only parts of the model are timed: the image gets no model seconds, and from now on the
        ``forward`` is timed.
        """
        while frame is not None:
            code = frame.f_code
            if id(code) not in self.callers:
                self.callers[id(code)] = code, self._is_forward(frame)
            if self.callers[id(code)][1]:
                self.clock.miss()
                self.flops_reason = "the script calls forward() itself: a part was not counted"
            frame = frame.f_back

    def _is_forward(self, frame):
        code = frame.f_code
        # The name is looked at first: up to Python 3.12 f_locals keeps all that it holds alive.
        owner = frame.f_locals.get("self") if code.co_varnames[:1] == ("self",) else None
        kind = type(owner)
        if not isinstance(owner, self.module_class) or kind.__module__.startswith(NOT_MODELS):
            return False
        if code.co_name == "forward":
            wrap(kind, "forward", self._timed_module)
            self.current[id(owner)] = owner
            self.tally.note(
                "the script calls forward() of %s itself: no model time for its first image"
                % kind.__qualname__
            )
            return True
        if not code.co_name.startswith("__"):
            self.tally.note(
                "the script calls %s() of %s: the modules in it are timed, other work in it is not"
                % (code.co_name, kind.__qualname__)
            )
        return False

    def _timed(self, function, *args, **kwargs):
        """Call ``function``; nothing inside it is timed once more."""
        clock = self.clock
        if clock.depth:
            return function(*args, **kwargs)
        clock.depth = 1
        try:
            self.synchronize()
            began = perf_counter()
            if self.counting and self.flop_counter:
                with self.flop_counter():
                    result = function(*args, **kwargs)
            else:
                result = function(*args, **kwargs)
            self.synchronize()
            clock.called(began)
            return result
        finally:
            clock.depth = 0

    def _note_module(self, module):
        kind = type(module)
        name = getattr(module, "original_name", None) or kind.__qualname__
        self.names[name] = self.names.get(name, 0) + 1
        self.current[id(module)] = module

    def _end_image(self):
        """Parameters are those of one image: a script may build its model again for each."""
        self.counting = False
        if self.current and frozenset(self.current) != self.known:
            self.known = frozenset(self.current)
            self.parameters = max(self.parameters or 0, _unique_parameters(self.current.values()))
        self.current = {}

    def _timed_function(self, function):
        @functools.wraps(function)
        def timed(*args, **kwargs):
            self.names[function.__qualname__] = self.names.get(function.__qualname__, 0) + 1
            return self._timed(function, *args, **kwargs)

        return timed

    def _patch_session(self, session):
        wrap(session.BaseSession, "run", self._timed_session)

    def _timed_session(self, original):
        def run(self_, *args, **kwargs):
            self.names["Session.run"] = self.names.get("Session.run", 0) + 1
            self.sessions[id(self_.graph)] = self_.graph
            return self._timed(original, self_, *args, **kwargs)

        return run

    def finish(self):
        """Take in what was called after the last image; returns the report's part."""
        if self.current:
            self._end_image()
        if self.parameters is None and self.sessions:
            self.parameters = sum(_graph_parameters(graph) for graph in self.sessions.values())
        return {
            "modules_called": self.names,
            "parameters": self.parameters,
            "flops": self.flops if self.clock.all_of_models else None,
            "flops_reason": self.flops_reason,
        }


def _nothing():
    return None


def _synchronizer(torch):
    """A function that waits for the GPU; does nothing while CUDA was never used."""
    cuda = torch.cuda
    is_initialized, synchronize = getattr(cuda, "is_initialized", None), cuda.synchronize
    if is_initialized is None or not cuda.is_available():
        return _nothing

    def wait():
        if is_initialized():
            synchronize()

    return wait


def _unique_parameters(modules):
    unique = {id(one): one.numel() for module in modules for one in module.parameters()}
    return sum(unique.values())


def _graph_parameters(graph):
    variables = graph.get_collection("trainable_variables")
    return sum(int(variable.shape.num_elements() or 0) for variable in variables)
