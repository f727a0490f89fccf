"""What a judge sees in pictures, counted against the label maps that were asked for. Counts are exact."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from bench.vocabulary import VOID

if TYPE_CHECKING:
    from bench.metrics.view import BatchView

__all__ = ["Maps", "class_accuracy", "edit_accuracy", "edit_size"]

Maps: TypeAlias = Literal["control", "untouched"]
"""Whose label maps are counted: the judge's of the completed pictures, or of the untouched ones."""

Counts: TypeAlias = npt.NDArray[np.int64]


def edit_size(view: BatchView) -> dict[str, torch.Tensor]:
    """Share of the hole that is edited, float64 [N] in %; NaN without edits or without a hole."""
    if view.edited is None:
        return {"hole": _column(view, [math.nan] * len(view.reference))}
    edited, missing = (mask.flatten(1).sum(dim=1).tolist() for mask in (view.edited & view.hole, view.hole))
    shares = [100 * part / whole if whole else math.nan for part, whole in zip(edited, missing, strict=True)]
    return {"hole": _column(view, shares)}


def edit_accuracy(view: BatchView, *, maps: Maps) -> dict[str, torch.Tensor]:
    """Share of the edited pixels that have the class asked for, float64 [N] in %, in all and by class."""
    region = None if view.edited is None else view.edited & view.hole
    right, asked = _counted(view, maps, region)
    return {"hole": _shares(view, right.sum(axis=1), asked.sum(axis=1)), **_by_class(view, right, asked)}


def class_accuracy(view: BatchView, *, maps: Maps) -> dict[str, torch.Tensor]:
    """Share of each class's pixels in the hole that have it, float64 [N] in %: by class, and their mean."""
    right, asked = _counted(view, maps, view.hole)
    with np.errstate(invalid="ignore"):
        shares = 100 * right / asked
    defined = [[value for value in values if not math.isnan(value)] for values in shares.tolist()]
    means = [math.fsum(values) / len(values) if values else math.nan for values in defined]
    return {"hole": _column(view, means), **_by_class(view, right, asked)}


def _counted(view: BatchView, maps: Maps, region: torch.Tensor | None) -> tuple[Counts, Counts]:
    """By image and class, pixels of a region that are to have the class: those that have it, and all of them."""
    wanted = view.predicted_labels if view.asked is None else view.asked
    seen = view.judged if maps == "control" else view.judged_truth
    counts = np.zeros((2, len(view.reference), VOID), np.int64)
    if wanted is not None and seen is not None and region is not None:
        arrays = (wanted.cpu().numpy(), seen.cpu().numpy(), region[:, 0].cpu().numpy())
        for row, (labels, judged, inside) in enumerate(zip(*arrays, strict=True)):
            for place, pixels in enumerate((inside & (labels == judged), inside)):
                counts[place, row] = np.bincount(labels[pixels], minlength=VOID + 1)[:VOID]
    return counts[0], counts[1]


def _by_class(view: BatchView, right: Counts, asked: Counts) -> dict[str, torch.Tensor]:
    return {f"hole.{name}": _shares(view, right[:, index], asked[:, index]) for index, name in enumerate(view.classes)}


def _shares(view: BatchView, part: Counts, whole: Counts) -> torch.Tensor:
    pairs = zip(part.tolist(), whole.tolist(), strict=True)
    return _column(view, [100 * some / every if every else math.nan for some, every in pairs])


def _column(view: BatchView, values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, device=view.reference.device)
