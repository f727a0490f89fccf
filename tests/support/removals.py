"""A small removal in memory: pictures that show a square thing and its shadow, and a protocol that takes it out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

import bench.masks
import bench.metrics
from bench.masks.mask_info import MaskInfo
from bench.masks.protocol import MaskProtocol
from bench.masks.random_stream import RandomStream
from bench.metrics import MetricDefinition
from bench.registry import Registry
from bench.removal import RemovedObject
from bench.vocabulary import Batch, Dataset, LabelSources, Prediction, Sample, Truth
from tests.support.label_scenes import LabelScenes

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["Painter", "Scenes", "ThingOut", "only_removal", "register", "removing", "repainting", "scenes"]

SIZE = 32


@dataclass
class Scenes(LabelScenes):
    """Pictures that show a square thing, in memory."""

    name: str = "scenes"
    classes: tuple[str, ...] = ("ground", "thing")
    objects: tuple[int, ...] = (1,)


def scenes(n: int = 3, *, paired: bool = True, labelled: bool = True, revision: str = "0") -> Scenes:
    """The thing lies in the middle and its shadow right of it, outside of the hole that `ThingOut` cuts."""
    samples = []
    for index in range(n):
        random = np.random.default_rng(index)
        truth = random.integers(0, 255, (SIZE, SIZE, 3), dtype=np.uint8)
        labels = np.zeros((SIZE, SIZE), np.uint8)
        image, shown = truth.copy(), labels.copy()
        image[8:20, 8:20], shown[8:20, 8:20] = random.integers(0, 255, 3), 1
        image[8:20, 24:28] //= 2
        without = Truth(truth, labels if labelled else None)
        samples.append(Sample(f"s{index}", image, shown if labelled else None, truth=without if paired else None))
    return Scenes(samples, revision=revision)


class ThingOut(MaskProtocol):
    """Takes the thing out, and tells all that the label map tells of it."""

    task = "removal"

    def __init__(self, name: str = "thing-out@1") -> None:
        super().__init__(MaskInfo(name, "the square thing", "tests"))

    def cut(self, stream: RandomStream, sample: Sample, dataset: Dataset) -> Hole:  # noqa: ARG002
        hole = np.zeros(sample.image.shape[:2], np.bool_)
        hole[6:22, 6:22] = True
        return hole

    def removed(self, sample: Sample, seed: int, dataset: Dataset) -> RemovedObject:
        pixels = None if sample.labels is None else sample.labels == 1
        return replace(super().removed(sample, seed, dataset), pixels=pixels, label=None if pixels is None else 1)


class Painter:
    """Fills with what it was made to fill with, by sample."""

    label_sources = LabelSources()
    fingerprint = "p" * 64

    def __init__(self, name: str, fills: dict[str, np.ndarray]) -> None:
        self.name, self.fills = name, fills
        self.seen: list[Batch] = []

    def inpaint(self, batch: Batch) -> Prediction:
        self.seen.append(batch)
        pictures = torch.from_numpy(np.stack([self.fills[name] for name in batch.ids])).permute(0, 3, 1, 2) / 255
        return Prediction(torch.where(batch.hole, pictures, batch.image))


def repainting(dataset: Scenes) -> Painter:
    """Leaves the thing where it was."""
    return Painter("repainting", {sample.id: sample.image for sample in dataset})


def removing(dataset: Scenes) -> Painter:
    """Gives the truth."""
    return Painter("removing", {one.id: one.truth.image if one.truth else one.image for one in dataset})


def register(patch: pytest.MonkeyPatch) -> None:
    """Put the protocol `thing-out@1` and the metric `only-removal` into their catalogues, for one test."""
    registries: tuple[Registry[Any], ...] = (bench.masks.PROTOCOLS, bench.metrics.METRICS)
    for registry in registries:
        patch.setattr(registry, "_entries", dict(registry._entries))
    bench.masks.PROTOCOLS.add("thing-out@1", f"{__name__}:ThingOut", "takes the thing out")
    bench.metrics.METRICS.add("only-removal", f"{__name__}:only_removal", "of removal alone")


def only_removal() -> MetricDefinition:
    """A metric of removal alone that needs no truth: the gradient error under another name."""
    return replace(bench.metrics.definition("gradient"), name="only-removal", tasks=("removal",), needs_truth=False)
