"""Counts floating-point operations with torch's own formulas (``torch.utils.flop_counter``, torch 2.2 and later).

``FlopCounterMode`` itself imports the compiler of torch at its first operator, which takes seconds; this mode uses
the same formulas, and what a formula cannot count is noted instead of stopping the script. One multiply-add counts
as two operations.
"""


def make_counter(models):
    """A function that makes a counting context, or None where torch has no formulas.

    Args:
        models: its ``flops`` is added to, its ``flops_reason`` says what could not be counted.
    """
    try:
        from torch.utils._python_dispatch import TorchDispatchMode
        from torch.utils.flop_counter import flop_registry
    except ImportError:
        models.flops_reason = "this version of torch has no formulas for operations (2.2 is the first)"
        return None

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
