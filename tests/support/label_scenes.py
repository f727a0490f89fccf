"""Pictures whose colours tell their labels, a judge that reads them, and models that paint under label maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from bench.vocabulary import VOID, Batch, LabelSources, Prediction, Sample

__all__ = ["ColourJudge", "LabelScenes", "MapPainter", "OwnPicture", "coloured", "scenes"]

CLASSES = ("ground", "wall", "sky", "thing", "tree")
_COLOURS = np.array([[index, 255 - index, 7 * index % 256] for index in range(256)], np.uint8)


def coloured(labels: np.ndarray) -> np.ndarray:
    """Any [...] of labels -> uint8 [..., 3]."""
    pictures: np.ndarray = _COLOURS[labels]
    return pictures


@dataclass
class LabelScenes:
    """Labelled pictures in memory; by default of five classes; `thing` is countable."""

    samples: Sequence[Sample]
    name: str = "label-scenes"
    revision: str = "0"
    classes: tuple[str, ...] = CLASSES
    objects: tuple[int, ...] = (3,)

    @property
    def ids(self) -> Sequence[str]:
        return [sample.id for sample in self.samples]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)


def scenes(n: int = 4, size: int = 32, *, void: bool = False) -> LabelScenes:
    """Sky over a wall over ground, and a thing that lies in the hole of `center-50` in three pictures of four."""
    samples = []
    for index in range(n):
        labels = np.zeros((size, size), np.uint8)
        labels[: size // 2 + index % 3] = 1
        labels[: size // 3] = 2
        top, left = (2, 2) if index % 4 == 3 else (size // 2 - index % 2, size // 3 + index % 5)
        labels[top : top + size // 6, left : left + size // 6] = 3
        if void:
            labels[size // 4 : size // 2, size // 2 : size // 2 + 3] = VOID
        samples.append(Sample(f"s{index}", coloured(labels), labels))
    return LabelScenes(samples)


class ColourJudge:
    """Sees the classes by their exact colours, and VOID in any other."""

    name, fingerprint = "colours", "c" * 64

    def __init__(self, classes: tuple[str, ...] = CLASSES) -> None:
        self.classes = classes

    def segment(self, pictures: torch.Tensor) -> torch.Tensor:
        pixels = pictures.permute(0, 2, 3, 1).numpy()
        maps = np.full(pixels.shape[:3], VOID, np.uint8)
        for index in range(len(self.classes)):
            maps[(pixels == _COLOURS[index]).all(axis=-1)] = index
        return torch.from_numpy(maps)


@dataclass
class MapPainter:
    """Paints what a label map says, in exact colours; its own map is `guess` everywhere in the hole.

    Attributes:
        ignores: a class that is painted whatever the map says, or None.
        samples: the classes of the own maps of its samples.
    """

    name: str = "painter"
    fingerprint: str = "a" * 64
    classes: tuple[str, ...] = CLASSES
    label_sources: LabelSources = field(default_factory=lambda: LabelSources("segmenter", "predicted"))
    guess: int = 0
    ignores: int | None = None
    samples: tuple[int, ...] = (0, 0, 1, 2)
    painted: list[str] = field(default_factory=list)

    def inpaint(self, batch: Batch) -> Prediction:
        return self._under(batch, self.guess)

    def sample(self, batch: Batch, count: int) -> list[Prediction]:
        return [self._under(batch, label) for label in self.samples[:count]]

    def paint(self, batch: Batch, labels: torch.Tensor) -> Prediction:
        self.painted += batch.ids
        shown = labels if self.ignores is None else torch.full_like(labels, self.ignores)
        image = torch.from_numpy(coloured(shown.numpy())).permute(0, 3, 1, 2).float() / 255
        return Prediction(torch.where(batch.hole, image, batch.image), labels)

    def _under(self, batch: Batch, label: int) -> Prediction:
        return self.paint(batch, torch.full(batch.image[:, 0].shape, label, dtype=torch.uint8))


class OwnPicture:
    """A model without label maps that knows the pictures: perfect, and blind to every edit."""

    name, fingerprint, label_sources = "own-picture", "b" * 64, LabelSources()

    def __init__(self, dataset: LabelScenes) -> None:
        self._known = {sample.id: sample.image for sample in dataset}

    def inpaint(self, batch: Batch) -> Prediction:
        images = np.stack([self._known[sample] for sample in batch.ids])
        return Prediction(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255)
