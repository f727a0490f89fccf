"""One stage's networks and optimizers, and what one step does to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning_fabric import Fabric

from bench.training.batches import TrainingBatch
from bench.training.losses import TermMeans, weighted_sum
from bench.training.parallel import average_buffers, average_gradients
from bench.training.recipe import OptimizerSpec, Recipe, Stage, Tensors
from bench.training.running_statistics import has_running_statistics, measure_running_statistics
from bench.training.weight_average import WeightAverage

__all__ = ["StageOptimizers"]


class StageOptimizers:
    """The players of a stage take their turns.

    Args:
        fabric: device, precision and processes.
        recipe: its networks are on the device.
        stage: one of its stages.
        clip: largest norm of a player's gradient.
        decay: of the weight averages.

    Attributes:
        means: of the loss terms since they were last read.
    """

    def __init__(self, fabric: Fabric, recipe: Recipe, stage: Stage, clip: float, decay: float) -> None:
        self.means = TermMeans(fabric)
        self._fabric, self._recipe, self._stage, self._clip = fabric, recipe, stage, clip
        self._average = WeightAverage({name: recipe.networks[name] for name in stage.averaged}, decay)
        self._optimizers = {spec.name: self._optimizer(spec) for spec in stage.optimizers}
        self._settled = False
        self._set_mode(training=True)

    def step(self, batch: TrainingBatch, number: int, factor: float) -> None:
        """Every player once.

        Args:
            batch: this process's part.
            number: of the step within the stage, counted from 1.
            factor: of the learning rates.
        """
        outputs: Tensors | None = None
        for spec in self._stage.optimizers:
            outputs = self._turn(spec, batch, outputs, factor)
        self._average.update(number)
        average_buffers(self._fabric, self._trained())
        self.means.next_step()

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """Inside, networks hold their averages, in evaluation mode and without gradients."""
        self._set_mode(training=False)
        with self._average.applied(), torch.no_grad(), self._fabric.autocast():
            yield
        self._set_mode(training=not self._settled)

    def finalize(self, batches: Iterable[TrainingBatch]) -> None:
        """End the stage: the averages become the networks' weights, with running statistics of their own.

        Args:
            batches: to measure the statistics on; not read where no network keeps any.
        """
        self._average.finalize()
        averaged = [self._recipe.networks[name] for name in self._stage.averaged]
        if has_running_statistics(averaged):
            with self._fabric.autocast():
                measure_running_statistics(averaged, self._stage.forward, batches)
            average_buffers(self._fabric, averaged)
        self._settled = True
        self._set_mode(training=False)

    def all_finite(self) -> bool:
        """Whether all weights that are being trained are finite."""
        return all(bool(weight.isfinite().all()) for network in self._trained() for weight in network.parameters())

    def state(self) -> dict[str, Any]:
        """Optimizers and averages, for a checkpoint."""
        optimizers = {name: optimizer.state_dict() for name, optimizer in self._optimizers.items()}
        return {"optimizers": optimizers, "averages": self._average.state()}

    def load(self, state: dict[str, Any]) -> None:
        """Inverse of `state`."""
        for name, optimizer in self._optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self._average.load(state["averages"])

    def _turn(self, spec: OptimizerSpec, batch: TrainingBatch, outputs: Tensors | None, factor: float) -> Tensors:
        self._let_move(spec)
        with self._fabric.autocast():
            if outputs is None:
                outputs = self._stage.forward(batch)
            terms = self._stage.losses(spec.name, batch, outputs)
        self.means.add(spec.name, terms)
        optimizer = self._optimizers[spec.name]
        optimizer.zero_grad()
        self._fabric.backward(weighted_sum(spec, terms))
        average_gradients(self._fabric, self._weights(spec))
        module = torch.nn.ModuleList(self._recipe.networks[name] for name in spec.networks)
        self._fabric.clip_gradients(module, optimizer, max_norm=self._clip, error_if_nonfinite=False)
        for group in optimizer.param_groups:
            group["lr"] = spec.learning_rate * factor
        optimizer.step()
        return {name: value.detach() for name, value in outputs.items()}

    def _let_move(self, spec: OptimizerSpec) -> None:
        for name, network in self._recipe.networks.items():
            network.requires_grad_(name in spec.networks)

    def _optimizer(self, spec: OptimizerSpec) -> torch.optim.Optimizer:
        optimizer = torch.optim.Adam(self._weights(spec), lr=spec.learning_rate, betas=spec.betas)
        wrapped = self._fabric.setup_optimizers(optimizer)
        assert isinstance(wrapped, torch.optim.Optimizer)  # noqa: S101 (one in, one out)
        return wrapped

    def _weights(self, spec: OptimizerSpec) -> list[torch.nn.Parameter]:
        return [weight for name in spec.networks for weight in self._recipe.networks[name].parameters()]

    def _trained(self) -> list[torch.nn.Module]:
        names = dict.fromkeys(name for spec in self._stage.optimizers for name in spec.networks)
        return [self._recipe.networks[name] for name in names]

    def _set_mode(self, *, training: bool) -> None:
        for network in self._recipe.networks.values():
            network.eval()
        for network in self._trained():
            network.train(training)
