from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count, islice

import pytest

from bench.runtime.prefetch import Prefetcher


def _refuse_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_results_come_in_order_and_end_with_the_items(workers: int) -> None:
    with closing(Prefetcher(str, range(20), workers)) as made:
        assert list(made) == [str(number) for number in range(20)]
        assert list(made) == []
        assert made.waited > 0


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_is_raised_in_the_place_of_its_result(workers: int) -> None:
    with closing(Prefetcher(_refuse_three, range(5), workers)) as made:
        assert list(islice(made, 3)) == [0, 1, 2]
        with pytest.raises(ValueError, match="three"):
            next(made)
        assert list(made) == [4]


def test_results_are_made_before_they_are_asked_for_but_not_without_end() -> None:
    begun = [threading.Event() for _ in range(6)]

    def make(number: int) -> int:
        begun[number].set()
        return number

    with closing(Prefetcher(make, count(), workers=1, most=3)) as made:
        assert next(made) == 0
        assert begun[3].wait(300)
        assert not begun[4].wait(0.05)


def test_closing_drops_what_was_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    go = threading.Event()

    class Pool(ThreadPoolExecutor):
        """Lets the work go on when the rest of it has been dropped."""

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            go.set()
            super().shutdown(wait=wait)

    monkeypatch.setattr("bench.runtime.prefetch.ThreadPoolExecutor", Pool)

    def make(number: int) -> int:
        begun.append(number)
        assert number == 0 or go.wait(300)
        return number

    made = Prefetcher(make, count(), workers=1, most=50)
    assert next(made) == 0
    made.close()
    assert len(begun) <= 2
