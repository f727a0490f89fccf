"""CLIP score (Hessel et al., 2021, "CLIPScore: a reference-free evaluation metric for image captioning").

Reference: torchmetrics' `clip_score` with the same weights and the same prepared pictures; held to 1e-6 of 100.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.metrics.definition import MetricDefinition

if TYPE_CHECKING:
    import torch

    from bench.metrics.conversion import ArrayInput

__all__ = ["DEFINITIONS", "clip_score"]

DEFINITIONS = (
    MetricDefinition(
        name="clip-score",
        title="CLIP score",
        unit="",
        higher_is_better=True,
        summary="how well a completed picture fits its text, by CLIP ViT-L/14",
        definition=(
            "100 times the cosine between CLIP's embeddings of the completed picture and of its text, 0 where that is "
            "negative, as torchmetrics scales it (Hessel et al., 2021, multiply by 2.5). OpenAI's ViT-L/14; the "
            "shorter side resized to 224 by Pillow's bicubic filter and the middle 224x224 cut out; texts end after 77 "
            "tokens. Undefined for a picture without a text."
        ),
        value_range="0 to 100, in practice 15 to 35",
        reference="torchmetrics' `clip_score` with the same weights, relative",
        reference_tolerance=1e-6,
        blind_to=(
            "What the text does not say, so nearly all of a fill's quality; the hole, which is a part of the picture "
            "alone; what lies outside the middle square; the end of long texts."
        ),
        implementation="bench.metrics.perceptual.backends.clip:clip_score_by_region",
        order=120,
        regions=("full",),
        parameters=(("network", "clip-vit-l-14"), ("resize", "pillow-bicubic-224,centre"), ("scale", "100")),
        tolerance=1e-3,
        needs_truth=False,
        needs=("prompts", "transformers", "clip"),
    ),
)


def clip_score(pictures: ArrayInput, prompts: Sequence[str]) -> torch.Tensor:
    """100 times the cosine between CLIP's embeddings of each picture and its text, 0 where that is negative.

    On CPU the value of a picture is the same to the last bit whatever the batch, its order or the number of threads.

    Args:
        pictures: uint8 [N, 3, H, W] RGB of any size; arrays and pictures of Pillow do, too.
        prompts: N texts; an empty one leaves the value undefined.

    Returns:
        float64 [N] on the pictures' device, 0 to 100, NaN for an empty text.

    Raises:
        DataError: an argument is not what it must be.
        WeightsMissing: the weights are neither at hand nor can be downloaded.
    """
    from bench.metrics.conversion import convert_pictures
    from bench.metrics.perceptual.backends.clip import score

    return score(convert_pictures("pictures", pictures)[0], prompts)
