"""The work on one batch in its steps: label the visible part, complete the labels, paint, composite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spgnet.labels import VOID, likeliest, one_hot
from spgnet.networks import SGNet, SPNet
from spgnet.segmenter import Segmenter

__all__ = ["Pipeline", "PipelineNetworks"]


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


class Pipeline:
    """One batch on its way through the networks; every step reads what the steps before it have computed.

    The arguments are not checked. Each step can be called again and then does the same work again.

    Args:
        networks: of the model.
        image: float32 [N, 3, H, W] in [0, 1], 0 in the hole.
        hole: bool [N, 1, H, W], True = missing.
        context: labels of the visible part, uint8 [N, H, W] with VOID in the hole. None: the segmenter predicts them.
        guidance: class probabilities of the whole picture, float32 [N, C, H, W]. None: SP-Net predicts them.

    Attributes:
        picture: SG-Net's own output, float32 [N, 3, H, W]; the incomplete picture before `paint` has run.
    """

    def __init__(
        self,
        networks: PipelineNetworks,
        image: Tensor,
        hole: Tensor,
        context: Tensor | None = None,
        guidance: Tensor | None = None,
    ) -> None:
        self.networks, self.image, self.hole = networks, image, hole
        self.context, self.guidance, self.picture = context, guidance, image
        predicted = networks.spnet is not None and guidance is None
        steps: list[tuple[str, bool, Callable[[], Tensor]]] = [
            ("segmenter", predicted and context is None, self.label_visible),
            ("SP-Net", predicted, self.complete_labels),
            ("SG-Net", True, self.paint),
            ("compositing", True, self.composite),
        ]
        self.steps = {name: step for name, takes_part, step in steps if takes_part}

    def run(self, until: str = "compositing") -> Tensor:
        """Run the steps up to and including the named one, and return what it gives."""
        with self.networks.inference():
            for name, step in self.steps.items():
                result = step()
                if name == until:
                    break
        return result

    def timed_steps(self) -> dict[str, Callable[[], Tensor]]:
        """The steps by name, each of which can be called from outside in its turn."""

        def alone(step: Callable[[], Tensor]) -> Callable[[], Tensor]:
            def call() -> Tensor:
                with self.networks.inference():
                    return step()

            return call

        return {name: alone(step) for name, step in self.steps.items()}

    def label_visible(self) -> Tensor:
        """The segmenter's labels of the visible part, uint8 [N, H, W], VOID in the hole."""
        assert self.networks.segmenter is not None  # noqa: S101 (a guided model has one)
        self.context = self.networks.segmenter.visible_labels(self.image, self.hole)
        return self.context

    def complete_labels(self) -> Tensor:
        """SP-Net's class probabilities, float32 [N, C, H, W]."""
        spnet, context = self.networks.spnet, self.context
        assert spnet is not None  # noqa: S101 (a guided model has one)
        assert context is not None  # noqa: S101 (given, or from the step before)
        known = one_hot(context, spnet.config.classes)
        self.guidance = spnet.probabilities(self.image, known, self.hole, self.networks.temperature)
        return self.guidance

    def paint(self) -> Tensor:
        """SG-Net's own output, float32 [N, 3, H, W] in [0, 1]."""
        self.picture = self.networks.sgnet(self.image, self.guidance, self.hole)
        return self.picture

    def composite(self) -> Tensor:
        """SG-Net's output in the hole, the picture's own pixels outside it."""
        return torch.where(self.hole, self.picture, self.image)

    def labels(self) -> Tensor | None:
        """The complete label map, uint8 [N, H, W]: the context where it is known, else the likeliest class."""
        if self.context is None or self.guidance is None:
            return None
        return torch.where(self.context == VOID, likeliest(self.guidance), self.context)
