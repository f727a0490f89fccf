"""Masks that somebody else drew."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

import numpy as np

from bench.errors import DataError, NotApplicable, UsageError
from bench.image_files.finding import some
from bench.image_files.masks import DecodedMask, HoleSign
from bench.image_files.pairing import PairedNames, pair_by_name
from bench.image_files.sizes import nearest, resize_labels
from bench.masks.identification.catalogue import name_of_holes, name_of_set
from bench.masks.identification.hashing import hole_sha256
from bench.masks.mask_info import MaskInfo
from bench.masks.protocol import MaskProtocol
from bench.masks.random_stream import RandomStream
from bench.masks.sources import FolderOfMasks, MaskSource, WhichMask, is_run_length_file, open_masks
from bench.removal import RemovedObject, Task
from bench.vocabulary import Dataset, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["FileMasks"]

_RULE = 2
"""Version of what this module does with the files: part of the protocol's version."""
_TASKS: tuple[Task, ...] = ("completion", "removal")  # masks give no label map that a fill could follow
_OPTIONS = {"hole": ("white", "black", "opaque", "transparent"), "pick": ("own", "random"), "task": _TASKS}
_RUN_LENGTH_OPTIONS = {"mask": ("inside", "outside"), "pick": ("own", "random"), "task": _TASKS}
_OPPOSITE = {"white": "black", "black": "white", "opaque": "transparent", "transparent": "opaque"}
_SUSPICIOUS_SHARE = 0.75
_UNCLEAR_SHARE = 0.05
_OBJECT_SHARE = 0.1
"""A mask of an object is drawn with a margin; one that hides less than this of a class is of something else."""
_READING_THREADS = min(8, os.cpu_count() or 1)
"""A mask of 200 megapixels takes a gigabyte while it is read, so no more than can work at once."""
_log = logging.getLogger("bench")


class FileMasks(MaskProtocol):
    """Masks from files: each picture's own, or one that is drawn for it.

    A folder whose masks are named after samples (`bench.image_files.pairing` has the forms) gives every picture its own
    mask, which is cropped and resized as the picture is. A folder in which no name belongs to a sample is a set to draw
    from, whose masks are resized to the picture's size. All files are read and checked at once. The version is a hash
    of their names and bytes.

    Attributes:
        published: the published set that the holes of all files are together, by its passport; else empty.

    Args:
        argument: the folder, and behind it `?hole=white` (the default), `black`, `opaque` or `transparent`, `pick=own`
            or `random` where the names shall not decide, and `task=removal` where the holes hide objects that a fill
            should not show, such as `masks?hole=black&task=removal`. Or the path of BrushBench's mapping_file.json
            (`bench.masks.sources`), and behind it `?mask=inside` (the default) or `outside`, `pick` and `task`.

    Raises:
        DataError: no such folder, an empty one, or a file that is no picture, all hole or no hole.
        UsageError: no folder, or another option.
    """

    def __init__(self, argument: str = "") -> None:
        self._source, options = _open(argument)
        self._sign: str = options.get("hole", "white")
        self._pick = options.get("pick", "own" if self._source.drawn_at_full_size else None)
        self.task = cast("Task", options.get("task", "completion"))
        with ThreadPoolExecutor(_READING_THREADS) as pool:
            found = dict(zip(self._source.names, pool.map(self._examine, self._source.names), strict=True))
        contents = [file.identity for file in found.values()]
        version = hashlib.sha256(json.dumps([_RULE, contents]).encode()).hexdigest()[:12]
        task = "" if self.task == "completion" else f"-{self.task}"
        self._names = {kind: f"files:{self._source.label}{kind}{task}@{version}" for kind in ("", "-random")}
        summary, source = f"{len(found)} masks from files", f"files {self._source.label}"
        super().__init__(MaskInfo(self._names["-random" if self._pick == "random" else ""], summary, source))
        self._own: Mapping[str, str] | None = {} if self._pick == "random" else None
        size = next(iter(found.values())).size
        self.published = name_of_holes([file.hole_sha256 for file in found.values()], size)
        self._warn_of_exchange(name_of_set(file.known_sha256 for file in found.values()))
        self._last: tuple[Sequence[str], FileMasks] | None = None
        self._warned = False
        self._warn(found)

    def for_dataset(self, dataset: Dataset) -> FileMasks:
        """The same masks for one data set: each picture's own, or, where no name belongs to a sample, drawn ones.

        The second is said in a warning, and by `-random` in the protocol's name.

        Raises:
            DataError: some samples have no mask, or several, while others have one.
        """
        bound = self._bound(dataset)
        if self._own is None and not bound._own:
            _log.warning(
                "No mask of %s is named after a sample of data set %s (samples: %s; masks: %s): a mask is drawn "
                "for each sample. Add ?pick=random to the folder's name to say that this is wanted.",
                *(self._source.subject, dataset.name, some(tuple(dataset.ids)), some(self._source.names)),
            )
        return bound

    def hole(self, sample: Sample, seed: int, dataset: Dataset) -> Hole:
        """As for every protocol; without `for_dataset` before, the data set of this call decides."""
        if self._own is None:
            return self._bound(dataset).hole(sample, seed, dataset)
        return super().hole(sample, seed, dataset)

    def cut(self, stream: RandomStream, sample: Sample, dataset: Dataset) -> Hole:  # noqa: ARG002
        """The sample's own mask, or one that the stream picks."""
        own = (self._own or {}).get(sample.id)
        if own is None:
            name = self._source.names[stream.integer(0, len(self._source.names) - 1)]
            hole = nearest(self._source.read(name).hole, *sample.image.shape[:2])
        else:
            name, mask = own, self._source.read(own)
            self._warn_of_turned(name, mask, sample)
            hole = _as_its_picture(self._source, name, mask, sample)
        if not hole.any() or hole.all():
            part = "nothing" if not hole.any() else "everything"
            raise NotApplicable(
                f"mask {Path(self._source.title(name)).name}: {part} is missing in the part of the picture that is used"
            )
        return hole

    def removed(self, sample: Sample, seed: int, dataset: Dataset) -> RemovedObject:
        """The sample's truth, and of a labelled sample the class of what the hole hides.

        That is the countable class with the most pixels in the hole, where it has a tenth of the hole or more.
        """
        removed = super().removed(sample, seed, dataset)
        if sample.labels is None:
            return removed
        hidden = sample.labels[self.hole(sample, seed, dataset)]
        pixels = {label: int((hidden == label).sum()) for label in dataset.objects}
        label = max(pixels, key=lambda one: pixels[one], default=None)
        enough = label is not None and pixels[label] >= _OBJECT_SHARE * hidden.size
        return replace(removed, label=label if enough else None)

    def _bound(self, dataset: Dataset) -> FileMasks:
        if self._own is not None:
            return self
        if self._last and self._last[0] is dataset.ids:
            return self._last[1]
        pairs = pair_by_name(dataset.ids, self._source.names)
        if self._pick == "own" or pairs.names or pairs.double:
            _check_pairs(self._source.subject, pairs, len(dataset.ids))
        bound = copy.copy(self)
        bound._own, bound.name = pairs.names, self._names["" if pairs.names else "-random"]
        self._last = dataset.ids, bound
        return bound

    def _warn_of_turned(self, name: str, mask: DecodedMask, sample: Sample) -> None:
        if sample.source and sample.source.turned_in_place and mask.orientation == 1 and not self._warned:
            self._warned = True
            _log.warning(
                "mask %s: its picture is turned by its EXIF orientation, and the mask is not. "
                "The mask is taken as drawn on the picture as it is shown.",
                self._source.title(name),
            )

    def _examine(self, name: str) -> _MaskFile:
        mask = self._source.read(name)
        share, hashes = float(mask.hole.mean()), (hole_sha256(mask.hole), hole_sha256(~mask.hole))
        size = mask.hole.shape[0], mask.hole.shape[1]
        return _MaskFile(self._source.identity(name), share, mask.unclear, size, *hashes)

    def _warn_of_exchange(self, published: str) -> None:
        if published and not self.published and isinstance(self._source, FolderOfMasks):
            _log.warning(
                "%s is the set %s with missing and known pixels exchanged. Add ?hole=%s to the folder's name.",
                *(self._source.subject, published, _OPPOSITE[self._sign]),
            )

    def _warn(self, found: Mapping[str, _MaskFile]) -> None:
        share = float(np.mean([file.share for file in found.values()]))
        if share > _SUSPICIOUS_SHARE and isinstance(self._source, FolderOfMasks):
            _log.warning(
                "The holes of %s cover %.0f %% of the picture on average. Is the hole %s in these files? "
                "Otherwise add ?hole=%s to the folder's name.",
                *(self.name, 100 * share, self._sign, _OPPOSITE[self._sign]),
            )
        unclear = [name for name, file in found.items() if file.unclear > _UNCLEAR_SHARE]
        if unclear:
            _log.warning(
                "%d of %d masks of %s are not black and white (%.0f %% of the pixels of %s are grey or coloured). "
                "A pixel counts as white from half of full scale up.",
                *(
                    len(unclear),
                    len(found),
                    self.name,
                    100 * found[unclear[0]].unclear,
                    Path(self._source.title(unclear[0])).name,
                ),
            )


@dataclass(frozen=True)
class _MaskFile:
    identity: list[str]
    share: float
    unclear: float
    size: tuple[int, int]
    hole_sha256: str
    known_sha256: str


def _open(argument: str) -> tuple[MaskSource, dict[str, str]]:
    """The masks, and the options behind their place."""
    place, options = _parse(argument)
    path = Path(place).expanduser().resolve()
    sign, which = options.get("hole", "white"), options.get("mask", "inside")
    return open_masks(path, cast("HoleSign", sign), cast("WhichMask", which)), options


def _parse(argument: str) -> tuple[str, dict[str, str]]:
    """The place and the options behind it."""
    place, asked, query = argument.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        pairs = [("", "")]
    options, choices = dict(pairs), _RUN_LENGTH_OPTIONS if is_run_length_file(Path(place).expanduser()) else _OPTIONS
    known = all(value in choices.get(key, ()) for key, value in pairs)
    if not (place and known and len(options) == len(pairs) and bool(asked) == bool(pairs)):
        listed = ", ".join(f"{key}={'|'.join(values)}" for key, values in choices.items())
        form = "files:FILE.json" if choices is _RUN_LENGTH_OPTIONS else "files:DIR"
        must = f"be {form}, with the options {listed} behind a ? if need be"
        raise UsageError("protocol", must, f"'files:{argument}'", "For example files:masks?hole=black&pick=random.")
    return place, options


def _check_pairs(subject: str, pairs: PairedNames, count: int) -> None:
    """Raise DataError, with both sides, unless every sample has exactly one mask."""
    if len(pairs.names) == count:
        return
    several = [f"{one} ({', '.join(names)})" for one, names in pairs.double.items()]
    found = "; ".join(
        f"{kind}: {some(names)}"
        for kind, names in (
            ("samples without a mask", pairs.missing),
            ("samples with several masks", several),
            ("masks of no sample", pairs.extra),
        )
        if names
    )
    raise DataError(
        subject,
        f"hold exactly one mask for each of the {count} samples",
        found,
        "Name masks after the sample ids (NAME, NAME_mask, NAME_mask001), or add ?pick=random to the folder's name to "
        "draw a mask for each sample.",
    )


def _as_its_picture(source: MaskSource, name: str, mask: DecodedMask, sample: Sample) -> Hole:
    """The mask with the crop and the size that its picture got.

    Its size tells where it was drawn: on the original picture, a smaller or larger copy of it, or the final picture.
    """
    size = (sample.image.shape[0], sample.image.shape[1])
    picture = sample.source
    original = size if picture is None else (picture.height, picture.width)
    shape = (mask.hole.shape[0], mask.hole.shape[1])
    if shape != original and shape == size and not source.drawn_at_full_size:
        return mask.hole
    if shape != original if source.drawn_at_full_size else not _is_copy(shape, original):
        stored = picture is not None and picture.orientation > 4 and _is_copy(shape[::-1], original)
        found = _text(shape) + (": it was drawn on the picture as it is stored, on its side" if stored else "")
        sizes = dict.fromkeys(_text(one) for one in (original, size))
        raise DataError(
            f"mask {source.title(name)}",
            f"be as large as its picture '{sample.id}' ({' or '.join(sizes)}, height x width, upright)",
            found,
            "Draw it on the picture as it is shown, or add ?pick=random to the folder's name to stretch masks.",
        )
    return resize_labels(mask.hole, size)


def _is_copy(shape: tuple[int, int], original: tuple[int, int]) -> bool:
    """Whether a picture of this shape can be the whole original, resized: of its aspect, to the rounding of a side."""
    return abs(shape[0] * original[1] - shape[1] * original[0]) < max(original)


def _text(shape: Iterable[int]) -> str:
    return "x".join(map(str, shape))
