from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bench
from bench.errors import UsageError
from bench.records import read_run
from bench.reporting import report
from bench.reporting.analysis import RunAnalysis
from bench.reporting.analysis.hole_share import bin_of
from bench.reporting.plots.files import write_plots

MakeRun = Callable[..., Path]

RANKS = ("critical-difference", "critical-difference-l1-hole")
PLOTS = ("hole-share", *RANKS, "intervals", "distribution-psnr-hole", "distribution-l1-hole")
ELSEWHERE = """
import json, sys
from pathlib import Path
import bench.reporting
heavy = {"scipy", "matplotlib", "PIL", "numpy", "pandas", "torch"}
light = not heavy & set(sys.modules)
paths = bench.reporting.report(Path(sys.argv[1]))
print(json.dumps({"light": light, "torch": "torch" in sys.modules,
                  "pyplot": "matplotlib.pyplot" in sys.modules,
                  "paths": [str(path) for path in paths]}))
"""


def checksums(paths: list[Path], out: Path) -> dict[str, str]:
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_another_process_writes_the_same_bytes_without_torch(make_run: MakeRun) -> None:
    def share(index: int) -> float:
        return 0.15 + 0.2 * (index % 2)

    metrics = ["psnr.hole", "psnr.full", "l1.hole"]
    out = make_run(protocols=["left@1", "right@1"], metrics=metrics, share=share, n=12, failed={"mean": [0]})
    paths = report(out)
    here = checksums(paths, out)
    for folder in ("tables", "plots"):
        shutil.rmtree(out / folder)
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(bench.__file__).parents[1])}
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", ELSEWHERE, str(out)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    there = json.loads(answer.stdout)

    assert (there["light"], there["torch"], there["pyplot"]) == (True, False, False)
    assert there["paths"] == list(map(str, paths))
    assert checksums(paths, out) == here
    assert list(here) == [
        *(
            f"tables/{name}.{suffix}"
            for name in ("overall", "left@1", "right@1", "hole-share")
            for suffix in ("md", "tex", "html", "csv")
        ),
        *(f"plots/{name}.{suffix}" for name in PLOTS for suffix in ("png", "pdf")),
        *(f"gallery/{name}.png" for name in ("overall", "left@1", "right@1")),
        "report.html",
    ]
    for path in paths:
        if path.suffix == ".png":
            with Image.open(path) as image:
                assert min(image.size) > 200
                assert not image.info.keys() - {"dpi"}


def test_an_unfinished_run_is_reported_as_far_as_it_is(make_run: MakeRun) -> None:
    out = make_run(missing=[("telea", "center-50@1"), ("mean", "center-50@1")], gallery=1)
    paths = report(out)

    assert {path.relative_to(out).parts[0] for path in paths} == {"tables", "gallery", "report.html"}
    assert all(path.exists() for path in paths)


@pytest.mark.filterwarnings("error")
def test_plots_bear_hostile_names_and_values(make_run: MakeRun) -> None:
    def value(model: str, protocol: str, index: int, key: str) -> float:
        return {0: math.inf, 1: math.nan}.get(index, float(index)) if key.startswith("psnr") else 1.0

    models = ["_hidden", "$x_{$", "中" * 60, "\x1b[31m"]
    out = make_run(models=models, protocols=["$p$@1"], metrics=["psnr.hole", "l1.hole"], value=value, n=7)

    assert len(write_plots(RunAnalysis(read_run(out)))) == 10


def test_a_run_of_one_picture_can_be_plotted(make_run: MakeRun) -> None:
    out = make_run(n=1, models=["a"], metrics=["psnr.hole"])

    assert {path.stem for path in write_plots(RunAnalysis(read_run(out)))} == {"intervals", "distribution-psnr-hole"}


def test_no_hole_values_no_hole_share_plot(make_run: MakeRun) -> None:
    names = {path.stem for path in write_plots(RunAnalysis(read_run(make_run(metrics=["psnr.full"]))))}

    assert names == {"critical-difference", "intervals", "distribution-psnr-full"}


def test_bins_hold_their_upper_end() -> None:
    share = np.array([1, 10, 11, 20, 30, 70, 71, 100, np.nan]) / 100

    assert bin_of(share).tolist() == [0, 0, 1, 1, 2, 6, 7, 9, -1]


def test_values_stand_where_a_picture_was_scored(make_run: MakeRun) -> None:
    run = read_run(
        make_run(
            models=["telea", "mean", "gone"],
            n=5,
            failed={"telea": [1]},
            skipped=[2],
            metrics=["psnr.hole", "l1.full"],
            missing=[("gone", "center-50@1")],
        )
    )
    values = RunAnalysis(run).values["center-50@1"]
    there = ~np.isnan(values.values["psnr.hole"])

    assert values.samples == tuple(f"town/{index:04d}" for index in range(5))
    assert there.tolist() == [[True, False, False, True, True], [True, True, False, True, True], [False] * 5]
    assert values.having("failed").sum(axis=1).tolist() == [1, 0, 0]
    assert set(values.hole_share[~np.isnan(values.hole_share)]) == {0.25}
    for row, key in enumerate(run.keys()[:2]):
        for name in ("psnr.hole", "l1.full"):
            recorded = [r.values[name] for r in run.records(key) if r.status == "ok"]
            assert values.values[name][row][~np.isnan(values.values[name][row])].tolist() == recorded


def rewritten(out: Path, change: Callable[[str], str]) -> Path:
    """The run with another first shard, and checksums that fit it."""
    run = read_run(out)
    key = next(iter(run.cells))
    shard, done = run.layout.shard(key, 0), run.layout.done(key)
    shard.write_text(change(shard.read_text(encoding="utf-8")), encoding="utf-8")
    sums = json.loads(done.read_text()) | {shard.name: hashlib.sha256(shard.read_bytes()).hexdigest()}
    done.write_text(json.dumps(sums))
    return out


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda text: text[: len(text) // 2], "lines that do not parse"),
        (lambda text: text.split("\n", 1)[1], "5 that can be read"),
        (lambda text: text.split("\n")[0] + "\n" + text, "1 twice, such as 'town/0000'"),
    ],
)
def test_lines_that_checksums_do_not_miss_are_missed(
    make_run: MakeRun, change: Callable[[str], str], found: str
) -> None:
    with pytest.raises(UsageError, match=found) as error:
        report(rewritten(make_run(), change))

    assert "telea" in str(error.value)


def test_a_damaged_shard_is_named(make_run: MakeRun) -> None:
    out = make_run()
    run = read_run(out)
    shard = run.layout.shard(next(iter(run.cells)), 0)
    shard.write_bytes(shard.read_bytes()[:-40])

    with pytest.raises(UsageError, match=r"samples-0000\.jsonl with another SHA-256"):
        report(out)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no run\.json"):
        report(tmp_path)
