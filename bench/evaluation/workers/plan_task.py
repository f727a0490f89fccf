"""A task whose workers each resolve the suite of the driver for themselves, and compare what results depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.errors import UsageError
from bench.evaluation import worker_status
from bench.evaluation.plan import Plan, resolve
from bench.evaluation.suite import Suite
from bench.fingerprint import fingerprint_sources
from bench.image_files.finding import some
from bench.runtime.allocator import keep_freed_memory
from bench.runtime.exact import exact_arithmetic
from bench.runtime.executors.executor import Worker

__all__ = ["PlanTask", "parts_of"]


@dataclass(frozen=True)
class PlanTask:
    """What tasks on a plan have in common; such a task runs in any process that sees the output and the data set.

    Attributes:
        suite: what is resolved; everything in it has a name.
        out: output folder, absolute.
        parts: what results depend on, by name, each as a hash or a version; see `parts_of`.
    """

    suite: Suite
    out: Path
    parts: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """Hash of the code, the weights and options of the models, the pictures, the metrics and the seed."""
        return hashlib.sha256(json.dumps(sorted(self.parts.items())).encode()).hexdigest()

    def resolve_in(self, worker: Worker) -> Plan:
        """The plan, with its models loaded, in a process that is a worker from now on.

        Raises:
            UsageError: this process has other code, weights or pictures than the one that made the task.
        """
        worker.note(f"loading the data set {self.suite.dataset}")
        _share_cores(worker.threads)
        keep_freed_memory()
        with worker_status.working_for(worker, None):
            plan = self.complete(resolve(self.suite, self.out, worker.device))
        parts = parts_of(plan)
        others = [name for name in {**self.parts, **parts} if self.parts.get(name) != parts.get(name)]
        if others:
            fix = "Give all workers the same version of spgbench, and the same files of weights and data."
            raise UsageError("a worker", "have what the run began with", f"another {some(others)}", fix)
        settings = ExitStack()  # for as long as the process lives
        settings.enter_context(exact_arithmetic(worker.device))
        return plan

    def complete(self, plan: Plan) -> Plan:
        """The plan with what the driver knows beyond the suite."""
        return plan


def parts_of(plan: Plan) -> dict[str, str]:
    """What results depend on: code, torch, kind of device, models, pictures, seed and metrics, by name."""
    models = {f"model {cell.model.name}": cell.model.fingerprint for cell in plan.cells}
    return {
        "code": fingerprint_sources(),
        "version of torch": version("torch"),
        "kind of device": plan.device.partition(":")[0],
        **models,
        f"data set {plan.dataset.name}": plan.revision,
        "seed": str(plan.suite.seed),
        **{f"metric {name}": signature for name, signature in plan.signatures.items()},
    }


def _share_cores(threads: int) -> None:
    import cv2
    import numba
    import torch

    torch.set_num_threads(threads)
    numba.set_num_threads(threads)
    cv2.setNumThreads(threads)
