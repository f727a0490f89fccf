from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.errors import UsageError
from bench.records import read_run
from bench.records.profile import (
    Configuration,
    ProfileLayout,
    ProfileRecord,
    read_profile,
    write_environment,
    write_records,
)
from bench.reporting import report
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.cost import run_costs
from bench.reporting.plots.files import write_plots
from bench.reporting.tables.cost import cost_table
from bench.reporting.tables.files import write_tables
from bench.reporting.tables.html import html_table
from bench.reporting.tables.latex import latex_table
from bench.reporting.tables.markdown import markdown_table

MakeRun = Callable[..., Path]

MODELS = ["mean", "telea", "net", "wide-net"]
SECONDS = {"mean": 0.001, "telea": 0.02, "net": 0.015, "wide-net": 0.09}
QUALITY = {"mean": 18.0, "telea": 24.0, "net": 26.0, "wide-net": 27.0}
USUAL = Configuration(32, 48)


def value(model: str, protocol: str, index: int, key: str) -> float:
    better = QUALITY[model] + index % 5 / 10
    return {"psnr": better, "ssim": better / 40, "l1": 30 - better}[key.partition(".")[0]]


def fingerprint(model: str) -> str:
    return hashlib.sha256(model.encode()).hexdigest()


def record(model: str, configuration: Configuration, **changes: object) -> ProfileRecord:
    seconds = SECONDS[model] * configuration.height / 32
    learned = model.endswith("net")
    facts = {
        "wall_s": tuple(seconds * (1 + 0.01 * number) for number in range(-2, 3)),
        "peak_memory": {"resident": 300 << 20},
        "parameters": 12_400_000 if learned else None,
        "flops": 6_000_000_000 * configuration.batch_size if learned else None,
    }
    known = (model, fingerprint(model), "cpu", "A processor", configuration, "ok")
    return ProfileRecord(*known, **{**facts, **changes})  # type: ignore[arg-type]  # the test's own mapping


def write_profile(out: Path, every: Sequence[ProfileRecord]) -> Path:
    layout = ProfileLayout(out)
    models = list(dict.fromkeys((one.model, one.fingerprint) for one in every))
    facts = {"device": "cpu", "device_name": "A processor", "status": "whole"}
    write_environment(layout, {**facts, "models": [{"name": n, "fingerprint": f} for n, f in models]})
    for model in models:
        of_model = [one for one in every if (one.model, one.fingerprint) == model]
        write_records(layout.records_file(*model), of_model)
    return out


def sweep(models: Sequence[str] = MODELS) -> list[ProfileRecord]:
    sizes = (USUAL, Configuration(32, 48, 8), Configuration(64, 96), Configuration(32, 48, mode="compile"))
    return [record(model, configuration) for model in models for configuration in sizes]


@pytest.fixture
def out(make_run: MakeRun) -> Path:
    metrics = ["psnr.hole", "ssim.hole", "l1.hole"]
    return write_profile(make_run(models=MODELS, n=20, value=value, metrics=metrics, protocols=["a@1", "b@1"]), sweep())


def test_cost_is_taken_at_the_size_of_the_run_in_the_plainest_setting(out: Path) -> None:
    costs = run_costs(read_run(out), read_profile(out))

    assert costs
    assert costs.configuration == USUAL
    assert [cost.record.latency() for cost in costs.of if cost] == pytest.approx([SECONDS[model] for model in MODELS])
    assert [cost.best.configuration.batch_size for cost in costs.of if cost] == [8] * 4


def test_the_table_holds_quality_and_cost_with_the_best_of_each(out: Path) -> None:
    table = cost_table(RunAnalysis(read_run(out)), read_profile(out))

    assert table
    (group,) = table.groups
    titles = [column.title for column in table.columns]
    assert titles[3:] == ["Parameters", "Multiply-adds", "Latency p50", "Throughput", "Memory peak"]
    texts = {row.model.name: [entry.text for entry in table.entries(row)] for row in group.rows}
    assert texts["net"][3:] == ["12.4", "3.00", "15.0", "533", "300"]
    assert texts["telea"][3:5] == ["\N{EN DASH}"] * 2
    best = {
        title: [row.model.name for row in group.rows if table.entries(row)[place].mark == "best"]
        for place, title in enumerate(titles)
    }
    assert best["PSNR hole"] == ["wide-net"]
    assert best["Latency p50"] == best["Throughput"] == ["mean"]
    for text in (markdown_table(table), latex_table(table), html_table(table)):
        assert "12.4" in text
        assert "batch 1, fp32 eager, on A processor" in text


def test_a_report_of_a_profiled_run_has_cost(out: Path, make_run: MakeRun) -> None:
    files = {path.name for path in report(out)}

    assert {"cost.md", "cost.tex", "cost.csv", "cost.html", "cost.png", "cost.pdf", "profile-latency.png"} <= files
    frame = pd.read_csv(out / "tables" / "cost.csv")
    assert frame["latency_p50_s"].tolist() == pytest.approx([SECONDS[model] for model in MODELS])
    assert frame["psnr.hole"].tolist() == pytest.approx([QUALITY[model] + 0.2 for model in MODELS])
    assert "cost.md" not in {path.name for path in write_tables(RunAnalysis(read_run(make_run("other"))))}


def test_the_command_takes_a_profile_from_elsewhere(make_run: MakeRun, tmp_path: Path) -> None:
    out = make_run(models=MODELS, value=value, n=8)
    profile = write_profile(tmp_path / "profile", sweep())

    done = CliRunner().invoke(app, ["report", str(out), "--profile", str(profile)])
    nothing = CliRunner().invoke(app, ["report", str(out), "--profile", str(tmp_path / "nothing")])

    assert done.exit_code == 0
    assert (out / "tables" / "cost.md").exists()
    assert not (out / "profile").exists()
    assert isinstance(nothing.exception, UsageError)


def test_what_is_not_known_is_said(make_run: MakeRun) -> None:
    run = make_run(models=MODELS, value=value, n=8)
    strange = ProfileRecord("telea", "f" * 64, "cpu", "A processor", USUAL, "ok", wall_s=(0.1,))
    unsteady = record("net", USUAL, references={"product": (1.0, 1.5)})
    write_profile(run, [record("mean", USUAL), strange, unsteady])

    table = cost_table(RunAnalysis(read_run(run)), read_profile(run))

    assert table
    foot = "\n".join(table.notes)
    assert "INVALID, the machine was not steady while they were timed; do not believe their times: net." in foot
    assert "Not measured at this configuration: telea, wide-net." in foot
    assert "other weights or code, and is not shown: telea." in foot


def test_a_profile_without_a_model_of_the_run_adds_nothing(make_run: MakeRun) -> None:
    run = make_run(models=["telea"], value=value, n=8)
    write_profile(run, sweep(["net"]))

    assert cost_table(RunAnalysis(read_run(run)), read_profile(run)) is None
    assert "cost.png" not in {path.name for path in write_plots(RunAnalysis(read_run(run)), read_profile(run))}
