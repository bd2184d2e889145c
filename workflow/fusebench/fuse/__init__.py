"""Fuse: the authors' own script, run as it is on a dataset in its normal form, its results brought back to pair names."""
