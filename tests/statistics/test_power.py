from __future__ import annotations

import numpy as np
import pytest

from bench.statistics import cluster_sums, min_pictures, sign_flip_p
from bench.statistics.power import limiting_p, normal_draw, pictures_needed, power_at, resampling_draw, significant


@pytest.mark.parametrize(("spread", "tests"), [(0.0, 1), (0.01, 1), (0.3, 1), (0.3, 40), (3.0, 1), (3.0, 40)])
def test_so_many_pictures_find_the_difference_four_times_in_five(spread: float, tests: int) -> None:
    needed = pictures_needed(normal_draw(1.0, spread), significant(tests, 0.05))

    assert needed is not None
    assert needed >= min_pictures(tests)
    draws = np.random.default_rng(7).normal(1.0, spread, (needed, 400))
    found = float((sign_flip_p(cluster_sums(draws)) * tests <= 0.05).mean())
    assert found >= 0.74
    assert found <= 0.88 or needed == min_pictures(tests) or needed < 14  # p has large steps there


def test_what_no_number_of_pictures_can_find() -> None:
    assert pictures_needed(normal_draw(0.0, 1.0), significant(1, 0.05)) is None
    assert power_at(5, normal_draw(1.0, 0.0), significant(1, 0.05)) == 0.0


def test_draws_are_of_what_was_observed() -> None:
    values, pictures = [1.0, 3.0, 5.0, np.nan], ["a", "a", "b", "c"]
    drawn = resampling_draw(cluster_sums(values, pictures))(50)

    assert set(drawn.sizes.ravel().tolist()) == {1.0, 2.0}
    assert drawn.means().mean() == pytest.approx(3.0, abs=0.1)
    spread = np.unique(np.round(drawn.sums / drawn.sizes, 9))
    assert spread == pytest.approx([3 - np.sqrt(2), 3 + 2 * np.sqrt(2)])


def test_the_limit_for_many_pictures_is_that_of_the_test() -> None:
    columns = cluster_sums(np.random.default_rng(3).normal(0.2, 1.0, (100, 30)))

    np.testing.assert_allclose(limiting_p(columns), sign_flip_p(columns), rtol=0.15, atol=0.002)
