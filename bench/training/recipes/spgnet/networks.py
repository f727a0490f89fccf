"""All networks of one SPG-Net training, and computations that several stages share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from bench.training.data.batches import TrainingBatch
from bench.training.recipes import imagenet
from bench.training.recipes.spgnet.config import SPGNetTraining
from bench.vocabulary import VOID
from spgnet import Discriminator, SPGNet, SPNet, likeliest, one_hot
from spgnet.segmenter import Segmenter

__all__ = ["Networks", "true_labels"]


class Networks:
    """The guided and the unguided model, and discriminators of label maps and pictures.

    Args:
        config: sizes; resolved.
        classes: class names.
    """

    def __init__(self, config: SPGNetTraining, classes: tuple[str, ...]) -> None:
        self.config, self.classes = config, classes
        self.guided = SPGNet(config.networks(classes))
        self.unguided = SPGNet(config.networks(classes, guided=False))
        self.segmenter = cast("Segmenter", self.guided.segmenter)
        self.spnet = cast("SPNet", self.guided.spnet)
        self.label_critic = Discriminator(config.critic, len(classes))
        self.picture_critic = Discriminator(config.critic, 3)
        self.unguided_critic = Discriminator(config.critic, 3)
        self.imagenet = imagenet.load(config.features) if config.features in ("vgg19", "alexnet") else None

    def by_name(self) -> dict[str, torch.nn.Module]:
        """All networks by name, as `Recipe.networks`."""
        names: dict[str, torch.nn.Module] = {
            "segmenter": self.segmenter,
            "sp-net": self.spnet,
            "sg-net": self.guided.sgnet,
            "unguided": self.unguided.sgnet,
            "label critic": self.label_critic,
            "picture critic": self.picture_critic,
            "unguided critic": self.unguided_critic,
        }
        return names if self.imagenet is None else {**names, "features": self.imagenet}

    def features(self, image: Tensor) -> Sequence[Tensor]:
        """Feature maps of pictures in [0, 1], for the perceptual loss."""
        return self.segmenter.features(image) if self.imagenet is None else self.imagenet(image)

    def context(self, batch: TrainingBatch) -> Tensor:
        """The frozen segmenter's labels of the visible part: uint8 [N, H, W], VOID in the hole."""
        return self.segmenter.visible_labels(batch.hidden, batch.hole)

    def logits(self, batch: TrainingBatch) -> Tensor:
        """Logits of SP-Net, float32 [N, C, H, W], given the labels of the frozen segmenter."""
        logits: Tensor = self.spnet(batch.hidden, self.one_hot(self.context(batch)), batch.hole)
        return logits

    def one_hot(self, labels: Tensor) -> Tensor:
        """One-hot label maps, float32 [N, C, H, W]."""
        return one_hot(labels, len(self.classes))

    def completed(self, batch: TrainingBatch, probabilities: Tensor) -> Tensor:
        """Labels of the segmenter outside the hole and of SP-Net inside: int64 [N, H, W]."""
        context = self.context(batch).long()
        return torch.where(context == VOID, likeliest(probabilities), context)


def true_labels(batch: TrainingBatch) -> Tensor:
    """The batch's label maps, int64 [N, H, W]."""
    assert batch.labels is not None  # noqa: S101 (the recipe needs labels: the loader has refused anything else)
    return batch.labels
