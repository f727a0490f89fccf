from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.records import read_run
from bench.reporting import main_table
from bench.reporting.analysis import RunAnalysis
from bench.reporting.plots.files import write_plots
from bench.reporting.tables.by_class import class_table
from bench.reporting.tables.files import write_tables
from bench.reporting.tables.main_table import build_main_table
from bench.reporting.tables.markdown import markdown_table

MakeRun = Callable[..., Path]

CLASSES = ["sky", "road", "car"]
METRICS = ["psnr.hole", "judge-miou.hole", "judge-miou-ceiling.hole"]
BY_CLASS = [f"{metric}.hole.{name}" for metric in ("judge-miou", "judge-miou-ceiling") for name in CLASSES]
SKILL = {"telea": 40, "mean": 20, "ours": 60}


def value(model: str, protocol: str, index: int, key: str) -> float:
    """Cars are in every third picture; skies are easy."""
    if key.endswith(".car") and index % 3:
        return math.nan
    noise = float(np.random.default_rng([index, len(model), len(protocol)]).normal(0, 2))
    if "ceiling" in key:
        return 90.0
    return SKILL[model] + noise + (20 if key.endswith(".sky") else 0)


def classes_run(make_run: MakeRun, **fields: object) -> Path:
    usual = {
        "models": list(SKILL),
        "n": 24,
        "value": value,
        "metrics": METRICS,
        "by_class": BY_CLASS,
        "classes": CLASSES,
    }
    return make_run(**{**usual, **fields})


def test_means_by_class_are_those_of_the_records(make_run: MakeRun) -> None:
    run = read_run(classes_run(make_run, protocols=["a@1", "b@1"]))

    classes = RunAnalysis(run).classes

    assert [(one.name, one.n) for one in classes] == [("sky", 48), ("road", 48), ("car", 16)]
    for one in classes:
        for row in one.group.rows:
            key = f"judge-miou.hole.{one.name}"
            recorded = [
                r.values[key] for k in run.cells if k.model == row.model.name for r in run.records(k) if key in r.values
            ]
            score = row.scores["judge-miou.hole"]
            assert score.n == len(recorded)
            assert score.value == pytest.approx(np.mean(recorded))
            assert score.ci95
            assert score.value
            assert score.ci95[0] < score.value < score.ci95[1]


def test_the_table_by_class_tells_who_is_best_at_what(make_run: MakeRun) -> None:
    out = classes_run(make_run)
    run = read_run(out)

    table = class_table(RunAnalysis(run))

    assert table
    assert [group.title for group in table.groups] == CLASSES
    assert [column.key for column in table.columns] == ["judge-miou.hole"]
    for group in table.groups:
        assert [row.model.name for row in group.rows if table.entries(row)[0].mark == "best"] == ["ours"]
    assert "ceiling on untouched pictures (%): sky 90.00, road 90.00, car 90.00." in markdown_table(table)
    write_tables(RunAnalysis(run))
    frame = pd.read_csv(out / "tables" / "by-class.csv")
    assert list(frame["class"].unique()) == CLASSES
    assert set(frame["ceiling"]) == {90}
    assert frame[frame["class"] == "car"]["n"].eq(8).all()


def test_a_class_that_is_rare_has_no_number_and_one_that_never_occurs_no_row(make_run: MakeRun) -> None:
    def rare(model: str, protocol: str, index: int, key: str) -> float:
        if key.endswith(".sky") or (key.endswith(".car") and index > 3):
            return math.nan
        return value(model, protocol, 0, key)

    classes = RunAnalysis(read_run(classes_run(make_run, value=rare))).classes

    assert [one.name for one in classes] == ["road", "car"]
    assert {row.scores["judge-miou.hole"].value for row in classes[1].group.rows} == {None}


def test_classes_and_ceilings_are_no_columns_of_other_tables(make_run: MakeRun) -> None:
    run = read_run(classes_run(make_run, protocols=["a@1", "b@1"]))

    table = build_main_table(RunAnalysis(run))

    assert [column.key for column in table.columns] == ["psnr.hole", "judge-miou.hole"]
    foot = "\n".join(table.notes)
    assert "Judge mIoU hole, the judge's ceiling on the untouched pictures (%): 90.00 (a@1), 90.00 (b@1)" in foot
    assert ".car" not in main_table(run)


def test_what_a_cell_remarks_and_what_could_not_be_measured_is_in_the_foot(make_run: MakeRun) -> None:
    unavailable = {"lpips-alex": "no weights here", "lpips-vgg": "no weights here"}
    notes = {"psnr.hole": "a remark"}
    run = read_run(make_run(notes=notes, info={"unavailable": unavailable}))

    foot = build_main_table(RunAnalysis(run)).notes

    assert "PSNR hole: a remark" in foot
    assert "LPIPS (Alex), LPIPS (VGG): not measured: no weights here" in foot


def test_a_run_by_class_has_a_plot_and_one_without_has_none(make_run: MakeRun) -> None:
    plots = {path.stem for path in write_plots(RunAnalysis(read_run(classes_run(make_run))))}
    files = {path.stem for path in write_plots(RunAnalysis(read_run(make_run("b"))))}

    assert "by-class" in plots
    assert "by-class" not in files
