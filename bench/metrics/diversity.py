"""Scores of models that give several fills for one hole: how much the fills differ, and how good the best of k is."""

from __future__ import annotations

import math
from itertools import combinations

import torch

from bench.errors import DataError, UsageError
from bench.metrics.arguments import check_picture, describe
from bench.metrics.perceptual.backends.network import Lpips, LpipsNet, loaded

__all__ = ["best_of", "lpips_diversity"]


def lpips_diversity(fills: torch.Tensor, net: LpipsNet = "alex", network: Lpips | None = None) -> torch.Tensor:
    """Mean LPIPS between all pairs of fills of each image, after BicycleGAN (Zhu et al., 2017).

    Higher means more different fills, good or bad ones: print it beside a distance to the truth. All fills of an image
    have the same known pixels, so the larger the hole the higher.

    Args:
        fills: uint8 [N, K, 3, H, W], K >= 2 composited fills of each image, in any order.
        net: `alex`, `vgg` or `squeeze`, with the published weights.
        network: a network at hand in place of `net`.

    Returns:
        float64 [N].

    Raises:
        DataError: the fills are not what they must be.
        WeightsMissing: the weights are neither at hand nor can be downloaded.
    """
    if not isinstance(fills, torch.Tensor) or fills.ndim != 5 or fills.shape[1] < 2:
        fix = "Stack the fills of an image along the second axis; one fill has no diversity."
        raise DataError("fills", "be a uint8 tensor [N, K, 3, H, W] with K >= 2", describe(fills), fix)
    check_picture("fills", fills.flatten(0, 1))
    chosen = network or loaded(net, str(fills.device))
    means = [_mean_distance(chosen, image) for image in fills]  # one image at a time: features are large
    return torch.tensor(means, dtype=torch.float64, device=fills.device)


def best_of(values: torch.Tensor, k: int, *, higher_is_better: bool) -> torch.Tensor:
    """What the best of `k` fills scores on average, over all choices of `k` out of the K fills there are.

    With k = K that is the best fill; with k = 1 the mean. It needs no seed, and models that gave different numbers of
    fills can be compared at the same k: the best of more fills is better.

    Args:
        values: float [N, K], a metric of each fill; NaN (undefined) where one of an image is makes its result NaN.
        k: 1 to K.
        higher_is_better: the metric's direction.

    Returns:
        float64 [N].

    Raises:
        DataError: the values are not a float matrix.
        UsageError: k is not from 1 to K.
    """
    if not isinstance(values, torch.Tensor) or values.ndim != 2 or not values.is_floating_point():
        raise DataError("values", "be a float tensor [N, K]", describe(values), "One row an image, one column a fill.")
    fills = values.shape[1]
    if not 1 <= k <= fills:
        raise UsageError(
            "k of best_of", f"be from 1 to the {fills} fills", str(k), "Make more fills, or ask for fewer."
        )
    ranked = values.double().sort(dim=1, descending=not higher_is_better).values[:, k - 1 :]  # the worst first
    chances = [math.comb(rank, k - 1) / math.comb(fills, k) for rank in range(k - 1, fills)]  # to be the best of k
    means = (ranked * ranked.new_tensor(chances)).sum(dim=1)
    return means.masked_fill(values.isnan().any(dim=1), math.nan)


def _mean_distance(network: Lpips, fills: torch.Tensor) -> float:
    """Over all pairs of fills [K, 3, H, W], to the same bits for any order of them."""
    features = network.features(fills)
    rows = [tuple(layer[fill : fill + 1] for layer in features) for fill in range(len(fills))]
    distances = [float(network.distance(a, b)) for a, b in combinations(rows, 2)]
    return math.fsum(distances) / len(distances)
