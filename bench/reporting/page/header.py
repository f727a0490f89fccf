"""The head of the page: what was run, how to run it again, and what a reader must be warned of."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from bench.metrics import MetricKey, is_ceiling
from bench.records import EnvironmentInfo, RunInfo
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.models import ListedModel
from bench.reporting.formatting import TIMES
from bench.reporting.tables.foot import missing_notes, unavailable_notes, warning_notes
from bench.reporting.titles import dataset_title, key_order

__all__ = ["Header", "page_header"]

_AS_GIVEN = "as given"
_LINE = 110


@dataclass(frozen=True)
class Header:
    """What stands at the head of the page.

    Attributes:
        title: of the data set.
        summary: of the run, in one sentence.
        warnings: what a reader must know first.
        data, versions, machine: of the run; empty where nothing was recorded.
        models: in order.
        protocols: in order.
        command: that runs it again, or empty when it cannot be run from the command line.
    """

    title: str
    summary: str
    warnings: tuple[str, ...]
    data: str
    models: tuple[ListedModel, ...]
    protocols: tuple[str, ...]
    versions: str
    machine: str
    command: str


def page_header(analysis: RunAnalysis) -> Header:
    """The head of a run's page."""
    info = analysis.run.info
    return Header(
        title=dataset_title(info),
        summary=_summary(info),
        warnings=tuple(_warnings(analysis)),
        data=_data(info),
        models=analysis.models,
        protocols=tuple(info.protocols),
        versions=", ".join(f"{library} {version}" for library, version in info.versions.items()),
        machine=_machine(info.environment),
        command=_command(info) if _can_be_run_again(info) else "",
    )


def _summary(info: RunInfo) -> str:
    counts = [
        _count(len(info.models), "model"),
        _count(len(info.protocols), "protocol"),
        _count(info.dataset.n, "picture"),
    ]
    return f"Suite {info.suite}: {f' {TIMES} '.join(counts)}, seed {info.seed}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _warnings(analysis: RunAnalysis) -> Iterator[str]:
    run, titles = analysis.run, analysis.titles_of(analysis.cell_keys)
    if run.missing:
        are = "is" if len(run.missing) == 1 else "are"
        cells = _count(len(titles), "cell")
        yield f"{len(run.missing)} of {cells} {are} not whole yet; the same command goes on where it stopped."
        yield from missing_notes(run.missing, titles)
    yield from warning_notes(run.cells, titles)
    failed: dict[str, int] = {}
    for key, cell in run.cells.items():
        if cell.n_failed:
            failed[titles[key]] = failed.get(titles[key], 0) + cell.n_failed
    if failed:
        who = ", ".join(f"{model} {count:,}" for model, count in failed.items())
        fills = _count(sum(failed.values()), "fill")
        yield f"{fills} failed ({who}). They are in no mean; the reasons stand below the tables."
    yield from unavailable_notes(run.info.unavailable)


def _data(info: RunInfo) -> str:
    dataset = info.dataset
    limit = f", {dataset.limit} pictures spread over it" if dataset.limit else ""
    return f"{dataset.name}, {dataset.split} split{limit}, revision {dataset.revision[:12]}"


def _machine(environment: EnvironmentInfo) -> str:
    """`cpu, Linux x86_64, Python 3.11.7`, whichever of it was recorded."""
    python = f"Python {environment.python}" if environment.python else ""
    system = f"{environment.system} {environment.machine}".strip()
    return ", ".join(filter(None, (environment.device, system, python)))


def _can_be_run_again(info: RunInfo) -> bool:
    return bool(info.models) and _AS_GIVEN not in {info.dataset.split, info.dataset.size}


def _command(info: RunInfo) -> str:
    """All options spelled out, so that no default that changes later matters."""
    dataset = info.dataset
    taken = [MetricKey.parse(key).metric for key in sorted(info.metrics, key=key_order)]
    metrics = dict.fromkeys([*(name for name in taken if not is_ceiling(name)), *info.unavailable])
    options = {
        "--models": ",".join(model.name for model in info.models),
        "--dataset": dataset.name,
        "--split": dataset.split,
        "--size": dataset.size,
        "--limit": dataset.limit,
        "--protocols": ",".join(info.protocols),
        "--metrics": ",".join(metrics),
        "--seed": info.seed,
    }
    lines = ["spgbench run"]
    for word in (f"{option} {shlex.quote(str(value))}" for option, value in options.items() if value is not None):
        if len(lines[-1]) + len(word) > _LINE:
            lines.append("   ")
        lines[-1] += f" {word}"
    return " \\\n".join(lines)
