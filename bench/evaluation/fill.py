"""One picture and its mask, filled by any model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.errors import ModelFailure
from bench.evaluation.pipeline.prediction import predict
from bench.pictures import unstack_pictures
from bench.vocabulary import Inpainter, Sample

if TYPE_CHECKING:
    from bench.vocabulary import Hole, Picture

__all__ = ["fill_picture"]


def fill_picture(model: Inpainter, image: Picture, hole: Hole, sample_id: str = "picture", seed: int = 0) -> Picture:
    """Fill the hole of one picture.

    Args:
        model: as `bench.models.load` makes it.
        image: uint8 [H, W, 3].
        hole: bool [H, W], True = missing.
        sample_id: names the picture to models that draw random numbers or write files.
        seed: of models that draw random numbers.

    Returns:
        uint8 [H, W, 3]; known pixels are those of `image`.

    Raises:
        ModelFailure: the model raised, or gave no usable picture.
    """
    (output,) = predict(model, [Sample(sample_id, image)], [hole], seed)
    if isinstance(output, ModelFailure):
        raise output
    filled: Picture = np.where(hole[..., None], unstack_pictures(output.picture[None])[0], image)
    return filled
