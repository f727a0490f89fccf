"""Noise from integer hashes: exact on every CPU, and cheap, because the fractal sum is a table."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["TILE", "Floats", "fractal", "grain", "hashed", "hashed_cells"]

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
"""float32, always; NumPy's stubs believe that a Python float widens it, which it does not."""

TILE = 512  # texels a side of the fractal table, which repeats
_SMOOTH = ((8, 0.36), (16, 0.24), (32, 0.16), (64, 0.11), (128, 0.08), (256, 0.05))  # cells a side, amplitude
_ROUGH = ((64, 0.15), (128, 0.25), (256, 0.35), (512, 0.25))


def hashed(x: npt.NDArray[np.uint32], y: npt.NDArray[np.uint32], seed: int) -> Floats:
    """A number in [0, 1) for every integer point: a 32-bit finaliser ("lowbias32") of a linear mix.

    Args:
        x: uint32 array; at least one-dimensional.
        y: the same.
        seed: 0 to 2**32 - 1.
    """
    h = x * np.uint32(0x9E3779B1) + y * np.uint32(0x85EBCA77) + np.uint32(seed)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x7FEB352D)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x846CA68B)
    h ^= h >> np.uint32(16)
    return (h >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def hashed_cells(x: Floats, y: Floats, seed: int) -> Floats:
    """`hashed` of floats that hold whole numbers (rows and columns of bricks, windows, slabs)."""
    return hashed(x.astype(np.int32).view(np.uint32), y.astype(np.int32).view(np.uint32), seed)


def fractal(x: Floats, y: Floats) -> Floats:
    """Fractal noise in [0, 1], mean about 0.5, at texel coordinates; features are 2 to 64 texels large.

    Args:
        x: texel columns, any sign, smaller than 2**31.
        y: texel rows.
    """
    return _look_up(_table(_SMOOTH), x, y)


def grain(x: Floats, y: Floats) -> Floats:
    """Like `fractal`, of fine features only: 1 to 8 texels large."""
    return _look_up(_table(_ROUGH), x, y)


def _look_up(table: Floats, x: Floats, y: Floats) -> Floats:
    index = (y.astype(np.int32) & (TILE - 1)) * TILE + (x.astype(np.int32) & (TILE - 1))
    result: Floats = table.take(index)
    return result


@cache
def _table(octaves: tuple[tuple[int, float], ...]) -> Floats:
    table = np.zeros((TILE, TILE), np.float32)
    for number, (cells, amplitude) in enumerate(octaves):
        table += np.float32(amplitude) * _lattice(cells, number)
    centred = (table - np.float32(0.5)) * np.float32(1.7) + np.float32(0.5)
    result: Floats = np.clip(centred, np.float32(0), np.float32(1)).ravel()
    return result


def _lattice(cells: int, seed: int) -> Floats:
    """Value noise [TILE, TILE] with `cells` random values a side, smoothly interpolated, periodic."""
    place = np.arange(TILE, dtype=np.float32) * np.float32(cells / TILE)
    cell = place.astype(np.uint32)
    part = place - cell.astype(np.float32)
    weight = part * part * (np.float32(3) - np.float32(2) * part)
    end = (cell + np.uint32(1)) % np.uint32(cells)
    upper = _blend(_at(cell, cell, seed), _at(end, cell, seed), weight[None])
    lower = _blend(_at(cell, end, seed), _at(end, end, seed), weight[None])
    return _blend(upper, lower, weight[:, None])


def _at(column: npt.NDArray[np.uint32], row: npt.NDArray[np.uint32], seed: int) -> Floats:
    x, y = np.broadcast_arrays(column[None], row[:, None])
    return hashed(x, y, 7919 * seed + 1)


def _blend(a: Floats, b: Floats, weight: Any) -> Floats:
    result: Floats = a + (b - a) * weight
    return result
