"""Checks of what metrics are handed. Nothing is rescaled or resized: a wrong picture is named and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bench.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "check_labels",
    "check_pair",
    "check_picture",
    "check_region",
    "describe",
    "describe_values",
    "region_or_all",
    "suggest_layout",
]

_RANGES = ((0.0, 1.0, "0 to 1"), (0.0, 255.0, "0 to 255"), (-1.0, 1.0, "-1 to 1"))
_RECIPES = {
    torch.Tensor: {
        "0 to 1": "image.mul(255).round().clamp(0, 255).to(torch.uint8)",
        "0 to 255": "image.round().clamp(0, 255).to(torch.uint8)",
        "-1 to 1": "image.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)",
    },
    np.ndarray: {
        "0 to 1": "(255 * image).round().clip(0, 255).astype(np.uint8)",
        "0 to 255": "image.round().clip(0, 255).astype(np.uint8)",
        "-1 to 1": "(127.5 * (image + 1)).round().clip(0, 255).astype(np.uint8)",
    },
}
"""Ranges of floating-point pictures, and how each becomes uint8."""


def describe(value: object) -> str:
    """What a value is, for error messages: `float32 [2, 3, 8, 8]`, `numpy.ndarray uint8 [8, 8]`, `str`."""
    if not isinstance(value, torch.Tensor):
        name = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        return f"{name} {value.dtype} {list(value.shape)}" if isinstance(value, np.ndarray) else name
    return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"


def check_picture(subject: str, picture: object) -> torch.Tensor:
    """The picture itself; raises DataError unless it is a uint8 tensor [N, 3, H, W]."""
    must = "be a uint8 tensor [N, 3, H, W]"
    if not isinstance(picture, torch.Tensor):
        raise DataError(subject, must, f"a {describe(picture)}", "Use torch.from_numpy, channels before rows.")
    if picture.is_floating_point():
        raise DataError(subject, must, *describe_values(picture))
    if picture.dtype != torch.uint8:
        raise DataError(subject, must, describe(picture), "Convert it to uint8, values 0 to 255.")
    if picture.ndim != 4 or picture.shape[1] != 3:
        raise DataError(subject, must, describe(picture), suggest_layout(picture))
    return picture


def check_pair(reference: object, completed: object, subject: str = "completed picture") -> None:
    """Raises DataError unless both are pictures of one shape on one device."""
    like = check_picture("reference picture", reference)
    _check_like(subject, check_picture(subject, completed), like, channels=3)


def check_region(subject: str, region: object, like: torch.Tensor) -> None:
    """Raises DataError unless `region` is a bool tensor [N, 1, H, W] on the device and of the size of `like`."""
    if not isinstance(region, torch.Tensor) or region.dtype != torch.bool:
        fix = "Compare it with a threshold, e.g. mask > 0.5; True marks the pixels that count."
        raise DataError(subject, "be a bool tensor [N, 1, H, W]", describe(region), fix)
    _check_like(subject, region, like, channels=1)


def region_or_all(region: torch.Tensor | None, like: torch.Tensor) -> torch.Tensor:
    """The region, checked; without one, all pixels (a view of a single True)."""
    if region is None:
        return torch.ones(1, 1, 1, 1, dtype=torch.bool, device=like.device).expand(len(like), 1, *like.shape[2:])
    check_region("region", region, like)
    return region


def check_labels(labels: object, like: torch.Tensor, subject: str = "label maps") -> None:
    """Raises DataError unless `labels` is a uint8 tensor [N, H, W] on the device and of the size of `like`."""
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.uint8 or labels.ndim != 3:
        raise DataError(subject, "be a uint8 tensor [N, H, W]", describe(labels), "Unlabelled pixels are 255.")
    _check_like(subject, labels.unsqueeze(1), like, channels=1)


def _check_like(subject: str, tensor: torch.Tensor, like: torch.Tensor, channels: int) -> None:
    expected = [like.shape[0], channels, *like.shape[2:]]
    if list(tensor.shape) != expected:
        must = f"have the shape {expected} (the reference picture is {list(like.shape)})"
        raise DataError(subject, must, str(list(tensor.shape)), "Metrics never resize: make both of one size.")
    if tensor.device != like.device:
        raise DataError(subject, f"be on the reference's device {like.device}", str(tensor.device), "Move it there.")


def describe_values(picture: torch.Tensor | npt.NDArray[Any]) -> tuple[str, str]:
    """What a floating-point picture holds, and how it becomes uint8, for error messages."""
    values = picture if isinstance(picture, torch.Tensor) else torch.from_numpy(np.array(picture, np.float64))
    if values.numel() == 0 or not values.isfinite().all():
        return f"{describe(picture)}, not all finite", "Quantise it to uint8 yourself."
    low, high = float(values.min()), float(values.max())
    found = f"{describe(picture)} with values from {low:g} to {high:g}"
    for least, most, name in _RANGES:
        if least <= low and high <= most:
            recipe = _RECIPES[torch.Tensor if isinstance(picture, torch.Tensor) else np.ndarray][name]
            return f"{found} (looks like {name})", f"Quantise it yourself, e.g. {recipe}."
    return f"{found} (no known picture range)", "Quantise it to uint8 yourself."


def suggest_layout(picture: torch.Tensor) -> str:
    """How a tensor of another layout becomes [N, 3, H, W], for error messages."""
    if picture.ndim == 3 and picture.shape[0] != 3 and picture.shape[2] == 3:
        return "Channels come before rows: picture.permute(2, 0, 1)."
    if picture.ndim == 3:
        return "Add a batch axis: picture.unsqueeze(0)."
    if picture.ndim == 4 and picture.shape[3] == 3:
        return "Channels come before rows: picture.permute(0, 3, 1, 2)."
    if picture.ndim == 4 and picture.shape[1] == 1:
        return "Grey pictures are not compared with RGB definitions: repeat the channel if that is meant."
    return "Give RGB pictures."
