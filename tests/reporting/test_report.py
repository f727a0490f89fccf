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
from bench.reporting.frame import values_frame
from bench.reporting.hole_share import bin_of
from bench.reporting.plots import write_plots

MakeRun = Callable[..., Path]

ELSEWHERE = """
import json, sys
from pathlib import Path
import bench.reporting
heavy = {"pandas", "matplotlib", "PIL", "numpy", "torch"}
light = not heavy & set(sys.modules)
paths = bench.reporting.report(Path(sys.argv[1]))
print(json.dumps({"light": light, "torch": "torch" in sys.modules, "pyplot": "matplotlib.pyplot" in sys.modules,
                  "paths": [str(path) for path in paths]}))
"""


def checksums(paths: list[Path], out: Path) -> dict[str, str]:
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_another_process_writes_the_same_bytes_without_torch(make_run: MakeRun) -> None:
    def share(index: int) -> float:
        return 0.08 * (index + 1)

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
        *(f"tables/{name}.{suffix}" for name in ("overall", "left@1", "right@1") for suffix in ("md", "tex", "csv")),
        *(
            f"plots/{name}.{suffix}"
            for name in ("hole-share", "intervals", "distribution-psnr-hole", "distribution-l1-hole")
            for suffix in ("png", "pdf")
        ),
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

    assert len(write_plots(read_run(out))) == 8


def test_a_run_of_one_picture_can_be_plotted(make_run: MakeRun) -> None:
    out = make_run(n=1, models=["a"], metrics=["psnr.hole"])

    assert len(write_plots(read_run(out))) == 6


def test_no_hole_values_no_hole_share_plot(make_run: MakeRun) -> None:
    names = {path.stem for path in write_plots(read_run(make_run(metrics=["psnr.full"])))}

    assert names == {"intervals", "distribution-psnr-full"}


def test_bins_hold_their_upper_end() -> None:
    share = np.array([1, 10, 11, 20, 30, 70, 71, 100]) / 100

    assert bin_of(share).tolist() == [0, 0, 1, 1, 2, 6, 7, 9]


def test_values_of_scored_pictures_alone_are_read(make_run: MakeRun) -> None:
    out = make_run(n=5, failed={"telea": [1]}, skipped=[2], metrics=["psnr.hole"])
    frame = values_frame(read_run(out))

    assert frame.groupby("model")["sample"].count().to_dict() == {"telea": 3, "mean": 4}
    assert set(frame["key"]) == {"psnr.hole"}
    assert set(frame["hole_share"]) == {0.25}


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no run\.json"):
        report(tmp_path)
