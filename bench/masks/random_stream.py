"""Random numbers of a hole: counter-based, keyed by what the hole is for, the same on every machine.

Only the raw 64-bit words of NumPy's Philox4x64-10 are used (NumPy promises that they never change, and does not promise
it of the distributions of its Generator); uniforms, integers and normals are made from them here.
"""

from __future__ import annotations

import hashlib
import json
import math

import numpy as np

__all__ = ["RandomStream"]

_BLOCK = 64  # words fetched at once: one call a word would cost more than the word


class RandomStream:
    """The random numbers of one draw.

    Args:
        protocol: full name, `name@version`.
        seed: seed of the run.
        sample: sample id.

    The Philox key is the first 128 bits of the SHA-256 of all that: no two draws share a stream, and none depends on
    what was drawn before it. Source of the generator: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
    SC 2011.
    """

    def __init__(self, protocol: str, seed: int, sample: str) -> None:
        name, _, version = protocol.rpartition("@")
        key = hashlib.sha256(json.dumps([name, version, int(seed), sample]).encode()).digest()
        self._philox = np.random.Philox(key=np.frombuffer(key[:16], "<u8"))
        self._words: list[int] = []

    def word(self) -> int:
        """The next raw word, 0 to 2**64 - 1."""
        if not self._words:
            self._words = self._philox.random_raw(_BLOCK)[::-1].tolist()
        return self._words.pop()

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A real number in [low, high), of 53 random bits."""
        return low + (high - low) * ((self.word() >> 11) * 2.0**-53)

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included, each equally likely: surplus words are skipped."""
        span = high - low + 1
        if span < 1:
            raise ValueError(f"integer range must not be empty; found {low} to {high}")
        limit = 2**64 - 2**64 % span
        word = self.word()
        while word >= limit:
            word = self.word()
        return low + word % span

    def normal(self, mean: float, deviation: float) -> float:
        """A normal number (Box and Muller 1958, the cosine branch)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.uniform()))
        return mean + deviation * radius * math.cos(2.0 * math.pi * self.uniform())

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform() < probability
