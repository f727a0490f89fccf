"""Pedestrians and bicyclists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.data.streets.camera import Point2
from bench.data.streets.canvas import Colour
from bench.data.streets.light import scaled
from bench.data.streets.randomness import Stream
from bench.data.streets.shapes import ellipse, limb, rectangle, ring
from bench.data.streets.street import BICYCLIST, PEDESTRIAN, Street

__all__ = ["paint_bicyclist", "paint_pedestrian"]

_SKINS: tuple[Colour, ...] = ((0.86, 0.66, 0.54), (0.72, 0.50, 0.38), (0.48, 0.32, 0.24), (0.32, 0.21, 0.16))
_TOPS: tuple[Colour, ...] = (
    (0.16, 0.18, 0.24),
    (0.55, 0.10, 0.12),
    (0.14, 0.28, 0.50),
    (0.80, 0.78, 0.74),
    (0.20, 0.34, 0.24),
    (0.66, 0.52, 0.32),
    (0.12, 0.12, 0.13),
    (0.74, 0.40, 0.14),
    (0.44, 0.30, 0.48),
)
_LEGS: tuple[Colour, ...] = ((0.12, 0.13, 0.18), (0.20, 0.26, 0.40), (0.34, 0.30, 0.26), (0.10, 0.10, 0.10))
_HAIR: tuple[Colour, ...] = ((0.12, 0.09, 0.07), (0.30, 0.20, 0.12), (0.52, 0.40, 0.22), (0.40, 0.38, 0.36))
_Part = Callable[[Sequence[Point2], Colour], None]


@dataclass(frozen=True)
class _Look:
    """Colours of one person."""

    skin: Colour
    top: Colour
    legs: Colour
    hair: Colour


def _look(stream: Stream, tops: Sequence[Colour] = _TOPS) -> _Look:
    return _Look(stream.pick(_SKINS), stream.pick(tops), stream.pick(_LEGS), stream.pick(_HAIR))


def _painter(street: Street, x: float, z: float, ground: float, size: float, label: int) -> _Part:
    """A function that paints a part given in metres of a figure of standard size, lit from the sun's side."""
    light, sunny = street.light, street.in_sun(x, z)
    left, right = (1.0, 0.72) if light.sun[0] < 0 else (0.72, 1.0)

    def paint(points: Sequence[Point2], colour: Colour) -> None:
        placed = [(a * size, ground + b * size) for a, b in points]
        outline = street.billboard(x, z, placed)
        if outline:
            base = light.on(colour, (light.sun[0] * 0.6, 0.3, -0.6), z, sunny)
            us = [u for u, _ in outline]
            across = ((min(us), 0.0), (max(us), 0.0))
            street.canvas.plain(outline, label, scaled(base, left), scaled(base, right), across, grain=0.16)
            street.cast([(x + a, max(b - ground, 0.0), z) for a, b in placed])

    return paint


def paint_pedestrian(street: Street, stream: Stream, x: float, z: float, ground: float) -> None:
    """A person who walks or stands, with feet at (x, ground, z)."""
    if z < 1.5:
        return
    look, size = _look(stream), stream.between(0.88, 1.08)
    paint = _painter(street, x, z, ground, size, PEDESTRIAN)
    street.canvas.cast(street.camera.outline([(x + a, ground, z + b) for a, b in ellipse(0, 0, 0.3, 0.2, 3)]))
    stride, way = stream.between(0.03, 0.26), stream.sign()
    for side in (-1.0, 1.0):
        foot = side * max(stride, 0.07)
        paint(limb((side * 0.075, 0.90), (foot, 0.06), 0.095, 0.06), scaled(look.legs, 0.9 + side * 0.15))
        paint(rectangle(foot - 0.07, 0.0, foot + 0.07 + 0.06 * way, 0.09), (0.08, 0.07, 0.07))
    _torso(paint, look, stream, way, stride)
    paint(rectangle(-0.045, 1.44, 0.045, 1.56), scaled(look.skin, 0.8))
    behind = stream.chance(0.5)
    paint(ellipse(0.015 * way, 1.63, 0.10, 0.125), look.hair if behind else look.skin)
    paint([(a, b) for a, b in ellipse(-0.01 * way, 1.665, 0.112, 0.115) if b > 1.63], look.hair)
    if stream.chance(0.3):
        paint(rectangle(-0.2 * way, 0.72, -0.42 * way, 1.0), scaled(look.legs, 1.4))


def _torso(paint: _Part, look: _Look, stream: Stream, way: float, stride: float) -> None:
    coat = stream.between(0.62, 0.9)
    swing = stride * 0.8
    paint(limb((-0.2 * way, 1.40), ((-0.27 - swing) * way, 0.86), 0.065, 0.045), scaled(look.top, 0.78))
    outline = [(-0.16, 1.47), (0.16, 1.47), (0.225, 1.36), (0.19, 1.05), (0.205, coat), (-0.205, coat), (-0.19, 1.05)]
    paint([*outline, (-0.225, 1.36)], look.top)
    paint(limb((0.2 * way, 1.40), ((0.25 + swing) * way, 0.88), 0.065, 0.045), scaled(look.top, 0.88))
    paint(ellipse((0.25 + swing) * way, 0.84, 0.045, quarter=2), look.skin)


def paint_bicyclist(street: Street, stream: Stream, x: float, z: float, across: bool) -> None:
    """A person on a bicycle that rides along the street, or across it."""
    if z < 2.0:
        return
    bright: tuple[Colour, ...] = ((0.74, 0.80, 0.14), (0.80, 0.34, 0.10), *_TOPS)
    look = _look(stream, bright)
    paint = _painter(street, x, z, 0.0, stream.between(0.94, 1.06), BICYCLIST)
    street.canvas.cast(street.camera.outline([(x + a, 0.0, z + b) for a, b in ellipse(0, 0, 0.25, 0.8, 3)]))
    if across:
        _from_the_side(paint, look, stream.sign(), stream.pick(_TOPS))
    else:
        _from_behind(paint, look, stream)


def _from_behind(paint: _Part, look: _Look, stream: Stream) -> None:
    lift = stream.between(-0.14, 0.14)
    paint(ellipse(0.0, 0.34, 0.045, 0.34), (0.07, 0.07, 0.08))
    paint(rectangle(-0.012, 0.5, 0.012, 0.95), (0.3, 0.3, 0.32))
    paint(limb((-0.30, 1.02), (0.30, 1.02), 0.022, 0.022), (0.12, 0.12, 0.13))
    for side in (-1.0, 1.0):
        knee, pedal = (side * 0.16, 0.66 + side * lift), (side * 0.13, 0.26 + side * lift)
        paint(limb((side * 0.10, 0.98), knee, 0.095, 0.07), scaled(look.legs, 1.0 + side * 0.1))
        paint(limb(knee, pedal, 0.07, 0.05), scaled(look.legs, 0.9))
        paint(rectangle(pedal[0] - 0.06, pedal[1] - 0.07, pedal[0] + 0.06, pedal[1] + 0.02), (0.1, 0.09, 0.09))
        paint(limb((side * 0.19, 1.40), (side * 0.28, 1.05), 0.06, 0.045), scaled(look.top, 0.85))
    paint(
        [
            (-0.15, 1.48),
            (0.15, 1.48),
            (0.22, 1.38),
            (0.17, 1.05),
            (0.18, 0.9),
            (-0.18, 0.9),
            (-0.17, 1.05),
            (-0.22, 1.38),
        ],
        look.top,
    )
    paint(rectangle(-0.04, 0.78, 0.04, 0.88), (0.75, 0.08, 0.06))
    paint(ellipse(0.0, 1.62, 0.095, 0.12), look.hair)
    helmet = stream.pick(((0.85, 0.85, 0.86), (0.15, 0.16, 0.18), (0.70, 0.12, 0.12), look.hair))
    paint([(a, b) for a, b in ellipse(0.0, 1.655, 0.115, 0.125) if b > 1.62], helmet)


def _from_the_side(paint: _Part, look: _Look, way: float, frame: Colour) -> None:
    def part(points: Sequence[Point2], colour: Colour) -> None:
        paint([(way * a, b) for a, b in points], colour)

    for hub in (-0.52, 0.52):
        part(ring(hub, 0.34, 0.35, 0.295), (0.07, 0.07, 0.08))
        for dx, dy in ((0.3, 0.0), (0.0, 0.3), (0.21, 0.21), (0.21, -0.21)):
            part(limb((hub - dx, 0.34 - dy), (hub + dx, 0.34 + dy), 0.006, 0.006), (0.6, 0.6, 0.62))
    part(limb((-0.20, 0.95), (-0.05, 0.55), 0.10, 0.07), scaled(look.legs, 0.7))
    tubes = (
        ((-0.52, 0.34), (0.0, 0.30)),
        ((0.0, 0.30), (-0.18, 0.85)),
        ((-0.18, 0.80), (0.38, 0.82)),
        ((0.0, 0.30), (0.38, 0.82)),
    )
    for start, end in (*tubes, ((-0.52, 0.34), (-0.16, 0.80)), ((0.52, 0.34), (0.36, 0.98))):
        part(limb(start, end, 0.024, 0.024), frame)
    part(rectangle(-0.30, 0.88, -0.06, 0.94), (0.08, 0.08, 0.08))
    part(limb((0.34, 0.98), (0.46, 1.04), 0.025, 0.025), (0.1, 0.1, 0.1))
    part(limb((-0.18, 0.96), (0.16, 0.66), 0.10, 0.075), look.legs)
    part(limb((0.16, 0.66), (0.04, 0.22), 0.07, 0.05), look.legs)
    part(rectangle(-0.03, 0.14, 0.17, 0.22), (0.1, 0.09, 0.09))
    part([(-0.30, 0.92), (-0.06, 0.90), (0.22, 1.36), (0.14, 1.50), (-0.04, 1.46)], look.top)
    part(limb((0.14, 1.38), (0.44, 1.06), 0.06, 0.04), scaled(look.top, 0.85))
    part(ellipse(0.24, 1.60, 0.10, 0.12), look.skin)
    part([(a, b) for a, b in ellipse(0.23, 1.64, 0.12, 0.12) if b > 1.61], scaled(frame, 1.2))
