"""Replacements for compiled parts of torchvision that do not load."""

import sys

from ..wrap import wrap

# Those that torchvision's Python part describes to torch without asking whether they are there.
OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def torchvision_nms(argument, tally, finder):
    """torchvision imports without its compiled operators, whose use fails (always applied)."""
    finder.after_import("torchvision.extension", lambda extension: _define(extension, tally))


def _define(extension, tally):
    torch = sys.modules["torch"]
    if extension._has_ops() or not hasattr(getattr(torch, "library", None), "Library"):
        return
    library = torch.library.Library("torchvision", "DEF")
    for operator in OPERATORS:
        library.define(operator)
    extension._fusebench_library = library  # the definitions live as long as the library object
    tally.count("torchvision-nms:operators defined")


PILLOW_MODES = {"GRAY": "L", "GRAY_ALPHA": "LA", "RGB": "RGB", "RGB_ALPHA": "RGBA"}


def torchvision_io(argument, tally, finder):
    """torchvision.io.read_image reads with Pillow where torchvision's own reader does not load."""

    def make(original):
        def read_image(path, mode=None, *args, **kwargs):
            try:
                return original(path, *(() if mode is None else (mode,)), *args, **kwargs)
            except RuntimeError as error:
                if "image extension" not in str(error):
                    raise
            tally.count("torchvision-io:read_image")
            return _read_with_pillow(path, getattr(mode, "name", None))

        return read_image

    finder.after_import("torchvision.io", lambda io: wrap(io, "read_image", make))


def _read_with_pillow(path, mode):
    """Return an image as a uint8 tensor (channels, rows, columns).

    It is converted to the ImageReadMode named ``mode``.
    """
    import numpy
    from PIL import Image

    with Image.open(path) as image:
        pixels = numpy.array(image.convert(PILLOW_MODES[mode]) if mode in PILLOW_MODES else image)
    channels = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return sys.modules["torch"].from_numpy(numpy.ascontiguousarray(channels))
