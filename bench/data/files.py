"""The dataset class behind every layout: a list of files, decoded when a sample is asked for."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.data.hashing import check_readable, hash_files
from bench.data.limits import limited
from bench.data.selection import SplitList
from bench.errors import DataError
from bench.image_files.decode import decode_picture, read_index_map
from bench.image_files.finding import some
from bench.image_files.pairing import names_of_masks
from bench.image_files.sizes import SIZING, Size, centre_crop, check_size, resize_labels, resize_picture
from bench.vocabulary import Sample, SourcePicture, Truth

if TYPE_CHECKING:
    import numpy.typing as npt

    from bench.vocabulary import LabelMap, Picture

__all__ = ["FileDataset", "Labelling", "SampleFiles"]

OUTSIDE = -1
"""In a lookup table: a number that no label map of the dataset may hold."""


@dataclass(frozen=True)
class SampleFiles:
    """Where one sample lies on disk.

    Attributes:
        id: of the sample.
        picture: its picture.
        labels: files of its label map; empty for a picture without one.
        truth: the picture that a removal should give, where the data set pairs pictures with and without an object.
        truth_labels: files of the label map of `truth`.
        prompt: what the picture shows, in words; empty for a picture without a text.
    """

    id: str
    picture: Path
    labels: tuple[Path, ...] = ()
    truth: Path | None = None
    truth_labels: tuple[Path, ...] = ()
    prompt: str = ""

    @property
    def parts(self) -> tuple[tuple[str, Path], ...]:
        """Every file, behind what tells the hashes of truths from those of pictures and labels."""
        own = [("", path) for path in (self.picture, *self.labels)]
        truths = [] if self.truth is None else [("truth:", self.truth)]
        return (*own, *truths, *(("truth-labels:", path) for path in self.truth_labels))


def read_single_map(paths: Sequence[Path]) -> npt.NDArray[np.int32]:
    """The usual case: one index map a sample, int32 [H, W]."""
    return read_index_map(paths[0])


@dataclass(frozen=True)
class Labelling:
    """What the numbers in label files mean.

    Attributes:
        classes: names, in the order of the class indices.
        objects: indices of the classes that are countable things.
        indices: stored number to class index, or to VOID; any other number is refused.
        read: label files of a sample to the stored numbers, int32 [H, W].
    """

    classes: tuple[str, ...] = ()
    objects: tuple[int, ...] = ()
    indices: Mapping[int, int] | None = None
    read: Callable[[Sequence[Path]], npt.NDArray[np.int32]] = read_single_map

    @classmethod
    def named(
        cls,
        classes: Sequence[str],
        objects: Sequence[str],
        indices: Mapping[int, int],
        read: Callable[[Sequence[Path]], npt.NDArray[np.int32]] = read_single_map,
    ) -> Labelling:
        """A labelling whose `objects` are given by class name."""
        return cls(tuple(classes), tuple(classes.index(name) for name in objects), indices, read)

    def label_map(self, paths: Sequence[Path]) -> LabelMap:
        """Read uint8 [H, W] class indices with VOID; raises DataError that names the numbers that are no class."""
        stored = self.read(paths)
        mapped = self._table[np.clip(stored, -1, len(self._table) - 2)]
        if (mapped == OUTSIDE).any():
            values = np.unique(stored[mapped == OUTSIDE]).tolist()
            raise DataError(
                f"label map {paths[0]}",
                f"hold only {_shorten(sorted(self.indices or ()))}",
                f"{_shorten(values)} in {int((mapped == OUTSIDE).sum())} pixels",
                "Correct the file, or the classes of the dataset.",
            )
        return mapped.astype(np.uint8)

    @cached_property
    def _table(self) -> npt.NDArray[np.int16]:
        indices = self.indices or {}
        table = np.full(max(indices, default=0) + 3, OUTSIDE, np.int16)  # ends in OUTSIDE twice: too large, negative
        table[list(indices)] = list(indices.values())
        return table


class FileDataset:
    """A Dataset over picture and label files. Pictures are decoded when asked for and not kept.

    Args:
        name: as in `spgbench ls datasets`.
        split: name of the part, for the revision.
        files: the samples in order, ids unique.
        labelling: what the numbers in the label files mean.
        size: (height, width), or None for pictures as large as they are.
        limit: keep so many samples, spread evenly.
        split_list: the list that chose the files, or None.

    Raises:
        UsageError: `size` or `limit` is not what it must be.
        DataError: there is no sample, or two have one id.
    """

    def __init__(
        self,
        name: str,
        split: str,
        files: Sequence[SampleFiles],
        labelling: Labelling,
        size: Size | None = None,
        limit: int | None = None,
        split_list: SplitList | None = None,
    ) -> None:
        check_size(size)
        _check_files(name, split, files)
        self.name, self.split, self.size, self.split_list = name, split, size, split_list
        self.classes, self.objects = labelling.classes, labelling.objects
        self._split, self._labelling = tuple(files), labelling
        self._files = tuple(limited(self._split, limit))
        self.ids: Sequence[str] = tuple(file.id for file in self._files)
        self._warned: set[str] = set()

    @cached_property
    def whole(self) -> FileDataset:
        """The whole split, without the limit."""
        if len(self._files) == len(self._split):
            return self
        return FileDataset(self.name, self.split, self._split, self._labelling, self.size, split_list=self.split_list)

    def select(self, chosen: SplitList, limit: int | None) -> FileDataset:
        """The samples that a list names (`bench.data.selection.Selectable`)."""
        wanted = set(chosen.ids)
        files = [file for file in self._split if file.id in wanted]
        return FileDataset(self.name, self.split, files, self._labelling, self.size, limit, chosen)

    @property
    def prompted(self) -> bool:
        """Whether its pictures have texts."""
        return any(file.prompt for file in self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Sample:
        files = self._files[index]
        decoded = decode_picture(files.picture)
        picture = decoded.pixels
        labels = self._label_map(files.labels, files.picture, picture)
        source = SourcePicture(picture.shape[0], picture.shape[1], decoded.orientation)
        if files.labels and source.turned_in_place:
            self._warn_once(
                "turned",
                f"the picture of label map {files.labels[0]} is turned by its EXIF orientation; the labels are taken "
                "as drawn on the picture as it is shown",
            )
        truth = None if files.truth is None else self._truth(files, files.truth, picture, source)
        return self._resized(Sample(files.id, picture, labels, source, truth, files.prompt))

    @cached_property
    def revision(self) -> str:
        """SHA-256 over name, split, list, size, sizing, classes, and id, text, files of every sample within the limit.

        Raises DataError for a file that cannot be read.
        """
        for file, digests in zip(self._files, self._digests, strict=True):
            check_readable([path for _, path in file.parts], digests)
        return _hash({**self._facts, "samples": self._sample_facts})

    @cached_property
    def rules(self) -> str:
        """SHA-256 over name, split and list, size, sizing rule and classes: the same with any limit."""
        return _hash(self._facts)

    def sample_revisions(self) -> tuple[str, ...]:
        """Of each sample, SHA-256 over `rules`, its id, its text and the content of its files."""
        return tuple(_hash([self.rules, *facts]) for facts in self._sample_facts)

    @property
    def _sample_facts(self) -> list[list[str]]:
        """Of each sample, its id, the hashes of its files, and its text where it has one."""
        return [
            [file.id, *digests, *([f"prompt:{file.prompt}"] if file.prompt else [])]
            for file, digests in zip(self._files, self._digests, strict=True)
        ]

    @property
    def _facts(self) -> dict[str, Any]:
        """All that every sample depends on beside its own files."""
        return {
            "name": self.name,
            "split": self.split,
            "size": self.size,
            "sizing": SIZING,
            "classes": self.classes,
            "objects": self.objects,
            "indices": sorted((self._labelling.indices or {}).items()),
            **({"split list": self.split_list.sha256} if self.split_list else {}),
        }

    @cached_property
    def _digests(self) -> list[list[str]]:
        """SHA-256 of the files of each sample."""
        hashes = iter(hash_files([path for file in self._files for _, path in file.parts]))
        return [[role + next(hashes) for role, _ in file.parts] for file in self._files]

    def _label_map(self, paths: Sequence[Path], path: Path, picture: Picture) -> LabelMap | None:
        """The label map of a picture, where there is one; `path` is the picture's."""
        if not paths:
            return None
        labels = self._labelling.label_map(paths)
        _check_size(f"label map {paths[0]}", labels.shape, picture, f"Make it from {path}")
        return labels

    def _truth(self, files: SampleFiles, path: Path, picture: Picture, source: SourcePicture) -> Truth:
        decoded = decode_picture(path, "truth")
        _check_size(f"truth {path}", decoded.pixels.shape, picture, f"Make it of the scene of {files.picture}")
        if source.turned_in_place and decoded.orientation == 1:
            self._warn_once(
                "turned truth",
                f"the picture of truth {path} is turned by its EXIF orientation, and the truth is not; the truth is "
                "taken as it is stored",
            )
        return Truth(decoded.pixels, self._label_map(files.truth_labels, path, decoded.pixels))

    def _resized(self, sample: Sample) -> Sample:
        if self.size is None:
            return sample
        self._warn_of_upscaling(sample.id, sample.image, self.size)
        image, labels = _resize(sample.image, sample.labels, self.size)
        truth = sample.truth and Truth(*_resize(sample.truth.image, sample.truth.labels, self.size))
        return replace(sample, image=image, labels=labels, truth=truth)

    def _warn_of_upscaling(self, sample_id: str, picture: Picture, size: Size) -> None:
        _, _, height, width = centre_crop(picture.shape, size)
        if height < size[0] or width < size[1]:
            self._warn_once(
                "enlarged",
                f"pictures are enlarged; the first is {sample_id}, of which {height}x{width} become "
                f"{size[0]}x{size[1]} (height x width)",
            )

    def _warn_once(self, kind: str, message: str) -> None:
        """Warn of the first picture of a kind."""
        if kind not in self._warned:
            self._warned.add(kind)
            logging.getLogger("bench").warning("dataset %s: %s", self.name, message)


def _check_files(name: str, split: str, files: Sequence[SampleFiles]) -> None:
    if not files:
        raise DataError(f"split '{split}' of {name}", "hold pictures", "none", "Check --data-root and --split.")
    pictures: dict[str, Path] = {}
    for file in files:
        if file.id in pictures:
            raise DataError(
                f"id '{file.id}'",
                f"name one picture of split '{split}'",
                f"{pictures[file.id]} and {file.picture}",
                "Rename or remove one, or mend the split file.",
            )
        pictures[file.id] = file.picture
    if masks := names_of_masks(pictures):
        logging.getLogger("bench").warning(
            "split '%s' of %s: %d of %d pictures look like masks of others (%s). Put masks into a folder of their own.",
            *(split, name, len(masks), len(pictures), some(masks)),
        )


def _check_size(subject: str, shape: Sequence[int], picture: Picture, fix: str) -> None:
    """Raise DataError unless `shape` is as large as the picture that it belongs to."""
    if tuple(shape[:2]) != picture.shape[:2]:
        must = f"be as large as its picture ({_height_by_width(picture.shape)})"
        raise DataError(subject, must, _height_by_width(shape), f"{fix} as it is shown upright, without resizing.")


def _resize(picture: Picture, labels: LabelMap | None, size: Size) -> tuple[Picture, LabelMap | None]:
    return resize_picture(picture, size), None if labels is None else resize_labels(labels, size)


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _height_by_width(shape: Sequence[int]) -> str:
    return f"{shape[0]}x{shape[1]}, height x width"


def _shorten(values: Sequence[int]) -> str:
    """Few numbers in full; many by the first ones."""
    text = ", ".join(map(str, values[:8]))
    return text + (f" … {values[-1]}" if len(values) > 8 else "")
