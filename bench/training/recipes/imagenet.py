"""Networks trained on ImageNet, for perceptual losses: only those whose published weights lie on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import bench.weights
from spgnet.features import ImageNetFeatures, imagenet_features

__all__ = ["ImageNet", "at_hand", "load"]

ImageNet: TypeAlias = Literal["vgg19", "alexnet"]


def at_hand(wanted: Sequence[ImageNet]) -> ImageNet | None:
    """The first of the wanted networks whose weights are here, with the published hash; nothing is downloaded."""
    return next((name for name in wanted if not bench.weights.absence(name)), None)


def load(name: ImageNet) -> ImageNetFeatures:
    """The network with its published weights, downloaded at first use; raises WeightsMissing."""
    (file,) = bench.weights.find_set(name).values()
    return imagenet_features(name, file)
