from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.training import Budget, linear_decay


@pytest.mark.parametrize(
    ("progress", "factor"), [(0.0, 1.0), (0.25, 1.0), (0.5, 1.0), (0.75, 0.5), (0.9, 0.2), (1.0, 0.0)]
)
def test_learning_rate_is_constant_and_then_falls_linearly(progress: float, factor: float) -> None:
    assert linear_decay(progress, 0.5) == pytest.approx(factor)


def test_schedule_is_pix2pixhds_over_100_and_100_epochs() -> None:
    for epoch in range(200):
        reference = 1.0 - max(0, epoch - 100) / 100
        assert linear_decay(epoch / 200, 0.5) == pytest.approx(reference)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.99))
def test_learning_rate_never_rises(one: float, other: float, constant: float) -> None:
    assert linear_decay(min(one, other), constant) >= linear_decay(max(one, other), constant) >= 0


def test_a_budget_of_steps_does_not_look_at_the_clock() -> None:
    assert Budget(steps=10).progress(4, 1e9) == 0.4


def test_a_budget_of_minutes_does_not_look_at_the_steps() -> None:
    assert Budget(minutes=2).progress(10**9, 30.0) == 0.25


def test_no_budget_spends_more_than_all() -> None:
    assert Budget(steps=3).progress(4, 0.0) == 1
    assert Budget(minutes=1).progress(0, 61.0) == 1


def test_a_share_of_a_budget_is_of_the_same_kind() -> None:
    assert Budget(steps=1000).share(0.15) == Budget(steps=150)
    assert Budget(minutes=10).share(0.25) == Budget(minutes=2.5)
    assert Budget(steps=3).share(0.01) == Budget(steps=1)


@pytest.mark.parametrize(
    ("steps", "minutes", "found"),
    [(None, None, "neither"), (3, 1.0, "steps 3 and minutes 1.0"), (0, None, "steps 0"), (None, -1.0, "minutes -1.0")],
)
def test_both_or_neither_budget_is_refused(steps: int | None, minutes: float | None, found: str) -> None:
    with pytest.raises(UsageError, match=found):
        Budget(steps, minutes)
