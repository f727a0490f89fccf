"""A folder of masks that somebody else drew."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

import numpy as np

from bench.errors import DataError, NotApplicable, UsageError
from bench.image_files.finding import find_pictures, some
from bench.image_files.masks import DecodedMask, HoleSign, read_mask
from bench.image_files.pairing import PairedNames, pair_by_name
from bench.image_files.sizes import nearest, resize_labels
from bench.masks.mask_info import MaskInfo
from bench.masks.protocol import MaskProtocol
from bench.masks.random_stream import RandomStream
from bench.removal import TASKS, Task
from bench.vocabulary import Dataset, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["FileMasks"]

_RULE = 2
"""Version of what this module does with the files: part of the protocol's version."""
_OPTIONS = {"hole": ("white", "black", "opaque", "transparent"), "pick": ("own", "random"), "task": TASKS}
_OPPOSITE = {"white": "black", "black": "white", "opaque": "transparent", "transparent": "opaque"}
_SUSPICIOUS_SHARE = 0.75
_UNCLEAR_SHARE = 0.05
_READING_THREADS = min(8, os.cpu_count() or 1)
"""A mask of 200 megapixels takes a gigabyte while it is read, so no more than can work at once."""
_log = logging.getLogger("bench")


class FileMasks(MaskProtocol):
    """Masks from files: each picture's own, or one that is drawn for it.

    A folder whose masks are named after samples (`bench.image_files.pairing` has the forms) gives every picture its own
    mask, which is cropped and resized as the picture is. A folder in which no name belongs to a sample is a set to draw
    from, whose masks are resized to the picture's size. All files are read and checked at once. The version is a hash
    of their names and bytes.

    Args:
        argument: the folder, and behind it `?hole=white` (the default), `black`, `opaque` or `transparent`, `pick=own`
            or `random` where the names shall not decide, and `task=removal` where the holes hide objects that a fill
            should not show, such as `masks?hole=black&task=removal`.

    Raises:
        DataError: no such folder, an empty one, or a file that is no picture, all hole or no hole.
        UsageError: no folder, or another option.
    """

    def __init__(self, argument: str = "") -> None:
        place, options = _parse(argument)
        self._sign = cast("HoleSign", options.get("hole", "white"))
        self._pick = options.get("pick")
        self.task = cast("Task", options.get("task", "completion"))
        self._folder = Path(place).expanduser().resolve()
        if not self._folder.is_dir():
            raise DataError(f"mask folder {self._folder}", "be a folder", "none", "Give a folder of mask pictures.")
        self._files = find_pictures(self._folder, "mask folder", fix="Give a folder of mask pictures.")
        with ThreadPoolExecutor(_READING_THREADS) as pool:
            found = dict(zip(self._files, pool.map(self._examine, self._files.values()), strict=True))
        paths = [path.relative_to(self._folder).as_posix() for path in self._files.values()]
        contents = [[path, file.sha256] for path, file in zip(paths, found.values(), strict=True)]
        version = hashlib.sha256(json.dumps([_RULE, contents]).encode()).hexdigest()[:12]
        sign = "" if self._sign == "white" else f"-hole-{self._sign}"
        task = "" if self.task == "completion" else f"-{self.task}"
        self._names = {kind: f"files:{self._folder.name}{sign}{kind}{task}@{version}" for kind in ("", "-random")}
        summary, source = f"{len(found)} masks of a folder", f"folder {self._folder.name}"
        super().__init__(MaskInfo(self._names["-random" if self._pick == "random" else ""], summary, source))
        self._own: Mapping[str, str] | None = {} if self._pick == "random" else None
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
                "No mask of folder %s is named after a sample of data set %s (samples: %s; masks: %s): a mask is drawn "
                "for each sample. Add ?pick=random to the folder's name to say that this is wanted.",
                *(self._folder, dataset.name, some(tuple(dataset.ids)), some(tuple(self._files))),
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
            names = list(self._files)
            path = self._files[names[stream.integer(0, len(names) - 1)]]
            hole = nearest(read_mask(path, self._sign).hole, *sample.image.shape[:2])
        else:
            path = self._files[own]
            mask = read_mask(path, self._sign)
            self._warn_of_turned(path, mask, sample)
            hole = _as_its_picture(path, mask, sample)
        if not hole.any() or hole.all():
            part = "nothing" if not hole.any() else "everything"
            raise NotApplicable(f"mask {path.name}: {part} is missing in the part of the picture that is used")
        return hole

    def _bound(self, dataset: Dataset) -> FileMasks:
        if self._own is not None:
            return self
        if self._last and self._last[0] is dataset.ids:
            return self._last[1]
        pairs = pair_by_name(dataset.ids, self._files)
        if self._pick == "own" or pairs.names or pairs.double:
            _check_pairs(self._folder, pairs, len(dataset.ids))
        bound = copy.copy(self)
        bound._own, bound.name = pairs.names, self._names["" if pairs.names else "-random"]
        self._last = dataset.ids, bound
        return bound

    def _warn_of_turned(self, path: Path, mask: DecodedMask, sample: Sample) -> None:
        if sample.source and sample.source.turned_in_place and mask.orientation == 1 and not self._warned:
            self._warned = True
            _log.warning(
                "mask %s: its picture is turned by its EXIF orientation, and the mask is not. "
                "The mask is taken as drawn on the picture as it is shown.",
                path,
            )

    def _examine(self, path: Path) -> _MaskFile:
        mask = read_mask(path, self._sign)
        return _MaskFile(hashlib.sha256(path.read_bytes()).hexdigest(), float(mask.hole.mean()), mask.unclear)

    def _warn(self, found: Mapping[str, _MaskFile]) -> None:
        share = float(np.mean([file.share for file in found.values()]))
        if share > _SUSPICIOUS_SHARE:
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
                *(len(unclear), len(found), self.name, 100 * found[unclear[0]].unclear, self._files[unclear[0]].name),
            )


@dataclass(frozen=True)
class _MaskFile:
    sha256: str
    share: float
    unclear: float


def _parse(argument: str) -> tuple[str, dict[str, str]]:
    """The folder and the options behind it."""
    place, asked, query = argument.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        pairs = [("", "")]
    options = dict(pairs)
    known = all(value in _OPTIONS.get(key, ()) for key, value in pairs)
    if not (place and known and len(options) == len(pairs) and bool(asked) == bool(pairs)):
        choices = " and ".join(f"{key}={'|'.join(values)}" for key, values in _OPTIONS.items())
        must = f"be files:DIR, with the options {choices} behind a ? if need be"
        raise UsageError("protocol", must, f"'files:{argument}'", "For example files:masks?hole=black&pick=random.")
    return place, options


def _check_pairs(folder: Path, pairs: PairedNames, count: int) -> None:
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
        f"mask folder {folder}",
        f"hold exactly one mask for each of the {count} samples",
        found,
        "Name masks after the sample ids (NAME, NAME_mask, NAME_mask001), or add ?pick=random to the folder's name to "
        "draw a mask for each sample.",
    )


def _as_its_picture(path: Path, mask: DecodedMask, sample: Sample) -> Hole:
    """The mask with the crop and the size that its picture got.

    Its size tells where it was drawn: on the original picture, a smaller or larger copy of it, or the final picture.
    """
    size = (sample.image.shape[0], sample.image.shape[1])
    source = sample.source
    original = size if source is None else (source.height, source.width)
    shape = (mask.hole.shape[0], mask.hole.shape[1])
    if shape != original and shape == size:
        return mask.hole
    if not _is_copy(shape, original):
        stored = source is not None and source.orientation > 4 and _is_copy(shape[::-1], original)
        found = _text(shape) + (": it was drawn on the picture as it is stored, on its side" if stored else "")
        sizes = dict.fromkeys(_text(one) for one in (original, size))
        raise DataError(
            f"mask {path}",
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
