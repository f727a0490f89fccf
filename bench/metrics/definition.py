"""All facts about a metric, as data (`MetricDefinition`), and the key of a value in records (`MetricKey`)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from bench.errors import UsageError
from bench.metrics.width import BOUNDARY_SHARE, BoundaryWidth, boundary_width
from bench.registry import Entry, Registry
from bench.removal import TASKS, Task
from bench.vocabulary import REGIONS, Region

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    from bench.metrics.view import BatchView

    ByRegion: TypeAlias = Callable[[BatchView], dict[str, torch.Tensor]]
    Features: TypeAlias = npt.NDArray[np.floating[Any]]
    Rows: TypeAlias = npt.NDArray[np.intp]
    Distance: TypeAlias = Callable[[Features, Features], tuple[float, float | None]]
    DistanceOfBlocks: TypeAlias = Callable[[Iterable[tuple[Features, Features]]], tuple[float, float | None]]
    DistanceOfDraws: TypeAlias = Callable[[Features, Features, Sequence[Rows]], npt.NDArray[np.float64]]

__all__ = ["FewPictures", "MetricDefinition", "MetricKey", "Translation"]

_IMPORTER: Registry[Any] = Registry("metric", "spgbench.metrics")  # its errors name the metric and the missing module


@dataclass(frozen=True)
class MetricKey:
    """What a value in a record is of: `psnr.hole`, or `label-miou.hole.car` of one class.

    Attributes:
        metric: name of the metric.
        region: where it is taken.
        class_name: key of a class (see `bench.metrics.class_keys`), empty for all classes together.
    """

    metric: str
    region: Region
    class_name: str = ""

    @classmethod
    def parse(cls, text: str) -> MetricKey:
        """The key that `str` writes; raises UsageError for anything else."""
        metric, _, rest = text.partition(".")
        region, dot, class_name = rest.partition(".")
        if not metric or region not in REGIONS or (dot and not class_name) or "." in class_name:
            must = f"be METRIC.REGION or METRIC.REGION.CLASS with a region of {', '.join(REGIONS)}"
            raise UsageError("key of a metric", must, repr(text), "For example psnr.hole or label-miou.hole.car.")
        return cls(metric, region, class_name)

    def __str__(self) -> str:
        return ".".join(filter(None, (self.metric, self.region, self.class_name)))


@dataclass(frozen=True)
class FewPictures:
    """What to say of a metric of sets when it is taken of few pictures.

    Attributes:
        below: the note stands for fewer pictures than this.
        note: follows `N = 20 is below`.
    """

    below: int
    note: str

    def of(self, n: int) -> str:
        """The note for `n` pictures, or nothing."""
        return f"N = {n} is below {self.note}" if n < self.below else ""


@dataclass(frozen=True)
class Translation:
    """What makes a metric the rule of another evaluator.

    Attributes:
        evaluator: its name for `spgbench report --as`, and in signatures: `brushbench`.
        score: what the evaluator calls the score; a signature begins with it.
        beside: `metric.region` of the own number that it is shown beside.
        difference: how the two differ, in one line.
        infinite_mean: whether one exact picture makes the mean of the evaluator infinite.
    """

    evaluator: str
    score: str
    beside: str
    difference: str
    infinite_mean: bool = False


@dataclass(frozen=True)
class MetricDefinition:
    """A metric: what it computes, how it is shown, tested and gated, and where the code is.

    Attributes:
        name: key in records, `psnr` in `psnr.hole`.
        title: in tables, plots and pages.
        unit: unit of the value, empty for a pure number.
        higher_is_better: direction.
        summary: one line for listings.
        definition: the formula in words, complete enough to compute it again.
        value_range: the values that it can take, in words.
        reference: the implementation that a test compares it with.
        reference_tolerance: the largest difference from `reference` that the test allows, in the metric's unit.
        blind_to: what it cannot see, for readers of a table.
        implementation: `"module:attribute"` of a function `(BatchView, **options) -> {region: float64 [N]}`; a metric
            by class also gives `{"region.class": float64 [N]}`. Of an aggregate `set`, of a function
            `(features of the truth, features of the completed pictures, **options) -> (value, standard error or None)`,
            features as float [N, D] arrays.
        order: place in listings and tables, small ones first; equal ones stand by name.
        regions: where it is defined.
        derived: regions whose difference between two models follows from that in the hole: no question of their own.
        parameters: name and value of everything in the definition that other evaluators choose differently.
        version: raised when a change of code changes a value.
        options: keyword arguments of the implementation.
        width: the boundary width that it looks at; handed on as the option `width`.
        tolerance: the largest change, in the metric's unit, that the regression gate takes for rounding; of one
            picture's value, or of the value of an aggregate `set`.
        relative_tolerance: the same as a share of the baseline's value; the larger of the two holds.
        margins: region and amount, `("hole", "0.1dB")`: what the paired gate holds unless told otherwise.
        cap: what an infinite value of a picture, and a greater one than this, counts as in every mean, interval and
            test, in the metric's unit; None: an infinite value is in none of them.
        aggregate: `image-mean`, a value an image and their mean; `set`, one value of all images together.
        features: for an aggregate `set`, which features it is taken of: `fid`, `fid-clean`, `fid-torch` or
            `squared-error`.
        resampling: for an aggregate `set`, how it is found out how far the value would move with other pictures:
            `half-samples` takes the metric of random halves of them (`bench.metrics.resampling`); empty: not at all,
            and the gate and comparisons print the metric without an interval.
        blocks: `"module:attribute"` of a function `(pairs of float [n, D] blocks of the truth and of the completed
            pictures, **options) -> (value, standard error or None)` for an aggregate `set` of more pictures than memory
            should hold; or empty: it needs all features at once.
        draws: `"module:attribute"` of a function `(features of the truth, of the completed pictures, rows of each draw,
            **options) -> float64 [draws]` that takes the metric of all draws faster than one by one; or empty.
        few: for an aggregate `set`, what to say when there are few pictures.
        needs_truth: whether it compares with the truth, so that it is refused where a removal has none.
        tasks: what protocols may ask of a model for the metric to mean something.
        needs: what must be at hand: `judge`, `prompts` of the data set, the library `transformers`, or names of weights
            that `spgbench fetch weights` takes; where one is missing, those behind it are not looked for.
        beside: metrics that are always taken with it, since it means little without them.
        ceiling_of: the metric that this one bounds: the same number for every model, printed below tables.
        same_for_all: whether it is the same number for every model, so that it ranks none and is no column of theirs.
        by_class: whether it also has a value for each class.
        fills: how many fills of a hole it is taken of, where that is not one.
        translation: which rule of another evaluator it is; such metrics are shown only where they are asked for.
    """

    name: str
    title: str
    unit: str
    higher_is_better: bool
    summary: str
    definition: str
    value_range: str
    reference: str
    reference_tolerance: float
    blind_to: str
    implementation: str
    order: int = 1000
    regions: tuple[Region, ...] = REGIONS
    derived: tuple[Region, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    version: int = 1
    options: tuple[tuple[str, Any], ...] = ()
    width: BoundaryWidth | None = None
    tolerance: float = 1e-9
    relative_tolerance: float = 0.0
    margins: tuple[tuple[Region, str], ...] = ()
    cap: float | None = None
    aggregate: Literal["image-mean", "set"] = "image-mean"
    features: str = ""
    resampling: Literal["", "half-samples"] = ""
    blocks: str = ""
    draws: str = ""
    few: FewPictures | None = None
    needs_truth: bool = True
    tasks: tuple[Task, ...] = TASKS
    needs: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    ceiling_of: str = ""
    same_for_all: bool = False
    by_class: bool = False
    fills: int = 0
    translation: Translation | None = None

    def load(self) -> ByRegion:
        """Import the implementation of a metric of images; raises UsageError when that fails."""
        return cast("ByRegion", self._load(self.implementation))

    def load_distance(self) -> Distance:
        """Import the implementation of a metric of sets; raises UsageError when that fails."""
        return cast("Distance", self._load(self.implementation))

    def load_blocks(self) -> DistanceOfBlocks | None:
        """Import what takes features block by block; None where there is no such function; raises UsageError."""
        return cast("DistanceOfBlocks", self._load(self.blocks)) if self.blocks else None

    def load_draws(self) -> DistanceOfDraws | None:
        """Import what takes many draws at once; None where there is no such function; raises UsageError."""
        return cast("DistanceOfDraws", self._load(self.draws)) if self.draws else None

    def signature(self, region: Region, height: int, width: int) -> str:
        """All that a value depends on, for pictures of one size; raises UsageError where the metric is undefined."""
        if region not in self.regions:
            raise UsageError(f"region of {self.name}", f"be one of {', '.join(self.regions)}", repr(region))
        rule = self.translation
        fields = [rule.score, f"as:{rule.evaluator}"] if rule else [self.name]
        fields.append(f"region:{region}")
        if region == "boundary":
            fields += [f"band:{boundary_width(height, width)}px", f"band-share:{BOUNDARY_SHARE}"]
        if self.width:
            fields += [f"width:{self.width.pixels(height, width)}px", f"width-share:{self.width.share}"]
        fields += [f"{key}:{value}" for key, value in self.parameters]
        fields += [f"agg:{self.aggregate}", *([] if self.cap is None else [f"cap:{self.cap:g}"])]
        composite = "no" if region == "known" else "yes"
        return "|".join([*fields, f"composite:{composite}", f"v{self.version}"])

    def _load(self, target: str) -> Callable[..., Any]:
        found = _IMPORTER.load(Entry(self.name, target, self.summary))
        options = dict(self.options) | ({"width": self.width} if self.width else {})
        return functools.partial(found, **options) if options else found
