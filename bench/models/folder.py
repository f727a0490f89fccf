"""Predictions made elsewhere, as a model: a folder of pictures, paired with the samples by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from bench.errors import DataError, UsageError
from bench.fingerprint import fingerprint_files
from bench.pictures import stack_pictures, to_float
from bench.records import folder_name
from bench.vocabulary import Batch, LabelSources, Prediction

__all__ = ["FolderModel"]

_SUFFIXES = (".png", ".webp", ".jpg", ".jpeg")
_LISTED = 5


class FolderModel:
    """A folder of predictions, `<DIR>/<protocol>/<sample id>.png`, or `<DIR>/<sample id>.png` for a single protocol.

    Args:
        directory: the folder; PNG, WebP and JPEG files in it count.
        device: ignored.

    Raises:
        UsageError: when the folder is missing or holds no picture.
    """

    label_sources = LabelSources()

    def __init__(self, directory: str, *, device: str = "cpu") -> None:  # noqa: ARG002 (all models take a device)
        self.root = Path(directory).absolute()
        files = _pictures(self.root)
        if not files:
            found = "no picture in it" if self.root.is_dir() else "no such folder"
            raise UsageError(
                f"predictions folder {directory}", "hold PNG, WebP or JPEG pictures", found, "Check the path."
            )
        self.name = f"folder:{self.root.resolve().name}"
        self.fingerprint = fingerprint_files(self.root, files)
        self._files: dict[str, Path] = {}

    def bind(self, protocol: str, ids: Sequence[str]) -> FolderModel:
        """The same folder for one cell: pairs every sample with its file.

        Raises:
            DataError: when samples lack a file, files lack a sample, or two files claim one sample; all are named.
        """
        folder = self.root / folder_name(protocol)
        folder = folder if folder.is_dir() else self.root
        files: dict[str, Path] = {}
        doubles = []
        for file in _pictures(folder):
            name = file.relative_to(folder).with_suffix("").as_posix()
            doubles += [name] if name in files else []
            files[name] = file
        missing, extra = sorted(set(ids) - set(files)), sorted(set(files) - set(ids))
        if missing or extra or doubles:
            found = "; ".join(
                f"{len(names)} {kind} ({', '.join(names[:_LISTED])}{', ...' if len(names) > _LISTED else ''})"
                for kind, names in (("missing", missing), ("extra", extra), ("double", sorted(set(doubles))))
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
        """Read the pictures of the batch; raises DataError on an unreadable one or one of another size."""
        pictures = [self._read(sample, tuple(batch.image.shape[-2:])) for sample in batch.ids]
        return Prediction(to_float(stack_pictures(pictures)))

    def _read(self, sample: str, size: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        file = self._files[sample]
        try:
            with Image.open(file) as image:
                picture = np.asarray(image.convert("RGB"))
        except (OSError, SyntaxError) as error:
            raise DataError(f"prediction {file.name}", "be a readable picture", str(error)) from error
        if picture.shape[:2] != size:
            found = f"{picture.shape[0]}x{picture.shape[1]}"
            raise DataError(f"prediction {file.name}", f"be as large as its sample, {size[0]}x{size[1]}", found)
        return picture


def _pictures(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in _SUFFIXES and file.is_file())
