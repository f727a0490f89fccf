"""Masks: named, versioned rules that cut holes into pictures, the same holes on every machine.

Listing the protocols imports neither NumPy nor Numba; the first hole does.
"""

from bench.masks.catalogue import PROTOCOLS, draw, get

__all__ = ["PROTOCOLS", "draw", "get"]
