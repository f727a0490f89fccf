"""How large a model is, which stands beside its scores: counted exactly, by watching one call."""

from __future__ import annotations

import numpy as np
from torch import nn

from bench.models.instrumentation import observe
from bench.pictures import hide
from bench.vocabulary import Inpainter, Sample

__all__ = ["measure_model_size"]


def measure_model_size(model: Inpainter, sample: Sample) -> dict[str, int] | None:
    """`parameters` of the networks that a model calls, and `multiply_adds` that it spends on the size of a picture.

    None for a model that holds no torch module, without calling it (it may take minutes), and for one that fails: its
    samples will say why.

    Args:
        model: any.
        sample: the picture; its central block, half of each side, is filled.
    """
    if not any(isinstance(part, nn.Module) for part in getattr(model, "__dict__", {}).values()):
        return None
    height, width = sample.image.shape[:2]
    hole = np.zeros((height, width), np.bool_)
    hole[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    try:
        seen = observe(lambda: model.inpaint(hide([sample], [hole], 0, model.labels)))
    except Exception:  # noqa: BLE001 (a model from elsewhere may raise anything)
        return None
    return {"parameters": seen.parameters, "multiply_adds": seen.flops // 2} if seen.networks else None
