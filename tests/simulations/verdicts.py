"""Verdicts of the paired gate by the true difference: `python -m tests.simulations.verdicts`.

The margin is 0.1 dB, differences of pictures have a standard deviation of 0.5 dB.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from bench.gating import Margin
from bench.gating.noninferiority import Question, answer
from bench.gating.pairs import PairedValues
from tests.simulations.samples import print_table

MARGIN, DEVIATION = 0.1, 0.5
DIFFERENCES = (0.1, 0.0, -0.1, -0.2, -0.4)
PICTURES = (12, 50, 200)


def verdict(pictures: int, difference: float, seed: int) -> str:
    """Of one comparison of one metric."""
    random = np.random.default_rng([pictures, seed])
    before = random.normal(25, 4, pictures)
    after = before + random.normal(difference, DEVIATION, pictures)
    names = tuple(f"{index:04d}" for index in range(pictures))
    values = PairedValues(names, names, before, after, "dB", True)
    (result,) = answer([Question("model", "protocol", "psnr.hole", values, Margin(MARGIN, "dB"))])
    return result.verdict


def rows(repeats: int = 500) -> Iterator[tuple[object, ...]]:
    """A row a number of pictures and true difference."""
    for pictures in PICTURES:
        for difference in DIFFERENCES:
            found = Counter(verdict(pictures, difference, seed) for seed in range(repeats))
            shares = (f"{100 * found[name] / repeats:.1f}" for name in ("PASS", "INCONCLUSIVE", "REGRESSION"))
            yield pictures, f"{difference:+.1f} dB", *shares


if __name__ == "__main__":
    print_table(("pictures", "true difference", "PASS", "INCONCLUSIVE", "REGRESSION"), rows())
