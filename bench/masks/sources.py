"""Where masks of somebody else lie: a folder of pictures, or BrushBench's file of run-length codes."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from bench.errors import DataError
from bench.image_files.finding import find_pictures, same_form
from bench.image_files.masks import DecodedMask, HoleSign, read_mask
from bench.strict_json import parse_json

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = [
    "FolderOfMasks",
    "MaskSource",
    "RunLengthMasks",
    "WhichMask",
    "is_run_length_file",
    "open_masks",
]

_DIGITS = 9
_MOST = 10**_DIGITS
"""No start or length of a run has more digits."""

WhichMask: TypeAlias = Literal["inside", "outside"]


class MaskSource(ABC):
    """Masks by name.

    Attributes:
        subject: what it is and where it lies, for messages.
        label: what the protocol's name says of it.
        names: of the masks, sorted; paths with `/`, without suffix.
        drawn_at_full_size: whether masks have the size of the original picture, and never that of a smaller copy.
    """

    subject: str
    label: str
    names: Sequence[str]
    drawn_at_full_size = False

    @abstractmethod
    def read(self, name: str) -> DecodedMask:
        """Decode a mask; raises DataError for one that cannot be read, or in which all or nothing is missing."""

    @abstractmethod
    def title(self, name: str) -> str:
        """Where a mask lies, for messages."""

    @abstractmethod
    def identity(self, name: str) -> list[str]:
        """All that a mask depends on: its name, and a hash of what is stored."""


class FolderOfMasks(MaskSource):
    """Pictures in a folder, at any depth.

    Raises:
        DataError: no such folder, or an empty one.
    """

    def __init__(self, folder: Path, sign: HoleSign) -> None:
        if not folder.is_dir():
            raise DataError(f"mask folder {folder}", "be a folder", "none", "Give a folder of mask pictures.")
        self.folder, self._sign = folder, sign
        self._files = find_pictures(folder, "mask folder", fix="Give a folder of mask pictures.")
        self.subject, self.names = f"mask folder {folder}", tuple(self._files)
        self.label = folder.name if sign == "white" else f"{folder.name}-hole-{sign}"

    def read(self, name: str) -> DecodedMask:
        """Decode a mask file."""
        return read_mask(self._files[name], self._sign)

    def title(self, name: str) -> str:
        """The path of the file."""
        return str(self._files[name])

    def identity(self, name: str) -> list[str]:
        """Its path below the folder, and the hash of its bytes."""
        path = self._files[name]
        return [path.relative_to(self.folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()]


class RunLengthMasks(MaskSource):
    """The masks of BrushBench's `mapping_file.json`, or of another file of its form.

    The form is that of examples/brushnet/evaluate_brushnet.py of TencentARC/BrushNet: each entry has the path of its
    picture, `image`, and two masks of 512x512 pixels. A mask is a list of starts and lengths in turn; starts count from
    1, row by row. A mask is named after its picture: its path without `images/` and suffix.

    Args:
        path: the file.
        which: `inside` for the holes in objects (`inpainting_mask`), `outside` for those around them
            (`outpainting_mask`).

    Raises:
        DataError: the file cannot be read, or has another form.
    """

    drawn_at_full_size = True
    size = (512, 512)

    def __init__(self, path: Path, which: WhichMask) -> None:
        self.subject, self.label = f"mapping file {path}", f"{path.stem}-{which}"
        self._path, self._key = path, {"inside": "inpainting_mask", "outside": "outpainting_mask"}[which]
        self._runs = self._parse()
        self.names = tuple(sorted(self._runs))

    def read(self, name: str) -> DecodedMask:
        """Decode the runs of a mask."""
        hole = self._decode(name)
        if not hole.any() or hole.all():
            part = "no pixel" if not hole.any() else "every pixel"
            raise DataError(f"mask {self.title(name)}", "have missing and known pixels", f"{part} missing")
        return DecodedMask(hole, 0.0, 1)

    def title(self, name: str) -> str:
        """The file, and the mask in it."""
        return f"'{name}' ({self._key}) of {self._path}"

    def identity(self, name: str) -> list[str]:
        """Its name, and the hash of its runs."""
        return [name, hashlib.sha256(json.dumps([self._key, list(map(int, self._runs[name]))]).encode()).hexdigest()]

    def _parse(self) -> dict[str, Sequence[Any]]:
        try:
            entries = parse_json(self._path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise DataError(self.subject, "be a readable JSON file", str(error), "Unpack it again.") from error
        if not isinstance(entries, dict) or not entries:
            counted = f" of {len(entries)} entries" if isinstance(entries, list) else ""
            raise self._other_form(f"{type(entries).__name__}{counted}" if entries else "nothing")
        runs: dict[str, Sequence[Any]] = {}
        for key, entry in entries.items():
            if not isinstance(entry, Mapping) or not isinstance(entry.get("image"), str) or self._key not in entry:
                raise self._other_form(f"entry '{key}' without an image or {self._key}")
            if PurePosixPath(entry["image"]).name in {"", ".."}:
                raise self._other_form(f"entry '{key}' whose image is {entry['image']!r}")
            name = same_form(PurePosixPath(entry["image"]).with_suffix("").as_posix().removeprefix("images/"))
            if name in runs:
                raise DataError(self.subject, "have one entry for each picture", f"two for '{name}'", "Remove one.")
            if not _are_numbers(entry[self._key]):
                raise self._other_form(f"entry '{key}' with a {self._key} that is no list of whole numbers, two a run")
            runs[name] = entry[self._key]
        return runs

    def _other_form(self, found: str) -> DataError:
        must = f'map keys to {{"image": path, "{self._key}": [start, length, start, length, ...]}}'
        return DataError(self.subject, must, found, "Give mapping_file.json of BrushBench, or a folder of masks.")

    def _decode(self, name: str) -> Hole:
        pairs = np.array(list(map(int, self._runs[name])), np.int64).reshape(-1, 2)
        starts, stops = pairs[:, 0] - 1, pairs[:, 0] - 1 + pairs[:, 1]
        pixels = self.size[0] * self.size[1]
        subject = f"mask {self.title(name)}"
        if (pairs < 1).any() or (starts[1:] < stops[:-1]).any():
            must, fix = (
                "have runs of at least one pixel in order, starts from 1",
                "It may be in another run-length code.",
            )
            raise DataError(subject, must, "runs that go back, overlap or are empty", fix)
        if len(stops) and stops[-1] > pixels:
            must, found = (
                f"have runs within {self.size[0]}x{self.size[1]} pixels",
                f"one that ends at pixel {stops[-1]:,}",
            )
            raise DataError(subject, must, found, f"It was made for pictures of another size; {pixels:,} is the last.")
        changes = np.zeros(pixels + 1, np.int8)
        changes[starts] += 1
        changes[stops] -= 1
        hole: Hole = np.cumsum(changes[:-1], dtype=np.int8).astype(np.bool_).reshape(self.size)
        return hole


def is_run_length_file(path: Path) -> bool:
    """Whether a path means a file of run-length masks and not a folder."""
    return path.suffix.lower() == ".json" and not path.is_dir()


def open_masks(path: Path, sign: HoleSign = "white", which: WhichMask = "inside") -> MaskSource:
    """The masks of a path.

    Args:
        path: a folder, or a file of run-length masks.
        sign: what is missing in the pictures of a folder.
        which: of the two masks that a file has for each picture.

    Raises:
        DataError: no such folder or file, an empty one, or a file of another form.
    """
    return RunLengthMasks(path, which) if is_run_length_file(path) else FolderOfMasks(path, sign)


def _are_numbers(runs: object) -> bool:
    """Whether a value is a list of an even number of whole numbers, or of texts that spell them."""
    if not isinstance(runs, list) or len(runs) % 2:
        return False
    return all(
        0 <= one < _MOST if type(one) is int else isinstance(one, str) and one.isdecimal() and len(one) <= _DIGITS
        for one in runs
    )
