"""Predictions made elsewhere, as a model: a folder of pictures, paired with the samples by name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import DataError, ModelFailure, UsageError
from bench.fingerprint import fingerprint_files
from bench.image_files.decode import read_picture
from bench.image_files.finding import find_pictures
from bench.pictures import stack_pictures, to_float
from bench.records import folder_name
from bench.vocabulary import Batch, LabelSources, Prediction

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = ["FolderModel"]

_LISTED = 5
_READING_RULE = 2
"""Version of how files become pixels: part of the fingerprint. 1 left the EXIF orientation out and clipped 16 bits."""


class FolderModel:
    """A folder of predictions, `<DIR>/<protocol>/<sample id>.png`, or `<DIR>/<sample id>.png` for a single protocol.

    Args:
        directory: the folder; the pictures in it count, of the suffixes that data sets have.
        device: ignored.

    Raises:
        UsageError: when the folder is missing or holds no picture, or two pictures of one name.
    """

    label_sources = LabelSources()

    def __init__(self, directory: str, *, device: str = "cpu") -> None:  # noqa: ARG002 (all models take a device)
        self.root = Path(directory).absolute()
        if not self.root.is_dir():
            raise UsageError(f"predictions folder {directory}", "be there", "no such folder", "Check the path.")
        self._files = find_pictures(self.root, "predictions folder")
        self.name = f"folder:{self.root.resolve().name}"
        content = fingerprint_files(self.root, self._files.values())
        self.fingerprint = hashlib.sha256(f"{_READING_RULE} {content}".encode()).hexdigest()

    def bind(self, protocol: str, ids: Sequence[str]) -> FolderModel:
        """The same folder for one cell: pairs every sample with its file.

        Raises:
            DataError: when samples lack a file, or files lack a sample; all are named.
        """
        inside = f"{folder_name(protocol)}/"
        folder = self.root / inside
        if folder.is_dir():
            files = {name.removeprefix(inside): path for name, path in self._files.items() if name.startswith(inside)}
        else:
            folder, files = self.root, self._files
        missing, extra = sorted(set(ids) - set(files)), sorted(set(files) - set(ids))
        if missing or extra:
            found = "; ".join(
                f"{len(names)} {kind} ({', '.join(names[:_LISTED])}{', ...' if len(names) > _LISTED else ''})"
                for kind, names in (("missing", missing), ("extra", extra))
                if names
            )
            raise DataError(
                f"predictions folder {folder}",
                f"hold exactly one picture for each of the {len(ids)} samples",
                found,
                "Name the files after the sample ids, and give the same --split and --limit as when they were made; "
                f"pictures for several protocols go into folders of their own, such as {folder_name(protocol)}/.",
            )
        bound = FolderModel.__new__(FolderModel)
        bound.__dict__.update(self.__dict__, _files=files)
        return bound

    def inpaint(self, batch: Batch) -> Prediction:
        """Read the pictures of the batch; raises ModelFailure on one that is no exact picture or has another size."""
        pictures = [self._read(sample, tuple(batch.image.shape[-2:])) for sample in batch.ids]
        return Prediction(to_float(stack_pictures(pictures)))

    def stored(self, sample_id: str) -> Picture:
        """The prediction of a sample, uint8 [H, W, 3] of any size; raises DataError when it is unreadable."""
        return read_picture(self._files[sample_id], "prediction")

    def _read(self, sample: str, size: tuple[int, ...]) -> Picture:
        try:
            picture = self.stored(sample)
        except DataError as error:
            raise ModelFailure(error.subject, error.must, error.found, error.fix) from error
        if picture.shape[:2] != size:
            must, found = f"be as large as its sample, {size[0]}x{size[1]}", f"{picture.shape[0]}x{picture.shape[1]}"
            raise ModelFailure(f"prediction {self._files[sample]}", must, found)
        return picture
