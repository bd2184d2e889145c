"""Names and signatures that newer versions of common libraries have dropped."""

import builtins
import functools
import math
import sys
import types
from collections import namedtuple

from ..wrap import provide, wrap

NUMPY_TYPES = {
    "float": builtins.float,
    "int": builtins.int,
    "bool": builtins.bool,
    "object": builtins.object,
    "str": builtins.str,
    "complex": builtins.complex,
    "long": builtins.int,
    "unicode": builtins.str,
}
NUMPY_RENAMED = {
    "mat": "asmatrix",
    "float_": "float64",
    "complex_": "complex128",
    "unicode_": "str_",
    "string_": "bytes_",
    "Inf": "inf",
    "Infinity": "inf",
    "infty": "inf",
    "PINF": "inf",
    "NaN": "nan",
    "NAN": "nan",
    "product": "prod",
    "cumproduct": "cumprod",
    "alltrue": "all",
    "sometrue": "any",
    "round_": "round",
    "row_stack": "vstack",
    "trapz": "trapezoid",
    "in1d": "isin",
}
PILLOW_RENAMED = {
    "ANTIALIAS": "LANCZOS",
    "LINEAR": "BILINEAR",
    "CUBIC": "BICUBIC",
}


def numpy_aliases(argument, tally, finder):
    """np.float, np.int, np.mat and other names that numpy 1.24 and 2.0 removed; sums of generators.

    numpy 2.5 refuses np.sum of a generator, which was the built-in sum.
    """

    def patch(numpy):
        makers = {name: lambda value=value: value for name, value in NUMPY_TYPES.items()}
        for old, new in NUMPY_RENAMED.items():
            makers[old] = functools.partial(getattr, numpy, new)
        makers["NINF"] = lambda: -numpy.inf
        makers["math"] = lambda: math
        makers["asscalar"] = lambda: lambda a: a.item()
        makers["asfarray"] = lambda: _asfarray
        provide(numpy, makers, lambda name: tally.count("numpy-aliases:np.%s" % name))
        if [int(part) for part in numpy.__version__.split(".")[:2]] >= [2, 5]:
            wrap(numpy, "sum", lambda original: _sum_of_generators(original, tally))

    finder.after_import("numpy", patch)
    finder.after_import("numpy.lib", lambda lib: _provide_pad(lib, tally))


def _asfarray(a, dtype=float):
    import numpy

    dtype = dtype if numpy.issubdtype(dtype, numpy.inexact) else float
    return numpy.asarray(a, dtype=dtype)


def _sum_of_generators(original, tally):
    def sum(a, *args, **kwargs):
        if not isinstance(a, types.GeneratorType):
            return original(a, *args, **kwargs)
        tally.count("numpy-aliases:np.sum of a generator")
        return builtins.sum(a)

    return sum


def _provide_pad(lib, tally):
    def pad():
        return sys.modules["numpy"].pad

    provide(lib, {"pad": pad}, lambda name: tally.count("numpy-aliases:np.lib.%s" % name))


def pillow_aliases(argument, tally, finder):
    """Image.ANTIALIAS and other names of filters that Pillow 10 removed."""

    def patch(image):
        makers = {
            old: functools.partial(getattr, image, new) for old, new in PILLOW_RENAMED.items()
        }
        provide(image, makers, lambda name: tally.count("pillow-aliases:Image.%s" % name))

    finder.after_import("PIL.Image", patch)


def skimage_compare(argument, tally, finder):
    """skimage.measure.compare_ssim, _psnr, _mse and _nrmse, removed in scikit-image 0.18."""

    def patch(measure):
        functions = {
            "compare_ssim": _compare_ssim,
            "compare_psnr": _compare_psnr,
            "compare_mse": functools.partial(_metric, "mean_squared_error"),
            "compare_nrmse": functools.partial(_metric, "normalized_root_mse"),
        }
        counting = {
            name: tally.counting("skimage-compare:%s" % name, f) for name, f in functions.items()
        }
        provide(measure, {name: lambda name=name: counting[name] for name in counting})

    finder.after_import("skimage.measure", patch)


def _metric(name, *args, **kwargs):
    import skimage.metrics

    return getattr(skimage.metrics, name)(*args, **kwargs)


def _compare_ssim(
    X, Y, win_size=None, gradient=False, data_range=None, multichannel=False, **kwargs
):
    """The old signature of ``structural_similarity``.

    Without ``data_range`` it is the width of the dtype's nominal range (2 for floats).
    """
    if data_range is None:
        data_range = _dtype_width(X)
    if multichannel:
        kwargs["channel_axis"] = -1
    kwargs.update(win_size=win_size, gradient=gradient, data_range=data_range)
    return _metric("structural_similarity", X, Y, **kwargs)


def _compare_psnr(im_true, im_test, data_range=None):
    """The old rule for ``data_range``: the dtype's maximum.

    For floats it is 1, or 2 when the true image has negative values.
    """
    if data_range is None:
        low, high = _dtype_range(im_true)
        data_range = high - low if im_true.min() < 0 else high
    return _metric("peak_signal_noise_ratio", im_true, im_test, data_range=data_range)


def _dtype_range(image):
    from skimage.util.dtype import dtype_range

    return dtype_range[image.dtype.type]


def _dtype_width(image):
    low, high = _dtype_range(image)
    return high - low


def yaml_load(argument, tally, finder):
    """yaml.load(stream) without a Loader, refused since PyYAML 6."""

    def patch(yaml):
        def make(original):
            def load(stream, Loader=None):
                if Loader is None:
                    tally.count("yaml-load:yaml.load")
                    Loader = yaml.FullLoader
                return original(stream, Loader)

            return load

        wrap(yaml, "load", make)

    finder.after_import("yaml", patch)


def inspect_getargspec(argument, tally, finder):
    """inspect.getargspec, removed in Python 3.11."""
    spec = namedtuple("ArgSpec", "args varargs keywords defaults")

    def patch(inspect):
        def getargspec(function):
            full = inspect.getfullargspec(function)
            return spec(full.args, full.varargs, full.varkw, full.defaults)

        makers = {"getargspec": lambda: getargspec, "ArgSpec": lambda: spec}
        provide(inspect, makers, lambda name: tally.count("inspect-getargspec:%s" % name))

    finder.after_import("inspect", patch)


def collections_abc(argument, tally, finder):
    """collections.Mapping, Iterable and other ABCs, moved to collections.abc in Python 3.10."""
    import collections.abc

    makers = {
        name: functools.partial(getattr, collections.abc, name) for name in collections.abc.__all__
    }
    provide(collections, makers, lambda name: tally.count("collections-abc:%s" % name))


def tensorflow_v1(argument, tally, finder):
    """``import tensorflow`` gives tensorflow.compat.v1 and its behaviour under TensorFlow 2."""

    def patch(tensorflow):
        if tensorflow.__version__.startswith("1."):
            return
        v1 = tensorflow.compat.v1
        v1.disable_v2_behavior()
        tally.count("tensorflow-v1:tensorflow")
        sys.modules["tensorflow"] = v1

    finder.after_import("tensorflow", patch)
