"""The data of a training: splits to train and validate on, and the protocol of the holes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bench.data
from bench.errors import DataError, UsageError
from bench.training.data.mixed_dataset import MixedDataset, Mixture
from bench.training.data.mixed_protocol import parse_protocols
from bench.vocabulary import Dataset, Protocol

__all__ = ["TrainingData", "open_data"]


@dataclass(frozen=True)
class TrainingData:
    """Pictures to train on, pictures to validate on, and the protocol that draws holes in both.

    Attributes:
        train: its pictures are at least as large as `size`.
        validation: pictures of any size; they are cropped and resized to `size`.
        protocol: draws the holes.
        size: height and width of the batches.
        max_scale: largest side of a crop, relative to `size`.
        jitter: largest relative change of brightness, contrast and colours of training pictures.

    Raises:
        DataError: a split is empty.
    """

    train: Dataset
    validation: Dataset
    protocol: Protocol
    size: tuple[int, int]
    max_scale: float = 1.25
    jitter: float = 0.0

    def __post_init__(self) -> None:
        for role, dataset in (("training", self.train), ("validation", self.validation)):
            if len(dataset) == 0:
                subject = f"{role} split of data set '{dataset.name}'"
                raise DataError(subject, "hold at least one picture", "none", "Choose another split.")

    def identity(self) -> dict[str, Any]:
        """All properties of the data that the weights depend on."""
        return {
            "dataset": self.train.name,
            "revision": self.train.revision,
            "pictures": len(self.train),
            "validation revision": self.validation.revision,
            "validation pictures": len(self.validation),
            "protocol": self.protocol.name,
            "size": f"{self.size[0]}x{self.size[1]}",
            "max scale": self.max_scale,
            "jitter": self.jitter,
        }


def open_data(
    name: str,
    root: str | None,
    size: tuple[int, int] | None,
    protocol: str = "spg-random",
    *,
    split: str = "train",
    split_list: str | None = None,
    validation_split: str = "val",
    limit: int | None = None,
    validation_limit: int = 64,
    max_scale: float = 1.25,
    jitter: float = 0.0,
    mix: Mixture | None = None,
    mix_limit: int | None = None,
    cache_bytes: int = 4 << 30,
) -> TrainingData:
    """Open a data set for training at `size`; pictures are loaded a little larger, and cached in memory.

    Args:
        name, root: as for `bench.data.load`.
        size: of the batches.
        protocol: draws the holes; of several names, separated by commas, one is chosen at random for each picture.
        split, split_list, limit: split to train on, list of its pictures to take, and their number.
        validation_split, validation_limit: split to validate on, and its number of pictures.
        max_scale: size at which pictures are loaded, relative to `size`.
        jitter: as of TrainingData.
        mix, mix_limit: a second data set whose split of the same name is trained on, too, and its number of pictures.
        cache_bytes: memory for decoded training pictures; 0 for no cache.

    Raises:
        UnknownName, UsageError, DataError: as `bench.data.load` and `bench.masks.get`; DataError for an empty split.
        UsageError: `size` is None; all pictures of a batch must have one size.
    """
    if size is None:
        raise UsageError("size of a training", "be one for all pictures", "'native'", "Give 256, or 256x512.")
    larger = (round(size[0] * max_scale), round(size[1] * max_scale))
    train = bench.data.load(name, split, larger, root, limit, split_list)
    train = bench.data.Cached(train, cache_bytes) if cache_bytes else train
    if mix is not None:
        other = bench.data.load(mix.name, split, larger, None, mix_limit)
        other = bench.data.Cached(other, cache_bytes) if cache_bytes else other
        train = MixedDataset([train, other], [1 - mix.share, mix.share])
    validation = bench.data.Cached(bench.data.load(name, validation_split, size, root, validation_limit))
    return TrainingData(train, validation, parse_protocols(protocol), size, max_scale, jitter)
