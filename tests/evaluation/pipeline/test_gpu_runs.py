"""A run on a GPU beside the same run on the CPU."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from bench.evaluation import RunOutcome, run_suite
from bench.evaluation.suite import Suite
from bench.metrics import MetricKey, definition
from bench.segmentation import load
from bench.vocabulary import Batch, LabelSources, Prediction

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

EXACT = ("psnr", "ssim", "l1", "gradient", "seam-gradient")
METRICS = (*EXACT, "label-miou", "judge-miou", "judge-boundary-f")
SUITE = Suite(
    "gpu",
    models=("telea", "partial-conv", "lama", "spgnet", "spgnet:unguided"),
    protocols=("center-50", "object"),
    metrics=METRICS,
    size="64",
    limit=18,
    gallery=2,
)
LOOSE = {"%": 0.5, "dB": 0.02, "": 1e-3}
"""How far a mean may be from the CPU's: a label between two classes, or a level between two bytes, may differ."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunOutcome]:
    out = tmp_path_factory.mktemp("runs")
    return {device: run_suite(SUITE, out / device, device=device) for device in ("cpu", "cuda")}


def values(outcome: RunOutcome) -> Iterator[tuple[str, str, str, float | None]]:
    for key, cell in outcome.run.cells.items():
        for name, score in cell.metrics.items():
            yield key.model, key.protocol, name, score.value


def test_the_values_are_those_of_the_cpu(runs: dict[str, RunOutcome]) -> None:
    for (*place, on_cpu), (*same, on_gpu) in zip(*map(values, runs.values()), strict=True):
        assert place == same
        metric = definition(MetricKey.parse(place[2]).metric)
        judged = "judge" in metric.needs
        far = 0.0 if place[0] == "telea" and not judged else LOOSE[metric.unit]
        assert on_gpu == pytest.approx(on_cpu, abs=far, rel=0, nan_ok=True), place


def test_two_runs_give_the_same_records_with_any_number_of_workers(runs: dict[str, RunOutcome], tmp_path: Path) -> None:
    again = run_suite(SUITE, tmp_path / "again", device="cuda", workers=2)

    first, second = (outcome.run.layout.cells for outcome in (runs["cuda"], again))
    files = [file.relative_to(first) for file in first.rglob("*") if file.is_file()]
    assert files
    assert [name for name in files if (first / name).read_bytes() != (second / name).read_bytes()] == []


def test_how_busy_the_gpu_was_is_recorded(runs: dict[str, RunOutcome]) -> None:
    gpu = runs["cuda"].gpu
    assert gpu is not None
    assert 0 < gpu.share <= 1
    assert json.loads(runs["cuda"].run.layout.run_file.read_text())["gpu"]["source"] in ("NVML", "CUDA events")
    assert runs["cpu"].gpu is None
    assert "gpu" not in json.loads(runs["cpu"].run.layout.run_file.read_text())


class Hungry:
    """Asks for more memory than there is when it is given more than three pictures."""

    name, fingerprint, label_sources = "hungry", "a" * 64, LabelSources()

    def inpaint(self, batch: Batch) -> Prediction:
        free, _ = torch.cuda.mem_get_info()
        count = len(batch.ids)
        held = torch.empty(1 << 20, dtype=torch.uint8, device="cuda")
        if count > 3:
            torch.empty(2 * free, dtype=torch.uint8, device="cuda")
        return Prediction(batch.image.cuda().masked_fill(batch.hole.cuda(), 0.5) + 0 * held[0])


def test_a_batch_that_does_not_fit_is_filled_in_halves(tmp_path: Path) -> None:
    suite = Suite("gpu", models=(), protocols=("center-50",), metrics=("psnr",), size="32", limit=10)

    outcome = run_suite(suite, tmp_path / "out", device="cuda", models=[Hungry()])

    (cell,) = outcome.run.cells.values()
    assert (cell.n, cell.n_failed) == (10, 0)


def test_a_judge_sees_a_picture_alone_as_among_others() -> None:
    from bench.data import load as load_data

    dataset = load_data("streets", split="test", size=(64, 64), limit=20)
    pictures = torch.stack([torch.from_numpy(sample.image).permute(2, 0, 1) for sample in dataset])
    judge = load("streets", tuple(dataset.classes), "cuda")

    together = judge.segment(pictures)

    assert torch.equal(torch.cat([judge.segment(picture[None]) for picture in pictures]), together)
    assert torch.equal(judge.segment(pictures.flip(0)).flip(0), together)
    on_cpu = load("streets", tuple(dataset.classes)).segment(pictures)
    assert (together == on_cpu).double().mean() > 0.999
