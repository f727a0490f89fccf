"""From values to responses and verdicts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from bench.audit.distortion import Distortion
from bench.audit.redraw import DRAWS
from bench.audit.response import NoNoise, Responses, responses_of_images, responses_of_set, verdict_of
from bench.audit.states import REDRAWN, TRUTH, State
from bench.audit.values import Measured
from bench.errors import DataError
from bench.metrics import MetricDefinition, column_order
from bench.records.audit import AuditedDistortion, AuditedMetric, AuditInfo, AuditRecord, Response
from bench.vocabulary import Region

__all__ = ["summarise"]

_REGIONS: tuple[Region, ...] = ("hole", "boundary", "full")
"""Where a metric is audited: in the first of these in which it has a value."""

_NO_VALUE = "no value of a distorted picture: it takes a model's label maps, a text, or larger pictures"


def summarise(
    info: AuditInfo,
    measured: Measured,
    metrics: Sequence[MetricDefinition],
    signatures: Mapping[str, str],
    refused: Mapping[str, str],
) -> AuditRecord:
    """The record of an audit.

    Args:
        info: what was audited.
        measured: the values.
        metrics: those that were taken.
        signatures: `metric.region` to its signature.
        refused: metric that was not taken to the reason.
    """
    audited, responses, not_audited = [], [], dict(refused)
    states = [(one.name, grade) for one in measured.distortions for grade in one.grades]
    for metric in sorted(metrics, key=lambda metric: column_order(metric.name)):
        try:
            region, found = _responses(metric, measured, states)
        except NoNoise:
            not_audited[metric.name] = _NO_VALUE
        except DataError as error:
            not_audited[metric.name] = str(error)
        else:
            audited.append(_audited(metric, region, signatures, found))
            responses += _of_states(metric, states, found)
    return AuditRecord(
        info,
        tuple(_distortion(one, measured) for one in measured.distortions),
        tuple(audited),
        tuple(responses),
        not_audited,
    )


def _responses(metric: MetricDefinition, measured: Measured, states: Sequence[State]) -> tuple[Region, Responses]:
    """Where the metric is audited, and its responses; raises NoNoise and DataError."""
    if metric.aggregate == "set":
        kind = metric.features
        redrawn = [measured.features(kind, state) for state in REDRAWN]
        every = [measured.features(kind, state) for state in states]
        pairs = [(features, ~np.isnan(features).any(axis=1) & (features.shape[1] > 0)) for features in every]
        truth = measured.features(kind, TRUTH)
        return "full", responses_of_set(metric, truth, redrawn, pairs, measured.clusters)
    for region in _REGIONS:
        key = f"{metric.name}.{region}"
        if region in metric.regions:
            columns = [measured.values(key, state) for state in (*REDRAWN, *states)]
            values, distorted = np.stack(columns[:DRAWS], axis=1), np.stack(columns[DRAWS:], axis=1)
            if not np.isnan(values).any(axis=1).all():
                return region, responses_of_images(metric, values, distorted, measured.clusters)
    raise NoNoise


def _audited(
    metric: MetricDefinition, region: Region, signatures: Mapping[str, str], found: Responses
) -> AuditedMetric:
    return AuditedMetric(
        metric.name,
        metric.title,
        metric.unit,
        metric.higher_is_better,
        region,
        signatures[f"{metric.name}.{region}"],
        _digits(found.value),
        _digits(found.noise),
    )


def _of_states(metric: MetricDefinition, states: Sequence[State], found: Responses) -> list[Response]:
    """A response a state that could be made of some picture."""
    responses = []
    for index, (distortion, grade) in enumerate(states):
        change = float(found.change[index])
        if math.isnan(change):
            continue
        response, low, high = map(_digits, found.in_noise(index))
        ci95 = None if math.isnan(low) else (low, high)
        verdict = verdict_of(response, ci95)
        responses.append(
            Response(metric.name, distortion, grade, int(found.n[index]), _digits(change), response, ci95, verdict)
        )
    return responses


def _distortion(one: Distortion, measured: Measured) -> AuditedDistortion:
    """The distortion, with the pictures that have it at its strongest grade, and why others do not."""
    reasons: Counter[str] = measured.reasons[one.name, one.grades[-1]]
    n = len(measured.pictures) - reasons.total()
    return AuditedDistortion(one.name, one.title, one.unit, one.grades, one.summary, n, dict(reasons))


def _digits(value: float) -> float:
    """Six significant digits: more would differ between kinds of processors."""
    return float(f"{value:.6g}")
