from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from bench.records import read_run
from bench.reporting.analysis import RunAnalysis
from bench.reporting.tables.main_table import build_main_table
from bench.reporting.tables.model import Table

MakeRun = Callable[..., Path]


def column(table: Table, key: str, group: int = 0) -> dict[str, str]:
    """Model to mark."""
    place = [one.key for one in table.columns].index(key)
    return {row.model.title: table.entries(row)[place].mark for row in table.groups[group].rows}


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
    table = build_main_table(RunAnalysis(run))

    assert column(table, "psnr.hole") == {"far": "", "best": "best", "near": "second"}
    assert table.tested
    assert "not distinguishable" in table.notes[0]


def test_oracles_are_neither_tested_nor_counted(make_run: MakeRun) -> None:
    metrics = ["psnr.hole"]
    alone = read_run(make_run("a", models=["best", "far"], n=6, metrics=metrics, value=noisy))
    beside = read_run(
        make_run("b", models=["best", "far", "cheat"], oracles=["cheat"], n=6, metrics=metrics, value=noisy)
    )

    assert column(build_main_table(RunAnalysis(alone)), "psnr.hole") == {"best": "best", "far": ""}
    assert column(build_main_table(RunAnalysis(beside)), "psnr.hole") == {
        "best": "best",
        "far": "",
        "cheat (oracle)": "",
    }


def test_too_few_pictures_fall_back_to_the_second_best(make_run: MakeRun) -> None:
    run = read_run(make_run(models=["far", "best", "near"], n=6, metrics=["psnr.hole"], value=noisy))
    table = build_main_table(RunAnalysis(run))

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
    table = build_main_table(RunAnalysis(run))

    assert column(table, "psnr.hole") == {"far": "", "best": "best", "near": ""}
    assert "near was not tested and carries no mark: not cut by the same holes as the best." in table.notes


def test_failures_are_left_out_of_a_test_on_both_sides(make_run: MakeRun) -> None:
    run = read_run(
        make_run(models=["far", "best", "near"], n=20, metrics=["psnr.hole"], value=noisy, failed={"far": range(15)})
    )
    table = build_main_table(RunAnalysis(run))

    assert column(table, "psnr.hole")["far"] == ""
    assert any(note.startswith("far was not tested") and "pictures in common" in note for note in table.notes)


def test_a_number_has_the_same_mark_in_every_table(make_run: MakeRun) -> None:
    metrics = ["psnr.hole", "psnr.boundary", "psnr.full", "ssim.full", "l1.full"]
    out = make_run(models=["far", "best", "near"], n=20, metrics=metrics, value=noisy, protocols=["a@1", "b@1"])
    run = read_run(out)
    whole = build_main_table(RunAnalysis(run))

    for chosen in (["a@1"], ["b@1"]):
        for keys in (None, ["psnr.boundary"], ["l1.full", "psnr.full"]):
            part = build_main_table(RunAnalysis(read_run(out)), chosen, keys)
            for one in part.columns:
                assert column(part, one.key) == column(whole, one.key, ["a@1", "b@1"].index(chosen[0]))


def test_the_known_region_is_no_contest(make_run: MakeRun) -> None:
    run = read_run(make_run(models=["far", "best"], n=20, metrics=["psnr.known"], value=noisy))

    assert set(column(build_main_table(RunAnalysis(run)), "psnr.known").values()) == {""}
