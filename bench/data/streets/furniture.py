"""Lamp posts, traffic lights, signs, bollards, fences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from bench.data.streets.camera import Plane, Point2, Point3
from bench.data.streets.canvas import Colour, Points
from bench.data.streets.light import scaled
from bench.data.streets.noise import Floats, fractal, hashed_cells
from bench.data.streets.randomness import Stream
from bench.data.streets.shapes import ellipse, limb, rectangle
from bench.data.streets.street import FENCE, KERB, POLE, SIGN, Side, Street

__all__ = ["paint_bollard", "paint_fence", "paint_lamp", "paint_sign", "paint_traffic_light", "pick_metal"]

_METALS: tuple[Colour, ...] = ((0.46, 0.48, 0.50), (0.16, 0.18, 0.19), (0.20, 0.26, 0.24), (0.56, 0.56, 0.55))


def _face(
    street: Street, x: float, z: float, points: Sequence[Point2], label: int, colour: Colour, shade: float = 1.0
) -> None:
    """A flat part that faces the camera, brighter on the sun's side."""
    outline = street.billboard(x, z, points)
    if outline:
        base = street.light.on(colour, (street.light.sun[0] * 0.5, 0.0, -0.8), z, street.in_sun(x, z, 3.0))
        us = [u for u, _ in outline]
        ends = (scaled(base, shade), base) if street.light.sun[0] > 0 else (base, scaled(base, shade))
        street.canvas.plain(outline, label, *ends, ((min(us), 0.0), (max(us), 0.0)), grain=0.05)


def _post(street: Street, x: float, z: float, top: float, wide: float, metal: Colour) -> None:
    bar = limb((0.0, KERB), (0.0, top), wide, wide * 0.75)
    _face(street, x, z, bar, POLE, metal, 0.55)
    street.cast([(x + a * 1.3, b, z) for a, b in bar])


def paint_lamp(street: Street, stream: Stream, side: Side, x: float, z: float, metal: Colour) -> None:
    """A lamp post whose arm reaches over the road."""
    if z < 1.2:
        return
    high, reach = stream.between(5.5, 8.5), -side.sign * stream.between(0.5, 1.7)
    _post(street, x, z, high, 0.07, metal)
    _face(street, x, z, rectangle(-0.11, KERB, 0.11, 1.1), POLE, metal, 0.55)
    _face(street, x, z, limb((0.0, high - 0.05), (reach, high + 0.25), 0.05, 0.04), POLE, metal, 0.8)
    head = limb((reach * 0.8, high + 0.20), (reach * 1.45, high + 0.30), 0.07, 0.10)
    _face(street, x, z, head, POLE, (1.4, 1.2, 0.8) if street.light.lamps else scaled(metal, 1.2))


def paint_bollard(street: Street, x: float, z: float, metal: Colour) -> None:
    """A bollard at the kerb."""
    if z > 1.5:
        _post(street, x, z, 1.05, 0.075, metal)
        _face(street, x, z, rectangle(-0.075, 0.86, 0.075, 0.95), POLE, (0.85, 0.85, 0.82))


def paint_traffic_light(street: Street, stream: Stream, x: float, z: float) -> None:
    """A post with three lamps."""
    if z < 2.0:
        return
    _post(street, x, z, 3.3, 0.07, (0.22, 0.23, 0.24))
    _face(street, x, z, rectangle(-0.24, 2.3, 0.24, 3.45), SIGN, (0.07, 0.07, 0.08))
    _face(street, x, z, rectangle(-0.17, 2.36, 0.17, 3.38), SIGN, (0.14, 0.14, 0.15))
    lit = stream.below(3)
    lamps = ((3.2, (1.5, 0.14, 0.10)), (2.87, (1.5, 0.80, 0.10)), (2.54, (0.20, 1.4, 0.50)))
    for number, (y, colour) in enumerate(lamps):
        _face(street, x, z, ellipse(0.0, y, 0.125), SIGN, colour if number == lit else scaled(colour, 0.14))


def paint_sign(street: Street, stream: Stream, x: float, z: float, metal: Colour) -> None:
    """A post with a traffic sign."""
    if z < 2.0:
        return
    high = stream.between(2.3, 3.0)
    kind = stream.weighted((("ring", 0.3), ("disc", 0.2), ("triangle", 0.2), ("board", 0.2), ("blank", 0.1)))
    _post(street, x, z, high + 0.3, 0.038, metal)

    def put(points: Sequence[Point2], colour: Colour) -> None:
        _face(street, x, z, points, SIGN, colour, 0.9)

    size = stream.between(0.38, 0.52)
    if kind == "board":
        _board(put, stream, high)
    elif kind == "triangle":
        for part, colour in ((1.15, (0.74, 0.09, 0.10)), (0.74, (0.90, 0.89, 0.85))):
            put(
                [
                    (-size * part, high - size * 0.6 * part),
                    (size * part, high - size * 0.6 * part),
                    (0.0, high + size * 1.1 * part),
                ],
                colour,
            )
        put(limb((0.0, high - 0.12), (0.0, high + 0.24), 0.04, 0.06), (0.08, 0.08, 0.08))
    elif kind == "ring":
        put(ellipse(0.0, high, size), (0.76, 0.08, 0.10))
        put(ellipse(0.0, high, size * 0.74), (0.90, 0.90, 0.88))
        _digits(put, stream.pick("235") + "0", high, size)
    else:
        put(ellipse(0.0, high, size), (0.10, 0.26, 0.62) if kind == "disc" else (0.60, 0.61, 0.62))
        if kind == "disc":
            put(limb((-0.14, high + 0.16), (0.14, high - 0.16), 0.05, 0.05), (0.9, 0.9, 0.9))
            put([(0.22, high - 0.24), (0.20, high), (-0.02, high - 0.22)], (0.9, 0.9, 0.9))


_SEGMENTS = {  # of a figure: x0, y0, x1, y1 in halves of its width and height
    "top": (-1.0, 0.7, 1.0, 1.0),
    "middle": (-1.0, -0.15, 1.0, 0.15),
    "bottom": (-1.0, -1.0, 1.0, -0.7),
    "upper left": (-1.0, 0.0, -0.45, 1.0),
    "upper right": (0.45, 0.0, 1.0, 1.0),
    "lower left": (-1.0, -1.0, -0.45, 0.0),
    "lower right": (0.45, -1.0, 1.0, 0.0),
}
_FIGURES = {
    "0": ("top", "bottom", "upper left", "upper right", "lower left", "lower right"),
    "2": ("top", "upper right", "middle", "lower left", "bottom"),
    "3": ("top", "upper right", "middle", "lower right", "bottom"),
    "5": ("top", "upper left", "middle", "lower right", "bottom"),
}


def _digits(put: Callable[[Sequence[Point2], Colour], None], text: str, high: float, size: float) -> None:
    """A speed limit of two figures."""
    for number, figure in enumerate(text):
        x, wide, tall = (number - 0.5) * 0.62 * size, 0.22 * size, 0.40 * size
        for segment in _FIGURES[figure]:
            x0, y0, x1, y1 = _SEGMENTS[segment]
            put(rectangle(x + x0 * wide, high + y0 * tall, x + x1 * wide, high + y1 * tall), (0.08, 0.08, 0.08))


def _board(put: Callable[[Sequence[Point2], Colour], None], stream: Stream, high: float) -> None:
    """A direction board with lines of writing."""
    half = stream.between(0.45, 0.95)
    colour = stream.pick(((0.06, 0.34, 0.22), (0.10, 0.24, 0.52), (0.88, 0.87, 0.82), (0.84, 0.66, 0.12)))
    ink = (0.92, 0.92, 0.90) if sum(colour) < 1.5 else (0.10, 0.10, 0.12)
    put(rectangle(-half, high - 0.35, half, high + 0.45), ink)
    put(rectangle(-half + 0.04, high - 0.31, half - 0.04, high + 0.41), colour)
    for line in range(3):
        y, end = high + 0.25 - line * 0.23, half * stream.between(0.3, 0.9)
        at = -half + 0.12
        while at < end:
            word = stream.between(0.08, 0.22)
            put(rectangle(at, y - 0.06, min(at + word, half - 0.08), y + 0.06), ink)
            at += word + 0.05


def paint_fence(street: Street, side: Side, x: float, start: float, end: float, kind: str, stream: Stream) -> None:
    """A fence along the street: railing, boards, a low wall, or a guard rail."""
    height = {"railing": 1.15, "boards": 1.6, "wall": 1.0, "guard": 0.85}[kind] * stream.between(0.9, 1.15)
    colour = stream.pick(
        {
            "railing": ((0.10, 0.11, 0.12), (0.16, 0.24, 0.20), (0.80, 0.80, 0.78)),
            "boards": ((0.46, 0.33, 0.22), (0.56, 0.46, 0.34), (0.70, 0.68, 0.64), (0.34, 0.26, 0.20)),
            "wall": ((0.56, 0.34, 0.26), (0.62, 0.58, 0.50), (0.50, 0.46, 0.42)),
            "guard": ((0.62, 0.64, 0.66), (0.70, 0.70, 0.70)),
        }[kind]
    )
    seed, z0 = stream.below(2**31), max(start, 0.5)
    plane = Plane((x, KERB, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
    light, camera = street.light, street.camera
    towards = light.towards((-side.sign, 0.0, 0.0))

    def inside(u: Floats, v: Floats) -> npt.NDArray[np.bool_]:
        depth = camera.focal * x / np.where(u == camera.u0, np.float32(1e-6), u - camera.u0)
        depth = np.clip(depth, np.float32(0), np.float32(500))
        up = (camera.v0 - v) * depth * (1 / camera.focal) + (camera.height - KERB)
        return _open_pattern(kind, depth, up, height)

    def shader(at: Points) -> Floats:
        s, t, depth = plane.coordinates(camera, at.u, at.v)
        level = _fence_texture(kind, s, t, np.minimum(np.float32(14) / depth, np.float32(1)), height, seed)
        albedo = np.array(colour, np.float32)[:, None] * level
        sun = street.sunlit(s * 0 + x, t, s) * np.float32(towards) if towards else 0.0
        return light.shade(albedo, sun, depth, np.float32(0.9))

    outline: list[Point3] = [(x, KERB, z0), (x, KERB, end), (x, KERB + height, end), (x, KERB + height, z0)]
    if kind in ("boards", "wall"):
        street.canvas.shaded(camera.outline(outline), FENCE, shader)
    else:
        street.canvas.masked(camera.outline(outline), FENCE, shader, inside)
    solid = height if kind in ("boards", "wall") else height * 0.1
    street.cast([(x, KERB, z0), (x, KERB, end), (x, solid, end), (x, solid, z0)])


def _open_pattern(kind: str, s: Floats, t: Floats, height: float) -> npt.NDArray[np.bool_]:
    """Where the fence is, and not the gaps between its bars."""
    post = s * np.float32(0.5)
    pattern: npt.NDArray[np.bool_] = post - np.floor(post) < np.float32(0.05)
    if kind == "railing":
        bar = s * np.float32(5)
        pattern = pattern | ((bar - np.floor(bar) < np.float32(0.34)) & (t > np.float32(0.1)))
        pattern |= (np.abs(t - np.float32(0.16)) < np.float32(0.05)) | (t > height - np.float32(0.09))
    elif kind == "guard":
        pattern = pattern | (np.abs(t - height * 0.78) < np.float32(0.16))
    return pattern


def _fence_texture(kind: str, s: Floats, t: Floats, fade: Floats, height: float, seed: int) -> Floats:
    offset = seed % 4096
    level: Floats
    rough = fractal(s * 50 + offset, t * 18 + 9000) - np.float32(0.5)
    if kind == "boards":
        board = np.floor(s * np.float32(6))
        gap = s * np.float32(6) - board < np.float32(0.1)
        level = 1 + (hashed_cells(board, board * 0, seed) - np.float32(0.5)) * fade * np.float32(0.4)
        level -= gap * fade * np.float32(0.5)
        rail = np.abs(np.abs(t - height * 0.5) - height * 0.34) < np.float32(0.05)
        level += rough * np.float32(0.4) + rail * np.float32(0.12)
        return level
    if kind == "wall":
        row = np.floor(t * np.float32(8))
        column = np.floor(s * np.float32(3.2) + row * np.float32(0.5))
        own = hashed_cells(row, column, seed) - np.float32(0.5)
        joint = (t * np.float32(8) - row < np.float32(0.2)).astype(np.float32)
        cap = t > height - np.float32(0.12)
        level = 1 + (own * np.float32(0.4) + joint * np.float32(0.2)) * fade + rough * np.float32(0.3)
        return np.where(cap, np.float32(1.25) + rough * np.float32(0.2), level)
    fold = np.abs(t - height * np.float32(0.78)) * np.float32(4)
    level = np.float32(1.08) - fold * np.float32(0.45 if kind == "guard" else 0.05) + rough * np.float32(0.25)
    return level


def pick_metal(stream: Stream) -> Colour:
    """The colour of a street's posts."""
    return stream.pick(_METALS)
