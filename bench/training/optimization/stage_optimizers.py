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
from bench.training.optimization.step_values import StepValues
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
        fused: whether the optimizers step on the device alone, as a captured step needs it; the same up to rounding.

    Attributes:
        losses: means of the loss terms since they were last read.
    """

    def __init__(
        self, fabric: Fabric, recipe: Recipe, stage: Stage, clip: float, decay: float, *, fused: bool = False
    ) -> None:
        self.losses = LossMeter(fabric)
        self._fabric, self._recipe, self._stage, self._clip = fabric, recipe, stage, clip
        self._average = WeightAverage({name: recipe.networks[name] for name in stage.averaged}, decay)
        self._fused, self._values = fused, StepValues(fabric.device)
        self._optimizers = {spec.name: self._optimizer(spec) for spec in stage.optimizers}
        self._modules = {
            spec.name: torch.nn.ModuleList(recipe.networks[name] for name in spec.networks) for spec in stage.optimizers
        }
        self._finalized = False
        self._set_mode(training=True)

    def prepare(self, number: int, lr_scale: float, progress: float) -> None:
        """Set what changes from step to step, for the next `step`.

        Args:
            number: of the step within the stage, counted from 1.
            lr_scale: factor of the learning rates.
            progress: share of the stage's budget that is spent, 0 to 1.
        """
        for spec in self._stage.optimizers:
            self._set_learning_rate(spec, spec.learning_rate * lr_scale)
            for name, weight in term_weights(spec, progress).items():
                self._values.set((spec.name, name), weight)
        self._average.prepare(number)

    def step(self, batch: TrainingBatch) -> None:
        """Step every optimizer once on a batch, this process's part; a graph may capture it.

        Whatever a step changes are tensors that stay where they are.
        """
        outputs: TensorMapping | None = None
        for spec in self._stage.optimizers:
            outputs = self._step(spec, batch, outputs)
        self._average.update()
        average_buffers(self._fabric, self._trained())
        self.losses.end_step()

    def capturable(self, *, on: bool) -> None:
        """Begin or end the time in which steps are captured; gradients get new memory, in that of the graph."""
        for optimizer in self._optimizers.values():
            optimizer.zero_grad(set_to_none=True)
            for group in optimizer.param_groups:
                group["capturable"] = on

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
        weights = [weight for network in self._trained() for weight in network.parameters()]
        return bool(torch.stack([weight.isfinite().all() for weight in weights]).all())

    def state(self) -> dict[str, Any]:
        """Optimizers and averages, for a checkpoint."""
        optimizers = {name: optimizer.state_dict() for name, optimizer in self._optimizers.items()}
        return {"optimizers": optimizers, "averages": self._average.state()}

    def load(self, state: dict[str, Any]) -> None:
        """Load what `state` returned, whether its optimizers were fused or not."""
        for name, optimizer in self._optimizers.items():
            options = optimizer.state_dict()["param_groups"]  # its own: learning rate and kind of the optimizer
            optimizer.load_state_dict({"state": state["optimizers"][name]["state"], "param_groups": options})
            self._bind_learning_rate(name, optimizer)
        self._average.load(state["averages"])

    def _step(self, spec: OptimizerSpec, batch: TrainingBatch, outputs: TensorMapping | None) -> TensorMapping:
        self._require_grad(spec)
        with self._fabric.autocast():
            if outputs is None:
                outputs = self._stage.forward(batch)
            terms = self._stage.losses(spec.name, batch, outputs)
        self.losses.add(spec.name, terms)
        optimizer = self._optimizers[spec.name]
        optimizer.zero_grad()
        self._fabric.backward(weighted_sum(spec, terms, {name: self._values[spec.name, name] for name in spec.weights}))
        average_gradients(self._fabric, self._weights(spec))
        module = self._modules[spec.name]
        self._fabric.clip_gradients(module, optimizer, max_norm=self._clip, error_if_nonfinite=False)
        optimizer.step()
        return {name: value.detach() for name, value in outputs.items()}

    def _require_grad(self, spec: OptimizerSpec) -> None:
        for name, network in self._recipe.networks.items():
            network.requires_grad_(name in spec.networks)

    def _optimizer(self, spec: OptimizerSpec) -> torch.optim.Optimizer:
        kind = True if self._fused else None  # None: torch chooses
        optimizer = torch.optim.Adam(self._weights(spec), lr=spec.learning_rate, betas=spec.betas, fused=kind)
        self._bind_learning_rate(spec.name, optimizer)
        wrapped = self._fabric.setup_optimizers(optimizer)
        assert isinstance(wrapped, torch.optim.Optimizer)  # noqa: S101 (one in, one out)
        return wrapped

    def _bind_learning_rate(self, name: str, optimizer: torch.optim.Optimizer) -> None:
        """Let a fused optimizer read its learning rate from the device."""
        if self._fused:
            for group in optimizer.param_groups:
                group["lr"] = self._values["learning rate", name]

    def _set_learning_rate(self, spec: OptimizerSpec, rate: float) -> None:
        if self._fused:
            self._values.set(("learning rate", spec.name), rate)
            return
        for group in self._optimizers[spec.name].param_groups:
            group["lr"] = rate

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
