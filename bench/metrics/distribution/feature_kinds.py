"""The features that precision, recall, density, coverage and sliced Wasserstein are taken of."""

from __future__ import annotations

from dataclasses import dataclass

from bench.metrics.distribution.fid import NETWORK, RESIZE

__all__ = ["DINOV2", "FEATURE_KINDS", "FeatureKind"]


@dataclass(frozen=True)
class FeatureKind:
    """Features of one network.

    Attributes:
        kind: as `MetricDefinition.features` names them.
        suffix: of names of metrics.
        title: behind titles of metrics.
        words: whose features they are.
        count: how many.
        parameters: of signatures.
        needs: weights.
        after: by how much later than those of Inception the metrics stand in tables.
    """

    kind: str
    suffix: str
    title: str
    words: str
    count: int
    parameters: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]
    after: int


DINOV2 = FeatureKind(
    "dinov2",
    "-dinov2",
    " (DINOv2)",
    "DINOv2",
    1024,
    (("network", "dinov2-vit-l-14"), ("resize", "pillow-bicubic-224")),
    ("dinov2",),
    after=40,
)

FEATURE_KINDS = (
    FeatureKind("fid", "", "", "Inception", 2048, (NETWORK, RESIZE["fid"]), ("inception",), after=0),
    DINOV2,
)
