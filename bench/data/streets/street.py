"""What every part of a scene knows of the street: its lines, its light, its camera, its canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bench.data.streets.camera import Camera, Point3
from bench.data.streets.canvas import Canvas, Colour
from bench.data.streets.light import Light
from bench.data.streets.noise import Floats

__all__ = [
    "BICYCLIST",
    "BUILDING",
    "CAR",
    "CLASSES",
    "FENCE",
    "OBJECTS",
    "PAVEMENT",
    "PEDESTRIAN",
    "POLE",
    "ROAD",
    "SIGN",
    "SKY",
    "TREE",
    "Side",
    "Skyline",
    "Street",
]

CLASSES = (
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
)
"""CamVid's 11 classes, in its order."""

SKY, BUILDING, POLE, ROAD, PAVEMENT, TREE, SIGN, FENCE, CAR, PEDESTRIAN, BICYCLIST = range(11)
OBJECTS = (TREE, SIGN, CAR, PEDESTRIAN, BICYCLIST)
"""Classes whose regions are countable things."""

KERB = 0.13
"""Metres from the road up to the pavement."""


@dataclass
class Skyline:
    """Heights of a row of buildings along Z, for the shadows that it casts."""

    x: float
    first: float = -60.0
    step: float = 0.5
    heights: Floats = field(default_factory=lambda: np.zeros(520, np.float32))

    def add(self, start: float, end: float, height: float) -> None:
        """A building from Z = start to Z = end."""
        a, b = (max(0, int((z - self.first) / self.step)) for z in (start, end))
        self.heights[a:b] = np.maximum(self.heights[a:b], np.float32(height))

    def shades(self, sun: Point3, x: Floats, y: Floats, z: Floats) -> npt.NDArray[np.bool_]:
        """Which points lie in its shadow."""
        distance = (self.x - x) * (1 / sun[0])
        index = (np.clip(z + distance * sun[2], -59, 199) - self.first) * (1 / self.step)
        shaded: npt.NDArray[np.bool_] = (distance > 0) & (y + distance * sun[1] < self.heights[index.astype(np.int32)])
        return shaded

    def shades_point(self, sun: Point3, x: float, y: float, z: float) -> bool:
        """`shades` of one point."""
        distance = (self.x - x) / sun[0]
        index = int((min(max(z + distance * sun[2], -59.0), 199.0) - self.first) / self.step)
        return distance > 0 and y + distance * sun[1] < float(self.heights[index])


@dataclass(frozen=True)
class Side:
    """One side of the street, from the road outwards.

    Attributes:
        sign: -1.0 left, 1.0 right.
        kerb: X of the kerb.
        edge: X where the pavement ends.
        wall: X of the building line.
        green: whether lawn lies between edge and wall.
        parking: metres of road along the kerb where cars are parked, or 0.
    """

    sign: float
    kerb: float
    edge: float
    wall: float
    green: bool
    parking: float

    @property
    def lane(self) -> float:
        """X where the driving lane begins."""
        return self.kerb - self.sign * self.parking

    def within(self, part: float) -> float:
        """X on the pavement: 0 at the kerb, 1 at the outer edge."""
        return self.kerb + (self.edge - self.kerb) * part


@dataclass(frozen=True)
class Street:
    """Handed to every part that draws."""

    camera: Camera
    canvas: Canvas
    light: Light
    left: Side
    right: Side
    skyline: Skyline

    @property
    def sides(self) -> tuple[Side, Side]:
        """Left and right."""
        return self.left, self.right

    def sunlit(self, x: Floats, y: Floats, z: Floats) -> Floats | float:
        """1 where the sun reaches past the buildings, 0 elsewhere; [n]."""
        if not self.light.shadows:
            return 0.0
        return (~self.skyline.shades(self.light.sun, x, y, z)).astype(np.float32)

    def in_sun(self, x: float, z: float, y: float = 1.0) -> bool:
        """Whether the sun reaches one point."""
        return self.light.shadows and not self.skyline.shades_point(self.light.sun, x, y, z)

    def billboard(self, x: float, z: float, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Picture coordinates of (metres right of x, metres up) in the plane at depth z; empty when too near."""
        if z < 0.5:
            return []
        return [self.camera.project((x + dx, y, z)) for dx, y in points]

    def cast(self, points: Sequence[Point3]) -> None:
        """The shadow of a flat shape on the ground, if the sun shines there."""
        sx, sy, sz = self.light.sun
        if self.light.shadows and points:
            ground = [(x - sx * y / sy, 0.0, z - sz * y / sy) for x, y, z in points]
            self.canvas.cast(self.camera.outline(ground))

    def plain3(
        self, points: Sequence[Point3], label: int, top: Colour, bottom: Colour | None = None, grain: float = 0.04
    ) -> None:
        """Paint a polygon in space in one colour or a ramp downwards."""
        self.canvas.plain(self.camera.outline(points), label, top, bottom, grain=grain)
