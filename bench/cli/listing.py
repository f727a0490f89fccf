"""`spgbench ls`: what there is, without importing any of it."""

from __future__ import annotations

import json
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


_REGISTRIES = {
    Catalogue.models: "bench.models.catalogue:MODELS",
    Catalogue.datasets: "bench.data:DATASETS",
    Catalogue.protocols: "bench.masks:PROTOCOLS",
    Catalogue.metrics: "bench.metrics:METRICS",
    Catalogue.judges: "bench.segmentation:JUDGES",
    Catalogue.suites: "bench.evaluation.suite:SUITES",
}


def ls(
    what: Annotated[Catalogue, typer.Argument(help="Catalogue to list.", case_sensitive=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """List models, data sets, protocols, metrics, judges or suites.

    Example: spgbench ls models
    """
    module, _, attribute = _REGISTRIES[what].partition(":")
    registry: Registry[Any] = getattr(import_module(module), attribute)
    entries = list(registry)
    if as_json:
        typer.echo(
            json.dumps([{"name": entry.name, "summary": entry.summary, **_task(entry)} for entry in entries], indent=1)
        )
        return
    width, screen = max(len(entry.name) for entry in entries), screen_of_stdout()
    for entry in entries:
        line = f"{entry.name:{width}}  {entry.summary}"
        if _task(entry).get("task") == "removal":
            line += " (task: removal)"
        typer.echo(line if screen is None else paragraph(line, screen, " " * (width + 2)), nl=screen is None)


def _task(entry: Entry) -> dict[str, str]:
    """What a protocol of this package asks of a model; nothing for other entries."""
    info = dict(entry.options).get("info")
    return {"task": info.task} if isinstance(info, MaskInfo) else {}
