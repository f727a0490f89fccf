"""The rule by which weights ship."""

from __future__ import annotations

import numpy as np
import pytest

from bench.records.values import Floats
from tests.support.choose_weights import BETTER, decide

PICTURES = 40


def gains(boundary: float, seam: float, psnr: float) -> dict[str, Floats]:
    """Gains of a mean, with the same noise in every metric."""
    noise = np.random.default_rng(0).standard_normal(PICTURES)
    noise -= noise.mean()
    values = dict.fromkeys(BETTER, seam + noise) | {BETTER[0]: boundary + noise}
    return values | {"psnr.hole": np.full(PICTURES, psnr)}


@pytest.mark.parametrize(
    ("boundary", "seam", "psnr", "ships"),
    [
        (5.0, 5.0, -0.4, "replace"),
        (5.0, 5.0, -0.6, "both"),  # too much PSNR is lost
        (5.0, 0.0, -0.4, "both"),  # the seam is no better
        (5.0, -5.0, -0.4, "both"),
        (0.1, 5.0, 0.0, "neither"),  # not told apart
        (-5.0, 5.0, 1.0, "neither"),
    ],
)
def test_weights_ship_by_the_rule(boundary: float, seam: float, psnr: float, ships: str) -> None:
    assert decide(gains(boundary, seam, psnr)).ships == ships


def test_a_decision_says_its_figures() -> None:
    lines = decide(gains(5.0, 5.0, -0.4)).lines
    assert "gain 5.00" in lines[0]
    assert "change -0.40 dB" in lines[3]
    assert "ahead on 40 pictures, behind on 0" in lines[4]
