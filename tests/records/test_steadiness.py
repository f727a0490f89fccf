from __future__ import annotations

import math

import numpy as np
import pytest

from bench.records.steadiness import DRIFT_LIMIT, binding_kernels, drift_limit, look_noise


def test_the_floor_is_the_deviation_of_one_look_from_the_next() -> None:
    random = np.random.default_rng(0)
    looks = np.exp(random.normal(0, 0.02, 2000))

    assert look_noise([looks.tolist()]) == pytest.approx(math.sqrt(2) * 0.02, rel=0.1)
    assert look_noise([]) == look_noise([[1.0]]) == look_noise([[1.0], [5.0]]) == 0.0


def test_moves_between_series_are_no_noise() -> None:
    series = [[1.0, 1.01, 1.0], [7.0, 7.07, 7.0]]

    assert look_noise(series) == pytest.approx(1.4826 * math.log(1.01))


def test_the_limit_is_three_floors_within_bounds() -> None:
    limits = [drift_limit("sum", floor, on_cpu=True) for floor in (0.0, 0.01, 0.02, 0.5)]

    assert limits == [DRIFT_LIMIT, 0.03, 0.06, 0.1]
    assert drift_limit("tiny calls", 0.5, on_cpu=True) == 0.1
    assert drift_limit("tiny calls", 0.5, on_cpu=False) == 0.25
    assert drift_limit("convolution", 0.5, on_cpu=False) == 0.1


@pytest.mark.parametrize(
    ("share", "kernels"),
    [
        (None, {"convolution", "sum", "tiny calls"}),
        (0.24, {"tiny calls"}),
        (0.79, {"tiny calls"}),
        (0.81, {"convolution", "sum"}),
        (1.02, {"convolution", "sum"}),
    ],
)
def test_a_call_that_the_device_waits_for_is_judged_by_launching(share: float | None, kernels: set[str]) -> None:
    assert set(binding_kernels(share)) == kernels
