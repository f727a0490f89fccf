"""Made-up values of pictures with mean 0, and tables of what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["SHAPES", "Floats", "fills", "print_table"]

Floats = npt.NDArray[np.float64]
FILLS = 4
"""Fills a picture, where fills are clustered."""


def _skewed(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return np.asarray((random.gamma(2.0, 1.0, shape) - 2.0) / np.sqrt(2.0))


def _heavy(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return np.asarray(random.standard_t(4, shape) / np.sqrt(2.0))


SHAPES: dict[str, Callable[[np.random.Generator, tuple[int, int]], Floats]] = {
    "normal": lambda random, shape: random.normal(0, 1, shape),
    "skewed (gamma 2)": _skewed,
    "heavy tails (t 4)": _heavy,
}
"""Distributions with mean 0 and standard deviation 1."""


def fills(random: np.random.Generator, pictures: int, columns: int) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Four fills each of some pictures, whose values agree within a picture (intraclass correlation 0.9).

    Returns:
        float64 [4 pictures, columns], and the picture of each row.
    """
    of_picture = np.repeat(random.normal(0, np.sqrt(0.9), (pictures, columns)), FILLS, axis=0)
    values = of_picture + random.normal(0, np.sqrt(0.1), of_picture.shape)
    return values, np.repeat(np.arange(pictures), FILLS)


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """As Markdown; words to the left, numbers to the right."""
    print("| " + " | ".join(header) + " |")  # noqa: T201 (what the module is for)
    print("|---|" + "--:|" * (len(header) - 1))  # noqa: T201 (as above)
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")  # noqa: T201 (as above)
