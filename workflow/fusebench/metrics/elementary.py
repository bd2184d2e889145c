"""Exponential and arctangent as straight-line code, which the compiler can vectorise.

The C library's functions are called pixel by pixel and would take most of the time of the edge
metrics. The relative error is below 1e-13.
"""

from __future__ import annotations

import math

from fusebench.metrics.compiled import inner_sums


@inner_sums
def bounded_exponential(x: float) -> float:
    """exp(x) for -40 <= x <= 40; below -40 it is exp(-40).

    Taylor series of exp(x / 64) up to degree 14, squared six times.
    """
    y = max(x, -40.0) * (1 / 64)
    power = 1 / 87178291200
    power = power * y + 1 / 6227020800
    power = power * y + 1 / 479001600
    power = power * y + 1 / 39916800
    power = power * y + 1 / 3628800
    power = power * y + 1 / 362880
    power = power * y + 1 / 40320
    power = power * y + 1 / 5040
    power = power * y + 1 / 720
    power = power * y + 1 / 120
    power = power * y + 1 / 24
    power = power * y + 1 / 6
    power = power * y + 1 / 2
    power = power * y + 1
    power = power * y + 1
    power *= power
    power *= power
    power *= power
    power *= power
    power *= power
    return power * power


@inner_sums
def quotient_angle(y: float, x: float) -> float:
    """atan(y / x), and pi / 2 where x is 0.

    The quotient is brought below tan(pi / 8) by angle differences; rational approximation of Cephes
    ``atan.c``.
    """
    size_x, size_y = abs(x), abs(y)
    steep = size_y > 2.414213562373095 * size_x
    middle = size_y > 0.41421356237309503 * size_x
    top = -size_x if steep else (size_y - size_x if middle else size_y)
    bottom = size_y if steep else (size_y + size_x if middle else size_x)
    base = math.pi / 2 if steep else (math.pi / 4 if middle else 0.0)
    t = top / (bottom if bottom != 0 else 1.0)
    z = t * t
    above = -8.750608600031904122785e-1
    above = above * z - 1.615753718733365076637e1
    above = above * z - 7.500855792314704667340e1
    above = above * z - 1.228866684490136173410e2
    above = above * z - 6.485021904942025371773e1
    below = z + 2.485846490142306297962e1
    below = below * z + 1.650270098316988542046e2
    below = below * z + 4.328810604912902668951e2
    below = below * z + 4.853903996359136964868e2
    below = below * z + 1.945506571482613964425e2
    angle = base + (t + t * z * above / below)
    signed = -angle if (y < 0) != (x < 0) else angle
    return math.pi / 2 if size_x == 0 else signed
