"""Rows of houses along the street, and what closes its far end."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bench.data.streets.camera import Plane, Point3
from bench.data.streets.canvas import Colour, Points, Shader
from bench.data.streets.facades import Facade, draw_facade
from bench.data.streets.noise import Floats, fractal, hashed_cells
from bench.data.streets.randomness import Stream
from bench.data.streets.shapes import norm
from bench.data.streets.street import BUILDING, Side, Street
from bench.data.streets.walls import facade_shader

__all__ = ["House", "draw_row", "paint_distance", "paint_row"]

_ROOFS: tuple[Colour, ...] = ((0.42, 0.22, 0.17), (0.30, 0.30, 0.33), (0.36, 0.28, 0.24), (0.50, 0.30, 0.22))
_END = 170.0  # metres: no house stands farther


@dataclass(frozen=True)
class House:
    """A box between two depths, with a flat or a pitched roof.

    Attributes:
        start: Z of its near end wall.
        end: Z of its far end wall.
        wall: X of the wall along the street.
        out: -1.0 or 1.0, away from the street.
        depth: metres from the street wall to the back.
        facade: of the wall along the street.
        gable: metres from the eaves to the ridge, 0 for a flat roof.
        roof: its colour.
        chimney: whether it has one.
        seed: of its tiles.
    """

    start: float
    end: float
    wall: float
    out: float
    depth: float
    facade: Facade
    gable: float
    roof: Colour
    chimney: bool
    seed: int


def draw_row(stream: Stream, side: Side, storeys: tuple[int, int], gaps: float, shops: float) -> list[House]:
    """Houses from behind the camera to the end of the street, near to far.

    Args:
        stream: of this row.
        side: of the street.
        storeys: fewest and most above the ground floor.
        gaps: share of the houses with a gap after them.
        shops: share of the houses with a shop.
    """
    houses: list[House] = []
    z, out = stream.between(-40.0, -30.0), side.sign
    while z < _END:
        length = stream.between(6.0, 16.0) if storeys[1] < 3 else stream.between(8.0, 24.0)
        floors = storeys[0] + stream.below(storeys[1] - storeys[0] + 1)
        facade = draw_facade(stream, floors, shops)
        pitched = facade.material not in ("panel", "glass") and stream.chance(0.55)
        houses.append(
            House(
                start=z,
                end=z + length,
                wall=side.wall + out * stream.pick((0.0, 0.0, 0.0, 0.4, 0.8)),
                out=out,
                depth=stream.between(7.0, 12.0),
                facade=facade,
                gable=stream.between(1.8, 3.6) if pitched else 0.0,
                roof=stream.pick(_ROOFS),
                chimney=pitched and stream.chance(0.7),
                seed=stream.below(2**31),
            )
        )
        z += length + (stream.between(3.0, 12.0) if stream.chance(gaps) else 0.0)
    return houses


def paint_row(street: Street, houses: list[House]) -> None:
    """Paint far to near."""
    for house in sorted(houses, key=lambda house: -house.start):
        if house.end > 0.5:
            _paint_house(street, house)


def _paint_house(street: Street, house: House) -> None:
    height, out, x = house.facade.height, house.out, house.wall
    back, start, end = x + out * house.depth, house.start, house.end
    ridge = x + out * house.depth / 2, height + house.gable
    if house.gable:
        _paint_roof(street, house)
    if start > 0.5:
        _paint_end_wall(street, house, back, ridge)
    side = Plane((x, 0.0, start), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
    shader = facade_shader(street, house.facade, side, (-out, 0.0, 0.0), end - start)
    outline: list[Point3] = [(x, 0.0, start), (x, 0.0, end), (x, height, end), (x, height, start)]
    street.canvas.shaded(street.camera.outline(outline), BUILDING, shader)
    if house.facade.shop is not None and house.seed % 3:
        _paint_awnings(street, house)


def _paint_awnings(street: Street, house: House) -> None:
    """Striped canvas over the windows of a shop."""
    high, low = house.facade.ground - 0.9, house.facade.ground - 1.45
    x, reach, length = house.wall, house.wall - house.out * 1.1, house.end - house.start
    slope = norm(x - reach, high - low)
    cloth = house.facade.shop or house.facade.door
    count = 1 + house.seed % 2
    for number in reversed(range(count)):
        start = house.start + length * (number + 0.08) / count
        end = house.start + length * (number + 0.92) / count
        plane = Plane((x, high, start), (0.0, 0.0, 1.0), ((reach - x) / slope, (low - high) / slope, 0.0))
        shader = _stripes(street, plane, cloth, (-house.out * (high - low) / slope, abs(reach - x) / slope, 0.0))
        top: list[Point3] = [(x, high, start), (x, high, end), (reach, low, end), (reach, low, start)]
        front: list[Point3] = [(reach, low, start), (reach, low, end), (reach, low - 0.22, end)]
        street.canvas.shaded(street.camera.outline(top), BUILDING, shader)
        hang = Plane((reach, low, start), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
        valance = _stripes(street, hang, cloth, (-house.out, 0.0, 0.0))
        street.canvas.shaded(street.camera.outline([*front, (reach, low - 0.22, start)]), BUILDING, valance)


def _stripes(street: Street, plane: Plane, cloth: Colour, normal: Point3) -> Shader:
    towards = street.light.towards(normal)

    def shader(at: Points) -> Floats:
        s, t, depth = plane.coordinates(street.camera, at.u, at.v)
        stripe = (s * np.float32(2.2) - np.floor(s * np.float32(2.2)) < np.float32(0.5)).astype(np.float32)
        albedo = np.empty((3, len(s)), np.float32)
        for channel in range(3):
            albedo[channel] = cloth[channel] + (0.88 - cloth[channel]) * stripe
        return street.light.shade(albedo, towards, depth, np.float32(1.0) - np.abs(t) * np.float32(0.15))

    return shader


def _paint_end_wall(street: Street, house: House, back: float, ridge: tuple[float, float]) -> None:
    height, z, x = house.facade.height, house.start, house.wall
    plain = replace(house.facade, shop=None, balconies=0.0, bay=house.facade.bay * 1.7)
    plane = Plane((x, 0.0, z), (house.out, 0.0, 0.0), (0.0, 1.0, 0.0))
    shader = facade_shader(street, plain, plane, (0.0, 0.0, -1.0), house.depth)
    outline: list[Point3] = [(x, 0.0, z), (back, 0.0, z), (back, height, z)]
    if house.gable:
        outline.append((ridge[0], ridge[1], z))
    street.canvas.shaded(street.camera.outline([*outline, (x, height, z)]), BUILDING, shader)


def _paint_roof(street: Street, house: House) -> None:
    rise, run = house.gable, house.depth / 2
    length = norm(rise, run)
    eaves, x = house.facade.height - 0.15, house.wall
    plane = Plane((x, eaves, house.start), (0.0, 0.0, 1.0), (house.out * run / length, rise / length, 0.0))
    normal = (-house.out * rise / length, run / length, 0.0)
    corners = ((0.0, 0.0), (house.end - house.start, 0.0), (house.end - house.start, length), (0.0, length))
    outline = [plane.point(s, t) for s, t in corners]
    if house.chimney:
        _paint_chimney(street, house, run, rise)
    street.canvas.shaded(street.camera.outline(outline), BUILDING, _tiles(street, house, plane, normal))


def _paint_chimney(street: Street, house: House, run: float, rise: float) -> None:
    z, x, top = house.start + 0.7, house.wall + house.out * run, house.facade.height + rise + 1.3
    if z > 0.6:
        brick = street.light.on((0.45, 0.28, 0.22), (0.0, 0.0, -1.0), z)
        side = street.light.on((0.45, 0.28, 0.22), (-house.out, 0.0, 0.0), z)
        low, inner, outer = top - 2.4, x - house.out * 0.45, x + house.out * 0.45
        face: list[Point3] = [(inner, low, z), (outer, low, z), (outer, top, z), (inner, top, z)]
        flank: list[Point3] = [(inner, low, z), (inner, low, z + 1.1), (inner, top, z + 1.1), (inner, top, z)]
        street.plain3(face, BUILDING, brick, grain=0.3)
        street.plain3(flank, BUILDING, side, grain=0.3)


def _tiles(street: Street, house: House, plane: Plane, normal: Point3) -> Shader:
    towards = street.light.towards(normal)
    base = np.array(house.roof, np.float32)[:, None]

    def shader(at: Points) -> Floats:
        s, t, depth = plane.coordinates(street.camera, at.u, at.v)
        fade = np.minimum(np.float32(22) / depth, np.float32(1))
        row = np.floor(t * np.float32(3.2))
        column = np.floor(s * np.float32(3.6) + row * np.float32(0.5))
        edge = t * np.float32(3.2) - row
        level = np.float32(0.86) + (hashed_cells(row, column, house.seed) - np.float32(0.5)) * fade * np.float32(0.4)
        level += (edge - np.float32(0.5)) * fade * np.float32(0.35)
        level += (fractal(s * 10 + 9000, t * 10 + 9000) - np.float32(0.5)) * np.float32(0.35)
        return street.light.shade(base * level, towards, depth)

    return shader


def paint_distance(street: Street, stream: Stream) -> None:
    """Houses across the far end of the street and hazy roofs behind, so that the road does not meet the sky."""
    light, x = street.light, -90.0
    while x < 90.0:
        width, height = stream.between(8.0, 22.0), stream.between(6.0, 17.0)
        grey = stream.between(0.3, 0.6)
        colour = light.on((grey * 1.05, grey, grey * 0.95), (0.0, 0.0, -1.0), 260.0)
        roof = stream.between(0.0, 5.0)
        outline: list[Point3] = [(x, 0.0, 280.0), (x + width, 0.0, 280.0), (x + width, height, 280.0)]
        outline += [(x + width / 2, height + roof, 280.0), (x, height, 280.0)]
        street.plain3(outline, BUILDING, colour, grain=0.15)
        x += width * stream.between(0.8, 1.0)
    if stream.chance(0.5):
        z, half = stream.between(120.0, 165.0), 45.0
        facade = draw_facade(stream, 1 + stream.below(4), 0.3)
        plane = Plane((-half, 0.0, z), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
        wall: list[Point3] = [(-half, 0.0, z), (half, 0.0, z), (half, facade.height, z), (-half, facade.height, z)]
        shader = facade_shader(street, facade, plane, (0.0, 0.0, -1.0), 2 * half)
        street.canvas.shaded(street.camera.outline(wall), BUILDING, shader)
