"""The configuration that train_with_cv.py of EH-DRAN imports and its repository lacks.

The names are those that the script reads, the values those of DILRAN, by the same authors, which
the README names as its base.
"""

from pathlib import Path

data_dir = str(Path.cwd())
train_val_ratio = 0.8
block_idx = [0, 1, 2]  # blocks of VGG16 for the perceptual loss
