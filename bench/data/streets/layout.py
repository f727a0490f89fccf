"""What stands where: one scene from one stream of random numbers."""

from __future__ import annotations

from collections.abc import Callable, Set
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial

from bench.data.streets.bodies import draw_car
from bench.data.streets.buildings import House, draw_row, paint_distance, paint_row
from bench.data.streets.camera import Camera
from bench.data.streets.canvas import Canvas
from bench.data.streets.foliage import draw_tree, paint_hedge, paint_tree, tree_palette
from bench.data.streets.furniture import (
    paint_bollard,
    paint_fence,
    paint_lamp,
    paint_sign,
    paint_traffic_light,
    pick_metal,
)
from bench.data.streets.ground import draw_marking, paint_ground
from bench.data.streets.light import draw_light
from bench.data.streets.people import paint_bicyclist, paint_pedestrian
from bench.data.streets.randomness import Stream
from bench.data.streets.sky import paint_sky
from bench.data.streets.street import KERB, Side, Skyline, Street
from bench.data.streets.vehicles import paint_car, paint_crossing_car

__all__ = ["paint"]


@dataclass(frozen=True)
class _Character:
    """What kind of street one side is.

    Attributes:
        storeys: fewest and most over the ground floor.
        gaps: share of houses with a gap after them.
        shops: share of houses with a shop.
        garden: metres from the pavement to the houses.
        trees: chance of a tree at each place for one.
        border: what closes the pavement: nothing, a fence, a hedge.
    """

    storeys: tuple[int, int]
    gaps: float
    shops: float
    garden: float
    trees: float
    border: str


def _draw_character(stream: Stream) -> _Character:
    kind = stream.weighted((("high street", 0.42), ("terrace", 0.32), ("suburb", 0.15), ("park", 0.11)))
    if kind == "high street":
        return _Character((2, 5), 0.14, 0.8, 0.0, 0.28, "none")
    if kind == "terrace":
        border = stream.weighted((("fence", 0.72), ("none", 0.28)))
        return _Character((2, 3), 0.15, 0.12, 1.6 if border == "fence" else 0.0, 0.3, border)
    border = stream.weighted((("fence", 0.72), ("hedge", 0.22), ("none", 0.06)))
    if kind == "suburb":
        return _Character((1, 2), 0.5, 0.0, stream.between(4.0, 8.0), 0.7, border)
    return _Character((1, 3), 0.6, 0.0, stream.between(16.0, 30.0), 0.95, border)


def _draw_side(stream: Stream, sign: float, lane: float, character: _Character) -> Side:
    parking = 1.9 if stream.chance(0.5) else 0.0
    kerb = lane + sign * parking
    edge = kerb + sign * stream.between(2.0, 4.2)
    return Side(sign, kerb, edge, edge + sign * character.garden, character.garden > 3, parking)


@dataclass
class _Things:
    """What stands between the houses, painted far to near."""

    canvas: Canvas
    items: list[tuple[float, Callable[[], None], bool]] = field(default_factory=list)

    def add(self, z: float, paint: Callable[[], None], *, countable: bool = True) -> None:
        self.items.append((z, paint, countable))

    def paint(self) -> None:
        for _, paint, countable in sorted(self.items, key=lambda item: -item[0]):
            with self.canvas.thing() if countable else nullcontext():
                paint()


def paint(stream: Stream, height: int, width: int, omitted: Set[int] = frozenset()) -> Canvas:
    """Paint the scene of a stream.

    A countable thing is a car, a pedestrian, a bicycle with its rider, a sign or traffic light with its post, a tree,
    or a piece of hedge. Lamp posts, bollards and fences are none, and a lawn is ground, though its label is `tree`.

    Args:
        stream: where every decision comes from.
        height: of the picture in pixels; the scene fills it from top to bottom at any size.
        width: in pixels; a wider picture shows more at its sides.
        omitted: things that are left out, with their shadows; everything else stays as it is.

    Returns:
        The canvas, to be resolved into the picture and its label map.
    """
    plan = stream.fork("plan")
    light = draw_light(stream.fork("light"))
    camera = Camera(
        plan.between(0.72, 0.95), plan.between(1.25, 1.7), plan.between(-0.16, 0.16), plan.between(0.46, 0.57)
    )
    road, drive = plan.between(5.4, 6.6), plan.sign()
    left_lane = -road * (plan.between(0.22, 0.36) if drive < 0 else plan.between(0.64, 0.78))
    characters = [_draw_character(stream.fork(f"character{n}")) for n in range(2)]
    left = _draw_side(plan, -1.0, left_lane, characters[0])
    right = _draw_side(plan, 1.0, left_lane + road, characters[1])
    rows = [
        draw_row(stream.fork(f"row{side.sign}"), side, c.storeys, c.gaps, c.shops)
        for side, c in zip((left, right), characters, strict=True)
    ]
    sunny = 0 if light.sun[0] < 0 else 1
    skyline = Skyline((left, right)[sunny].wall)
    for house in rows[sunny]:
        skyline.add(house.start, house.end, house.facade.height + house.gable * 0.6)
    street = Street(camera, Canvas(height, width, omitted), light, left, right, skyline)
    _paint(street, stream, rows, characters, drive)
    return street.canvas


def _paint(street: Street, stream: Stream, rows: list[list[House]], characters: list[_Character], drive: float) -> None:
    paint_sky(street, stream.fork("sky"))
    paint_ground(street, draw_marking(stream.fork("marking"), street.left, street.right), stream.fork("ground"))
    paint_distance(street, stream.fork("distance"))
    palette = tree_palette(stream.fork("season"))
    things = _Things(street.canvas)
    for side, character, row in zip(street.sides, characters, rows, strict=True):
        _plant_behind(street, stream.fork(f"behind{side.sign}"), side, palette)
        paint_row(street, row)
        own = stream.fork(f"side{side.sign}")
        _plant(street, own.fork("garden"), side, character, palette)
        _border(street, own.fork("border"), side, character, palette)
        _furnish(street, own.fork("furniture"), side, character, things, palette)
        _walkers(street, own.fork("people"), side, things)
    _traffic(street, stream.fork("traffic"), drive, things)
    things.paint()


_Palette = tuple[tuple[tuple[float, float, float], ...], float]


def _plant_behind(street: Street, stream: Stream, side: Side, palette: _Palette) -> None:
    """Trees behind the houses, which show in the gaps and over low roofs."""
    z = 150.0
    while z > 12:
        foot = (side.wall + side.sign * stream.between(12, 24), KERB, z)
        tree = draw_tree(stream, foot, palette, 1.1)
        if stream.chance(0.6):
            with street.canvas.thing():
                paint_tree(street, tree)
        z *= stream.between(0.62, 0.85)


def _plant(street: Street, stream: Stream, side: Side, character: _Character, palette: _Palette) -> None:
    """Trees in gardens and parks."""
    if not side.green:
        return
    z, room = 110.0, abs(side.wall - side.edge)
    while z > 4:
        x = side.edge + side.sign * room * stream.between(0.25, 0.75)
        tree = draw_tree(stream, (x, KERB, z), palette, 0.85 if room < 10 else 1.3)
        if stream.chance(character.trees):
            with street.canvas.thing():
                paint_tree(street, tree)
        z *= stream.between(0.66, 0.88)


def _border(street: Street, stream: Stream, side: Side, character: _Character, palette: _Palette) -> None:
    """Fences and hedges along the outer edge of the pavement, with gates."""
    z, pieces = stream.between(-8.0, 1.0), []
    kind = stream.weighted((("railing", 0.3), ("boards", 0.28), ("wall", 0.28), ("guard", 0.14)))
    while z < 120:
        end = z + stream.between(8.0, 30.0)
        pieces.append((z, end))
        z = end + stream.pick((0.0, 1.2, 3.5))
    leaf, height = stream.pick(palette[0]), stream.between(0.9, 2.0)
    for start, end in reversed(pieces):
        if end < 0.6:
            continue
        hedge = character.border == "hedge" or (character.border == "fence" and stream.chance(0.15))
        if hedge:
            with street.canvas.thing():
                paint_hedge(street, side, start, end, height, leaf, stream.between(0, 450))
        elif character.border == "fence":
            paint_fence(street, side, side.edge, start, end, kind, stream.fork(int(start * 10)))


def _furnish(
    street: Street, stream: Stream, side: Side, character: _Character, things: _Things, palette: _Palette
) -> None:
    """Lamps, signs, traffic lights, bollards and street trees on the pavement."""
    metal, z = pick_metal(stream), stream.between(4.0, 20.0)
    spacing, near_kerb = stream.between(18.0, 34.0), side.within(0.12)
    while z < 140:
        lamp = partial(paint_lamp, street, stream.fork(f"lamp{int(z * 10)}"), side, near_kerb, z, metal)
        things.add(z, lamp, countable=False)
        z += spacing
    if not side.green and stream.chance(character.trees * 2):
        z, x = stream.between(4.0, 14.0), side.within(0.3)
        while z < 130:
            tree = draw_tree(stream, (x, KERB, z), palette, 0.92)
            things.add(z, partial(paint_tree, street, tree))
            z += stream.between(7.0, 14.0)
    for number in range(1 + stream.below(3)):
        z = stream.between(4.0, 12.0) * (1 + number * stream.between(0.6, 2.0))
        things.add(z, partial(paint_sign, street, stream.fork(f"sign{number}"), side.within(0.18), z, metal))
    if stream.chance(0.3):
        z = stream.between(7.0, 24.0)
        things.add(z, partial(paint_traffic_light, street, stream.fork("light"), side.within(0.1), z))
    if stream.chance(0.25):
        z = stream.between(4.0, 9.0)
        for number in range(6):
            at = z + number * 1.8
            bollard = partial(paint_bollard, street, side.within(0.08), at, metal)
            things.add(at, bollard, countable=False)
    if stream.chance(0.2):
        start, x = stream.between(4.0, 18.0), side.within(0.06)
        end = start + stream.between(4.0, 12.0)
        rail = partial(paint_fence, street, side, x, start, end, "railing", stream.fork("rail"))
        things.add(end, rail, countable=False)


def _walkers(street: Street, stream: Stream, side: Side, things: _Things) -> None:
    for number in range(stream.below(5)):
        z = 4.0 + 34.0 * stream.unit() * stream.unit()
        x = side.within(stream.between(0.25, 0.85))
        for friend in range(1 + stream.chance(0.25)):
            own = stream.fork(f"person{number}-{friend}")
            at = z + 0.3 * friend
            things.add(at, partial(paint_pedestrian, street, own, x + 0.6 * friend, at, KERB))


def _traffic(street: Street, stream: Stream, drive: float, things: _Things) -> None:
    """Cars in both lanes and at both kerbs, bicyclists, somebody who crosses the road."""
    road = street.right.lane - street.left.lane
    for side in street.sides:
        own = stream.fork(f"lane{side.sign}")
        away = side.sign == drive
        if side.parking:
            _parked(street, own, side.kerb - side.sign * 1.05, away, things)
        z = own.between(6.0, 22.0) if away else own.between(5.0, 30.0)
        while z < 90 and own.chance(0.62):
            car = draw_car(own, side.lane - side.sign * road * own.between(0.25, 0.29), z, away)
            things.add(z, partial(paint_car, street, car))
            z += car.model.length + own.between(4.0, 30.0)
        if own.chance(0.34):
            at, x = own.between(4.0, 20.0), side.lane - side.sign * own.between(0.4, 0.8)
            things.add(at, partial(paint_bicyclist, street, own.fork("bicycle"), x, at, across=False))
    _crossing(street, stream.fork("crossing"), things)


def _crossing(street: Street, stream: Stream, things: _Things) -> None:
    left, right = street.left.lane, street.right.lane
    if stream.chance(0.14):
        z = stream.between(14.0, 34.0)
        car = draw_car(stream, stream.between(left, right), z, stream.chance(0.5))
        things.add(z, partial(paint_crossing_car, street, car))
    x, z = stream.between(left + 1, right - 1), stream.between(5.0, 20.0)
    if stream.chance(0.18):
        things.add(z, partial(paint_bicyclist, street, stream.fork("bicycle"), x, z, across=True))
    elif stream.chance(0.2):
        things.add(z, partial(paint_pedestrian, street, stream.fork("person"), x, z, 0.0))


def _parked(street: Street, stream: Stream, x: float, away: bool, things: _Things) -> None:
    z = stream.between(3.0, 14.0)
    for _ in range(1 + stream.below(7)):
        car = draw_car(stream, x, z, away, big=False)
        things.add(z, partial(paint_car, street, car))
        z += car.model.length + stream.between(0.7, 3.0) + (6.0 if stream.chance(0.25) else 0.0)
