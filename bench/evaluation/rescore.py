"""More metrics of a run, from the fills that it kept, and from folders of predictions that still lie there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import bench.models
from bench.errors import SpgbenchError, UsageError
from bench.evaluation.run import RunOutcome, run_suite
from bench.evaluation.suite import Suite
from bench.metrics import MetricKey
from bench.models.model_name import ModelName
from bench.records import ModelInfo, RunInfo, read_run
from bench.vocabulary import StoredPredictions

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

    The fills of a row that is a folder of predictions are read from that folder, where its files are the recorded ones.

    Args:
        metrics: names of the catalogue.
        data_root: folder of the data set; None for that of the run.
        judge: as for the run.

    Raises:
        UsageError: `out` holds no run, its data set cannot be found again, or a picture of it has no kept fill.
    """
    info = read_run(out).info
    suite, folders = _suite(info, metrics, data_root, judge), tuple(_folders(info.models))
    return run_suite(suite, out, device=device, models=folders, reuse="only-kept", progress=progress)


def _folders(models: Iterable[ModelInfo]) -> Iterator[str]:
    """The texts that named folders of predictions, of those whose files did not change."""
    for model in models:
        if model.given and ModelName.parse(model.given).base.startswith("folder:"):
            with suppress(SpgbenchError):  # no longer there, or not from this working directory
                found = bench.models.load(model.given)
                if isinstance(found, StoredPredictions) and found.fingerprint == model.fingerprint:
                    yield model.given


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
