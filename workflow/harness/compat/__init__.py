"""Shims that an entry asks for by name, because its code needs what libraries dropped.

:data:`COMPAT` lists them; ``shims.json`` says what each does and when to use it. A name with a
colon takes an argument: ``missing-modules:thop,seaborn``, ``module-alias:OLD=NEW``.
"""

import json
import os

from ..job import JobError
from . import imports, libraries, mamba, mamba2, misc, paths, torch_load
from . import torchvision as torchvision_operators

COMPAT = {
    "numpy-aliases": libraries.numpy_aliases,
    "scipy-misc": misc.scipy_misc,
    "skimage-compare": libraries.skimage_compare,
    "pillow-aliases": libraries.pillow_aliases,
    "yaml-load": libraries.yaml_load,
    "inspect-getargspec": libraries.inspect_getargspec,
    "collections-abc": libraries.collections_abc,
    "tensorflow-v1": libraries.tensorflow_v1,
    "torch-load-pickle": torch_load.torch_load_pickle,
    "pretend-cuda": torch_load.pretend_cuda,
    "torchvision-io": torchvision_operators.torchvision_io,
    "torchvision-nms": torchvision_operators.torchvision_nms,
    "missing-modules": imports.missing_modules,
    "module-alias": imports.module_alias,
    "mamba-ssm": mamba.mamba_ssm,
    "mamba2-ssm": mamba2.mamba2_ssm,
    "windows-paths": paths.windows_paths,
}
# Always applied: harmless where it is not needed.
ALWAYS = ("torchvision-nms",)


def install(names, tally, finder):
    """Install the shims ``names``.

    Raises:
        JobError: a name is unknown, or its argument is missing.
    """
    for full_name in list(names) + [name for name in ALWAYS if name not in names]:
        name, _, argument = full_name.partition(":")
        if name not in COMPAT:
            raise JobError(
                "compat: no shim is called %r; there are %s" % (name, ", ".join(sorted(COMPAT)))
            )
        COMPAT[name](argument, tally, finder)


def documentation():
    """Name -> what the shim does and when to use it, those for Octave included."""
    with open(os.path.join(os.path.dirname(__file__), "shims.json"), encoding="utf-8") as file:
        return json.load(file)
