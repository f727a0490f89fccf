from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from bench.runtime.byte_lru import ByteLRU


def cache(max_bytes: int) -> ByteLRU[str, np.ndarray]:
    return ByteLRU(max_bytes, lambda array: array.nbytes)


class Finder:
    """Makes arrays of 1000 bytes and remembers for whom."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, name: str) -> np.ndarray:
        self.asked.append(name)
        return np.zeros(125)


def test_a_value_is_found_once() -> None:
    cached, find = cache(1 << 20), Finder()

    values = [cached.get(name, partial(find, name)) for name in "abab"]

    assert find.asked == ["a", "b"]
    assert values[0] is values[2]


def test_what_was_used_last_stays_within_the_limit() -> None:
    cached, find = cache(2500), Finder()
    for name in "abac":
        cached.get(name, partial(find, name))

    assert len(cached) == 2
    for name in "acb":
        cached.get(name, partial(find, name))
    assert find.asked == ["a", "b", "c", "b"]


def test_a_value_beyond_the_limit_passes_through() -> None:
    cached, find = cache(999), Finder()

    assert [len(cached.get("a", lambda: find("a"))) for _ in range(2)] == [125, 125]
    assert find.asked == ["a", "a"]
    assert len(cached) == 0


def test_threads_may_share_it() -> None:
    cached, find = cache(4999), Finder()
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda turn: cached.get(str(turn % 7), lambda: find(str(turn % 7))), range(500)))

    assert all(value.shape == (125,) for value in values)
    assert len(cached) == 4
