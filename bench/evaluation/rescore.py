"""More metrics of a run, from the fills that it kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.errors import UsageError
from bench.evaluation.run import RunOutcome, run_suite
from bench.evaluation.suite import Suite
from bench.metrics import MetricKey
from bench.records import RunInfo, read_run

__all__ = ["rescore_run"]


def rescore_run(
    out: Path,
    metrics: Sequence[str],
    *,
    data_root: str | None = None,
    judge: str | None = None,
    device: str = "auto",
    progress: bool = False,
) -> RunOutcome:
    """Add metrics to the run in `out`; no model is called, and values that are recorded stay as they are.

    Args:
        metrics: names of the catalogue.
        data_root: folder of the data set; None for that of the run.
        judge: as for the run.

    Raises:
        UsageError: `out` holds no run, its data set cannot be found again, or a picture of it has no kept fill.
    """
    suite = _suite(read_run(out).info, metrics, data_root, judge)
    return run_suite(suite, out, device=device, models=(), reuse="only-kept", progress=progress)


def _suite(info: RunInfo, metrics: Sequence[str], data_root: str | None, judge: str | None) -> Suite:
    dataset = info.dataset
    if dataset.split == "as given":
        found = "one that was given in memory"
        raise UsageError("data set of the run", "have a name", found, "Call bench.evaluate with the data set again.")
    recorded = (MetricKey.parse(name).metric for name in info.metrics)
    return Suite(
        info.suite,
        models=(),
        protocols=tuple(info.given.get(name, name) for name in info.protocols),
        metrics=tuple(dict.fromkeys((*recorded, *info.unavailable, *metrics))),
        dataset=dataset.name,
        split=dataset.split,
        split_list=dataset.split_list.file if dataset.split_list else None,
        size=dataset.size,
        limit=dataset.limit,
        seed=info.seed,
        gallery=len(info.gallery),
        data_root=data_root or dataset.root,
        judge=judge or info.judge or None,
        gate=tuple(info.gate.items()),
        published=info.published,
    )
