"""The work on one batch in its steps: label the visible part, complete the labels, paint, composite.

A step is a function of the networks and of tensors alone, so that it can be recorded as a CUDA graph and replayed. It
checks no argument and reads no value on the host. `image` is float32 [N, 3, H, W] in [0, 1] and 0 in the hole, `hole`
bool [N, 1, H, W] with True = missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from spgnet.labels import VOID, likeliest, one_hot
from spgnet.networks import SGNet, SPNet
from spgnet.segmenter import Segmenter

__all__ = [
    "Execute",
    "PipelineNetworks",
    "Tensors",
    "Work",
    "as_guidance",
    "complete",
    "composite",
    "directly",
    "guide",
    "label_visible",
    "paint",
    "paint_drawn",
    "predict",
    "predict_labels",
    "predict_visible",
    "timed_steps",
    "visible",
]

Tensors = tuple[Tensor | None, ...]
"""What a step gives."""

Work = Callable[..., Tensors]
"""A step: a function of the networks and of the tensors that it reads."""


@dataclass(frozen=True)
class PipelineNetworks:
    """The networks of a model; without guidance there is only the last one.

    Attributes:
        temperature: SP-Net's logits are divided by it.
    """

    segmenter: Segmenter | None
    spnet: SPNet | None
    sgnet: SGNet
    temperature: float

    @contextmanager
    def inference(self) -> Iterator[None]:
        """Without gradients and in eval mode, so that a fill never depends on the rest of the batch."""
        networks: list[nn.Module] = [net for net in (self.segmenter, self.spnet, self.sgnet) if net is not None]
        training = [part for network in networks for part in network.modules() if part.training]
        for part in training:
            part.training = False
        try:
            with torch.no_grad():
                yield
        finally:
            for part in training:
                part.training = True


class Execute(Protocol):
    """How the work on a batch is done: at once by `directly`, or by replaying a recording of it."""

    def __call__(self, work: Work, networks: PipelineNetworks, *tensors: Tensor | None) -> Tensors:
        """What `work(networks, *tensors)` gives, in tensors that later calls leave alone."""


def directly(work: Work, networks: PipelineNetworks, *tensors: Tensor | None) -> Tensors:
    """Do the work now."""
    with networks.inference():
        return work(networks, *tensors)


def label_visible(networks: PipelineNetworks, image: Tensor, hole: Tensor) -> tuple[Tensor]:
    """The segmenter's labels of the visible part, uint8 [N, H, W], VOID in the hole."""
    assert networks.segmenter is not None  # noqa: S101 (a guided model has one)
    return (networks.segmenter.visible_labels(image, hole),)


def predict(networks: PipelineNetworks, image: Tensor, hole: Tensor, context: Tensor) -> tuple[Tensor]:
    """SP-Net's class probabilities under the labels of the visible part, float32 [N, C, H, W]."""
    spnet = networks.spnet
    assert spnet is not None  # noqa: S101 (a guided model has one)
    return (spnet.probabilities(image, one_hot(context, spnet.config.classes), hole, networks.temperature),)


def paint(networks: PipelineNetworks, image: Tensor, hole: Tensor, guidance: Tensor | None) -> tuple[Tensor]:
    """SG-Net's own output under class probabilities (None: without guidance), float32 [N, 3, H, W] in [0, 1]."""
    return (networks.sgnet(image, guidance, hole),)


def composite(image: Tensor, hole: Tensor, picture: Tensor) -> Tensor:
    """SG-Net's output in the hole, the picture's own pixels outside it."""
    return torch.where(hole, picture, image)


def visible(labels: Tensor, hole: Tensor) -> Tensor:
    """The visible part of given labels, uint8 [N, H, W], VOID in the hole."""
    return labels.to(torch.uint8).masked_fill(hole[:, 0], VOID)


def predict_visible(
    networks: PipelineNetworks, image: Tensor, hole: Tensor, labels: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """SP-Net's class probabilities, and the labels of the visible part that they follow: given, or the segmenter's."""
    (context,) = label_visible(networks, image, hole) if labels is None else (visible(labels, hole),)
    (guidance,) = predict(networks, image, hole, context)
    return guidance, context


def predict_labels(
    networks: PipelineNetworks, image: Tensor, hole: Tensor, labels: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """SP-Net's class probabilities, and the complete label map of `complete`."""
    guidance, context = predict_visible(networks, image, hole, labels)
    return guidance, _merged(context, guidance)


def complete(
    networks: PipelineNetworks, image: Tensor, hole: Tensor, labels: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """All steps: SG-Net's own output, the composite, the complete label map and SP-Net's class probabilities."""
    if networks.spnet is None:
        (picture,) = paint(networks, image, hole, None)
        return picture, composite(image, hole, picture), None, None
    guidance, context = predict_visible(networks, image, hole, labels)
    (picture,) = paint(networks, image, hole, guidance)
    return picture, composite(image, hole, picture), _merged(context, guidance), guidance


def guide(networks: PipelineNetworks, image: Tensor, hole: Tensor, labels: Tensor) -> tuple[Tensor]:
    """SG-Net's own output under a label map, or class probabilities, of the whole picture."""
    return paint(networks, image, hole, as_guidance(networks, labels))


def paint_drawn(
    networks: PipelineNetworks, image: Tensor, hole: Tensor, drawn: Tensor, probabilities: Tensor
) -> tuple[Tensor, Tensor]:
    """SG-Net's own output and the composite, under drawn labels in the hole and probabilities outside it."""
    (picture,) = paint(networks, image, hole, torch.where(hole, as_guidance(networks, drawn), probabilities))
    return picture, composite(image, hole, picture)


def as_guidance(networks: PipelineNetworks, labels: Tensor) -> Tensor:
    """A label map one-hot, class probabilities as they are: float32 [N, C, H, W]."""
    assert networks.spnet is not None  # noqa: S101 (a guided model has one)
    return labels.float() if labels.is_floating_point() else one_hot(labels, networks.spnet.config.classes)


def timed_steps(
    execute: Execute,
    networks: PipelineNetworks,
    image: Tensor,
    hole: Tensor,
    *,
    context: Tensor | None = None,
    guidance: Tensor | None = None,
) -> dict[str, Callable[[], Tensor]]:
    """The steps by name, to be called in order; each reads what the steps before it have computed.

    Each step can be called again and then does the same work again.

    Args:
        execute: does the work of a step of a network.
        networks: of the model.
        image: float32 [N, 3, H, W] in [0, 1], 0 in the hole.
        hole: bool [N, 1, H, W], True = missing.
        context: labels of the visible part, uint8 [N, H, W] with VOID in the hole. None: the segmenter predicts them.
        guidance: class probabilities of the whole picture, float32 [N, C, H, W]. None: SP-Net predicts them.
    """
    values: dict[str, Tensor | None] = {"context": context, "guidance": guidance, "picture": image}

    def step(work: Work, gives: str, *takes: str) -> Callable[[], Tensor]:
        def call() -> Tensor:
            (result,) = execute(work, networks, image, hole, *(values[name] for name in takes))
            assert result is not None  # noqa: S101 (every step gives a tensor)
            values[gives] = result
            return result

        return call

    def composited() -> Tensor:
        picture = values["picture"]
        assert picture is not None  # noqa: S101 (at first the picture itself)
        with torch.no_grad():
            return composite(image, hole, picture)

    steps: dict[str, Callable[[], Tensor]] = {}
    if networks.spnet is not None and guidance is None:
        if context is None:
            steps["segmenter"] = step(label_visible, "context")
        steps["SP-Net"] = step(predict, "guidance", "context")
    return {**steps, "SG-Net": step(paint, "picture", "guidance"), "compositing": composited}


def _merged(context: Tensor, guidance: Tensor) -> Tensor:
    """The complete label map, uint8 [N, H, W]: the context where it is known, else the likeliest class."""
    return torch.where(context == VOID, likeliest(guidance), context)
