"""Predictions made elsewhere, as a model: a folder of pictures, paired with the samples by name."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import DataError, ModelFailure, UsageError
from bench.fingerprint import fingerprint_files
from bench.image_files.decode import read_picture
from bench.image_files.finding import find_pictures
from bench.image_files.prediction_names import check_pattern, pair_predictions
from bench.pictures import stack_pictures, to_float
from bench.records import folder_name
from bench.vocabulary import Batch, LabelSources, Prediction

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["FolderModel"]

_READING_RULE = 2
"""Version of how files become pixels: part of the fingerprint. 1 left the EXIF orientation out and clipped 16 bits."""


_log = logging.getLogger("bench")


class FolderModel:
    """A folder of predictions, `<DIR>/<protocol>/<sample id>.png`, or `<DIR>/<sample id>.png` for a single protocol.

    Args:
        directory: the folder; the pictures in it count, of the suffixes that data sets have.
        pair: how the files are named, such as `{id}_mask001`; empty: found by itself where that is plain.
        device: ignored.

    Raises:
        UsageError: when the folder is missing or holds no picture, or two pictures of one name.
    """

    label_sources = LabelSources()
    on_cpu = True

    def __init__(self, directory: str, *, pair: str = "", device: str = "cpu") -> None:  # noqa: ARG002 (all models take a device)
        self._pattern = check_pattern(pair) if pair else ""
        self.root = Path(directory).absolute()
        if not self.root.is_dir():
            raise UsageError(f"predictions folder {directory}", "be there", "no such folder", "Check the path.")
        self._files = find_pictures(self.root, "predictions folder")
        self.name = f"folder:{self.root.resolve().name}"
        content = fingerprint_files(self.root, self._files.values())
        self.fingerprint = hashlib.sha256(f"{_READING_RULE} {content}{self._pattern}".encode()).hexdigest()

    def bind(self, protocol: str, ids: Sequence[str]) -> FolderModel:
        """The same folder for one cell: pairs every sample with its file, as `pair_predictions` says.

        Raises:
            DataError: when samples lack a file, files lack a sample, or the pairing is not plain; both sides are named.
        """
        inside = self._folder_of(protocol)
        files = {name.removeprefix(inside): path for name, path in self._files.items() if name.startswith(inside)}
        folder = self.root / inside
        fix = (
            "Name the files after the sample ids, or say how they are named with --pair, and give the same --split and "
            "--limit as when they were made; pictures for several protocols go into folders of their own, such as "
            f"{folder_name(protocol)}/."
        )
        paired = pair_predictions(ids, list(files), self._pattern, subject=f"predictions folder {folder}", fix=fix)
        if paired.left_out:
            _log.warning("predictions folder %s: %d other files are left out", folder, len(paired.left_out))
        elif paired.rule != "{id}" and not self._pattern:
            one, name = next(iter(paired.names.items()))
            _log.warning("predictions folder %s: files are named %s: %s is %s", folder, paired.rule, one, name)
        bound = FolderModel.__new__(FolderModel)
        bound.__dict__.update(self.__dict__, _files={one: files[name] for one, name in paired.names.items()})
        return bound

    def _folder_of(self, protocol: str) -> str:
        """The part of names that the pictures for a protocol share: its folder, with or without its version."""
        for name in (folder_name(protocol), folder_name(protocol.rpartition("@")[0])):
            if name and (self.root / name).is_dir():
                return f"{name}/"
        return ""

    def inpaint(self, batch: Batch) -> Prediction:
        """Read the pictures of the batch; raises ModelFailure on one that is no exact picture or has another size."""
        pictures = [self._read(sample, tuple(batch.image.shape[-2:])) for sample in batch.ids]
        return Prediction(to_float(stack_pictures(pictures)))

    def path(self, sample_id: str) -> Path:
        """The file of a sample, after `bind`."""
        return self._files[sample_id]

    def stored(self, sample_id: str) -> Picture:
        """The prediction of a sample, uint8 [H, W, 3] of any size; raises ModelFailure when it is unreadable."""
        try:
            return read_picture(self._files[sample_id], "prediction")
        except DataError as error:
            raise ModelFailure(error.subject, error.must, error.found, error.fix) from error

    def _read(self, sample: str, size: tuple[int, ...]) -> Picture:
        picture = self.stored(sample)
        if picture.shape[:2] != size:
            found = f"{picture.shape[0]}x{picture.shape[1]}"
            must = f"be as large as its sample, {size[0]}x{size[1]}"
            raise ModelFailure(f"prediction {self._files[sample]}", must, found)
        return picture
