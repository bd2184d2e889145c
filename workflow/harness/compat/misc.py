"""The image functions of ``scipy.misc`` that SciPy 1.2 removed, with exactly its rules.

Source: scipy 1.1, ``scipy/misc/pilutil.py`` (and ``bytescale`` there). The one change: the scale
factor is a Python float, so that arrays keep their dtype under numpy 1 and 2 alike; the values are
those of numpy 1.
"""

import types

from ..wrap import provide

RESAMPLE = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}
NAMES = ("bytescale", "fromimage", "toimage", "imread", "imsave", "imresize", "imrotate")


def scipy_misc(argument, tally, finder):
    """scipy.misc.imread, imsave, imresize, imrotate and others that SciPy 1.2 removed.

    The others are toimage, fromimage and bytescale.
    """
    functions = {name: tally.counting("scipy-misc:%s" % name, globals()[name]) for name in NAMES}

    def patch(misc):
        provide(misc, {name: lambda name=name: functions[name] for name in NAMES})

    finder.after_import("scipy.misc", patch)
    finder.substitutes["scipy.misc"] = lambda: types.ModuleType("scipy.misc")


def bytescale(data, cmin=None, cmax=None, high=255, low=0):
    """Scale ``data`` so that cmin..cmax becomes low..high, as uint8.

    uint8 input is returned as it is.

    This is the hidden contrast stretch of ``imsave``: without ``cmin`` and ``cmax`` an image is
    stretched to the full range.
    """
    import numpy

    if data.dtype == numpy.uint8:
        return data
    if high > 255:
        raise ValueError("`high` should be less than or equal to 255.")
    if low < 0:
        raise ValueError("`low` should be greater than or equal to 0.")
    if high < low:
        raise ValueError("`high` should be greater than or equal to `low`.")
    cmin = data.min() if cmin is None else cmin
    cmax = data.max() if cmax is None else cmax
    cscale = cmax - cmin
    if cscale < 0:
        raise ValueError("`cmax` should be larger than `cmin`.")
    scale = float(high - low) / float(cscale or 1)
    bytedata = (data - cmin) * scale + low
    return (bytedata.clip(low, high) + 0.5).astype(numpy.uint8)


def imread(name, flatten=False, mode=None):
    """Read an image file as an array, converted to the Pillow ``mode`` when one is given."""
    from PIL import Image

    return fromimage(Image.open(name), flatten=flatten, mode=mode)


def imsave(name, arr, format=None):
    """Write an array to an image file, stretched by :func:`bytescale` unless it is uint8."""
    image = toimage(arr, channel_axis=2)
    if format is None:
        image.save(name)
    else:
        image.save(name, format)


def fromimage(im, flatten=False, mode=None):
    """Return a Pillow image as an array; ``flatten`` gives one float32 layer."""
    import numpy
    from PIL import Image

    if not isinstance(im, Image.Image):
        raise TypeError("Input is not a PIL image.")
    if mode is not None:
        im = im if mode == im.mode else im.convert(mode)
    elif im.mode == "P":
        im = im.convert("RGBA" if "transparency" in im.info else "RGB")
    if flatten:
        im = im.convert("F")
    elif im.mode == "1":
        im = im.convert("L")
    return numpy.array(im)


def toimage(arr, high=255, low=0, cmin=None, cmax=None, pal=None, mode=None, channel_axis=None):
    """Turn an array into a Pillow image.

    A 2-D array becomes L (or ``mode``), one with 3 or 4 channels RGB or RGBA.
    """
    import numpy

    data = numpy.asarray(arr)
    if numpy.iscomplexobj(data):
        raise ValueError("Cannot convert a complex-valued array.")
    shape = list(data.shape)
    if len(shape) == 2:
        return _gray_image(data, high, low, cmin, cmax, pal, mode)
    if len(shape) != 3 or not (3 in shape or 4 in shape):
        raise ValueError("'arr' does not have a suitable array shape for any mode.")
    axis = _channel_axis(shape) if channel_axis is None else channel_axis
    if shape[axis] not in (3, 4):
        raise ValueError("Channel axis dimension is not valid.")
    return _colour_image(bytescale(data, high=high, low=low, cmin=cmin, cmax=cmax), axis, mode)


def _channel_axis(shape):
    return shape.index(3) if 3 in shape else shape.index(4)


def _gray_image(data, high, low, cmin, cmax, pal, mode):
    import numpy
    from PIL import Image

    size = (data.shape[1], data.shape[0])
    if mode == "F":
        return Image.frombytes(mode, size, data.astype(numpy.float32).tobytes())
    if mode in (None, "L", "P"):
        return _palette_image(
            bytescale(data, high=high, low=low, cmin=cmin, cmax=cmax), size, pal, mode
        )
    if mode == "1":
        return Image.frombytes("1", size, (data > high).tobytes())
    if mode != "I":
        raise ValueError("Mode is unknown or incompatible with input array shape.")
    cmin = numpy.amin(data) if cmin is None else cmin
    cmax = numpy.amax(data) if cmax is None else cmax
    data = (data * 1.0 - cmin) * (high - low) / (cmax - cmin) + low
    return Image.frombytes(mode, size, data.astype(numpy.uint32).tobytes())


def _palette_image(bytedata, size, pal, mode):
    import numpy
    from PIL import Image

    image = Image.frombytes("L", size, bytedata.tobytes())
    if pal is None and mode == "P":
        pal = (
            numpy.arange(256, dtype=numpy.uint8)[:, None]
            * numpy.ones((3,), dtype=numpy.uint8)[None, :]
        )
    if pal is not None:
        image.putpalette(numpy.asarray(pal, dtype=numpy.uint8).tobytes())
    return image


def _colour_image(bytedata, axis, mode):
    import numpy
    from PIL import Image

    channels = bytedata.shape[axis]
    mode = mode or ("RGB" if channels == 3 else "RGBA")
    if mode not in ("RGB", "RGBA", "YCbCr", "CMYK"):
        raise ValueError("Mode is unknown or incompatible with input array shape.")
    if channels != (3 if mode in ("RGB", "YCbCr") else 4):
        raise ValueError("Invalid array shape for mode.")
    last = numpy.moveaxis(bytedata, axis, 2)
    return Image.frombytes(mode, (last.shape[1], last.shape[0]), last.tobytes())


def imrotate(arr, angle, interp="bilinear"):
    """Rotate an image array by ``angle`` degrees counter-clockwise."""
    return fromimage(toimage(arr).rotate(angle, resample=RESAMPLE[interp]))


def imresize(arr, size, interp="bilinear", mode=None):
    """Resize an image array: ``size`` is a percentage (int), a fraction (float) or (rows, columns).

    The array goes through :func:`toimage`, so anything but uint8 is stretched to 0..255 first.
    """
    import numpy

    image = toimage(arr, mode=mode)
    kind = type(size)
    if numpy.issubdtype(kind, numpy.signedinteger):
        size = tuple(int(side) for side in numpy.array(image.size) * (size / 100.0))
    elif numpy.issubdtype(kind, numpy.floating):
        size = tuple(int(side) for side in numpy.array(image.size) * size)
    else:
        size = (size[1], size[0])
    return fromimage(image.resize(size, resample=RESAMPLE[interp]))
