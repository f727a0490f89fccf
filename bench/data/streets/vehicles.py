"""Cars, vans and buses: along the street, seen from behind or in front, and across it, seen from the side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.data.streets.camera import Point2, Point3
from bench.data.streets.canvas import Colour
from bench.data.streets.light import mix, scaled
from bench.data.streets.randomness import Stream
from bench.data.streets.shapes import ellipse, rectangle
from bench.data.streets.street import CAR, Street

__all__ = ["Car", "draw_car", "paint_car", "paint_crossing_car"]

_PAINTS: tuple[tuple[Colour, float], ...] = (
    ((0.80, 0.81, 0.82), 0.2),
    ((0.52, 0.54, 0.56), 0.2),
    ((0.12, 0.12, 0.14), 0.2),
    ((0.28, 0.30, 0.33), 0.1),
    ((0.50, 0.07, 0.07), 0.12),
    ((0.10, 0.18, 0.40), 0.12),
    ((0.62, 0.55, 0.40), 0.03),
    ((0.12, 0.28, 0.20), 0.04),
    ((0.84, 0.62, 0.10), 0.03),
)
_Face = Callable[[Sequence[Point2], Colour, Colour], None]
_TYRE: Colour = (0.07, 0.07, 0.08)


@dataclass(frozen=True)
class Model:
    """A body: its contour over (metres from the rear, metres up), from the rear bumper to the front.

    Attributes:
        contour: corners from rear to front.
        glass: which segments of the contour are windows.
        panes: side windows.
        axles: of the wheels, metres from the rear.
        wheel: radius.
        belt: height over which the body narrows.
        width: of the body.
    """

    contour: tuple[Point2, ...]
    glass: tuple[int, ...]
    panes: tuple[tuple[Point2, ...], ...]
    axles: tuple[float, ...]
    wheel: float
    belt: float
    width: float

    @property
    def length(self) -> float:
        """Bumper to bumper."""
        return self.contour[-1][0]


_HATCHBACK = Model(
    contour=(
        (0, 0.28),
        (0, 0.62),
        (0.06, 0.92),
        (0.42, 1.36),
        (0.75, 1.44),
        (2.1, 1.43),
        (2.85, 0.98),
        (3.75, 0.84),
        (3.98, 0.6),
        (4.0, 0.24),
    ),
    glass=(2, 5),
    panes=(
        ((0.42, 0.98), (0.66, 1.33), (1.32, 1.35), (1.32, 0.96)),
        ((1.42, 0.96), (1.42, 1.35), (2.06, 1.34), (2.62, 0.97)),
    ),
    axles=(0.72, 3.2),
    wheel=0.31,
    belt=0.92,
    width=1.72,
)
_SALOON = Model(
    contour=(
        (0, 0.30),
        (0, 0.70),
        (0.08, 0.96),
        (0.85, 1.0),
        (1.45, 1.40),
        (2.0, 1.44),
        (2.7, 1.41),
        (3.4, 0.96),
        (4.35, 0.82),
        (4.58, 0.58),
        (4.6, 0.24),
    ),
    glass=(3, 6),
    panes=(
        ((1.16, 1.0), (1.55, 1.34), (2.15, 1.36), (2.15, 0.97)),
        ((2.25, 0.97), (2.25, 1.36), (2.66, 1.33), (3.18, 0.97)),
    ),
    axles=(0.92, 3.7),
    wheel=0.32,
    belt=0.95,
    width=1.78,
)
_SUV = Model(
    contour=(
        (0, 0.36),
        (0, 0.78),
        (0.05, 1.08),
        (0.28, 1.62),
        (0.6, 1.72),
        (2.6, 1.70),
        (3.2, 1.14),
        (4.25, 1.0),
        (4.45, 0.7),
        (4.5, 0.32),
    ),
    glass=(2, 5),
    panes=(
        ((0.4, 1.12), (0.52, 1.58), (1.2, 1.6), (1.2, 1.1)),
        ((1.3, 1.1), (1.3, 1.6), (2.0, 1.6), (2.0, 1.09)),
        ((2.1, 1.09), (2.1, 1.6), (2.54, 1.58), (3.0, 1.09)),
    ),
    axles=(0.85, 3.6),
    wheel=0.38,
    belt=1.06,
    width=1.88,
)
_VAN = Model(
    contour=(
        (0, 0.34),
        (0, 0.9),
        (0.02, 1.3),
        (0.12, 2.1),
        (0.4, 2.25),
        (3.3, 2.2),
        (4.1, 1.3),
        (4.8, 1.05),
        (4.98, 0.7),
        (5.0, 0.3),
    ),
    glass=(2, 5),
    panes=(((3.0, 1.25), (3.0, 1.95), (3.3, 1.95), (3.85, 1.25)),),
    axles=(0.95, 4.05),
    wheel=0.36,
    belt=1.25,
    width=1.95,
)
_BUS = Model(
    contour=(
        (0, 0.36),
        (0, 1.1),
        (0.02, 1.35),
        (0.06, 2.6),
        (0.3, 2.95),
        (9.6, 2.95),
        (9.9, 2.6),
        (9.98, 1.1),
        (10.0, 0.36),
    ),
    glass=(2, 6),
    panes=tuple(((x, 1.25), (x, 2.3), (x + 1.35, 2.3), (x + 1.35, 1.25)) for x in (0.4, 1.9, 3.4, 4.9, 6.4, 7.9)),
    axles=(2.2, 8.0),
    wheel=0.46,
    belt=1.25,
    width=2.4,
)
_MODELS = ((_HATCHBACK, 0.4), (_SALOON, 0.28), (_SUV, 0.19), (_VAN, 0.09), (_BUS, 0.04))


@dataclass(frozen=True)
class Car:
    """One vehicle.

    Attributes:
        model: its body.
        paint: its colour.
        x: of its middle.
        z: of its nearest end.
        away: whether it shows its rear.
    """

    model: Model
    paint: Colour
    x: float
    z: float
    away: bool

    def stations(self, points: Sequence[Point2]) -> list[Point2]:
        """Body points as (metres behind the near end, metres up)."""
        length = self.model.length
        return [(a if self.away else length - a, y) for a, y in points]

    def half(self, y: float) -> float:
        """Half the body's width at a height: it narrows above the belt."""
        over = max(0.0, y - self.model.belt)
        return self.model.width / 2 - min(over * 0.22, 0.22)


def draw_car(stream: Stream, x: float, z: float, away: bool, big: bool = True) -> Car:
    """A random vehicle; no van or bus unless `big`."""
    model = stream.weighted(_MODELS if big else _MODELS[:3])
    paint = stream.weighted(_PAINTS)
    if model is _BUS:
        paint = stream.pick(((0.62, 0.10, 0.10), (0.12, 0.34, 0.30), (0.80, 0.80, 0.78), (0.16, 0.28, 0.56)))
    return Car(model, paint, x, z, away)


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
        length = ((b - a) ** 2 + (high - low) ** 2) ** 0.5
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
    middle = [sum(corner[axis] for corner in panel) / len(panel) for axis in range(3)]
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
    for x in (model.panes[-1][0][0] - 0.05, model.panes[0][0][0] + 0.02):
        street.plain3(place(rectangle(x - 0.012, low, x + 0.012, high)), CAR, scaled(tones.of(car.paint), 0.55))
    for axle in model.axles:
        _wheel(street, tones, place, axle, model.wheel)


def _wheel(
    street: Street, tones: _Tones, place: Callable[[Sequence[Point2]], list[Point3]], axle: float, radius: float
) -> None:
    for factor, colour in (
        (1.17, (0.04, 0.04, 0.04)),
        (1.0, _TYRE),
        (0.64, (0.55, 0.56, 0.58)),
        (0.2, (0.2, 0.2, 0.2)),
    ):
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
    for stroke in range(5):
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
        for factor, colour in ((1.17, (0.04, 0.04, 0.04)), (1.0, _TYRE), (0.64, (0.55, 0.56, 0.58))):
            rim = ellipse(axle, model.wheel, model.wheel * factor)
            face([(x, max(y, 0.0)) for x, y in rim], tones.of(colour))
    tail = tones.of((0.6, 0.07, 0.06))
    face(rectangle(0.0, model.belt * 0.7, 0.12, model.belt * 0.88), tail)
