"""What there is to say about a metric, in data: `MetricDeclaration`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from bench.errors import UsageError
from bench.metrics.widths import BAND_SHARE, Width, boundary_width
from bench.registry import Entry, Registry
from bench.vocabulary import REGIONS, Region

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    from bench.metrics.comparison import Comparison

    ByRegion: TypeAlias = Callable[[Comparison], dict[str, torch.Tensor]]
    Features: TypeAlias = npt.NDArray[np.float32]
    Distance: TypeAlias = Callable[[Features, Features], tuple[float, float | None]]

__all__ = ["MetricDeclaration"]

_IMPORTER: Registry[Any] = Registry("metric", "spgbench.metrics")  # knows how to say that an import failed


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
        implementation: `"module:attribute"` of a function `(Comparison, **options) -> {region: float64 [N]}`; a metric
            by class also gives `{"region.class": float64 [N]}`. Of an aggregate `set`, of a function
            `(features of the truth, features of the completed pictures, **options) -> (value, standard error or None)`.
        regions: where it is defined.
        parameters: name and value of everything in the definition that other evaluators choose differently.
        version: raised when a change of code changes a value.
        options: keyword arguments of the implementation.
        width: what it looks at, where that is a share of the diagonal; handed on as the option `width`.
        aggregate: `image-mean`, a value an image and their mean; `set`, one value of all images together.
        features: for an aggregate `set`, which features it is taken of.
        needs: what must be at hand: `judge`, or names of weights that `spgbench fetch weights` takes.
        beside: metrics that are always taken with it, since it means little without them.
        by_class: whether it also has a value for each class.
        fills: how many fills of a hole it is taken of, where that is not one.
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
    options: tuple[tuple[str, Any], ...] = ()
    width: Width | None = None
    aggregate: Literal["image-mean", "set"] = "image-mean"
    features: str = ""
    needs: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    by_class: bool = False
    fills: int = 0

    def load(self) -> ByRegion:
        """Import the implementation of a metric of images; raises UsageError when that fails."""
        return cast("ByRegion", self._load())

    def load_distance(self) -> Distance:
        """Import the implementation of a metric of sets; raises UsageError when that fails."""
        return cast("Distance", self._load())

    def signature(self, region: Region, height: int, width: int) -> str:
        """All that a value depends on, for pictures of one size; raises UsageError where the metric is undefined."""
        if region not in self.regions:
            raise UsageError(f"region of {self.name}", f"be one of {', '.join(self.regions)}", repr(region))
        fields = [self.name, f"region:{region}"]
        if region == "boundary":
            fields += [f"band:{boundary_width(height, width)}px", f"band-share:{BAND_SHARE}"]
        if self.width:
            fields += [f"width:{self.width.pixels(height, width)}px", f"width-share:{self.width.share}"]
        fields += [f"{key}:{value}" for key, value in self.parameters]
        composite = "no" if region == "known" else "yes"
        return "|".join([*fields, f"agg:{self.aggregate}", f"composite:{composite}", f"v{self.version}"])

    def _load(self) -> Callable[..., Any]:
        found = _IMPORTER.load(Entry(self.name, self.implementation, self.summary))
        options = dict(self.options) | ({"width": self.width} if self.width else {})
        return functools.partial(found, **options) if options else found
