"""Cuts the training images into patches and trains the student, as MMDRFuse's README says.

The authors do both by hand: ``train_imgs/Generating_patches.py``, then ``train_student.py``.
"""

import os
import sys
from pathlib import Path

work = Path.cwd()
os.chdir("train_imgs")
for side in ("IR", "VIS"):
    Path("LLVIP_patches", side).mkdir(parents=True)
sys.path.insert(0, str(Path.cwd()))
import Generating_patches  # noqa: E402, F401 - it works while it is imported

os.chdir(work)
import train_student  # noqa: E402

train_student.main()
