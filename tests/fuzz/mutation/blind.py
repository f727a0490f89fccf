"""Changes of bytes that know nothing of the format."""

from __future__ import annotations

import random

from tests.fuzz.mutation.hostile_values import NUMBERS, TOKENS

__all__ = ["blind"]


def blind(rng: random.Random, data: bytes) -> bytes:
    """One to four changes that know nothing of the format."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(found) + 1)
        kind = rng.randrange(9)
        if kind == 0:
            del found[at:]
        elif kind == 1 and found:
            found[at % len(found)] ^= 1 << rng.randrange(8)
        elif kind == 2:
            size, order = rng.choice((1, 2, 4, 8)), rng.choice(("little", "big"))
            number = rng.choice(NUMBERS) % (1 << 8 * size)
            found[at : at + size] = number.to_bytes(size, order)  # type: ignore[arg-type]  # one of the two literals
        elif kind == 3:
            del found[at : at + rng.choice((1, 2, 8, 64))]
        elif kind == 4:
            found[at:at] = found[at : at + rng.choice((1, 8, 64))] * rng.choice((1, 2, 50))
        elif kind in (5, 6):
            found[at:at] = rng.choice(TOKENS)
        elif kind == 7:
            found[at:at] = rng.randbytes(rng.choice((1, 4, 32)))
        else:
            end = rng.randrange(len(found) + 1)
            found[at : at + 16] = found[end : end + 16]
    return bytes(found)
