"""How large images are handled, and how much memory they take; loads no numerical library."""

from __future__ import annotations

WHOLE_PIXELS = 2**21
"""Images of up to so many pixels are handled in one piece: 1920 x 1080 is, 4000 x 3000 is not."""

STRIP_PIXELS = 2**19
"""Pixels of a strip of a larger image."""

KEPT_BYTES = 576 * 2**20
"""How many bytes of their parts the images of one pair cache together."""
