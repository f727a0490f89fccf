"""One model in one process, made ready for one configuration after another."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from bench.errors import ModelFailure
from bench.models.instrumentation import Convolution, NetworkCall, observe
from bench.profiling.arithmetic import arithmetic, autocast_of, layout
from bench.profiling.clock import clock_for
from bench.profiling.memory import is_out_of_memory, release
from bench.records.profile import Configuration
from bench.vocabulary import Batch, Inpainter, Prediction, Staged

__all__ = ["CATALOGUE", "Call", "Inspection", "Subject", "check_prediction"]

CATALOGUE = "bench.models:load"
"""What makes a model of its name and a device, as `module:function`."""

Call = Callable[[], Prediction]


@dataclass(frozen=True)
class Inspection:
    """What a plain call (fp32, eager) at one shape shows.

    Attributes:
        networks: torch modules that the model calls itself.
        calls: those calls, with their arguments.
        parameters: numbers in the networks, None without networks.
        flops: a call; None where it could not be made, or no network was seen.
        convolutions: how often each was done.
        picture: float32 [N, 3, H, W] on the CPU, or None where the call could not be made.
        first_call_s: seconds of the call before, which nobody watched: the first of all at this shape.
    """

    networks: tuple[nn.Module, ...] = ()
    calls: tuple[NetworkCall, ...] = ()
    parameters: int | None = None
    flops: int | None = None
    convolutions: Mapping[Convolution, int] = field(default_factory=dict)
    picture: torch.Tensor | None = None
    first_call_s: float | None = None


class Subject:
    """A model that is loaded when it is needed, and loaded anew when a mode has changed it.

    Args:
        name: of the model.
        device: torch device.
        load: what makes it, `module:function`.
    """

    def __init__(self, name: str, device: str, load: str = CATALOGUE) -> None:
        module, _, function = load.partition(":")
        self._make: Callable[[str, str], Inpainter] = getattr(importlib.import_module(module), function)
        self._spec, self.device = name, device
        self._networks: tuple[nn.Module, ...] = ()
        self.model = self._make(name, device)

    def inspect(self, batch: Batch) -> Inspection:
        """Make one plain call, then another one that is watched; without counts where memory does not do for it."""
        self._settle()
        self._order(torch.contiguous_format)
        try:
            with arithmetic("fp32", self.device):
                first = clock_for(self.device).time(lambda: self.model.inpaint(self.placed(batch)))
                check_prediction(first.result, batch)
                seen = observe(lambda: self.model.inpaint(self.placed(batch)))
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            release()
            return Inspection(self._networks)
        self._networks = seen.networks
        picture = seen.result.image.detach().to("cpu", torch.float32, copy=True)
        if not seen.networks:
            return Inspection(picture=picture, first_call_s=first.wall)
        return Inspection(
            seen.networks, seen.calls, seen.parameters, seen.flops, seen.convolutions, picture, first.wall
        )

    def ready(self, configuration: Configuration, batch: Batch) -> Call:
        """The call that is timed: the model in this configuration on this batch, which is on the device already.

        To be made inside `arithmetic(configuration.precision, device, autocast=False)`, so that setting switches is not
        in the time.
        """
        self._settle()
        self._order(layout(configuration))
        if configuration.mode != "eager":
            for network in self._networks:
                backend = "inductor" if configuration.mode == "compile" else "cudagraphs"
                network.compile(dynamic=False, backend=backend)
        placed = self.placed(batch, layout(configuration))

        def call() -> Prediction:
            with autocast_of(configuration.precision, self.device):
                if configuration.mode == "cuda-graphs":
                    torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]  # of torch
                prediction: Prediction = self.model.inpaint(placed)
            return prediction

        return call

    def stages(self, configuration: Configuration, batch: Batch) -> dict[str, Callable[[], object]]:
        """The parts of the call that `ready` gave, to be called in turn; nothing for a model that tells none."""
        if not isinstance(self.model, Staged):
            return {}

        def at(stage: Callable[[], object], *, begins: bool) -> Callable[[], object]:
            def call() -> object:
                with autocast_of(configuration.precision, self.device):
                    if begins:
                        torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]  # of torch
                    return stage()

            return call

        stages = self.model.stages(self.placed(batch, layout(configuration)))
        # Without a mark a round would be the last one's continuation, and its graphs be captured anew, within the time.
        first = next(iter(stages), None) if configuration.mode == "cuda-graphs" else None
        return {name: at(stage, begins=name == first) for name, stage in stages.items()}

    def placed(self, batch: Batch, order: torch.memory_format = torch.contiguous_format) -> Batch:
        """The batch where the model's networks are; the host's memory for a model without networks."""
        if not self._networks:
            return batch
        labels = None if batch.labels is None else batch.labels.to(self.device)
        image = batch.image.to(self.device).contiguous(memory_format=order)
        return dataclasses.replace(batch, image=image, hole=batch.hole.to(self.device), labels=labels)

    def _settle(self) -> None:
        """A model as it was loaded: compiled networks go, with all that was compiled for them."""
        if any(network._compiled_call_impl is not None for network in self._networks):
            torch.compiler.reset()
            for network in self._networks:
                network._compiled_call_impl = None
            release()

    def _order(self, order: torch.memory_format) -> None:
        for network in self._networks:
            network.to(memory_format=order)


def check_prediction(prediction: Prediction, batch: Batch) -> None:
    """Raise ModelFailure unless the picture has the size of the batch and is finite."""
    image = prediction.image
    if not isinstance(image, torch.Tensor) or image.shape != batch.image.shape:
        found = list(image.shape) if isinstance(image, torch.Tensor) else type(image).__name__
        raise ModelFailure("the model's picture", f"have shape {list(batch.image.shape)}", str(found))
    if not torch.isfinite(image).all():
        raise ModelFailure("the model's picture", "be finite", f"{int((~torch.isfinite(image)).sum())} NaN or infinite")
