"""One picture under several edits of its label map, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from bench.errors import ModelFailure, UsageError
from bench.pictures import check_prediction, composite, hide, quantise, stack_pictures, unstack_pictures
from bench.reporting.images.grid import draw_grid
from bench.reporting.images.palette import painted
from bench.reporting.images.tiles import Tile, hatched, scaled
from bench.vocabulary import Batch, Editable, Inpainter, Prediction, Sample

if TYPE_CHECKING:
    from PIL import Image

    from bench.vocabulary import Hole, LabelMap

__all__ = ["Edit", "draw_edits"]


@dataclass(frozen=True)
class Edit:
    """A class painted into a part of the hole.

    Attributes:
        class_name: of the model's classes.
        box: the edit box: top, left, bottom and right in shares of the hole's bounding box.
    """

    class_name: str
    box: tuple[float, float, float, float] = (0.25, 0.25, 0.75, 0.75)

    @classmethod
    def parse(cls, text: str) -> Edit:
        """`car` (the middle of the hole) or `car@0.5,0,1,1` (its lower half); raises UsageError."""
        class_name, at, numbers = text.strip().partition("@")
        if not at:
            return cls(class_name)
        try:
            top, left, bottom, right = (float(number) for number in numbers.split(","))
        except ValueError:
            top, left, bottom, right = 0.0, 0.0, 0.0, 0.0
        if not (0 <= top < bottom <= 1 and 0 <= left < right <= 1):
            must = "be CLASS or CLASS@TOP,LEFT,BOTTOM,RIGHT in shares of the hole"
            raise UsageError(f"edit '{text}'", must, repr(numbers), "For example car@0.5,0,1,1.")
        return cls(class_name, (top, left, bottom, right))

    def mask(self, hole: Hole) -> Hole:
        """The hole pixels inside the edit box, bool [H, W]."""
        rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
        top, left, height, width = rows[0], columns[0], rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
        inside = np.zeros_like(hole)
        inside[
            top + round(self.box[0] * height) : top + round(self.box[2] * height),
            left + round(self.box[1] * width) : left + round(self.box[3] * width),
        ] = True
        return inside & hole


def draw_edits(
    model: Inpainter, sample: Sample, hole: Hole, edits: Sequence[Edit], seed: int = 0, title: str = ""
) -> Image.Image:
    """A grid of fills: under the label map that the model completes itself, and under each edit of this map.

    Raises:
        UsageError: a model without label maps, or a class that it does not know.
        ModelFailure: it gives no usable picture.
    """
    if not isinstance(model, Editable):
        raise UsageError(f"model '{model.name}'", "paint under label maps", "one that does not", "Take spgnet.")
    batch = hide([sample], [hole], seed, model.label_sources)
    own = model.inpaint(batch)
    if own.labels is None:
        raise ModelFailure(f"model '{model.name}'", "complete a label map", "none")
    labels = own.labels[0].cpu().numpy()
    tiles = [
        ("truth", _map_tile(sample.labels), Tile(scaled(sample.image))),
        ("as completed", _map_tile(labels), _picture_tile(own, batch, sample, hole)),
    ]
    for edit in edits:
        edited = _edited(labels, edit.mask(hole), edit.class_name, model.classes)
        painted = model.paint(batch, torch.from_numpy(edited)[None])
        tiles.append((f"+ {edit.class_name}", _map_tile(edited), _picture_tile(painted, batch, sample, hole)))
    tiles.insert(0, ("incomplete", Tile(None, message="label maps"), Tile(hatched(sample.image, hole))))
    rows = [[maps for _, maps, _ in tiles], [picture for _, _, picture in tiles]]
    return draw_grid(rows, column_titles=[name for name, _, _ in tiles], title=title)


def _edited(labels: LabelMap, mask: Hole, class_name: str, classes: Sequence[str]) -> LabelMap:
    if class_name not in classes:
        raise UsageError("class of an edit", f"be one of {', '.join(classes)}", repr(class_name), "Name one of these.")
    return np.where(mask, np.uint8(classes.index(class_name)), labels)


def _picture_tile(prediction: Prediction, batch: Batch, sample: Sample, hole: Hole) -> Tile:
    raw, truth = quantise(check_prediction(prediction, batch)), stack_pictures([sample.image])
    completed = composite(raw, truth, torch.from_numpy(hole)[None, None])
    return Tile(scaled(unstack_pictures(completed)[0]))


def _map_tile(labels: LabelMap | None) -> Tile:
    if labels is None:
        return Tile(None, message="unlabelled")
    return Tile(scaled(painted(labels)))
