"""`spgbench ls`: what there is, without importing any of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from importlib import import_module
from typing import Annotated, Any

import typer

from bench.cli.console.screen import paragraph, screen_of_stdout
from bench.masks.mask_info import MaskInfo
from bench.registry import Entry, Registry

__all__ = ["Catalogue", "ls"]


class Catalogue(StrEnum):
    """What can be listed."""

    models = "models"
    datasets = "datasets"
    protocols = "protocols"
    metrics = "metrics"
    judges = "judges"
    suites = "suites"
    splits = "splits"


_REGISTRIES = {
    Catalogue.models: "bench.models.catalogue:MODELS",
    Catalogue.datasets: "bench.data:DATASETS",
    Catalogue.protocols: "bench.masks:PROTOCOLS",
    Catalogue.metrics: "bench.metrics:METRICS",
    Catalogue.judges: "bench.segmentation:JUDGES",
    Catalogue.suites: "bench.evaluation.suite:SUITES",
    Catalogue.splits: "bench.data.known_splits:SPLITS",
}


def ls(
    what: Annotated[Catalogue, typer.Argument(help="Catalogue to list.", case_sensitive=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """List models, data sets, protocols, metrics, judges, suites or published splits.

    Metrics under the rules of other evaluators stand below the others, a line an evaluator.

    Example: spgbench ls models
    """
    module, _, attribute = _REGISTRIES[what].partition(":")
    registry: Registry[Any] = getattr(import_module(module), attribute)
    entries = list(registry)
    if as_json:
        facts = [{"name": entry.name, "summary": entry.summary, **_task(entry)} for entry in entries]
        if what is Catalogue.splits:
            facts = [one | asdict(registry.create(one["name"])) for one in facts]
        typer.echo(json.dumps(facts, indent=1))
        return
    rules = _rules() if what is Catalogue.metrics else {}
    theirs = {name for names in rules.values() for name in names}
    _print_lines({entry.name: _line(entry) for entry in entries if entry.name not in theirs})
    if rules:
        typer.echo("\nUnder the rules of other evaluators, for `spgbench report OUT --as NAME`:\n")
        _print_lines(
            {name: ", ".join(metrics) or "nothing that can be computed here" for name, metrics in rules.items()}
        )


def _rules() -> dict[str, list[str]]:
    """Evaluator to its metrics."""
    from bench.metrics.translations import EVALUATORS, translations_of

    return {name: [metric.name for metric in translations_of(name)] for name in EVALUATORS}


def _print_lines(lines: Mapping[str, str]) -> None:
    width, screen = max(map(len, lines)), screen_of_stdout()
    for name, text in lines.items():
        line = f"{name:{width}}  {text}"
        typer.echo(line if screen is None else paragraph(line, screen, " " * (width + 2)), nl=screen is None)


def _line(entry: Entry) -> str:
    return f"{entry.summary} (task: removal)" if _task(entry).get("task") == "removal" else entry.summary


def _task(entry: Entry) -> dict[str, str]:
    """What a protocol of this package asks of a model; nothing for other entries."""
    info = dict(entry.options).get("info")
    return {"task": info.task} if isinstance(info, MaskInfo) else {}
