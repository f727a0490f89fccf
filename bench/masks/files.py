"""A folder of masks that somebody else drew."""

from __future__ import annotations

import hashlib
import io
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from bench.errors import DataError, UsageError
from bench.masks.mask_info import MaskInfo
from bench.masks.protocol import MaskProtocol
from bench.masks.random_stream import RandomStream
from bench.masks.resize import nearest
from bench.vocabulary import Dataset, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["FileMasks"]

_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}
_SUSPICIOUS_SHARE = 0.75
_log = logging.getLogger("bench")


class FileMasks(MaskProtocol):
    """Masks from files, resized to nearest.

    A mask is used by name (its path below the folder, less the suffix, is the sample id) when every sample of the
    dataset has one; otherwise the stream picks one for each sample. A pixel is missing when its grey value is at least
    128, or, with `?hole=black`, below. All files are read and checked at once, and the version is a hash of their names
    and bytes.

    Args:
        argument: the folder, with `?hole=white` (the default) or `?hole=black` behind it.

    Raises:
        DataError: no such folder, an empty one, or a file that is no picture, all hole or no hole.
        UsageError: no folder, or another option.
    """

    def __init__(self, argument: str = "") -> None:
        place, _, colour = argument.partition("?hole=")
        if not place or "?" in place or colour not in {"", "white", "black"}:
            must = "be files:DIR, files:DIR?hole=white or files:DIR?hole=black"
            raise UsageError("protocol", must, f"'files:{argument}'", "Name a folder of mask pictures.")
        self._black = colour == "black"
        self._folder = Path(place).expanduser().resolve()
        found = {path.relative_to(self._folder).as_posix(): self._read(path) for path in _mask_files(self._folder)}
        self._files = _by_name(self._folder, found)
        contents = json.dumps(sorted((name, file.sha256) for name, file in found.items()))
        name = f"files:{self._folder.name}{'-hole-black' if self._black else ''}"
        version = hashlib.sha256(contents.encode()).hexdigest()[:12]
        super().__init__(
            MaskInfo(f"{name}@{version}", f"{len(found)} masks of a folder", f"folder {self._folder.name}")
        )
        self._warn(float(np.mean([file.share for file in found.values()])))

    def cut(self, stream: RandomStream, sample: Sample, dataset: Dataset) -> Hole:
        """The sample's own mask, or one that the stream picks."""
        names = list(self._files)
        own = self._files.keys() >= set(dataset.ids)
        name = sample.id if own else names[stream.integer(0, len(names) - 1)]
        height, width = sample.image.shape[:2]
        return nearest(self._decode(self._files[name], self._files[name].read_bytes()), height, width)

    def _read(self, path: Path) -> _MaskFile:
        content = path.read_bytes()
        share = float(self._decode(path, content).mean())
        return _MaskFile(path, hashlib.sha256(content).hexdigest(), share)

    def _decode(self, path: Path, content: bytes) -> Hole:
        try:
            with Image.open(io.BytesIO(content)) as picture:
                grey = np.asarray(picture.convert("L"))
        except (OSError, ValueError, SyntaxError) as error:  # Pillow raises SyntaxError for broken PNG chunks
            raise DataError(
                f"mask {path}", "be a PNG, JPEG or WebP picture", str(error), "Mend or remove it."
            ) from error
        hole: Hole = grey < 128 if self._black else grey >= 128
        if not hole.any() or hole.all():
            raise DataError(
                f"mask {path}",
                "have pixels on both sides of grey value 128",
                f"grey values {grey.min()} to {grey.max()}",
                "Masks are black and white (0 and 255), not 0 and 1. Mend or remove it.",
            )
        return hole

    def _warn(self, share: float) -> None:
        if share > _SUSPICIOUS_SHARE:
            colour, other = ("black", "white") if self._black else ("white", "black")
            _log.warning(
                "The holes of %s cover %.0f %% of the picture on average. Is the hole %s in these files? "
                "Otherwise add ?hole=%s to the folder's name.",
                *(self.name, 100 * share, colour, other),
            )


@dataclass(frozen=True)
class _MaskFile:
    path: Path
    sha256: str
    share: float


def _mask_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"mask folder {folder}", "be a folder", "none", "Give a folder of mask pictures.")
    files = [p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES and not p.name.startswith(".")]
    if not files:
        raise DataError(f"mask folder {folder}", "hold PNG, JPEG or WebP files", "none", "Give another folder.")
    return files


def _by_name(folder: Path, found: dict[str, _MaskFile]) -> dict[str, Path]:
    """Names (path below the folder, less the suffix) to files, in the order of the names."""
    names: dict[str, Path] = {}
    for relative in sorted(found):
        name = str(Path(relative).with_suffix("").as_posix())
        if name in names:
            pair = f"{names[name].name} and {found[relative].path.name}"
            raise DataError(f"mask folder {folder}", "hold one file of each name", pair, "Remove one.")
        names[name] = found[relative].path
    return dict(sorted(names.items()))
