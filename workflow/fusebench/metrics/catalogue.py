"""The table of definitions: name, direction, unit, tasks, source and the function that computes each."""

from __future__ import annotations

from collections.abc import Iterator

from fusebench.metrics.definitions import CANONICAL, GRAY_TASKS, Definition

CANONICAL_METRICS: tuple[tuple[str, str, str, str, str], ...] = (
    # metric, direction, unit, target, source
    ("EN", "higher", "bit", "histograms:entropy", "Roberts et al. 2008, doi:10.1117/1.2945910"),
    ("SD", "higher", "gray level", "moments:standard_deviation", "Rao 1997, doi:10.1088/0957-0233/8/4/002"),
    (
        "SF",
        "higher",
        "gray level",
        "gradients:spatial_frequency",
        "Eskicioglu and Fisher 1995, doi:10.1109/26.477498",
    ),
    (
        "AG",
        "higher",
        "gray level",
        "gradients:average_gradient",
        "Cui et al. 2015, doi:10.1016/j.optcom.2014.12.032",
    ),
    ("MI", "higher", "nat", "histograms:mutual_information", "Qu et al. 2002, doi:10.1049/el:20020212"),
    ("CC", "higher", "1", "moments:correlation", "Deshmukh and Bhosale 2010"),
    (
        "SCD",
        "higher",
        "1",
        "moments:correlations_of_differences",
        "Aslantas and Bendes 2015, doi:10.1016/j.aeue.2015.09.004",
    ),
    ("PSNR", "higher", "dB", "moments:peak_signal_to_noise_ratio", "Jagalingam and Hegde 2015"),
    ("SSIM", "higher", "1", "ssim:structural_similarity", "Wang et al. 2004, doi:10.1109/TIP.2003.819861"),
    (
        "VIF",
        "higher",
        "1",
        "vif:visual_information_fidelity",
        "Sheikh and Bovik 2006, doi:10.1109/TIP.2005.859378",
    ),
    ("Qabf", "higher", "1", "edges:edge_preservation", "Xydeas and Petrovic 2000, doi:10.1049/el:20000267"),
)

EVALUATOR_COLUMNS: dict[str, tuple[str, ...]] = {}
"""Columns of each published evaluator, in its own names and order."""

DEFAULTS: dict[str, tuple[str, ...]] = {
    "infrared-visible": ("EN", "SD", "SF", "AG", "MI", "SCD", "VIF", "Qabf", "SSIM"),
    "medical": ("EN", "SD", "SF", "AG", "MI", "SCD", "VIF", "Qabf", "SSIM"),
    "multi-focus": ("EN", "SD", "SF", "AG", "MI", "VIF", "Qabf", "SSIM"),
    "multi-exposure": ("EN", "SD", "SF", "AG", "MI", "VIF", "Qabf", "SSIM"),
    "pansharpening": (),
    "hsi-msi": (),
}
"""Metrics of a task when a suite names none."""


def definitions() -> Iterator[Definition]:
    """Every definition, canonical ones first."""
    for metric, direction, unit, target, source in CANONICAL_METRICS:
        yield Definition(metric, metric, CANONICAL, direction, unit, False, GRAY_TASKS, source, target)
