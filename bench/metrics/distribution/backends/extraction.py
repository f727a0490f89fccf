"""Features of pictures in a run: those of untouched pictures are taken once and shared by all models and protocols."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

import torch

from bench.metrics.cache.feature_cache import shared_cache
from bench.metrics.distribution.backends.dinov2 import DinoV2
from bench.metrics.distribution.backends.inception import Inception

if TYPE_CHECKING:
    from bench.metrics.distribution.backends.inception import InceptionKind

__all__ = ["completed_features", "true_features"]


@cache
def _inception(kind: str, device: str) -> Inception:
    return Inception(cast("InceptionKind", kind), device)


@cache
def _dinov2(device: str) -> DinoV2:
    return DinoV2(device)


def _network(kind: str, device: str) -> DinoV2 | Inception:
    return _dinov2(device) if kind == "dinov2" else _inception(kind, device)


def true_features(kind: str, pictures: torch.Tensor, device: str) -> torch.Tensor:
    """Features of untouched pictures, uint8 [N, 3, H, W] -> float32 [N, D] on the CPU, taken once.

    Args:
        kind: `fid` and `fid-clean` of Inception, or `dinov2`.
        pictures: as they are.
        device: where the network works.
    """
    return shared_cache().features(_network(kind, device), pictures)[0].cpu()


def completed_features(kind: str, pictures: torch.Tensor, device: str) -> torch.Tensor:
    """The same of pictures that nobody asks for again."""
    return _network(kind, device).features(pictures).cpu()
