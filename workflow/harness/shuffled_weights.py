"""Writes a file of weights again, with the values of each tensor in another order.

It is a script that the launcher runs in the environment of a method: ``shuffled_weights.py SOURCE
TARGET``. The network that loads the new file has the same form and is as good as untrained. A test
script that gives the same image with it has not used the file.
"""

import os
import random
import sys
import zipfile

MOST_DEEP = 12


def main(source, target):
    """Read a file of torch or numpy, shuffle every array of numbers in it, and write it."""
    sys.path.insert(0, os.getcwd())  # classes of a pickled model lie in the repository
    if _is_numpy(source):
        count = _shuffle_numpy(source, target)
    else:
        count = _shuffle_torch(source, target)
    if not count:
        sys.exit("no array of different numbers was found in %s" % source)
    print("%d arrays were shuffled" % count)


def _is_numpy(path):
    with open(path, "rb") as file:
        if file.read(6) == b"\x93NUMPY":
            return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return bool(names) and all(name.endswith(".npy") for name in names)


def _shuffle_numpy(source, target):
    import numpy

    generator = numpy.random.RandomState(0)
    loaded = numpy.load(source)
    arrays = {"": loaded} if isinstance(loaded, numpy.ndarray) else dict(loaded)
    mixed = {name: generator.permutation(one.ravel()) for name, one in arrays.items()}
    changed = sum(bool((mixed[name] != one.ravel()).any()) for name, one in arrays.items())
    shaped = {name: mixed[name].reshape(one.shape) for name, one in arrays.items()}
    with open(target, "wb") as file:
        if "" in shaped:
            numpy.save(file, shaped[""])
        else:
            numpy.savez(file, **shaped)
    return changed


def _shuffle_torch(source, target):
    import torch

    options = {"map_location": "cpu"}
    try:
        content = torch.load(source, weights_only=False, **options)
    except TypeError:  # before torch 1.13
        content = torch.load(source, **options)
    torch.manual_seed(0)
    count = _shuffle(content, torch, 0, set())
    torch.save(content, target)
    return count


def _shuffle(content, torch, depth, seen):
    """Shuffle in place; returns how many tensors have changed."""
    if depth > MOST_DEEP or id(content) in seen:
        return 0
    seen.add(id(content))
    if isinstance(content, torch.Tensor):
        return _shuffle_tensor(content, torch)
    if isinstance(content, torch.nn.Module):
        tensors = list(content.parameters()) + list(content.buffers())
        return sum(_shuffle_tensor(tensor, torch) for tensor in tensors)
    if isinstance(content, dict):
        parts = list(content.values())
    elif isinstance(content, (list, tuple)):
        parts = list(content)
    else:
        return 0
    return sum(_shuffle(part, torch, depth + 1, seen) for part in parts)


def _shuffle_tensor(tensor, torch):
    if not tensor.is_floating_point() or tensor.numel() < 2:
        return 0
    with torch.no_grad():
        flat = tensor.detach().clone().reshape(-1)
        mixed = flat[torch.randperm(flat.numel())]
        tensor.copy_(mixed.reshape(tensor.shape))
    return int(bool((mixed != flat).any()))


if __name__ == "__main__":
    random.seed(0)
    main(*sys.argv[1:3])
