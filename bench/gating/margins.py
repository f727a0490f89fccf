"""Limits: margins of the paired gate, and tolerances of the regression gate."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.errors import UnknownName, UsageError
from bench.metrics import METRICS, MetricKey, definition, find_definition
from bench.registry import match_name

__all__ = [
    "EXACT",
    "Margin",
    "default_margins",
    "default_tolerances",
    "named_margins",
    "parse_limit",
    "tolerance",
]

EXACT = 1e-9
"""Tolerance of metrics that are not known here: exact up to the last bits."""


@dataclass(frozen=True)
class Margin:
    """An amount, as written.

    Attributes:
        amount: 0 or more.
        unit: `dB`, `%`, or empty for the metric's own unit.
    """

    amount: float
    unit: str = ""

    def absolute(self, metric: str, unit: str, baseline_mean: float) -> float:
        """The margin in the metric's unit.

        `%` is relative to the baseline's mean, except for a metric that is itself in %: there it is percentage points.
        Raises UsageError for another unit than the metric's.
        """
        if self.unit == "%" and unit != "%":
            return self.amount / 100 * abs(baseline_mean)
        if self.unit not in ("", unit):
            raise UsageError(
                f"margin of {metric}",
                f"be in {unit} or %" if unit and unit != "%" else "be in %" if unit else "be a plain number or in %",
                repr(self.unit),
                f"Write {metric}:{self.amount:g}{unit}.",
            )
        return self.amount


def default_margins() -> dict[str, str]:
    """`metric.region` to what the paired gate holds unless told otherwise, as far as the runs have it."""
    every = (definition(entry.name) for entry in METRICS)
    return {f"{metric.name}.{region}": amount for metric in every for region, amount in metric.margins}


def default_tolerances() -> dict[str, float]:
    """Metric to the largest change of one picture's value, in its unit, that the regression gate takes for rounding.

    Metrics that must be exact up to the last bits are left out.
    """
    every = (definition(entry.name) for entry in METRICS)
    return {
        metric.name: metric.tolerance
        for metric in every
        if metric.aggregate == "image-mean" and metric.tolerance > EXACT
    }


def parse_limit(text: str, option: str = "--fail") -> tuple[str, Margin]:
    """`psnr.hole:0.05dB` as `("psnr.hole", Margin(0.05, "dB"))`; raises UsageError for anything else."""
    name, _, amount = text.partition(":")
    found = re.fullmatch(r"(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)\s*([^\d\s.]*)", amount.strip())
    if not name.strip() or found is None or not math.isfinite(float(found[1])):
        raise UsageError(
            f"{option} {text!r}",
            "be METRIC.REGION:AMOUNT with an optional unit",
            f"the amount {amount!r}" if name.strip() else "no metric",
            f"For example {option} psnr.hole:0.05dB.",
        )
    return name.strip(), Margin(float(found[1]), found[2])


def named_margins(
    wanted: Mapping[str, Margin | str] | None, units: Mapping[str, str], option: str = "--fail"
) -> dict[str, Margin]:
    """The margins to hold, each with a metric that the baseline has.

    Args:
        wanted: `metric.region` to its margin; None takes `default_margins`, as far as the baseline has them.
        units: `metric.region` to unit, of everything that the baseline has.
        option: where the margins were given, for messages.

    Raises:
        UnknownName: for a metric or region that the baseline does not have, with suggestions.
        UsageError: for a margin in another unit than its metric's, or when no default margin applies.
    """
    if wanted is None:
        margins = {name: parse_limit(f"{name}:{text}")[1] for name, text in default_margins().items() if name in units}
        if not margins:
            raise UsageError("the gate", "know a margin", f"none for {', '.join(units)}", "Give --fail METRIC:AMOUNT.")
        return margins
    margins = {
        match_name(name, units) or name: parse_limit(f"{name}:{margin}")[1] if isinstance(margin, str) else margin
        for name, margin in wanted.items()
    }
    _known(margins, units, option)
    for name, margin in margins.items():
        margin.absolute(name, units[name], 1.0)
    return margins


def tolerance(metric: str, wanted: Mapping[str, Margin] | None = None) -> Margin:
    """The tolerance of `metric.region`: as wanted for it, else of its metric, else exact up to rounding."""
    if wanted and metric in wanted:
        return wanted[metric]
    known = find_definition(MetricKey.parse(metric).metric)
    return Margin(known.tolerance if known else EXACT)


def _known(names: Iterable[str], known: Iterable[str], option: str) -> None:
    for name in names:
        if name not in known:
            raise UnknownName(f"metric in {option}", name, known)
