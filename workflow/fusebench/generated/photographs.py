"""The photographs that scikit-image carries inside its wheel, cropped; no network is needed.

Only PNG files are used: decoders of JPEG differ in the last bit from one library version to the
next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fusebench.generated.pair import Image


def crop(name: str, top: int = 0, left: int = 0, height: int = 288, width: int = 384) -> Image:
    """A window of the photograph ``skimage.data.<name>()``, gray or RGB.

    It is smaller where the photograph ends.
    """
    from skimage import data

    photograph: Image = getattr(data, name)()
    return np.ascontiguousarray(photograph[top : top + height, left : left + width, ...])


def halved(image: Image) -> Image:
    """The image at half size, each pixel the rounded mean of a 2 x 2 block.

    An odd last row or column is dropped.
    """
    height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    wide = image[:height, :width].astype(np.uint16)
    total = wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2]
    return ((total + 2) // 4).astype(np.uint8)


def motorcycle() -> tuple[Image, NDArray[np.uint8]]:
    """A garage at half size, RGB ``(250, 370, 3)``, and its measured nearness ``(250, 370)``.

    Nearness goes from 0 (far) to 255 (near). Left image and disparity of Middlebury's Motorcycle
    (Scharstein et al., GCPR 2014). A pixel without a measured disparity has that of the nearest
    measured pixel.
    """
    from scipy.ndimage import distance_transform_edt
    from skimage import data

    left, _, disparity = data.stereo_motorcycle()  # type: ignore[no-untyped-call]
    unknown = ~np.isfinite(disparity)
    rows, columns = distance_transform_edt(unknown, return_distances=False, return_indices=True)
    disparity = disparity[rows, columns][: 250 * 2 : 2, : 370 * 2 : 2].astype(np.float64)
    nearest, farthest = disparity.max(), disparity.min()
    nearness = np.floor(255 * (disparity - farthest) / (nearest - farthest) + 0.5)
    return halved(left), nearness.astype(np.uint8)
