"""Which channels other evaluators compare: RGB, or grey values by one of their formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from bench.metrics.evaluators.backends.windows import Floats

__all__ = ["Channels", "channels_of"]

Channels: TypeAlias = Literal["rgb", "grey", "grey-of-bgr", "grey-of-torchvision", "luma"]

_WEIGHTS = {
    "grey": (0.2125, 0.7154, 0.0721),  # skimage.color.rgb2gray
    "grey-of-bgr": (0.0721, 0.7154, 0.2125),
    "grey-of-torchvision": (0.2989, 0.587, 0.114),  # torchvision's rgb_to_grayscale; their sum is 0.9999
}
"""Of red, green and blue."""


def channels_of(picture: npt.NDArray[np.uint8], channels: Channels) -> Floats:
    """The values that are compared, float64 [C, H, W] on the scale 0 to 255.

    Args:
        picture: uint8 [3, H, W] RGB.
        channels: `rgb` gives three channels, the others one. `luma` is 0.299 R + 0.587 G + 0.114 B, rounded half to
            even from exact thousandths.
    """
    if channels == "rgb":
        return np.asarray(picture, dtype=np.float64)
    red, green, blue = picture.astype(np.float64)
    if channels == "luma":
        return np.asarray(np.rint((299 * red + 587 * green + 114 * blue) / 1000)[None])
    weights = _WEIGHTS[channels]
    return np.asarray(weights[0] * red + weights[1] * green + weights[2] * blue)[None]
