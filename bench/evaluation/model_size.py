"""How large a model is, which stands beside its scores: counted exactly, by watching one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import nn

from bench.evaluation import worker_status
from bench.evaluation.plan import Plan, resolve
from bench.evaluation.suite import Suite
from bench.models.instrumentation import observe
from bench.pictures import hide
from bench.records import ModelSize, RunInfo
from bench.runtime.executors.executor import Lost, Worker
from bench.runtime.executors.local_executor import LocalExecutor
from bench.vocabulary import Inpainter, Sample

__all__ = ["measure_model_size", "measure_sizes"]


def measure_sizes(
    plan: Plan, earlier: RunInfo | None, *, isolated: bool = False, time_limit: float | None = None
) -> dict[str, ModelSize]:
    """Sizes of the plan's models by name, on its first picture; a model that has none is left out.

    A model whose size an earlier run in the folder has recorded is not called again.

    Args:
        isolated: whether the models are called in a process of their own; one that kills it has no size.
        time_limit: seconds that such a call may take; None: no end.
    """
    known = {model.key: model.size for model in earlier.models if model.size} if earlier else {}
    models = {cell.model.name: cell.model for cell in plan.cells if not cell.only_recorded}
    sizes = {name: known.get((name, model.fingerprint)) for name, model in models.items()}
    unknown = [name for name, size in sizes.items() if size is None and _holds_network(models[name])]
    if isolated and unknown:
        suite = replace(plan.suite, models=tuple(plan.given[name] for name in unknown))
        task = _SizeTask(suite, plan.layout.out, time_limit)

        def on_result(name: str, size: ModelSize | Lost[str] | None) -> None:
            sizes[name] = None if isinstance(size, Lost) else size

        LocalExecutor(1, plan.device).run(task, unknown, on_result)
    else:
        sizes.update({name: measure_model_size(models[name], plan.first) for name in unknown})
    return {name: size for name, size in sizes.items() if size is not None}


@dataclass(frozen=True)
class _SizeTask:
    """Measures models by their names; the process is one of this command, so that nothing has to be compared."""

    suite: Suite
    out: Path
    time_limit: float | None
    fingerprint: str = "model sizes"

    def start(self, worker: Worker) -> Callable[[str], ModelSize | None]:
        worker.note(f"loading {', '.join(self.suite.models)}")
        plan = resolve(self.suite, self.out, worker.device)
        models = {cell.model.name: cell.model for cell in plan.cells}

        def measure(name: str) -> ModelSize | None:
            with worker_status.working_for(worker, self.time_limit):
                worker_status.begin_batch([plan.first.id])
                return measure_model_size(models[name], plan.first)

        return measure


def measure_model_size(model: Inpainter, sample: Sample) -> ModelSize | None:
    """Parameters of the networks that a model calls, and multiply-adds that it spends on the size of a picture.

    None for a model that holds no torch module, without calling it (it may take minutes), and for one that fails: its
    samples will say why.

    Args:
        model: any.
        sample: the picture; its central block, half of each side, is filled.
    """
    if not _holds_network(model):
        return None
    height, width = sample.image.shape[:2]
    hole = np.zeros((height, width), np.bool_)
    hole[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    try:
        seen = observe(lambda: model.inpaint(hide([sample], [hole], 0, model.label_sources)))
    except Exception:  # noqa: BLE001 (a model from elsewhere may raise anything)
        return None
    return ModelSize(seen.parameters, seen.flops // 2) if seen.networks else None


def _holds_network(model: Inpainter) -> bool:
    return any(isinstance(part, nn.Module) for part in getattr(model, "__dict__", {}).values())
