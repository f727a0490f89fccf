"""Training batches from a Dataset: flip, scale, crop, and a new hole for every picture in every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

import bench.masks
from bench.errors import DataError, NotApplicable
from bench.image_files.sizes import resize_labels, resize_picture
from bench.masks.random_stream import RandomStream
from bench.pictures import hide_labels, hide_pixels, to_float
from bench.training.data.sampling import sample_index, stream_key
from bench.vocabulary import Dataset, Protocol, Sample, SourcePicture

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.vocabulary import Hole, LabelMap, Picture

__all__ = ["BatchMaker", "ByteBatch", "HostBatch", "TrainingBatch"]

_FALLBACK_PROTOCOL = "spg-random@1"
"""Draws the hole where the chosen protocol has none, for example because the crop holds no object."""


@dataclass(frozen=True)
class HostBatch:
    """A batch in host memory, as the loader makes it: uint8 takes a quarter of the memory of float32.

    Attributes:
        image: uint8 [N, H, W, 3].
        hole: bool [N, H, W], True = missing.
        labels: uint8 [N, H, W] with VOID where unlabelled, or None.
        ids: sample ids.
    """

    image: npt.NDArray[np.uint8]
    hole: npt.NDArray[np.bool_]
    labels: npt.NDArray[np.uint8] | None
    ids: tuple[str, ...]


@dataclass(frozen=True)
class ByteBatch:
    """A batch as tensors of bytes, on its way to the device or there.

    Attributes:
        image: uint8 [N, H, W, 3].
        hole: bool [N, H, W], True = missing.
        labels: uint8 [N, H, W] with VOID where unlabelled, or None.
        ids: sample ids.
    """

    image: torch.Tensor
    hole: torch.Tensor
    labels: torch.Tensor | None
    ids: tuple[str, ...]

    @classmethod
    def of(cls, batch: HostBatch) -> ByteBatch:
        """The same memory as tensors."""
        labels = None if batch.labels is None else torch.from_numpy(batch.labels)
        return cls(torch.from_numpy(batch.image), torch.from_numpy(batch.hole), labels, batch.ids)

    def tensors(self) -> list[torch.Tensor]:
        """Pictures, holes and, where there are some, label maps."""
        return [self.image, self.hole, *([] if self.labels is None else [self.labels])]

    def pin_memory(self) -> ByteBatch:
        """A copy in page-locked memory, which travels to a GPU without the host waiting."""
        return self._changed(torch.Tensor.pin_memory)

    def to(self, device: torch.device) -> ByteBatch:
        """The batch on a device; on its way from page-locked memory to a GPU the host does not wait for the copy."""
        to_gpu = device.type == "cuda"  # a copy to the host that nobody waits for could be read before it is there
        return self._changed(lambda tensor: tensor.to(device, non_blocking=to_gpu))

    def clone(self) -> ByteBatch:
        """A copy on the same device."""
        return self._changed(torch.Tensor.clone)

    def fill(self, other: ByteBatch) -> None:
        """Copy the tensors of a batch of the same shape into those of this one; the ids stay."""
        for mine, given in zip(self.tensors(), other.tensors(), strict=True):
            mine.copy_(given)

    def _changed(self, change: Callable[[torch.Tensor], torch.Tensor]) -> ByteBatch:
        labels = None if self.labels is None else change(self.labels)
        return ByteBatch(change(self.image), change(self.hole), labels, self.ids)


@dataclass(frozen=True)
class TrainingBatch:
    """A batch on the device, as a recipe trains on it: whole pictures and label maps, and holes.

    Attributes:
        image: float32 [N, 3, H, W] in [0, 1].
        hole: bool [N, 1, H, W], True = missing.
        labels: int64 [N, H, W] with VOID where unlabelled, or None.
        ids: sample ids.
    """

    image: torch.Tensor
    hole: torch.Tensor
    labels: torch.Tensor | None
    ids: tuple[str, ...]

    @cached_property
    def hidden(self) -> torch.Tensor:
        """The incomplete pictures: float32 [N, 3, H, W], 0 where missing."""
        return hide_pixels(self.image, self.hole)

    @cached_property
    def hidden_labels(self) -> torch.Tensor | None:
        """The incomplete label maps: int64 [N, H, W], VOID where missing; None without labels."""
        return None if self.labels is None else hide_labels(self.labels, self.hole)

    @classmethod
    def of(cls, batch: ByteBatch) -> TrainingBatch:
        """Convert a batch to float32 on its device."""
        image = to_float(batch.image.permute(0, 3, 1, 2))  # channels last in memory
        labels = None if batch.labels is None else batch.labels.long()
        return cls(image, batch.hole[:, None], labels, batch.ids)

    @classmethod
    def on(cls, device: torch.device, batch: HostBatch) -> TrainingBatch:
        """Move a batch to a device and convert it to float32 there."""
        tensors = ByteBatch.of(batch)
        return cls.of((tensors.pin_memory() if device.type == "cuda" else tensors).to(device))


@dataclass
class BatchMaker:
    """Makes the batches of a stage; a batch is a function of these fields and of its step number alone.

    Attributes:
        dataset: its pictures are at least as large as `size`; without augmentation they may be of any size.
        protocol: draws the holes.
        size: height and width of the batch.
        batch_size: pictures in a batch, over all processes.
        seed: of the order, the augmentation and the holes.
        stage: name of the stage; every stage has its own order.
        augment: whether pictures are shuffled, flipped and cropped at random; otherwise they come in order, whole, and
            always with the same hole.
        max_scale: the sides of a crop are uniform between `size` and `max_scale * size`; it is then resized to `size`.
        jitter: largest relative change of brightness and contrast; colours change by half of it.
        with_labels: whether label maps are read.
        rank, world_size: of this process, and the number of processes: each makes its part of every batch.
    """

    dataset: Dataset
    protocol: Protocol
    size: tuple[int, int]
    batch_size: int
    seed: int
    stage: str = ""
    augment: bool = True
    max_scale: float = 1.25
    jitter: float = 0.0
    with_labels: bool = True
    rank: int = 0
    world_size: int = 1

    def __call__(self, step: int) -> HostBatch:
        """This process's part of the batch of a step, counted from 0.

        Raises:
            DataError: a picture without labels where they are needed, or one smaller than `size`.
        """
        count = self.batch_size // self.world_size
        first = step * self.batch_size + self.rank * count
        last = first + count if self.augment else min(first + count, len(self.dataset))
        return _stack([self._example(position) for position in range(first, last)])

    def _example(self, position: int) -> tuple[Sample, Hole]:
        if not self.augment:
            sample = self._checked(self.dataset[position])
            sample = _resized(sample, self.size)
            return sample, self._hole(sample)
        index = sample_index(position, len(self.dataset), self.seed, self.stage)
        sample = self._checked(self.dataset[index])
        key = f"{sample.id}#{self.stage}#{position}"
        changed = _augmented(sample, key, self.seed, self.size, self.max_scale, self.jitter)
        return changed, self._hole(changed)

    def _checked(self, sample: Sample) -> Sample:
        if not self.with_labels:
            return Sample(sample.id, sample.image)
        if sample.labels is not None:
            return sample
        fix = "Give a labelled data set, or train a model that needs no labels."
        raise DataError(f"sample '{sample.id}' of data set '{self.dataset.name}'", "have a label map", "none", fix)

    def _hole(self, sample: Sample) -> Hole:
        seed = stream_key("hole", self.seed)
        try:
            return self.protocol.hole(sample, seed, self.dataset)
        except NotApplicable:
            return bench.masks.get(_FALLBACK_PROTOCOL).hole(sample, seed, self.dataset)


def _stack(examples: Sequence[tuple[Sample, Hole]]) -> HostBatch:
    samples = [sample for sample, _ in examples]
    labels = [sample.labels for sample in samples if sample.labels is not None]
    return HostBatch(
        image=np.stack([sample.image for sample in samples]),
        hole=np.stack([hole for _, hole in examples]),
        labels=np.stack(labels) if len(labels) == len(samples) else None,
        ids=tuple(sample.id for sample in samples),
    )


def _resized(sample: Sample, size: tuple[int, int]) -> Sample:
    if sample.image.shape[:2] == size:
        return sample
    labels = None if sample.labels is None else resize_labels(sample.labels, size)
    source = SourcePicture(*sample.image.shape[:2])
    return Sample(sample.id, resize_picture(sample.image, size), labels, source)


def _augmented(sample: Sample, key: str, seed: int, size: tuple[int, int], max_scale: float, jitter: float) -> Sample:
    """A random crop of the sample at `size`, mirrored half of the time, with changed colours; its id becomes `key`."""
    height, width = sample.image.shape[:2]
    largest = min(max_scale, height / size[0], width / size[1])
    if largest < 1:
        raise DataError(
            f"picture '{sample.id}'",
            f"be at least {size[0]}x{size[1]}",
            f"{height}x{width}",
            "Train at a smaller --size.",
        )
    stream = RandomStream("augment@1", seed, key)
    scale = stream.uniform(1.0, largest)
    crop_height, crop_width = round(size[0] * scale), round(size[1] * scale)
    top, left = stream.integer(0, height - crop_height), stream.integer(0, width - crop_width)
    rows, columns = slice(top, top + crop_height), slice(left, left + crop_width)
    mirrored = -1 if stream.chance(0.5) else 1
    image = _downscaled(sample.image[rows, columns], size)[:, ::mirrored]
    image = _jittered(image, stream, jitter) if jitter else image
    if sample.labels is None:
        return Sample(key, image)
    labels: LabelMap = resize_labels(np.ascontiguousarray(sample.labels[rows, columns]), size)[:, ::mirrored]
    return Sample(key, image, labels)


def _jittered(picture: Picture, stream: RandomStream, jitter: float) -> Picture:
    """A picture with brightness, contrast and each colour changed at random."""
    brightness, contrast = (1 + stream.uniform(-jitter, jitter) for _ in range(2))
    colours = np.array([1 + stream.uniform(-jitter / 2, jitter / 2) for _ in range(3)], np.float32)
    values = picture.astype(np.float32)
    mean = values.mean()
    changed = np.rint(((values - mean) * contrast + mean) * brightness * colours)
    jittered: Picture = np.clip(changed, 0, 255).astype(np.uint8)
    return jittered


def _downscaled(picture: Picture, size: tuple[int, int]) -> Picture:
    if picture.shape[:2] == size:
        return picture
    resized = cv2.resize(np.ascontiguousarray(picture), size[::-1], interpolation=cv2.INTER_AREA)
    return resized.astype(np.uint8, copy=False)
