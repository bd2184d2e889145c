"""A program that stands in for ``octave-cli``: it understands what fusebench asks of Octave."""

from __future__ import annotations

import sys
from pathlib import Path

_PROGRAM = r"""#!{python}
import re, shutil, sys
if "--eval" in sys.argv:
    print({answer!r})
    sys.exit()
text = open(sys.argv[-1], encoding="utf-8").read()
mark = "\x1efusebench: "
print(mark + "ready {version}", flush=True)
for line in text.splitlines():
    said = re.match(r"fusebench_fuse\('(.*?)', '(.*?)', '(.*?)', '(.*?)'\);", line)
    if said:
        name, a, b, result = said.groups()
        code = open(name + ".m").read()
        print("fusing " + result, flush=True)
        if "error" in code:
            print("error: 'ftrans2' undefined", flush=True)
            sys.exit(1)
        open(a, "rb").read()
        shutil.copyfile(b, result)
        print(mark + "shim freqspace", flush=True)
        print(mark + "written " + result, flush=True)
"""


def write_octave(
    folder: Path, version: str = "7.3.0", packages: str = "image 2.14.0\nsignal 1.4.3"
) -> Path:
    """Write ``octave-cli`` into a folder; it copies source image B to each result.

    A function whose file holds the word ``error`` ends it as an error of Octave does.

    Args:
        folder: is made.
        version: of the Octave that it says it is.
        packages: lines of a package and its version.
    """
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "octave-cli"
    answer = f"Octave {version}\n{packages}"
    text = _PROGRAM.replace("{python}", sys.executable).replace("{answer!r}", repr(answer))
    program.write_text(text.replace("{version}", version), encoding="utf-8")
    program.chmod(0o755)
    return program
