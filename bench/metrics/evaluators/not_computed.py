"""Evaluators none of whose scores can be computed here, with the reasons."""

from __future__ import annotations

from bench.metrics.evaluators.evaluator import TORCHVISION_INCEPTION, Evaluator

__all__ = ["EVALUATORS"]

EVALUATORS = (
    Evaluator(
        name="attentive-eraser",
        title="AttentiveEraser",
        source="datanlab/AttentiveEraser: evaluation/",
        pictures="Pictures from files.",
        absent=(("FID", TORCHVISION_INCEPTION),),
    ),
    Evaluator(
        name="comodgan",
        title="CoModGAN",
        source="zsyzzsoft/co-mod-gan: metrics/",
        pictures="Pictures from the network, composited by it.",
        absent=(
            ("FID, P-IDS, U-IDS", "they need the TensorFlow graph of Inception"),
            ("LPIPS", "it compares two fills of one hole, not a fill with the truth: see diversity-lpips-alex"),
        ),
    ),
)
