"""Metrics under the rules of other evaluators: which evaluators there are, and which metrics are theirs."""

from __future__ import annotations

from collections.abc import Iterable

from bench.errors import UnknownName
from bench.metrics.catalogue import BUILT_IN, family_modules, find_definition
from bench.metrics.definition import MetricDefinition
from bench.metrics.evaluators.evaluator import Evaluator
from bench.registry import match_name

__all__ = ["EVALUATORS", "evaluators_of", "find_evaluators", "is_translation", "translations_of"]


def _evaluators() -> Iterable[Evaluator]:
    for module in family_modules("evaluators"):
        yield from getattr(module, "EVALUATORS", ())
        if hasattr(module, "EVALUATOR"):
            yield module.EVALUATOR


EVALUATORS = {one.name: one for one in sorted(_evaluators(), key=lambda one: one.name)}
"""Evaluators by name."""


def find_evaluators(names: Iterable[str]) -> tuple[str, ...]:
    """Those names as the catalogue writes them, each once; raises UnknownName with suggestions."""
    found = {name: match_name(name, EVALUATORS) for name in names}
    for name, match in found.items():
        if match is None:
            raise UnknownName("evaluator", name, EVALUATORS, "spgbench ls metrics")
    return tuple(dict.fromkeys(match for match in found.values() if match))


def translations_of(evaluator: str) -> tuple[MetricDefinition, ...]:
    """The metrics under the rules of an evaluator, in order."""
    every = (metric for metric in BUILT_IN.values() if metric.translation)
    return tuple(metric for metric in every if metric.translation and metric.translation.evaluator == evaluator)


def evaluators_of(metrics: Iterable[str]) -> tuple[str, ...]:
    """The evaluators whose rules are among these metrics, each once; names of any case."""
    found = (find_definition(match_name(name, BUILT_IN) or name) for name in metrics)
    return tuple(dict.fromkeys(one.translation.evaluator for one in found if one and one.translation))


def is_translation(name: str) -> bool:
    """Whether a metric is the rule of another evaluator, shown only where it is asked for."""
    found = find_definition(name)
    return found is not None and found.translation is not None
