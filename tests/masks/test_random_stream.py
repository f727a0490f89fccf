from __future__ import annotations

import hashlib
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.masks.random_stream import RandomStream

WORD = 2**64


def philox_block(key: tuple[int, int], counter: int) -> list[int]:
    """Philox4x64-10 from the paper's definition (Salmon et al., SC 2011), in whole numbers."""
    c = [counter, 0, 0, 0]
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2E7470EE14C6C93 * c[0], WORD)
        high1, low1 = divmod(0xCA5A826395121157 * c[2], WORD)
        c = [high1 ^ c[1] ^ k0, low1, high0 ^ c[3] ^ k1, low0]
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) % WORD, (k1 + 0xBB67AE8584CAA73B) % WORD
    return c


def test_the_words_are_philox_under_the_hash_of_what_the_hole_is_for() -> None:
    digest = hashlib.sha256(b'["center-50", "1", 7, "a/b"]').digest()
    key = (int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little"))
    stream = RandomStream("center-50@1", 7, "a/b")

    expected = [word for counter in range(1, 41) for word in philox_block(key, counter)]

    assert [stream.word() for _ in range(160)] == expected


@pytest.mark.parametrize(
    "other", [("q@1", 0, "a"), ("p@2", 0, "a"), ("p@1", 1, "a"), ("p@1", 0, "b"), ("p@1", -1, "a"), ("p@10", 0, "")]
)
def test_another_key_is_another_stream(other: tuple[str, int, str]) -> None:
    assert RandomStream("p@1", 0, "a").word() != RandomStream(*other).word()


@given(st.integers(-(10**6), 10**6), st.integers(0, 1000), st.text())
def test_integers_stay_within_both_ends(low: int, span: int, sample: str) -> None:
    stream = RandomStream("p@1", 0, sample)

    assert all(low <= stream.integer(low, low + span) <= low + span for _ in range(20))


def test_integers_are_equally_likely() -> None:
    stream = RandomStream("p@1", 0, "a")
    counts = np.bincount([stream.integer(0, 6) for _ in range(14000)], minlength=7)

    assert ((counts - 2000) ** 2 / 2000).sum() < 22.5  # chi square with 6 degrees of freedom, 0.1 %


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match="found 3 to 2"):
        RandomStream("p@1", 0, "a").integer(3, 2)


def test_uniforms_and_normals_have_their_moments() -> None:
    stream = RandomStream("p@1", 0, "a")
    uniforms = np.array([stream.uniform(2.0, 4.0) for _ in range(20000)])
    normals = np.array([stream.normal(5.0, 3.0) for _ in range(20000)])
    inside = np.abs(normals - 5.0) < 3.0

    assert uniforms.min() >= 2.0
    assert uniforms.max() < 4.0
    assert uniforms.mean() == pytest.approx(3.0, abs=0.02)
    assert uniforms.std() == pytest.approx(2.0 / math.sqrt(12.0), abs=0.02)
    assert normals.mean() == pytest.approx(5.0, abs=0.1)
    assert normals.std() == pytest.approx(3.0, abs=0.1)
    assert inside.mean() == pytest.approx(0.6827, abs=0.015)


def test_neighbouring_words_are_not_related() -> None:
    stream = RandomStream("p@1", 0, "a")
    values = [stream.uniform() for _ in range(20000)]
    left, right = zip(*pairwise(values), strict=True)

    assert abs(np.corrcoef(left, right)[0, 1]) < 0.03
