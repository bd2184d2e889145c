"""Operators of torchvision, where its compiled part does not load."""

import sys

OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, "
    "int sampling_ratio, bool aligned) -> Tensor",
)


def torchvision_nms(argument, tally, finder):
    """torchvision imports although its compiled operators do not load (applied by itself); using one fails."""
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
