"""The head of the page, with what a reader must be warned of, and its end: what was run, and how to run it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.records import EnvironmentInfo, ModelInfo, RunInfo
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.models import ListedModel
from bench.reporting.formatting import TIMES
from bench.reporting.run_again import command_of
from bench.reporting.tables.foot import missing_notes, unavailable_notes, warning_notes
from bench.reporting.titles import dataset_title

__all__ = ["Header", "ProvenanceModel", "page_header"]


@dataclass(frozen=True)
class ProvenanceModel:
    """A model as the end of the page lists it.

    Attributes:
        title: what it is called.
        fingerprint: its first 12 digits.
        facts: how it was given, where that is not its name, and its weights with their hash and data.
    """

    title: str
    fingerprint: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Header:
    """What stands at the head and at the end of the page.

    Attributes:
        title: of the data set.
        summary: of the run, in one sentence.
        warnings: what a reader must know first.
        data, versions, machine: of the run; empty where nothing was recorded.
        seed: of holes and models.
        models: in order.
        protocols: in order.
        command: that runs it again, or empty when it cannot be run from the command line.
        relative: whether the command holds paths that may be relative.
    """

    title: str
    summary: str
    warnings: tuple[str, ...]
    data: str
    models: tuple[ProvenanceModel, ...]
    protocols: tuple[str, ...]
    seed: int
    versions: str
    machine: str
    command: str
    relative: bool


def page_header(analysis: RunAnalysis) -> Header:
    """The head of a run's page."""
    info = analysis.run.info
    return Header(
        title=dataset_title(info),
        summary=_summary(info),
        warnings=tuple(_warnings(analysis)),
        data=_data(info),
        models=tuple(map(_model, analysis.models, info.models)),
        protocols=tuple(info.protocols),
        seed=info.seed,
        versions=", ".join(f"{library} {version}" for library, version in info.versions.items()),
        machine=_machine(info.environment),
        command=command_of(info),
        relative=bool(info.given or info.dataset.root) or any(map(_names_a_file, info.models)),
    )


def _summary(info: RunInfo) -> str:
    counts = [
        _count(len(info.models), "model"),
        _count(len(info.protocols), "protocol"),
        _count(info.dataset.n, "picture"),
    ]
    return f"Suite {info.suite}: {f' {TIMES} '.join(counts)}."


def _model(listed: ListedModel, info: ModelInfo) -> ProvenanceModel:
    facts = [f"given as {info.given}"] if info.given and info.given != info.name else []
    if info.weights:
        trained_on = ", ".join(info.weights.trained_on) or "data that no card names"
        facts.append(f"weights {info.weights.name} ({info.weights.sha256[:12]}), trained on {trained_on}")
    return ProvenanceModel(listed.title, listed.fingerprint[:12], tuple(facts))


def _names_a_file(model: ModelInfo) -> bool:
    given = model.given or ""
    return given != model.name and (":" in given or "weights=" in given)


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
    yield from (f"{warning}." for warning in run.info.weight_warnings)
    yield from unavailable_notes(run.info.unavailable)


def _data(info: RunInfo) -> str:
    dataset = info.dataset
    chosen = f" by list {dataset.split_list.file}" if dataset.split_list else ""
    limit = f", {dataset.limit} pictures spread over it" if dataset.limit else ""
    return f"{dataset.name}, {dataset.split} split{chosen}{limit}, revision {dataset.revision[:12]}"


def _machine(environment: EnvironmentInfo) -> str:
    """`cpu, Linux x86_64, Python 3.11.7`, whichever of it was recorded."""
    python = f"Python {environment.python}" if environment.python else ""
    system = f"{environment.system} {environment.machine}".strip()
    return ", ".join(filter(None, (environment.device, system, python)))
