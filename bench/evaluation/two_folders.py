"""Two folders in, numbers out: predictions against true pictures of their names, each at its own size."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np

import bench.data
import bench.models
from bench.data.folder import find_folder_pictures
from bench.errors import DataError, UsageError
from bench.evaluation.suite import Suite
from bench.image_files.finding import find_pictures, some
from bench.image_files.opening import upright_size
from bench.image_files.pairing import pair_by_name
from bench.models.folder import FolderModel
from bench.records import Run

__all__ = ["check_folders", "check_scores", "folder_suite", "name_rows"]

Size: TypeAlias = tuple[int, int]

WHOLE = "whole@1"
"""The protocol of a run without masks."""

_JPEG = (".jfif", ".jpeg", ".jpg")
_EXACT = 50.0
"""PSNR in dB that fills of unknown content hardly reach."""


def name_rows(predictions: Sequence[Path], names: Sequence[str], pair: str = "") -> tuple[str, ...]:
    """The models of a suite for folders of predictions.

    Args:
        predictions: folders, one a row.
        names: of the rows; none for the names of the folders.
        pair: how the files are named, such as `{id}_mask001`; empty: found out.

    Raises:
        UsageError: the number of names is another than that of folders.
    """
    if names and len(names) != len(predictions):
        must = f"name each of the {len(predictions)} folders, separated by commas"
        raise UsageError("--name", must, f"{len(names)} names", "Give one name a folder, in their order.")
    models = tuple(f"folder:{folder}{f'?pair={pair}' if pair else ''}" for folder in predictions)
    return tuple(f"{name}={model}" for name, model in zip(names, models, strict=True)) if names else models


def folder_suite(rows: Sequence[str], truth: Path, masks: str | None, metrics: Sequence[str] | None) -> Suite:
    """The suite that scores folders of predictions against a folder of true pictures.

    Args:
        rows: as `name_rows` makes them.
        truth: folder of true pictures, as of the data set `folder`.
        masks: folder of masks, as behind `files:`; None compares whole pictures.
        metrics: of the catalogue; None for those of a suite that names none.
    """
    protocol = WHOLE if masks is None else f"files:{masks}{'&' if '?' in masks else '?'}pick=own"
    suite = Suite(f"score-{truth.resolve().name}", tuple(rows), (protocol,), dataset="folder", size="native")
    return suite.with_changes(data_root=str(truth), metrics=tuple(metrics) if metrics else None)


def check_folders(suite: Suite, truth: Path, predictions: Sequence[Path]) -> list[str]:
    """Compare names and sizes of true pictures, predictions and masks before anything is scored.

    Args:
        suite: as `folder_suite` makes it.
        truth: folder of true pictures.
        predictions: folders.

    Returns:
        Warnings: predictions in a lossy format, and masks that belong to no picture.

    Raises:
        UsageError: a folder of predictions is the truth itself.
        DataError: predictions are not paired with true pictures, or they or masks are not as large as these.
    """
    for folder in predictions:
        if folder.exists() and truth.exists() and folder.samefile(truth):
            must = "be another folder than the true pictures"
            raise UsageError(f"predictions folder {folder}", must, f"--truth {truth}", "Name the folder of fills.")
    with _quietly():
        dataset = bench.data.load("folder", suite.split, None, truth)
        pictures = find_folder_pictures(truth)[1]
        sizes = {name: _size(pictures[name]) for name in dataset.ids}
        warnings = []
        for folder, row in zip(predictions, suite.models, strict=True):
            model = bench.models.load(row)
            assert isinstance(model, FolderModel)  # noqa: S101 (the rows are folders)
            bound = model.bind(WHOLE, dataset.ids)
            files = {name: bound.path(name) for name in dataset.ids}
            _check_sizes("predictions", folder, files, sizes, "Write predictions as large as their pictures.")
            if lossy := _count_lossy(files):
                warnings.append(
                    f"predictions folder {folder}: {lossy} of {len(files)} are JPEG files, whose compression counts as "
                    "an error of the fill. Write PNG files."
                )
        if suite.protocols[0] == WHOLE:
            return warnings
        folder = Path(suite.protocols[0].removeprefix("files:").partition("?")[0])
        masks = find_pictures(folder, "mask folder")
        pairs = pair_by_name(dataset.ids, masks)
        of_pictures = {key: masks[name] for key, name in pairs.names.items()}
        _check_sizes("mask", folder, of_pictures, sizes, "Draw masks on their pictures.")
    if pairs.extra:
        names = f"{len(pairs.extra)} masks belong to no picture ({some(pairs.extra)})"
        warnings.append(f"mask folder {folder}: {names}")
    return warnings


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the warnings about folders that the run itself gives."""
    logger = logging.getLogger("bench")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _count_lossy(files: Mapping[str, Path]) -> int:
    return sum(path.suffix.lower() in _JPEG for path in files.values())


def _check_sizes(
    noun: str, folder: Path, files: Mapping[str, Path], sizes: Mapping[str, Size | None], fix: str
) -> None:
    unlike = [
        f"{path.relative_to(folder)} {_text(size)} for {_text(sizes[name])}"
        for name, path in files.items()
        if (size := _size(path)) and sizes[name] and size != sizes[name]
    ]
    if unlike:
        more = f" and {len(unlike) - 3} more" if len(unlike) > 3 else ""
        found = f"{', '.join(unlike[:3])}{more} (height x width)"
        raise DataError(f"{noun} folder {folder}", "hold pictures of the sizes of the true ones", found, fix)


def check_scores(run: Run, truth: Path, masks: str) -> Iterator[str]:
    """What the numbers say against the folders: warnings.

    Masks of the other polarity make fills the truth and known pixels not. True pictures in JPEG have an error of their
    own where predictions were made from other files: it shows in the known pixels.
    """
    with _quietly():
        lossy = _count_lossy(find_folder_pictures(truth)[1])
    for key in run.cells:
        values = run.values(key).values
        if not {"psnr.hole", "psnr.known"} <= values.keys():
            continue
        hole, known = (float(np.nanmedian(values[name])) for name in ("psnr.hole", "psnr.known"))
        if hole >= _EXACT and known < hole:
            other = "white" if "hole=black" in masks else "black"
            yield (
                f"{key.model}: the fills are nearly the truth (median PSNR {_decibels(hole)}), known pixels are "
                f"not ({_decibels(known)}). Is the hole {other} in {masks}? Then add ?hole={other} to --masks."
            )
        elif lossy and math.isfinite(known):
            yield (
                f"{key.model}: {lossy} true pictures are JPEG files, and known pixels differ from them (median PSNR "
                f"{_decibels(known)}). If the predictions were made from other files, give those as --truth."
            )


def _decibels(value: float) -> str:
    return "infinite" if math.isinf(value) else f"{value:.1f} dB"


def _size(path: Path) -> Size | None:
    """Height and width of the upright picture; None for a file that the decoder will refuse."""
    try:
        return upright_size(path)
    except DataError:
        return None


def _text(size: Size | None) -> str:
    return "x".join(map(str, size or ()))
