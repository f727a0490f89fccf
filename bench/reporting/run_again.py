"""The command that runs a run again, with every option that its records depend on spelled out."""

from __future__ import annotations

import shlex

from bench.metrics import MetricKey, find_definition
from bench.records import RunInfo, folder_name
from bench.reporting.titles import key_order

__all__ = ["command_of"]

_AS_GIVEN = "as given"
_LINE = 110


def command_of(info: RunInfo) -> str:
    """A command for a shell, on lines of at most 110 characters where words allow it; without version or machine.

    Relative paths in it begin where the first run began. Empty where the command line cannot name a part of the run: an
    object in memory, or a model whose text holds a comma.
    """
    dataset = info.dataset
    models = [model.name if model.given is None else model.given for model in info.models]
    unnamed = _AS_GIVEN in {dataset.split, dataset.size} or info.judge == "" or not all(models)
    if not models or unnamed or any("," in name for name in models):
        return ""
    options = {
        "--models": ",".join(models),
        "--dataset": dataset.name,
        "--data-root": dataset.root,
        "--split": dataset.split,
        "--split-list": dataset.split_list.file if dataset.split_list else None,
        "--size": dataset.size,
        "--limit": dataset.limit,
        "--protocols": ",".join(info.given.get(protocol, protocol) for protocol in info.protocols),
        "--metrics": ",".join(_metrics(info)),
        "--judge": info.judge,
        "--seed": info.seed,
        "--device": _device(info.environment.device),
        "-o": f"results/{folder_name(info.suite)}-again",
    }
    lines = ["spgbench run"]
    for word in (f"{option} {shlex.quote(str(value))}" for option, value in options.items() if value is not None):
        if len(lines[-1]) + len(word) > _LINE:
            lines.append("   ")
        lines[-1] += f" {word}"
    return " \\\n".join(lines)


def _metrics(info: RunInfo) -> list[str]:
    taken = [MetricKey.parse(key).metric for key in sorted(info.metrics, key=key_order)]
    named = [name for name in taken if not ((found := find_definition(name)) and found.ceiling_of)]  # they come along
    return list(dict.fromkeys([*named, *info.unavailable]))


def _device(name: str) -> str | None:
    return (name and ("cpu" if name == "cpu" else "cuda")) or None
