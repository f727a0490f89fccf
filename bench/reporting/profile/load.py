"""A load test as files: tables in Markdown, HTML, LaTeX and CSV, and a plot for each kind of scenario."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.records import RunLayout, write_atomically
from bench.records.load import LoadRecord, LoadResults
from bench.reporting.csv_text import csv_text
from bench.reporting.formatting import NOTHING, TIMES, grouped_digits
from bench.reporting.plots.load import rate_plot, streams_plot
from bench.reporting.plots.style import save, styled
from bench.reporting.tables.latex import escape_latex
from bench.reporting.tables.markdown import escape_markdown, markdown_grid
from bench.reporting.templating import html_environment
from bench.reporting.titles import resolution_title

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load_frame", "load_table", "report_load"]

_COLUMNS = ("model", "scenario", "size", "batch", "setting", "result", "budget", "p50 ms", "p90 ms", "p99 ms", "n", "")
_LEFT = (0, 1, 4, 5, 11)
_LEGEND = (
    f"size: height {TIMES} width. batch: the most pictures that one call takes. Latency from the scheduled arrival of "
    "a query to its answer in host memory. single-stream: one picture after the other; multi-stream: queries of eight "
    "pictures; offline: all pictures at hand; server: Poisson arrivals of one picture each, and the highest rate whose "
    "p99 is within the budget with a confidence of 99 %, in a trial with other arrivals than those of the search. "
    "p50, p90, p99 of n queries (offline: calls). INVALID: the machine was not quiet or not steady meanwhile."
)


def load_table(found: LoadResults) -> str:
    """The table as Markdown that also reads well on a terminal."""
    rows = [[escape_markdown(text) for text in _line(record)] for record in _shown(found)]
    parts = [f"# Load on {escape_markdown(_machine(found))}\n", markdown_grid(_COLUMNS, rows, left=_LEFT), ""]
    parts += [f"- {escape_markdown(note)}" for note in _notes(found)]
    return "\n".join([*parts, "", escape_markdown(_LEGEND)]) + "\n"


def load_frame(found: LoadResults) -> pd.DataFrame:
    """A row a trial, in seconds and queries a second; what has no value is missing."""
    import pandas as pd

    return pd.DataFrame([row for record in found.records for row in _trial_rows(record)])


def report_load(found: LoadResults) -> list[Path]:
    """Write `tables/load.{md,html,tex,csv}` and `plots/load-*.{png,pdf}` beside the records; returns the paths."""
    layout = RunLayout(found.layout.out)
    texts = {
        "md": load_table(found),
        "html": _html(found),
        "tex": _latex(found),
        "csv": csv_text(load_frame(found)),
    }
    written = [layout.tables / f"load.{suffix}" for suffix in texts]
    for path, text in zip(written, texts.values(), strict=True):
        write_atomically(path, text)
    with styled(record.model for record in found.records):
        for name, figure in (("rates", rate_plot(found)), ("streams", streams_plot(found))):
            if figure is not None:
                written += save(figure, layout.plots / f"load-{name}")
    return written


def _shown(found: LoadResults) -> list[LoadRecord]:
    return [record for record in found.records if record.measured]


def _machine(found: LoadResults) -> str:
    facts = found.environment
    return f"{facts['device_name']} ({facts['device']}, torch {facts['libraries'].get('torch', '?')})"


def _line(record: LoadRecord) -> list[str]:
    trial, configuration = record.result, record.configuration
    other = "" if trial is not None else record.verdict
    marks = ("INVALID" if record.invalid else "", record.status if record.status != "ok" else "")
    budget = NOTHING if record.budget_s is None else f"p{record.percent:g} {1e3 * record.budget_s:g} ms"
    times = [NOTHING] * 3 if trial is None else [f"{1e3 * trial.latency(p):,.3g}" for p in (50, 90, 99)]
    return [
        record.model,
        record.scenario,
        resolution_title(configuration),
        str(configuration.batch_size),
        configuration.setting,
        _result(record) or other,
        budget,
        *times,
        NOTHING if trial is None else str(len(trial.latency_us)),
        " ".join(filter(None, marks)),
    ]


def _result(record: LoadRecord) -> str:
    """`p90 12.1 ms`, `81.2 pictures/s`, or `35 queries/s`."""
    trial = record.result
    if trial is None:
        return ""
    if record.scenario == "offline":
        return f"{grouped_digits(trial.pictures_per_s)} pictures/s"
    if record.scenario == "server":
        return f"{grouped_digits(trial.rate)} queries/s"
    return f"p{record.percent:g} {1e3 * trial.latency(record.percent):.3g} ms"


def _notes(found: LoadResults) -> Iterable[str]:
    for record in found.records:
        where = f"{record.model}, {record.scenario}, {record.configuration}"
        if record.reason:
            yield f"{where}: {record.status}: {record.reason}"
        elif record.result is not None and record.asked_rate is not None and "not held" in record.verdict:
            yield f"{where}: {record.verdict}"
        if record.invalid:
            yield f"{where}: INVALID: {record.invalid}"
    for name, reason in found.environment["not_loaded"].items():
        yield f"{name} was not tested: {reason}"


def _trial_rows(record: LoadRecord) -> Iterable[dict[str, Any]]:
    configuration = record.configuration
    for trial in record.trials:
        yield {
            "model": record.model,
            "fingerprint": record.fingerprint,
            "device": record.device,
            "device_name": record.device_name,
            "scenario": record.scenario,
            "height": configuration.height,
            "width": configuration.width,
            "batch_size": configuration.batch_size,
            "precision": configuration.precision,
            "memory_format": configuration.memory_format,
            "mode": configuration.mode,
            "status": record.status,
            "invalid": record.invalid,
            "budget_s": record.budget_s,
            "purpose": trial.purpose,
            "rate": trial.rate,
            "seed": trial.seed,
            "planned": trial.queries,
            "answered": len(trial.latency_us),
            "ended": trial.ended,
            "held": record.holds(trial) if record.budget_s is not None else None,
            "p50_s": trial.latency(50),
            "p90_s": trial.latency(90),
            "p99_s": trial.latency(99),
            "bound_s": trial.bound(record.percent) if math.isfinite(trial.bound(record.percent)) else None,
            "pictures_per_s": trial.pictures_per_s,
        }


def _html(found: LoadResults) -> str:
    template = html_environment("bench.reporting.profile").get_template("load.html.jinja")
    rows = [_line(record) for record in _shown(found)]
    return template.render(machine=_machine(found), columns=_COLUMNS, rows=rows, notes=[*_notes(found), _LEGEND])


def _latex(found: LoadResults) -> str:
    columns = "".join("l" if index in _LEFT else "r" for index in range(len(_COLUMNS)))
    return (
        "% Needs \\usepackage{booktabs} in the preamble.\n\\begin{table}\n\\centering\n\\small\n"
        f"\\caption{{Load on {escape_latex(_machine(found))}.}}\n\\label{{tab:load}}\n"
        f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n\\toprule\n{_latex_row(_COLUMNS)}\\midrule\n"
        f"{''.join(_latex_row(_line(record)) for record in _shown(found))}\\bottomrule\n\\end{{tabular}}\n\n"
        "\\footnotesize\n" + "\n\n".join(escape_latex(note) for note in [*_notes(found), _LEGEND]) + "\n\\end{table}\n"
    )


def _latex_row(texts: Sequence[str]) -> str:
    return " & ".join(map(escape_latex, texts)) + " \\\\\n"
