"""A profile as Markdown: a section a model, the best batch of each size, the stages, and what could not be measured."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence

from bench.records.end_to_end import PARTS
from bench.records.profile import Profile, ProfileRecord
from bench.reporting.formatting import NOTHING, TIMES, grouped_digits
from bench.reporting.tables.markdown import escape_markdown, markdown_grid
from bench.reporting.titles import resolution_title

__all__ = ["profile_table"]

_MIB = 1 << 20
_COLUMNS = (
    *("size", "batch", "setting", "p50 ms ↓", "p90 ms", "p99 ms", "n", "pictures/s ↑", "first call s", "peak MiB"),
    *("GFLOP", "of bound", "binds", "change", ""),
)
_LEGEND = (
    "size: height {times} width. Latency on the host's clock from call to finished result, pictures on the device; "
    "p50, p90, p99 of n calls. peak: {memory}. GFLOP: operations a call (a multiply-add is two), by torch. of "
    "bound: the time that this machine's measured rates allow at least, over the p50; binds: arithmetic or memory. "
    "change: largest difference of the picture (0 to 1) from the same model's in fp32 eager. INVALID: the "
    "machine was not quiet or not steady meanwhile, or the device throttled; do not believe such a line."
)


_PATH_LEGEND = (
    "*queue*: waiting for the device; *copy*: to the device and back, next to nothing on a CPU; *compute*: all else"
)


def profile_table(profile: Profile) -> str:
    """The tables as Markdown that also reads well on a terminal."""
    every = [(name, profile.of(name, fingerprint)) for name, fingerprint in profile.models]
    parts = [f"# Cost on {_machine(profile)}\n"]
    for name, records in every:
        parts.append(f"## {escape_markdown(name)}{_parameters(records)}\n")
        parts += _sections([record for record in records if record.measured])
        parts += [f"- {line}" for line in _missing(records)]
        parts.append("")
    memory = "allocated on the device" if profile.environment["device"] != "cpu" else "resident set of the process"
    parts.append(_LEGEND.format(times=TIMES, memory=memory))
    parts += [f"- {line}" for line in _notes(profile)]
    return "\n".join(parts) + "\n"


def _machine(profile: Profile) -> str:
    facts = profile.environment
    return f"{escape_markdown(facts['device_name'])} ({facts['device']}, torch {facts['libraries'].get('torch', '?')})"


def _parameters(records: Sequence[ProfileRecord]) -> str:
    counts = {record.parameters for record in records if record.parameters is not None}
    return f", {max(counts) / 1e6:.3g} million parameters" if counts else ""


def _sections(records: Sequence[ProfileRecord]) -> Iterator[str]:
    if not records:
        return
    ordered = sorted(records, key=_shape)
    yield markdown_grid(_COLUMNS, [_line(record) for record in ordered], left=(2, 12, 14))
    yield ""
    best = list(_best_batches(ordered))
    if any(batches > 1 for *_, batches in best):
        yield "Throughput at the best batch:\n"
        rows = [[*texts] for *texts, _ in best]
        yield markdown_grid(("size", "setting", "best batch", "pictures/s ↑"), rows, left=(1,))
        yield ""
    staged = [record for record in ordered if record.stages]
    if staged:
        yield "Stages, median ms each; *rest*: checks and copies between them:\n"
        yield _stage_grid(staged)
        yield ""
    paths = [record for record in ordered if record.end_to_end is not None]
    if paths:
        yield f"End to end, median ms of a batch from the bytes of its files to those of its answers; {_PATH_LEGEND}:\n"
        yield _path_grid(paths)
        yield ""


def _shape(record: ProfileRecord) -> tuple[int, int, int]:
    configuration = record.configuration
    return configuration.height * configuration.width, configuration.height, configuration.batch_size


def _line(record: ProfileRecord) -> list[str]:
    configuration, change = record.configuration, record.output_change
    memory = record.peak_memory.get("allocated", record.peak_memory.get("resident"))
    share = record.share_of_bound
    return [
        resolution_title(record.configuration),
        str(configuration.batch_size),
        configuration.setting,
        *(_milliseconds(record.latency(percent)) for percent in (50, 90, 99)),
        str(len(record.wall_s)),
        grouped_digits(record.throughput),
        grouped_digits(record.first_call_s),
        NOTHING if memory is None else f"{memory / _MIB:,.0f}",
        NOTHING if record.flops is None else grouped_digits(record.flops / 1e9),
        NOTHING if share is None else f"{100 * share:.0f} %",
        NOTHING if record.bound is None else record.bound.binds,
        NOTHING if change is None else f"{change['max']:.1g}",
        " ".join(filter(None, ("INVALID" if record.invalid else "", "partial" if record.status == "partial" else ""))),
    ]


def _best_batches(records: Iterable[ProfileRecord]) -> Iterator[tuple[str, str, str, str, int]]:
    """Size, setting, batch and throughput of the best, and of how many batch sizes it is the best."""
    groups: dict[tuple[str, str], list[ProfileRecord]] = {}
    for record in records:
        groups.setdefault((resolution_title(record.configuration), record.configuration.setting), []).append(record)
    for (size, setting), group in groups.items():
        best = max(group, key=lambda record: record.throughput)
        yield size, setting, str(best.configuration.batch_size), grouped_digits(best.throughput), len(group)


def _stage_grid(records: Sequence[ProfileRecord]) -> str:
    names = list(dict.fromkeys(name for record in records for name in record.stages))
    rows = []
    for record in records:
        medians = {name: statistics.median(values) for name, values in record.stages.items() if values}
        whole = record.device_latency() if record.device_s else record.latency()
        rest = max(0.0, whole - sum(medians.values()))
        configuration = record.configuration
        where = [resolution_title(record.configuration), str(configuration.batch_size), configuration.setting]
        rows.append([*where, *(_milliseconds(medians.get(name, math.nan)) for name in names), _milliseconds(rest)])
    return markdown_grid(("size", "batch", "setting", *names, "rest"), rows, left=(2,))


def _path_grid(records: Iterable[ProfileRecord]) -> str:
    rows = []
    for record in records:
        path, configuration = record.end_to_end, record.configuration
        if path is not None:
            where = [resolution_title(configuration), str(configuration.batch_size), configuration.setting]
            taken = [*path.medians.values(), path.latency, *path.split.values()]
            throughput = grouped_digits(configuration.batch_size / path.latency)
            rows.append([*where, *map(_milliseconds, taken), throughput])
    columns = ("size", "batch", "setting", *PARTS, "whole ↓", "(queue", "copy", "compute)", "pictures/s ↑")
    return markdown_grid(columns, rows, left=(2,))


def _missing(records: Iterable[ProfileRecord]) -> Iterator[str]:
    """What has no numbers, by reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for record in records:
        if not record.measured:
            groups.setdefault((record.status, record.reason), []).append(str(record.configuration))
    for (status, reason), names in groups.items():
        shown = "; ".join(names) if len(names) <= 3 else f"{'; '.join(names[:3])}; and {len(names) - 3} more"
        yield f"{status}: {escape_markdown(reason)} ({shown})"


def _notes(profile: Profile) -> Iterator[str]:
    facts = profile.environment
    measured = [record for record in profile.records if record.measured]
    invalid = [record for record in measured if record.invalid]
    if invalid:
        largest = max(record.drift for record in invalid)
        yield f"INVALID: {len(invalid)} of {len(measured)} configurations; the largest drift was {100 * largest:.0f} %."
        told = next((record.not_quiet for record in invalid if record.not_quiet), "")
        yield from [f"The machine was not quiet: {told}."] if told else []
    if facts["status"] != "whole":
        what = {"budget": "the budget ran out", "interrupted": "it was stopped"}.get(facts["status"], facts["status"])
        yield f"Not whole: {what}; what was measured is here."
    for name, reason in facts.get("not_loaded", {}).items():
        yield f"{escape_markdown(name)} was not measured: {escape_markdown(reason)}"
    bounds = {
        record.configuration.precision: record.bound
        for record in measured
        if record.bound and record.bound.product_rate
    }
    for precision, bound in bounds.items():
        yield (
            f"{precision} here: matrix product {(bound.product_rate or 0) / 1e9:,.0f} GFLOP/s, convolutions of the "
            f"last model {(bound.convolution_rate or 0) / 1e9:,.0f} GFLOP/s, copy {bound.copy_rate / 1e9:,.0f} GB/s"
        )
    threads = facts.get("threads")
    yield f"Pictures: {facts['input']}. {threads} thread{'s' if threads != 1 else ''} of {facts['cores']} cores."


def _milliseconds(seconds: float) -> str:
    return grouped_digits(1e3 * seconds)
