"""Inception features in a run: those of untouched pictures are taken once and shared by all models and protocols."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

import torch

from bench.metrics.cache.feature_cache import shared_cache
from bench.metrics.distribution.backends.inception import Inception

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.inception import InceptionKind

__all__ = ["completed_features", "true_features"]


@cache
def _inception(kind: str, device: str) -> Inception:
    return Inception(cast("InceptionKind", kind), device)


def true_features(kind: str, pictures: torch.Tensor, device: str) -> torch.Tensor:
    """Inception features of untouched pictures, uint8 [N, 3, H, W] -> float32 [N, 2048] on the CPU, taken once."""
    return shared_cache().features(_inception(kind, device), pictures)[0].cpu()


def completed_features(kind: str, pictures: torch.Tensor, device: str) -> torch.Tensor:
    """The same of pictures that nobody asks for again."""
    return _inception(kind, device).features(pictures).cpu()
