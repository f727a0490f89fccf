"""Networks on a GPU: pictures in batches of one size, so that the result of a picture does not depend on the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from bench.runtime.exact import exact_arithmetic

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Outputs", "run_in_fixed_batches"]

Outputs: TypeAlias = "tuple[Tensor, ...]"

_PIXELS = 1 << 20
"""In a batch, about."""


def run_in_fixed_batches(network: Callable[[Tensor], Outputs], pictures: Tensor) -> Iterator[Outputs]:
    """Outputs of `network` for batches of pictures, without gradients and in exact arithmetic.

    The size of a batch depends on that of the pictures alone: the last one is filled up with black pictures.

    Args:
        network: takes pictures [n, ...] and returns tensors [n, ...].
        pictures: [N, 3, H, W], at least one.
    """
    import torch

    size = max(1, _PIXELS // (pictures.shape[2] * pictures.shape[3]))
    with torch.no_grad(), exact_arithmetic(str(pictures.device)):
        for batch in torch.split(pictures, size):
            filling = batch.new_zeros(size - len(batch), *batch.shape[1:])
            yield tuple(tensor[: len(batch)] for tensor in network(torch.cat([batch, filling])))
