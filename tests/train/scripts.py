"""A miniature method that is trained: two weights, fitted with numpy."""

from __future__ import annotations

from typing import Any

TRAIN = '''
"""Fits a weight for each source image; goes on from the last epoch where there is one."""
import argparse, glob, os, time
import cv2, numpy as np
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
parser.add_argument("--seconds", type=float, default=0.0)
options = parser.parse_args()
os.makedirs("ckpt", exist_ok=True)
done = sorted(glob.glob("ckpt/epoch_*.npz"), key=lambda name: int(name[11:-4]))
weights = np.load(done[-1])["weights"] if done else np.random.rand(2)
start = int(done[-1][11:-4]) if done else 0
print("starts at epoch", start)
names = sorted(os.listdir("data/ir"))
assert names, "no training image"
for epoch in range(start, options.epochs):
    for name in names:
        a, b = (cv2.imread("data/%s/%s" % (side, name), 0) / 255.0 for side in ("ir", "vi"))
        target = np.maximum(a, b)
        error = weights[0] * a + weights[1] * b - target
        weights = weights - 0.1 * np.array([(error * a).mean(), (error * b).mean()])
    time.sleep(options.seconds)
    np.savez("ckpt/epoch_%d.npz" % (epoch + 1), weights=weights)
    print("epoch", epoch + 1, "of", options.epochs, flush=True)
'''

TEST = '''
"""Fuses with the trained weights."""
import os
import cv2, numpy as np
weights = np.load("model/weights.npz")["weights"]
os.makedirs("results", exist_ok=True)
for name in sorted(os.listdir("test/ir")):
    a, b = (cv2.imread("test/%s/%s" % (side, name), 0) / 255.0 for side in ("ir", "vi"))
    fused = np.clip(255 * (weights[0] * a + weights[1] * b), 0, 255)
    cv2.imwrite("results/" + name, fused.astype(np.uint8))
'''

SWALLOWED = TEST.replace(
    'weights = np.load("model/weights.npz")["weights"]',
    """open("model/weights.npz", "rb").close()
try:
    weights = np.load("model/other-name.npz")["weights"]
except Exception:
    print("There is no checkpoint")
    weights = np.array([0.6, 0.5])""",
)
"""The same, but it loads another file and catches the error, as pyFusionSR does."""

RUN: dict[str, Any] = {
    "script": "test.py",
    "stage": {"a": "test/ir/{name}.png", "b": "test/vi/{name}.png"},
    "collect": "results/{name}.png",
}


def train_entry(dataset: str = "training", **fields: Any) -> dict[str, Any]:
    """Return ``train`` of the miniature method."""
    return {
        "script": "train.py",
        "args": "--epochs 3",
        "data": [
            {
                "dataset": dataset,
                "stage": {"a": "data/ir/{name}.png", "b": "data/vi/{name}.png"},
            }
        ],
        "seeds": 2,
        "checkpoint": {
            "files": {"model/weights.npz": "ckpt/epoch_*.npz"},
            "selected": "nothing",
        },
        "resources": {"runtime": 5, "gpu": 0},
        **fields,
    }
