"""The optimizers of one stage, and one training step of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning_fabric import Fabric

from bench.training.data.batches import TrainingBatch
from bench.training.optimization.losses import LossMeter, term_weights, weighted_sum
from bench.training.optimization.parallel import average_buffers, average_gradients
from bench.training.optimization.running_statistics import has_running_statistics, measure_running_statistics
from bench.training.optimization.weight_average import WeightAverage
from bench.training.recipe import OptimizerSpec, Recipe, Stage, TensorMapping

__all__ = ["StageOptimizers"]


class StageOptimizers:
    """Steps the optimizers of a stage, one after the other, and keeps the averages of the weights.

    Args:
        fabric: device, precision and processes.
        recipe: its networks are on the device.
        stage: one of its stages.
        clip: largest norm of the gradient of one optimizer.
        decay: of the averages of the weights.

    Attributes:
        losses: means of the loss terms since they were last read.
    """

    def __init__(self, fabric: Fabric, recipe: Recipe, stage: Stage, clip: float, decay: float) -> None:
        self.losses = LossMeter(fabric)
        self._fabric, self._recipe, self._stage, self._clip = fabric, recipe, stage, clip
        self._average = WeightAverage({name: recipe.networks[name] for name in stage.averaged}, decay)
        self._optimizers = {spec.name: self._optimizer(spec) for spec in stage.optimizers}
        self._finalized = False
        self._set_mode(training=True)

    def step(self, batch: TrainingBatch, number: int, lr_scale: float, progress: float) -> None:
        """Step every optimizer once.

        Args:
            batch: this process's part.
            number: of the step within the stage, counted from 1.
            lr_scale: factor of the learning rates.
            progress: share of the stage's budget that is spent, 0 to 1.
        """
        outputs: TensorMapping | None = None
        for spec in self._stage.optimizers:
            outputs = self._step(spec, batch, outputs, lr_scale, progress)
        self._average.update(number)
        average_buffers(self._fabric, self._trained())
        self.losses.next_step()

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """Inside, the networks have their averaged weights and are in evaluation mode, without gradients."""
        self._set_mode(training=False)
        with self._average.applied(), torch.no_grad(), self._fabric.autocast():
            yield
        self._set_mode(training=not self._finalized)

    def finalize(self, batches: Iterable[TrainingBatch]) -> None:
        """End the stage: the networks take the averaged weights, and their running statistics are measured anew.

        Args:
            batches: to measure the statistics on; not read if no averaged network has running statistics.
        """
        self._average.finalize()
        averaged = [self._recipe.networks[name] for name in self._stage.averaged]
        if has_running_statistics(averaged):
            with self._fabric.autocast():
                measure_running_statistics(averaged, self._stage.forward, batches)
            average_buffers(self._fabric, averaged)
        self._finalized = True
        self._set_mode(training=False)

    def all_finite(self) -> bool:
        """Whether all weights that are being trained are finite."""
        return all(bool(weight.isfinite().all()) for network in self._trained() for weight in network.parameters())

    def state(self) -> dict[str, Any]:
        """Optimizers and averages, for a checkpoint."""
        optimizers = {name: optimizer.state_dict() for name, optimizer in self._optimizers.items()}
        return {"optimizers": optimizers, "averages": self._average.state()}

    def load(self, state: dict[str, Any]) -> None:
        """Load what `state` returned."""
        for name, optimizer in self._optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self._average.load(state["averages"])

    def _step(
        self, spec: OptimizerSpec, batch: TrainingBatch, outputs: TensorMapping | None, lr_scale: float, progress: float
    ) -> TensorMapping:
        self._require_grad(spec)
        with self._fabric.autocast():
            if outputs is None:
                outputs = self._stage.forward(batch)
            terms = self._stage.losses(spec.name, batch, outputs)
        self.losses.add(spec.name, terms)
        optimizer = self._optimizers[spec.name]
        optimizer.zero_grad()
        self._fabric.backward(weighted_sum(spec, terms, term_weights(spec, progress)))
        average_gradients(self._fabric, self._weights(spec))
        module = torch.nn.ModuleList(self._recipe.networks[name] for name in spec.networks)
        self._fabric.clip_gradients(module, optimizer, max_norm=self._clip, error_if_nonfinite=False)
        for group in optimizer.param_groups:
            group["lr"] = spec.learning_rate * lr_scale
        optimizer.step()
        return {name: value.detach() for name, value in outputs.items()}

    def _require_grad(self, spec: OptimizerSpec) -> None:
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
