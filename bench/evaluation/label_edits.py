"""Edits of label maps in a run: asked of the protocol, checked, hashed, and given to models that can follow them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from bench.editing import Editing, LabelEdit
from bench.errors import DataError, UsageError
from bench.removal import task_of
from bench.vocabulary import VOID, Batch, Dataset, Editable, Inpainter, LabelSources, Prediction, Protocol, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole

__all__ = ["EditedModel", "edit_sha256", "find_edit", "follows_edits"]


def find_edit(protocol: Protocol, sample: Sample, hole: Hole, seed: int, dataset: Dataset) -> LabelEdit | None:
    """The label map that a fill of a sample should follow; None where the task of the protocol is another.

    Args:
        protocol: any.
        sample: any of the data set.
        hole: bool [H, W], which the protocol cut into it.
        seed: of the run.
        dataset: whose sample it is.

    Raises:
        NotApplicable: the protocol has no edit for this sample.
        DataError: the map is not as large as the picture, holds no class of the data set, or changes known pixels.
    """
    if not isinstance(protocol, Editing) or task_of(protocol) != "editing":
        return None
    found = protocol.edited(sample, seed, dataset)
    subject = f"edited label map of sample '{sample.id}' under protocol '{protocol.name}'"
    for array, dtype in ((found.labels, np.uint8), (found.changed, np.bool_)):
        if array.shape != hole.shape or array.dtype != dtype:
            must = f"be {np.dtype(dtype).name} {list(hole.shape)}, as large as the picture"
            raise DataError(subject, must, f"{array.dtype.name} {list(array.shape)}")
    beyond = found.labels[(found.labels >= len(dataset.classes)) & (found.labels != VOID)]
    if beyond.size:
        must = f"hold indices of the data set's {len(dataset.classes)} classes, or {VOID}"
        raise DataError(subject, must, str(int(beyond[0])))
    if (found.changed & ~hole).any():
        raise DataError(subject, "change no pixel outside the hole", f"{int((found.changed & ~hole).sum())} changed")
    return found


def edit_sha256(edit: LabelEdit | None) -> str:
    """Hash of an edited label map and of the pixels that it changes; empty without one."""
    if edit is None:
        return ""
    parts = (np.ascontiguousarray(part).tobytes() for part in (edit.labels, edit.changed))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def follows_edits(model: Inpainter, protocol: Protocol, dataset: Dataset) -> Inpainter:
    """The model as cells of the protocol call it: under an edit, one that paints under label maps is given the map.

    Other models are called as always: they tell what a model scores that ignores the map.

    Raises:
        UsageError: a model that paints under label maps has other classes than the data set, or in another order.
    """
    if task_of(protocol) != "editing" or not isinstance(model, Editable) or model.label_sources.hole == "none":
        return model
    if tuple(model.classes) != tuple(dataset.classes):
        must = f"have the data set's classes ({', '.join(dataset.classes)}) under protocol '{protocol.name}'"
        found = ", ".join(model.classes)
        raise UsageError(f"model '{model.name}'", must, found, "Take weights that were trained on the data set.")
    return EditedModel(model, model)


class EditedModel:
    """A model that fills each hole under the label map that the batch holds.

    Args:
        model: names it.
        painter: the same model, which paints.
    """

    label_sources = LabelSources("oracle", "edited")

    def __init__(self, model: Inpainter, painter: Editable) -> None:
        self.name, self.fingerprint, self._painter = model.name, model.fingerprint, painter

    def inpaint(self, batch: Batch) -> Prediction:
        """Fill a batch under its label maps; `labels` of the prediction are these maps."""
        if batch.labels is None:
            raise ValueError("batch must have label maps to paint under; found none. Use a data set with labels.")
        return Prediction(self._painter.paint(batch, batch.labels).image, batch.labels)
