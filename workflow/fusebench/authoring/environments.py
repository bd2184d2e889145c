"""Which environment of ``envs/`` has what a script imports, and a draft where none has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fusebench.project import locate, names_in

PACKAGES = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "pywt": "pywavelets",
    "clip": "openai-clip",
    "mmseg": "mmsegmentation",
    "mmcv": "mmcv-lite",
    "tensorboardX": "tensorboardx",
    "pkg_resources": "setuptools",
    "dateutil": "python-dateutil",
    "attr": "attrs",
    "mpl_toolkits": "matplotlib",
}
"""Module -> the package that has it, where the names differ."""

PREFERRED = ("torch-2", "torch-2-clip", "torch-2-monai", "torch-2-mmseg", "torch-1.8", "classical")
"""Environments in the order in which they are tried; torch-2 serves code without torch, too."""

SHIMMED = {"mamba_ssm": "mamba-ssm", "causal_conv1d": "mamba-ssm", "selective_scan": "mamba-ssm"}
"""Module -> the shim that stands for it."""

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


@dataclass(frozen=True)
class Choice:
    """An environment for a script.

    Attributes:
        env: its name.
        missing: modules that it has not got, with where they are imported.
        why: why it was chosen.
    """

    env: str
    missing: Mapping[str, str]
    why: str


def packages_of(folder: Path) -> frozenset[str]:
    """Return the packages of the locks of an environment, in lower case with dashes."""
    texts = [lock.read_text(encoding="utf-8") for lock in sorted(folder.glob("requirements*.lock"))]
    return frozenset(_same(name) for text in texts for name in _PIN.findall(text))


def package_of(module: str) -> str:
    """Return the package that has a module.

    >>> package_of("cv2"), package_of("pytorch_msssim")
    ('opencv-python-headless', 'pytorch-msssim')
    """
    return _same(PACKAGES.get(module, module))


def _same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def choose(root: Path, modules: Mapping[str, str], code: str) -> Choice:
    """Return the environment that lacks the fewest modules of a script.

    Args:
        root: the project's folder.
        modules: that the script imports, with where.
        code: of the script, which tells TensorFlow 1 from 2.
    """
    known = names_in(root, "envs")
    order = [name for name in PREFERRED if name in known]
    order += [name for name in known if name not in order and name != "octave"]
    if "tensorflow" in modules and "torch" not in modules and "tf.compat.v1" not in code:
        first = [name for name in order if name.startswith("tensorflow")]
        order = [*first, *(name for name in order if name not in first)]
    lacking = {name: missing_in(locate(root, f"envs/{name}"), modules) for name in order}
    best = min(order, key=lambda name: (len(lacking[name]), order.index(name)))
    imports = ", ".join(sorted(modules)) or "nothing but Python's own library"
    return Choice(best, lacking[best], f"imports {imports}")


def missing_in(folder: Path, modules: Mapping[str, str]) -> dict[str, str]:
    """Return the modules that an environment has not got."""
    packages = packages_of(folder)
    return {
        module: where for module, where in modules.items() if package_of(module) not in packages
    }


def drafted(env: str, missing: Iterable[str]) -> str:
    """Return how an environment with the missing packages begins, as comments of the draft."""
    lines = "".join(f"\n#       - {package_of(module)}" for module in missing)
    return (
        f"# or an environment of its own, envs/NAME/environment.yml, as that of {env} with"
        f"\n#   dependencies:\n#     - pip:{lines}\n# then: fusebench lock NAME"
    )
