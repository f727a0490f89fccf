"""A metric of sets that another package brings is listed, run, resampled, printed, compared, gated and documented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import bench
import bench.metrics
from bench import gating, reporting
from bench.cli.app import app
from bench.gating.comparison_page import as_text
from bench.metrics.page import render
from bench.records import Run
from bench.vocabulary import Batch, Dataset, Prediction

PLUG_IN = """
import numpy as np
from bench.metrics import FewPictures, MetricDefinition

def gap(real, fake):
    return 100 * float(np.abs(real.mean(axis=0) - fake.mean(axis=0)).sum()), None

def definition():
    return MetricDefinition(
        name="colour-gap",
        title="Colour gap",
        unit="lv",
        higher_is_better=False,
        summary="how far the mean colours of two sets are apart",
        definition="Sum of the absolute differences of the mean features.",
        value_range="0 to infinity",
        reference="NumPy",
        reference_tolerance=1e-9,
        blind_to="Everything but colour.",
        implementation="colour_gap:gap",
        order=15,
        regions=("full",),
        relative_tolerance=0.01,
        margins=(("full", "50lv"),),
        aggregate="set",
        features="fid",
        resampling="half-samples",
        few=FewPictures(30, "the thirty that it asks for"),
    )
"""


def colours(kind: str, pictures: torch.Tensor, device: str) -> torch.Tensor:
    """In the place of Inception: mean colours of two halves, float32 [N, 6] in [0, 1]."""
    return torch.cat([half.float().mean(dim=(2, 3)) for half in pictures.chunk(2, dim=3)], dim=1) / 255


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installed package with the entry point `colour-gap`."""
    site = tmp_path / "site"
    information = site / "colour_gap-1.0.dist-info"
    information.mkdir(parents=True)
    (site / "colour_gap.py").write_text(PLUG_IN)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: colour-gap\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[spgbench.metrics]\ncolour-gap = colour_gap:definition\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(bench.metrics.METRICS, "_entries", dict(bench.metrics.METRICS._entries))
    monkeypatch.setattr(bench.metrics.METRICS, "_plugins_read", False)
    monkeypatch.setattr("bench.metrics.distribution.backends.extraction.completed_features", colours)
    monkeypatch.setattr("bench.metrics.distribution.backends.extraction.true_features", colours)
    return "colour-gap"


@pytest.fixture
def runs(plug_in: str, pictures: Dataset, tmp_path: Path, flat_model: type) -> tuple[Run, Run]:
    """The same model with two colours, grey and white."""

    class White(flat_model):  # type: ignore[misc]  # a fixture's class
        def inpaint(self, batch: Batch) -> Prediction:
            return Prediction(batch.image.masked_fill(batch.hole, 1.0))

    models = {"grey": flat_model(fingerprint="a" * 64), "white": White(fingerprint="b" * 64)}
    grey, white = (
        bench.evaluate([model], pictures, ["center-50"], ["psnr", "l1", plug_in], tmp_path / name)
        for name, model in models.items()
    )
    return grey, white


def of(run: Run) -> float:
    (cell,) = run.cells.values()
    value = cell.metrics["colour-gap.full"].value
    assert value is not None
    return value


def test_a_plug_in_is_listed_and_documented(plug_in: str) -> None:
    listed = CliRunner().invoke(app, ["ls", "metrics"]).output

    assert "colour-gap" in listed
    assert "plug-in of colour-gap" in listed
    page = render([*map(bench.metrics.definition, ("psnr", plug_in))])
    assert "| `colour-gap` | Colour gap | lv | lower | 0 to infinity | 1 |" in page
    assert "### `colour-gap`\n\nHow far the mean colours of two sets are apart.\n" in page
    assert "Blind spots: Everything but colour." in page


def test_a_plug_in_is_measured(runs: tuple[Run, Run], pictures: Dataset) -> None:
    truth = torch.stack([torch.from_numpy(np.array(sample.image)).permute(2, 0, 1) for sample in pictures])
    grey = truth.clone()
    grey[:, :, 12:36, 12:36] = 128
    expected = (colours("fid", truth, "") - colours("fid", grey, "")).double().mean(dim=0).abs().sum()

    assert of(runs[0]) == pytest.approx(100 * float(expected), rel=1e-5)
    (cell,) = runs[0].cells.values()
    score = cell.metrics["colour-gap.full"]
    assert (score.unit, score.higher_is_better, score.n) == ("lv", False, 20)
    assert score.signature == "colour-gap|region:full|agg:set|composite:yes|v1|size:48x48|n:20"
    assert cell.notes["colour-gap.full"] == "N = 20 is below the thirty that it asks for"


def test_a_plug_in_has_its_title_and_place_in_tables(runs: tuple[Run, Run]) -> None:
    run = runs[0]
    files = [path for path in reporting.report(run) if path.suffix in (".md", ".html")]

    table = reporting.main_table(run)
    heading = next(line for line in table.splitlines() if "Colour gap full" in line)
    assert heading.index("PSNR hole") < heading.index("Colour gap full") < heading.index("L1 hole")
    assert all("Colour gap" in path.read_text(encoding="utf-8") for path in files if path.name == "report.html")


def test_a_plug_in_is_resampled_and_compared(runs: tuple[Run, Run]) -> None:
    grey, white = runs
    comparison = gating.compare(grey, white)

    (cell,) = comparison.cells
    row = next(row for row in cell.differences if row.metric == "colour-gap.full")
    assert row.statistics is not None
    assert row.statistics.difference == pytest.approx(of(white) - of(grey))
    assert row.statistics.ci95 is not None
    low, high = row.statistics.ci95
    assert 0 < low < of(white) - of(grey) < high
    assert "colour-gap.full" in as_text(comparison)


def test_a_plug_in_is_gated_by_its_own_margin_and_tolerance(runs: tuple[Run, Run], plug_in: str) -> None:
    grey, white = runs
    paired = gating.gate(grey, white, regression=False)
    golden = gating.gate(grey, white, regression=True)

    assert gating.default_margins()["colour-gap.full"] == "50lv"
    (finding,) = [one for one in paired.checks if one.metric == "colour-gap.full"]
    assert (finding.gate, finding.ci95 is not None) == ("paired", True)
    assert finding.limit == 50
    (finding,) = [one for one in golden.checks if one.metric == "colour-gap.full"]
    assert finding.verdict == "REGRESSION"
    assert finding.limit == pytest.approx(0.01 * of(grey))


def test_records_of_a_plug_in_that_is_gone_are_still_read(
    runs: tuple[Run, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = {name: entry for name, entry in bench.metrics.METRICS._entries.items() if name != "colour-gap"}
    monkeypatch.setattr(bench.metrics.METRICS, "_entries", entries)

    (cell,) = gating.compare(*runs).cells

    row = next(row for row in cell.differences if row.metric == "colour-gap.full")
    assert row.note == "not tested: is not resampled"
    assert "colour-gap full" in reporting.main_table(runs[0])
