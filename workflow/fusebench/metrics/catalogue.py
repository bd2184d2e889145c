"""The table of definitions: name, direction, unit, tasks, source and formula of each."""

from __future__ import annotations

from collections.abc import Iterator

from fusebench.metrics.definitions import BAND_TASKS, CANONICAL, GRAY_TASKS, Definition

LEVEL, DECIBEL = "gray level", "dB"
PIELLA = "Piella and Heijmans 2003, doi:10.1109/ICIP.2003.1247209"
FMI = "Haghighat and Razian 2014, doi:10.1109/ICAICT.2014.7036000"
WANG = "Wang et al. 2004, doi:10.1109/TIP.2003.819861"
SHEIKH = "Sheikh and Bovik 2006, doi:10.1109/TIP.2005.859378"
JAGALINGAM = "Jagalingam and Hegde 2015, doi:10.1016/j.aqpro.2015.02.019"

CANONICAL_METRICS: tuple[tuple[str, str, str, str, str], ...] = (
    # metric, direction, unit, function, source
    ("EN", "higher", "bit", "histograms:entropy", "Roberts et al. 2008, doi:10.1117/1.2945910"),
    ("CE", "lower", "bit", "histograms:cross_entropy",
     "Bulanon et al. 2009, Biosystems Engineering 103(1), 12-22"),
    ("SD", "higher", LEVEL, "moments:standard_deviation",
     "Rao 1997, doi:10.1088/0957-0233/8/4/002"),
    ("SF", "higher", LEVEL, "gradients:spatial_frequency",
     "Eskicioglu and Fisher 1995, doi:10.1109/26.477498"),
    ("AG", "higher", LEVEL, "gradients:average_gradient",
     "Cui et al. 2015, doi:10.1016/j.optcom.2014.12.032"),
    ("EI", "higher", LEVEL, "gradients:edge_intensity", "Rajalingam and Priya 2018"),
    ("MI", "higher", "nat", "histograms:mutual_information",
     "Qu et al. 2002, doi:10.1049/el:20020212"),
    ("NMI", "higher", "1", "histograms:normalized_mutual_information",
     "Hossny et al. 2008, doi:10.1049/el:20081754"),
    ("CC", "higher", "1", "moments:correlation", "Deshmukh and Bhosale 2010"),
    ("SCD", "higher", "1", "moments:correlations_of_differences",
     "Aslantas and Bendes 2015, doi:10.1016/j.aeue.2015.09.004"),
    ("MSE", "lower", "squared gray level", "moments:mean_squared_error", JAGALINGAM),
    ("PSNR", "higher", DECIBEL, "moments:peak_signal_to_noise_ratio", JAGALINGAM),
    ("SSIM", "higher", "1", "ssim:structural_similarity", WANG),
    ("MS-SSIM", "higher", "1", "ssim:multi_scale_similarity",
     "Wang et al. 2003, doi:10.1109/ACSSC.2003.1292216"),
    ("MEF-SSIM", "higher", "1", "mef_ssim:exposure_similarity",
     "Ma et al. 2015, doi:10.1109/TIP.2015.2442920"),
    ("VIF", "higher", "1", "vif:visual_information_fidelity", SHEIKH),
    ("Qabf", "higher", "1", "edges:edge_preservation",
     "Xydeas and Petrovic 2000, doi:10.1049/el:20000267"),
    ("Q_G", "higher", "1", "edges:gradient_quality",
     "Xydeas and Petrovic 2000, doi:10.1117/12.381668"),
    ("Nabf", "lower", "1", "edges:fusion_artifacts",
     "Shreyamsha Kumar 2013, doi:10.1007/s11760-012-0361-x"),
    ("FMI_none", "higher", "1", "fmi:raw_information", FMI),
    ("FMI_edge", "higher", "1", "fmi:edge_information", FMI),
    ("FMI_gradient", "higher", "1", "fmi:gradient_information", FMI),
    ("FMI_dct", "higher", "1", "fmi:cosine_information", FMI),
    ("FMI_wavelet", "higher", "1", "fmi:wavelet_information", FMI),
    ("QNCIE", "higher", "1", "histograms:nonlinear_information",
     "Wang et al. 2008, Image Fusion: Algorithms and Applications, 469-492"),
    ("TE", "higher", "1", "histograms:tsallis_entropy", "Nava et al. 2007, SPIE Newsroom"),
    ("Q_M", "higher", "1", "wavelets:multi_scale_quality",
     "Wang and Liu 2008, doi:10.1109/ICOSP.2008.4697288"),
    ("Q_P", "higher", "1", "phase:phase_congruency_quality",
     "Zhao et al. 2007, IJICIC 3(6A), 1433-1447"),
    ("Q_S", "higher", "1", "ssim:fusion_quality", PIELLA),
    ("Q_W", "higher", "1", "ssim:weighted_quality", PIELLA),
    ("Q_E", "higher", "1", "ssim:edge_quality", PIELLA),
    ("Q_C", "higher", "1", "ssim:cvejic_quality", "Cvejic et al. 2006, IJICE 2(3), 178-182"),
    ("Q_Y", "higher", "1", "ssim:yang_quality",
     "Yang et al. 2008, doi:10.1016/j.inffus.2006.09.001"),
    ("Q_CB", "higher", "1", "contrast:contrast_quality",
     "Chen and Blum 2009, doi:10.1016/j.imavis.2007.12.002"),
    ("Q_CV", "lower", "squared gray level", "contrast:perceived_difference",
     "Chen and Varshney 2007, doi:10.1016/j.inffus.2005.10.001"),
    ("QSF", "none", "1", "gradients:frequency_error",
     "Zheng et al. 2007, doi:10.1016/j.inffus.2005.04.003"),
)  # fmt: skip
"""Metrics of a fused image against its two sources, in their canonical definitions."""

REFERENCE_METRICS: tuple[tuple[str, str, str, str, str], ...] = (
    ("PSNR-GT", "higher", DECIBEL, "moments:reference_ratio", JAGALINGAM),
    ("SSIM-GT", "higher", "1", "ssim:reference_similarity", WANG),
    ("VIF-GT", "higher", "1", "vif:reference_fidelity", SHEIKH),
)
"""Metrics of a fused image against a ground truth."""

VIVONE = (
    "liangjiandeng/DLPan-Toolbox Quality_Indices; Vivone et al. 2021, doi:10.1109/MGRS.2020.3019315"
)
ALPARONE = "Alparone et al. 2008, doi:10.14358/PERS.74.2.193"

BAND_METRICS: tuple[tuple[str, str, str, str, bool, str], ...] = (
    # metric, direction, unit, function, needs a ground truth, source
    ("SAM", "lower", "degree", "bands:spectral_angle", True, "Yuhas et al. 1992"),
    ("ERGAS", "lower", "1", "bands:relative_error", True, "Wald 2000"),
    ("SCC", "higher", "1", "bands:spatial_correlation", True,
     "Zhou et al. 1998, doi:10.1080/014311698215973"),
    ("Q", "higher", "1", "bands:universal_quality", True,
     "Wang and Bovik 2002, doi:10.1109/97.995823"),
    ("Q2n", "higher", "1", "bands:hypercomplex_quality", True,
     "Garzelli and Nencini 2009, doi:10.1109/LGRS.2009.2022650"),
    ("MPSNR", "higher", DECIBEL, "bands:mean_peak_ratio", True, JAGALINGAM),
    ("MSSIM", "higher", "1", "bands:mean_similarity", True, WANG),
    ("RMSE", "lower", "digital number", "bands:root_mean_square_error", True, "in common use"),
    ("D_lambda", "lower", "1", "bands:spectral_distortion", False, ALPARONE),
    ("D_s", "lower", "1", "bands:spatial_distortion", False, ALPARONE),
    ("QNR", "higher", "1", "bands:quality_without_reference", False, ALPARONE),
    ("HQNR", "higher", "1", "bands:hybrid_quality", False, VIVONE),
)  # fmt: skip
"""Metrics of multi-band arrays, as DLPan-Toolbox computes them."""

DLPAN = "liangjiandeng/DLPan-Toolbox Tools/indexes_evaluation.m"
HSTOOL = "matciotola/hyperspectral_pansharpening_toolbox Metrics/"

BAND_VARIANTS: tuple[tuple[str, str, str, str], ...] = (
    # metric, name of the definition, function, source
    ("Q2n", "dlpan", "toolboxes:dlpan_hypercomplex", DLPAN),
    ("Q", "dlpan", "toolboxes:dlpan_universal", DLPAN),
    ("SAM", "dlpan", "toolboxes:dlpan_angle", DLPAN),
    ("ERGAS", "dlpan", "toolboxes:dlpan_error", DLPAN),
    ("SCC", "dlpan", "toolboxes:dlpan_correlation", DLPAN),
    ("Q2n", "hstool", "toolboxes:hstool_hypercomplex", HSTOOL),
    ("SAM", "hstool", "toolboxes:hstool_angle", HSTOOL),
    ("ERGAS", "hstool", "toolboxes:hstool_error", HSTOOL),
    ("D_lambda", "hstool", "toolboxes:hstool_spectral", HSTOOL),
    ("D_s", "hstool", "toolboxes:hstool_spatial", HSTOOL),
    ("HQNR", "hstool", "toolboxes:hstool_quality", HSTOOL),
)
"""The same as two toolboxes apply them."""

EVALUATOR_SOURCES = {
    "cddfuse": "Zhaozixiang1228/MMIF-CDDFuse utils/Evaluator.py",
    "tang": "Linfeng-Tang/Evaluation-for-Image-Fusion Evaluation/",
    "vifb": "xingchenzhang/VIFB metrics/",
    "zliu": "zhengliu6699/imageFusionMetrics",
    "ivif-zoo": "RollingPlain/IVIF_ZOO Metric/Metric_torch.py",
    "mefb": "xingchenzhang/MEFB metrics/",
}
"""Repository and path of each published evaluator."""

_SAME = ""
"""Column of an evaluator whose formula is the canonical one."""

EVALUATOR_FORMULAS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    # column, metric, unit (empty: as the canonical one), function (empty: the canonical one)
    "cddfuse": (
        ("EN", "EN", "", _SAME),
        ("SD", "SD", "", _SAME),
        ("SF", "SF", "", _SAME),
        ("AG", "AG", "", _SAME),
        ("MI", "MI", "", _SAME),
        ("MSE", "MSE", "", _SAME),
        ("CC", "CC", "", _SAME),
        ("PSNR", "PSNR", "", "moments:peak_of_fused"),
        ("SCD", "SCD", "", _SAME),
        ("VIFF", "VIF", "", "vif:fidelity_or_one"),
        ("Qabf", "Qabf", "", _SAME),
        ("SSIM", "SSIM", "", "ssim:structural_similarity_box"),
    ),
    "tang": (
        ("EN", "EN", "", _SAME),
        ("MI", "MI", "bit", "histograms:mutual_information_merged"),
        ("PSNR", "PSNR", "", "moments:peak_unit_error"),
        ("MSE", "MSE", "1", "moments:mean_squared_error_unit"),
        ("SF", "SF", "", _SAME),
        ("SD", "SD", "", _SAME),
        ("VIF", "VIF", "", _SAME),
        ("AG", "AG", "", "gradients:average_gradient_inner"),
        ("CC", "CC", "", _SAME),
        ("SCD", "SCD", "", _SAME),
        ("Qabf", "Qabf", "", _SAME),
        ("Nabf_as_called", "Nabf", "", "edges:fusion_artifacts_as_called"),
        ("Nabf", "Nabf", "", _SAME),
        ("SSIM", "SSIM", "", "ssim:structural_similarity_double"),
        ("MS_SSIM", "MEF-SSIM", "", _SAME),
        ("FMI_none", "FMI_none", "", _SAME),
        ("FMI_gradient", "FMI_gradient", "", _SAME),
        ("FMI_pixel(edge)", "FMI_edge", "", _SAME),
        ("FMI_dct", "FMI_dct", "", _SAME),
        ("FMI_w", "FMI_wavelet", "", _SAME),
    ),
    "vifb": (
        ("Cross_entropy", "CE", "", _SAME),
        ("Entropy", "EN", "", _SAME),
        ("Mutinf", "MI", "", _SAME),
        ("Psnr", "PSNR", "", "moments:peak_over_root_error"),
        ("Avg_gradient", "AG", "", "gradients:average_gradient_inner"),
        ("Edge_intensity", "EI", "", _SAME),
        ("Qabf", "Qabf", "", _SAME),
        ("Variance", "SD", "", _SAME),
        ("Spatial_frequency", "SF", "", "gradients:spatial_frequency_all"),
        ("Rmse", "MSE", LEVEL, "moments:root_error_over_count"),
        ("Ssim", "SSIM", "", "ssim:structural_similarity_sum"),
        ("Qcb", "Q_CB", "", _SAME),
        ("Qcv", "Q_CV", "", _SAME),
    ),
    "zliu": (
        ("QMI", "NMI", "", _SAME),
        ("QTE_nava", "TE", "", "histograms:tsallis_entropy_swapped"),
        ("TE_cvejic", "TE", "", "histograms:tsallis_cvejic_swapped"),
        ("QNCIE", "QNCIE", "", _SAME),
        ("QG", "Q_G", "", _SAME),
        ("QM", "Q_M", "", _SAME),
        ("QSF", "QSF", "", _SAME),
        ("QP", "Q_P", "", _SAME),
        ("QS", "Q_S", "", "ssim:fusion_quality_original"),
        ("QW", "Q_W", "", _SAME),
        ("QC", "Q_C", "", "ssim:cvejic_quality_original"),
        ("QY", "Q_Y", "", "ssim:yang_quality_original"),
        ("QCV", "Q_CV", "", _SAME),
        ("QCB", "Q_CB", "", _SAME),
    ),
    "ivif-zoo": (
        ("CE", "CE", "nat", "histograms:sigmoid_cross_entropy"),
        ("NMI", "NMI", "", "histograms:information_over_sources"),
        ("QNCIE", "QNCIE", "", "moments:linear_information"),
        ("TE", "TE", "bit", "histograms:entropy_difference"),
        ("EI", "EI", "", "gradients:edge_intensity_zero_padded"),
        ("Qy", "Q_Y", "", "ssim:yang_quality_striped"),
        ("Qcb", "Q_CB", "", "contrast:contrast_quality_unit"),
        ("EN", "EN", "", "histograms:entropy_offset"),
        ("MI", "MI", "bit", "histograms:mutual_information_bits"),
        ("SF", "SF", "", _SAME),
        ("AG", "AG", "", _SAME),
        ("SD", "SD", "", _SAME),
        ("CC", "CC", "", _SAME),
        ("SCD", "SCD", "", _SAME),
        ("VIF", "VIF", "", "vif:fidelity_padded"),
        ("MSE", "MSE", "1", "moments:mean_squared_error_unit"),
        ("PSNR", "PSNR", "", "moments:peak_unit_error"),
        ("Qabf", "Qabf", "", _SAME),
        ("Nabf", "Nabf", "", "edges:fusion_artifacts_strong"),
        ("SSIM", "SSIM", "", "ssim:structural_similarity_unscaled"),
        ("MS_SSIM", "MS-SSIM", "", "ssim:multi_scale_similarity_unscaled"),
    ),
    "mefb": (
        ("Avg_gradient", "AG", "", "gradients:average_gradient_inner"),
        ("Cross_entropy", "CE", "", _SAME),
        ("Edge_intensity", "EI", "", _SAME),
        ("Entropy", "EN", "", _SAME),
        ("FMI", "FMI_edge", "", _SAME),
        ("MEF_SSIM", "MEF-SSIM", "", _SAME),
        ("NMI", "NMI", "", _SAME),
        ("Psnr", "PSNR", "", "moments:peak_over_root_error"),
        ("Qabf", "Qabf", "", _SAME),
        ("Qc", "Q_C", "", "ssim:cvejic_quality_original"),
        ("Qcb", "Q_CB", "", _SAME),
        ("Qcv", "Q_CV", "", _SAME),
        ("Qncie", "QNCIE", "", _SAME),
        ("Qp", "Q_P", "", _SAME),
        ("Qw", "Q_E", "", "ssim:edge_weighted_quality"),
        ("Qy", "Q_Y", "", "ssim:yang_quality_original"),
        ("SD", "SD", "", _SAME),
        ("Spatial_frequency", "SF", "", "gradients:spatial_frequency_all"),
        ("TE", "TE", "", "histograms:tsallis_cvejic_swapped"),
        ("VIF", "VIF", "", "vif:fusion_fidelity"),
    ),
}
"""Columns of each published evaluator, in its own names and order."""

EVALUATOR_COLUMNS = {
    name: tuple(row[0] for row in rows) for name, rows in EVALUATOR_FORMULAS.items()
}

VARIANTS: tuple[tuple[str, str, str, str], ...] = (
    # metric, name of the definition, function, source
    ("SD", "sample", "moments:sample_deviation", "in common use"),
    (
        "SD",
        "tang-uint8",
        "moments:saturated_deviation",
        "Evaluation-for-Image-Fusion, run on uint8 images",
    ),
    ("PSNR", "mean", "moments:mean_of_ratios", "in common use"),
    ("VIF", "mean", "vif:mean_fidelity", "in common use"),
    (
        "VIF",
        "tang-uint8",
        "vif:fidelity_saturated",
        "Evaluation-for-Image-Fusion, run on uint8 images",
    ),
)
"""Definitions in use that belong to no evaluator's own set."""

COMMON = ("EN", "SD", "SF", "AG", "MI", "SCD", "VIF", "Qabf", "SSIM")
"""What papers on infrared and visible images print most often."""

DEFAULTS: dict[str, tuple[str, ...]] = {
    "infrared-visible": COMMON,
    "medical": COMMON,
    "visible-nir": COMMON,
    "remote-sensing": COMMON,
    "multi-focus": ("EN", "SF", "AG", "NMI", "VIF", "Qabf", "SSIM", "Q_Y", "Q_CB"),
    "multi-exposure": ("EN", "SF", "AG", "NMI", "Qabf", "MEF-SSIM", "Q_CB", "Q_CV"),
    "pansharpening": ("D_lambda", "D_s", "QNR", "HQNR"),
    "hsi-msi": ("MPSNR", "MSSIM", "SAM", "ERGAS", "RMSE", "Q"),
}
"""Metrics of a task when a suite names none."""


def definitions() -> Iterator[Definition]:
    """Every definition, canonical ones first."""
    for metric, direction, unit, target, source in CANONICAL_METRICS:
        yield Definition(
            metric, metric, CANONICAL, direction, unit, False, GRAY_TASKS, source, target
        )
    for metric, direction, unit, target, source in REFERENCE_METRICS:
        yield Definition(
            metric, metric, CANONICAL, direction, unit, True, GRAY_TASKS, source, target
        )
    for metric, direction, unit, target, needs_reference, source in BAND_METRICS:
        yield Definition(
            metric, metric, CANONICAL, direction, unit, needs_reference, BAND_TASKS, source, target
        )
    yield from _band_variants()
    for evaluator in EVALUATOR_FORMULAS:
        yield from _evaluator_definitions(evaluator)
    yield from _variant_definitions()


def _band_variants() -> Iterator[Definition]:
    canonical = {row[0]: row for row in BAND_METRICS}
    for metric, name, target, source in BAND_VARIANTS:
        _, direction, unit, _, needs_reference, _ = canonical[metric]
        yield Definition(
            f"{metric}@{name}",
            metric,
            name,
            direction,
            unit,
            needs_reference,
            BAND_TASKS,
            source,
            target,
        )


def _variant_definitions() -> Iterator[Definition]:
    canonical = {row[0]: row for row in CANONICAL_METRICS}
    for metric, name, target, source in VARIANTS:
        _, direction, unit, _, _ = canonical[metric]
        yield Definition(
            f"{metric}@{name}", metric, name, direction, unit, False, GRAY_TASKS, source, target
        )


def _evaluator_definitions(evaluator: str) -> Iterator[Definition]:
    canonical = {row[0]: row for row in CANONICAL_METRICS}
    source = EVALUATOR_SOURCES[evaluator]
    for column, metric, own_unit, own_target in EVALUATOR_FORMULAS[evaluator]:
        _, direction, unit, target, _ = canonical[metric]
        columns = [row[0] for row in EVALUATOR_FORMULAS[evaluator] if row[1] == metric]
        # two columns of one metric are two definitions, told apart by the column
        definition = evaluator if len(columns) == 1 or column == metric else f"{evaluator}:{column}"
        name, target, unit = f"{column}@{evaluator}", own_target or target, own_unit or unit
        yield Definition(
            name, metric, definition, direction, unit, False, GRAY_TASKS, source, target
        )
