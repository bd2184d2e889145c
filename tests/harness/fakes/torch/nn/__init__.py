"""``torch.nn`` of the fake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import Tensor, check


class Parameter(Tensor):
    """A tensor that a module owns; ``_version`` counts its changes."""

    _version = 0

    def copy_(self, values: list[float]) -> None:
        """Take other numbers."""
        self.data = list(values)
        self._version += 1


class Module:
    """Calls ``forward``; owns the parameters among its attributes and those of its modules."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call ``forward``."""
        return self.forward(*args, **kwargs)

    def forward(self, *args: Any) -> Any:
        """Of the subclass."""
        raise NotImplementedError

    def parameters(self) -> Iterator[Parameter]:
        """Every parameter."""
        for value in vars(self).values():
            if isinstance(value, Parameter):
                yield value
            elif isinstance(value, Module):
                yield from value.parameters()

    def load_state_dict(self, state: dict[str, list[float]], strict: bool = True) -> None:
        """Take the numbers of the parameters of this module that have these names."""
        own = {name: one for name, one in vars(self).items() if isinstance(one, Parameter)}
        if strict and own.keys() != state.keys():
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\nkeys")
        for name in own.keys() & state.keys():
            own[name].copy_(state[name])

    def to(self, device: Any) -> Module:
        """Move the parameters."""
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                setattr(self, name, Parameter(value.data, check(device)))
        return self

    def cuda(self, device: Any = None) -> Module:
        """Move the parameters to a GPU."""
        return self.to("cuda" if device is None else device)


class DataParallel(Module):
    """Copies of a module on several GPUs."""

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None) -> None:
        """Needs every device that is named."""
        for one in device_ids or []:
            check(one)
        self.module = module
        self.device_ids = device_ids
