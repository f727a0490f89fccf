"""Models whose loading ends a process: found out in a process of its own, before the driver loads any model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import bench.models
from bench.errors import Failure
from bench.evaluation import worker_status
from bench.evaluation.suite import Suite
from bench.evaluation.workers.lost_units import describe_lost
from bench.runtime.executors.executor import Lost, Worker
from bench.runtime.executors.local_executor import LocalExecutor

__all__ = ["leave_out_crashing"]


def leave_out_crashing(suite: Suite, device: str) -> tuple[Suite, dict[str, str]]:
    """The suite without the models whose loading ends a process, and these with how the process ended.

    Models that run no code of others in the process that loads them are not tried.

    Raises:
        Failure: no model is left.
        UsageError: as `bench.models.load`.
    """
    tried = [model for model in suite.models if bench.models.loads_code_of_others(model)]
    crashed: dict[str, str] = {}

    def on_result(model: str, result: Lost[str] | None) -> None:
        if isinstance(result, Lost):
            crashed[model] = result.reason

    if tried:
        LocalExecutor(1, device).run(_LoadTask(suite.dataset), tried, on_result)
    models = tuple(model for model in suite.models if model not in crashed)
    if crashed and not models:
        fix = "Load each model by itself to see why, for example in Python: bench.models.load(NAME)."
        raise Failure(f"run of {', '.join(crashed)}", "load its models", describe_lost((), str, crashed), fix)
    return replace(suite, models=models), crashed


@dataclass(frozen=True)
class _LoadTask:
    """Loads models; the process is one of this command, so that nothing has to be compared."""

    dataset: str
    fingerprint: str = "loading"

    def start(self, worker: Worker) -> Callable[[str], None]:
        def load(model: str) -> None:
            with worker_status.working_for(worker, None):
                worker_status.begin_loading(model)
                bench.models.load_for_run(model, worker.device, self.dataset)

        return load
