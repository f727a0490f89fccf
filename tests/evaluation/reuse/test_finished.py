from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.evaluation.reuse.finished import find_finished, mark_finished
from bench.evaluation.run import run_suite
from bench.evaluation.suite import Suite
from bench.reporting.analysis import RunAnalysis
from bench.reporting.stamp import report_changes

Write = Callable[..., Path]


@pytest.fixture
def suite(picture_folder: Write) -> Suite:
    changes = {"protocols": ("center-50", "object"), "metrics": ("psnr",), "dataset": "folder", "size": "48"}
    return Suite("test", ("mean",)).with_changes(**changes, limit=3, data_root=str(picture_folder(4)))


def finish(suite: Suite, out: Path) -> None:
    outcome = run_suite(suite, out)
    mark_finished(suite, outcome.run, ["a warning"], False)


def test_a_finished_run_is_found_with_its_warnings(suite: Suite, tmp_path: Path) -> None:
    finish(suite, tmp_path / "out")

    found = find_finished(suite, tmp_path / "out", False)

    assert found is not None
    assert (found.warnings, len(found.run.cells)) == (("a warning",), 2)


def test_what_another_call_would_have_to_do_is_not_finished(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert find_finished(suite, out, False) is None
    finish(suite, out)

    for changed in (replace(suite, seed=1), replace(suite, metrics=("l1",)), replace(suite, models=("mean", "telea"))):
        assert find_finished(changed, out, False) is None
    assert find_finished(suite, out, True) is None
    with monkeypatch.context() as patched:
        patched.setattr("bench.evaluation.reuse.finished.distributions", list)  # other libraries
        assert find_finished(suite, out, False) is None
    assert find_finished(suite, out, False) is not None
    path = Path(str(suite.data_root)) / "labels" / "p003.png"  # beyond the limit, but an object of it may be a hole
    Image.fromarray(np.roll(np.asarray(Image.open(path)), 1)).save(path)
    assert find_finished(suite, out, False) is None


def test_names_that_lead_outside_of_the_package_are_never_taken_as_finished(suite: Suite, tmp_path: Path) -> None:
    run = run_suite(suite, tmp_path / "out").run
    for model in ("python:own.py:fill", "folder:fills", "spgnet?weights=own.safetensors"):
        outside = replace(suite, models=(model,))

        mark_finished(outside, run, [], False)

        assert find_finished(outside, tmp_path / "out", False) is None


def test_a_report_is_made_again_only_when_something_changed(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def report(analysis: RunAnalysis) -> list[Path]:
        made.append(analysis.run.info.models)
        (tmp_path / "out" / "report.html").write_text(f"{len(made)}")
        return [tmp_path / "out" / "report.html"]

    monkeypatch.setattr("bench.reporting.report", report)
    run = run_suite(suite, tmp_path / "out").run
    files = [report_changes(RunAnalysis(run)) for _ in range(2)]
    assert len(made) == 1
    assert files == [[tmp_path / "out" / "report.html"]] * 2

    (tmp_path / "out" / "report.html").write_text("edited")
    report_changes(RunAnalysis(run))
    assert len(made) == 2

    grown = run_suite(replace(suite, limit=4), tmp_path / "out").run
    report_changes(RunAnalysis(grown))
    assert len(made) == 3
