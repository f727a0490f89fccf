from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from bench.records import read_run
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.average_ranks import AverageRanks, average_ranks
from bench.reporting.analysis.columns import Column
from bench.statistics import holm

MakeRun = Callable[..., Path]
PSNR, L1 = (
    Column("psnr.hole", "psnr", "PSNR", "hole", "dB", True, 2),
    Column("l1.hole", "l1", "L1", "hole", "%", False, 2),
)


def values(models: int, pictures: int, gap: float) -> np.ndarray:
    draw = np.random.default_rng(5)
    return draw.normal(25, 4, pictures) + draw.normal(0, 1, (models, pictures)) - gap * np.arange(models)[:, None]


def ranks_of(make_run: MakeRun, table: np.ndarray, column: Column = PSNR, **fields: Any) -> AverageRanks | None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return float(table[int(model), index])

    models = [str(index) for index in range(len(table))]
    metrics = ["psnr.hole", "l1.hole"]
    run = read_run(make_run(models=models, n=table.shape[1], metrics=metrics, value=value, gallery=0, **fields))
    return average_ranks(RunAnalysis(run), column)


@pytest.mark.parametrize("column", [PSNR, L1])
def test_average_ranks_are_those_of_scipy(make_run: MakeRun, column: Column) -> None:
    table = np.round(values(5, 40, 0.2))  # with ties
    found = ranks_of(make_run, table, column)
    expected = stats.rankdata(-table if column is PSNR else table, axis=0).mean(axis=1)

    assert found is not None
    assert [expected[model] for model in found.models] == pytest.approx(found.ranks)
    assert list(found.ranks) == sorted(found.ranks)
    assert sum(found.ranks) == pytest.approx(5 * 6 / 2)


@pytest.mark.parametrize("gap", [0.0, 0.15, 0.4, 3.0])
def test_bars_join_what_wilcoxon_and_holm_do_not_tell_apart(make_run: MakeRun, gap: float) -> None:
    table = values(6, 60, gap)
    found = ranks_of(make_run, table)
    assert found is not None
    order = list(found.models)
    pairs = list(combinations(range(6), 2))
    p = holm([float(stats.wilcoxon(table[order[a]], table[order[b]]).pvalue) for a, b in pairs])
    alike = {pair for pair, corrected in zip(pairs, p, strict=True) if corrected > 0.05}
    joined = [
        (first, last) for first, last in pairs if all(pair in alike for pair in combinations(range(first, last + 1), 2))
    ]
    widest = [one for one in joined if not any(o != one and o[0] <= one[0] and one[1] <= o[1] for o in joined)]

    assert list(found.groups) == widest


def test_pictures_of_several_protocols_are_tested_once(make_run: MakeRun) -> None:
    table = values(2, 8, 0.6)
    once = ranks_of(lambda **fields: make_run("a", **fields), table)
    often = ranks_of(lambda **fields: make_run("b", **fields), table, protocols=["p@1", "q@1", "r@1"])

    assert once is not None
    assert often is not None
    assert (once.ranks, once.groups, once.pictures) == (often.ranks, often.groups, often.pictures)
    assert often.protocols == ("p@1", "q@1", "r@1")


def test_only_pictures_that_every_model_filled_are_ranked(make_run: MakeRun) -> None:
    table = values(3, 20, 0.5)
    found = ranks_of(make_run, table, failed={"1": [0, 3]}, skipped=[5])
    expected = stats.rankdata(-np.delete(table, [0, 3, 5], axis=1), axis=0).mean(axis=1)

    assert found is not None
    assert found.pictures == 17
    assert [expected[model] for model in found.models] == pytest.approx(found.ranks)


def test_exact_fills_rank_first_and_are_in_no_test(make_run: MakeRun) -> None:
    table = values(2, 20, 0.0)
    table[1, :15] = math.inf
    found = ranks_of(make_run, table)

    assert found is not None
    assert found.models == (1, 0)
    assert found.groups == ((0, 1),)


def test_oracles_and_models_without_a_cell_are_not_ranked(make_run: MakeRun) -> None:
    protocol = "center-50@1"
    found = ranks_of(make_run, values(4, 20, 0.5), oracles=["0"], missing=[("2", protocol)])

    assert found is not None
    assert sorted(found.models) == [1, 3]


def test_protocols_that_a_model_lacks_are_left_out(make_run: MakeRun) -> None:
    both: dict[str, Any] = {"protocols": ["p@1", "q@1"]}
    table = values(2, 20, 0.5)
    some = ranks_of(lambda **f: make_run("a", **f), table, missing=[("0", "q@1")], **both)
    none = ranks_of(lambda **f: make_run("b", **f), table, missing=[("0", "q@1"), ("1", "p@1")], **both)

    assert some is not None
    assert some.protocols == ("p@1",)
    assert none is None


def test_one_model_has_no_rank(make_run: MakeRun) -> None:
    assert ranks_of(make_run, values(1, 20, 0.5)) is None
