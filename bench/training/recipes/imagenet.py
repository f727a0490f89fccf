"""Networks trained on ImageNet, for perceptual losses, with their published weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import bench.weights
from spgnet.features import ImageNetFeatures, imagenet_features

__all__ = ["ImageNet", "first_available", "load"]

ImageNet: TypeAlias = Literal["vgg19", "alexnet"]


def first_available(wanted: Sequence[ImageNet]) -> ImageNet | None:
    """The first of the wanted networks whose weights are on this machine; nothing is downloaded."""
    return next((name for name in wanted if not bench.weights.absence(name)), None)


def load(name: ImageNet) -> ImageNetFeatures:
    """A network with its published weights, downloaded at first use; raises WeightsMissing."""
    (file,) = bench.weights.find_set(name).values()
    return imagenet_features(name, file)
