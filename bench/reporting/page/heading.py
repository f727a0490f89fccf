"""The head of the page: what was run, how to run it again, and what a reader must be warned of."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from bench.records import EnvironmentInfo, Run
from bench.reporting.naming import TIMES, column_order, dataset_title, is_ceiling, model_names
from bench.reporting.notes import missing_notes, unavailable_notes
from bench.reporting.page.markup import Markup, join, name, tag

__all__ = ["heading"]

_AS_GIVEN = "as given"
_LINE = 110


def heading(run: Run) -> Markup:
    """The `header` element."""
    warnings = [tag("li", warning) for warning in _warnings(run)]
    return tag(
        "header",
        tag("h1", dataset_title(run)),
        tag("p", _summary(run), class_="summary"),
        tag("div", tag("h2", "Read with care"), tag("ul", *warnings), class_="warnings", role="note")
        if warnings
        else "",
        tag("dl", *_facts(run), class_="facts"),
        _reproduce(run),
        id="top",
    )


def _summary(run: Run) -> str:
    counts = [
        _count(len(run.info.models), "model"),
        _count(len(run.info.protocols), "protocol"),
        _count(run.info.dataset.n, "picture"),
    ]
    return f"Suite {run.info.suite}: {f' {TIMES} '.join(counts)}, seed {run.info.seed}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _warnings(run: Run) -> Iterator[str]:
    names, keys = model_names(run), run.keys()
    called = {key: names[key.model, key.fingerprint] for key in keys}
    if run.missing:
        are = "is" if len(run.missing) == 1 else "are"
        cells = _count(len(keys), "cell")
        yield f"{len(run.missing)} of {cells} {are} not whole yet; the same command goes on where it stopped."
        yield from missing_notes(run.missing, called)
    failed: dict[str, int] = {}
    for key, cell in run.cells.items():
        if cell.n_failed:
            failed[called[key]] = failed.get(called[key], 0) + cell.n_failed
    if failed:
        who = ", ".join(f"{model} {count:,}" for model, count in failed.items())
        fills = _count(sum(failed.values()), "fill")
        yield f"{fills} failed ({who}). They are in no mean; the reasons stand below the tables."
    yield from unavailable_notes(run.info.unavailable)


def _facts(run: Run) -> Iterator[Markup]:
    dataset = run.info.dataset
    limit = f", {dataset.limit} pictures spread over it" if dataset.limit else ""
    facts: dict[str, list[str]] = {
        "Data": [f"{dataset.name}, {dataset.split} split{limit}, revision {dataset.revision[:12]}"],
        "Models": _listed(
            join([name(called), " ", tag("code", fingerprint[:12])])
            for (_, fingerprint), called in model_names(run).items()
        ),
        "Protocols": _listed(map(name, run.info.protocols)),
        "Versions": [", ".join(f"{library} {version}" for library, version in run.info.versions.items())],
        "Machine": [_machine(run.info.environment)],
    }
    for title, content in facts.items():
        if any(content):
            yield tag("div", tag("dt", title), tag("dd", *content))


def _machine(environment: EnvironmentInfo) -> str:
    """`cpu, Linux x86_64, Python 3.11.7`, whichever of it was recorded."""
    python = f"Python {environment.python}" if environment.python else ""
    system = f"{environment.system} {environment.machine}".strip()
    return ", ".join(filter(None, (environment.device, system, python)))


def _listed(items: Iterable[Markup]) -> list[str]:
    return [tag("ul", *(tag("li", item) for item in items))]


def _reproduce(run: Run) -> Markup:
    dataset = run.info.dataset
    if _AS_GIVEN in {dataset.split, dataset.size} or not run.info.models:
        return tag("p", "Run from Python with a data set in memory: ", tag("code", "bench.evaluate"), ".")
    return tag(
        "div",
        tag("h2", "Run it again"),
        tag("button", "Copy command", type="button", data_copy_text="command"),
        tag("pre", tag("code", _command(run), id="command")),
        class_="reproduce",
    )


def _command(run: Run) -> str:
    """All options spelled out, so that no default that changes later matters."""
    dataset = run.info.dataset
    taken = [key for key in sorted(run.info.metrics, key=column_order) if not is_ceiling(key)]
    metrics = dict.fromkeys([*(key.partition(".")[0] for key in taken), *run.info.unavailable])
    options = {
        "--models": ",".join(model.name for model in run.info.models),
        "--dataset": dataset.name,
        "--split": dataset.split,
        "--size": dataset.size,
        "--limit": dataset.limit,
        "--protocols": ",".join(run.info.protocols),
        "--metrics": ",".join(metrics),
        "--seed": run.info.seed,
    }
    lines = ["spgbench run"]
    for word in (f"{option} {shlex.quote(str(value))}" for option, value in options.items() if value is not None):
        if len(lines[-1]) + len(word) > _LINE:
            lines.append("   ")
        lines[-1] += f" {word}"
    return " \\\n".join(lines)
