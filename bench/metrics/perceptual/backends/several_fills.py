"""Scores of several fills of one hole: how much the fills differ, and how good the best of them is."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import TYPE_CHECKING

import torch

from bench.errors import DataError, UsageError
from bench.metrics.arguments import check_picture, describe
from bench.metrics.cache.feature_cache import shared_cache
from bench.metrics.conversion import convert_pictures
from bench.metrics.perceptual.backends.network import Lpips, LpipsNet, loaded
from bench.metrics.pixel.backends.errors import errors_of

if TYPE_CHECKING:
    from bench.metrics.conversion import ArrayInput
    from bench.metrics.view import BatchView

__all__ = [
    "best_lpips_by_region",
    "best_psnr_by_region",
    "diversity",
    "diversity_by_region",
    "expected_best",
    "mean_distances",
]


def diversity(fills: ArrayInput, net: LpipsNet = "alex", network: Lpips | None = None) -> torch.Tensor:
    """See `bench.metrics.lpips_diversity`."""
    if isinstance(fills, torch.Tensor) and fills.ndim == 5:
        return mean_distances(fills, net, network)
    pictures, _ = convert_pictures("fills", fills)
    return mean_distances(pictures.unsqueeze(0), net, network)[0]


def mean_distances(fills: torch.Tensor, net: LpipsNet = "alex", network: Lpips | None = None) -> torch.Tensor:
    """Of fills uint8 [N, K, 3, H, W], float64 [N]."""
    if not isinstance(fills, torch.Tensor) or fills.ndim != 5 or fills.shape[1] < 2:
        fix = "Stack the fills of an image along the second axis; one fill has no diversity."
        raise DataError("fills", "be a uint8 tensor [N, K, 3, H, W] with K >= 2", describe(fills), fix)
    check_picture("fills", fills.flatten(0, 1))
    chosen = network or loaded(net, str(fills.device))
    means = [_mean_distance(chosen, image) for image in fills]  # one image at a time: features are large
    return torch.tensor(means, dtype=torch.float64, device=fills.device)


def expected_best(values: torch.Tensor, k: int, *, higher_is_better: bool) -> torch.Tensor:
    """See `bench.metrics.best_of`."""
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


def diversity_by_region(view: BatchView) -> dict[str, torch.Tensor]:
    """Mean LPIPS (alex) between the fills of each image in region full, float64 [N]; raises as `lpips` does."""

    def between(fills: torch.Tensor) -> torch.Tensor:
        return mean_distances(fills, network=loaded("alex", view.network_device))

    return {"full": _of_fills(view, between)}


def best_psnr_by_region(view: BatchView) -> dict[str, torch.Tensor]:
    """PSNR of the best fill of each image in region hole, float64 [N] in dB."""

    def best(fills: torch.Tensor) -> torch.Tensor:
        values = [errors_of(view.reference, fill, view.hole).psnr()[:, 0] for fill in fills.unbind(dim=1)]
        return expected_best(torch.stack(values, dim=1), fills.shape[1], higher_is_better=True)

    return {"hole": _of_fills(view, best)}


def best_lpips_by_region(view: BatchView) -> dict[str, torch.Tensor]:
    """LPIPS (alex) of the best fill of each image in region full, float64 [N]; raises as `lpips` does."""

    def best(fills: torch.Tensor) -> torch.Tensor:
        network = loaded("alex", view.network_device)
        truth = shared_cache().features_of_each(network, view.reference)
        values = [network.distance_from(truth, fill) for fill in fills.unbind(dim=1)]
        return expected_best(torch.stack(values, dim=1), fills.shape[1], higher_is_better=False)

    return {"full": _of_fills(view, best)}


def _of_fills(view: BatchView, score: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """The score on the pictures' device; NaN where there is but one fill."""
    if view.fills is None:
        return torch.full((len(view.reference),), math.nan, dtype=torch.float64, device=view.hole.device)
    return score(view.fills).to(view.reference.device)


def _mean_distance(network: Lpips, fills: torch.Tensor) -> float:
    """Over all pairs of fills [K, 3, H, W], to the same bits for any order of them."""
    features = network.features(fills)
    rows = [tuple(layer[fill : fill + 1] for layer in features) for fill in range(len(fills))]
    distances = [float(network.distance(a, b)) for a, b in combinations(rows, 2)]
    return math.fsum(distances) / len(distances)
