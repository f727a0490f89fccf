"""How large a model is, which stands beside its scores: counted exactly, by watching one call."""

from __future__ import annotations

import numpy as np
from torch import nn

from bench.evaluation.plan import Plan
from bench.models.instrumentation import observe
from bench.pictures import hide
from bench.records import ModelSize, RunInfo
from bench.vocabulary import Inpainter, Sample

__all__ = ["measure_model_size", "measure_sizes"]


def measure_sizes(plan: Plan, earlier: RunInfo | None) -> dict[str, ModelSize]:
    """Sizes of the plan's models by name, on its first picture; a model that has none is left out.

    A model whose size an earlier run in the folder has recorded is not called again.
    """
    known = {model.key: model.size for model in earlier.models if model.size} if earlier else {}
    models = {cell.model.name: cell.model for cell in plan.cells if not cell.only_recorded}
    sizes = {
        name: known.get((name, model.fingerprint)) or measure_model_size(model, plan.first)
        for name, model in models.items()
    }
    return {name: size for name, size in sizes.items() if size is not None}


def measure_model_size(model: Inpainter, sample: Sample) -> ModelSize | None:
    """Parameters of the networks that a model calls, and multiply-adds that it spends on the size of a picture.

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
        seen = observe(lambda: model.inpaint(hide([sample], [hole], 0, model.label_sources)))
    except Exception:  # noqa: BLE001 (a model from elsewhere may raise anything)
        return None
    return ModelSize(seen.parameters, seen.flops // 2) if seen.networks else None
