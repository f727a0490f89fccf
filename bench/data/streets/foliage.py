"""Trees in leaf, conifers, bare trees, hedges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.data.streets.camera import Plane, Point2, Point3
from bench.data.streets.canvas import Colour, Points, Shader
from bench.data.streets.light import scaled
from bench.data.streets.noise import Floats, fractal, grain
from bench.data.streets.randomness import Stream
from bench.data.streets.shapes import ellipse, limb, norm, rectangle
from bench.data.streets.street import KERB, TREE, Side, Street

__all__ = ["Tree", "draw_tree", "paint_hedge", "paint_tree", "tree_palette"]

_LEAVES: dict[str, tuple[Colour, ...]] = {
    "summer": ((0.22, 0.34, 0.10), (0.28, 0.38, 0.13), (0.17, 0.29, 0.12), (0.33, 0.42, 0.14)),
    "spring": ((0.42, 0.52, 0.16), (0.36, 0.47, 0.18), (0.72, 0.56, 0.58)),
    "autumn": ((0.62, 0.36, 0.10), (0.58, 0.46, 0.12), (0.48, 0.22, 0.10), (0.38, 0.38, 0.13)),
}


@dataclass(frozen=True)
class Tree:
    """One tree.

    Attributes:
        foot: where it stands.
        kind: round, tall, cone or bare.
        reach: half width of the crown, metres.
        low: height of the crown's foot.
        high: height of the top.
        leaf: colour of the leaves.
        seed: place in the noise.
        clumps: (right, up, radius) of the parts of the crown, in its half widths and half heights.
    """

    foot: Point3
    kind: str
    reach: float
    low: float
    high: float
    leaf: Colour
    seed: float
    clumps: tuple[Point3, ...]


def tree_palette(stream: Stream) -> tuple[tuple[Colour, ...], float]:
    """The season: colours of the leaves, and the share of bare trees."""
    season = stream.weighted((("summer", 0.5), ("spring", 0.17), ("autumn", 0.2), ("winter", 0.13)))
    if season == "winter":
        return _LEAVES["autumn"], 0.85
    return _LEAVES[season], 0.2 if season == "autumn" else 0.0


def draw_tree(stream: Stream, foot: Point3, palette: tuple[tuple[Colour, ...], float], size: float = 1.0) -> Tree:
    """A random tree at `foot`; `size` scales its height."""
    kinds = (("round", 0.68), ("tall", 0.14), ("cone", 0.18))
    kind = "bare" if stream.chance(palette[1]) else stream.weighted(kinds)
    high = size * {"round": 7.5, "tall": 10.0, "cone": 9.0, "bare": 8.5}[kind] * stream.between(0.7, 1.3)
    reach = high * {"round": 0.33, "tall": 0.15, "cone": 0.22, "bare": 0.34}[kind] * stream.between(0.85, 1.2)
    low = high * {"round": 0.28, "tall": 0.12, "cone": 0.10, "bare": 0.25}[kind]
    leaf = (0.12, 0.22, 0.13) if kind == "cone" else stream.pick(palette[0])
    tone, seed = stream.between(0.8, 1.2), stream.between(0, 450)
    return Tree(foot, kind, reach, low, high, scaled(leaf, tone), seed, _draw_clumps(stream, kind))


def _draw_clumps(stream: Stream, kind: str) -> tuple[Point3, ...]:
    places: tuple[Point2, ...]
    if kind == "round":
        places = ((-0.55, -0.30), (0.55, -0.30), (-0.32, 0.32), (0.36, 0.28), (0.0, 0.55), (0.05, -0.1))
    elif kind == "tall":
        places = ((-0.25, -0.55), (0.25, -0.35), (-0.2, 0.05), (0.18, 0.3), (0.0, 0.62))
    else:
        return ((0.0, 0.0, 1.0),)
    jitter = 0.16
    return tuple(
        (x + stream.between(-jitter, jitter), y + stream.between(-jitter, jitter), stream.between(0.40, 0.62))
        for x, y in places
    )


def _inside_clumps(tree: Tree, a: Floats, b: Floats) -> Floats:
    """Squared distance, in its radii, to the clump that is nearest; a is a row, b a column."""
    best: Floats = np.full((1, 1), 99, np.float32)
    for x, y, radius in tree.clumps:
        da, db = (a - x) * (1 / radius), (b - y) * (1 / radius)
        best = np.minimum(best, da * da + db * db)
    return best


def _from_clump(tree: Tree, a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Offset, in its radii, from the middle of the clump that is nearest; [n]."""
    best, right, up = np.full_like(a, 99), np.zeros_like(a), np.zeros_like(a)
    for x, y, radius in tree.clumps:
        da, db = (a - x) * (1 / radius), (b - y) * (1 / radius)
        distance = da * da + db * db
        nearer = distance < best
        for target, source in ((best, distance), (right, da), (up, db)):
            np.copyto(target, source, where=nearer)
    return right, up


def paint_tree(street: Street, tree: Tree) -> None:
    """Trunk, limbs, crown and shadow."""
    x, _, z = tree.foot
    if z < 1.5:
        return
    _paint_trunk(street, tree)
    middle, half = (tree.low + tree.high) / 2, (tree.high - tree.low) / 2
    outline = street.billboard(
        x, z, rectangle(-tree.reach * 1.5, middle - half * 1.5, tree.reach * 1.5, middle + half * 1.5)
    )
    if tree.kind != "bare":
        shader = _leaves(street, tree, middle, half)
        street.canvas.masked(outline, TREE, shader, _crown(street, tree, middle, half))
        blob = ellipse(0.0, middle, tree.reach * 0.92, half * 0.9)
        street.cast([(x + dx, dy, z) for dx, dy in blob])


def _paint_trunk(street: Street, tree: Tree) -> None:
    x, y, z = tree.foot
    wide = tree.high * 0.022 + 0.05
    bark = (0.34, 0.28, 0.23) if tree.kind != "cone" else (0.26, 0.19, 0.15)
    sunny = street.in_sun(x, z)
    light = street.light.on(bark, (-0.7 * street.left.sign, 0.0, -0.7), z, sunny)
    dark = scaled(light, 0.62)
    if street.light.sun[0] > 0:
        light, dark = dark, light
    top = tree.low + (tree.high - tree.low) * 0.4
    bars = [limb((0.0, y), (0.0, tree.low if tree.kind == "bare" else top), wide, wide * 0.6)]
    if tree.kind == "bare":
        rise = (tree.high - tree.low) * 0.42
        for lean in (-0.5, -0.1, 0.4):
            bars += _boughs(
                Stream(int(tree.seed * 1e6), lean),
                (0.0, tree.low),
                (lean, 1.0),
                rise,
                wide * 0.6,
                1 + (z < 60) + (z < 25),
            )
    elif tree.kind == "round":
        rise = tree.high - tree.low
        for number, side in enumerate((-1.0, 1.0, -0.55, 0.8)):
            at = tree.low * 0.8 + rise * 0.14 * number
            bars.append(limb((0.0, at), (side * tree.reach * 0.45, at + rise * 0.42), wide * 0.55, wide * 0.2))
    for bar in bars:
        outline = street.billboard(x, z, bar)
        if outline:
            us = [u for u, _ in outline]
            street.canvas.plain(outline, TREE, light, dark, ((min(us), 0.0), (max(us), 0.0)), grain=0.4)
    street.cast([(x + dx, dy, z) for dx, dy in bars[0]])


def _boughs(stream: Stream, start: Point2, way: Point2, length: float, wide: float, levels: int) -> list[list[Point2]]:
    """A bough and everything that grows from it: three boughs of 0.6 of its length, `levels` times."""
    size = norm(*way)
    dx, dy = way[0] / size, way[1] / size
    end = start[0] + dx * length, start[1] + dy * length
    bars = [limb(start, end, wide, wide * 0.5)]
    if levels:
        for turn in (-0.6, 0.1, 0.7):
            bend = turn + stream.between(-0.3, 0.3)
            part = stream.between(0.5, 1.0)
            root = start[0] + dx * length * part, start[1] + dy * length * part
            turned = dx - dy * bend, dy + dx * bend
            bars += _boughs(stream, root, turned, length * stream.between(0.45, 0.75), wide * 0.5, levels - 1)
    return bars


def _crown(street: Street, tree: Tree, middle: float, half: float) -> Callable[[Floats, Floats], npt.NDArray[np.bool_]]:
    camera, z = street.camera, tree.foot[2]
    scale = z / camera.focal

    def inside(u: Floats, v: Floats) -> npt.NDArray[np.bool_]:
        x = (u - camera.u0) * scale - tree.foot[0]
        y = (camera.v0 - v) * scale + (camera.height - middle)
        a, b = x * (1 / tree.reach), y * (1 / half)
        result: npt.NDArray[np.bool_]
        lumps = fractal(x * 40 + (tree.seed + 1024), y * 40 + 1024)
        leaves = grain(x * 45 + (tree.seed + 4096), y * 45 + 4096)
        if tree.kind == "cone":
            a = a / np.maximum(np.float32(0.52) - b * np.float32(0.5), np.float32(0.02))
            result = a * a * np.float32(0.9) + b * b * b * b * np.float32(0.8) < 1.3 - lumps * 0.9 - leaves * 0.6
        else:
            result = _inside_clumps(tree, a, b) < np.float32(1.75) - lumps * np.float32(1.2) - leaves * np.float32(0.8)
        return result

    return inside


def _leaves(street: Street, tree: Tree, middle: float, half: float) -> Shader:
    camera, light, (tx, _, z) = street.camera, street.light, tree.foot
    scale = z / camera.focal
    lit = 1.0 if street.in_sun(tx, z, tree.high * 0.8) else 0.0
    way = 7.0 if light.sun[0] > 0 else -7.0

    def shader(at: Points) -> Floats:
        x = (at.u - camera.u0) * scale - tx
        y = (camera.v0 - at.v) * scale + (camera.height - middle)
        column, row = x * 40 + (tree.seed + 1024), y * 40 + 1024
        lumps = fractal(column, row)
        relief = fractal(column + way, row + 9) - lumps
        leaves = grain(x * 45 + (tree.seed + 4096), y * 45 + 4096) - np.float32(0.5)
        right, up = _from_clump(tree, x * (1 / tree.reach), y * (1 / half))
        bulge = np.clip(up * np.float32(0.28) + right * (0.02 * way), np.float32(-0.4), np.float32(0.4))
        level = np.float32(0.78) - relief * np.float32(1.3) + leaves * np.float32(1.1) + bulge + y * (0.14 / half)
        level = np.clip(level, np.float32(0.22), np.float32(1.6))
        sun = np.clip(level - np.float32(0.35), np.float32(0), np.float32(1.3)) * np.float32(lit)
        albedo = np.array(tree.leaf, np.float32)[:, None] * (np.float32(0.75) + level * np.float32(0.35))
        albedo[0] += leaves * np.float32(0.06)
        return light.shade(albedo, sun, z, level * np.float32(0.95))

    return shader


def paint_hedge(street: Street, side: Side, start: float, end: float, height: float, leaf: Colour, seed: float) -> None:
    """A hedge or a green bank along the outer edge of the pavement."""
    x, z, camera = side.edge, max(start, 0.5), street.camera
    plane = Plane((x, KERB, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
    towards = street.light.towards((-side.sign, 0.0, 0.0)) * 0.8 + 0.2 * street.light.towards((0.0, 1.0, 0.0))

    def inside(u: Floats, v: Floats) -> npt.NDArray[np.bool_]:
        depth = camera.focal * x / np.where(u == camera.u0, np.float32(1e-6), u - camera.u0)
        depth = np.clip(depth, np.float32(0), np.float32(500))
        up = (camera.v0 - v) * depth * (1 / camera.focal) + (camera.height - KERB)
        rough = fractal(depth * 40 + seed, up * 40 + 1024)
        return up < height * (np.float32(0.80) + rough * np.float32(0.40))

    def shader(at: Points) -> Floats:
        s, t, depth = plane.coordinates(camera, at.u, at.v)
        lumps = fractal(s * 40 + seed, t * 40 + 1024)
        relief = fractal(s * 40 + (seed + 5), t * 40 + 1032) - lumps
        leaves = grain(s * 45 + (seed + 4096), t * 45 + 4096) - np.float32(0.5)
        level = np.float32(0.62) - relief * np.float32(1.4) + leaves * np.float32(0.8) + t * (0.35 / height)
        level = np.clip(level, np.float32(0.2), np.float32(1.5))
        albedo = np.array(leaf, np.float32)[:, None] * (np.float32(0.8) + level * np.float32(0.3))
        sun = street.sunlit(s * 0 + x, t, s) * level * np.float32(towards)
        return street.light.shade(albedo, sun, depth, level)

    top = KERB + height * 1.25
    outline: list[Point3] = [(x, KERB, z), (x, KERB, end), (x, top, end), (x, top, z)]
    street.canvas.masked(camera.outline(outline), TREE, shader, inside)
