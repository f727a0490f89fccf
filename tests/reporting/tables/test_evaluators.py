from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.metrics.translations import EVALUATORS, find_evaluators
from bench.records import read_run
from bench.reporting import main_table, report, scores_frame
from bench.reporting.analysis import RunAnalysis
from bench.reporting.tables.evaluators import evaluator_tables

MakeRun = Callable[..., Path]
METRICS = ("psnr.hole", "psnr.full", "psnr.known", "mat-psnr.full", "mat-l1.full", "brushbench-mse.known")


def value(model: str, protocol: str, index: int, key: str) -> float:
    if key == "mat-psnr.full" and model == "exact-once" and index == 0:
        return math.inf
    return {"m": 30.0 + index, "p": 20.0 + index, "b": 3e-5 * (index + 1)}[key[0]]


@pytest.fixture
def run_with_rules(make_run: MakeRun) -> Path:
    return make_run(models=("telea", "exact-once"), metrics=METRICS, value=value, n=10)


def test_ordinary_tables_ranks_and_comparisons_leave_rules_of_others_out(run_with_rules: Path) -> None:
    run = read_run(run_with_rules)

    files = report(run)

    assert not [path for path in files if path.stem.startswith("as-")]
    for path in files:
        if path.suffix in {".md", ".csv", ".tex", ".html"}:
            assert "MAT" not in path.read_text(encoding="utf-8")
            assert "BrushBench" not in path.read_text(encoding="utf-8")
    assert RunAnalysis(run).shown_keys == ("psnr.hole", "psnr.full", "psnr.known")
    assert "MAT PSNR" in main_table(RunAnalysis(run, metrics=("mat-psnr",)))
    assert "mat-psnr" in set(scores_frame(run)["metric"])


def test_a_table_has_own_numbers_and_theirs_side_by_side(run_with_rules: Path) -> None:
    (table,) = evaluator_tables(RunAnalysis(read_run(run_with_rules), evaluators=("mat",)))

    assert [column.key for column in table.columns] == ["psnr.full", "mat-psnr.full", "mat-l1.full"]
    assert table.name == "as-mat"
    assert "Under the rules of MAT" in table.title
    notes = "\n".join(table.notes)
    assert "MAT PSNR, beside PSNR full: The same for a picture; one exact picture makes MAT's mean infinite" in notes
    assert "MAT SSIM: not measured: the run does not hold it" in notes
    assert "MAT fid: not computed: it needs the TorchScript Inception" in notes
    assert dict(table.signatures)["MAT PSNR full"].startswith("mat-psnr|region:full")  # as the records have it


def test_one_exact_picture_makes_a_mean_infinite_where_the_evaluator_says_so(run_with_rules: Path) -> None:
    (table,) = evaluator_tables(RunAnalysis(read_run(run_with_rules), evaluators=("mat",)))

    texts = {row.model.name: [entry.text for entry in table.entries(row)] for row in table.rows}

    csv = table.numbers().set_index(["model", "metric"])["value"]
    assert csv["exact-once", "mat-psnr"] == math.inf
    assert csv["telea", "mat-psnr"] == pytest.approx(34.5)
    assert not [note for note in table.notes if "left out of the mean" in note]
    assert texts == {"telea": ["24.50", "34.50", "34.5"], "exact-once": ["24.50", "\N{INFINITY}", "34.5"]}


def test_small_errors_keep_three_digits_and_what_cannot_be_computed_has_its_reason(run_with_rules: Path) -> None:
    brushbench, comodgan = evaluator_tables(
        RunAnalysis(read_run(run_with_rules), evaluators=("brushbench", "comodgan"))
    )

    assert brushbench.entries(brushbench.rows[0])[1].text == "0.000165"
    assert not comodgan.columns
    assert "CoModGAN FID, P-IDS, U-IDS: not computed: they need the TensorFlow graph" in "\n".join(comodgan.notes)


def test_every_evaluator_explains_each_difference_in_one_line() -> None:
    for evaluator in EVALUATORS.values():
        assert evaluator.source
        assert evaluator.pictures.endswith(".")
        assert all(reason for _, reason in evaluator.absent)
    assert find_evaluators(["MAT", "iqa_pytorch", "mat"]) == ("mat", "iqa-pytorch")
