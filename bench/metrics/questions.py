"""Which values of a run ask a question of their own, and those that a command was asked for.

The PSNR of the whole picture is that of the hole and a constant of the hole's size: it cannot tell two models apart
where the hole does not. Testing both asks one question twice, and each test makes all others weaker.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bench.errors import UnknownName, UsageError
from bench.metrics.catalogue import METRICS, find_definition, is_ceiling
from bench.metrics.definition import MetricKey
from bench.metrics.translations import is_translation
from bench.vocabulary import REGIONS, Region

__all__ = ["chosen_keys", "compared_keys", "follows_from"]


def follows_from(key: str, keys: Collection[str]) -> str:
    """The one of `keys` that answers the question of `key`, as its definition says; empty where none does."""
    parsed = MetricKey.parse(key)
    metric = find_definition(parsed.metric)
    hole = str(MetricKey(parsed.metric, "hole", parsed.class_name))
    return hole if metric and parsed.region in metric.derived and hole in keys else ""


def chosen_keys(
    keys: Iterable[str], metrics: Collection[str] | None = None, regions: Collection[str] | None = None
) -> list[str]:
    """Those of `keys` (`metric.region`) that are of these metrics and regions, in their order; None stands for all.

    Metrics under the rule of another evaluator are left out unless they are named.

    Raises:
        UnknownName: for a metric or a region that does not exist, with suggestions.
        UsageError: when no key is left.
    """
    every = list(keys)
    recorded = {MetricKey.parse(key).metric for key in every}
    names = None if metrics is None else {_metric(name, recorded) for name in metrics}
    places = None if regions is None else {_region(name) for name in regions}
    kept = [key for key in every if _fits(MetricKey.parse(key), names, places)]
    if every and not kept and (names is not None or places is not None):
        asked = " ".join([*sorted(names or ()), *sorted(places or ())])
        raise UsageError("--metrics and --regions", f"choose some of {', '.join(every)}", asked, "Choose others.")
    return kept


def compared_keys(
    keys: Iterable[str], metrics: Collection[str] | None = None, regions: Collection[str] | None = None
) -> list[str]:
    """As `chosen_keys`, for comparisons of models: without ceilings, which no model moves, unless they are named."""
    kept = chosen_keys(keys, metrics, regions)
    return [key for key in kept if metrics is not None or not is_ceiling(MetricKey.parse(key).metric)]


def _fits(key: MetricKey, metrics: set[str] | None, regions: set[Region] | None) -> bool:
    wanted = not is_translation(key.metric) if metrics is None else key.metric in metrics
    return wanted and (regions is None or key.region in regions)


def _metric(name: str, recorded: Collection[str]) -> str:
    """The name as records have it; that of a plug-in that is not installed here stands for itself."""
    same = [known for known in recorded if known.casefold() == name.casefold()]
    return same[0] if same else METRICS.find(name)[0].name


def _region(name: str) -> Region:
    for region in REGIONS:
        if region == name.casefold():
            return region
    raise UnknownName("region", name, REGIONS)
