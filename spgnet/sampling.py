"""Several label maps from one distribution: the Gumbel-max trick with noise that is smooth in space.

argmax(log p + g) with g from a standard Gumbel distribution is a draw from p (Gumbel 1954; Maddison et al. 2014). Drawn
for every pixel alone it gives salt and pepper; here neighbouring pixels share their noise, so a draw consists of
regions, while each pixel by itself still follows its own p.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from spgnet.labels import likeliest

__all__ = ["sample_labels", "smooth_gumbel"]

_ROUNDS = 24
_WARMER = 1.5


def sample_labels(
    probabilities: Tensor, labels: Tensor, hole: Tensor, k: int, seeds: Sequence[int], *, smoothness: float = 1 / 16
) -> Tensor:
    """k label maps for each picture that differ from one another, and only in the hole.

    A draw that repeats an earlier map of the same picture is drawn anew from flatter probabilities p^(1/T), T = 1.5,
    2.25, ...: where SP-Net is nearly certain, the alternatives are less likely ones.

    Args:
        probabilities: float [N, C, H, W], of SP-Net.
        labels: uint8 [N, H, W], the label map outside the hole.
        hole: bool [N, 1, H, W].
        k: maps a picture.
        seeds: one for each picture; its maps depend on its own seed only, not on the batch.
        smoothness: standard deviation of the Gaussian that smooths the noise, in shares of the shorter side.

    Returns:
        uint8 [k, N, H, W].

    Raises:
        ValueError: for k below 1, another number of seeds, or a hole too small for k maps.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1; found {k}. Say how many label maps to draw.")
    if len(seeds) != len(probabilities):
        raise ValueError(
            f"seeds must be one for each of {len(probabilities)} pictures; found {len(seeds)}. Pass one for all."
        )
    pictures = zip(probabilities, labels, hole[:, 0], seeds, strict=True)
    maps = [
        _different(p, known, where, k, torch.Generator().manual_seed(s), smoothness) for p, known, where, s in pictures
    ]
    return torch.stack(maps, dim=1)


def smooth_gumbel(shape: tuple[int, int, int], sigma: float, generator: torch.Generator) -> Tensor:
    """Noise whose every value is standard Gumbel, smoothed with a Gaussian of `sigma` pixels; float32 [C, H, W].

    White normal noise is convolved with a kernel of unit power, so it stays standard normal, and is then mapped through
    the normal distribution function and the inverse of Gumbel's. Drawn on the CPU: the same on every device.
    """
    radius = math.ceil(3 * sigma)
    kernel = torch.exp(-(torch.arange(-radius, radius + 1) ** 2) / (2 * max(sigma, 1e-6) ** 2))
    kernel = kernel / kernel.square().sum().sqrt()
    channels, height, width = shape
    noise = torch.randn(channels, height + 2 * radius, width + 2 * radius, generator=generator)
    smooth = _convolution(height, kernel) @ noise @ _convolution(width, kernel).T
    return -torch.log(-torch.special.log_ndtr(smooth))


def _convolution(length: int, kernel: Tensor) -> Tensor:
    """The matrix [length, length + k - 1] that convolves with a kernel of k values: faster than a convolution here."""
    columns = torch.arange(length)[:, None] + torch.arange(len(kernel))
    return torch.zeros(length, length + len(kernel) - 1).scatter(1, columns, kernel.expand(length, -1))


def _different(
    p: Tensor, labels: Tensor, hole: Tensor, k: int, generator: torch.Generator, smoothness: float
) -> Tensor:
    """uint8 [k, H, W] from p [C, H, W], labels [H, W] and hole [H, W]."""
    logits, sigma = p.log().clamp(min=-60), smoothness * min(hole.shape)
    maps: list[Tensor] = []
    temperature, repeats = 1.0, 0
    while len(maps) < k:
        noise = smooth_gumbel((p.shape[0], p.shape[1], p.shape[2]), sigma, generator).to(p.device)
        drawn = likeliest((logits / temperature + noise)[None])[0]
        candidate = torch.where(hole, drawn, labels)
        if any(torch.equal(candidate, earlier) for earlier in maps):
            temperature, repeats = temperature * _WARMER, repeats + 1
        else:
            maps.append(candidate)
            temperature, repeats = 1.0, 0
        if repeats > _ROUNDS:
            raise ValueError(
                f"k must be at most the number of different label maps of the hole; found {k}, and only {len(maps)} "
                "different maps. Ask for fewer, or enlarge the hole."
            )
    return torch.stack(maps)
