"""A model whose output values are moved by one level at random: what rounding can do to a fill at most."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import torch

from bench.pictures import quantise, stack_pictures
from bench.vocabulary import Batch, Dataset, Inpainter, Prediction

Direction = Literal["away", "towards"]


class Remembered:
    """A model that answers the same batch from memory."""

    def __init__(self, model: Inpainter) -> None:
        self.name, self.fingerprint, self.label_sources = model.name, model.fingerprint, model.label_sources
        self._inpaint = model.inpaint
        self._answers: dict[tuple[tuple[str, ...], bytes], Prediction] = {}

    def inpaint(self, batch: Batch) -> Prediction:
        key = batch.ids, hashlib.sha256(batch.hole.numpy().tobytes()).digest()
        if key not in self._answers:
            self._answers[key] = self._inpaint(batch)
        return self._answers[key]


class Flipped:
    """Another model's picture in uint8 with a share of its values one level further from, or nearer to, the truth.

    Values that equal the truth stay. So do known pixels of a model that hands them back as they were.
    """

    def __init__(
        self, model: Inpainter, truth: Mapping[str, torch.Tensor], share: float, draw: int, direction: Direction
    ) -> None:
        self.name = f"{model.name}~{draw}~{direction}"
        self.fingerprint = hashlib.sha256(f"{model.fingerprint} {self.name}".encode()).hexdigest()
        self.label_sources = model.label_sources
        self._inpaint, self._truth, self._share = model.inpaint, truth, share
        self._draw, self._step = draw, 1 if direction == "away" else -1

    def inpaint(self, batch: Batch) -> Prediction:
        prediction = self._inpaint(batch)
        pictures = zip(batch.ids, quantise(prediction.image.detach().cpu()), strict=True)
        moved = torch.stack([self._moved(sample, picture) for sample, picture in pictures])
        return replace(prediction, image=moved.float().div(255))

    def _moved(self, sample: str, picture: torch.Tensor) -> torch.Tensor:
        """uint8 [3, H, W] -> int16 [3, H, W], 0 to 255."""
        error = picture.short() - self._truth[sample].short()
        random = np.random.default_rng([self._draw, *sample.encode()])
        chosen = torch.from_numpy(random.random(picture.shape) < self._share)
        return (picture.short() + chosen * self._step * error.sign()).clamp(0, 255)


def truths(dataset: Dataset) -> dict[str, torch.Tensor]:
    """Sample id to its untouched picture, uint8 [3, H, W]."""
    return {sample.id: stack_pictures([sample.image])[0] for sample in dataset}
