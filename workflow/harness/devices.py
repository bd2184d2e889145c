"""Redirects what a script asks of CUDA to the device of the job.

The functions of torch are replaced, not watched through a ``TorchFunctionMode``: a mode costs
Python time at every operator, holds for one thread only (DataLoader has several) and does not exist
in old versions; a replaced function costs nothing where no device is named, and behaves the same
from torch 1.4 on.

On the CPU a redirected ``.cuda()`` or ``.to("cuda")`` returns a copy, as it would on a GPU: a
script may change the copy in place and go on using the original, and ``nn.Parameter(...).cuda()``
is a plain tensor.
"""

import importlib
import os
import time
from contextlib import contextmanager

from .wrap import provide, wrap

FACTORIES = (
    "arange asarray as_tensor bartlett_window blackman_window complex empty empty_like "
    "empty_strided eye frombuffer full full_like hamming_window hann_window kaiser_window linspace "
    "logspace normal ones ones_like rand rand_like randint randint_like randn randn_like randperm "
    "range scalar_tensor sparse_coo_tensor tensor tril_indices triu_indices zeros zeros_like"
).split()
NEW_METHODS = ("new", "new_empty", "new_full", "new_ones", "new_tensor", "new_zeros")
VISIBLE = "CUDA_VISIBLE_DEVICES"


def install(job, tally, finder):
    """Keep the job's assignment of devices, and redirect torch once it is imported."""
    _guard_visible_devices(job, tally)
    redirect = ToCpu if job["device"] == "cpu" else ToVisible
    pretend = "pretend-cuda" in job["compat"]
    finder.after_import("torch", lambda torch: redirect(torch, tally, pretend).install())


def _guard_visible_devices(job, tally):
    if job["device"] == "cpu":
        os.environ[VISIBLE] = ""

    def ignore(original):
        def guarded(self_or_key, *args):
            key = args[0] if isinstance(self_or_key, os._Environ) else self_or_key
            if key in (VISIBLE, VISIBLE.encode()):
                return tally.count("ignored:%s" % VISIBLE)
            return original(self_or_key, *args)

        return guarded

    # The class first: its methods call os.putenv, which must still be the real one for every other
    # name.
    wrap(os._Environ, "__setitem__", ignore)
    wrap(os._Environ, "__delitem__", ignore)
    wrap(os, "putenv", ignore)


def _device_contexts():
    """The module of ``with torch.device(...)`` and of ``torch.set_default_device``.

    It is loaded now. torch 2 loads it at its first use: its table of factories would then hold the
    replaced ones, which torch does not know, and tensors would silently stay on the CPU.
    """
    try:
        return importlib.import_module("torch.utils._device")
    except ImportError:  # before torch 2.0
        return None


class Redirect:
    """Replaces the functions of torch that name a device.

    Args:
        torch: the module.
        tally: counts each redirection as ``<prefix>:<function>``.
        pretend: say that CUDA is available though the device is the CPU.
    """

    prefix = ""

    def __init__(self, torch, tally, pretend):
        self.torch = torch
        self.tally = tally
        self.pretend = pretend

    def install(self):
        """Replace what every device needs."""
        torch = self.torch
        self._settle_device_constructors()
        for name in FACTORIES:
            original = getattr(torch, name, None)
            wrap(
                torch, name, lambda original, name=name: self._by_keyword(original, "torch." + name)
            )
            self._register_builtin(original, getattr(torch, name, None))
        for name in NEW_METHODS:
            wrap(
                torch.Tensor,
                name,
                lambda original, name=name: self._by_keyword(original, "Tensor." + name),
            )
        wrap(torch.Tensor, "to", self._tensor_to)
        wrap(torch.Tensor, "cuda", self._tensor_cuda)
        wrap(torch.nn.Module, "to", lambda original: self._by_position(original, "Module.to"))
        wrap(
            torch.nn.Module,
            "to_empty",
            lambda original: self._by_keyword(original, "Module.to_empty"),
        )
        wrap(torch.nn.Module, "cuda", self._module_cuda)
        wrap(torch, "load", lambda original: self._load(original, "torch.load"))
        if hasattr(torch, "jit"):
            wrap(torch.jit, "load", lambda original: self._load(original, "torch.jit.load"))
        if hasattr(torch.nn, "DataParallel"):
            wrap(torch.nn.DataParallel, "__init__", self._data_parallel)
        contexts = _device_contexts()
        if contexts is not None:
            wrap(
                contexts.DeviceContext,
                "__init__",
                lambda original: self._by_position(original, "torch.device"),
            )

    def _settle_device_constructors(self):
        """Have torch look up its own tables of functions while they still hold the originals.

        ``with torch.device(...)`` and ``torch.jit.script`` know the factories by identity.
        """
        contexts = _device_contexts()
        if contexts is not None:
            contexts._device_constructors()

    def place(self, where, name):
        """The device to use instead of ``where``, which may be anything; counts a replacement."""
        new = self.replacement(where)
        if new is not where:
            self.tally.count("%s:%s" % (self.prefix, name))
        return new

    def replacement(self, where):
        """The device to use instead of ``where``, or ``where`` itself."""
        raise NotImplementedError

    def _by_keyword(self, original, name):
        def factory(*args, **kwargs):
            if kwargs.get("device") is not None:
                kwargs["device"] = self.place(kwargs["device"], name)
            return original(*args, **kwargs)

        return factory

    def _by_position(self, original, name):
        def method(self_, *args, **kwargs):
            if args:
                args = (self.place(args[0], name),) + args[1:]
            if kwargs.get("device") is not None:
                kwargs["device"] = self.place(kwargs["device"], name)
            return original(self_, *args, **kwargs)

        return method

    def _register_builtin(self, original, replacement):
        """Tell TorchScript that the replacement is the built-in operator: scripts then compile."""
        if original is replacement:
            return
        builtins = getattr(getattr(self.torch, "jit", None), "_builtins", None)
        if hasattr(builtins, "_find_builtin"):
            operator = builtins._find_builtin(original)
            if operator is not None:
                builtins._register_builtin(replacement, operator)

    def _tensor_to(self, original):
        return self._by_position(original, "Tensor.to")

    def _tensor_cuda(self, original):
        return self._by_position(original, "Tensor.cuda")

    def _module_cuda(self, original):
        return self._by_position(original, "Module.cuda")

    def _load(self, original, name):
        raise NotImplementedError

    def _data_parallel(self, original):
        raise NotImplementedError


class ToVisible(Redirect):
    """On a GPU: a device index beyond those that the job was given becomes the first one."""

    prefix = "cuda-index"

    def replacement(self, where):
        """``cuda:3`` becomes ``cuda:0`` where only one device is visible."""
        index = self._index(where)
        if not index or index < self.torch.cuda.device_count():
            return where
        return 0 if isinstance(where, int) else self.torch.device("cuda", 0)

    def _index(self, where):
        if isinstance(where, int) and not isinstance(where, bool):
            return where
        if isinstance(where, str):
            return int(where[5:]) if where.startswith("cuda:") else None
        if isinstance(where, self.torch.device) and where.type == "cuda":
            return where.index
        return None

    def install(self):
        """Replace the functions of ``torch.cuda`` that take a device, too.

        Raises:
            RuntimeError: torch sees no GPU; a run on the CPU must not be taken for one on a GPU.
        """
        if not self.torch.cuda.is_available():
            raise RuntimeError(
                "fusebench: the job is to run on a GPU, but torch sees none (%s=%r); check the GPUs"
                " that the job was given, and that the environment was locked for CUDA"
                % (VISIBLE, os.environ.get(VISIBLE))
            )
        super().install()
        for name in ("set_device", "synchronize", "get_device_name", "get_device_properties"):
            wrap(
                self.torch.cuda,
                name,
                lambda original, name=name: self._first(original, "torch.cuda." + name),
            )
        wrap(
            self.torch.cuda.device,
            "__init__",
            lambda original: self._by_position(original, "torch.cuda.device"),
        )

    def _first(self, original, name):
        def function(device=None, *args, **kwargs):
            return original(self.place(device, name), *args, **kwargs)

        return function

    def _load(self, original, name):
        default_location = getattr(self.torch.serialization, "default_restore_location", None)

        def restore(storage, location):
            placed = self.place(location, name)
            return default_location(storage, str(placed))

        def load(f, map_location=None, *args, **kwargs):
            if map_location is None and name == "torch.load":
                map_location = restore
            elif isinstance(map_location, dict):
                map_location = {key: self.place(where, name) for key, where in map_location.items()}
            else:
                map_location = self.place(map_location, name)
            return original(f, map_location, *args, **kwargs)

        return load

    def _data_parallel(self, original):
        def __init__(self_, module, device_ids=None, output_device=None, *args, **kwargs):
            if device_ids:
                device_ids = sorted(
                    {self.place(one, "DataParallel") for one in device_ids}, key=str
                )
            return original(
                self_,
                module,
                device_ids,
                self.place(output_device, "DataParallel"),
                *args,
                **kwargs,
            )

        return __init__


class ToCpu(Redirect):
    """On the CPU: everything that names CUDA goes to the CPU."""

    prefix = "cuda-to-cpu"

    def replacement(self, where):
        """``cuda``, ``cuda:1``, ``torch.device("cuda")`` and a plain index become the CPU."""
        if isinstance(where, str):
            return "cpu" if where.split(":")[0] == "cuda" else where
        if isinstance(where, int) and not isinstance(where, bool):
            return "cpu"
        if isinstance(where, self.torch.device) and where.type == "cuda":
            return self.torch.device("cpu")
        return where

    def install(self):
        """Replace ``torch.cuda`` as a whole, too: its types, streams, events and queries."""
        super().install()
        torch = self.torch
        wrap(torch.Tensor, "type", self._tensor_type)
        wrap(torch.Tensor, "pin_memory", self._pin_memory)
        for name in ("set_default_tensor_type", "set_default_device"):
            wrap(torch, name, lambda original, name=name: self._default(original, "torch." + name))
        for owner in (torch, getattr(torch, "amp", None)):
            if hasattr(owner, "autocast"):
                wrap(owner.autocast, "__init__", self._autocast)
        self._replace_generator()
        self._replace_storage()
        self._replace_cuda()

    def _tensor_to(self, original):
        def to(self_, *args, **kwargs):
            placed = args
            if args:
                placed = (self.place(args[0], "Tensor.to"),) + args[1:]
            moved = bool(args) and placed[0] is not args[0]
            if kwargs.get("device") is not None:
                device = self.place(kwargs["device"], "Tensor.to")
                moved = moved or device is not kwargs["device"]
                kwargs["device"] = device
            result = original(self_, *placed, **kwargs)
            return result.clone() if moved and result is self_ else result

        return to

    def _tensor_cuda(self, original):
        def cuda(self_, *args, **kwargs):
            self._fired("Tensor.cuda")
            return self_.clone()

        return cuda

    def _module_cuda(self, original):
        def cuda(self_, *args, **kwargs):
            self._fired("Module.cuda")
            return self_

        return cuda

    def _fired(self, name):
        self.tally.count("%s:%s" % (self.prefix, name))

    def _tensor_type(self, original):
        def type(self_, dtype=None, *args, **kwargs):
            if dtype is None:
                return original(self_)
            return original(self_, self._cpu_type(dtype, "Tensor.type"), *args, **kwargs)

        return type

    def _cpu_type(self, dtype, name):
        if isinstance(dtype, str) and dtype.startswith("torch.cuda."):
            self._fired(name)
            return dtype.replace("torch.cuda.", "torch.")
        return dtype

    def _pin_memory(self, original):
        def pin_memory(self_, *args, **kwargs):
            self._fired("Tensor.pin_memory")
            return self_

        return pin_memory

    def _default(self, original, name):
        def set_default(value):
            return original(self._cpu_type(self.place(value, name), name))

        return set_default

    def _autocast(self, original):
        def __init__(self_, device_type=None, *args, **kwargs):
            # Old versions of torch.cuda.amp.autocast come here without a device type, or with a
            # bool.
            if device_type == "cuda":
                self._fired("autocast")
                kwargs["enabled"] = False
                args = args[:1]
            return original(self_, device_type, *args, **kwargs)

        return __init__

    def _replace_generator(self):
        redirect, original = self, getattr(self.torch, "Generator", None)
        if original is None:
            return

        class Generator(original):
            def __new__(cls, device="cpu"):
                return original.__new__(cls, redirect.place(device, "torch.Generator"))

        self.torch.Generator = Generator

    def _replace_storage(self):
        storages = [
            getattr(self.torch, name, None)
            for name in ("UntypedStorage", "TypedStorage", "FloatStorage")
        ]
        for storage in storages:
            if storage is not None:
                wrap(storage, "cuda", self._storage_cuda)

    def _storage_cuda(self, original):
        def cuda(self_, *args, **kwargs):
            self._fired("Storage.cuda")
            return self_

        return cuda

    def _load(self, original, name):
        def load(f, map_location=None, *args, **kwargs):
            if not callable(map_location) and self._is_not_cpu(map_location):
                self._fired(name)
                map_location = self.torch.device("cpu")
            return original(f, map_location, *args, **kwargs)

        return load

    def _is_not_cpu(self, location):
        return (
            location is None
            or isinstance(location, dict)
            or self.replacement(location) is not location
        )

    def _data_parallel(self, original):
        def __init__(self_, *args, **kwargs):
            self._fired("DataParallel")
            pretended, self.pretend = self.pretend, False
            try:
                original(self_, *args, **kwargs)
            finally:
                self.pretend = pretended

        return __init__

    def _replace_cuda(self):
        cuda, torch = self.torch.cuda, self.torch
        self._replace_tensor_types(cuda, torch)
        for name, value in CUDA_ANSWERS.items():
            if hasattr(cuda, name):
                wrap(cuda, name, lambda original, name=name, value=value: self._answer(name, value))
        for name, stand_in in CUDA_STAND_INS.items():
            if hasattr(cuda, name):
                wrap(
                    cuda,
                    name,
                    lambda original, name=name, make=stand_in: self._stand_in(name, make),
                )
        wrap(cuda, "is_available", lambda original: lambda: self._say_available() or original())
        if self.pretend:
            for name, value in PRETENDED_ANSWERS.items():
                wrap(cuda, name, lambda original, value=value: lambda *args, **kwargs: value)
            wrap(
                cuda,
                "get_rng_state",
                lambda original: lambda *args, **kwargs: torch.get_rng_state(),
            )

    def _say_available(self):
        if self.pretend:
            self.tally.count("pretend-cuda:torch.cuda.is_available")
        return self.pretend

    def _answer(self, name, value):
        def function(*args, **kwargs):
            if name not in CALLED_BY_TORCH:
                self._fired("torch.cuda." + name)
            return value

        return function

    def _stand_in(self, name, make):
        def create(*args, **kwargs):
            self._fired("torch.cuda." + name)
            return make(*args, **kwargs)

        return create

    def _replace_tensor_types(self, cuda, torch):
        names = [
            name for name in dir(torch) if name.endswith(("Tensor", "Storage")) and name != "Tensor"
        ]
        for name in names:
            if name in vars(cuda):
                delattr(cuda, name)
        provide(
            cuda, {name: lambda name=name: getattr(torch, name) for name in names}, self._fired_type
        )

    def _fired_type(self, name):
        self._fired("torch.cuda." + name)


class CpuEvent:
    """``torch.cuda.Event`` of a device that never lags behind: times are those of the host."""

    def __init__(self, *args, **kwargs):
        self._moment = None

    def record(self, stream=None):
        """Remember this moment."""
        self._moment = time.perf_counter()

    def elapsed_time(self, end):
        """Milliseconds from this event to ``end``."""
        return 1000.0 * (end._moment - self._moment)

    def synchronize(self):
        """Nothing is pending."""

    def wait(self, stream=None):
        """Nothing is pending."""

    def query(self):
        """Everything is done."""
        return True


class CpuStream:
    """``torch.cuda.Stream`` of a device that does everything at once; also a context manager."""

    cuda_stream = 0

    def __init__(self, *args, **kwargs):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def synchronize(self):
        """Nothing is pending."""

    def wait_stream(self, stream):
        """Nothing is pending."""

    def wait_event(self, event):
        """Nothing is pending."""

    def record_event(self, event=None):
        """Record ``event``, or a new one."""
        event = event or CpuEvent()
        event.record()
        return event

    def query(self):
        """Everything is done."""
        return True


@contextmanager
def _nothing(*args, **kwargs):
    yield


class CpuProperties:
    """``torch.cuda.get_device_properties`` of the pretended device."""

    name = "CPU"
    major, minor, multi_processor_count, total_memory = 0, 0, 1, 0


# What torch.cuda answers when there is no CUDA, instead of raising.
CUDA_ANSWERS = {
    "synchronize": None,
    "set_device": None,
    "empty_cache": None,
    "ipc_collect": None,
    "init": None,
    "manual_seed": None,
    "manual_seed_all": None,
    "seed": None,
    "seed_all": None,
    "set_rng_state": None,
    "set_rng_state_all": None,
    "reset_peak_memory_stats": None,
    "reset_max_memory_allocated": None,
    "reset_max_memory_cached": None,
    "current_device": 0,
    "get_device_name": "CPU",
    "get_device_capability": (0, 0),
    "get_device_properties": CpuProperties,
    "memory_allocated": 0,
    "max_memory_allocated": 0,
    "memory_reserved": 0,
    "max_memory_reserved": 0,
    "memory_cached": 0,
    "max_memory_cached": 0,
    "mem_get_info": (0, 0),
}
# torch.manual_seed() calls these on every machine: no sign that the script needed them.
CALLED_BY_TORCH = ("manual_seed", "manual_seed_all")
CUDA_STAND_INS = {
    "Event": CpuEvent,
    "Stream": CpuStream,
    "current_stream": CpuStream,
    "default_stream": CpuStream,
    "stream": _nothing,
    "device": _nothing,
    "device_of": _nothing,
}
PRETENDED_ANSWERS = {"device_count": 1, "is_initialized": True}
