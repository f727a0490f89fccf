"""Outputs of models on disk: those that the grids show, and all of a run that keeps them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.errors import DataError, UsageError
from bench.evaluation.masked_samples import MaskedSample, pixels_sha256
from bench.evaluation.plan import Cell, Plan
from bench.image_files.opening import open_image
from bench.pictures import png_bytes, stack_pictures, unstack_pictures
from bench.records import write_atomically
from bench.records.files import sync_folder

if TYPE_CHECKING:
    from bench.vocabulary import Picture

__all__ = [
    "ModelOutput",
    "drop_pictures",
    "has_kept",
    "read_kept",
    "remove_pictures",
    "sync_kept",
    "torn_pictures",
    "write_pictures",
    "write_several",
]


_FILL_LEVEL = 1
"""Of zlib: most fills are deleted again, and files of level 3 are 5 % smaller in one and a half times the time."""


_PNG_END = b"IEND\xaeB`\x82"


@dataclass(frozen=True)
class ModelOutput:
    """What a model returned for one sample.

    Attributes:
        picture: uint8 [3, H, W], its raw output.
        labels: uint8 [H, W], the label map that it completed, or None.
        fills: uint8 [K, 3, H, W], several outputs for the same hole, or None.
        fill_labels: uint8 [K, H, W], the label maps of `fills`, or None.
    """

    picture: torch.Tensor
    labels: torch.Tensor | None
    fills: torch.Tensor | None = None
    fill_labels: torch.Tensor | None = None


def write_pictures(plan: Plan, cell: Cell, sample_id: str, completed: Picture, output: ModelOutput) -> None:
    """Write the pictures of a sample that the grids and the page may show, and those that the run keeps."""
    layout, key = plan.layout, cell.key
    if plan.suite.gallery:  # the run deletes those that it need not keep
        write_atomically(layout.fill(key, sample_id), png_bytes(completed, _FILL_LEVEL))
        if output.labels is not None:
            write_atomically(layout.predicted_labels(key, sample_id), png_bytes(output.labels.numpy(), _FILL_LEVEL))
    if plan.keep_fills:
        raw = unstack_pictures(output.picture[None])[0]
        layout.kept_output(key, sample_id).unlink(missing_ok=True)
        if not np.array_equal(raw, completed):
            write_atomically(layout.kept_output(key, sample_id), png_bytes(raw), durable=True)
        if output.labels is not None:
            write_atomically(layout.kept_labels(key, sample_id), png_bytes(output.labels.numpy()), durable=True)
        write_atomically(layout.kept_fill(key, sample_id), png_bytes(completed), durable=True)


def sync_kept(plan: Plan, cell: Cell, samples: Iterable[str]) -> None:
    """Flush the names of the fills that the run keeps, before their records are written: no power cut parts the two."""
    for folder in {plan.layout.kept_fill(cell.key, sample).parent for sample in samples} if plan.keep_fills else ():
        sync_folder(folder)


def write_several(
    plan: Plan, cell: Cell, sample_id: str, fills: Sequence[Picture], labels: torch.Tensor | None
) -> None:
    """Write several fills of a sample that the sheets may show.

    Args:
        plan: of the run.
        cell: whose fills they are.
        sample_id: of the sample.
        fills: composited.
        labels: uint8 [K, H, W], their label maps, or None.
    """
    for place, fill in enumerate(fills, 1) if plan.suite.gallery else ():
        write_atomically(plan.layout.sampled_fill(cell.key, sample_id, place), png_bytes(fill, _FILL_LEVEL))
        if labels is not None:
            path = plan.layout.sampled_labels(cell.key, sample_id, place)
            write_atomically(path, png_bytes(labels[place - 1].numpy(), _FILL_LEVEL))


def drop_pictures(plan: Plan, cell: Cell, sample_id: str) -> None:
    """Remove the pictures of a sample that the grids and the page need not show."""
    layout, key = plan.layout, cell.key
    layout.fill(key, sample_id).unlink(missing_ok=True)
    layout.predicted_labels(key, sample_id).unlink(missing_ok=True)
    for place in range(1, plan.measurements[cell.protocol.name].fills + 1):
        layout.sampled_fill(key, sample_id, place).unlink(missing_ok=True)
        layout.sampled_labels(key, sample_id, place).unlink(missing_ok=True)


def has_kept(plan: Plan, cell: Cell, sample_id: str) -> bool:
    """Whether all that is asked can be measured of kept pictures."""
    return not plan.measurements[cell.protocol.name].fills and plan.layout.kept_fill(cell.key, sample_id).exists()


def read_kept(plan: Plan, cell: Cell, masked: MaskedSample, output_sha256: str) -> ModelOutput | None:
    """The kept output of a sample; None when there is none, or another one than the recorded one.

    Raises:
        UsageError: there is none and the model is not at hand.
    """
    sample, layout = masked.sample, plan.layout
    if output_sha256 and has_kept(plan, cell, sample.id):
        completed = _read(layout.kept_fill(cell.key, sample.id))
        if completed is not None and pixels_sha256(completed) == output_sha256:
            raw = _read(layout.kept_output(cell.key, sample.id))
            labels = _read(layout.kept_labels(cell.key, sample.id))
            picture = stack_pictures([completed if raw is None else raw])[0]
            return ModelOutput(picture, None if labels is None else torch.from_numpy(labels))
    if cell.only_recorded:
        subject, found = f"fill of {sample.id} in {layout.cell(cell.key)}", "another picture, or none"
        raise UsageError(subject, "be as the run wrote it", found, f"Run {cell.model.name} again with --models.")
    return None


def remove_pictures(plan: Plan, cell: Cell, kept: Collection[str]) -> None:
    """Remove the pictures of a cell but those of the samples `kept`; those of samples that are not asked for stay."""
    for folder, ending in _shown(plan, cell):
        for file in folder.rglob("*.png"):
            sample = re.sub(ending, "", file.relative_to(folder).as_posix())
            if sample in plan.revisions and sample not in kept:
                file.unlink()


def torn_pictures(plan: Plan, cell: Cell) -> set[str]:
    """Ids of the samples with a picture for the grids that lacks its end: a power cut can do that, a kill cannot.

    Such pictures are not flushed to the disk one by one, which would take longer than many models.
    """
    torn = set()
    for folder, ending in _shown(plan, cell):
        for file in folder.rglob("*.png"):
            with file.open("rb") as opened:
                opened.seek(max(0, file.stat().st_size - len(_PNG_END)))
                if opened.read() != _PNG_END:
                    torn.add(re.sub(ending, "", file.relative_to(folder).as_posix()))
    return torn


def _shown(plan: Plan, cell: Cell) -> list[tuple[Path, str]]:
    """The folders of a cell with pictures for the grids, and what follows a sample's id in their names."""
    folder = plan.layout.cell(cell.key)
    return [(folder / "gallery", r"(\.labels)?\.png$"), (folder / "several", r"\.\d+(\.labels)?\.png$")]


def _read(path: Path) -> Picture | None:
    """A picture or a label map as it was written; None when it is missing or damaged."""
    try:
        return np.array(open_image(path, "picture").image)
    except DataError:
        return None
