"""Sets of pairs that are too small for the test that tells methods from the best mean.

Wilcoxon's signed-rank test of n pairs has no p below 2^(1 - n), which is that of a method that is
better on every pair. Holm's correction multiplies the smallest p by the number of comparisons.
"""

from __future__ import annotations

ALPHA = 0.05
"""The level of the tests."""


def has_too_few_pairs(pairs: int, methods: int) -> bool:
    """Say whether no outcome of the test can tell a method from the best one.

    Args:
        pairs: of the dataset.
        methods: that are compared, the best one included.

    >>> [has_too_few_pairs(8, methods) for methods in (7, 8)]
    [False, True]
    """
    return (methods - 1) * 2.0 ** (1 - pairs) > ALPHA


def pairs_needed(methods: int) -> int:
    """Return the smallest number of pairs with which the test can tell a method from the best one.

    >>> pairs_needed(2), pairs_needed(9)
    (6, 9)
    """
    pairs = 1
    while has_too_few_pairs(pairs, methods):
        pairs += 1
    return pairs
