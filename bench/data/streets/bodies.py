"""Bodies of cars, vans and buses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.data.streets.camera import Point2
from bench.data.streets.canvas import Colour
from bench.data.streets.randomness import Stream

__all__ = ["Car", "Model", "draw_car"]

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
