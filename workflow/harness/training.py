"""Sees what a training does to the parameters that its optimisers are given.

A training that ends well may have changed nothing: a loss without a gradient, a frozen network, or
no batch at all. Only optimisers of torch are seen.
"""

import hashlib

from .wrap import wrap


class Training:
    """The tensors of parameters of every optimiser, and their hashes when it was made."""

    def __init__(self):
        self.before = {}
        self.tensors = {}

    def install(self, finder):
        """Watch optimisers once torch is imported."""
        finder.after_import("torch.optim.optimizer", self._patch_optimizer)

    def _patch_optimizer(self, module):
        wrap(module.Optimizer, "__init__", self._noting)

    def _noting(self, original):
        def __init__(self_, *args, **kwargs):
            original(self_, *args, **kwargs)
            for group in self_.param_groups:
                for tensor in group["params"]:
                    if id(tensor) not in self.tensors:
                        self.tensors[id(tensor)] = tensor
                        self.before[id(tensor)] = digest(tensor)

        return __init__

    def finish(self):
        """The report's part: how many tensors and values there are, and how many have changed."""
        if not self.tensors:
            return None
        after = {key: digest(tensor) for key, tensor in self.tensors.items()}
        return {
            "tensors": len(after),
            "changed": sum(after[key] != self.before[key] for key in after),
            "values": sum(tensor.numel() for tensor in self.tensors.values()),
            "before": _together(self.before),
            "after": _together(after),
        }


def digest(tensor):
    """The sha256 of the values of a tensor, whatever its type and device."""
    values = tensor.detach().cpu().contiguous()
    try:
        content = values.numpy().tobytes()
    except TypeError:  # numpy has no bfloat16
        content = values.float().numpy().tobytes()
    return hashlib.sha256(content).hexdigest()


def _together(digests):
    return hashlib.sha256("".join(digests.values()).encode()).hexdigest()
