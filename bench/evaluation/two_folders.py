"""Two folders in, numbers out: predictions against true pictures of their names, each at its own size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

import bench.data
from bench.errors import DataError, UsageError
from bench.evaluation.suite import Suite
from bench.image_files.finding import find_pictures, some
from bench.image_files.pairing import pair_by_name
from bench.records import Run

__all__ = ["check_folders", "folder_suite", "name_rows", "polarity_warnings"]

Size: TypeAlias = tuple[int, int]

WHOLE = "whole@1"
"""The protocol of a run without masks."""

_EXACT = 50.0
"""PSNR in dB that fills of unknown content hardly reach."""


def name_rows(predictions: Sequence[Path], names: Sequence[str]) -> tuple[str, ...]:
    """The models of a suite for folders of predictions.

    Args:
        predictions: folders, one a row.
        names: of the rows; none for the names of the folders.

    Raises:
        UsageError: the number of names is another than that of folders.
    """
    if names and len(names) != len(predictions):
        must = f"name each of the {len(predictions)} folders, separated by commas"
        raise UsageError("--name", must, f"{len(names)} names", "Give one name a folder, in their order.")
    models = tuple(f"folder:{folder}" for folder in predictions)
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
        Warnings: masks that belong to no picture.

    Raises:
        UsageError: a folder of predictions is the truth itself.
        DataError: a prediction or a mask is not as large as its picture.
    """
    for folder in predictions:
        if folder.exists() and truth.exists() and folder.samefile(truth):
            must = "be another folder than the true pictures"
            raise UsageError(f"predictions folder {folder}", must, f"--truth {truth}", "Name the folder of fills.")
    dataset = bench.data.load("folder", suite.split, None, truth)
    pictures = find_pictures(truth / "images" if (truth / "images").is_dir() else truth)
    sizes = {name: _size(pictures[name]) for name in dataset.ids}
    for folder in predictions:
        _check_sizes("predictions", folder, sizes, "Write predictions as large as their pictures.")
    if suite.protocols[0] == WHOLE:
        return []
    folder = Path(suite.protocols[0].removeprefix("files:").partition("?")[0])
    masks = find_pictures(folder, "mask folder")
    _check_sizes("mask", folder, sizes, "Draw masks on their pictures.")
    extra = pair_by_name(dataset.ids, masks).extra
    return [f"mask folder {folder}: {len(extra)} masks belong to no picture ({some(extra)})"] if extra else []


def _check_sizes(noun: str, folder: Path, sizes: Mapping[str, Size | None], fix: str) -> None:
    files = find_pictures(folder, f"{noun} folder")
    unlike = [
        f"{files[name].relative_to(folder)} {_text(size)} for {_text(sizes[key])}"
        for key, name in pair_by_name(list(sizes), files).names.items()
        if (size := _size(files[name])) and sizes[key] and size != sizes[key]
    ]
    if unlike:
        more = f" and {len(unlike) - 3} more" if len(unlike) > 3 else ""
        found = f"{', '.join(unlike[:3])}{more} (height x width)"
        raise DataError(f"{noun} folder {folder}", "hold pictures of the sizes of the true ones", found, fix)


def polarity_warnings(run: Run, masks: str) -> Iterator[str]:
    """Rows whose fills are the truth while their known pixels are not: masks of the other polarity look so."""
    for key in run.cells:
        values = run.values(key).values
        if {"psnr.hole", "psnr.known"} <= values.keys():
            hole, known = (float(np.median(values[name])) for name in ("psnr.hole", "psnr.known"))
            if hole >= _EXACT and known < hole:
                other = "white" if masks.endswith("?hole=black") else "black"
                yield (
                    f"{key.model}: the fills are nearly the truth (median PSNR {_decibels(hole)}), known pixels are "
                    f"not ({_decibels(known)}). Is the hole {other} in {masks}? Then add ?hole={other} to --masks."
                )


def _decibels(value: float) -> str:
    return "infinite" if math.isinf(value) else f"{value:.1f} dB"


def _size(path: Path) -> Size | None:
    """Height and width of the upright picture; None for a file that the decoder will refuse."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            turned = picture.getexif().get(0x0112, 1) >= 5
            width, height = picture.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    return (width, height) if turned else (height, width)


def _text(size: Size | None) -> str:
    return "x".join(map(str, size or ()))
