"""Cars, vans and buses: along the street, seen from behind or in front, and across it, seen from the side."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.data.streets.bodies import Car
from bench.data.streets.camera import Point2, Point3
from bench.data.streets.canvas import Colour
from bench.data.streets.light import mix, scaled
from bench.data.streets.shapes import ellipse, norm, rectangle
from bench.data.streets.street import CAR, Street

__all__ = ["paint_car", "paint_crossing_car"]

_Face = Callable[[Sequence[Point2], Colour, Colour], None]
_TYRE: Colour = (0.07, 0.07, 0.08)
_RINGS: tuple[tuple[float, Colour], ...] = (  # arch, tyre, rim, hub: radius relative to the wheel's
    (1.17, (0.04, 0.04, 0.04)),
    (1.0, _TYRE),
    (0.64, (0.55, 0.56, 0.58)),
    (0.2, (0.2, 0.2, 0.2)),
)


@dataclass(frozen=True)
class _Tones:
    """The colours of one car in its light."""

    street: Street
    car: Car
    sunny: bool

    def body(self, normal: Point3) -> tuple[Colour, Colour]:
        """Upper and lower colour of a painted panel; paint mirrors the sky."""
        light = self.street.light
        base = light.on(self.car.paint, normal, self.car.z, self.sunny)
        gloss = mix(light.zenith, light.horizon, 0.6)
        return mix(base, gloss, 0.16 + 0.22 * max(0.0, normal[1])), scaled(base, 0.68)

    def glass(self, up: float) -> tuple[Colour, Colour]:
        """Upper and lower colour of a window that leans towards the sky by `up`."""
        light = self.street.light
        gleam = mix(light.zenith, light.horizon, 0.7)
        return mix((0.07, 0.08, 0.10), gleam, 0.30 + 0.25 * up), mix((0.05, 0.06, 0.07), gleam, 0.10 + 0.2 * up)

    def of(self, colour: Colour) -> Colour:
        """A small part that faces the camera."""
        return self.street.light.on(colour, (0.0, 0.0, -1.0), self.car.z, self.sunny)


def paint_car(street: Street, car: Car) -> None:
    """A vehicle that stands along the street."""
    if car.z < 1.2:
        return
    tones = _Tones(street, car, street.in_sun(car.x, car.z))
    _shadow(street, car)
    _top(street, car, tones)
    reach = car.model.width / 2
    if abs(car.x) > reach:
        _flank(street, car, tones, -1.0 if car.x > 0 else 1.0)
    _end(street, car, tones)


def _shadow(street: Street, car: Car) -> None:
    """Under the body, and cast by the sun."""
    half, near, far = car.model.width / 2, car.z, car.z + car.model.length
    corners = ((-half, near), (half, near), (half, far), (-half, far))
    street.canvas.cast(street.camera.outline([(car.x + dx, 0.0, z) for dx, z in corners]))
    high = max(y for _, y in car.model.contour) * 0.95
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        wall: list[Point3] = [(car.x + a[0], 0.0, a[1]), (car.x + b[0], 0.0, b[1])]
        wall += [(car.x + b[0] * 0.9, high, b[1]), (car.x + a[0] * 0.9, high, a[1])]
        if street.in_sun(car.x, car.z):
            street.cast(wall)


def _top(street: Street, car: Car, tones: _Tones) -> None:
    """Bonnet, windows and roof, as far as they face the camera."""
    contour = car.stations(car.model.contour)
    for number in range(len(contour) - 1) if not car.away else reversed(range(len(contour) - 1)):
        ends = contour[number], contour[number + 1]
        (a, low), (b, high) = ends if car.away else (ends[1], ends[0])
        length = norm(b - a, high - low)
        normal = (0.0, (b - a) / length, (low - high) / length)
        near, far = car.half(low), car.half(high)
        z = car.z
        panel: list[Point3] = [(car.x - near, low, z + a), (car.x + near, low, z + a)]
        panel += [(car.x + far, high, z + b), (car.x - far, high, z + b)]
        glass = number in car.model.glass
        street.plain3(panel, CAR, *tones.body(normal), grain=0.02)
        if glass:
            inner = [_shrink(point, panel, 0.90) for point in panel]
            street.plain3(inner, CAR, *tones.glass(normal[1]), grain=0.06)


def _shrink(point: Point3, panel: Sequence[Point3], part: float) -> Point3:
    middle = [math.fsum(corner[axis] for corner in panel) / len(panel) for axis in range(3)]
    return (
        middle[0] + (point[0] - middle[0]) * part,
        middle[1] + (point[1] - middle[1]) * part,
        middle[2] + (point[2] - middle[2]) * part,
    )


def _flank(street: Street, car: Car, tones: _Tones, side: float) -> None:
    """The long side that is seen: body, windows, wheels."""

    def place(points: Sequence[Point2]) -> list[Point3]:
        return [(car.x + side * car.half(y), y, car.z + a) for a, y in car.stations(points)]

    model = car.model
    street.plain3(place(model.contour), CAR, *tones.body((side, 0.0, 0.0)), grain=0.03)
    for pane in model.panes:
        street.plain3(place(pane), CAR, *tones.glass(0.3), grain=0.10)
    low, high = model.wheel * 1.2, model.belt * 0.86
    doors = (model.panes[-1][0][0] - 0.05, model.panes[0][0][0] + 0.02)
    for x in doors if car.z < 30 else ():
        street.plain3(place(rectangle(x - 0.012, low, x + 0.012, high)), CAR, scaled(tones.of(car.paint), 0.55))
    for axle in model.axles:
        _wheel(street, tones, place, axle, model.wheel)


def _wheel(
    street: Street, tones: _Tones, place: Callable[[Sequence[Point2]], list[Point3]], axle: float, radius: float
) -> None:
    for factor, colour in _RINGS if tones.car.z < 30 else _RINGS[1:3]:
        rim = ellipse(axle, radius, radius * factor, quarter=4)
        if factor > 1:
            rim = [(x, max(y, radius * 0.8)) for x, y in rim]
        shade = tones.of(colour)
        street.plain3(place(rim), CAR, shade, scaled(shade, 0.7))


def _end(street: Street, car: Car, tones: _Tones) -> None:
    """The rear or the front, as seen square on."""
    contour = car.stations(car.model.contour)
    lowest, upper = (contour[0], contour[1]) if car.away else (contour[-1], contour[-2])
    half = car.model.width / 2
    foot, top = lowest[1], upper[1]

    def face(points: Sequence[Point2], top: Colour, bottom: Colour | None = None) -> None:
        street.canvas.plain(street.billboard(car.x, car.z, points), CAR, top, bottom, grain=0.03)

    for side in (-1.0, 1.0):
        face(rectangle(side * (half - 0.24), 0.0, side * (half - 0.03), foot + 0.1), tones.of(_TYRE))
    face(rectangle(-half + 0.2, 0.16, half - 0.2, foot + 0.05), tones.of((0.05, 0.05, 0.06)))
    face(rectangle(-half, foot, half, top), *tones.body((0.0, 0.0, -1.0)))
    face(rectangle(-half * 0.98, foot, half * 0.98, foot + 0.2), scaled(tones.of(car.paint), 0.62))
    plate = (0.86, 0.74, 0.20) if car.away else (0.88, 0.88, 0.86)
    face(rectangle(-0.26, foot + 0.06, 0.26, foot + 0.17), tones.of(plate))
    for stroke in range(5 if car.z < 16 else 0):
        face(
            rectangle(-0.2 + stroke * 0.09, foot + 0.085, -0.15 + stroke * 0.09, foot + 0.145),
            tones.of((0.1, 0.1, 0.1)),
        )
    _lights(street, car, face, half, top)
    if not car.away:
        face(rectangle(-half * 0.5, top - 0.16, half * 0.5, top - 0.03), tones.of((0.06, 0.06, 0.07)))


def _lights(street: Street, car: Car, face: _Face, half: float, top: float) -> None:
    on = street.light.lamps
    if car.away:
        colour: Colour = (0.95, 0.14, 0.08) if on else (0.62, 0.07, 0.06)
    else:
        colour = (1.0, 0.97, 0.85) if on else (0.80, 0.82, 0.84)
    for side in (-1.0, 1.0):
        lamp = rectangle(side * (half - 0.32), top - 0.19, side * (half - 0.03), top - 0.02)
        face(lamp, colour, scaled(colour, 0.8))


def paint_crossing_car(street: Street, car: Car) -> None:
    """A vehicle that drives across the street, seen from the side; `away` decides to which side."""
    model, way = car.model, 1.0 if car.away else -1.0
    tones = _Tones(street, car, street.in_sun(car.x, car.z))

    def face(points: Sequence[Point2], top: Colour, bottom: Colour | None = None) -> None:
        place = [(way * (a - model.length / 2), y) for a, y in points]
        street.canvas.plain(street.billboard(car.x, car.z, place), CAR, top, bottom, grain=0.05)

    footprint = rectangle(car.x - model.length / 2, car.z, car.x + model.length / 2, car.z + model.width)
    street.canvas.cast(street.camera.outline([(x, 0.0, z) for x, z in footprint]))
    face(model.contour, *tones.body((0.0, 0.0, -1.0)))
    for pane in model.panes:
        face(pane, *tones.glass(0.3))
    for axle in model.axles:
        for factor, colour in _RINGS:
            rim = ellipse(axle, model.wheel, model.wheel * factor)
            face([(x, max(y, 0.0)) for x, y in rim], tones.of(colour))
    tail = tones.of((0.6, 0.07, 0.06))
    face(rectangle(0.0, model.belt * 0.7, 0.12, model.belt * 0.88), tail)
