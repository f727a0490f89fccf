"""FD-DINOv2 (Stein et al., 2023, "Exposing flaws of generative model evaluation metrics and their unfair treatment of
diffusion models").

Reference: the formula with `scipy.linalg.sqrtm`; the features by transformers' Dinov2 with the same weights.
"""

from __future__ import annotations

from bench.metrics.definition import FewPictures, MetricDefinition
from bench.metrics.distribution.feature_kinds import DINOV2

__all__ = ["DEFINITIONS"]

DEFINITIONS = (
    MetricDefinition(
        name="fd-dinov2",
        title="FD-DINOv2",
        unit="",
        higher_is_better=False,
        summary="Fréchet distance between DINOv2 features of all pictures",
        definition=(
            "Stein et al., 2023: the Fréchet distance of `fid`, between the 1,024 features of the class token of "
            "DINOv2 ViT-L/14 instead of Inception's; pictures resized to 224x224 by Pillow's bicubic filter, whatever "
            "their aspect ratio, with mean and deviation of ImageNet. Position embeddings are resized as in the "
            "authors' code."
        ),
        value_range="0 to ∞",
        reference="the formula with `scipy.linalg.sqrtm`, relative (its features: 1e-6 of transformers' Dinov2)",
        reference_tolerance=1e-6,
        blind_to=(
            "Biased upwards, the more the fewer pictures: only values of one N can be compared; N is in the signature. "
            "Whether a fill belongs to its own picture. Textures that DINOv2 was trained to ignore."
        ),
        implementation="bench.metrics.distribution.backends.frechet:of_sets",
        order=240,
        regions=("full",),
        parameters=(*DINOV2.parameters, ("ddof", "1")),
        relative_tolerance=1e-3,
        aggregate="set",
        features=DINOV2.kind,
        resampling="half-samples",
        blocks="bench.metrics.distribution.backends.frechet:of_blocks",
        draws="bench.metrics.distribution.backends.frechet:of_draws",
        few=FewPictures(DINOV2.count, f"the {DINOV2.count:,} features, mostly bias: compare it at the same N only"),
        needs=DINOV2.needs,
    ),
)
