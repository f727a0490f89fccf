"""The seam metrics computed plainly, with SciPy's distances and parts and scikit-image's CIELAB."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, label
from skimage.color import rgb2lab

__all__ = ["plain_colour", "plain_gradient"]

Picture = npt.NDArray[np.uint8]  # [3, H, W]
Mask = npt.NDArray[np.bool_]  # [H, W]


def near(mask: Mask, width: int) -> Mask:
    """True pixels of `mask` at most `width` from the nearest False one."""
    if mask.all():
        return np.zeros_like(mask)
    return mask & np.asarray(distance_transform_edt(mask) <= width)


def plain_gradient(truth: Picture, answer: Picture, hole: Mask, width: int) -> float:
    """`seam_gradient` of one picture."""
    error = np.where(hole, answer.astype(np.int64) - truth, 0)
    ring = near(hole, width)
    squares = []
    for axis in (0, 1):
        either = np.delete(ring, -1, axis) | np.delete(ring, 0, axis)
        squares.append((np.diff(error, axis=axis + 1) ** 2)[:, either].ravel())
    found = np.concatenate(squares)
    return 10 * float(np.log10(1 + found.mean())) if len(found) else float("nan")


def plain_colour(truth: Picture, answer: Picture, hole: Mask, width: int) -> float:
    """`seam_colour` of one picture, with both rings."""
    completed = np.where(hole, answer, truth)
    colours = [np.asarray(rgb2lab(picture.transpose(1, 2, 0))) for picture in (truth, completed)]
    inside, outside = near(hole, width), near(~hole, width)
    parts = label(hole)[0]
    known = np.pad(~hole, 1)
    border = known[:-2, 1:-1] | known[2:, 1:-1] | known[1:-1, :-2] | known[1:-1, 2:]
    found = []
    for row, column in zip(*np.nonzero(hole & border), strict=True):
        window = np.zeros_like(hole)
        window[max(0, row - width) : row + width + 1, max(0, column - width) : column + width + 1] = True
        own = window & inside & (parts == parts[row, column])
        steps = [colour[own].mean(axis=0) - colour[window & outside].mean(axis=0) for colour in colours]
        found.append(np.linalg.norm(steps[1] - steps[0]))
    return float(np.mean(found)) if found else float("nan")
