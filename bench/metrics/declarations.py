"""What each metric is, in data: the source of `spgbench ls metrics`, of docs/metrics.md and of every signature."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from bench.errors import UsageError
from bench.registry import Entry, Registry
from bench.vocabulary import REGIONS, Region

if TYPE_CHECKING:
    import torch

    from bench.metrics.comparison import Comparison

    ByRegion: TypeAlias = Callable[[Comparison], dict[Region, torch.Tensor]]

__all__ = [
    "BAND_SHARE",
    "BUILT_IN",
    "METRICS",
    "MetricDeclaration",
    "boundary_width",
    "built_in",
    "declaration",
    "signature",
    "signatures",
]

BAND_SHARE = 0.01
"""Width of the boundary band, each side of a boundary, as a share of the picture's diagonal."""


@dataclass(frozen=True)
class MetricDeclaration:
    """A metric: what it computes, what it is held to, and where the code is.

    Attributes:
        name: key in records, `psnr` in `psnr.hole`.
        unit: unit of the value, empty for a pure number.
        higher_is_better: direction.
        summary: one line for listings.
        definition: the formula in words, complete enough to compute it again.
        value_range: the values that it can take, in words.
        reference: the implementation that a test compares it with.
        tolerance: the largest difference from `reference` that the test allows, in the metric's unit.
        blind_to: what it cannot see, for readers of a table.
        implementation: `"module:attribute"` of a function `(Comparison) -> {region: float64 [N]}`.
        regions: where it is defined.
        parameters: name and value of everything in the definition that other evaluators choose differently.
        version: raised when a change of code changes a value.
    """

    name: str
    unit: str
    higher_is_better: bool
    summary: str
    definition: str
    value_range: str
    reference: str
    tolerance: float
    blind_to: str
    implementation: str
    regions: tuple[Region, ...] = REGIONS
    parameters: tuple[tuple[str, str], ...] = ()
    version: int = 1

    def load(self) -> ByRegion:
        """Import the implementation; raises UsageError when that fails."""
        return cast("ByRegion", METRICS.load(Entry(self.name, self.implementation, self.summary)))

    def signature(self, region: Region, height: int, width: int) -> str:
        """All that a value depends on, for pictures of one size; raises UsageError where the metric is undefined."""
        if region not in self.regions:
            raise UsageError(f"region of {self.name}", f"be one of {', '.join(self.regions)}", repr(region))
        fields = [self.name, f"region:{region}"]
        if region == "boundary":
            fields += [f"band:{boundary_width(height, width)}px", f"band-share:{BAND_SHARE}"]
        fields += [f"{key}:{value}" for key, value in self.parameters]
        composite = "no" if region == "known" else "yes"
        return "|".join([*fields, "agg:image-mean", f"composite:{composite}", f"v{self.version}"])


def boundary_width(height: int, width: int, share: float = BAND_SHARE, rounding: Callable[[float], int] = round) -> int:
    """A share of the picture's diagonal in whole pixels, at least 1.

    By default the pixels each side of a label boundary that count as near it (region boundary): 1 %, rounded. Boundary
    IoU has 0.02 (COCO) or 0.005 (Cityscapes), DAVIS F 0.008 with `math.ceil`.
    """
    return max(1, rounding(share * math.hypot(height, width)))


_PREDICTED_LABELS = (("labels", "predicted"), ("void", "ignored"))

BUILT_IN = {
    metric.name: metric
    for metric in (
        MetricDeclaration(
            name="psnr",
            unit="dB",
            higher_is_better=True,
            summary="peak signal-to-noise ratio of each image, RGB",
            definition=(
                "10 log10(255² / MSE), where MSE is the mean of the squared differences over the region's pixels and "
                "the three RGB channels of one image, on uint8 values."
            ),
            value_range="0 to ∞; ∞ where the pixels are equal",
            reference="the formula in NumPy float64; scikit-image `peak_signal_noise_ratio` for region full",
            tolerance=1e-9,
            blind_to=(
                "Structure and sharpness. A blurred fill scores better than a sharp one that is slightly displaced. "
                "In region full it mostly tells how large the hole is."
            ),
            implementation="bench.metrics.pixel_error:psnr_by_region",
            parameters=(("range", "255"),),
        ),
        MetricDeclaration(
            name="ssim",
            unit="",
            higher_is_better=True,
            summary="structural similarity, Gaussian 11x11 window, RGB",
            definition=(
                "Wang et al., 2004: Gaussian 11x11 window with sigma 1.5, K1 = 0.01, K2 = 0.03, range 255, population "
                "covariance; the map is computed for each RGB channel, cropped to the pixels whose window lies inside "
                "the picture (5 px off each side) and averaged over the region's pixels and the channels."
            ),
            value_range="-1 to 1; exactly 1 for equal pictures",
            reference=(
                "the map of scikit-image `structural_similarity(gaussian_weights=True, sigma=1.5, "
                "use_sample_covariance=False, data_range=255)` on the same pixels"
            ),
            tolerance=1e-6,
            blind_to=(
                "Meaning, and small colour shifts that keep local contrast. Windows reach 5 px beyond the region, so "
                "region hole also sees known pixels; the outer 5 px of the picture have no window of their own."
            ),
            implementation="bench.metrics.similarity:ssim_by_region",
            parameters=(
                ("window", "gauss11"),
                ("sigma", "1.5"),
                ("k", "0.01,0.03"),
                ("cov", "population"),
                ("border", "valid"),
                ("channels", "rgb"),
                ("range", "255"),
            ),
        ),
        MetricDeclaration(
            name="l1",
            unit="%",
            higher_is_better=False,
            summary="mean absolute difference in percent of the range",
            definition=(
                "100 / 255 times the mean of the absolute differences over the region's pixels and the three RGB "
                "channels of one image, on uint8 values."
            ),
            value_range="0 to 100; exactly 0 for equal pictures",
            reference="the formula in NumPy float64",
            tolerance=1e-9,
            blind_to=(
                "Structure. It rewards the median colour of what could be in the hole. It is not the relative l1 "
                "(sum of differences over sum of values) of some papers."
            ),
            implementation="bench.metrics.pixel_error:l1_by_region",
            parameters=(("range", "255"),),
        ),
        MetricDeclaration(
            name="ms-ssim",
            unit="",
            higher_is_better=True,
            summary="structural similarity over five scales, RGB",
            definition=(
                "Wang et al., 2003: five scales with the weights 0.0448, 0.2856, 0.3001, 0.2363 and 0.1333. For each "
                "RGB channel, the product of the mean contrast term (SSIM without luminance) of the four finer scales "
                "and the mean SSIM of the coarsest, each to the power of its weight, a negative mean counted as 0; "
                "then the mean over the channels. Window, constants and valid area as in `ssim`, at every scale. "
                "Pictures are halved by means over 2x2 pixels, an odd side extended by its last row or column. "
                "Pictures with a side below 161 pixels have no fifth scale and are refused."
            ),
            value_range="0 to 1; exactly 1 for equal pictures",
            reference=(
                "the maps of torchmetrics `structural_similarity_index_measure` in float64 on the same pixels, "
                "multiplied as above"
            ),
            tolerance=1e-9,
            blind_to=(
                "What SSIM is blind to. It looks at the whole picture, so it also tells how large the hole is: compare "
                "models on the same holes."
            ),
            implementation="bench.metrics.multiscale:ms_ssim_by_region",
            regions=("full",),
            parameters=(
                ("scales", "5"),
                ("weights", "wang2003"),
                ("window", "gauss11"),
                ("sigma", "1.5"),
                ("k", "0.01,0.03"),
                ("cov", "population"),
                ("border", "valid"),
                ("half", "mean2x2"),
                ("channels", "rgb"),
                ("range", "255"),
            ),
        ),
        MetricDeclaration(
            name="l1-relative",
            unit="",
            higher_is_better=False,
            summary="sum of absolute differences over sum of values, for comparison with older tables",
            definition=(
                "Σ|a - b| / Σ(a + b) over the region's pixels and the three RGB channels of one image, on uint8 "
                "values. Undefined where both pictures are black. EdgeConnect takes it on grey, AOT-GAN on RGB."
            ),
            value_range="0 to 1; exactly 0 for equal pictures",
            reference="the formula in NumPy float64",
            tolerance=1e-12,
            blind_to=(
                "Structure, as `l1`. An error weighs more in a dark picture than in a bright one, so means over "
                "different pictures cannot be compared. Kept for old tables only: `l1` is the error to report."
            ),
            implementation="bench.metrics.relative_error:l1_relative_by_region",
            regions=("full", "hole"),
            parameters=(("denominator", "sum(a+b)"), ("channels", "rgb")),
        ),
        MetricDeclaration(
            name="label-accuracy",
            unit="%",
            higher_is_better=True,
            summary="share of the hole's pixels whose class the model predicts right",
            definition=(
                "Pixels whose predicted label is the true one over all truly labelled pixels of the hole, of one "
                "image. For models that complete label maps; undefined for others. Nothing is re-segmented."
            ),
            value_range="0 to 100",
            reference="NumPy counts of equal labels",
            tolerance=1e-9,
            blind_to=(
                "The picture: a model can predict the right labels and paint something else. Small classes: the "
                "largest decide."
            ),
            implementation="bench.metrics.label_agreement:accuracy_by_region",
            regions=("hole",),
            parameters=_PREDICTED_LABELS,
        ),
        MetricDeclaration(
            name="label-miou",
            unit="%",
            higher_is_better=True,
            summary="intersection over union of predicted and true labels, mean over the image's classes",
            definition=(
                "For each class, truly labelled pixels of the hole that have it in both maps over those that have it "
                "in either; then the mean over the classes that one of the maps has there, of one image. For models "
                "that complete label maps; undefined for others. The mean over images is not the mIoU of counts pooled "
                "over a data set, which segmentation benchmarks print."
            ),
            value_range="0 to 100",
            reference="`iou` of NumPy masks of each class",
            tolerance=1e-9,
            blind_to=(
                "The picture, as `label-accuracy`. Where a boundary runs, unless the object is small. A class of a few "
                "pixels weighs as much as the rest of the hole."
            ),
            implementation="bench.metrics.label_agreement:miou_by_region",
            regions=("hole",),
            parameters=(*_PREDICTED_LABELS, ("classes", "in-either")),
        ),
    )
}
"""The metrics of this package by name."""


def built_in(metric: str) -> MetricDeclaration:
    """The declaration of a metric of this package: what the registry creates."""
    return BUILT_IN[metric]


METRICS: Registry[MetricDeclaration] = Registry("metric", "spgbench.metrics")
"""All metrics. A plug-in's entry point names a function without arguments that returns a MetricDeclaration."""

for _metric in BUILT_IN.values():
    METRICS.add(_metric.name, f"{__name__}:built_in", _metric.summary, metric=_metric.name)


def declaration(name: str) -> MetricDeclaration:
    """The declaration of a metric, from here or from a plug-in.

    Raises UnknownName with suggestions, and UsageError when a plug-in returns something else than its declaration.
    """
    found = METRICS.create(name)
    if not isinstance(found, MetricDeclaration) or found.name != name:
        raise UsageError(
            f"plug-in metric '{name}'", f"return the MetricDeclaration of '{name}'", repr(found), "Mend the plug-in."
        )
    return found


def signature(name: str, region: Region, height: int, width: int) -> str:
    """The signature of `name` in one region for pictures of one size.

    For example `psnr|region:hole|range:255|agg:image-mean|composite:yes|v1`. Raises UnknownName, and UsageError for a
    region where the metric is not defined.
    """
    return declaration(name).signature(region, height, width)


def signatures(name: str, height: int, width: int) -> dict[Region, str]:
    """The signatures of `name` in all its regions; raises UnknownName."""
    metric = declaration(name)
    return {region: metric.signature(region, height, width) for region in metric.regions}
