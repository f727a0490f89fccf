"""The three networks as one model: label the visible part, complete the labels, complete the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

import torch
from torch import Tensor, nn

from spgnet import weights
from spgnet._arguments import hide
from spgnet.config import SPGNetConfig
from spgnet.labels import VOID, check_labels, check_probabilities, edit, likeliest, one_hot
from spgnet.networks import SGNet, SPNet
from spgnet.sampling import sample_labels
from spgnet.segmenter import Segmenter

__all__ = ["Completion", "SPGNet"]

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Completion:
    """What the model makes of a batch of incomplete pictures.

    Attributes:
        image: float32 [N, 3, H, W] in [0, 1], SG-Net's own output everywhere: known pixels are only near the input's.
        composite: the same in the hole, and exactly the input's pixels outside it.
        labels: uint8 [N, H, W] complete label map: the context labels where there are any, else the class of highest
            probability. None without guidance.
        probabilities: float32 [N, C, H, W] that SP-Net predicts. None without guidance.
    """

    image: Tensor
    composite: Tensor
    labels: Tensor | None
    probabilities: Tensor | None


def _inference(method: Callable[Concatenate[SPGNet, P], R]) -> Callable[Concatenate[SPGNet, P], R]:
    """Without gradients and in eval mode, so that a fill never depends on the rest of the batch."""

    @wraps(method)
    def run(self: SPGNet, /, *args: P.args, **kwargs: P.kwargs) -> R:
        training = [module for module in self.modules() if module.training]
        for module in training:
            module.training = False
        try:
            with torch.no_grad():
                return method(self, *args, **kwargs)
        finally:
            for module in training:
                module.training = True

    return run


class SPGNet(nn.Module):
    """SPG-Net (re-implementation of Song et al., BMVC 2018).

    In every method `image` is floating-point [N, 3, H, W] in [0, 1], `hole` bool [N, 1, H, W] with True = missing, both
    sides at least 16 and otherwise any, and `labels` integer [N, H, W] with VOID (255) where unknown. Hole pixels of
    `image` are never read. TypeError or ValueError says what is wrong with an argument.

    Args:
        config: sizes and class names; weights are drawn at random from torch's global generator.

    Attributes:
        segmenter, spnet, sgnet: the networks; the first two are None without guidance.
    """

    def __init__(self, config: SPGNetConfig) -> None:
        super().__init__()
        self.config = config
        self.segmenter = Segmenter(config.segmenter) if config.guided else None
        self.spnet = SPNet(config.spnet) if config.guided else None
        self.sgnet = SGNet(config.sgnet)
        self.eval()

    @classmethod
    def from_pretrained(cls, name: str | Path, device: str | torch.device = "cpu") -> Self:
        """Load weights by a shipped name or a path; raises ValueError for what `spgnet.weights` refuses."""
        state, header = weights.read(name, cls.__name__)
        with torch.random.fork_rng(devices=[]):  # loading draws nothing from the caller's random numbers
            model = cls(SPGNetConfig.from_dict(header.config))
        weights.load_state(model, state, f"weights {name}")
        return model.to(device)

    def save(self, path: str | Path, *, half: bool = False) -> None:
        """Write `path`.safetensors and `path`.json; `half` stores filters in float16."""
        weights.save(path, self.state_dict(), type(self).__name__, self.config.to_dict(), half=half)

    @_inference
    def complete(self, image: Tensor, hole: Tensor, labels: Tensor | None = None) -> Completion:
        """Fill the holes: labels of the visible part, then of the hole, then the picture.

        Args:
            image: see the class.
            hole: see the class.
            labels: of the visible part (those in the hole are not read); None asks the segmenter, the paper's way.
        """
        image = hide(image, hole)
        if not self.config.guided and labels is None:
            return _completion(image, hole, self.sgnet(image, None, hole))
        context = self._context(image, hole, labels)
        probabilities = self._predict(image, hole, context)
        picture = self.sgnet(image, probabilities, hole)
        return _completion(image, hole, picture, _complete_labels(context, probabilities), probabilities)

    @_inference
    def visible_labels(self, image: Tensor, hole: Tensor) -> Tensor:
        """The segmenter's label map of the visible part: uint8 [N, H, W], VOID in the hole."""
        return self._context(hide(image, hole), hole, None)

    @_inference
    def predict_labels(self, image: Tensor, hole: Tensor, labels: Tensor | None = None) -> Tensor:
        """SP-Net's class probabilities, float32 [N, C, H, W]; arguments as in `complete`."""
        image = hide(image, hole)
        return self._predict(image, hole, self._context(image, hole, labels))

    @_inference
    def guide(self, image: Tensor, hole: Tensor, labels: Tensor) -> Tensor:
        """SG-Net's picture under given labels; these are used in the hole too: oracle labels, or edited ones.

        Args:
            image: see the class.
            hole: see the class.
            labels: integer [N, H, W], VOID where nothing is known, or float [N, C, H, W] class probabilities.

        Returns:
            float32 [N, 3, H, W] in [0, 1], known pixels not composited.
        """
        image = hide(image, hole)
        self._guided()
        picture: Tensor = self.sgnet(image, self._guidance(image, labels), hole)
        return picture

    @_inference
    def sample(
        self, image: Tensor, hole: Tensor, k: int, seed: int | Sequence[int] = 0, labels: Tensor | None = None
    ) -> list[Completion]:
        """k completions whose label maps differ from one another in the hole: several guesses at what was there.

        Args:
            image: see the class.
            hole: see the class.
            k: how many.
            seed: the same for every picture, or one each; a picture's samples do not depend on the rest of the batch.
            labels: as in `complete`.

        Returns:
            k completions of the batch; `probabilities` are SP-Net's, the same in each.
        """
        image = hide(image, hole)
        context = self._context(image, hole, labels)
        probabilities = self._predict(image, hole, context)
        seeds = [seed] * len(image) if isinstance(seed, int) else list(seed)
        maps = sample_labels(probabilities, _complete_labels(context, probabilities), hole, k, seeds)
        completions = []
        for drawn in maps:
            guidance = torch.where(hole, one_hot(drawn, len(self.config.classes)), probabilities)
            completions.append(_completion(image, hole, self.sgnet(image, guidance, hole), drawn, probabilities))
        return completions

    def edit(self, labels: Tensor, region: Tensor, class_name: str | int) -> Tensor:
        """A copy of the label map with `region` (bool [H, W] or [N, H, W]) painted with a class, by name or index."""
        classes = self.config.classes
        if class_name not in classes and class_name not in range(len(classes)):
            raise ValueError(
                f"class must be one of {', '.join(classes)}, or an index below {len(classes)}; found {class_name!r}. "
                "Name a class that the model was trained on."
            )
        return edit(labels, region, classes.index(class_name) if isinstance(class_name, str) else class_name)

    def _guided(self) -> tuple[Segmenter, SPNet]:
        if self.segmenter is None or self.spnet is None:
            raise ValueError(
                "model must be guided for this; found one without label maps (config.guided is false). "
                "Call complete without labels, or load a guided model."
            )
        return self.segmenter, self.spnet

    def _context(self, image: Tensor, hole: Tensor, labels: Tensor | None) -> Tensor:
        """Labels of the visible part, uint8 [N, H, W], VOID in the hole."""
        segmenter, _ = self._guided()
        if labels is None:
            return segmenter.visible_labels(image, hole)
        check_labels(labels, len(self.config.classes), _size(image))
        return labels.to(torch.uint8).masked_fill(hole[:, 0], VOID)

    def _predict(self, image: Tensor, hole: Tensor, context: Tensor) -> Tensor:
        _, spnet = self._guided()
        known = one_hot(context, len(self.config.classes))
        return spnet.probabilities(image, known, hole, self.config.temperature)

    def _guidance(self, image: Tensor, labels: Tensor) -> Tensor:
        """A label map or probabilities as float32 [N, C, H, W]."""
        classes = len(self.config.classes)
        if labels.is_floating_point():
            check_probabilities(labels, classes, _size(image))
            return labels.float()
        check_labels(labels, classes, _size(image))
        return one_hot(labels, classes)


def _size(image: Tensor) -> tuple[int, int, int]:
    return image.shape[0], image.shape[2], image.shape[3]


def _complete_labels(context: Tensor, probabilities: Tensor) -> Tensor:
    return torch.where(context == VOID, likeliest(probabilities), context)


def _completion(
    image: Tensor, hole: Tensor, picture: Tensor, labels: Tensor | None = None, probabilities: Tensor | None = None
) -> Completion:
    return Completion(picture, torch.where(hole, picture, image), labels, probabilities)
