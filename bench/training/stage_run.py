"""The steps of one stage: train, log, validate, draw, save, until the budget is spent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from bench.errors import Failure
from bench.runtime.prefetch import Prefetcher
from bench.training.batches import HostBatch, TrainingBatch
from bench.training.budget import linear_decay
from bench.training.parallel import mean_over_processes, seed_step
from bench.training.progress import Report
from bench.training.sample_grid import write_sample_grid
from bench.training.stage_optimizers import StageOptimizers
from bench.training.validation import composite, predictions, validate

if TYPE_CHECKING:
    from bench.training.trainer import Training

__all__ = ["StageRun"]

_FINALIZING_BATCHES = 50


class StageRun:
    """The steps of one stage."""

    def __init__(
        self, training: Training, index: int, turns: StageOptimizers, loader: Prefetcher[int, HostBatch], report: Report
    ) -> None:
        self.training, self.index, self.turns, self.loader, self.report = training, index, turns, loader, report
        self.stage, self.spent = training.stages[index], training.spent[index]
        total = sum(stage.share for stage in training.stages)
        self.done_before = sum(stage.share for stage in training.stages[:index]) / total
        self.share = self.stage.share / total
        self.budget = training.settings.budget.share(self.share)
        self.seconds_before, self.start = self.spent.seconds, time.perf_counter()
        self.segment_start, self.segment_waited, self.segment_steps = self.start, loader.waited, self.spent.steps
        self.checked = self.spent.steps

    def run(self) -> None:
        """Step until the budget is spent, then settle."""
        settings, fabric = self.training.settings, self.training.fabric
        while (progress := self._progress()) < 1:
            number = self.spent.steps + 1
            batch = TrainingBatch.on(fabric.device, next(self.loader))
            seed_step(settings.seed, self.stage.name, number, fabric.global_rank)
            self.turns.step(batch, number, settings.rate * linear_decay(progress, settings.constant))
            self.spent.steps = number
            if number % settings.log_every == 0:
                self._log()
            if number % settings.check_every == 0 and self._progress() < 1:
                self._check()
        self._log()
        self.turns.finalize(self._batches_to_finalize())
        if self.spent.steps > self.checked:
            self._check()

    def _batches_to_finalize(self) -> Iterator[TrainingBatch]:
        """The next batches after those of the stage, the same whenever they are asked for."""
        settings, fabric = self.training.settings, self.training.fabric
        for number in range(min(_FINALIZING_BATCHES, self.spent.steps)):
            batch = TrainingBatch.on(fabric.device, next(self.loader))
            seed_step(settings.seed, self.stage.name, "settle", number, fabric.global_rank)
            yield batch

    def _progress(self) -> float:
        self.spent.seconds = self.seconds_before + time.perf_counter() - self.start
        if self.budget.minutes is not None:  # all processes must agree on the last step
            seconds = torch.tensor(self.spent.seconds, device=self.training.fabric.device)
            self.spent.seconds = float(mean_over_processes(self.training.fabric, seconds))
        return self.budget.progress(self.spent.steps, self.spent.seconds)

    def _log(self) -> None:
        """Write the mean terms since the last line, with rates; stop if one is not finite."""
        terms = self.turns.means.read(self._where() + self.training.advice())  # waits for the device
        if not terms:
            return
        seconds, waited = time.perf_counter() - self.segment_start, self.loader.waited - self.segment_waited
        steps = self.spent.steps - self.segment_steps
        self.spent.training_seconds += seconds
        self.spent.waited_seconds += waited
        rate = steps * self.training.settings.batch_size / seconds
        self.spent.losses = terms
        self._write({**terms, "pictures per second": rate, "share of time waiting for data": waited / seconds})
        progress = self.budget.progress(self.spent.steps, self.spent.seconds)
        self.report(self.stage.name, self.done_before + self.share * progress, rate, waited / seconds)
        self._begin_segment()

    def _check(self) -> None:
        """Validate, draw a sheet, save."""
        self._log()
        self.checked = self.spent.steps
        training = self.training
        if not self.turns.all_finite():
            where = f"weights of stage '{self.stage.name}' at step {self.spent.steps}"
            raise Failure(where, "be finite", "NaN or infinity", training.advice())
        if training.fabric.is_global_zero:
            with self.turns.evaluation():
                device = training.fabric.device
                maker = training.maker_for_validation()
                self.spent.scores = validate(self.stage, maker, device)
                self._draw_sheet()
            self._write(self.spent.scores)
        training.fabric.barrier()
        training.save(self.index, self.turns)
        self._begin_segment()

    def _draw_sheet(self) -> None:
        training = self.training
        maker = training.sheet_maker()
        batch, output = next(predictions(self.stage, maker, training.fabric.device))
        columns = {"incomplete": batch.hidden, **output.extra}
        if output.labels is not None:
            columns |= {"labels": output.labels}
        if batch.labels is not None:
            columns |= {"true labels": batch.labels}
        if output.image is not None:
            columns |= {"raw": output.image, "composite": composite(output.image, batch)}
        path = training.folder.sheet(self.stage.name, self.spent.steps)
        write_sample_grid(path, columns | {"truth": batch.image})

    def _write(self, values: dict[str, float]) -> None:
        if self.training.log:
            seconds = sum(spent.seconds for spent in self.training.spent)
            self.training.log.write(self.training.steps, self.stage.name, self.spent.steps, seconds, values)

    def _begin_segment(self) -> None:
        self.segment_start, self.segment_waited = time.perf_counter(), self.loader.waited
        self.segment_steps = self.spent.steps

    def _where(self) -> str:
        return f"It happened in stage '{self.stage.name}' before step {self.spent.steps + 1}. "
