"""Pictures of any size for models that take some sizes only: mirrored padding, and overlapping tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

__all__ = ["Fill", "fill_at_any_size"]

Fill = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""(image [N, 3, h, w], hole bool [N, 1, h, w], labels [N, h, w] or None) -> filled [N, 3, h, w]."""


def fill_at_any_size(
    fill: Fill,
    image: Tensor,
    hole: Tensor,
    labels: Tensor | None = None,
    *,
    multiple: int = 1,
    size: tuple[int, int] | None = None,
) -> Tensor:
    """Fill a batch with a model that takes some sizes only; every model is treated alike.

    Padding mirrors picture, hole and labels alike, below and to the right, so that what the model sees there is as
    known or as missing as what it mirrors. Tiles lie evenly, overlap by a quarter of their side at least, and are
    blended with weights that rise linearly from their edges over that quarter. A tile sees nothing beyond itself: a
    hole that covers a whole tile is filled without context.

    Args:
        fill: the model, at one of its sizes.
        image: float [N, 3, H, W].
        hole: bool [N, 1, H, W], True = missing.
        labels: [N, H, W] or None.
        multiple: what height and width must be multiples of.
        size: the only (height, width) that the model takes, or None; goes before `multiple`.

    Returns:
        [N, 3, H, W].
    """
    height, width = image.shape[-2:]
    if size is None:
        target = (-(-height // multiple) * multiple, -(-width // multiple) * multiple)
    else:
        target = (max(height, size[0]), max(width, size[1]))
    parts = _mirrored(image, target), _mirrored(hole, target), None if labels is None else _mirrored(labels, target)
    filled = fill(*parts) if size in (None, target) else _tiled(fill, *parts, size=target if size is None else size)
    return filled[..., :height, :width]


def _mirrored(values: Tensor, target: tuple[int, int]) -> Tensor:
    """Grow [..., H, W] to the target's height and width, the edge pixel repeated as in a mirror, many times over."""
    if tuple(values.shape[-2:]) == target:
        return values
    rows, columns = (
        _reflections(length, wanted, values.device) for length, wanted in zip(values.shape[-2:], target, strict=True)
    )
    return values.index_select(-2, rows).index_select(-1, columns)


def _reflections(length: int, wanted: int, device: torch.device) -> Tensor:
    place = torch.arange(wanted, device=device) % (2 * length)
    return torch.minimum(place, 2 * length - 1 - place)


def _tiled(fill: Fill, image: Tensor, hole: Tensor, labels: Tensor | None, size: tuple[int, int]) -> Tensor:
    window = _ramp(size[0], image.device)[:, None] * _ramp(size[1], image.device)
    total, weight = torch.zeros_like(image), torch.zeros_like(image[:1, :1])
    for rows in _slices(image.shape[-2], size[0]):
        for columns in _slices(image.shape[-1], size[1]):
            box = (..., rows, columns)
            total[box] += fill(image[box], hole[box], None if labels is None else labels[box]) * window
            weight[box] += window
    return total / weight


def _slices(length: int, tile: int) -> Iterator[slice]:
    """As few tiles as overlap by a quarter, evenly spread from edge to edge."""
    steps = -(-(length - tile) // (tile - tile // 4))
    for step in range(steps + 1):
        start = step * (length - tile) // steps if steps else 0
        yield slice(start, start + tile)


def _ramp(tile: int, device: torch.device) -> Tensor:
    """Weight of each row of a tile, in (0, 1]: float32 [tile]."""
    inward = torch.arange(tile, device=device, dtype=torch.float32) + 0.5
    return (torch.minimum(inward, inward.flip(0)) / max(1, tile // 4)).clamp(max=1)
