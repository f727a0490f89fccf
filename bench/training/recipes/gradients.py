"""How hard each loss term pulls at a generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from bench.training.recipe import TensorMapping

__all__ = ["gradient_norms", "last_weight"]


def last_weight(network: torch.nn.Module) -> torch.nn.Parameter:
    """The kernel of the last layer of a network: its last parameter with more than one axis."""
    return [weight for weight in network.parameters() if weight.ndim > 1][-1]


def gradient_norms(
    make_terms: Callable[[], TensorMapping], weights: Mapping[str, float], parameter: torch.nn.Parameter
) -> dict[str, torch.Tensor]:
    """Norm of the gradient of every weighted term at one parameter, by `gradient.TERM`: scalars.

    Args:
        make_terms: computes the terms; called once, with gradients.
        weights: of the terms in the sum.
        parameter: gets no `grad`, and requires a gradient afterwards if it did before.
    """
    required = parameter.requires_grad
    parameter.requires_grad_(True)
    try:
        with torch.enable_grad():
            terms = make_terms()
            norms = {}
            for name, weight in weights.items():
                (gradient,) = torch.autograd.grad(weight * terms[name].float(), parameter, retain_graph=True)
                norms[f"gradient.{name}"] = gradient.detach().float().norm()
        return norms
    finally:
        parameter.requires_grad_(required)
