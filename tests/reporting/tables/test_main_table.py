from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bench.records import read_run
from bench.reporting import main_table
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.average_ranks import average_ranks
from bench.reporting.tables.files import write_tables
from tests.support.runs import with_models

MakeRun = Callable[..., Path]
CAPPED = "agg:image-mean|cap:100|v1"


def rendered(text: str) -> list[list[list[str]]]:
    """The tables of a Markdown text as HTML cells, by a renderer that we did not write."""
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    tables = re.findall(r"<table>(.*?)</table>", html, re.DOTALL)
    return [
        [
            re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
            for row in re.findall(r"<tr>(.*?)</tr>", t, re.DOTALL)
        ]
        for t in tables
    ]


def columns(text: str) -> dict[str, dict[str, str]]:
    """The first table of a Markdown text: heading to model to cell."""
    header, *rows = rendered(text)[0]
    return {name: {row[0]: row[index] for row in rows} for index, name in enumerate(header)}


def notes(text: str) -> list[str]:
    tokens = MarkdownIt("commonmark").parse(text)

    def plain(token: Token) -> str:
        return "".join(child.content for child in token.children or ())

    inside = [tokens[index + 2] for index, token in enumerate(tokens) if token.type == "list_item_open"]
    return [plain(token) for token in inside]


def means(table: dict[str, float]) -> Callable[[str, str, int, str], float]:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return table[model]

    return value


def test_marks_follow_the_direction_of_each_column(make_run: MakeRun) -> None:
    worth = {"a": 1.0, "b": 3.0, "c": 2.0}
    table = columns(main_table(read_run(make_run(models=["a", "b", "c"], value=means(worth)))))

    assert table["PSNR hole ↑ dB"] == {"a": "1.00", "b": "<strong>3.00</strong>", "c": "<u>2.00</u>"}
    assert table["L1 hole ↓ %"] == {"a": "<strong>1.00</strong>", "b": "3.00", "c": "<u>2.00</u>"}
    assert table["SSIM hole ↑"]["c"] == "<u>2.0000</u>"


def test_numbers_that_print_alike_share_a_mark(make_run: MakeRun) -> None:
    worth = {"a": 20.001, "b": 20.002, "c": 19.0, "d": 18.0, "e": 19.0}
    table = columns(main_table(read_run(make_run(models=list(worth), value=means(worth)))))["PSNR hole ↑ dB"]

    assert [name for name, text in table.items() if "<strong>" in text] == ["a", "b"]
    assert [name for name, text in table.items() if "<u>" in text] == ["c", "e"]


def test_a_single_model_wins_nothing(make_run: MakeRun) -> None:
    text = main_table(read_run(make_run(models=["a"])))

    assert "**" not in text
    assert "<u>" not in text


def test_each_protocol_has_its_own_winner(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return 2.0 if (model == "a") == (protocol == "left@1") else 1.0

    text = main_table(read_run(make_run(models=["a", "b"], protocols=["left@1", "right@1"], value=value)))
    winners = [[row[0] for row in table[1:] if "<strong>" in row[1]] for table in rendered(text)]

    assert winners == [["a"], ["b"]]


def test_oracles_stand_last_and_are_not_ranked(make_run: MakeRun) -> None:
    worth = {"cheat": 9.0, "a": 1.0, "b": 2.0}
    text = main_table(read_run(make_run(models=list(worth), oracles=["cheat"], value=means(worth))))
    table = columns(text)["PSNR hole ↑ dB"]

    assert table == {"a": "<u>1.00</u>", "b": "<strong>2.00</strong>", "<em>cheat (oracle)</em>": "9.00"}
    assert any("Oracle rows" in note for note in notes(text))


def test_rows_keep_the_order_of_the_run(make_run: MakeRun) -> None:
    names = [f"model-{index * 7 % 20}" for index in range(20)]

    assert list(columns(main_table(read_run(make_run(models=names, n=2))))["model"]) == names


def test_columns_are_ordered_by_metric_then_region(make_run: MakeRun) -> None:
    metrics = ["l1.full", "l1.hole", "psnr.known", "psnr.full", "psnr.hole", "ssim.known", "ssim.hole"]
    table = columns(main_table(read_run(make_run(metrics=metrics))))

    order = ["PSNR hole ↑ dB", "PSNR full ↑ dB", "PSNR known ↑ dB", "SSIM hole ↑", "L1 hole ↓ %", "L1 full ↓ %"]
    assert list(table) == ["model", *order, "n"]


def test_pixels_that_are_kept_are_called_exact(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        if key == "psnr.known":
            return math.inf if model == "keeps" else 40.0
        return math.inf if key == "psnr.hole" and index == 0 else 20.0

    text = main_table(read_run(make_run(models=["keeps", "drifts"], value=value)))
    table = columns(text)

    assert table["PSNR known ↑ dB"] == {"keeps": "exact", "drifts": "40.00"}
    assert table["PSNR hole ↑ dB"]["keeps"] == "<strong>20.00</strong>"
    assert "PSNR hole: left out of the mean as infinite (pixels equal the truth's): every model 1" in notes(text)


def test_exact_pictures_count_as_the_cap_and_are_counted_apart(make_run: MakeRun) -> None:
    """Exact in 3 of 4 pictures and equal in the fourth stands above, in every table and plot."""

    def value(model: str, protocol: str, index: int, key: str) -> float:
        if key == "psnr.known" or (model == "same" and index % 4 < 3):
            return math.inf
        return 22.0 if index % 4 == 3 else 27.0

    out = make_run(
        models=["noise", "same"], n=8, metrics=["psnr.hole", "psnr.full", "psnr.known"], value=value, signature=CAPPED
    )
    text = main_table(read_run(out))
    table = columns(text)

    assert table["PSNR hole ↑ dB"] == {"same": "<strong>80.50</strong>", "noise": "25.75"}
    assert table["PSNR known ↑ dB"] == {"same": "exact", "noise": "exact"}
    told = "exact pictures (pixels equal the truth's) count as 100 dB: same exact in 6 of 8"
    assert [note for note in notes(text) if "exact" in note] == [f"PSNR hole: {told}", f"PSNR full: {told}"]
    write_tables(RunAnalysis(read_run(out)))
    assert "80.5" in (out / "tables" / "hole-share.md").read_text(encoding="utf-8")
    assert "PSNR hole: 6 infinite values count as 100 dB." in (out / "tables" / "hole-share.md").read_text("utf-8")
    frame = pd.read_csv(out / "tables" / "overall.csv").query("region == 'hole' and model == 'same'")
    assert frame[["value", "n", "n_infinite"]].to_numpy().tolist() == [[80.5, 8, 6]]
    ranks = average_ranks(RunAnalysis(read_run(out)), RunAnalysis(read_run(out)).columns["psnr.hole"])
    assert ranks is not None
    assert ranks.models == (1, 0)


def test_a_column_that_follows_from_another_takes_its_marks(make_run: MakeRun) -> None:
    """7 pictures bear the 3 tests of one column, and not 6; of two metrics they bear those of the one asked for."""

    def value(model: str, protocol: str, index: int, key: str) -> float:
        lost = {"a": 0.0, "b": 1.0 + index / 100, "c": -0.01 if index % 2 else 0.01}[model]
        return 20.0 + index - lost + (6.0 if key == "psnr.full" else 0.0)

    fields: dict[str, Any] = {"models": ["a", "b", "c"], "n": 7, "value": value}
    run = read_run(make_run("one", metrics=["psnr.hole", "psnr.full"], **fields))
    assert RunAnalysis(run).groups["center-50@1"].tested == {"psnr.hole", "psnr.full"}
    marks = {row.model.name: dict(row.marks) for row in RunAnalysis(run).groups["center-50@1"].rows}
    assert {name: found.get("psnr.full", "") for name, found in marks.items()} == {"a": "best", "b": "", "c": "best"}

    more = read_run(make_run("more", metrics=["psnr.hole", "psnr.full", "ssim.hole"], **fields))
    assert RunAnalysis(more).groups["center-50@1"].tested == frozenset()
    asked = RunAnalysis(more, ("PSNR",), ("hole",))
    assert asked.groups["center-50@1"].tested == {"psnr.hole"}
    assert list(columns(main_table(asked))) == ["model", "PSNR hole ↑ dB", "n"]


def test_failures_and_skips_are_counted_with_their_reasons(make_run: MakeRun) -> None:
    reason = "the model must return\n a prediction;   found | *nothing*"
    text = main_table(read_run(make_run(n=8, failed={"telea": [0, 1]}, skipped=[5], reason=reason)))
    table = columns(text)

    assert table["n"] == {"telea": "5", "mean": "7"}
    assert table["failed"] == {"telea": "2", "mean": "0"}
    assert table["skipped"] == {"telea": "1", "mean": "1"}
    assert "failed (telea 2): the model must return a prediction; found | *nothing*" in notes(text)
    assert "skipped (every model 1): no object of a countable class" in notes(text)


def test_no_counts_without_failures(make_run: MakeRun) -> None:
    table = columns(main_table(read_run(make_run())))

    assert not {"failed", "skipped"} & set(table)


def test_sizes_stand_beside_the_scores_where_they_are_known(make_run: MakeRun) -> None:
    run = read_run(make_run(models=["telea", "net"], sizes={"net": (1_830_084, 12_345_678_901)}))
    text = main_table(run)
    table = columns(text)

    assert table["params M"] == {"telea": "\N{EN DASH}", "net": "1.83"}
    assert table["mult-adds G"] == {"telea": "\N{EN DASH}", "net": "12.35"}
    assert any("as torch counts convolutions" in note for note in notes(text))
    assert "params M" not in main_table(read_run(make_run("other")))


@pytest.mark.parametrize(("classes", "reason"), [((), "no labels"), (("road",), "undefined in every picture")])
def test_a_column_without_any_value_is_dropped_with_its_reason(
    make_run: MakeRun, classes: tuple[str, ...], reason: str
) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return math.nan if key.endswith("boundary") else 1.0 + index

    metrics = ["psnr.hole", "psnr.boundary", "ssim.boundary"]
    text = main_table(read_run(make_run(metrics=metrics, value=value, classes=classes)))

    assert list(columns(text)) == ["model", "PSNR hole ↑ dB", "n"]
    assert f"boundary: {reason}" in notes(text)


def test_missing_cells_are_dashes_with_a_note(make_run: MakeRun) -> None:
    out = make_run(protocols=["left@1", "right@1"], missing=[("mean", "right@1")])
    text = main_table(read_run(out))

    assert set(rendered(text)[1][2][1:]) == {"\N{EN DASH}"}
    assert "right@1: not run to the end yet, shown as \N{EN DASH}: mean" in notes(text)


def test_a_run_without_any_whole_cell_has_a_table_of_dashes(make_run: MakeRun) -> None:
    out = make_run(missing=[("telea", "center-50@1"), ("mean", "center-50@1")])
    table = columns(main_table(read_run(out)))

    assert table["PSNR hole"] == {"telea": "\N{EN DASH}", "mean": "\N{EN DASH}"}
    assert len(write_tables(RunAnalysis(read_run(out)))) == 8


def test_a_run_of_one_picture_has_no_intervals(make_run: MakeRun) -> None:
    run = read_run(make_run(n=1))
    text = Path(write_tables(RunAnalysis(run))[0]).read_text(encoding="utf-8")

    assert not [cell for row in rendered(text)[0] for cell in row if "[" in cell]
    assert "1 picture\n" in text


def test_other_holes_are_pointed_out(make_run: MakeRun) -> None:
    out = make_run()
    run = read_run(out)
    key, cell = next(iter(run.cells.items()))
    run.cells[key] = type(cell)(**{**vars(cell), "holes_sha256": "other"})

    assert any("not given the same holes" in note for note in notes(main_table(run)))


def test_signatures_stand_in_the_foot_once_a_column(make_run: MakeRun) -> None:
    out = make_run(n=5, failed={"telea": [0]}, metrics=["psnr.hole", "l1.hole"])

    assert [note for note in notes(main_table(read_run(out))) if "|v1" in note] == [
        "PSNR hole: psnr|region:hole|v1|n:4,5",
        "L1 hole: l1|region:hole|v1|n:4,5",
    ]


def test_models_of_one_name_are_told_apart(make_run: MakeRun) -> None:
    run = read_run(make_run(models=["a"]))
    (model,) = run.info.models
    run = with_models(run, [model, replace(model, fingerprint="feedfacecafe")])

    assert len(set(columns(main_table(run))["model"])) == 2


HOSTILE = [
    "a|b",
    "*bold* _under_ __init__",
    "<script>alert(1)</script>",
    "back`tick` \\ slash",
    "[link](http://x)",
    "line\nbreak\ttab",
    "&amp; &#35; ~~gone~~ $x$ #1 | **",
    "folder:my-new-model_v2",
    "1. list",
]


def test_hostile_names_come_out_as_they_are(make_run: MakeRun) -> None:
    run = read_run(make_run(models=["plain"], protocols=["center-50@1"]))
    run = with_models(run, [replace(run.info.models[0], name=name) for name in HOSTILE])
    text = main_table(run)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    cells = [tokens[index + 1] for index, token in enumerate(tokens) if token.type == "td_open"]
    names = cells[:: len(rendered(text)[0][0])]

    assert ["".join(child.content for child in cell.children or ()) for cell in names] == [
        re.sub(r"\s", " ", name) for name in HOSTILE
    ]
    assert {child.type for cell in names for child in cell.children or ()} <= {"text", "text_special"}


def test_csv_holds_plain_numbers_of_every_cell(make_run: MakeRun) -> None:
    out = make_run(
        protocols=["left@1", "right@1"], failed={"telea": [1]}, oracles=["mean"], missing=[("mean", "left@1")]
    )
    run = read_run(out)
    write_tables(RunAnalysis(run))
    frame = pd.read_csv(out / "tables" / "overall.csv", keep_default_na=True)
    left = pd.read_csv(out / "tables" / "left@1.csv")

    assert len(frame) == sum(len(cell.metrics) for cell in run.cells.values())
    assert set(left["protocol"]) == {"left@1"}
    for key, cell in run.cells.items():
        for name, score in cell.metrics.items():
            metric, region = name.split(".")
            (row,) = frame[
                (frame["model"] == key.model)
                & (frame["protocol"] == key.protocol)
                & (frame["metric"] == metric)
                & (frame["region"] == region)
            ].to_dict("records")
            assert (row["value"], row["lo"], row["hi"]) == (score.value, *(score.ci95 or ()))
            assert (row["n"], row["n_failed"]) == (score.n, cell.n_failed)
            assert row["direction"] == ("higher" if score.higher_is_better else "lower")
            assert row["signature"] == score.signature
            assert row["oracle"] == (key.model == "mean")


def test_csv_counts_what_is_no_number(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return {0: math.inf, 1: math.nan}.get(index, 10.0) if key == "psnr.hole" else math.inf

    out = make_run(metrics=["psnr.hole", "psnr.known"], value=value, n=6)
    write_tables(RunAnalysis(read_run(out)))
    frame = pd.read_csv(out / "tables" / "overall.csv")
    hole, known = frame[frame["model"] == "telea"].to_dict("records")

    assert [hole[name] for name in ("n", "n_infinite", "n_undefined")] == [4, 1, 1]
    assert [known[name] for name in ("n", "n_infinite", "n_undefined")] == [0, 6, 0]
    assert all(math.isnan(known[name]) for name in ("value", "lo", "hi"))


def test_protocol_names_become_safe_file_names(make_run: MakeRun) -> None:
    out = make_run(protocols=["files:../../etc/holes"])
    paths = write_tables(RunAnalysis(read_run(out)))

    assert all(path.parent == out / "tables" for path in paths)
    assert [path.name for path in paths[4:8]] == [
        f"files+..+..+etc+holes.{suffix}" for suffix in ("md", "tex", "html", "csv")
    ]


def test_removals_that_an_earlier_version_recorded_are_told(make_run: MakeRun) -> None:
    old = make_run(protocols=["object-removal@1", "center-50@1"], metrics=["psnr.hole", "psnr.known"], name="old")
    new = make_run(protocols=["object-removal@1"], metrics=["psnr.hole"], signature="v1|task:removal", name="new")

    (note,) = [one for one in notes(main_table(read_run(old))) if "still shows the object" in one]

    assert note.startswith("PSNR hole under object-removal@1: recorded by an earlier version")
    assert "still shows the object" not in main_table(read_run(new))
