"""The nouns of the harness. Arrays are NumPy on the way in (pictures, holes) and torch inside models and metrics."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    Picture: TypeAlias = npt.NDArray[np.uint8]  # [H, W, 3] RGB
    LabelMap: TypeAlias = npt.NDArray[np.uint8]  # [H, W] class indices
    Hole: TypeAlias = npt.NDArray[np.bool_]  # [H, W], True = missing

__all__ = [
    "LABEL_SOURCES",
    "REGIONS",
    "VOID",
    "Batch",
    "CellBound",
    "Dataset",
    "DatasetBound",
    "Editable",
    "Inpainter",
    "Judge",
    "LabelSource",
    "LabelSources",
    "Limited",
    "Prediction",
    "Protocol",
    "Region",
    "Sample",
    "SampleRevisions",
    "Sampler",
    "SourcePicture",
    "Staged",
    "StoredPredictions",
    "Truth",
    "whole_split",
]

VOID = 255
"""Label of a pixel whose class is unknown: inside the hole, or unlabelled in every dataset."""

Region = Literal["full", "hole", "boundary", "known"]
REGIONS: tuple[Region, ...] = ("full", "hole", "boundary", "known")
"""Where a metric looks. `boundary`: hole pixels near a true label boundary. `known`: raw output outside the hole."""

LabelSource = Literal["none", "oracle", "segmenter", "predicted", "edited"]
LABEL_SOURCES: tuple[LabelSource, ...] = ("none", "oracle", "segmenter", "predicted", "edited")


@dataclass(frozen=True)
class SourcePicture:
    """The picture that a sample was made of: its largest central part of the sample's aspect, resized.

    Attributes:
        height, width: in pixels, upright.
        orientation: EXIF orientation of its file, 1 to 8; 1 where it is stored upright.
    """

    height: int
    width: int
    orientation: int = 1

    @property
    def turned_in_place(self) -> bool:
        """Whether the picture is turned and as large as before: sizes do not tell what was drawn on which."""
        return self.orientation > 1 and (self.orientation < 5 or self.height == self.width)


@dataclass(frozen=True)
class Truth:
    """What the removal of an object should give: the same scene without the object.

    Attributes:
        image: uint8 [H, W, 3] RGB.
        labels: uint8 [H, W] of `image`, or None.
    """

    image: Picture
    labels: LabelMap | None = None


@dataclass(frozen=True)
class Sample:
    """One picture of a dataset.

    Attributes:
        id: unique within the dataset; may hold `/`, and names the sample's files in every folder that we read or write.
        image: uint8 [H, W, 3] RGB.
        labels: uint8 [H, W] class indices with VOID where unlabelled, or None.
        source: what `image` was cropped from, so that masks can go the same way; None where it is whole.
        truth: what a removal should give, of a dataset that pairs pictures with and without an object.
        prompt: what the picture shows, in words, for models that take a text; empty where nothing is known.
    """

    id: str
    image: Picture
    labels: LabelMap | None = None
    source: SourcePicture | None = None
    truth: Truth | None = None
    prompt: str = ""


class Dataset(typing.Protocol):
    """Sized, indexable Samples of one split at one size; several threads may ask for samples at once."""

    @property
    def name(self) -> str:
        """As in `spgbench ls datasets`."""

    @property
    def revision(self) -> str:
        """Hash of everything that the pictures depend on: files or generator version, split, size, limit."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names; a label map holds their indices, or VOID."""

    @property
    def objects(self) -> tuple[int, ...]:
        """Indices of the classes of countable things (cars, people), for the object protocols."""

    @property
    def ids(self) -> Sequence[str]:
        """The samples' ids, in order; reading them decodes no picture."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...

    def __iter__(self) -> Iterator[Sample]: ...


@typing.runtime_checkable
class Limited(typing.Protocol):
    """A Dataset that may hold only some samples of its split; beside what a Dataset has."""

    @property
    def whole(self) -> Dataset:
        """All samples of the split, at the same size; the data set itself where nothing is left out."""


def whole_split(dataset: Dataset) -> Dataset:
    """All samples of a data set's split, whatever its limit; a data set in memory is a split of its own."""
    return dataset.whole if isinstance(dataset, Limited) else dataset


@typing.runtime_checkable
class SampleRevisions(typing.Protocol):
    """A Dataset that knows what each of its samples depends on, so that a run on it can grow."""

    @property
    def rules(self) -> str:
        """Hash of everything that all samples depend on: name, split, size, sizing rule, classes. Not their number."""

    def sample_revisions(self) -> Sequence[str]:
        """Of each sample, in order, a hash of `rules` and of its own files."""


class Protocol(typing.Protocol):
    """A named, versioned mask rule."""

    @property
    def name(self) -> str:
        """Full name with its version, e.g. `center-50@1`."""

    @property
    def needs_labels(self) -> bool:
        """Whether the rule looks at label maps of the dataset."""

    def hole(self, sample: Sample, seed: int, dataset: Dataset) -> Hole:
        """bool [H, W], True = missing; a function of its arguments alone, called from several threads at once.

        Raises NotApplicable.
        """


@typing.runtime_checkable
class DatasetBound(typing.Protocol):
    """A protocol whose holes depend on what a data set holds: masks on disk, one a sample."""

    def for_dataset(self, dataset: Dataset) -> Protocol:
        """The same protocol for one data set; raises DataError when its files do not fit the samples."""


@dataclass(frozen=True)
class Batch:
    """All that a model may see of a batch of samples of one size.

    Attributes:
        image: float32 [N, 3, H, W] in [0, 1], 0 in the hole: the truth is not in it.
        hole: bool [N, 1, H, W], True = missing.
        labels: uint8 [N, H, W] with VOID in the hole, or None.
        ids: sample ids.
        seeds: one seed a sample, for models that draw random numbers; the same for any batch composition.
        prompts: what each picture shows, in words; empty where nothing is known.
    """

    image: torch.Tensor
    hole: torch.Tensor
    labels: torch.Tensor | None
    ids: tuple[str, ...]
    seeds: tuple[int, ...]
    prompts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """What a model returns for a batch.

    Attributes:
        image: float32 [N, 3, H, W] in [0, 1], known pixels included (the harness composites).
        labels: uint8 [N, H, W] completed label maps, or None.
        probabilities: float32 [N, C, H, W] class probabilities, or None.
    """

    image: torch.Tensor
    labels: torch.Tensor | None = None
    probabilities: torch.Tensor | None = None


@dataclass(frozen=True)
class LabelSources:
    """Where the label maps come from that a model uses; recorded with every cell.

    Attributes:
        context: labels of the visible part of the picture.
        hole: labels of the hole.
    """

    context: LabelSource = "none"
    hole: LabelSource = "none"

    def as_dict(self) -> dict[str, str]:
        """For records: `{"context": ..., "hole": ...}`."""
        return {"context": self.context, "hole": self.hole}


class Inpainter(typing.Protocol):
    """A model that fills holes.

    Attributes:
        name: as in `spgbench ls models`.
        fingerprint: hash of weights, code version and options; another fingerprint is another row.
        label_sources: where the label maps come from that it uses.
    """

    name: str
    fingerprint: str
    label_sources: LabelSources

    def inpaint(self, batch: Batch) -> Prediction:
        """Fill the holes of a batch; the fill of a sample does not depend on the others in the batch."""


@typing.runtime_checkable
class CellBound(typing.Protocol):
    """A model whose predictions depend on the cell: predictions on disk, one picture a sample."""

    def bind(self, protocol: str, ids: Sequence[str]) -> Inpainter:
        """The same model for one cell; raises DataError when a prediction is missing or there is one too many."""


@typing.runtime_checkable
class StoredPredictions(typing.Protocol):
    """A model whose predictions lie on disk: each can be read at any time; beside what an Inpainter has."""

    def stored(self, sample_id: str) -> Picture:
        """The prediction of a sample, uint8 [H, W, 3] of any size; raises ModelFailure where it cannot be read."""


@typing.runtime_checkable
class Sampler(typing.Protocol):
    """A model that can give several fills for one hole; beside what an Inpainter has."""

    def sample(self, batch: Batch, count: int) -> Sequence[Prediction]:
        """`count` fills of every sample of a batch, drawn with the batch's seeds, or one where there is no other."""


class Judge(typing.Protocol):
    """A segmenter that labels completed pictures, so that metrics can compare them. No model that it judges may use it.

    Attributes:
        name: as in the run's records.
        fingerprint: hash of weights, code version and options; another fingerprint is another metric. Label maps
            of untouched pictures are cached under it, on disk too.
        classes: what the indices of its label maps mean, in their order.
    """

    name: str
    fingerprint: str
    classes: tuple[str, ...]

    def segment(self, pictures: torch.Tensor) -> torch.Tensor:
        """uint8 [N, 3, H, W] -> class indices, uint8 [N, H, W]; VOID where it gives none.

        The map of a picture does not depend on the others in the batch.
        """


@typing.runtime_checkable
class Editable(typing.Protocol):
    """A model that fills holes under any label map that it is given."""

    @property
    def classes(self) -> tuple[str, ...]:
        """What the indices of its label maps mean, in their order."""

    def paint(self, batch: Batch, labels: torch.Tensor) -> Prediction:
        """Fill the holes under `labels`, uint8 [N, H, W], used in the hole too; VOID where nothing is known."""


@typing.runtime_checkable
class Staged(typing.Protocol):
    """A model whose work falls into parts that can be timed one by one."""

    def stages(self, batch: Batch) -> Mapping[str, Callable[[], object]]:
        """The parts of `inpaint(batch)`, in the order of the work and to be called in it; each may be called again."""
