"""Values of a model's picture, checked against the range that was declared for it and brought into [0, 1]."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.errors import ModelFailure
from bench.models.io_spec import RANGES
from bench.pictures import FAR, known_error

__all__ = ["from_value_range", "to_value_range"]

_SLACK = 1 / 255
"""How far outside its range a picture may stray, in parts of the range: rounding, which quantising clips."""
_OVERSHOOT = 0.25
"""How far a model may shoot over that was declared to be clipped."""


def to_value_range(image: Tensor, name: str) -> Tensor:
    """[0, 1] -> the range of that name."""
    black, white = RANGES[name]
    return image * (white - black) + black


def from_value_range(raw: Tensor, declared: str, given: Tensor, hole: Tensor, *, clip: bool, subject: str) -> Tensor:
    """The declared range -> [0, 1], after a check that the values are in that range and not in another one.

    A model that keeps its known pixels tells its range by them, so that a range which is too wide is found as well:
    0-1 where 0-255 was declared gives an all but black picture, and no value outside.

    Args:
        raw: float [N, 3, H, W] as the model returned it.
        declared: name of the range.
        given: float [N, 3, H, W] in [0, 1], what the model was given.
        hole: bool [N, 1, H, W], True = missing.
        clip: whether to clip what shoots over by up to a quarter of the range.
        subject: the picture, for messages.

    Raises:
        ModelFailure: for values in another range, which it names where it can tell.
    """
    image = _scaled(raw, declared)
    if not bool(torch.isfinite(image).all()):
        return image  # refused by whoever checks the prediction, as for every model
    low, high = float(image.min()), float(image.max())
    if low < -_SLACK or high > 1 + _SLACK:
        return _clipped(raw, image, declared, given, hole, clip, subject)
    found = next((name for name in _narrower(declared) if _explains(name, raw, image, given, hole)), "")
    if found:
        raise _wrong(raw, declared, found, subject)
    return image


def _clipped(
    raw: Tensor, image: Tensor, declared: str, given: Tensor, hole: Tensor, clip: bool, subject: str
) -> Tensor:
    near = float(image.min()) >= -_OVERSHOOT and float(image.max()) <= 1 + _OVERSHOOT
    if near and clip:
        return image.clamp(0, 1)
    others = [name for name in RANGES if name != declared and _holds(name, raw)]
    errors = {name: _error(_scaled(raw, name), given, hole) for name in others}
    if near and _error(image, given, hole) <= min(errors.values(), default=0.0):
        errors = {}
    raise _wrong(raw, declared, min(errors, key=lambda name: errors[name]) if errors else "", subject)


def _wrong(raw: Tensor, declared: str, found: str, subject: str) -> ModelFailure:
    values = f"{float(raw.min()):.4g} to {float(raw.max()):.4g}"
    if found:
        values, fix = f"{values}, {found} where {declared} was declared", f"Declare it: ?output={found}."
    else:
        fix = "Declare its range with ?output=, or ?clip=true for a model that shoots over a little."
    return ModelFailure(subject, f"lie in {declared}", values, fix)


def _narrower(declared: str) -> tuple[str, ...]:
    return {"0-1": (), "-1-1": ("0-1",), "0-255": ("0-1", "-1-1")}[declared]


def _explains(name: str, raw: Tensor, image: Tensor, given: Tensor, hole: Tensor) -> bool:
    """Whether known pixels are far from those given as declared, and close to them in the range of this name."""
    if not _holds(name, raw):
        return False
    error = _error(image, given, hole)
    return error > FAR and _error(_scaled(raw, name), given, hole) < error / 4


def _holds(name: str, raw: Tensor) -> bool:
    values = _scaled(raw, name)
    return float(values.min()) >= -10 * _SLACK and float(values.max()) <= 1 + 10 * _SLACK


def _error(image: Tensor, given: Tensor, hole: Tensor) -> float:
    """Mean absolute difference on known pixels, 0 where there are none."""
    return float(known_error(image, given, hole).mean())


def _scaled(raw: Tensor, name: str) -> Tensor:
    black, white = RANGES[name]
    return (raw - black) / (white - black)
