"""How houses look: materials, colours, storeys, windows."""

from __future__ import annotations

from dataclasses import dataclass

from bench.data.streets.canvas import Colour
from bench.data.streets.light import scaled
from bench.data.streets.randomness import Stream

__all__ = ["Facade", "draw_facade"]

_BRICKS: tuple[Colour, ...] = (
    (0.52, 0.27, 0.20),
    (0.60, 0.36, 0.26),
    (0.66, 0.55, 0.40),
    (0.44, 0.25, 0.21),
    (0.70, 0.60, 0.47),
    (0.50, 0.38, 0.31),
)
_PLASTERS: tuple[Colour, ...] = (
    (0.86, 0.83, 0.76),
    (0.82, 0.72, 0.54),
    (0.76, 0.60, 0.50),
    (0.68, 0.74, 0.76),
    (0.88, 0.87, 0.85),
    (0.80, 0.64, 0.44),
    (0.62, 0.66, 0.58),
    (0.74, 0.54, 0.46),
)
_STONES: tuple[Colour, ...] = ((0.70, 0.66, 0.58), (0.62, 0.60, 0.57), (0.76, 0.70, 0.58))
_PANELS: tuple[Colour, ...] = ((0.58, 0.60, 0.62), (0.42, 0.44, 0.48), (0.70, 0.70, 0.70), (0.50, 0.40, 0.34))
_TRIMS: tuple[Colour, ...] = ((0.88, 0.87, 0.84), (0.80, 0.76, 0.68), (0.30, 0.28, 0.27), (0.62, 0.58, 0.52))
_SHOPS: tuple[Colour, ...] = (
    (0.60, 0.10, 0.10),
    (0.08, 0.20, 0.42),
    (0.06, 0.30, 0.18),
    (0.12, 0.12, 0.13),
    (0.80, 0.62, 0.12),
    (0.42, 0.12, 0.34),
    (0.86, 0.84, 0.78),
    (0.10, 0.42, 0.46),
)


@dataclass(frozen=True)
class Facade:
    """How a wall looks; lengths in metres.

    Attributes:
        material: brick, plaster, stone, panel or glass.
        wall: its colour.
        trim: colour of surrounds, sills and cornices.
        door: colour of doors.
        shop: colour of the shop sign, None for a house front.
        storey: height of a storey.
        ground: height of the ground floor.
        storeys: above the ground floor.
        bay: width of a bay, one window wide.
        window: width and height of a window.
        sill: height of its sill over the floor.
        bars: glazing bars: 0 none, 1 upright, 2 a cross.
        balconies: share of the bays that have them.
        shutters: whether windows have them.
        seed: of everything that varies from bay to bay.
    """

    material: str
    wall: Colour
    trim: Colour
    door: Colour
    shop: Colour | None
    storey: float
    ground: float
    storeys: int
    bay: float
    window: tuple[float, float]
    sill: float
    bars: int
    balconies: float
    shutters: bool
    seed: int

    @property
    def height(self) -> float:
        """Of the wall."""
        return self.ground + self.storeys * self.storey + 0.5


def draw_facade(stream: Stream, storeys: int, shops: float) -> Facade:
    """A random style."""
    choices = (("brick", 0.36), ("plaster", 0.36), ("stone", 0.12), ("panel", 0.09), ("glass", 0.07))
    material = stream.weighted(choices)
    if storeys < 2 and material in ("panel", "glass"):
        material = "brick"
    palette = {"brick": _BRICKS, "plaster": _PLASTERS, "stone": _STONES}.get(material, _PANELS)
    storey, bay = stream.between(2.7, 3.4), stream.between(1.9, 3.2)
    wide = material in ("panel", "glass")
    window = (
        bay * (0.86 if wide else stream.between(0.36, 0.58)),
        storey * (0.62 if wide else stream.between(0.46, 0.6)),
    )
    return Facade(
        material=material,
        wall=scaled(stream.pick(palette), stream.between(0.85, 1.12)),
        trim=stream.pick(_TRIMS),
        door=stream.pick(_SHOPS),
        shop=stream.pick(_SHOPS) if stream.chance(shops) else None,
        storey=storey,
        ground=stream.between(3.0, 4.0),
        storeys=storeys,
        bay=bay,
        window=window,
        sill=storey * (0.2 if wide else 0.28),
        bars=0 if wide else stream.below(3),
        balconies=stream.between(0.3, 0.7) if storeys > 1 and stream.chance(0.3) else 0.0,
        shutters=material == "plaster" and stream.chance(0.3),
        seed=stream.below(2**31),
    )
