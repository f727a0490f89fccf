"""The ground: road with markings and patches, kerbs, paved slabs, lawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.data.streets.camera import Plane
from bench.data.streets.canvas import Colour, Points
from bench.data.streets.light import Light
from bench.data.streets.noise import Floats, fractal, grain, hashed_cells
from bench.data.streets.randomness import Stream
from bench.data.streets.street import KERB, PAVEMENT, ROAD, TREE, Side, Street

__all__ = ["Marking", "draw_marking", "paint_ground"]

_FAR = 400.0
_UP = (0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Marking:
    """What is painted on the road.

    Attributes:
        centre: X of the centre line.
        dash: metres of a dash, 0 for a solid line.
        gap: metres between dashes.
        edge: lines along the kerb: 0, 1 or 2.
        yellow: whether these are yellow.
        crossing: Z of a zebra crossing, 0 for none.
        lane: X range of a coloured lane, equal ends for none.
    """

    centre: float
    dash: float
    gap: float
    edge: int
    yellow: bool
    crossing: float
    lane: tuple[float, float]


def draw_marking(stream: Stream, left: Side, right: Side) -> Marking:
    """Markings for a road between two kerbs."""
    side = stream.pick((left, right))
    width = stream.between(1.4, 1.9) if stream.chance(0.16) else 0.0
    return Marking(
        centre=(left.lane + right.lane) / 2,
        dash=stream.weighted(((2.0, 0.6), (4.0, 0.2), (0.0, 0.2))),
        gap=stream.pick((2.0, 3.0, 4.0)),
        edge=stream.below(3),
        yellow=stream.chance(0.5),
        crossing=stream.between(5.0, 26.0) if stream.chance(0.3) else 0.0,
        lane=(side.kerb - side.sign * (width + 0.3), side.kerb - side.sign * 0.3),
    )


def _painted(marking: Marking, street: Street, x: Floats, z: Floats) -> tuple[Floats, Floats]:
    """White and yellow paint on the road, each 0 or 1; [n]."""
    line = np.abs(x - marking.centre) < np.float32(0.07)
    if marking.dash:
        period = marking.dash + marking.gap
        line &= z - np.floor(z * (1 / period)) * period < marking.dash
    white, yellow = line, np.zeros_like(line)
    inward = np.minimum(x - street.left.kerb, street.right.kerb - x)
    for number in range(marking.edge):
        stripe = np.abs(inward - np.float32(0.28 + 0.22 * number)) < np.float32(0.05)
        white, yellow = (white, yellow | stripe) if marking.yellow else (white | stripe, yellow)
    if marking.crossing:
        across = x - np.floor(x)
        on = (np.abs(z - marking.crossing) < np.float32(1.5)) & (inward > np.float32(0.4))
        white = np.where(on, across < np.float32(0.5), white)
        white |= np.abs(z - (marking.crossing - 2.6)) < np.float32(0.14)
        yellow &= ~on
    return white.astype(np.float32), yellow.astype(np.float32)


def _asphalt(stream: Stream) -> tuple[Colour, float, float]:
    grey = stream.between(0.28, 0.47)
    warm = stream.between(-0.012, 0.02)
    return (grey + warm, grey, grey - warm), stream.between(0.18, 0.34), stream.between(0.0, 0.9)


def _road(street: Street, marking: Marking, stream: Stream) -> None:
    base, rough, worn = _asphalt(stream)
    light, offset = street.light, stream.between(0, 500)
    lane = min(marking.lane), max(marking.lane)
    lane_colour = stream.pick(((0.42, 0.20, 0.17), (0.20, 0.34, 0.22)))
    plane = Plane((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0))
    repairs = _draw_repairs(stream.fork("repairs"), street)

    def shader(at: Points) -> Floats:
        z, x, depth = plane.coordinates(street.camera, at.u, at.v)
        fade = np.minimum(np.float32(10) / depth, np.float32(1))
        speckle = grain(x * 60 + 60000, z * 60 + offset) - np.float32(0.5)
        stain = fractal(x * 12 + (offset + 20000), z * 5 + offset) - np.float32(0.5)
        level = 1 + speckle * fade * (rough * 2.2) + stain * (rough * 1.6)
        track = np.abs(np.abs(x - marking.centre) - np.float32(1.75))
        level += np.minimum(np.abs(track - np.float32(0.75)), np.float32(0.5)) * np.float32(0.2 * worn) - 0.05 * worn
        repaired = _repaired(repairs, x, z, fade)
        level *= repaired
        white, yellow = _painted(marking, street, x, z)
        wear = np.clip(1.2 - worn * 1.4 * (speckle + stain + np.float32(0.35)), np.float32(0.1), np.float32(0.95))
        wear *= repaired > np.float32(0.7)
        white, yellow = white * wear, yellow * wear
        coloured = ((x > lane[0]) & (x < lane[1])).astype(np.float32) * np.float32(0.8)
        albedo = np.empty((3, len(x)), np.float32)
        for channel, (w, y) in enumerate(((0.82, 0.72), (0.82, 0.57), (0.80, 0.16))):
            own = base[channel] + (lane_colour[channel] - base[channel]) * coloured
            albedo[channel] = own * level + (w - own) * white + (y - own) * yellow
        sun = street.sunlit(x, np.zeros_like(x), z) * (~at.shadow).astype(np.float32)
        return light.shade(albedo, sun * light.towards(_UP), depth, _under(at, light))

    far = street.left.kerb, street.right.kerb
    outline = [(far[0], 0.0, 0.3), (far[1], 0.0, 0.3), (far[1], 0.0, _FAR), (far[0], 0.0, _FAR)]
    street.canvas.shaded(street.camera.outline(outline), ROAD, shader)


@dataclass(frozen=True)
class _Repair:
    """A patch of other asphalt, or a manhole cover (round)."""

    x: float
    z: float
    half_x: float
    half_z: float
    tone: float
    round: bool


def _draw_repairs(stream: Stream, street: Street) -> list[_Repair]:
    left, right = street.left.kerb, street.right.kerb
    repairs, z = [], stream.between(1.5, 5.0)
    while z < 40:
        x, kind = stream.between(left + 0.6, right - 0.6), stream.unit()
        if kind < 0.35:
            repairs.append(_Repair(x, z, 0.33, 0.33, 0.62, round=True))
        elif kind < 0.6:
            shape = stream.between(0.5, 1.5), stream.between(0.6, 3.0)
            repairs.append(_Repair(x, z, *shape, stream.between(0.76, 0.9), round=False))
        elif kind < 0.72:
            repairs.append(_Repair((left + right) / 2, z, right - left, 0.35, stream.between(0.76, 0.9), round=False))
        z += stream.between(1.5, 9.0)
    return repairs


def _repaired(repairs: list[_Repair], x: Floats, z: Floats, fade: Floats) -> Floats:
    """What the repairs multiply the road's brightness by; [n]."""
    level = np.ones_like(x)
    for repair in repairs:
        near = np.flatnonzero(np.abs(z - repair.z) < np.float32(repair.half_z * 1.2))
        dx, dz = (x[near] - repair.x) * (1 / repair.half_x), (z[near] - repair.z) * (1 / repair.half_z)
        off = dx * dx + dz * dz if repair.round else np.maximum(np.abs(dx), np.abs(dz))
        rim = (off < 1) & (off > np.float32(1 - 0.09 / max(repair.half_x, 0.3)))
        pattern = dx * 4 - np.floor(dx * 4) if repair.round else np.float32(0.5) + dx * 0
        own = repair.tone + (pattern - np.float32(0.5)) * np.float32(0.5) * fade[near]
        level[near] = np.where(rim, np.float32(0.55), np.where(off < 1, own, level[near]))
    return level


def _under(at: Points, light: Light) -> Floats:
    """Skylight that reaches the ground: less where an object stands over it."""
    return np.float32(1) - at.shadow.astype(np.float32) * np.float32(0.12 if light.shadows else 0.45)


def _pavement(street: Street, side: Side, stream: Stream) -> None:
    light, seed, offset = street.light, stream.below(2**32), stream.between(0, 500)
    tone = stream.between(0.46, 0.64)
    base = stream.pick(((1.0, 0.98, 0.95), (1.0, 0.95, 0.87), (0.96, 0.97, 1.0), (1.0, 0.86, 0.78)))
    slab = stream.pick(((0.6, 0.6), (0.9, 0.6), (0.45, 0.45), (0.3, 0.6)))
    kerb_tone = tone * stream.between(1.05, 1.3)
    plane = Plane((side.kerb, KERB, 0.0), (0.0, 0.0, 1.0), (side.sign, 0.0, 0.0))

    def shader(at: Points) -> Floats:
        z, x, depth = plane.coordinates(street.camera, at.u, at.v)
        fade = np.minimum(np.float32(8) / depth, np.float32(1))
        row = np.floor(x * (1 / slab[0]))
        shifted = z + (row - np.floor(row * np.float32(0.5)) * 2) * (slab[1] / 2)
        column = np.floor(shifted * (1 / slab[1]))
        a, b = x - row * slab[0], shifted - column * slab[1]
        joint = (np.minimum(a, slab[0] - a) < np.float32(0.02)) | (np.minimum(b, slab[1] - b) < np.float32(0.02))
        level = 1 + (hashed_cells(row, column, seed) - np.float32(0.5)) * np.float32(0.20) * fade
        level += (fractal(x * 20 + 40000, z * 20 + offset) - np.float32(0.5)) * np.float32(0.3)
        level += (grain(x * 60 + 60000, z * 60 + offset) - np.float32(0.5)) * fade * np.float32(0.4)
        level -= joint * fade * np.float32(0.30)
        stone = x < np.float32(0.16)
        level = np.where(stone, np.float32(kerb_tone / tone), level)
        level -= (stone & (np.abs(z - np.floor(z)) < np.float32(0.03))) * fade * np.float32(0.25)
        albedo = np.array(base, np.float32)[:, None] * (level * np.float32(tone))
        near_wall = np.clip(np.abs(x - (side.wall - side.kerb) * side.sign), np.float32(0), np.float32(1.2))
        sun = street.sunlit(x * side.sign + side.kerb, np.zeros_like(x), z) * (~at.shadow).astype(np.float32)
        sky = _under(at, light) * (np.float32(0.72) + near_wall * np.float32(0.23))
        return light.shade(albedo, sun * light.towards(_UP), depth, sky)

    kerb, edge, camera = side.kerb, side.edge if side.green else side.sign * 60, street.camera
    face = [(kerb, 0.0, 0.3), (kerb, 0.0, _FAR), (kerb, KERB, _FAR), (kerb, KERB, 0.3)]
    shade = light.on(scaled_grey(kerb_tone * 0.8), (-side.sign, 0, 0), 8)
    street.canvas.plain(camera.outline(face), PAVEMENT, shade, grain=0.2)
    top = [(kerb, KERB, 0.3), (edge, KERB, 0.3), (edge, KERB, _FAR), (kerb, KERB, _FAR)]
    street.canvas.shaded(camera.outline(top), PAVEMENT, shader)


def scaled_grey(tone: float) -> Colour:
    """A grey."""
    return tone, tone, tone


def _lawn(street: Street, side: Side, stream: Stream) -> None:
    light, offset = street.light, stream.between(0, 500)
    green = stream.pick(((0.30, 0.40, 0.15), (0.36, 0.42, 0.20), (0.26, 0.36, 0.16), (0.44, 0.42, 0.24)))
    plane = Plane((0.0, KERB, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0))

    def shader(at: Points) -> Floats:
        z, x, depth = plane.coordinates(street.camera, at.u, at.v)
        level = np.float32(0.35) + grain(x * 50 + 60000, z * 14 + offset)
        level += (fractal(x * 6 + 60000, z * 4 + offset) - np.float32(0.5)) * np.float32(0.7)
        albedo = np.array(green, np.float32)[:, None] * level
        sun = street.sunlit(x, np.zeros_like(x), z) * (~at.shadow).astype(np.float32)
        return light.shade(albedo, sun * light.towards(_UP), depth, _under(at, light))

    edge, out = side.edge, side.sign * 80
    outline = [(edge, KERB, 0.3), (out, KERB, 0.3), (out, KERB, _FAR), (edge, KERB, _FAR)]
    street.canvas.shaded(street.camera.outline(outline), TREE, shader)


def paint_ground(street: Street, marking: Marking, stream: Stream) -> None:
    """Everything below the horizon that no object covers."""
    _road(street, marking, stream.fork("road"))
    for side in street.sides:
        _pavement(street, side, stream.fork(f"pavement{side.sign}"))
        if side.green:
            _lawn(street, side, stream.fork(f"lawn{side.sign}"))
