from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from bench.records import read_run
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.average_ranks import average_ranks
from bench.reporting.plots.critical_difference import critical_difference_plot
from bench.reporting.plots.style import styled

MakeRun = Callable[..., Path]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_diagram_names_every_model_with_its_rank(make_run: MakeRun) -> None:
    analysis = RunAnalysis(read_run(make_run(models=["a", "b_$x$", "c"], n=12)))
    columns = [analysis.columns[key] for key in ("psnr.hole", "l1.hole")]
    with styled():
        figure = critical_difference_plot(analysis, columns)

    assert figure is not None
    assert len(figure.axes) == 2
    ranked = average_ranks(analysis, columns[0])
    assert ranked is not None
    assert {"a", "b_$x$", "c", *(f"{rank:.2f}" for rank in ranked.ranks)} <= set(texts(figure))
