"""Operators of torchvision, where its compiled part does not load."""

import sys

# Those that torchvision's Python part describes to torch without asking whether they are there.
OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
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
