"""Running units as a task of an engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.errors import UsageError
from bench.evaluation import worker_status
from bench.evaluation.masked_samples import load_masked_sample
from bench.evaluation.plan import Plan
from bench.evaluation.shard import Unit, UnitResult, run_units
from bench.evaluation.workers.plan_task import PlanTask, parts_of
from bench.records import ModelInfo
from bench.runtime.executors.executor import Worker

__all__ = ["ShardTask"]


@dataclass(frozen=True)
class ShardTask(PlanTask):
    """Runs units of a plan.

    Attributes:
        recorded: models whose records alone are at hand, as for `Plan.with_recorded`.
        bad, keep_fills, skip_bad: as of `Plan`.
        batch_timeout: seconds that a batch may take; None: no end.
    """

    recorded: tuple[ModelInfo, ...]
    bad: Mapping[str, str]
    keep_fills: bool
    skip_bad: bool
    batch_timeout: float | None

    @classmethod
    def of(cls, plan: Plan, recorded: Sequence[ModelInfo] = (), batch_timeout: float | None = None) -> ShardTask:
        """The task of running units of a plan; raises UsageError for a time limit that is no positive number."""
        if batch_timeout is not None and not 0 < batch_timeout < math.inf:
            raise UsageError("time limit of a batch", "be a positive number of seconds", str(batch_timeout))
        options = plan.keep_fills, plan.skip_bad, batch_timeout
        return cls(plan.suite, plan.layout.out, parts_of(plan), tuple(recorded), dict(plan.bad), *options)

    def start(self, worker: Worker) -> Callable[[Unit], UnitResult]:
        """Load the models of the suite, and return what runs a unit; raises as `resolve_in`."""
        plan = self.resolve_in(worker)

        def run(unit: Unit) -> UnitResult:
            with worker_status.working_for(worker, self.batch_timeout):
                return _run_unit(plan, unit, worker.advance)

        return run

    def complete(self, plan: Plan) -> Plan:
        """The plan with the models that joined the run earlier, and with what was found out of its pictures."""
        plan = plan.with_recorded(self.recorded)
        return plan.knowing(bad=self.bad, keep_fills=self.keep_fills, skip_bad=self.skip_bad)


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
