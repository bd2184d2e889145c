"""Which source image a path is about: A or B, by the words in it."""

from __future__ import annotations

import re

WORDS: dict[str, tuple[str, ...]] = {
    "infrared": ("infrared", "ir", "inf", "thermal", "lwir", "nir", "t"),
    "visible": ("visible", "vis", "vi", "rgb", "vs", "viz", "visual", "v"),
    "mri": ("mri", "mr", "t1", "t2"),
    "ct": ("ct", "pet", "spect", "func"),
    "other": ("ct", "pet", "spect", "func", "fun", "oth"),
    "pet": ("pet", "ct", "spect", "func"),
    "spect": ("spect", "pet", "ct"),
    "near-focus": (
        "near",
        "a",
        "1",
        "focus1",
        "sourcea",
        "img1",
        "near-focus",
        "source1",
        "lytroa",
    ),
    "far-focus": ("far", "b", "2", "focus2", "sourceb", "img2", "far-focus", "source2", "lytrob"),
    "under-exposed": ("under", "ue", "underexposed", "low", "a", "1", "dark"),
    "over-exposed": ("over", "oe", "overexposed", "high", "b", "2", "bright"),
}
"""What a source image shows -> the words that authors use for it in paths and names."""

OTHER_SIDE = {"a": "b", "b": "a"}
_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")
_LETTERS = re.compile(r"[a-z]+")


def words_of(path: str) -> list[str]:
    """Return the words of a path or a name, in lower case, the last one first.

    >>> words_of("test_img/TNO/ir/*.png")
    ['png', 'ir', 'tno', 'img', 'test']
    """
    return [word.lower() for word in _SPLIT.split(path) if word][::-1]


def role_of(path: str, modalities: tuple[str, str]) -> str:
    """Return ``a`` or ``b`` for the source image that a path is about; empty where it is unclear.

    The last word of the path that belongs to one side alone counts.

    >>> role_of("Datasets/IR-VI/vi/{name}.png", ("infrared", "visible"))
    'b'
    """
    known = {
        side: {modality, *WORDS.get(modality, ())}
        for side, modality in zip(("a", "b"), modalities, strict=True)
    }
    for word in words_of(path):
        letters = _LETTERS.match(word)
        sides = [
            side
            for side, words in known.items()
            if word in words or (letters and letters[0] in words and len(letters[0]) > 1)
        ]
        if len(sides) == 1:
            return sides[0]
    return ""
