"""One training step: called as it is, or captured as a graph after some warm-up steps and then replayed."""

from __future__ import annotations

from collections.abc import Callable

from lightning_fabric import Fabric

from bench.training.data.batches import ByteBatch, TrainingBatch
from bench.training.optimization.stage_optimizers import StageOptimizers
from bench.training.optimization.step_graph import StepGraph
from bench.training.recipe import Stage

__all__ = ["WARM_UP", "TrainingStep", "reason_against_graph"]

WARM_UP = 3
"""Steps before the capture, which set up optimizers and libraries. The last one is watched: see StepGraph.rehearse."""


def reason_against_graph(stage: Stage, fabric: Fabric) -> str:
    """Why the step of a stage must not be captured; empty if it may."""
    if stage.eager_reason:
        return stage.eager_reason
    if fabric.world_size > 1:
        return "several processes average their gradients"
    if getattr(fabric.strategy.precision, "scaler", None) is not None:
        return "the loss scale of 16-mixed is changed by the host"
    return ""


class TrainingStep:
    """Steps the optimizers of a stage on one batch after the other.

    Args:
        optimizers: of the stage; fused if there is a graph.
        graph: records the step; None to call it every time.
        report: called once: with an empty string when the step is captured, or with the reason why it cannot be. The
            steps from then on are called.
    """

    def __init__(self, optimizers: StageOptimizers, graph: StepGraph | None, report: Callable[[str], None]) -> None:
        self._optimizers, self._graph, self._report = optimizers, graph, report
        self._buffers: ByteBatch | None = None
        self._steps = 0

    def __call__(self, batch: ByteBatch, number: int, lr_scale: float, progress: float) -> None:
        """Take one step; arguments as of StageOptimizers.prepare, and a batch on the device."""
        self._optimizers.prepare(number, lr_scale, progress)
        if self._graph is None:
            self._optimizers.step(TrainingBatch.of(batch))
            return
        if self._buffers is None:
            self._buffers = batch.clone()
        self._buffers.fill(batch)
        self._steps += 1
        if self._steps <= WARM_UP:
            reason = self._graph.rehearse(self._work)
            if reason and self._steps == WARM_UP:  # the first steps may wait for what they set up
                self._fall_back(reason)
            return
        if self._steps == WARM_UP + 1 and not self._capture(self._graph):
            self._work()
            return
        self._graph.replay()

    def _capture(self, graph: StepGraph) -> bool:
        self._optimizers.capturable(on=True)
        try:
            graph.capture(self._work)
        except RuntimeError as error:  # of torch or CUDA
            self._optimizers.capturable(on=False)
            self._fall_back(f"its capture failed: {(str(error).splitlines() or [type(error).__name__])[0]}")
            return False
        self._report("")
        return True

    def _fall_back(self, reason: str) -> None:
        self._graph = None
        self._report(reason)

    def _work(self) -> None:
        assert self._buffers is not None  # noqa: S101 (filled before)
        self._optimizers.step(TrainingBatch.of(self._buffers))
