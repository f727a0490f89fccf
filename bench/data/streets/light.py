"""Times of day and weather: the light that every surface is coloured in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from bench.data.streets.camera import Point3
from bench.data.streets.canvas import Colour
from bench.data.streets.noise import Floats
from bench.data.streets.randomness import Stream

Amount: TypeAlias = "Floats | np.floating[Any] | float"
"""One number a point, or one for all."""

__all__ = ["Amount", "Light", "draw_light", "mix", "scaled"]


def mix(a: Colour, b: Colour, part: float) -> Colour:
    """`a` where part is 0, `b` where it is 1."""
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part


def scaled(colour: Colour, factor: float) -> Colour:
    """A darker or brighter colour."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


@dataclass(frozen=True)
class Light:
    """One sun, one sky, haze.

    Attributes:
        sun: unit vector towards the sun.
        direct: colour of sunlight on a surface that faces it; black when overcast.
        ambient: colour of skylight on every surface.
        zenith: the sky overhead.
        horizon: the sky at the horizon, and the haze.
        cloud: colour of clouds.
        cover: share of the sky under clouds, 0 to 1.
        haze: metres at which half of a colour is haze.
        lamps: whether windows and lamps are lit.
    """

    sun: Point3
    direct: Colour
    ambient: Colour
    zenith: Colour
    horizon: Colour
    cloud: Colour
    cover: float
    haze: float
    lamps: bool = False

    @property
    def shadows(self) -> bool:
        """Whether the sun casts any."""
        return max(self.direct) > 0.05

    def towards(self, normal: Point3) -> float:
        """Cosine between a surface's normal and the sun, 0 when it faces away."""
        (ax, ay, az), (bx, by, bz) = normal, self.sun
        return max(0.0, ax * bx + ay * by + az * bz)

    def on(self, albedo: Colour, normal: Point3, z: float, sunlit: bool = True, sky: float = 1.0) -> Colour:
        """The colour of a flat surface at depth `z`; `sky` scales the ambient light."""
        direct = self.towards(normal) if sunlit else 0.0
        lit = [a * (d * direct + b * sky) for a, d, b in zip(albedo, self.direct, self.ambient, strict=True)]
        return mix((lit[0], lit[1], lit[2]), self.horizon, z / (z + self.haze))

    def shade(self, albedo: Floats, direct: Amount, z: Amount, sky: Amount = 1.0) -> Floats:
        """The colours of many points.

        Args:
            albedo: float32 [3, n].
            direct: cosine to the sun, 0 in shadow; [n] or one for all.
            z: depth in metres; [n] or one for all.
            sky: share of the ambient light that arrives; [n] or one for all.

        Returns:
            float32 [3, n].
        """
        far = z / (z + self.haze)
        near = 1 - far
        result = np.empty_like(albedo)
        for channel in range(3):
            light = direct * self.direct[channel] + sky * self.ambient[channel]
            result[channel] = albedo[channel] * (light * near) + far * self.horizon[channel]
        return result


_PRESETS: tuple[tuple[Light, float], ...] = (
    (  # a clear day
        Light(
            sun=(0, 0.75, 0),
            direct=(0.80, 0.75, 0.65),
            ambient=(0.50, 0.54, 0.61),
            zenith=(0.22, 0.44, 0.80),
            horizon=(0.74, 0.85, 0.94),
            cloud=(0.97, 0.97, 0.98),
            cover=0.30,
            haze=330,
        ),
        0.36,
    ),
    (  # overcast
        Light(
            sun=(0, 0.9, 0),
            direct=(0, 0, 0),
            ambient=(0.92, 0.94, 0.97),
            zenith=(0.60, 0.64, 0.69),
            horizon=(0.87, 0.88, 0.89),
            cloud=(0.90, 0.91, 0.92),
            cover=0.75,
            haze=230,
        ),
        0.22,
    ),
    (  # low golden sun
        Light(
            sun=(0, 0.34, 0),
            direct=(1.00, 0.75, 0.46),
            ambient=(0.47, 0.46, 0.51),
            zenith=(0.32, 0.45, 0.70),
            horizon=(0.98, 0.80, 0.58),
            cloud=(1.0, 0.82, 0.66),
            cover=0.42,
            haze=240,
        ),
        0.18,
    ),
    (  # a hazy morning
        Light(
            sun=(0, 0.5, 0),
            direct=(0.50, 0.46, 0.38),
            ambient=(0.58, 0.60, 0.62),
            zenith=(0.62, 0.71, 0.82),
            horizon=(0.90, 0.90, 0.87),
            cloud=(0.95, 0.95, 0.95),
            cover=0.35,
            haze=80,
        ),
        0.12,
    ),
    (  # dusk
        Light(
            sun=(0, 0.3, 0),
            direct=(0.03, 0.02, 0.01),
            ambient=(0.52, 0.50, 0.57),
            zenith=(0.17, 0.21, 0.38),
            horizon=(0.88, 0.63, 0.50),
            cloud=(0.62, 0.45, 0.48),
            cover=0.48,
            haze=260,
            lamps=True,
        ),
        0.09,
    ),
)


def draw_light(stream: Stream) -> Light:
    """A time of day with its own sun position, cloud cover and haze."""
    preset = stream.weighted(_PRESETS)
    up = preset.sun[1] * stream.between(0.85, 1.15)
    side = stream.sign() * stream.between(0.22, 0.85)
    ahead = stream.between(-0.9, 0.35)
    length = math.sqrt(up * up + side * side + ahead * ahead)
    exposure = stream.between(0.92, 1.10)
    return Light(
        sun=(side / length, up / length, ahead / length),
        direct=scaled(preset.direct, exposure),
        ambient=scaled(preset.ambient, exposure),
        zenith=mix(preset.zenith, preset.horizon, stream.between(0.0, 0.25)),
        horizon=preset.horizon,
        cloud=preset.cloud,
        cover=min(1.0, preset.cover * stream.between(0.4, 1.5)),
        haze=preset.haze * stream.between(0.7, 1.5),
        lamps=preset.lamps,
    )
