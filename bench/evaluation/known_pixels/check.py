"""The check of a batch: a mean in the normal case, a diagnosis where known pixels differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import ModelFailure
from bench.evaluation.known_pixels.colours import explain_by_colours
from bench.evaluation.known_pixels.geometry import explain_by_geometry, has_another_hole
from bench.evaluation.known_pixels.names import explain_by_names, stored_thumbnails, thumbnail
from bench.evaluation.known_pixels.sample import FAR_LEVELS, NEAR_LEVELS, KnownSample, take_blocks, take_known
from bench.pictures import known_error
from bench.vocabulary import Inpainter, StoredPredictions

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

    from bench.evaluation.known_pixels.sample import Planes
    from bench.vocabulary import Hole

__all__ = ["check_predictions"]

_NAMES_FROM = 8.0
"""Mean difference, of 255, from which the predictions of other samples are looked at."""
_OTHER_HOLE = "known pixels away from the hole are changed, the others kept. Fill the holes of this protocol."
_COLOURS = {0: "black", 127: "grey", 128: "grey", 255: "white"}
"""What holes of unfilled inputs hold."""
_RESEMBLES = 0.5
"""Correlation with the untouched picture, from which a prediction shows the same picture, however roughly."""
_FAIR, _MEAN = 16, 2
"""A hole of one colour is filled where half of the untouched pixels are this near to it, or the mean of known ones."""


def check_predictions(
    raw: Tensor, truth: Tensor, hole: Tensor, samples: Sequence[int], ids: Sequence[str], model: Inpainter
) -> list[str]:
    """What is odd about each prediction of a batch, as a clause that follows "in 2 of 3 pictures"; empty where nothing.

    Args:
        raw: uint8 [N, 3, H, W] as the model returned it, before known pixels are put back.
        truth: uint8 [N, 3, H, W], the untouched pictures.
        hole: bool [N, 1, H, W], True = missing.
        samples: places of the samples in `ids`.
        ids: of the whole data set.
        model: who made the predictions; those of a folder are compared with all samples.
    """
    if bool(hole.all()):  # whole pictures are compared: all their pixels take the place of the known ones
        every = hole.logical_not()
        batch = _Batch(raw.numpy(), truth.numpy(), every[:, 0].numpy(), samples, ids, model)
        errors = known_error(raw, truth, every).mul(255).tolist()
        return [
            batch.explain_whole(row, batch.known(row)) if error > NEAR_LEVELS else ""
            for row, error in enumerate(errors)
        ]
    errors = known_error(raw, truth, hole).mul(255).tolist()
    batch = _Batch(raw.numpy(), truth.numpy(), hole[:, 0].numpy(), samples, ids, model)
    return [batch.explain(row) if error > NEAR_LEVELS else batch.look(row, error) for row, error in enumerate(errors)]


@dataclass(frozen=True)
class _Batch:
    raw: Planes  # [N, 3, H, W]
    truth: Planes  # [N, 3, H, W]
    hole: Hole  # [N, H, W]
    samples: Sequence[int]
    ids: Sequence[str]
    model: Inpainter

    def look(self, row: int, error: float) -> str:
        """Of a prediction whose known pixels are kept in the mean."""
        if error and has_another_hole(self.raw[row], self.truth[row], self.hole[row]):
            return _OTHER_HOLE
        colour = self.unfilled(row)
        return f"the hole is {colour}. Look whether the model was run." if colour else ""

    @cached_property
    def thumbnails(self) -> npt.NDArray[np.uint8]:
        """Of the predictions of the batch."""
        return np.stack([thumbnail(picture.transpose(1, 2, 0)) for picture in self.raw])

    def known(self, row: int) -> KnownSample:
        """Known pixels of a prediction."""
        return take_known(self.raw[row], self.truth[row], self.hole[row])

    def explain_whole(self, row: int, pixels: KnownSample) -> str:
        """Of a prediction whose pixels differ from the true ones, which is no fault without one of these causes."""
        blocks = take_blocks(self.raw[row], self.truth[row], self.hole[row])
        text = explain_by_colours(pixels) or explain_by_geometry(pixels)
        if not text and blocks and blocks.error > NEAR_LEVELS:
            text = explain_by_colours(blocks)
        return self._by_names(row) if not text and pixels.error > _NAMES_FROM else text

    def explain(self, row: int) -> str:
        """Of a prediction whose known pixels differ from those given."""
        picture = self.raw[row], self.truth[row], self.hole[row]
        pixels = self.known(row)
        text = self.explain_whole(row, pixels)
        if not text and has_another_hole(*picture):
            text = _OTHER_HOLE
        if text or pixels.error <= FAR_LEVELS:
            return text
        if colour := self.unfilled(row):
            return f"the hole is {colour}, and known pixels are changed. Check whether white means missing in the mask."
        if (take_blocks(*picture) or pixels).correlation >= _RESEMBLES:
            return ""
        return "the known pixels are far from those given. Look at the predictions beside their inputs."

    def unfilled(self, row: int) -> str:
        """The colour that the hole holds all over as an unfilled one does, or nothing."""
        hole, raw = self.hole[row], self.raw[row]
        first = int(hole.argmax())
        level = int(raw.reshape(3, -1)[0, first])
        if level not in _COLOURS or not (raw.reshape(3, -1)[:, first] == level).all():
            return ""
        if not (raw[:, hole] == level).all():
            return ""
        distance = np.abs(self.truth[row].astype(np.int16) - level)
        fair = np.median(distance[:, hole]) <= _FAIR
        mean = np.abs(self.truth[row][:, ~hole].mean(axis=1) - level).max() <= _MEAN
        return "" if fair or mean else f"{_COLOURS[level]} all over"

    def _by_names(self, row: int) -> str:
        if isinstance(self.model, StoredPredictions):
            places: Sequence[int] = range(len(self.ids))
            try:
                predictions = stored_thumbnails(self.model, tuple(self.ids))
            except ModelFailure:  # an unreadable prediction, which fails on its own
                return ""
        else:
            places, predictions = self.samples, self.thumbnails
        return explain_by_names(self.truth[row], self.hole[row], self.samples[row], places, predictions)
