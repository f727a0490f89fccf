"""What every plot of a run holds to, whatever the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from bench.records import Run, read_run
from bench.records.profile import Configuration, ProfileLayout, ProfileRecord, write_environment, write_records
from bench.reporting import fonts
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.cost import profile_of
from bench.reporting.analysis.hole_share import protocol_families
from bench.reporting.plots.cost import cost_plot
from bench.reporting.plots.critical_difference import critical_difference_plot
from bench.reporting.plots.distribution import distribution_plot
from bench.reporting.plots.hole_share import hole_share_plot
from bench.reporting.plots.intervals import interval_columns, intervals_plot
from bench.reporting.plots.style import add_note, new_figure, note_missing_letters, plain_ticks, styled

MakeRun = Callable[..., Path]
METRICS = ("psnr.hole", "ssim.hole", "l1.hole", "judge-miou.hole", "judge-boundary-f.hole", "fid.full")


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    with styled():
        yield


def analysis_of(make_run: MakeRun, **fields: Any) -> RunAnalysis:
    return RunAnalysis(read_run(make_run(n=12, **fields)))


def with_profile(run: Run, latencies: dict[str, float]) -> RunAnalysis:
    layout = ProfileLayout(run.layout.out)
    write_environment(
        layout, {"device": "cpu", "device_name": "A processor", "models": [asdict(model) for model in run.info.models]}
    )
    for model in run.info.models:
        if model.name in latencies:
            known = (*model.key, "cpu", "A processor", Configuration(32, 48), "ok")
            record = ProfileRecord(*known, wall_s=(latencies[model.name],))  # type: ignore[arg-type]  # known is the head
            write_records(layout.records_file(*model.key), [record])
    return RunAnalysis(run)


def cost_of(make_run: MakeRun, latencies: dict[str, float], **fields: Any) -> Figure:
    run = read_run(make_run(models=list(latencies), n=12, **fields))
    analysis, profile = with_profile(run, latencies), profile_of(run)
    assert profile is not None
    figure = cost_plot(analysis, profile)
    assert figure is not None
    return figure


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_no_plot_is_wider_than_2400_pixels(make_run: MakeRun) -> None:
    names = [f"a model with a rather long name {index}" for index in range(9)]
    analysis = analysis_of(make_run, models=names, protocols=["one@1", "two@1", "three@1"], metrics=METRICS)
    figures = [
        hole_share_plot(analysis),
        critical_difference_plot(analysis, analysis.main_columns[:1]),
        *(intervals_plot(analysis, columns) for columns in interval_columns(analysis)),
        distribution_plot(analysis, analysis.main_columns[0]),
    ]

    assert all(figure is not None and figure.get_figwidth() * 200 <= 2400 for figure in figures)
    assert sum(len(columns) for columns in interval_columns(analysis)) == len(analysis.headline_columns)


def test_ranks_and_costs_are_taken_protocol_by_protocol(make_run: MakeRun) -> None:
    analysis = analysis_of(make_run, protocols=["left@1", "right@1"])
    figure = critical_difference_plot(analysis, analysis.main_columns[:1])
    cost = cost_of(make_run, {"a": 0.01, "b": 0.02}, name="other", protocols=["left@1", "right@1"])

    assert figure is not None
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["left@1: PSNR hole (dB) ↑", "right@1: PSNR hole (dB) ↑"]
    assert [axes.get_title() for axes in cost.axes] == ["left@1", "right@1"]


def test_kinds_of_hole_that_differ_in_size_alone_are_one_curve(make_run: MakeRun) -> None:
    protocols = ["irregular-10-20@1", "irregular-20-30@1", "lama-thin-256@1", "files:masks-12@1"]
    families = protocol_families(protocols)
    figure = hole_share_plot(
        analysis_of(make_run, protocols=protocols, share=lambda index: 0.15 + 0.1 * (index % 2), metrics=["psnr.hole"])
    )

    assert families == {
        "irregular": protocols[:2],
        "lama-thin": protocols[2:3],
        "files:masks-12": protocols[3:],
    }
    assert figure is not None
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(families)


def test_a_front_of_one_point_is_none(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return {"fast": 30.0, "slow": 20.0}[model] + index

    fields = {"value": value, "metrics": ["psnr.hole"]}
    one = cost_of(make_run, {"fast": 0.01, "slow": 0.02}, name="one", **fields)
    two = cost_of(make_run, {"fast": 0.02, "slow": 0.01}, name="two", **fields)

    assert (legend(one), legend(two)) == (["fast", "slow"], ["fast", "slow", "Pareto front"])
    assert "Ringed" not in one.get_supxlabel()
    assert "Ringed" in two.get_supxlabel()


@pytest.mark.parametrize("limits", [(5.1, 5.9), (3.0, 4.0), (1.0, 40.0), (0.5, 20000.0)])
def test_a_logarithmic_axis_has_labelled_ticks(limits: tuple[float, float]) -> None:
    axes = new_figure(4, 3).add_subplot()
    axes.set(xscale="log", xlim=limits)
    plain_ticks(axes.xaxis)
    ticks = [tick for tick in axes.get_xticks() if limits[0] <= tick <= limits[1]]
    labels = [text.get_text() for text in axes.get_xticklabels()]

    assert 2 <= len(ticks) <= 8
    assert all("$" not in label for label in labels)


def test_letters_that_no_font_has_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_others", list)
    fonts._fallback.cache_clear()
    figure, plain = new_figure(4, 3), new_figure(4, 3)
    for one, names in ((figure, ["修复", "lama"]), (plain, ["нейросеть", "lama"])):
        add_note(one, "A note.")
        note_missing_letters(one, names)
    fonts._fallback.cache_clear()

    assert fonts.printable("нейросеть") == "нейросеть"
    assert figure.get_supxlabel() == "A note. □: a letter that no font of this machine has."
    assert plain.get_supxlabel() == "A note."
