"""Sky: a gradient, clouds in perspective, a glow around the sun."""

from __future__ import annotations

import numpy as np

from bench.data.streets.canvas import Points
from bench.data.streets.noise import Floats, fractal
from bench.data.streets.randomness import Stream
from bench.data.streets.street import SKY, Street

__all__ = ["paint_sky"]


def paint_sky(street: Street, stream: Stream) -> None:
    """Cover the whole canvas: what nothing else covers is sky."""
    light, camera = street.light, street.camera
    offset, stretch = stream.between(0, 400), stream.between(28, 60)
    wisps = stream.between(0.15, 0.5)
    sun_u = camera.u0 + light.sun[0] * 1.1
    sun_v = camera.v0 - light.sun[1] * 0.9

    def shader(at: Points) -> Floats:
        above = np.maximum(camera.v0 - at.v, np.float32(0))
        high = above * np.float32(1.7)
        high = np.minimum(high * (np.float32(1.5) - high * np.float32(0.5)), np.float32(1))
        depth = 1 / (above + np.float32(0.12))
        thick = fractal((at.u - camera.u0) * depth * stretch + (offset + 1024), depth * stretch * 1.6 + offset)
        thin = fractal((at.u - camera.u0) * depth * (stretch * 3) + (offset + 2048), depth * (stretch * 4) + offset)
        density = (thick + (thin - np.float32(0.5)) * wisps - (1 - light.cover)) * np.float32(3.2)
        density = np.clip(density, np.float32(0), np.float32(0.95)) * np.minimum(above * 9, np.float32(1))
        du, dv = at.u - sun_u, at.v - sun_v
        glow = np.float32(0.10) / (np.float32(0.25) + du * du + dv * dv) * max(light.direct)
        shaded = np.float32(1.04) - thick * np.float32(0.28) * density
        result = np.empty((3, len(at.u)), np.float32)
        for channel in range(3):
            clear = light.horizon[channel] + (light.zenith[channel] - light.horizon[channel]) * high
            clear = clear + glow * light.direct[channel]
            result[channel] = clear + (light.cloud[channel] * shaded - clear) * density
        return result

    canvas = street.canvas
    wide = canvas.columns / canvas.rows
    canvas.shaded([(-wide, -0.1), (wide, -0.1), (wide, 1.1), (-wide, 1.1)], SKY, shader)
