"""The canvas: a buffer of surface numbers, painted far to near, coloured once at the end.

One mask decides both the label and the colour of a subsample, so labels are exact; and every subsample is coloured
once, however many surfaces lie behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bench.data.streets.camera import Point2
from bench.data.streets.noise import Floats, fractal
from bench.data.streets.raster import covered, upright, window

__all__ = ["Canvas", "Colour", "Points", "Shader"]

Colour: TypeAlias = tuple[float, float, float]
"""RGB in [0, 1]."""

_NO_THING = 0
"""Owner of what is no countable thing: sky, ground, houses, fences, lamp posts."""


@dataclass(frozen=True)
class Points:
    """The visible subsamples of one surface: picture coordinates, and whether an object's shadow falls there."""

    u: Floats
    v: Floats
    shadow: npt.NDArray[np.bool_]


Shader: TypeAlias = Callable[[Points], Floats]
"""The colours float32 [3, n] of n subsamples."""


class Canvas:
    """Surfaces at 2 x 2 subsamples a pixel.

    Args:
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        omitted: numbers of things that are neither painted nor cast a shadow.
    """

    def __init__(self, height: int, width: int, omitted: Set[int] = frozenset()) -> None:
        self.rows, self.columns = 2 * height, 2 * width
        self._scale, self._middle = 2.0 * height, float(width)
        self._u = ((np.arange(self.columns) + (0.5 - width)) / self._scale).astype(np.float32)
        self._v = ((np.arange(self.rows) + 0.5) / self._scale).astype(np.float32)
        self._surface = np.zeros((self.rows, self.columns), np.uint16)
        self._shadow = np.zeros((self.rows, self.columns), np.bool_)
        self._labels: list[int] = []
        self._shaders: list[Shader | None] = []
        self._ramps: list[tuple[float, ...]] = []
        self._owners: list[int] = []
        self._things, self._thing, self._omitted = 0, _NO_THING, omitted

    @contextmanager
    def thing(self) -> Iterator[None]:
        """All that is painted and cast inside belongs to one countable thing: 1, 2, ... in the order of painting."""
        self._things += 1
        self._thing = self._things
        yield
        self._thing = _NO_THING

    def plain(
        self,
        outline: Sequence[Point2],
        label: int,
        top: Colour,
        bottom: Colour | None = None,
        across: tuple[Point2, Point2] | None = None,
        grain: float = 0.04,
    ) -> None:
        """Paint a polygon in one colour or a linear ramp.

        Args:
            outline: (u, v) corners.
            label: class index.
            top: the colour, or the ramp's start.
            bottom: the ramp's end; the start when None.
            across: (u, v) where the ramp starts and ends; the top and bottom of the polygon when None.
            grain: amplitude of the noise, relative to the colour.
        """
        vs = [v for _, v in outline] or [0.0]
        (ua, va), (ub, vb) = across or ((0.0, min(vs)), (0.0, max(vs)))
        du, dv = ub - ua, vb - va
        length = du * du + dv * dv or 1.0
        du, dv = du / length, dv / length
        ramp = (*top, *(bottom or top), du, dv, -ua * du - va * dv, grain)
        self._paint(outline, label, None, ramp)

    def shaded(self, outline: Sequence[Point2], label: int, shader: Shader) -> None:
        """Paint a polygon whose subsamples are coloured by `shader`."""
        self._paint(outline, label, shader, (0.0,) * 10)

    def masked(
        self,
        outline: Sequence[Point2],
        label: int,
        shader: Shader,
        inside: Callable[[Floats, Floats], npt.NDArray[np.bool_]],
    ) -> None:
        """Paint the part of a polygon where `inside(u, v)` holds; u is a row, v a column, to be broadcast."""
        self._paint(outline, label, shader, (0.0,) * 10, inside)

    def cast(self, outline: Sequence[Point2]) -> None:
        """Mark an object's shadow, for the shaders that ask."""
        if self._thing in self._omitted:
            return
        pixels = self._pixels(outline)
        box = window(pixels, self.rows, self.columns)
        if box:
            self._shadow[box[0] : box[1], box[2] : box[3]] |= covered(pixels, box)

    def resolve(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """The picture uint8 [H, W, 3], every pixel the mean of its subsamples, and its label map uint8 [H, W]."""
        return self._picture(self._colours()), self._label_map()

    def shows(self, things: Set[int]) -> npt.NDArray[np.bool_]:
        """Where things show, bool [H, W]: every pixel that has at least one subsample of one of them."""
        return _any_subsample(np.isin(self._owned(), list(things)))

    def things(self, region: npt.NDArray[np.bool_] | None = None) -> frozenset[int]:
        """The things that give pixels their label; a mere edge in a pixel does not count.

        Args:
            region: bool [H, W], the pixels to look at; None for all.
        """
        label = np.array(self._labels, np.uint8)[self._surface]
        told = _doubled(self._label_map()) == label
        if region is not None:
            told &= _doubled(region)
        return frozenset(np.unique(self._owned()[told]).tolist()) - {_NO_THING}

    def _owned(self) -> npt.NDArray[np.int32]:
        """The thing of every subsample, int32 [rows, columns]."""
        return np.array(self._owners, np.int32)[self._surface]

    def _pixels(self, outline: Sequence[Point2]) -> list[Point2]:
        return [(u * self._scale + self._middle, v * self._scale) for u, v in outline]

    def _paint(
        self,
        outline: Sequence[Point2],
        label: int,
        shader: Shader | None,
        ramp: tuple[float, ...],
        inside: Callable[[Floats, Floats], npt.NDArray[np.bool_]] | None = None,
    ) -> None:
        pixels = self._pixels(outline)
        box = window(pixels, self.rows, self.columns)
        if box is None or self._thing in self._omitted:
            return
        top, bottom, left, right = box
        region = self._surface[top:bottom, left:right]
        mask = None if upright(pixels) else covered(pixels, box)
        if inside is not None:
            own = inside(self._u[None, left:right], self._v[top:bottom, None])
            mask = own if mask is None else mask & own
        if mask is None:
            region[:] = len(self._labels)
        else:
            region[mask] = len(self._labels)
        self._labels.append(label)
        self._owners.append(self._thing)
        self._shaders.append(shader)
        self._ramps.append(ramp)

    def _colours(self) -> Floats:
        """float32 [3, rows, columns]."""
        flat = self._surface.ravel()
        plain = np.array([shader is None for shader in self._shaders])
        colours = np.empty((3, flat.size), np.float32)
        ramped = np.flatnonzero(plain[flat])
        _scatter(colours, ramped, self._ramped(flat[ramped], *self._places(ramped)))
        order = np.argsort(flat, kind="stable")
        ends = np.bincount(flat, minlength=len(self._labels)).cumsum().tolist()
        for number, shader in enumerate(self._shaders):
            start = ends[number - 1] if number else 0
            if shader is not None and ends[number] > start:
                where = order[start : ends[number]]
                _scatter(colours, where, shader(Points(*self._places(where), self._shadow.ravel()[where])))
        return colours.reshape(3, self.rows, self.columns)

    def _places(self, where: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
        row, column = np.divmod(where.astype(np.uint32), np.uint32(self.columns))
        return self._u[column], self._v[row]

    def _ramped(self, surface: npt.NDArray[np.uint16], u: Floats, v: Floats) -> Floats:
        ramps = np.array(self._ramps, np.float32).T[:, surface]
        part = np.clip(ramps[6] * u + ramps[7] * v + ramps[8], np.float32(0), np.float32(1))
        grain = 1 + ramps[9] * (fractal(u * 512 + 1000, v * 512) - np.float32(0.5)) * 2
        result: Floats = (ramps[:3] + (ramps[3:6] - ramps[:3]) * part) * grain
        return result

    def _picture(self, colours: Floats) -> npt.NDArray[np.uint8]:
        levels = np.clip(colours, np.float32(0), np.float32(1))
        rows = levels[:, 0::2] + levels[:, 1::2]
        mean = (rows[:, :, 0::2] + rows[:, :, 1::2]) * np.float32(255 / 4) + np.float32(0.5)
        return np.ascontiguousarray(mean.astype(np.uint8).transpose(1, 2, 0))

    def _label_map(self) -> npt.NDArray[np.uint8]:
        """The class of most of the four subsamples; of two that tie, the one painted last."""
        surface = self._surface
        label = np.array(self._labels, np.uint8)[surface]
        corners = [(row, column) for row in (0, 1) for column in (0, 1)]
        labels = [label[row::2, column::2] for row, column in corners]
        best, winner = np.full(labels[0].shape, -1, np.int32), labels[0].copy()
        for (row, column), own in zip(corners, labels, strict=True):
            count = sum((own == other).astype(np.int32) for other in labels)
            rank = count * 65536 + surface[row::2, column::2]
            better = rank > best
            best[better], winner[better] = rank[better], own[better]
        return winner


def _scatter(colours: Floats, where: npt.NDArray[np.intp], values: Floats) -> None:
    for channel in range(3):
        colours[channel][where] = values[channel]


def _doubled(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The value of every subsample's pixel."""
    return pixels.repeat(2, axis=0).repeat(2, axis=1)


def _any_subsample(subsamples: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    rows = subsamples[0::2] | subsamples[1::2]
    result: npt.NDArray[np.bool_] = rows[:, 0::2] | rows[:, 1::2]
    return result
