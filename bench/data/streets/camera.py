"""The camera and the planes that it sees. World axes: X right, Y up, Z ahead, in metres; the road runs along Z."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bench.data.streets.noise import Floats

__all__ = ["NEAR", "Camera", "Plane", "Point2", "Point3", "clip_near"]

Point2: TypeAlias = tuple[float, float]
Point3: TypeAlias = tuple[float, float, float]
NEAR = 0.4  # metres: what is nearer is cut off


@dataclass(frozen=True)
class Camera:
    """A pinhole over (0, height, 0) that looks along Z; verticals stay vertical and fronto-parallel planes undistorted.

    Picture coordinates are in picture heights: v is 0 at the top and 1 at the bottom, u is 0 in the middle.

    Attributes:
        focal: focal length in picture heights.
        height: metres above the road.
        u0: where the road vanishes.
        v0: the horizon.
    """

    focal: float
    height: float
    u0: float
    v0: float

    def project(self, point: Point3) -> Point2:
        """Picture coordinates of a world point with Z > 0."""
        x, y, z = point
        return self.u0 + self.focal * x / z, self.v0 + self.focal * (self.height - y) / z

    def outline(self, points: Sequence[Point3]) -> list[Point2]:
        """Picture coordinates of a polygon, cut at the near plane; empty when it lies wholly behind."""
        return [self.project(point) for point in clip_near(points)]


def clip_near(points: Sequence[Point3]) -> list[Point3]:
    """The part of a polygon with Z >= NEAR (Sutherland-Hodgman)."""
    if all(point[2] >= NEAR for point in points):
        return list(points)
    kept: list[Point3] = []
    for (xa, ya, za), (xb, yb, zb) in zip(points, [*points[1:], points[0]], strict=True):
        if za >= NEAR:
            kept.append((xa, ya, za))
        if (za >= NEAR) != (zb >= NEAR):
            part = (NEAR - za) / (zb - za)
            kept.append((xa + (xb - xa) * part, ya + (yb - ya) * part, NEAR))
    return kept


@dataclass(frozen=True)
class Plane:
    """A plane with its own coordinates: `origin + s * along + t * up`, the two axes orthonormal."""

    origin: Point3
    along: Point3
    up: Point3

    def point(self, s: float, t: float) -> Point3:
        """World point of (s, t)."""
        (x, y, z), (ax, ay, az), (bx, by, bz) = self.origin, self.along, self.up
        return x + s * ax + t * bx, y + s * ay + t * by, z + s * az + t * bz

    def coordinates(self, camera: Camera, u: Floats, v: Floats) -> tuple[Floats, Floats, Floats]:
        """Where the rays through (u, v) meet the plane: s, t and the depth Z, all in metres."""
        (px, py, pz), (ax, ay, az), (bx, by, bz) = self.origin, self.along, self.up
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        dx, dy = (u - camera.u0) * (1 / camera.focal), (camera.v0 - v) * (1 / camera.focal)
        z = (nx * px + ny * (py - camera.height) + nz * pz) / (nx * dx + ny * dy + nz)
        x, y, depth = z * dx - px, z * dy + (camera.height - py), z - pz
        return ax * x + ay * y + az * depth, bx * x + by * y + bz * depth, z
