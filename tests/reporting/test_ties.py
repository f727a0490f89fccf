from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.records import read_run
from bench.reporting.table import Table, build_table
from bench.reporting.ties import fewest_pictures, told_apart

MakeRun = Callable[..., Path]


def names(count: int) -> list[str]:
    return [str(index) for index in range(count)]


@given(st.lists(st.integers(-3, 9), min_size=8, max_size=12))
@settings(max_examples=60, deadline=None)
def test_one_row_is_told_apart_as_scipy_says(gains: list[int]) -> None:
    values = np.array(gains, dtype=float)
    p = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=1 << 13).pvalue

    assert told_apart(values[None], names(len(values)), 1) == [bool(p <= 0.05 and values.mean() > 0)]


def test_pictures_count_and_not_the_fills_of_them() -> None:
    gains = np.ones((1, 12))

    assert told_apart(gains, names(12), 1) == [True]
    assert told_apart(gains, names(6) * 2, 1) == [True]
    assert told_apart(gains, names(4) * 3, 1) == [None]


def test_the_best_is_never_worse_than_a_row_that_beats_it() -> None:
    assert told_apart(-np.ones((1, 30)), names(30), 1) == [False]


def test_exact_fills_are_a_sign_test() -> None:
    won = np.full((2, 10), np.nan)
    won[0, :9] = math.inf
    won[1] = [math.inf] * 5 + [-math.inf] * 5

    assert told_apart(won, names(10), 2) == [True, False]


def test_fewest_pictures_are_those_with_which_something_can_be_found() -> None:
    for tests in (1, 2, 7, 36, 90, 400):
        fewest = fewest_pictures(tests)

        assert 2 / 2**fewest * tests <= 0.05 < 2 / 2 ** (fewest - 1) * tests
        assert told_apart(np.ones((1, fewest)), names(fewest), tests) == [True]
        assert told_apart(np.ones((1, fewest - 1)), names(fewest - 1), tests) == [None]


@pytest.mark.parametrize(("rows", "columns"), [(3, 1), (5, 4), (12, 1)])
def test_equal_models_are_rarely_told_apart(rows: int, columns: int) -> None:
    alarms, times = 0, 150
    for seed in range(times):
        draw = np.random.default_rng([rows, columns, seed])
        gains = []
        for _ in range(columns):
            values = draw.normal(0, 1, (rows, 30)) + draw.normal(0, 3, 30)
            best = int(values.mean(axis=1).argmax())
            gains += [values[best] - values[row] for row in range(rows) if row != best]
        alarms += any(told_apart(np.array(gains), names(30), columns * math.comb(rows, 2)))

    assert alarms <= stats.binom.ppf(0.999, times, 0.05)


def column(table: Table, key: str, group: int = 0) -> dict[str, str]:
    """Model to mark."""
    place = [one.key for one in table.columns].index(key)
    return {row.model: row.entries[place].mark for row in table.groups[group].rows}


def noisy(model: str, protocol: str, index: int, key: str) -> float:
    """`best` and `near` differ by noise, `far` is clearly behind; one level a picture."""
    level = 20 + 5 * math.sin(index)
    return {
        "best": level,
        "near": level + math.cos(7 * index) - 0.2,
        "far": level - 4 - 0.1 * math.cos(3 * index),
        "cheat": level - 0.01,
    }[model]


def test_rows_that_cannot_be_told_from_the_best_are_underlined(make_run: MakeRun) -> None:
    run = read_run(make_run(models=["far", "best", "near"], n=20, metrics=["psnr.hole"], value=noisy))
    table = build_table(run)

    assert column(table, "psnr.hole") == {"far": "", "best": "best", "near": "second"}
    assert table.tested
    assert "not distinguishable" in table.notes[0]


def test_oracles_are_neither_tested_nor_counted(make_run: MakeRun) -> None:
    metrics = ["psnr.hole"]
    alone = read_run(make_run("a", models=["best", "far"], n=6, metrics=metrics, value=noisy))
    beside = read_run(
        make_run("b", models=["best", "far", "cheat"], oracles=["cheat"], n=6, metrics=metrics, value=noisy)
    )

    assert column(build_table(alone), "psnr.hole") == {"best": "best", "far": ""}
    assert column(build_table(beside), "psnr.hole") == {"best": "best", "far": "", "cheat (oracle)": ""}


def test_too_few_pictures_fall_back_to_the_second_best(make_run: MakeRun) -> None:
    run = read_run(make_run(models=["far", "best", "near"], n=6, metrics=["psnr.hole"], value=noisy))
    table = build_table(run)

    assert column(table, "psnr.hole") == {"far": "", "best": "best", "near": "second"}
    assert not table.tested
    assert table.notes[:2] == (
        "Bold: best of each column. Underlined: second best. Numbers equal as printed share the mark.",
        "Everywhere: the second best is underlined, nothing could be tested: fewer than 7 pictures in common, too few "
        "for so many tests.",
    )


def test_other_holes_are_not_tested(make_run: MakeRun) -> None:
    run = read_run(make_run(models=["far", "best", "near"], n=20, metrics=["psnr.hole"], value=noisy))
    key = next(key for key in run.cells if key.model == "near")
    run.cells[key] = type(run.cells[key])(**{**vars(run.cells[key]), "holes_sha256": "other"})
    table = build_table(run)

    assert column(table, "psnr.hole") == {"far": "", "best": "best", "near": ""}
    assert "near was not tested and carries no mark: not cut by the same holes as the best." in table.notes


def test_failures_are_left_out_of_a_test_on_both_sides(make_run: MakeRun) -> None:
    run = read_run(
        make_run(models=["far", "best", "near"], n=20, metrics=["psnr.hole"], value=noisy, failed={"far": range(15)})
    )
    table = build_table(run)

    assert column(table, "psnr.hole")["far"] == ""
    assert any(note.startswith("far was not tested") and "pictures in common" in note for note in table.notes)


def test_a_number_has_the_same_mark_in_every_table(make_run: MakeRun) -> None:
    metrics = ["psnr.hole", "psnr.boundary", "psnr.full", "ssim.full", "l1.full"]
    out = make_run(models=["far", "best", "near"], n=20, metrics=metrics, value=noisy, protocols=["a@1", "b@1"])
    run = read_run(out)
    whole = build_table(run)

    for chosen in (["a@1"], ["b@1"]):
        for keys in (None, ["psnr.boundary"], ["l1.full", "psnr.full"]):
            part = build_table(read_run(out), chosen, keys)
            for one in part.columns:
                assert column(part, one.key) == column(whole, one.key, ["a@1", "b@1"].index(chosen[0]))


def test_the_known_region_is_no_contest(make_run: MakeRun) -> None:
    run = read_run(make_run(models=["far", "best"], n=20, metrics=["psnr.known"], value=noisy))

    assert set(column(build_table(run), "psnr.known").values()) == {""}
