"""Counts floating-point operations with the formulas of torch 2.2 and later.

The formulas are those of ``torch.utils.flop_counter``.

``FlopCounterMode`` itself imports the compiler of torch at its first operator, which takes seconds;
this mode uses the same formulas. What a formula cannot count is noted and does not stop the script.
One multiply-add counts as two operations.
"""

NO_FORMULAS = "this version of torch has no formulas for operations (2.2 is the first)"
MODULES_ONLY = "counted in convolution and linear modules only: " + NO_FORMULAS


def make_module_counter(models):
    """A function that makes a context which counts convolutions and linear layers, or None.

    Only modules that are called are counted.

    This is the fallback for torch before 2.2. One multiply-add counts as two operations. For each
    value of its output, a convolution makes as many multiply-adds as its kernel has weights for it;
    a transposed convolution makes them for each value of its input.

    Args:
        models: its ``flops`` grows, its ``flops_reason`` says that this is not all.
    """
    try:
        from torch.nn import Linear
        from torch.nn.modules.conv import _ConvNd
        from torch.nn.modules.module import register_module_forward_hook
    except ImportError:
        models.flops_reason = NO_FORMULAS
        return None
    models.flops_reason = MODULES_ONLY

    def count(module, inputs, output):
        if isinstance(module, _ConvNd):
            values = inputs[0].numel() if module.transposed else output.numel()
            models.flops = (models.flops or 0) + 2 * values * module.weight[0].numel()
        elif isinstance(module, Linear):
            models.flops = (models.flops or 0) + 2 * output.numel() * module.in_features

    class Counter:
        def __enter__(self):
            self.hook = register_module_forward_hook(count)
            return self

        def __exit__(self, *_):
            self.hook.remove()

    return Counter


def make_counter(models):
    """A function that makes a counting context.

    Args:
        models: its ``flops`` grows, its ``flops_reason`` says what could not be counted.
    """
    try:
        from torch.utils._python_dispatch import TorchDispatchMode
        from torch.utils.flop_counter import flop_registry
    except ImportError:
        return make_module_counter(models)

    class Counter(TorchDispatchMode):
        @classmethod
        def _should_skip_dynamo(cls):
            return False

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            formula = flop_registry.get(getattr(func, "_overloadpacket", None))
            if formula is None and hasattr(func, "decompose"):
                with self:
                    result = func.decompose(*args, **kwargs)
                if result is not NotImplemented:
                    return result
            result = func(*args, **kwargs)
            if formula is not None:
                _add(models, formula, func, result, args, kwargs)
            return result

    return Counter


def _add(models, formula, func, result, args, kwargs):
    try:
        models.flops = (models.flops or 0) + int(formula(*args, **kwargs, out_val=result))
    except Exception as error:
        models.flops_reason = "%s could not be counted: %s" % (func, error)
