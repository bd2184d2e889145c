"""Whether metrics agree with the evaluators that were written in MATLAB, run under GNU Octave.

Run: ``.venv/bin/python benchmarks/matlab_evaluators.py [--mirror FOLDER] [EVALUATOR ...]``. Each
evaluator is cloned at its commit from its repository, or from ``FOLDER/<owner>+<name>/repo``, and
measures the generated scenes of the tests. Octave with the packages image and signal must be
installed. A table says for each evaluator how many values were compared and how far they lie apart;
the exit status is 1 where one is further away than the tests allow.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from fusebench.metrics import SourcePair, resolve
from scipy.io import savemat

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.metrics.conftest import make_scene  # noqa: E402 - the root is not on the path of a script
from tests.metrics.test_agreement import SCENES, tolerance  # noqa: E402

OWN = Path(__file__).with_name("matlab")
SHIMS = ROOT / "workflow/harness/octave"
SECONDS = 3600
SMALLEST = min(SCENES, key=lambda name: SCENES[name][0])


@dataclass(frozen=True)
class Evaluator:
    """An evaluator in MATLAB.

    Attributes:
        repository: owner/name on GitHub.
        commit: what is cloned.
        folders: where its functions lie.
        columns: column of the evaluator -> expression of the sources ``a`` (infrared) and ``b``
            (visible) and the fused image ``f``; ``a8``, ``b8``, ``f8`` are the same as uint8.
        archives: zip files of the repository that hold functions.
        slow: columns that take minutes for one image, for which one scene has to do.
        not_here: column -> what Octave lacks for it.
    """

    repository: str
    commit: str
    folders: tuple[str, ...]
    columns: dict[str, str]
    archives: tuple[str, ...] = ()
    slow: tuple[str, ...] = ()
    not_here: dict[str, str] = field(default_factory=dict)


VIFB_COLUMNS = (
    *("Cross_entropy", "Entropy", "Mutinf", "Psnr", "Avg_gradient", "Edge_intensity", "Qabf"),
    *("Variance", "Spatial_frequency", "Rmse", "Ssim", "Qcb", "Qcv"),
)

EVALUATORS = {
    "tang": Evaluator(
        repository="Linfeng-Tang/Evaluation-for-Image-Fusion",
        commit="0e87153",
        folders=("Evaluation",),
        columns={
            "EN": "entropy(f8)",
            "MI": "MI_evaluation(a8, b8, f8, 256)",
            "PSNR": "PSNR_evaluation(a, b, f)",
            "MSE": "MSE_evaluation(a, b, f)",
            "SF": "SF_evaluation(f)",
            "SD": "SD_evaluation(f)",
            "VIF": "vifp_mscale(a, f) + vifp_mscale(b, f)",
            "AG": "AG_evaluation(f)",
            "CC": "CC_evaluation(a, b, f)",
            "SCD": "analysis_SCD(a, b, f)",
            "Qabf": "analysis_Qabf(a, b, f)",
            "Nabf_as_called": "analysis_nabf(a, b, f)",
            "Nabf": "analysis_nabf(f, a, b)",
            "SSIM": "0.5 * ssim(f, a) + 0.5 * ssim(f, b)",
            "MS_SSIM": "analysis_ms_ssim(cat(3, a, b), f)",
            "FMI_none": "analysis_fmi(a, b, f, 'none')",
            "FMI_gradient": "analysis_fmi(a, b, f, 'gradient')",
            "FMI_dct": "analysis_fmi(a, b, f, 'dct')",
        },
        slow=("FMI_none", "FMI_gradient", "FMI_dct"),
        not_here={
            "FMI_pixel(edge)": "MATLAB's edge thins what Octave's does not",
            "FMI_w": "dwt2 of the Wavelet Toolbox",
        },
    ),
    "vifb": Evaluator(
        repository="xingchenzhang/VIFB",
        commit="22b2ea9",
        folders=("metrics",),
        columns={name: f"metrics{name}(b, a, f)" for name in VIFB_COLUMNS},
    ),
    "zliu": Evaluator(
        repository="zhengliu6699/imageFusionMetrics",
        commit="d6f7f1a",
        folders=(".",),
        archives=("matlabPyrTools.zip",),
        columns={
            "QMI": "metricMI(a, b, f, 1)",
            "QTE_nava": "metricMI(a, b, f, 3)",
            "TE_cvejic": "metricMI(a, b, f, 2)",
            "QNCIE": "metricWang(a, b, f)",
            "QG": "metricXydeas(a, b, f)",
            "QM": "metricPWW(a, b, f)",
            "QSF": "metricZheng(a, b, f)",
            "QP": "metricZhao(a, b, f)",
            "QS": "metricPeilla(a, b, f, 1)",
            "QW": "metricPeilla(a, b, f, 2)",
            "QC": "metricCvejic(a, b, f, 2)",
            "QY": "metricYang(a, b, f)",
            "QCV": "metricChen(a, b, f)",
            "QCB": "metricChenBlum(a, b, f)",
        },
    ),
}


class Compared(msgspec.Struct):
    """What came of one evaluator.

    Attributes:
        values: the number of values that were compared.
        worst: the largest relative difference, and the column that has it.
        off: values that differ by more than the tests allow.
        failed: what Octave said of columns that gave no value.
    """

    values: int = 0
    worst: tuple[float, str] = (0.0, "none")
    off: list[str] = msgspec.field(default_factory=list)
    failed: dict[str, str] = msgspec.field(default_factory=dict)


def main() -> int:
    """Compare the evaluators that are named, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("evaluators", nargs="*", choices=[*EVALUATORS, []], metavar="EVALUATOR")
    parser.add_argument("--mirror", type=Path, help="FOLDER/<owner>+<name>/repo instead of GitHub")
    options = parser.parse_args()
    if not shutil.which("octave-cli"):
        print("octave-cli must be on PATH; install GNU Octave with the packages image and signal")
        return 2
    found = {
        name: compare(name, EVALUATORS[name], options.mirror)
        for name in options.evaluators or EVALUATORS
    }
    print("\n".join(table(found)))
    return int(any(compared.off or compared.failed for compared in found.values()))


def compare(name: str, evaluator: Evaluator, mirror: Path | None) -> Compared:
    """Run one evaluator and compare its values with the definitions ``metric@evaluator``."""
    with tempfile.TemporaryDirectory() as folder:
        lines = measure(evaluator, mirror, Path(folder))
    compared = Compared()
    pairs = {scene: make_scene(*arguments) for scene, arguments in SCENES.items()}
    for kind, scene, column, said in lines:
        if kind == "failed":
            compared.failed[column] = said
            continue
        a, b, fused = pairs[scene]
        metric = f"{column}@{name}"
        value = SourcePair(a, b).measure(fused, resolve([metric]))[metric]
        distance = abs(value - float(said)) / max(abs(float(said)), 1e-300)
        compared.values += 1
        compared.worst = max(compared.worst, (distance, column))
        if distance > tolerance(metric):
            compared.off.append(f"{column} of {scene}: {said} of the original, {value!r} here")
    return compared


def measure(evaluator: Evaluator, mirror: Path | None, folder: Path) -> list[list[str]]:
    """Return kind (value, failed), scene, column and value of each line that Octave printed."""
    code = folder / "code"
    clone(evaluator, mirror, code)
    scenes = {name: make_scene(*arguments) for name, arguments in SCENES.items()}
    savemat(
        folder / "scenes.mat",
        {name: dict(zip("abf", scene, strict=True)) for name, scene in scenes.items()},
    )
    (folder / "columns.txt").write_text(
        "\n".join(
            f"{column}\t{call}\t{SMALLEST if column in evaluator.slow else ' '.join(SCENES)}"
            for column, call in evaluator.columns.items()
        )
    )
    paths = [OWN, SHIMS, SHIMS / "shims/freqspace", *(code / path for path in evaluator.folders)]
    paths += [path.parent for path in sorted((code / "unpacked").rglob("*.m"))]
    add = "".join(f"addpath('{path}');" for path in dict.fromkeys(paths))
    call = f"{add} evaluate('scenes.mat', 'columns.txt')"
    done = subprocess.run(
        ["octave-cli", "--no-gui", "--quiet", "--eval", call],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    found = [line for line in lines if line[0] in {"value", "failed"} and len(line) == 4]
    if done.returncode or not found:
        sys.exit(f"Octave ended with {done.returncode}: {done.stderr[-2000:]}")
    return found


def clone(evaluator: Evaluator, mirror: Path | None, code: Path) -> None:
    """Check out an evaluator, and unpack the archives of functions that it carries."""
    address = f"https://github.com/{evaluator.repository}"
    if mirror:
        address = str(mirror / evaluator.repository.replace("/", "+") / "repo")
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", address, code], check=True)
    paths = [*evaluator.folders, *evaluator.archives]
    subprocess.run(
        ["git", "-C", code, "checkout", "--quiet", evaluator.commit, "--", *paths], check=True
    )
    for archive in evaluator.archives:
        with zipfile.ZipFile(code / archive) as packed:
            packed.extractall(code / "unpacked")


def table(found: dict[str, Compared]) -> list[str]:
    """Return the lines of the table, then what is off or gave no value."""
    lines = [
        "| evaluator | commit | columns | values | largest relative difference | not run |",
        "|---|---|---|---|---|---|",
    ]
    for name, compared in found.items():
        evaluator = EVALUATORS[name]
        distance, column = compared.worst
        absent = [f"{key}: {why}" for key, why in evaluator.not_here.items()]
        lines.append(
            f"| {name} | {evaluator.commit} | {len(evaluator.columns)} | {compared.values} |"
            f" {distance:.1e} ({column}) | {'; '.join(absent) or 'none'} |"
        )
    for name, compared in found.items():
        lines += [f"{name}: off: {line}" for line in compared.off]
        lines += [f"{name}: no value of {key}: {why}" for key, why in compared.failed.items()]
    return lines


if __name__ == "__main__":
    sys.exit(main())
