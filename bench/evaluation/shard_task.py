"""Running units as a task of an engine: each worker resolves the suite for itself, once."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.errors import UsageError
from bench.evaluation import worker_status
from bench.evaluation.masked_samples import load_masked_sample
from bench.evaluation.plan import Plan, resolve
from bench.evaluation.shard import Unit, UnitResult, run_units
from bench.evaluation.suite import Suite
from bench.fingerprint import fingerprint_sources
from bench.image_files.finding import some
from bench.records import ModelInfo
from bench.runtime.allocator import keep_freed_memory
from bench.runtime.exact import exact_arithmetic
from bench.runtime.executors.executor import Worker

__all__ = ["ShardTask"]


@dataclass(frozen=True)
class ShardTask:
    """Runs units of a plan, in any process that sees the output folder and the data set.

    Attributes:
        suite: what is run; everything in it has a name.
        out: output folder, absolute.
        recorded: models whose records alone are at hand, as for `Plan.with_recorded`.
        bad, keep_fills, skip_bad: as of `Plan`.
        batch_timeout: seconds that a batch may take; None: no end.
        parts: what results depend on, by name, each as a hash or a version.
    """

    suite: Suite
    out: Path
    recorded: tuple[ModelInfo, ...]
    bad: Mapping[str, str]
    keep_fills: bool
    skip_bad: bool
    batch_timeout: float | None
    parts: Mapping[str, str]

    @classmethod
    def of(cls, plan: Plan, recorded: Sequence[ModelInfo] = (), batch_timeout: float | None = None) -> ShardTask:
        """The task of running units of a plan; raises UsageError for a time limit that is no positive number."""
        if batch_timeout is not None and not 0 < batch_timeout < math.inf:
            raise UsageError("time limit of a batch", "be a positive number of seconds", str(batch_timeout))
        options = plan.keep_fills, plan.skip_bad, batch_timeout
        return cls(plan.suite, plan.layout.out, tuple(recorded), dict(plan.bad), *options, _parts(plan))

    @property
    def fingerprint(self) -> str:
        """Hash of the code, the weights and options of the models, the pictures, the metrics and the seed."""
        return hashlib.sha256(json.dumps(sorted(self.parts.items())).encode()).hexdigest()

    def start(self, worker: Worker) -> Callable[[Unit], UnitResult]:
        """Load the models of the suite, and return what runs a unit.

        Raises:
            UsageError: this process has other code, weights or pictures than the one that made the task.
        """
        worker.note(f"loading {', '.join(self.suite.models)}")
        _share_cores(worker.threads)
        keep_freed_memory()
        plan = resolve(self.suite, self.out, worker.device).with_recorded(self.recorded)
        plan = plan.knowing(bad=self.bad, keep_fills=self.keep_fills, skip_bad=self.skip_bad)
        self._refuse_others(_parts(plan))
        settings = ExitStack()  # for as long as the process lives
        settings.enter_context(exact_arithmetic(worker.device))

        def run(unit: Unit) -> UnitResult:
            with worker_status.working_for(worker, self.batch_timeout):
                return _run_unit(plan, unit, worker.advance)

        return run

    def _refuse_others(self, parts: Mapping[str, str]) -> None:
        others = [name for name in {**self.parts, **parts} if self.parts.get(name) != parts.get(name)]
        if others:
            fix = "Give all workers the same version of spgbench, and the same files of weights and data."
            raise UsageError("a worker", "have what the run began with", f"another {some(others)}", fix)


def _run_unit(plan: Plan, unit: Unit, advance: Callable[[int], None]) -> UnitResult:
    worker_status.begin_batch([plan.dataset.ids[index] for index in unit.indices])
    results: list[UnitResult] = []
    protocol = plan.cells[unit.cell].protocol
    masked_samples = (load_masked_sample(plan, protocol, index) for index in unit.indices)
    run_units(
        plan,
        [(unit, masked_samples)],
        lambda _, result: results.append(result),
        advance,
        overlapped=plan.device != "cpu",
    )
    return results[0]


def _parts(plan: Plan) -> dict[str, str]:
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
