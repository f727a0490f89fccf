"""Networks compiled by torch.compile, anew for every shape, and never run eagerly in silence."""

from __future__ import annotations

from typing import Any, cast

import torch
import torch._dynamo.config
from torch import Tensor, nn

from spgnet.fallback import warn_fallback

__all__ = ["SHAPES", "CompiledNetwork", "compile_network"]

SHAPES = 64
"""Shapes for which a network is compiled; further ones run eagerly, with a warning."""

_RECOMPILATIONS = 16 * SHAPES
"""More than the arithmetic settings of all shapes need, so that the compiler itself never gives a shape up."""


def compile_network(network: nn.Module, **options: Any) -> CompiledNetwork:
    """Compile a network with the options of torch.compile; the compiler's own limits are raised for the process.

    torch.compile counts its versions of a function, which the networks of all models share, and runs it eagerly beyond
    eight.
    """
    limits = torch._dynamo.config
    limits.recompile_limit = max(limits.recompile_limit, _RECOMPILATIONS)
    limits.accumulated_recompile_limit = max(limits.accumulated_recompile_limit, 8 * _RECOMPILATIONS)
    return CompiledNetwork(network, torch.compile(network, dynamic=False, **options))


class CompiledNetwork:
    """A network that is compiled for the first SHAPES shapes, and runs eagerly for others.

    Args:
        network: the network.
        compiled: what torch.compile makes of it.
    """

    def __init__(self, network: nn.Module, compiled: Any) -> None:
        self._network, self._compiled = network, compiled
        self._seen: set[tuple[tuple[torch.Size, torch.dtype], ...]] = set()
        self._refused: set[tuple[tuple[torch.Size, torch.dtype], ...]] = set()

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Run the network."""
        key = tuple((values.shape, values.dtype) for values in inputs)
        if key in self._seen or len(self._seen) < SHAPES:
            self._seen.add(key)
            return cast("Tensor", self._compiled(*inputs))
        if key not in self._refused:
            self._refused.add(key)
            warn_fallback("compiled", inputs, f"{SHAPES} other shapes are compiled already")
        return cast("Tensor", self._network(*inputs))
