"""Changes of values that turn the known pixels given into those of a prediction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bench.evaluation.known_pixels.sample import KnownSample, explains

__all__ = ["explain_by_colours"]

Values: TypeAlias = npt.NDArray[np.floating]  # [3, K], 0 to 255

_STEP = 4
"""Each fourth of the pixels is enough to tell a change of all values, and takes a fourth of the time."""
_GIVEN = "the known pixels are those given"
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_CHROMA = np.array([[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)  # Cb, Cr of JPEG
_IMAGENET = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], np.float32)


def explain_by_colours(pixels: KnownSample) -> str:
    """What was done to the values, or nothing; the change that leaves the smallest difference counts."""
    if text := _one_colour(pixels):
        return text
    values, expected = pixels.values[:, ::_STEP], pixels.expected[:, ::_STEP]
    errors = [(float(np.abs(values - changed).mean()), text) for text, changed in _changes(expected)]
    error, text = min(errors)
    return text if explains(pixels.error, error) else ""


def _one_colour(pixels: KnownSample) -> str:
    low, high = pixels.values.min(axis=1), pixels.values.max(axis=1)
    if high.max() <= 2:
        return "the known pixels are black. Multiply values of 0 to 1 by 255 before they are written as 8 bits."
    if low.min() >= 253:
        return "the known pixels are white. Do not multiply values of 0 to 255 by 255 again."
    if (high - low).max() <= 2 and (pixels.expected.max(axis=1) - pixels.expected.min(axis=1)).max() > 16:
        return "the known pixels have one colour, which those given have not. Check what the model returned."
    return ""


def _changes(given: Values) -> Iterator[tuple[str, Values]]:
    """What the given values become, and the sentence that tells it."""
    yield f"{_GIVEN} with red and blue swapped. Write RGB, not BGR.", given[[2, 1, 0]]
    for order in ((0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1)):
        yield f"{_GIVEN} with their channels in another order. Write red, green, blue.", given[list(order)]
    yield f"{_GIVEN} inverted. Write 255 for white and 0 for black.", 255 - given
    saturated = np.where(given > 0, np.float32(255), np.float32(0))
    yield "the known pixels are white. Do not multiply values of 0 to 255 by 255 again.", saturated
    yield f"{_GIVEN} made paler by half. Do not apply (x + 1) / 2 to values of 0 to 1.", (given + 255) / 2
    signed = 2 * given - 255
    text = f"{_GIVEN} in -1 to 1, written as 0 to 1. Apply (x + 1) / 2 first."
    yield text, np.clip(signed, 0, 255)
    yield text, np.mod(signed, 256)
    yield f"{_GIVEN} without colour. Write all three channels.", np.tile(_LUMA @ given, (3, 1))
    yield from _encodings(given)


def _encodings(given: Values) -> Iterator[tuple[str, Values]]:
    unit = given / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    encoded = np.where(unit <= 0.0031308, unit * 12.92, 1.055 * unit ** (1 / 2.4) - 0.055)
    yield f"{_GIVEN} in linear light. Encode them as sRGB.", 255 * linear
    yield f"{_GIVEN} with the curve of sRGB applied twice. Leave it out.", 255 * encoded
    for power in (2.2, 1 / 2.2):
        yield f"{_GIVEN} under a gamma of {power:.2g}. Leave the gamma out.", 255 * unit**power
    limited = "in the range 16 to 235 of video"
    yield f"{_GIVEN} {limited}. Write the full range, 0 to 255.", 16 + given * (219 / 255)
    yield f"{_GIVEN} stretched as if they were {limited}.", np.clip((given - 16) * (255 / 219), 0, 255)
    luma, (blue, red) = _LUMA @ given, 128 + _CHROMA @ given
    for planes in ((luma, blue, red), (luma, red, blue)):
        yield f"{_GIVEN} as YCbCr. Convert them to RGB.", np.stack(planes)
    mean, deviation = _IMAGENET[:, :, None]
    normalised = 255 * np.clip((unit - mean) / deviation, 0, 1)
    yield f"{_GIVEN} less ImageNet's mean, over its deviation. Undo this normalisation.", normalised
