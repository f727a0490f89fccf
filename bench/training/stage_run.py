"""One stage of a training: train, log, validate, write a sample grid and a checkpoint, until the budget is spent."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from bench.errors import Failure
from bench.pictures import composite
from bench.runtime.progress import ReportProgress
from bench.training.collapse import COLLAPSE, CollapseWatch
from bench.training.data.batches import TrainingBatch
from bench.training.data.feed import DeviceFeed
from bench.training.data.loading import batch_loader, worker_failures
from bench.training.optimization.budget import linear_decay
from bench.training.optimization.device_time import DeviceTime
from bench.training.optimization.parallel import common_value, seed_step
from bench.training.optimization.stage_optimizers import StageOptimizers
from bench.training.optimization.step_graph import step_graph
from bench.training.optimization.training_step import TrainingStep, reason_against_graph
from bench.training.output.sample_grid import write_sample_grid
from bench.training.recipe import Stage
from bench.training.session import TrainingSession
from bench.training.validation import predict_batches, validate

__all__ = ["STATISTICS_BATCHES", "run_stage"]

STATISTICS_BATCHES = 50
"""Batches that running statistics are measured on at the end of a stage, at most."""

_SHORTEST = 1e-9
"""Seconds: no time that a speed is taken over is less, whatever the clock does."""

_log = logging.getLogger("bench")


def run_stage(
    session: TrainingSession, index: int, checkpoint: dict[str, Any] | None, report_progress: ReportProgress
) -> None:
    """Train one stage to its end, then write a checkpoint in which the next stage begins.

    Args:
        session: the training.
        index: of the stage.
        checkpoint: to resume the stage from, or None to begin it.
        report_progress: called after every line of the log.

    Raises:
        Failure: a loss or a weight was not finite, or a checkpoint could not be written.
    """
    stage, settings, device = session.stages[index], session.settings, session.fabric.device
    captured = _is_captured(session, stage)
    optimizers = StageOptimizers(
        session.fabric, session.recipe, stage, settings.clip, settings.average_decay, fused=captured
    )
    if checkpoint is not None:
        session.load_optimizers(optimizers, checkpoint)
    loader = batch_loader(session.training_batches(stage), session.progress[index].steps, settings.workers, device)
    with closing(loader), worker_failures():
        feed = DeviceFeed(loader, device)
        _StageRun(session, index, optimizers, feed, report_progress, captured=captured).run()
    session.save(index + 1, None)


def _is_captured(session: TrainingSession, stage: Stage) -> bool:
    """Whether the stage's step is to be captured; says so where that is asked for, or usual, and cannot be."""
    on_gpu, asked = session.fabric.device.type == "cuda", session.settings.graph
    if not (on_gpu if asked is None else asked):
        return False
    reason = reason_against_graph(stage, session.fabric)
    if reason or not on_gpu:
        _warn_without_graph(session, stage, reason or "the CPU has none; its steps are called in the same way")
    return not reason


def _warn_without_graph(session: TrainingSession, stage: Stage, reason: str) -> None:
    if session.fabric.is_global_zero:
        _log.warning("stage '%s' is trained without a CUDA graph: %s", stage.name, reason)


class _StageRun:
    """The steps of one stage."""

    def __init__(
        self,
        session: TrainingSession,
        index: int,
        optimizers: StageOptimizers,
        feed: DeviceFeed,
        report_progress: ReportProgress,
        *,
        captured: bool,
    ) -> None:
        self.session, self.index, self.optimizers, self.feed = session, index, optimizers, feed
        device = session.fabric.device
        self.step = TrainingStep(optimizers, step_graph(device) if captured else None, self._report_graph)
        self.device_time = DeviceTime(device)
        self.report_progress = report_progress
        self.stage, self.progress = session.stages[index], session.progress[index]
        total = sum(stage.share for stage in session.stages)
        self.share_before = sum(stage.share for stage in session.stages[:index]) / total
        self.share = self.stage.share / total
        self.budget = session.settings.budget.share(self.share)
        self.seconds_before, self.start = self.progress.seconds, time.perf_counter()
        self.last_check = self.progress.steps
        self.collapse = CollapseWatch()
        self._begin_segment()

    def run(self) -> None:
        """Step until the budget is spent, then finalize the weights."""
        settings, fabric = self.session.settings, self.session.fabric
        while (spent := self._spent()) < 1:
            number = self.progress.steps + 1
            batch = self.feed.take()
            seed_step(settings.seed, self.stage.name, number, fabric.global_rank)
            with self.device_time.busy():
                self.step(batch, number, settings.lr_scale * linear_decay(spent, settings.constant), spent)
            self.progress.steps = number
            if self.budget.progress(number, self.progress.seconds) < 1:
                self.feed.fetch()
            if number % settings.log_every == 0:
                self._log()
            if number % settings.check_every == 0 and self._spent() < 1:
                self._check()
            elif self._is_save_due():
                self._save()
            if self.session.should_stop():
                self._save(together=False)
                raise KeyboardInterrupt
        self._log()
        self.optimizers.finalize(self._statistics_batches())
        if self.progress.steps > self.last_check:
            self._check()

    def _statistics_batches(self) -> Iterator[TrainingBatch]:
        """The batches that follow those of the stage, for running statistics; always the same ones."""
        settings, fabric = self.session.settings, self.session.fabric
        for number in range(min(STATISTICS_BATCHES, self.progress.steps)):
            batch = TrainingBatch.of(self.feed.take())
            # "settle" is part of the key of the random numbers: another word would change the trained weights.
            seed_step(settings.seed, self.stage.name, "settle", number, fabric.global_rank)
            yield batch

    def _spent(self) -> float:
        """Share of the stage's budget that is spent, 0 to 1."""
        seconds = self.seconds_before + time.perf_counter() - self.start
        self.progress.seconds = max(self.progress.seconds, seconds)  # whatever the clock does
        if self.budget.minutes is not None:  # all processes must agree on the last step
            self.progress.seconds = common_value(self.session.fabric, self.progress.seconds)
        return self.budget.progress(self.progress.steps, self.progress.seconds)

    def _log(self) -> None:
        """Write the means of the loss terms since the last line, and the speed; stop if a loss is not finite."""
        where = f"It happened in stage '{self.stage.name}' before step {self.progress.steps + 1}. "
        losses = self.optimizers.losses.read(where + self.session.advice())  # waits for the device
        if not losses:
            return
        seconds = max(time.perf_counter() - self.segment_start, _SHORTEST)
        # The host runs ahead of a GPU: while it waits for a batch, the GPU may be at work on the one before.
        waited = max(0.0, min(self.feed.waited - self.segment_waited, self.device_time.read_idle(seconds)))
        steps = self.progress.steps - self.segment_steps
        self.progress.training_seconds += seconds
        self.progress.waited_seconds += waited
        speed = steps * self.session.settings.batch_size / seconds
        self.progress.losses = losses
        self._warn_of_collapse(losses, steps)
        self._write({**losses, "pictures per second": speed, "share of time waiting for data": waited / seconds})
        spent = self.budget.progress(self.progress.steps, self.progress.seconds)
        self.report_progress(self.stage.name, self.share_before + self.share * spent, speed, waited / seconds)
        self._begin_segment()

    def _check(self) -> None:
        """Validate, write a sample grid and a checkpoint."""
        self._log()
        self.last_check = self.progress.steps
        session = self.session
        self._refuse_broken_weights()
        if session.fabric.is_global_zero:
            with self.optimizers.evaluation():
                self.progress.scores = validate(self.stage, session.validation_batches(), session.fabric.device)
                self._write_sample_grid()
                diagnostics = self._diagnostics()
            self._write({**self.progress.scores, **diagnostics})
        session.fabric.barrier()
        session.save(self.index, self.optimizers)
        self._begin_segment()

    def _diagnostics(self) -> dict[str, float]:
        """What the stage says of its state, from the first validation pictures."""
        host = self.session.sample_batches()(0)
        values = self.stage.diagnostics(TrainingBatch.on(self.session.fabric.device, host))
        return {name: float(value) for name, value in values.items()}

    def _warn_of_collapse(self, losses: dict[str, float], steps: int) -> None:
        """Say once for each discriminator, in the log and on stderr, that it is right in nearly all patches."""
        for optimizer in self.collapse.add(losses, steps):
            self._write({f"{optimizer}.{COLLAPSE}": 1.0})
            _log.warning(
                "stage '%s', step %d: accuracy of '%s' has been above 99 %% for 500 steps; its generator learns little "
                "from it. Lower the learning rate, or give the discriminator spectral norm or R1.",
                self.stage.name,
                self.progress.steps,
                optimizer,
            )

    def _refuse_broken_weights(self) -> None:
        """Raise Failure unless all weights are finite: no checkpoint may hold others."""
        if not self.optimizers.all_finite():
            where = f"weights of stage '{self.stage.name}' at step {self.progress.steps}"
            raise Failure(where, "be finite", "NaN or infinity", self.session.advice())

    def _is_save_due(self) -> bool:
        """Whether the last checkpoint is too old; all processes get the same answer."""
        session = self.session
        if session.fabric.world_size > 1 and self.progress.steps % session.settings.log_every:
            return False  # the answer takes a message between the processes
        return common_value(session.fabric, time.monotonic() - session.saved) >= session.settings.save_seconds

    def _save(self, *, together: bool = True) -> None:
        """Write a checkpoint between two validations."""
        if self.progress.steps == self.last_check:
            return
        self._spent()
        self._log()
        self._refuse_broken_weights()
        self.session.save(self.index, self.optimizers, together=together)
        self._begin_segment()

    def _write_sample_grid(self) -> None:
        session = self.session
        batch, output = next(predict_batches(self.stage, session.sample_batches(), session.fabric.device))
        columns = {"incomplete": batch.hidden, **output.extra}
        if output.labels is not None:
            columns |= {"labels": output.labels}
        if batch.labels is not None:
            columns |= {"true labels": batch.labels}
        if output.image is not None:
            columns |= {"raw": output.image, "composite": composite(output.image.float(), batch.image, batch.hole)}
        path = session.folder.sample_grid(self.stage.name, self.progress.steps)
        write_sample_grid(path, columns | {"truth": batch.image})

    def _write(self, values: dict[str, float]) -> None:
        """Write values to the log, at the present step."""
        session = self.session
        if session.log:
            session.log.write(session.steps, self.stage.name, self.progress.steps, session.seconds, values)

    def _report_graph(self, reason: str) -> None:
        """Say in the log whether the step is captured, and on stderr why it is not."""
        if reason:
            _warn_without_graph(self.session, self.stage, reason)
        self._write({"captured step": 0.0 if reason else 1.0})

    def _begin_segment(self) -> None:
        """Begin a period over which the speed is measured."""
        self.segment_start, self.segment_waited = time.perf_counter(), self.feed.waited
        self.segment_steps = self.progress.steps
