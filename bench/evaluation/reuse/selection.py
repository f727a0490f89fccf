"""What of a cell is recorded and still fits what is asked, and what has to run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from bench.evaluation.plan import Cell, Plan
from bench.evaluation.reuse.examination import Drawn
from bench.records import Record
from bench.records.cell_store import Results, SampleResult

__all__ = ["Recorded", "drawn_of", "select", "sort_results"]


@dataclass(frozen=True)
class Recorded:
    """The results of a cell.

    Attributes:
        whole: sample id to a result that holds all that is asked.
        partial: sample id to a result that lacks values or features.
        others: results of samples that are not asked for.
        changed: how many samples have another output now than the one that was recorded: it was replaced.
    """

    whole: Mapping[str, SampleResult]
    partial: Mapping[str, SampleResult]
    others: Sequence[SampleResult]
    changed: int = 0


def select(plan: Plan, cell: Cell, results: Results, drawn: Mapping[tuple[str, str], Drawn]) -> Recorded:
    """Sort the results of a cell, as `sort_results` does, by what the plan asks of it.

    Args:
        drawn: hashes of pictures and holes that were drawn again, by protocol and sample.
    """
    measured, protocol = plan.measurements[cell.protocol.name], cell.protocol.name
    hashes = {sample: drawn[protocol, sample] for sample in results if (protocol, sample) in drawn}
    return sort_results(plan.revisions, results, measured.keys_of_images, measured.feature_names, hashes)


def sort_results(
    revisions: Mapping[str, str],
    results: Results,
    values: Collection[str],
    features: Collection[str],
    drawn: Mapping[str, Drawn],
) -> Recorded:
    """Sort the results of a cell.

    A result fits when it is of the same version of the sample and, where the hole was drawn again, of the same picture,
    hole, removed object and edit. Values of one output are put together; of two that differ, the older one stays.

    Args:
        revisions: of the pictures that are asked for, by sample id.
        values: `metric.region` of all that an `ok` picture must have.
        features: names of the features that it must have.
        drawn: hashes of pictures and holes that were drawn again, by sample id.
    """
    whole: dict[str, SampleResult] = {}
    partial: dict[str, SampleResult] = {}
    changed, asked = 0, frozenset(values)
    for sample, revision in revisions.items():
        found = results.get(sample)
        if not found:
            continue
        hashes = drawn.get(sample)
        fitting = [one for one in found if one.record.revision == revision]
        if hashes:
            fitting = [one for one in fitting if drawn_of(one.record) == hashes]
        if len(fitting) == 1:
            (whole if _has_all(asked, features, fitting[0]) else partial)[sample] = fitting[0]
        elif fitting:
            merged = _merged([one for one in fitting if _output(one) == _output(fitting[-1])])
            changed += any(_output(one) != _output(fitting[-1]) for one in fitting)
            (whole if _has_all(asked, features, merged) else partial)[sample] = merged
    others = [results[sample][-1] for sample in sorted(results.keys() - revisions.keys())]
    return Recorded(whole, partial, others, changed)


def drawn_of(record: Record) -> Drawn:
    """What a record is of, as drawing its picture and hole again must give it."""
    if record.status == "skipped":
        return "", record.reason, "", ""
    return record.image_sha256, record.hole_sha256, record.removed_sha256, record.edit_sha256


def _output(result: SampleResult) -> tuple[str, str]:
    return result.record.status, result.record.output_sha256


def _merged(results: Sequence[SampleResult]) -> SampleResult:
    """The latest of several results of one output, with what the older ones hold."""
    merged = results[-1]
    for older in reversed(results[:-1]):
        values, features = merged.record.values | older.record.values, {**merged.features, **older.features}
        merged = SampleResult(replace(merged.record, values=values), features)
    return merged


def _has_all(values: Set[str], features: Collection[str], result: SampleResult) -> bool:
    if result.record.status != "ok":
        return True
    return values <= result.record.values.keys() and all(name in result.features for name in features)
